"""Small song files joined into large NDJSON: the engine's reader takes long for each file."""

from __future__ import annotations

import os
import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import NamedTuple

from .. import processes
from .files import Numbered, NumberedFiles, SourceFile, unreadable

_PART_BYTES = 16 << 20
_READERS = 16
_FILES_AT_A_TIME = 256
_LARGE_BYTES = 1 << 20
"""From what size on a file is not read into memory: no song takes so much, so it holds many."""
_SLOW_SECONDS = 40e-6
"""How long a file is waited for that comes from the disk, at least; for one in memory, nobody waits
but for other work of the processors."""


@dataclass
class SongPart:
    """The records of many song files as NDJSON, each naming the number of its file.

    plain: the numbers, in the order of the records. plain_bytes: the size of those files.
    odd: the files that do not look like one object on one line, with their bytes (None: large,
    or not as it was listed).
    """

    data: bytearray = field(default_factory=bytearray)
    plain: array[int] = field(default_factory=lambda: array("q"))
    plain_bytes: int = 0
    odd: list[tuple[Numbered, bytes | None]] = field(default_factory=list)


def join_songs(
    files: NumberedFiles, key: str, contents: Iterator[bytes] | None = None
) -> Iterator[SongPart]:
    """Read many small files at once and join them into parts of about 16 MB.

    key: the field under which each record of a part names the number of its file.
    contents: what is in each file, as it was listed; without it they are opened at their paths.
    Raises SourceError when a file cannot be read.
    """
    prefix = b'{"%s":' % key.encode()
    chunks = [files[n : n + _FILES_AT_A_TIME] for n in range(0, len(files), _FILES_AT_A_TIME)]
    part = SongPart()
    for chunk, joined in zip(chunks, _joined(chunks, prefix, contents), strict=True):
        part.data += joined.data
        part.plain.extend(joined.plain)
        part.plain_bytes += joined.plain_bytes
        part.odd += [(chunk[place], data) for place, data in joined.odd]
        if len(part.data) >= _PART_BYTES:
            yield part
            part = SongPart()
    if part.plain or part.odd:
        yield part


class _Places(NamedTuple):
    """A few files as another process has to know them: number, path, and size in bytes of each."""

    numbers: Sequence[int]
    paths: list[str]
    sizes: list[int]


class _Joined(NamedTuple):
    """A few files joined, as in SongPart; odd: place among them, and bytes."""

    data: bytes
    plain: list[int]
    plain_bytes: int
    odd: list[tuple[int, bytes | None]]


def _joined(
    chunks: Sequence[NumberedFiles], prefix: bytes, contents: Iterator[bytes] | None
) -> Iterator[_Joined]:
    if contents is not None:
        for chunk in chunks:
            yield _join(_places(chunk), islice(contents, len(chunk)), prefix)
        return
    found = processes.each(partial(_join_at, prefix=prefix), (_places(chunk) for chunk in chunks))
    for chunk, joined in zip(chunks, found, strict=True):
        if joined is None:  # to say which file it is, and why, or to leave out one that moved
            one_by_one = (_content_as_listed(one.file) for one in chunk)
            joined = _join(_places(chunk), one_by_one, prefix)
        yield joined


def _places(files: NumberedFiles) -> _Places:
    return _Places(files.numbers, files.paths, files.sizes)


def _join_at(places: _Places, prefix: bytes) -> _Joined | None:
    """Join a few files; None when one of them is not there as listed."""
    try:
        contents = _contents(places)
    except OSError:
        return None
    sizes = zip(contents, places.sizes, strict=True)
    if any(data is not None and len(data) != size for data, size in sizes):
        return None
    return _join(places, contents, prefix)


def _join(places: _Places, contents: Iterable[bytes | None], prefix: bytes) -> _Joined:
    lines = []
    plain = []
    plain_bytes = 0
    odd: list[tuple[int, bytes | None]] = []
    files = zip(places.numbers, places.paths, contents, strict=True)
    for place, (number, path, data) in enumerate(files):
        body = (data or b"").rstrip(b" \t\r\n")
        is_line = body[:1] == b"{" and body[-1:] == b"}" and b"\n" not in body
        if data is not None and is_line and not path.endswith(".gz"):
            lines.append(b"%s%d,%s\n" % (prefix, number, body[1:]))
            plain.append(number)
            plain_bytes += len(data)
        else:
            odd.append((place, data))
    return _Joined(b"".join(lines), plain, plain_bytes, odd)


def _contents(places: _Places) -> list[bytes | None]:
    """Read small files; with many threads while the disk is slow, which only they can keep busy.

    Files that the system has in memory are read fastest without, for Python's threads wait for
    each other.
    """
    global _disk_is_slow
    busy = time.process_time if _disk_is_slow else time.thread_time
    began, was_busy = time.perf_counter(), busy()
    if _disk_is_slow:
        with ThreadPoolExecutor(_READERS) as pool:
            found = list(pool.map(_content, places.paths, places.sizes))
    else:
        found = list(map(_content, places.paths, places.sizes))
    idle = time.perf_counter() - began - (busy() - was_busy)
    _disk_is_slow = idle > _SLOW_SECONDS * len(found)
    return found


_disk_is_slow = False


def _content(path: str, size: int) -> bytes | None:
    """Read a small file, and one byte more than it had, in three calls of the system."""
    if size > _LARGE_BYTES:
        return None
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, size + 1)
    finally:
        os.close(descriptor)


def _content_as_listed(file: SourceFile) -> bytes | None:
    """Read a small file; None where it moved. Raises SourceError when it cannot be read."""
    try:
        data = _content(file.path, file.size)
    except OSError as error:
        raise unreadable(file.uri, error) from None
    return data if data is not None and len(data) == file.size else None
