"""Files as records: heads, pieces and lines, without judging what is in a record.

A log file is a record a line. A song file is one record, perhaps over several lines, or a record a
line.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, NamedTuple, overload

from ..source_file import SourceFile, SourceFiles
from ..sources import unreadable
from .rules import Field
from .validate import Rejection, decode, is_deep, refuse_constant

HEAD_RECORDS = 1000
"""How many records of each log file are looked at for unknown fields before it is loaded."""
PIECE_BYTES = 16 << 20
_BOM = b"\xef\xbb\xbf"
_LOOK_BYTES = 1 << 16
_PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00")
"""How gzip, zip, zstd, bzip2 and xz begin."""
BLANKS = b" \t\r\n"
"""What JSON takes for white space; Python takes more."""

_strict = json.JSONDecoder(parse_constant=refuse_constant)


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


@dataclass
class Piece:
    """Some whole lines of a file. first_line counts from 1; damage says why nothing follows."""

    first_line: int
    data: bytes
    damage: str = ""

    @property
    def next_line(self) -> int:
        """The number of the line behind the piece."""
        whole = self.data.endswith(b"\n") or not self.data
        return self.first_line + self.data.count(b"\n") + (not whole)


@contextmanager
def opened(file: SourceFile) -> Iterator[BinaryIO]:
    """Open a file for its content, unpacked if its name says `.gz`.

    Raises SourceError when it cannot be opened or read.
    """
    try:
        with open(file.path, "rb") as raw:  # noqa: PTH123 - a name may be no UTF-8
            if file.path.endswith(".gz"):
                with gzip.GzipFile(fileobj=raw) as unpacked:
                    yield unpacked  # type: ignore[misc]
            else:
                yield raw
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise
    except OSError as error:
        raise unreadable(file.uri, error) from None


def head_is_strict(file: SourceFile, fields: Sequence[Field], unknown: Counter[str]) -> bool:
    """Look at the first HEAD_RECORDS lines of a log file.

    unknown: counts each field that is not among `fields`.
    Returns whether all of these lines are JSON objects by the letter (the engine's reader takes
    NaN, Infinity and trailing commas too), and a packed file is sound to its end: the engine's
    reader does not look at the check sum.
    """
    known = {field.key for field in fields}
    try:
        with opened(file) as stream:
            for line in islice(stream, HEAD_RECORDS):
                if is_deep(line):
                    return False
                if line.strip(BLANKS):
                    record = _strict.decode(line.decode("utf-8"))
                    if not record.keys() <= known:
                        unknown.update(record.keys() - known)
            if file.path.endswith(".gz"):
                while stream.read(PIECE_BYTES):
                    pass
    except (ValueError, AttributeError, RecursionError, EOFError, OSError, zlib.error):
        return False
    return True


def head_of(file: SourceFile, fields: Sequence[Field]) -> tuple[bool, Counter[str]]:
    """Look at the first lines of a log file as head_is_strict does, elsewhere perhaps.

    Returns whether it is strict, and how often each unknown field stood in them.
    """
    unknown: Counter[str] = Counter()
    return head_is_strict(file, fields, unknown), unknown


def pieces(file: SourceFile) -> Iterator[Piece]:
    """Cut a log file into pieces of whole lines, of about PIECE_BYTES each.

    Raises SourceError when it cannot be read.
    """
    line = 1
    rest = b""
    with opened(file) as stream:
        block, damage = _block(stream)
        block = block.removeprefix(_BOM)
        while block or damage:
            following, damage = (b"", damage) if damage else _block(stream)
            cut = block.rfind(b"\n") + 1 if following else len(block)
            if cut or not following:
                piece = Piece(line, rest + block[:cut], "" if following else damage)
                yield piece
                line += piece.data.count(b"\n")
                rest = block[cut:]
            else:
                rest += block
            if not following:
                break
            block = following


def _block(stream: BinaryIO) -> tuple[bytes, str]:
    """Read on; returns the bytes, and what is wrong with a file that is packed badly."""
    try:
        return stream.read(PIECE_BYTES), ""
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        return b"", f"damaged gzip: {error}"


def parts(piece: Piece, size: int) -> Iterator[Piece]:
    """Cut a piece into smaller ones of whole lines, each of at least `size` bytes but the last."""
    line, begin = piece.first_line, 0
    while begin < len(piece.data):
        end = piece.data.find(b"\n", begin + size - 1) + 1 or len(piece.data)
        part = Piece(line, piece.data[begin:end])
        yield part
        line, begin = part.next_line, end


def lines(piece: Piece) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the bytes of each line that is not blank."""
    for number, line in enumerate(piece.data.split(b"\n"), piece.first_line):
        stripped = line.strip(BLANKS)
        if stripped:
            yield number, stripped


def is_no_text(data: bytes) -> bool:
    """Whether a file that begins with these bytes is no text at all: packed, or not a record in it.

    A text with some bytes that are none (a full disk, a crash) keeps its other records.
    """
    if data.startswith(_PACKED):
        return True
    look = data.removeprefix(_BOM)[:_LOOK_BYTES]
    if b"\0" not in look and _is_utf8(look):
        return False
    return not any(_is_object(line) for line in look.split(b"\n"))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(data) - 3 and len(data) == _LOOK_BYTES
    return True


def _is_object(line: bytes) -> bool:
    """Whether a line is a JSON object by itself, whatever may be wrong with its fields."""
    try:
        decode(line, ())
    except Rejection:
        return False
    return True


def song_records(data: bytes) -> list[tuple[int, bytes]]:
    """Take the content of a song file apart: the first line and the bytes of each record."""
    text = data.removeprefix(_BOM).strip(BLANKS)
    if not text:
        return []
    numbered = list(lines(Piece(1, data.removeprefix(_BOM))))
    # A record a line, as soon as one line stands alone; else one record, sound or broken.
    several = len(numbered) > 1 and not _is_object(text)
    if several and any(_is_object(line) for _, line in numbered):
        return numbered
    return [(numbered[0][0], text)]


def read_whole(file: SourceFile) -> bytes:
    """Read a small file. Raises SourceError when it cannot be read, or is not as it was listed."""
    with opened(file) as stream:
        return stream.read()


def is_plain(body: bytes) -> bool:
    """Whether a file is one object on one line which the engine's reader takes by the letter."""
    if body[:1] != b"{" or body[-1:] != b"}" or b"\n" in body or b"\r" in body:
        return False
    lowered = body.lower()
    if b"nan" in lowered or b"inf" in lowered or b"[" in body or body.count(b"}") > 1:
        try:
            _strict.decode(body.decode("utf-8"))
        except (ValueError, RecursionError):
            return False
        return not is_deep(body)
    return len(body) > 2 and body[1:-1].rstrip()[-1:] not in (b",", b"")
