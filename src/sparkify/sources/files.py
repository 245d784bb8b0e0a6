"""Source files: what is known of one before it is read, and lists of a million of them."""

from __future__ import annotations

import hashlib
import marshal
import os
import zlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from operator import lt
from typing import Literal, NamedTuple, overload

from ..errors import SourceError

Kind = Literal["events", "songs"]

_S3 = "s3://"
_BLOCK_FILES = 256


class SourceFile(NamedTuple):
    """One version of one file.

    uri: its name in the ledger; a local file by its absolute real path, one in S3 by its address.
    size: in bytes. fingerprint: differs between versions; in S3 the ETag.
    path: where to open it (differs from uri where a file's name is not UTF-8, or holds U+0000).
    """

    kind: Kind
    uri: str
    size: int
    fingerprint: str
    path: str


class Numbered(NamedTuple):
    """A source file with its number in this load."""

    number: int
    file: SourceFile


class SourceFiles(Sequence[SourceFile]):
    """A list of source files in compressed blocks, which take a tenth of the memory of objects."""

    def __init__(self, files: Iterable[SourceFile] = ()) -> None:
        self._blocks: list[bytes] = []
        self._starts: list[int] = []
        self._packed = 0
        self._rest: list[SourceFile] = []
        self._unpacked: tuple[int, list[SourceFile]] = (-1, [])
        self._kinds: Counter[Kind] = Counter()
        self._bytes = 0
        self._is_sorted = True
        self._last: tuple[str, ...] = ()
        self.extend(files)

    def append(self, file: SourceFile) -> None:
        """Add one."""
        self._rest.append(file)
        if len(self._rest) == _BLOCK_FILES:
            self._pack()

    def extend(self, files: Iterable[SourceFile]) -> None:
        """Add several."""
        if not isinstance(files, SourceFiles):
            for file in files:
                self.append(file)
        elif files:
            self._pack()
            files._pack()
            self._starts += [self._packed + start for start in files._starts]
            self._blocks += files._blocks
            self._packed += files._packed
            self._kinds += files._kinds
            self._bytes += files._bytes
            self._is_sorted &= files._is_sorted and self._last < files[0][:2]
            self._last = files._last

    @property
    def kinds(self) -> Counter[Kind]:
        """How many there are of each kind."""
        self._pack()
        return self._kinds

    @property
    def bytes(self) -> int:
        """The size of all of them."""
        self._pack()
        return self._bytes

    def sorted(self) -> SourceFiles:
        """Return the files in the order of kind and uri, each once; itself if it is so already."""
        self._pack()
        if self._is_sorted:
            return self
        once = {file[:2]: file for file in self}
        return SourceFiles(once[key] for key in sorted(once))

    def numbered(self, kind: Kind) -> Iterator[Numbered]:
        """Yield the files of a kind, each with its place in the list."""
        for number, file in enumerate(self):
            if file.kind == kind:
                yield Numbered(number, file)

    def __len__(self) -> int:
        return self._packed + len(self._rest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    @overload
    def __getitem__(self, index: int) -> SourceFile: ...
    @overload
    def __getitem__(self, index: slice) -> list[SourceFile]: ...
    def __getitem__(self, index: int | slice) -> SourceFile | list[SourceFile]:
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        self._pack()
        block = bisect_right(self._starts, number) - 1
        return self._block(block)[number - self._starts[block]]

    def __iter__(self) -> Iterator[SourceFile]:
        self._pack()
        for block in range(len(self._blocks)):
            yield from self._block(block)

    def _pack(self) -> None:
        if not self._rest:
            return
        kinds, uris, sizes, _, _ = columns = tuple(zip(*self._rest, strict=True))
        keys = list(zip(kinds, uris, strict=True))
        self._is_sorted &= self._last < keys[0] and all(map(lt, keys, keys[1:]))
        self._last = keys[-1]
        self._kinds.update(kinds)
        self._bytes += sum(sizes)
        self._blocks.append(zlib.compress(marshal.dumps(columns), zlib.Z_BEST_SPEED))
        self._starts.append(self._packed)
        self._packed += len(self._rest)
        self._rest = []

    def _block(self, number: int) -> list[SourceFile]:
        kept, files = self._unpacked  # replaced as a whole: several threads may be reading
        if kept != number:
            columns = marshal.loads(zlib.decompress(self._blocks[number]))  # noqa: S302 - our own
            files = list(map(SourceFile, *columns))
            self._unpacked = (number, files)
        return files


@contextmanager
def opened(file: SourceFile) -> Iterator[BufferedReader]:
    """Open a file for its bytes. Raises SourceError when it cannot be opened or read."""
    try:
        with open(file.path, "rb") as stream:  # noqa: PTH123 - a name may be no UTF-8
            yield stream
    except OSError as error:
        raise unreadable(file.uri, error) from None


def in_s3(address: str) -> bool:
    """Return whether an address is in S3."""
    return address.startswith(_S3)


def unreadable(uri: str, error: OSError) -> SourceError:
    """Return the error for a file or a folder that cannot be read."""
    return SourceError(
        f"{uri} cannot be read: {error.strerror or error}",
        "Make it readable, or take it out of the source; then load again.",
        uri=uri,
    )


def mark(status: os.stat_result) -> str:
    """Return the fingerprint of a local file: its size, and its time of change in nanoseconds."""
    return f"{status.st_size}-{status.st_mtime_ns}"


def hashed(file: SourceFile) -> SourceFile:
    """Return a file with a hash of its content in the fingerprint (`--verify`); an ETag stays.

    Raises SourceError when it cannot be read.
    """
    if in_s3(file.path):
        return file
    with opened(file) as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return file._replace(fingerprint=f"{file.fingerprint}-{digest}")


def moved(file: SourceFile) -> bool:
    """Return whether a file changed its size or time of change since it was listed.

    One in S3 did not: it is read as it was listed, or not at all (If-Match). Raises SourceError
    when a file vanished.
    """
    if in_s3(file.uri):
        return False
    try:
        status = os.stat(file.path)  # noqa: PTH116 - a name may be no UTF-8
    except OSError:
        raise SourceError(
            f"{file.uri} vanished while it was read; nothing was loaded",
            "Load again when no other process removes it.",
            uri=file.uri,
        ) from None
    return not f"{file.fingerprint}-".startswith(f"{mark(status)}-")
