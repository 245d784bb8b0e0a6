"""S3 as the rest of the program uses it: listing, concurrent reading, writing, deleting."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

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

    def __init__(self, settings: Settings, region: str) -> None:
        self.region = region
        self._settings = settings

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

    def download_many(self, objects: Sequence[tuple[S3Object, Path]]) -> None:
        """Write each object to the path beside it, many parts at a time.

        Each must be as it was listed, else SourceError; then some of the files are incomplete.
        """

        def write(part: transfer.Part, gone: threading.Event) -> None:
            data = transfer.read_part(self._client, part, gone)
            with part.path.open("r+b") as stream:
                stream.seek(part.start)
                stream.write(data)

        for _ in transfer.in_order(write, transfer.parts(objects)):
            pass

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
