"""Source files where they can be opened: at their own paths, or fetched from S3 for a while."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .files import Numbered, SourceFile, in_s3
from .listing import ending, etag

if TYPE_CHECKING:
    from ..config import Settings
    from ..util_s3 import S3, S3Object

GROUP_BYTES = 256 << 20
"""How much of a source in S3 is on the disk at a time; a larger file is there alone."""
GROUP_FILES = 200


class Fetch(Protocol):
    """Gives the content of the files of a source, as they were listed.

    Every method raises SourceError when a file cannot be read or vanished, or changed in S3.
    """

    def read_many(self, files: Sequence[Numbered]) -> Iterator[bytes] | None:
        """Yield the content of many small files, in order; None: open them at their paths."""
        ...

    def groups(self, files: Sequence[Numbered]) -> Iterator[list[Numbered]]:
        """Yield the files in groups, in order, each with the path at which it can be opened now.

        A group may be gone when the next one is asked for.
        """
        ...


class LocalFetch:
    """Files of this machine: they stay where they are."""

    def read_many(self, files: Sequence[Numbered]) -> None:
        """Leave it to who opens them."""

    def groups(self, files: Sequence[Numbered]) -> Iterator[list[Numbered]]:
        """Yield all of them at once."""
        yield list(files)


LOCAL = LocalFetch()


class SourceFetch:
    """Files in S3, read into memory or downloaded group by group; files of this machine too.

    settings: with credentials and the Region of the sources. workspace: a folder for downloads.
    S3 gives a file only as it was listed (If-Match), so nothing is to be checked afterwards.
    """

    def __init__(self, settings: Settings, workspace: Path) -> None:
        self._settings = settings
        self._workspace = workspace
        self._made: S3 | None = None
        self._downloads = itertools.count()

    def read_many(self, files: Sequence[Numbered]) -> Iterator[bytes] | None:
        """Read files of S3, many at a time. files: of one source, which is in one place."""
        if not files or not in_s3(files[0].file.path):
            return None
        return self._s3().read_many([object_of(one.file) for one in files])

    def groups(self, files: Sequence[Numbered]) -> Iterator[list[Numbered]]:
        """Download group after group, each removed when the next is asked for."""
        yield [one for one in files if not in_s3(one.file.path)]
        remote = [one for one in files if in_s3(one.file.path)]
        for group in grouped(remote, GROUP_BYTES, GROUP_FILES):
            copies = [self._copy(one) for one in group]
            paths = [Path(copy.file.path) for copy in copies]
            objects = [object_of(one.file) for one in group]
            try:
                self._s3().download_many(list(zip(objects, paths, strict=True)), _tell_nobody)
                yield copies
            finally:
                for path in paths:
                    path.unlink(missing_ok=True)

    def _copy(self, one: Numbered) -> Numbered:
        """Choose where a file goes: by number, for a key may be anything."""
        name = f"download-{next(self._downloads)}{ending(one.file.path)}"
        return one._replace(file=one.file._replace(path=str(self._workspace / name)))

    def _s3(self) -> S3:
        from ..util_s3 import S3

        if self._made is None:
            self._made = S3(self._settings, self._settings.s3_region)
        return self._made


def grouped(
    files: Sequence[Numbered], most_bytes: int, most_files: int
) -> Iterator[list[Numbered]]:
    """Put files together, in order, up to a number and a size in bytes (a larger one is alone)."""
    group: list[Numbered] = []
    size = 0
    for one in files:
        if group and (size + one.file.size > most_bytes or len(group) == most_files):
            yield group
            group, size = [], 0
        group.append(one)
        size += one.file.size
    if group:
        yield group


def object_of(file: SourceFile) -> S3Object:
    """Return the object that a file in S3 is, as it was listed."""
    from ..util_s3 import S3Object, parse

    bucket, key = parse(file.path)
    return S3Object(bucket, key, file.size, etag(file))


def _tell_nobody(_: int) -> None:
    """Take no notice of progress."""
