"""Source files where they can be opened: at their own paths, or fetched from S3 for a while."""

from __future__ import annotations

import itertools
import mmap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .source_file import SourceFile
from .sources import ending, etag, in_s3, moved, some, unreadable
from .staging.joining import unpacked, whole_records
from .staging.reading import Numbered

if TYPE_CHECKING:
    from .config import Settings
    from .util_s3 import S3, S3Object

GROUP_BYTES = 256 << 20
"""How much of a source in S3 is on the disk at a time; a larger file is there alone."""
GROUP_FILES = 200
_BLOCK_BYTES = 64 << 10


class Fetch:
    """Gives the content of source files as they were listed.

    workspace: a folder for downloads and copies. settings: with credentials and the Region of the
    sources, for those in S3, which gives a file as it was listed (If-Match) or not at all. A file
    of this machine that moved since is given as a copy of what was listed, up to its last whole
    record: the rest comes with the next load, which finds it changed.

    Every method raises SourceError when a file cannot be read, vanished, or changed in S3.
    """

    def __init__(self, workspace: Path, settings: Settings | None = None) -> None:
        self._settings = settings
        self._workspace = workspace
        self._made: S3 | None = None
        self._numbers = itertools.count()
        self._copies: dict[str, Path] = {}

    @property
    def notes(self) -> list[str]:
        """What is to be said of files that moved."""
        if not self._copies:
            return []
        return [
            f"{len(self._copies):,} files were written to while they were read, and taken up to "
            f"their last whole record: {some(list(self._copies))}. The next load reads the rest."
        ]

    def read_many(self, files: Sequence[Numbered]) -> Iterator[bytes] | None:
        """Yield the content of many small files, in order; None: open them at their paths.

        files: of one source, which is in one place.
        """
        if not files or not in_s3(files[0].file.path):
            return None
        return self._s3().read_many([_object(one.file) for one in files])

    def groups(self, files: Sequence[Numbered]) -> Iterator[list[Numbered]]:
        """Yield the files in groups, in order, each with the path at which it can be opened now.

        A group from S3 is removed when the next is asked for.
        """
        yield [self._still(one) for one in files if not in_s3(one.file.uri)]
        remote = [one for one in files if in_s3(one.file.uri)]
        for group in grouped(remote, GROUP_BYTES, GROUP_FILES):
            paths = [self._new_path(ending(one.file.path)) for one in group]
            objects = [_object(one.file) for one in group]
            try:
                self._s3().download_many(list(zip(objects, paths, strict=True)), _tell_nobody)
                yield [_at(path, one) for path, one in zip(paths, group, strict=True)]
            finally:
                for path in paths:
                    path.unlink(missing_ok=True)

    def moved_among(self, group: Sequence[Numbered]) -> list[Numbered]:
        """Return those files of a group that moved while they were read, each at a copy now."""
        local = [one for one in group if not in_s3(one.file.uri)]
        return [copy for one in local if (copy := self._still(one)) != one]

    def _still(self, one: Numbered) -> Numbered:
        """Return a file of this machine at a path where it stays as it was listed."""
        file = one.file
        if file.uri not in self._copies:
            if not moved(file):
                return one
            self._copies[file.uri] = path = self._new_path(".json")
            _copy(file, path)
        return _at(self._copies[file.uri], one)

    def _new_path(self, ending: str) -> Path:
        """Choose where a file goes: by number, for a key may be anything."""
        return self._workspace / f"fetched-{next(self._numbers)}{ending}"

    def _s3(self) -> S3:
        from .util_s3 import S3

        if self._made is None:
            assert self._settings is not None
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


def _at(path: Path, one: Numbered) -> Numbered:
    return one._replace(file=one.file._replace(path=str(path)))


def _copy(file: SourceFile, path: Path) -> None:
    """Copy what was listed of a log file, unpacked, up to its last whole record."""
    listed = _listed(file)
    with path.open("w+b") as copy:
        copy.writelines(unpacked(listed) if file.path.endswith(".gz") else listed)
        if copy.tell():
            copy.flush()
            with mmap.mmap(copy.fileno(), 0, access=mmap.ACCESS_READ) as content:
                last_line = content.rfind(b"\n") + 1
                end = last_line + whole_records(content[last_line:])
            copy.truncate(end)


def _listed(file: SourceFile) -> Iterator[bytes]:
    """Yield as many bytes of a file as were listed. Raises SourceError when it cannot be read."""
    left = file.size
    try:
        with open(file.path, "rb") as stream:  # noqa: PTH123 - a name may be no UTF-8
            while block := stream.read(min(left, _BLOCK_BYTES)):
                yield block
                left -= len(block)
    except OSError as error:
        raise unreadable(file.uri, error) from None


def _object(file: SourceFile) -> S3Object:
    from .util_s3 import S3Object, parse

    bucket, key = parse(file.path)
    return S3Object(bucket, key, file.size, etag(file))


def _tell_nobody(_: int) -> None:
    """Take no notice of progress."""
