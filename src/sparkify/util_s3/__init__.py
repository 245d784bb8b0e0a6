"""S3 as the rest of the program uses it: listing, concurrent reading, writing, deleting.

s3 = S3()                                        # by dwh.cfg and the environment
for found in s3.list("s3://bucket/log_data"): ...
table = s3.query("s3://bucket/log_data", "SELECT page, count(*) FROM records GROUP BY page")
paths = s3.download("s3://bucket/song_data/A", Path("songs"))
policy = s3.policy("s3://bucket")
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import config
from ..aws import error_code
from ..errors import SourceError
from ..progress import Progress, silent
from ..table import Table
from ..temporary import temporary_folder
from . import listing, transfer
from .client import Client, connect
from .listing import Location, S3Object, parse

if TYPE_CHECKING:
    from ..config import Settings

__all__ = ["S3", "Location", "S3Object", "parse"]


class S3:
    """The S3 of one Region, for any number of threads; nothing is sent before it is used.

    Every method raises SourceError where something is missing, vanished, changed or out of reach,
    and SettingsError where credentials are missing, wrong or expired, access is denied, or the
    bucket is in another Region. Requests that a busy S3 refuses or a broken connection cuts short
    are repeated for some minutes.
    """

    def __init__(self, settings: Settings | None = None, region: str = "") -> None:
        """Take settings (None: dwh.cfg and the environment) and a Region (empty: [S3] REGION)."""
        self._settings = settings or config.current()
        self.region = region or self._settings.s3_region

    @cached_property
    def _client(self) -> Client:
        return connect(self._settings, self.region)

    def list(self, address: str) -> Iterator[S3Object]:
        """Yield what is at an address, in the order of the keys.

        That is all that is below it, as in a folder (`log_data` never matches `log_data2/x` or
        `log_data.bak`), else the one object of that key. Only a page of keys is in memory at once.
        """
        return listing.list_objects(self._client, parse(address))

    def read(self, address: str) -> bytes:
        """Read one object whole, whatever version is there."""
        place = parse(address)
        options = {"Bucket": place.bucket, "Key": place.key}
        return transfer.get_whole(self._client, options, address, 0, threading.Event())[1]

    def read_head(self, wanted: S3Object, size: int) -> bytes:
        """Read the first `size` bytes of an object, or all of a smaller one."""
        stop = min(size, wanted.size)
        return transfer.read_by_boto3(self._client, wanted, 0, stop, threading.Event())

    def read_many(self, objects: Sequence[S3Object]) -> Iterator[bytes]:
        """Yield the content of each object, in order, reading many at a time.

        Each must be as it was listed (If-Match, ETag and size), else SourceError. What is read
        ahead is bounded (128 MiB), so that any number of objects can be read; one at a time must
        fit into memory.
        """
        parts = ((transfer.Part(one, 0, one.size), one.size) for one in objects)
        return transfer.in_order(partial(transfer.read_part, self._client), parts)

    def download_many(
        self, objects: Sequence[tuple[S3Object, Path]], progress: Progress = silent
    ) -> None:
        """Write each object to the path beside it, many parts at a time.

        progress: told how many bytes of all have arrived.
        Each must be as it was listed, else SourceError; then some of the files are incomplete.
        """

        def write(part: transfer.Part, gone: threading.Event) -> int:
            data = transfer.read_part(self._client, part, gone)
            with part.path.open("r+b") as stream:
                stream.seek(part.start)
                return stream.write(data)

        done, total = 0, sum(wanted.size for wanted, _ in objects)
        for written in transfer.in_order(write, transfer.parts(objects)):
            done += written
            progress("downloading", done, total, "bytes")

    def download(self, address: str, folder: Path, progress: Progress = silent) -> Sequence[Path]:
        """Write what is at an address into a folder, under the same names; return the paths.

        What is below `s3://bucket/log_data` lies below the folder as in the bucket.
        Raises SourceError for a key that is no path within the folder.
        """
        key = parse(address).key
        objects = [(one, folder / _name_below(key, one)) for one in self.list(address)]
        for parent in {path.parent for _, path in objects}:
            parent.mkdir(parents=True, exist_ok=True)
        self.download_many(objects, progress)
        return [path for _, path in objects]

    def query(self, address: str, sql: str, progress: Progress = silent) -> Table:
        """Return the rows of a SELECT over the JSON objects at an address, the view `records`.

        DuckDB infers columns and types; the column `filename` ends in the object's key. The objects
        are copied to a temporary folder first.
        Raises duckdb.Error for what DuckDB refuses.
        """
        import duckdb

        with temporary_folder() as folder:
            if not self.download(address, folder, progress):
                raise SourceError(f"{address} holds nothing", "Look with `list` what is there.")
            with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
                records = connection.read_json(str(folder / "**"), filename=True)
                records.create_view("records")
                found = connection.sql(sql)
                return Table(tuple(found.columns), found.fetchall())

    def policy(self, address: str) -> dict[str, Any] | None:
        """Return the policy of an address's bucket; None where it has none."""
        from botocore.exceptions import ClientError

        location = parse(address)
        with self._client.errors(str(location)):
            try:
                answer = self._client.boto3.get_bucket_policy(Bucket=location.bucket)
            except ClientError as error:
                if error_code(error) == "NoSuchBucketPolicy":
                    return None
                raise
        found: dict[str, Any] = json.loads(answer["Policy"])
        return found

    def upload_many(self, items: Sequence[tuple[str, Path | bytes]]) -> None:
        """Write each content (or the content of a file) to the address beside it."""
        weighed = ((item, len(item[1]) if isinstance(item[1], bytes) else 0) for item in items)
        put = partial(transfer.put, self._client)
        for _ in transfer.in_order(put, weighed, threads=transfer.UPLOAD_THREADS):
            pass

    def delete_all(self, address: str) -> int:
        """Delete everything at and below an address: objects, old versions, delete markers.

        `s3://bucket` means the whole bucket, which is empty afterwards, but stays. Returns how
        many were deleted; 0 where there is no such bucket.
        """
        return transfer.delete_all(self._client, parse(address))


def _name_below(prefix: str, found: S3Object) -> str:
    """Return an object's path below a prefix. Raises SourceError where that is no path."""
    name = found.key.removeprefix(listing.folder(prefix)) if found.key != prefix else ""
    name = name or found.key.rpartition("/")[2]
    if any(part in ("", ".", "..") for part in name.split("/")) or not name.isprintable():
        raise SourceError(
            f"{found.address} cannot be a file: its key is not a path",
            "Read it with `read_many`, or download the others.",
            uri=found.address,
        )
    return name
