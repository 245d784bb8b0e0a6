"""Join small song files into large NDJSON: DuckDB's reader takes 0.3 ms or more for each file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from .. import processes
from .files import Numbered, SourceFile

_PART_BYTES = 16 << 20
_READERS = 16
_FILES_AT_A_TIME = 256
_LARGE_BYTES = 1 << 20
"""Larger files are not read into memory: no song is so large, so they hold many."""
_SLOW_SECONDS = 40e-6
"""The least wait for a file from the disk; in the page cache it waits for nothing but a CPU."""


@dataclass
class SongPart:
    """The records of many song files as NDJSON, each naming the number of its file.

    plain: the numbers, in the order of the records. plain_bytes: the size of those files.
    odd: the files that are not one object on one line, with their bytes (None: large, not as it
    was listed, or not to be read).
    """

    data: bytearray = field(default_factory=bytearray)
    plain: list[int] = field(default_factory=list)
    plain_bytes: int = 0
    odd: list[tuple[Numbered, bytes | None]] = field(default_factory=list)


def join_songs(
    files: Iterable[Numbered], key: str, contents: Iterator[bytes] | None = None
) -> Iterator[SongPart]:
    """Read many small files at once and join them into parts of about 16 MB.

    key: the field under which each record of a part names the number of its file.
    contents: of each file, as it was listed; without it they are opened at their paths.
    """
    files = iter(files)
    # Plain tuples are pickled several times as fast as named ones.
    rows = iter(lambda: [(one.number, *one.file) for one in islice(files, _FILES_AT_A_TIME)], [])
    join = partial(_join, prefix=b'{"%s":' % key.encode())
    if contents is None:
        joined = (found for _, found in processes.each(join, rows))
    else:
        joined = (join(some, contents=islice(contents, len(some))) for some in rows)
    part = SongPart()
    for more in joined:
        part.data += more.data
        part.plain += more.plain
        part.plain_bytes += more.plain_bytes
        part.odd += more.odd
        if len(part.data) >= _PART_BYTES:
            yield part
            part = SongPart()
    if part.plain or part.odd:
        yield part


def _join(
    rows: Sequence[tuple[Any, ...]], prefix: bytes, contents: Iterable[bytes | None] | None = None
) -> SongPart:
    files = [Numbered(number, SourceFile(*file)) for number, *file in rows]
    part = SongPart()
    for one, data in zip(files, contents or _contents(files), strict=True):
        body = (data or b"").rstrip(b" \t\r\n")
        is_line = body[:1] == b"{" and body[-1:] == b"}" and b"\n" not in body
        if data is not None and is_line and not one.file.path.endswith(".gz"):
            part.data += b"%s%d,%s\n" % (prefix, one.number, body[1:])
            part.plain.append(one.number)
            part.plain_bytes += len(data)
        else:
            part.odd.append((one, data))
    return part


def _contents(files: Sequence[Numbered]) -> list[bytes | None]:
    """Return the content of small files; read with many threads only while the disk is slow.

    Files in the page cache are read fastest by one thread, for threads contend for the GIL.
    """
    global _disk_is_slow
    busy = time.process_time if _disk_is_slow else time.thread_time
    began, was_busy = time.perf_counter(), busy()
    if _disk_is_slow:
        with ThreadPoolExecutor(_READERS) as pool:
            found = list(pool.map(_content, files))
    else:
        found = list(map(_content, files))
    idle = time.perf_counter() - began - (busy() - was_busy)
    _disk_is_slow = idle > _SLOW_SECONDS * len(found)
    return found


_disk_is_slow = False


def _content(one: Numbered) -> bytes | None:
    """Return a small file, read in three system calls, if it is there as it was listed."""
    size = one.file.size
    if size > _LARGE_BYTES:
        return None
    try:
        descriptor = os.open(one.file.path, os.O_RDONLY)
        try:
            data = os.read(descriptor, size + 1)
        finally:
            os.close(descriptor)
    except OSError:  # the strict path finds out why
        return None
    return data if len(data) == size else None
