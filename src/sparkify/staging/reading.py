"""Files as records: heads, pieces and joins, without judging what is in a record.

A log file is a record a line. A song file is one record, perhaps over several lines, or a record a
line.
"""

from __future__ import annotations

import gzip
import json
import os
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import BinaryIO, NamedTuple

from .. import processes
from ..errors import SourceError
from ..source_file import SourceFile
from .rules import Field
from .validate import Rejection, decode, is_deep, refuse_constant

HEAD_RECORDS = 1000
"""How many records of each log file are looked at for unknown fields before it is loaded."""
PIECE_BYTES = 16 << 20
_READERS = 16
_FILES_AT_A_TIME = 256
_SLOW_SECONDS = 60e-6
"""How long a file takes that comes from the disk, at least; one in memory takes a tenth."""
_BOM = b"\xef\xbb\xbf"
_LOOK_BYTES = 1 << 16
_PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00")
"""How gzip, zip, zstd, bzip2 and xz begin."""
_BLANKS = b" \t\r\n"
"""What JSON takes for white space; Python takes more."""

_strict = json.JSONDecoder(parse_constant=refuse_constant)


class Numbered(NamedTuple):
    """A source file with the number that it has in this load."""

    number: int
    file: SourceFile


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


@dataclass
class SongPart:
    """The records of many song files as NDJSON, each naming the number of its file.

    odd: the files (with their bytes) that are not one plain object on one line.
    """

    data: bytearray = field(default_factory=bytearray)
    plain: list[Numbered] = field(default_factory=list)
    odd: list[tuple[Numbered, bytes]] = field(default_factory=list)


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
        raise SourceError(
            f"{file.uri} cannot be read: {error.strerror or error}; nothing was loaded",
            "Make it readable, or take it out of the source; then load again.",
            uri=file.uri,
        ) from None


def require_unchanged(files: Iterable[SourceFile]) -> None:
    """Raise SourceError when a file is not as it was listed."""
    for file in files:
        try:
            status = os.stat(file.path)  # noqa: PTH116 - a name may be no UTF-8
            same = file.fingerprint.startswith(f"{status.st_size}-{status.st_mtime_ns}")
            what = "changed"
        except OSError:
            same, what = False, "vanished"
        if not same:
            raise _changed(file, what)


def _changed(file: SourceFile, what: str) -> SourceError:
    return SourceError(
        f"{file.uri} {what} while it was read; nothing was loaded",
        "Load again when nobody writes to it.",
        uri=file.uri,
    )


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
                if line.strip(_BLANKS):
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


def lines(piece: Piece) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the bytes of each line that is not blank."""
    for number, line in enumerate(piece.data.split(b"\n"), piece.first_line):
        stripped = line.strip(_BLANKS)
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
    text = data.removeprefix(_BOM).strip(_BLANKS)
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


def join_songs(
    files: Sequence[Numbered], key: str, contents: Iterator[bytes] | None = None
) -> Iterator[SongPart]:
    """Read many small files at once and join them into parts of about PIECE_BYTES.

    key: the field under which each record of a part names the number of its file.
    contents: what is in each file, as it was listed; without it they are opened at their paths.
    Raises SourceError when a file cannot be read, or changed since it was listed.
    """
    prefix = b'{"%s":' % key.encode()
    chunks = [files[n : n + _FILES_AT_A_TIME] for n in range(0, len(files), _FILES_AT_A_TIME)]
    part = SongPart()
    for chunk, (data, odd) in zip(chunks, _joined(chunks, prefix, contents), strict=True):
        odd_ones = dict(odd)
        part.data += data
        part.plain += [one for one in chunk if one.number not in odd_ones] if odd else chunk
        part.odd += [(one, odd_ones[one.number]) for one in chunk if one.number in odd_ones]
        if len(part.data) >= PIECE_BYTES:
            yield part
            part = SongPart()
    if part.plain or part.odd:
        yield part


_Joined = tuple[bytes, list[tuple[int, bytes]]]
"""Records with the numbers of their files as NDJSON; the numbers of odd files with their bytes."""


def _joined(
    chunks: Sequence[Sequence[Numbered]], prefix: bytes, contents: Iterator[bytes] | None
) -> Iterator[_Joined]:
    if contents is not None:
        for chunk in chunks:
            yield _join(_marked(chunk), islice(contents, len(chunk)), prefix)
        return
    places = ([(one.number, one.file.path, one.file.size) for one in chunk] for chunk in chunks)
    found = processes.each(partial(_join_at, prefix=prefix), places)
    for chunk, joined in zip(chunks, found, strict=True):
        if joined is None:  # to say which file it is, and why
            contents = (_content_as_listed(one.file) for one in chunk)
            joined = _join(_marked(chunk), contents, prefix)
        yield joined


def _join_at(places: Sequence[tuple[int, str, int]], prefix: bytes) -> _Joined | None:
    """Join files given by number, path and size; None when one of them is not there as listed."""
    try:
        contents = _contents(places)
    except OSError:
        return None
    if any(len(data) != size for data, (_, _, size) in zip(contents, places, strict=True)):
        return None
    return _join([(number, _is_packed(path)) for number, path, _ in places], contents, prefix)


def _marked(files: Iterable[Numbered]) -> list[tuple[int, bool]]:
    return [(one.number, _is_packed(one.file.path)) for one in files]


def _is_packed(path: str) -> bool:
    return path.endswith(".gz")


def _join(marked: Sequence[tuple[int, bool]], contents: Iterable[bytes], prefix: bytes) -> _Joined:
    """Join files given by number and whether their name says that they are packed."""
    lines = []
    odd = []
    for (number, packed), data in zip(marked, contents, strict=True):
        body = data.rstrip(_BLANKS).lstrip(b" \t\r")
        if not packed and _is_plain(body):  # and so on line 1
            lines.append(b"%s%d,%s\n" % (prefix, number, body[1:]))
        else:
            odd.append((number, data))
    return b"".join(lines), odd


def _contents(places: Sequence[tuple[int, str, int]]) -> list[bytes]:
    """Read small files; with many threads while the disk is slow, which only they can keep busy.

    Files that the system has in memory are read fastest without, for Python's threads wait for
    each other.
    """
    global _disk_is_slow
    began = time.perf_counter()
    if _disk_is_slow:
        with ThreadPoolExecutor(_READERS) as pool:
            found = list(pool.map(_content, places))
    else:
        found = [_content(place) for place in places]
    _disk_is_slow = time.perf_counter() - began > _SLOW_SECONDS * len(places)
    return found


_disk_is_slow = False


def _content(place: tuple[int, str, int]) -> bytes:
    """Read a small file, and one byte more than it had, in three calls of the system."""
    _, path, size = place
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, size + 1)
    finally:
        os.close(descriptor)


def _content_as_listed(file: SourceFile) -> bytes:
    """Read a small file. Raises SourceError when it cannot be read, or is not as it was listed."""
    try:
        data = _content((0, file.path, file.size))
    except OSError as error:
        raise SourceError(
            f"{file.uri} cannot be read: {error.strerror}; nothing was loaded",
            "Make it readable, or take it out of the source; then load again.",
            uri=file.uri,
        ) from None
    if len(data) != file.size:
        raise _changed(file, "changed")
    return data


def _is_plain(body: bytes) -> bool:
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
