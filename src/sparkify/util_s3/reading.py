"""Many objects at once: into memory or into files, by the fastest way that serves each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from . import careful
from .access import THREADS
from .addresses import S3Object
from .failures import MissedError
from .store import ObjectStores
from .threads import in_order
from .wire import MOST_BYTES, Wires

if TYPE_CHECKING:
    from .access import Access

PART_BYTES = 8 << 20
"""How much of a large object one request asks for
(AmazonS3/latest/userguide/optimizing-performance-guidelines.html: 8 to 16 MB)."""
BUDGET_BYTES = 128 << 20
"""How much may be under way, or wait for its taker, in memory."""
_TOGETHER = 64
"""How many small objects one thread reads in a row: handing work over takes time, too."""
_TOGETHER_BYTES = 512 << 10


class _Part(NamedTuple):
    wanted: S3Object
    start: int
    stop: int
    path: Path


class Reader:
    """Reads objects as they were listed; close it in the end."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._stores = ObjectStores(access)
        self._wires = Wires(access)

    def close(self) -> None:
        """Close the connections."""
        self._wires.close()

    def part(self, wanted: S3Object, start: int, stop: int, gone: threading.Event) -> bytes:
        """Read bytes start to stop: the fast ways first; boto3 tells what is wrong."""
        if stop - start <= MOST_BYTES and not self._access.proxied:
            try:
                return self._wires.read_part(wanted, start, stop)
            except MissedError:
                pass
        try:
            return self._stores.read_part(wanted, start, stop)
        except MissedError:
            return careful.read_part(self._access, wanted, start, stop, gone)


def read_many(access: Access, objects: Sequence[S3Object]) -> Iterator[bytes]:
    """Yield the content of each object, in order; see `S3.read_many`."""

    def read(some: Sequence[S3Object], gone: threading.Event) -> list[bytes]:
        return [reader.part(one, 0, one.size, gone) for one in some if not gone.is_set()]

    with closing(Reader(access)) as reader:
        for contents in in_order(read, _together(objects), threads=THREADS, budget=BUDGET_BYTES):
            yield from contents


def _together(objects: Sequence[S3Object]) -> Iterator[tuple[Sequence[S3Object], int]]:
    """Put small objects together, few enough that every thread gets some."""
    most = max(1, min(_TOGETHER, len(objects) // (4 * THREADS)))
    first = size = 0
    for number, one in enumerate(objects):
        if number > first and (number - first == most or size + one.size > _TOGETHER_BYTES):
            yield objects[first:number], size
            first, size = number, 0
        size += one.size
    if first < len(objects):
        yield objects[first:], size


def download_many(
    access: Access, objects: Sequence[tuple[S3Object, Path]], done: Callable[[int], None]
) -> None:
    """Write each object to its path; see `S3.download_many`."""

    def write(part: _Part, gone: threading.Event) -> int:
        if gone.is_set():
            return 0
        data = reader.part(part.wanted, part.start, part.stop, gone)
        with part.path.open("r+b") as stream:
            stream.seek(part.start)
            stream.write(data)
        return len(data)

    with closing(Reader(access)) as reader:
        for size in in_order(write, _parts(objects), threads=THREADS, budget=BUDGET_BYTES):
            done(size)


def _parts(objects: Sequence[tuple[S3Object, Path]]) -> Iterator[tuple[_Part, int]]:
    """Make each file, empty, and cut it into parts."""
    for wanted, path in objects:
        path.write_bytes(b"")
        for start in range(0, max(wanted.size, 1), PART_BYTES):
            stop = min(start + PART_BYTES, wanted.size)
            yield _Part(wanted, start, stop, path), stop - start
