"""Make source files readable: at their own paths, or downloaded from S3 for a while."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .files import Numbered, SourceFile, SourceFiles, in_s3
from .listing import etag

if TYPE_CHECKING:
    from ..config import Settings
    from ..util_s3 import S3, S3Object

GROUP_BYTES = 512 << 20
"""How much of a source is on the disk, or read by one statement, at a time; a larger file is alone.

A statement that fails costs as much as it read; but the fewer, the better the table is filled.
"""
GROUP_FILES = 200


class SourceFetch:
    """The content of source files: at their own paths, or from S3, into memory or downloaded.

    settings: with credentials and the region of the sources. workspace: a folder for downloads.
    S3 gives a file only as it was listed (If-Match), so nothing is to be checked afterwards.
    Every method raises SourceError when a file cannot be read or vanished, or changed in S3.
    """

    def __init__(self, settings: Settings, workspace: Path) -> None:
        self._settings = settings
        self._workspace = workspace
        self._downloads = itertools.count()

    def read_songs(self, files: SourceFiles) -> Iterator[bytes] | None:
        """Yield the content of each song file of S3, in order; None: open them at their paths."""
        if not files.kinds["songs"] or not in_s3(self._settings.song_data):
            return None
        return self._s3.read_many([object_of(one) for one in files if one.kind == "songs"])

    def groups(self, files: Sequence[Numbered]) -> Iterator[Sequence[Numbered]]:
        """Yield the files in groups, each with the path at which it can be opened now.

        A group that was downloaded is removed when the next one is asked for.
        """
        yield [one for one in files if not in_s3(one.file.path)]
        remote = [one for one in files if in_s3(one.file.path)]
        for group in grouped(remote):
            # By number, for a key may be anything; the ending says whether it is packed.
            endings = (".json.gz" if one.file.path.endswith(".gz") else ".json" for one in group)
            paths = [self._workspace / f"download-{next(self._downloads)}{end}" for end in endings]
            objects = [object_of(one.file) for one in group]
            try:
                self._s3.download_many(list(zip(objects, paths, strict=True)))
                yield [
                    one._replace(file=one.file._replace(path=str(path)))
                    for one, path in zip(group, paths, strict=True)
                ]
            finally:
                for path in paths:
                    path.unlink(missing_ok=True)

    @cached_property
    def _s3(self) -> S3:
        from ..util_s3 import S3

        return S3(self._settings, self._settings.s3_region)


def grouped(files: Sequence[Numbered]) -> Iterator[list[Numbered]]:
    """Yield the files in groups, in order, of at most GROUP_FILES and GROUP_BYTES."""
    group: list[Numbered] = []
    size = 0
    for one in files:
        if group and (size + one.file.size > GROUP_BYTES or len(group) == GROUP_FILES):
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
