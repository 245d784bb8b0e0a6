"""What is known of source files before they are read."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, get_args, overload

from .staging.rules import Kind

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
    """Many texts in one block of bytes: of a short one, its object is most of what it takes.

    A text comes out as it went in, also one that is no UTF-8.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._bytes = bytearray()
        self._bounds = array("Q", [0])
        for text in texts:
            self.append(text)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        return self._raw(range(len(self))[index]).decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        block = self._bytes
        for begin, end in pairwise(self._bounds):
            yield block[begin:end].decode("utf-8", "surrogatepass")

    def append(self, text: str) -> None:
        """Add one."""
        self._bytes += text.encode("utf-8", "surrogatepass")
        self._bounds.append(len(self._bytes))

    def extend(self, more: Texts) -> None:
        """Add those of another block."""
        before = len(self._bytes)
        self._bytes += more._bytes
        self._bounds.extend([before + end for end in more._bounds[1:]])

    def at(self, positions: Iterable[int]) -> Texts:
        """Copy those at some positions, in their order."""
        copies = Texts()
        for position in positions:
            copies._bytes += self._raw(position)
            copies._bounds.append(len(copies._bytes))
        return copies

    def _raw(self, position: int) -> bytearray:
        return self._bytes[self._bounds[position] : self._bounds[position + 1]]


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

    def at(self, positions: Sequence[int]) -> SourceFiles:
        """Copy the files at some positions, in their order."""
        copies = SourceFiles()
        copies._kinds = bytearray(map(self._kinds.__getitem__, positions))
        copies.uris = self.uris.at(positions)
        copies.sizes = array("q", map(self.sizes.__getitem__, positions))
        copies.fingerprints = self.fingerprints.at(positions)
        if self._other_paths:
            other_paths = enumerate(map(self._other_paths.get, positions))
            copies._other_paths = {n: path for n, path in other_paths if path is not None}
        return copies

    def in_order(self, positions: Iterable[int]) -> SourceFiles:
        """Copy the files at some positions, sorted by kind and uri."""
        by_uri = sorted(positions, key=self.uris.__getitem__)
        return self.at(sorted(by_uri, key=self._kinds.__getitem__))

    @property
    def kinds(self) -> set[Kind]:
        """The kinds that there are."""
        return {kind for number, kind in enumerate(_KINDS) if number in self._kinds}

    def of_kind(self, kind: Kind) -> Sequence[int]:
        """Find the positions of the files of a kind."""
        number = _KINDS.index(kind)
        first, count = self._kinds.find(number), self._kinds.count(number)
        if self._kinds.count(number, first, first + count) == count:  # all in a row
            return range(first, first + count)
        return array("Q", (n for n, one in enumerate(self._kinds) if one == number))

    def paths(self, positions: Iterable[int]) -> list[str]:
        """Say where to open the files at some positions."""
        return [self._other_paths.get(n) or self.uris[n] for n in positions]
