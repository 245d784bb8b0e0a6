"""The files of a load: by number, and opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple, overload

from ..source_file import SourceFile, SourceFiles
from ..sources import unreadable


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
