"""What is known of source files before they are read."""

from __future__ import annotations

import hashlib
import os
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, get_args, overload

from ..errors import SourceError

Kind = Literal["events", "songs"]

_S3 = "s3://"
_BLOCK = 256
_OPEN_BLOCKS = 8
_KINDS: tuple[Kind, ...] = get_args(Kind)


class SourceFile(NamedTuple):
    """One version of one file.

    uri: how the ledger knows it; a local file by its absolute real path, one in S3 by its address.
    size: in bytes. fingerprint: what tells this version from another; in S3 the ETag.
    path: where to open it (differs from uri where a file's name is no UTF-8, or holds U+0000).
    """

    kind: Kind
    uri: str
    size: int
    fingerprint: str
    path: str


class Texts(Sequence[str]):
    """Many texts that look alike, packed in blocks: a tenth of what they take as objects.

    They can be any, but for U+0000, and come out as they went in, also one that is no UTF-8.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._blocks: list[bytes] = []
        self._starts = array("Q")
        self._packed = 0
        self._loose: list[str] = []
        self._open: dict[int, list[str]] = {}
        texts = iter(texts)
        while block := list(islice(texts, _BLOCK)):
            self._loose = block
            self._pack()

    def __len__(self) -> int:
        return self._packed + len(self._loose)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            first, stop, step = index.indices(len(self))
            if step == 1:
                return list(islice(self._from(first), max(0, stop - first)))
            return [self[n] for n in range(first, stop, step)]
        return next(self._from(range(len(self))[index]))

    def __iter__(self) -> Iterator[str]:
        return self._from(0)

    def _from(self, first: int) -> Iterator[str]:
        """Yield the texts from a position on."""
        if first < self._packed:
            block = bisect_right(self._starts, first) - 1
            yield from self._unpacked(block)[first - self._starts[block] :]
            for following in range(block + 1, len(self._blocks)):
                yield from self._unpacked(following)
            first = self._packed
        yield from self._loose[first - self._packed :]

    def at(self, positions: Sequence[int]) -> list[str]:
        """Return those at some positions; a range of them is read block by block."""
        if isinstance(positions, range):
            return self[positions.start : positions.stop : positions.step]
        return [self[n] for n in positions]

    def append(self, text: str) -> None:
        """Add one."""
        self._loose.append(text)
        if len(self._loose) == _BLOCK:
            self._pack()

    def extend(self, more: Texts) -> None:
        """Add those of another."""
        self._pack()
        more._pack()
        self._starts.extend([self._packed + start for start in more._starts])
        self._blocks += more._blocks
        self._packed += more._packed

    def _pack(self) -> None:
        if not self._loose:
            return
        text = "\0".join(self._loose).encode("utf-8", "surrogatepass")
        self._blocks.append(zlib.compress(text, zlib.Z_BEST_SPEED))
        self._starts.append(self._packed)
        self._packed += len(self._loose)
        self._loose = []

    def _unpacked(self, block: int) -> list[str]:
        """Return the texts of a block, which are looked at one after the other mostly."""
        texts = self._open.get(block)
        if texts is None:
            if len(self._open) >= _OPEN_BLOCKS:  # or more: several threads may be reading
                self._open.clear()
            text = zlib.decompress(self._blocks[block]).decode("utf-8", "surrogatepass")
            texts = self._open[block] = text.split("\0")
        return texts


class SourceFiles(Sequence[SourceFile]):
    """Many source files, column by column; one becomes an object when it is asked for.

    uris, sizes, fingerprints: of each; see SourceFile. A source may hold a million files, which as
    objects take ten times the memory.
    """

    def __init__(self, files: Iterable[SourceFile] = ()) -> None:
        self._kinds = bytearray()
        self.uris = Texts()
        self.sizes = array("q")
        self.fingerprints = Texts()
        self._other_paths: dict[int, str] = {}
        self.extend(files)

    @classmethod
    def of_columns(
        cls,
        kind: Kind,
        uris: list[str],
        sizes: Iterable[int],
        fingerprints: Iterable[str],
        paths: list[str],
    ) -> SourceFiles:
        """Make them of columns; see SourceFile."""
        files = cls()
        files.uris = Texts(uris)
        files.fingerprints = Texts(fingerprints)
        files.sizes = array("q", sizes)
        files._kinds = bytearray([_KINDS.index(kind)]) * len(uris)
        if paths != uris:
            both = enumerate(zip(paths, uris, strict=True))
            files._other_paths = {n: path for n, (path, uri) in both if path != uri}
        return files

    @classmethod
    def of(cls, files: Iterable[SourceFile]) -> SourceFiles:
        """Take files as they are if they are columns already."""
        return files if isinstance(files, SourceFiles) else cls(files)

    def __len__(self) -> int:
        return len(self._kinds)

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
        n = range(len(self))[index]
        uri = self.uris[n]
        kind = _KINDS[self._kinds[n]]
        return SourceFile(
            kind, uri, self.sizes[n], self.fingerprints[n], self._other_paths.get(n, uri)
        )

    def __iter__(self) -> Iterator[SourceFile]:
        other_path = self._other_paths.get
        columns = zip(self._kinds, self.uris, self.sizes, self.fingerprints, strict=True)
        for n, (kind, uri, size, fingerprint) in enumerate(columns):
            yield SourceFile(_KINDS[kind], uri, size, fingerprint, other_path(n, uri))

    def append(self, file: SourceFile) -> None:
        """Add one."""
        if file.path != file.uri:
            self._other_paths[len(self)] = file.path
        self._kinds.append(_KINDS.index(file.kind))
        self.uris.append(file.uri)
        self.sizes.append(file.size)
        self.fingerprints.append(file.fingerprint)

    def extend(self, files: Iterable[SourceFile]) -> None:
        """Add several."""
        if not isinstance(files, SourceFiles):
            for file in files:
                self.append(file)
            return
        before = len(self)
        self._other_paths |= {before + n: path for n, path in files._other_paths.items()}
        self._kinds += files._kinds
        self.uris.extend(files.uris)
        self.sizes.extend(files.sizes)
        self.fingerprints.extend(files.fingerprints)

    def in_order(self, positions: Sequence[int]) -> SourceFiles:
        """Copy the files at some positions, sorted by kind and uri."""
        copies = SourceFiles()
        kinds = bytes(map(self._kinds.__getitem__, positions))
        uris = self.uris.at(positions)
        order = sorted(range(len(uris)), key=uris.__getitem__)
        order.sort(key=kinds.__getitem__)
        copies.uris = Texts(map(uris.__getitem__, order))
        del uris  # a million of them are most of what a plan takes, one column at a time
        copies.fingerprints = Texts(map(self.fingerprints.at(positions).__getitem__, order))
        copies._kinds = bytearray(map(kinds.__getitem__, order))
        chosen = [positions[place] for place in order]
        copies.sizes = array("q", map(self.sizes.__getitem__, chosen))
        if self._other_paths:
            other_paths = enumerate(map(self._other_paths.get, chosen))
            copies._other_paths = {n: path for n, path in other_paths if path is not None}
        return copies

    @property
    def kinds(self) -> set[Kind]:
        """The kinds that there are."""
        return {kind for number, kind in enumerate(_KINDS) if number in self._kinds}

    def kinds_of(self, some: slice) -> list[Kind]:
        """Name the kind of each of some files."""
        return [_KINDS[number] for number in self._kinds[some]]

    def of_kind(self, kind: Kind) -> Sequence[int]:
        """Find the positions of the files of a kind."""
        number = _KINDS.index(kind)
        first, count = self._kinds.find(number), self._kinds.count(number)
        if self._kinds.count(number, first, first + count) == count:  # all in a row
            return range(first, first + count)
        return array("Q", (n for n, one in enumerate(self._kinds) if one == number))

    def paths(self, positions: Sequence[int]) -> list[str]:
        """Say where to open the files at some positions."""
        both = zip(positions, self.uris.at(positions), strict=True)
        return [self._other_paths.get(n, uri) for n, uri in both]


class Numbered(NamedTuple):
    """A source file with the number that it has in this load."""

    number: int
    file: SourceFile


class NumberedFiles(Sequence[Numbered]):
    """Some of the files of a load; one becomes an object when it is asked for.

    numbers: theirs; without it, all of the files.
    """

    def __init__(self, files: SourceFiles, numbers: Sequence[int] | None = None) -> None:
        self._files = files
        self.numbers = range(len(files)) if numbers is None else numbers

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> Numbered: ...
    @overload
    def __getitem__(self, index: slice) -> NumberedFiles: ...
    def __getitem__(self, index: int | slice) -> Numbered | NumberedFiles:
        if isinstance(index, slice):
            return NumberedFiles(self._files, self.numbers[index])
        number = self.numbers[index]
        return Numbered(number, self._files[number])

    @property
    def paths(self) -> list[str]:
        """Where to open each."""
        return self._files.paths(self.numbers)

    @property
    def sizes(self) -> list[int]:
        """Of each, in bytes."""
        return list(map(self._files.sizes.__getitem__, self.numbers))


@contextmanager
def opened(file: SourceFile) -> Iterator[BinaryIO]:
    """Open a file for its bytes. Raises SourceError when it cannot be opened or read."""
    try:
        with open(file.path, "rb") as stream:  # noqa: PTH123 - a name may be no UTF-8
            yield stream
    except OSError as error:
        raise unreadable(file.uri, error) from None


def in_s3(address: str) -> bool:
    """Tell whether an address is one in S3."""
    return address.startswith(_S3)


def unreadable(uri: str, error: OSError) -> SourceError:
    """Make the error for a file or a folder that cannot be read."""
    return SourceError(
        f"{uri} cannot be read: {error.strerror or error}",
        "Make it readable, or take it out of the source; then load again.",
        uri=uri,
    )


def mark(status: os.stat_result) -> str:
    """Make a fingerprint of a file's size and its time of change, in nanoseconds."""
    return f"{status.st_size}-{status.st_mtime_ns}"


def hashed(file: SourceFile) -> SourceFile:
    """Add a hash of the content to a file's fingerprint (`--verify`); an ETag stays as it is.

    Raises SourceError when it cannot be read.
    """
    if in_s3(file.path):
        return file
    try:
        with Path(file.path).open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(file.uri, error) from None
    return file._replace(fingerprint=f"{file.fingerprint}-{digest}")


def moved(file: SourceFile) -> bool:
    """Return whether a file has another size or time of change than it was listed with.

    One in S3 has not: it is given as it was listed, or not at all. Raises SourceError when a file
    vanished.
    """
    if in_s3(file.uri):
        return False
    try:
        status = os.stat(file.path)  # noqa: PTH116 - a name may be no UTF-8
    except OSError:
        raise SourceError(
            f"{file.uri} vanished while it was read; nothing was loaded",
            "Load again when nobody removes it.",
            uri=file.uri,
        ) from None
    return not f"{file.fingerprint}-".startswith(f"{mark(status)}-")
