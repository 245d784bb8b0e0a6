"""S3 as the rest of the program uses it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .addresses import S3Object, parse

if TYPE_CHECKING:
    from ..config import Settings
    from .access import Access


class S3:
    """The S3 of one Region, for any number of threads; nothing is sent before it is used.

    Every method raises SourceError where something is missing, vanished, changed or out of reach,
    and SettingsError where credentials are missing, wrong or expired, access is denied, or the
    bucket is in another Region. What a busy S3 or a broken connection spoils is tried again for
    some minutes.
    """

    def __init__(self, settings: Settings, region: str) -> None:
        self.region = region
        self._settings = settings
        self._made: Access | None = None
        self._lock = threading.Lock()

    @property
    def _access(self) -> Access:
        from .access import connect

        with self._lock:
            if self._made is None:
                self._made = connect(self._settings, self.region)
            return self._made

    def list(self, address: str) -> Iterator[S3Object]:
        """Yield what is at an address, in the order of the keys.

        That is all that is below it, as in a folder (`log_data` never matches `log_data2/x` or
        `log_data.bak`), else the one object of that key. A million keys are never in memory at
        once.
        """
        from .listing import list_objects

        return list_objects(self._access, parse(address))

    def read(self, address: str) -> bytes:
        """Read one object whole, whatever version is there."""
        from .careful import read_object

        return read_object(self._access, parse(address))

    def read_head(self, wanted: S3Object, size: int) -> bytes:
        """Read the first `size` bytes of an object, or all of a smaller one."""
        from .careful import read_part

        return read_part(self._access, wanted, 0, min(size, wanted.size), threading.Event())

    def read_many(self, objects: Sequence[S3Object]) -> Iterator[bytes]:
        """Yield the content of each object, in order, reading many at a time.

        Each must be as it was listed (If-Match, ETag and size), else SourceError. What waits to be
        taken is bounded (128 MiB), so that any number of objects can be read; one at a time must
        fit into memory.
        """
        from .reading import read_many

        return read_many(self._access, objects)

    def download_many(
        self, objects: Sequence[tuple[S3Object, Path]], done: Callable[[int], None]
    ) -> None:
        """Write each object to the path beside it, many parts at a time.

        done: told of each part that is there, in bytes, from the calling thread.
        Each must be as it was listed, else SourceError; then some of the files are incomplete.
        """
        from .reading import download_many

        download_many(self._access, objects, done)

    def upload_many(self, items: Sequence[tuple[str, Path | bytes]]) -> None:
        """Write each content (or the content of a file) to the address beside it."""
        from .writing import upload_many

        upload_many(self._access, items)

    def delete_all(self, address: str) -> int:
        """Delete everything at and below an address: objects, old versions, delete markers.

        `s3://bucket` means the whole bucket, which is empty afterwards, but stays. Returns how
        many were deleted; 0 where there is no such bucket.
        """
        from .writing import delete_all

        return delete_all(self._access, parse(address))
