"""Contents of objects: read by obstore, many at a time; written and deleted by boto3.

boto3 also reads the keys that obstore cannot express, and whatever obstore failed at: it reads it
after all, or says what went wrong.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ..errors import SourceError
from ..retry import Backoff
from . import listing
from .client import THREADS, UnsupportedError, changed
from .listing import Location, S3Object, parse

if TYPE_CHECKING:
    from obstore import GetOptions

    from .client import Client

T = TypeVar("T")
R = TypeVar("R")

PART_BYTES = 8 << 20
"""How much of a large object one request asks for
(AmazonS3/latest/userguide/optimizing-performance-guidelines.html: 8 to 16 MB)."""
BUDGET_BYTES = 128 << 20
"""How much may be under way, or wait to be taken, in memory."""
READ_ATTEMPTS = 6
"""How often boto3 reads a body that breaks off."""
FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0
_DEADLINE_SECONDS = 180.0
UPLOAD_THREADS = 8
"""Of which each may use more for the parts of one large file."""
_DELETED_AT_ONCE = 1000
"""AmazonS3/latest/API/API_DeleteObjects.html: at most 1,000 keys a request."""
# What obstore refuses or would change: segments that are empty, `.` or `..`, and control characters
# (docs.rs/object_store, path::Path).
_ODD_KEY = re.compile(r"(^|/)\.{0,2}(/|$)|[\x00-\x1f\x7f]")


class Part(NamedTuple):
    """Bytes start to stop of an object. path: of the file that they are to be written to."""

    wanted: S3Object
    start: int
    stop: int
    path: Path = Path()


# Reading


def parts(objects: Sequence[tuple[S3Object, Path]]) -> Iterator[tuple[Part, int]]:
    """Make each file, empty, and yield the parts that fill it with their sizes."""
    for wanted, path in objects:
        path.write_bytes(b"")
        for start in range(0, max(wanted.size, 1), PART_BYTES):
            stop = min(start + PART_BYTES, wanted.size)
            yield Part(wanted, start, stop, path), stop - start


def read_part(client: Client, part: Part, gone: threading.Event) -> bytes:
    """Read a part by obstore, else by boto3; errors and `gone` as of `read_by_boto3`."""
    wanted, start, stop, _ = part
    data = None if _ODD_KEY.search(wanted.key) else read_by_obstore(client, wanted, start, stop)
    return read_by_boto3(client, wanted, start, stop, gone) if data is None else data


def read_by_obstore(client: Client, wanted: S3Object, start: int, stop: int) -> bytes | None:
    """Read bytes start to stop of an object as it was listed; None when that fails.

    A busy server and a broken connection are tried again for some seconds.
    """
    from obstore.exceptions import BaseError

    options: GetOptions = {}
    if wanted.etag:
        options["if_match"] = f'"{wanted.etag}"'
    if stop - start < wanted.size:
        options["range"] = (start, stop)
    try:
        result = client.store(wanted.bucket).get(wanted.key, options=options)
        data = result.bytes().to_bytes()
    except (BaseError, ValueError, OSError):
        return None
    is_it = _is_version(wanted, result.meta["e_tag"])
    return data if is_it and len(data) == stop - start else None


def read_by_boto3(
    client: Client, wanted: S3Object, start: int, stop: int, gone: threading.Event
) -> bytes:
    """Read bytes start to stop of an object as it was listed.

    gone: when it is set, no further attempt is made.
    Raises SourceError when it vanished, changed, or never arrives whole; SettingsError when it may
    not be read.
    """
    options: dict[str, Any] = {"Bucket": wanted.bucket, "Key": wanted.key}
    if wanted.etag:
        options["IfMatch"] = f'"{wanted.etag}"'
    if stop - start < wanted.size:
        options["Range"] = f"bytes={start}-{stop - 1}"
    answer, data = get_whole(client, options, wanted.address, stop - start, gone)
    if len(data) != stop - start or not _is_version(wanted, answer.get("ETag")):
        raise changed(wanted.address)
    return data


def _is_version(wanted: S3Object, etag: str | None) -> bool:
    """Return whether an answer is of the version that was listed: servers may ignore If-Match."""
    return not wanted.etag or not etag or etag.strip('"') == wanted.etag


def get_whole(
    client: Client, options: dict[str, Any], address: str, size: int, gone: threading.Event
) -> tuple[dict[str, Any], bytes]:
    """Return an answer with its whole body; errors as of `read_by_boto3`.

    size: what is expected, for the error.
    """
    from botocore.exceptions import HTTPClientError, IncompleteReadError

    backoff = Backoff(
        FIRST_PAUSE_SECONDS,
        longest=_LONGEST_PAUSE_SECONDS,
        jitter=0.5,
        seconds=_DEADLINE_SECONDS,
        attempts=READ_ATTEMPTS - 1,
        sleep=gone.wait,
    )
    while True:
        with client.errors(address):
            answer = client.boto3.get_object(**options)
            try:
                return answer, answer["Body"].read()
            except (HTTPClientError, IncompleteReadError):
                size = answer.get("ContentLength", size)
            finally:
                answer["Body"].close()
        if not backoff.wait(f"reading {address}") or gone.is_set():
            raise SourceError(
                f"{address}: the connection broke each time before all {size:,} bytes had arrived",
                "Check the network; then run the command again: what was loaded before is skipped.",
                uri=address,
            )


def in_order(
    work: Callable[[T, threading.Event], R],
    items: Iterable[tuple[T, int]],
    *,
    threads: int = THREADS,
    budget: int = BUDGET_BYTES,
) -> Iterator[R]:
    """Yield the result of `work` for each item, in order, done in several threads.

    work: takes an item and an event, which is set when nothing waits for the result any more.
    items: each with its weight. budget: what the items under way, and the results that are not yet
    taken, may weigh together; one item alone may weigh more.
    The first failure ends everything and is raised.
    """
    gone = threading.Event()
    waiting: deque[tuple[Future[R], int]] = deque()
    weight = 0
    with ThreadPoolExecutor(threads, thread_name_prefix="s3") as pool:
        try:
            for item, its_weight in items:
                while waiting and (weight + its_weight > budget or len(waiting) >= 2 * threads):
                    future, freed = waiting.popleft()
                    yield future.result()
                    weight -= freed
                waiting.append((pool.submit(work, item, gone), its_weight))
                weight += its_weight
            while waiting:
                yield waiting.popleft()[0].result()
        finally:
            gone.set()
            for future, _ in waiting:
                future.cancel()


# Writing and deleting


def put(client: Client, item: tuple[str, Path | bytes], _: threading.Event) -> None:
    """Write a content, or that of a file, to the address before it."""
    from boto3.exceptions import S3UploadFailedError
    from botocore.exceptions import ClientError

    address, content = item
    place = parse(address)
    try:
        with client.errors(address):
            if isinstance(content, bytes):
                client.boto3.put_object(Bucket=place.bucket, Key=place.key, Body=content)
            else:
                client.boto3.upload_file(str(content), place.bucket, place.key)
    except S3UploadFailedError as error:
        if isinstance(error.__context__, ClientError):
            raise client.error(error.__context__, address) from None
        raise SourceError(
            f"{address} could not be written: {error}", "Run the command again."
        ) from None


def delete_all(client: Client, location: Location) -> int:
    """Delete all versions of everything below an address; see `S3.delete_all`."""
    from botocore.exceptions import ClientError

    deleted = 0
    try:
        # From the start each time: what is listed first is what is left.
        while some := list(islice(_versions_or_objects(client, location), _DELETED_AT_ONCE)):
            with client.errors(str(location)):
                answer = client.boto3.delete_objects(
                    Bucket=location.bucket, Delete={"Objects": some, "Quiet": True}
                )
            for failure in answer.get("Errors") or ():
                failed = Location(location.bucket, str(failure.get("Key")))
                raise client.error(ClientError({"Error": failure}, "DeleteObjects"), str(failed))
            deleted += len(some)
    except SourceError as error:
        if error.details.get("missing") != "bucket":
            raise
    return deleted


def _versions_or_objects(client: Client, location: Location) -> Iterator[dict[str, str]]:
    """Yield all that is to be deleted: the objects, where a server knows no versions."""
    versions = listing.list_versions(client, location)
    try:
        first = next(versions, None)
    except UnsupportedError:
        first = None
    if first:
        yield first
        yield from versions
        return
    for one in listing.list_objects(client, location):
        yield {"Key": one.key}
