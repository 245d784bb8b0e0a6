"""Putting objects into S3, and taking them away with all their versions."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SourceError
from . import listing
from .addresses import Location, parse
from .failures import refused, reported
from .threads import in_order

if TYPE_CHECKING:
    from .access import Access

_THREADS = 8
"""Of which each may use more for the parts of one large file."""
_BUDGET_BYTES = 256 << 20
_DELETED_AT_ONCE = 1000
"""AmazonS3/latest/API/API_DeleteObjects.html: at most 1,000 keys a request."""
_UNKNOWN = ("NotImplemented", "MethodNotAllowed", "501", "405")
"""What servers that are not S3 say to an operation that they have not."""


def upload_many(access: Access, items: Sequence[tuple[str, Path | bytes]]) -> None:
    """Write contents to addresses; see `S3.upload_many`."""

    def put(item: tuple[str, Path | bytes], gone: threading.Event) -> None:
        if not gone.is_set():
            _put(access, *item)

    weighed = ((item, len(item[1]) if isinstance(item[1], bytes) else 0) for item in items)
    for _ in in_order(put, weighed, threads=_THREADS, budget=_BUDGET_BYTES):
        pass


def _put(access: Access, address: str, content: Path | bytes) -> None:
    from boto3.exceptions import S3UploadFailedError
    from botocore.exceptions import ClientError

    place = parse(address)
    try:
        with reported(access.asked(address)):
            if isinstance(content, bytes):
                access.client.put_object(Bucket=place.bucket, Key=place.key, Body=content)
            else:
                access.client.upload_file(str(content), place.bucket, place.key)
    except S3UploadFailedError as error:
        cause = error.__context__
        if isinstance(cause, ClientError):
            raise refused(cause, access.asked(address)) from None
        raise SourceError(
            f"{address} could not be written: {error}", "Run the command again."
        ) from None


def delete_all(access: Access, location: Location) -> int:
    """Delete all versions of everything below an address; see `S3.delete_all`."""
    from botocore.exceptions import ClientError

    deleted = 0
    try:
        # From the start each time: what is listed first is what is left.
        while some := list(islice(_doomed(access, location), _DELETED_AT_ONCE)):
            for failure in _delete(access, location, some):
                error = ClientError({"Error": failure}, "DeleteObjects")
                raise refused(error, access.asked(f"s3://{location.bucket}/{failure.get('Key')}"))
            deleted += len(some)
    except SourceError as error:
        if error.details.get("missing") != "bucket":
            raise
    return deleted


def _doomed(access: Access, location: Location) -> Iterator[dict[str, str]]:
    """Name all that is to be deleted; of a server that tells no versions, the objects."""
    versions = listing.list_versions(access, location)
    try:
        first = next(versions, None)
    except SourceError as error:
        if error.details.get("code") not in _UNKNOWN:
            raise
        first = None
    if first:
        yield first
        yield from versions
        return
    for one in listing.list_objects(access, location):
        yield {"Key": one.key}


def _delete(
    access: Access, location: Location, some: list[dict[str, str]]
) -> Iterable[dict[str, str]]:
    """Delete objects and versions; returns what could not be deleted, as S3 tells it."""
    from botocore.exceptions import ClientError

    place = access.asked(str(location))
    with reported(place):
        try:
            answer: dict[str, Any] = access.client.delete_objects(
                Bucket=location.bucket, Delete={"Objects": some, "Quiet": True}
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _UNKNOWN:
                raise
            for one in some:  # a server that deletes one at a time
                access.client.delete_object(Bucket=location.bucket, **one)
            return ()
    failures: list[dict[str, str]] = answer.get("Errors") or []
    return failures
