"""Bytes of a file into its records and runs of damage; and files that are no logs at all.

A record is a JSON object. Several may follow one another on a line. An event stands on one line; a
song may take several. What cannot be read is damage: one run of it reaches to the next record, or
to the end of the line.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import BinaryIO, Generic, TypeVar

from ..sources.files import Kind, SourceFile, opened
from .validate import Rejection, Unreadable, decode

T = TypeVar("T")
Judge = Callable[[bytes], T | Rejection]
"""Judges the bytes of a record: Unreadable where they are no object."""
Found = tuple[int, int, bytes, T | Rejection]
"""A record or a run of damage: line and byte in it, from 1; its bytes; what becomes of it."""

MAX_RECORD_BYTES = 16_000_000
"""How long a record may be: a bit less than what DuckDB takes (maximum_object_size)."""
BLOCK_BYTES = 1 << 20
_PACKED_BYTES = 1 << 14
_LOOK_BYTES = 1 << 16
_KEPT_DAMAGE_BYTES = 1 << 16
_MOST_TRIED_BYTES = 16 << 20
"""How much of a line is gone through in vain before its rest is taken for damage."""
_BY_CHANCE_BYTES = 20
_BLANKS = b" \t\r\n\f\v"
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_BRACE = ord("{")
_BETWEEN = re.compile(rb"(?:[ \t\r\n\f\v]|\xef\xbb\xbf)*+")
_FOLLOWING = re.compile(rb"[{ \t\r\n\f\v]|\xef\xbb\xbf|\Z")
_START = re.compile(rb'\{(?=[ \t\r\n]*+(?:["}]|\Z))')
_FLAT = re.compile(rb'\{(?:[^{}"]++|"(?:[^"\\]++|\\.)*+")*+\}', re.DOTALL)
_CUT_CHARACTER = re.compile(rb"[\x80-\xff]+\Z")
_ARRAY = re.compile(rb"\[\s*(?:[{\[\]]|\Z)")
_PAGE = re.compile(rb"<(?:!doctype|html)", re.IGNORECASE)
_CSV = re.compile(rb"\"?\w+\"?([,;\t|])(?:\"?\w+\"?\1){3,}\"?\w+\"?\r?\n")
_NEXT_BRACE = re.compile(rb'(?:[^{}"]++|"(?:[^"\\]++|\\.)*+")*+[{}]', re.DOTALL)


_UNPACK = "; unpack it"
_EXPORT = "; export it as JSON lines"
_CONVERT = "; `iconv -f {0} -t UTF-8 FILE` converts it"
_BINARY = {
    re.compile(mark): name
    for mark, name in (
        (rb"\x1f\x8b", "packed by gzip; its name must end in .gz, once for each time"),
        (rb"PK\x03\x04", "packed by zip" + _UNPACK),
        (rb"\x28\xb5\x2f\xfd", "packed by zstd" + _UNPACK),
        (rb"BZh\d", "packed by bzip2" + _UNPACK),
        (rb"\xfd7zXZ\x00", "packed by xz" + _UNPACK),
        (rb"\x04\x22\x4d\x18", "packed by lz4" + _UNPACK),
        (rb"7z\xbc\xaf\x27\x1c", "packed by 7-Zip" + _UNPACK),
        (rb"PAR1", "a Parquet file" + _EXPORT),
        (rb"ORC", "an ORC file" + _EXPORT),
        (rb"Obj\x01", "an Avro file" + _EXPORT),
        (rb"SQLite format 3\0", "an SQLite database" + _EXPORT),
        (rb"\xff\xfe\0\0|\0\0\xfe\xff", "text in UTF-32" + _CONVERT.format("UTF-32")),
        (rb"[{[]\0\0\0[ -~\s]\0\0\0", "text in UTF-32LE" + _CONVERT.format("UTF-32LE")),
        (rb"\0\0\0[{[]\0\0\0[ -~\s]", "text in UTF-32BE" + _CONVERT.format("UTF-32BE")),
        (rb"\xff\xfe|\xfe\xff", "text in UTF-16" + _CONVERT.format("UTF-16")),
        (rb"[{[]\0[ -~\s]\0", "text in UTF-16LE" + _CONVERT.format("UTF-16LE")),
        (rb"\0[{[]\0[ -~\s]", "text in UTF-16BE" + _CONVERT.format("UTF-16BE")),
    )
}
"""How files begin that are no text in UTF-8, and what they are."""


class Damage(Exception):
    """What is wrong with a packed file.

    whole: whether what came before it is whole. foreign: whether the file is not packed at all.
    """

    def __init__(self, message: str, *, whole: bool = False, foreign: bool = False) -> None:
        super().__init__(message)
        self.whole = whole
        self.foreign = foreign


def blocks(file: SourceFile, notes: list[str], data: bytes | None = None) -> Iterator[bytes]:
    """Yield the content of a file block by block, unpacked if its name ends in `.gz`.

    Of a file that grew, as many bytes as were listed are read.
    notes: gets what the user should know of the file. data: what is in it, if that is in memory.
    Raises Damage behind what could be unpacked, and SourceError when the file cannot be read.
    """
    with opened(file) if data is None else BytesIO(data) as raw:
        if file.path.endswith(".gz"):
            yield from _unpacked(_listed(raw, file, _PACKED_BYTES), file, notes)
        else:
            yield from _listed(raw, file, BLOCK_BYTES)


def _listed(raw: BinaryIO, file: SourceFile, most: int) -> Iterator[bytes]:
    """Yield what was listed of a file, `most` bytes at a time."""
    left = file.size
    while block := raw.read(min(most, left)):
        yield block
        left -= len(block)


def _unpacked(packed: Iterator[bytes], file: SourceFile, notes: list[str]) -> Iterator[bytes]:
    """Unpack member by member, and verify each."""
    data = next(packed, b"")
    if data and not data.startswith(_GZIP):
        raise Damage("the file is no gzip, but its name ends in .gz; take that off", foreign=True)
    while data:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        while not unpacker.eof:
            if not data and not (data := next(packed, b"")):
                raise Damage("damaged gzip: it is cut off")
            before = unpacker.copy()
            try:
                block = unpacker.decompress(data, BLOCK_BYTES)
            except zlib.error as error:
                for byte in data:  # zlib keeps what it unpacked in a call that fails
                    try:
                        yield before.decompress(bytes((byte,)))
                    except zlib.error:
                        break
                raise Damage(f"damaged gzip: {error}") from None
            data = unpacker.unconsumed_tail or unpacker.unused_data
            if block:
                yield block
        padding = 0
        while not data.lstrip(b"\0" + _BLANKS):
            padding += len(data)
            if not (data := next(packed, b"")):
                break
        stripped = data.lstrip(b"\0" + _BLANKS)
        padding += len(data) - len(stripped)
        if padding:
            notes.append(
                f"{file.uri}: {padding:,} bytes of padding behind a gzip member were passed over."
            )
        data = stripped
        if data and not _GZIP.startswith(data[:2]):
            raise Damage("bytes behind the last gzip member that are none", whole=True)


def records_of(kind: Kind, content: Iterable[bytes], judge: Judge[T]) -> Iterator[Found[T]]:
    """Take the content of a file of a kind apart; see `records` and `song_records`."""
    return records(content, judge) if kind == "events" else song_records(content, judge)


def records(content: Iterable[bytes], judge: Judge[T]) -> Iterator[Found[T]]:
    """Take the content of a log file apart: each record and each run of damage, in order.

    judge: says what becomes of a record; its `look`, if it has one, is shown the data before.
    """
    look = getattr(judge, "look", None)
    number, rest = 1, b""
    long_line: _Splitter[T] | None = None
    damage = None
    for block in _until_damage(content):
        if isinstance(block, Damage):
            damage = block
            break
        data = rest + block
        if look:
            look(long_line.rest + data if long_line else data)
        if long_line:
            piece, end, data = data.partition(b"\n")
            yield from long_line.take(piece, last=bool(end))
            if not end:
                continue
            long_line, number = None, number + 1
        *lines, rest = data.split(b"\n")
        for line in lines:
            yield from _line(number, line, judge)
            number += 1
        if len(rest) > BLOCK_BYTES:
            long_line = _Splitter(judge, number)
            yield from long_line.take(rest, last=False)
            rest = b""
    if damage is None or damage.whole:
        if look:
            look(long_line.rest if long_line else rest)
        yield from long_line.take(b"", last=True) if long_line else _line(number, rest, judge)
        number += 1 if long_line or rest else 0
    if damage:
        lost = b"" if damage.whole else rest
        yield number, 1, lost, Unreadable("encoding", str(damage))


def _until_damage(content: Iterable[bytes]) -> Iterator[bytes | Damage]:
    try:
        yield from content
    except Damage as damage:
        yield damage


def _line(number: int, line: bytes, judge: Judge[T]) -> Iterable[Found[T]]:
    """Take a line apart, which mostly is one record."""
    if line[:1] == b"{":
        outcome = judge(line)
        if not isinstance(outcome, Unreadable):
            return ((number, 1, line, outcome),)
    return _Splitter(judge, number).take(line, last=True)


def song_records(content: Iterable[bytes], judge: Judge[T]) -> Iterator[Found[T]]:
    """Take the content of a song file apart, as `records` does.

    Where nothing can be read, it is one broken song, for its encoding if that is at fault.
    """
    splitter = _Splitter(judge, 1)
    damages: list[Found[T]] = []
    readable = False
    for found in _song_parts(content, splitter, getattr(judge, "look", None)):
        if readable or not isinstance(found[3], Unreadable):
            yield from damages
            damages.clear()
            yield found
            readable = True
        else:
            damages.append(found)
    if damages:
        yield min(damages, key=lambda one: one[3].reason != "encoding")  # type: ignore[union-attr]


def _song_parts(
    content: Iterable[bytes], splitter: _Splitter[T], look: Callable[[bytes], None] | None
) -> Iterator[Found[T]]:
    def take(data: bytes, *, last: bool) -> Iterator[Found[T]]:
        if look:
            look(splitter.rest + data)
        yield from splitter.take(data, last=last)

    line = b""  # which has no end yet: lost where damage follows
    for block in _until_damage(content):
        if isinstance(block, Damage):
            yield from take(line if block.whole else b"", last=True)
            lost = b"" if block.whole else line
            yield splitter.number, splitter.place, lost, Unreadable("encoding", str(block))
            return
        data = line + block
        whole = data.rfind(b"\n") + 1
        if len(data) - whole > BLOCK_BYTES:
            whole = len(data)
        line = data[whole:]
        yield from take(data[:whole], last=False)
    yield from take(line, last=True)


class _Splitter(Generic[T]):
    """Takes a line apart that comes in pieces; or several, where a record may take more than one.

    number, place: the line, and the byte of it, where the undecided rest begins.
    """

    def __init__(self, judge: Judge[T], number: int) -> None:
        self.number = number
        self.place = 1
        self.rest = b""
        self._judge = judge
        self._damage = b""
        self._damage_bytes = 0
        self._damage_begins = (0, 0)
        self._tried = 0
        self._enough = 0

    def take(self, piece: bytes, *, last: bool) -> Iterator[Found[T]]:
        """Yield what is decided with another piece, which perhaps is the last one."""
        data = self.rest + piece if self.rest else piece
        if not last and len(data) < self._enough:
            self.rest = data
            return
        at = counted = 0
        break_ = -1
        while at < len(data):
            line_end = len(data)
            if self._damage_bytes:
                if break_ < at:
                    break_ = data.find(b"\n", at) % (len(data) + 1)  # -1: the end of all
                line_end = break_
                start = self._next_start(data, at, line_end)
            else:
                start = at = _BETWEEN.match(data, at).end()  # type: ignore[union-attr]
            end = _end(data, start)
            # A byte order mark may begin at the end, too.
            undecided = end == 0 or max(start, end) > len(data) - len(_BOM)
            if undecided and not last and start < line_end and start + MAX_RECORD_BYTES > len(data):
                self._spoil(data[at:start])
                at = start
                break
            outcome: T | Rejection | None = None
            if 0 < end - start <= MAX_RECORD_BYTES and start < line_end:
                if not self._damage_bytes or _FOLLOWING.match(data, end):
                    outcome = self._judge(data[start:end])
                    self._tried += end - start
            elif start < line_end:
                self._tried += 0 if end else len(data) - start
            if outcome is not None and not isinstance(outcome, Unreadable):
                if self._damage_bytes:
                    self._spoil(data[at:start])
                    yield self._run()
                counted = self._count(data, counted, start)
                yield self.number, self.place, data[start:end], outcome
                at, self._tried = end, 0
            elif start < line_end:
                if not self._damage_bytes:
                    counted = self._count(data, counted, start)
                    self._damage_begins = self.number, self.place
                self._spoil(data[at : start + 1])
                at = start + 1
            elif self._damage_bytes:
                self._spoil(data[at:line_end])
                at = line_end
                if line_end < len(data):
                    yield self._run()
        self._count(data, counted, at)
        self.rest = data[at:]
        self._enough = 2 * len(self.rest)  # what is gone through several times must not be long
        if last and self._damage_bytes:
            yield self._run()

    def _next_start(self, data: bytes, at: int, line_end: int) -> int:
        """Return where the next record may begin, on the same line."""
        found = _START.search(data, at, line_end) if self._tried < _MOST_TRIED_BYTES else None
        return found.start() if found else line_end

    def _count(self, data: bytes, counted: int, at: int) -> int:
        """Move number and place on from what was counted before."""
        if lines := data.count(b"\n", counted, at):
            self.number += lines
            self.place = at - data.rfind(b"\n", counted, at)
        else:
            self.place += at - counted
        return at

    def _spoil(self, more: bytes) -> None:
        """Add to the run of damage, if only to its length."""
        self._damage += more[: max(0, _KEPT_DAMAGE_BYTES - len(self._damage))]
        self._damage_bytes += len(more)

    def _run(self) -> Found[T]:
        """End a run of damage, and say what is wrong with it."""
        kept, size = self._damage, self._damage_bytes
        self._damage, self._damage_bytes, self._tried = b"", 0, 0
        whole = kept if size == len(kept) else _CUT_CHARACTER.sub(b"", kept)
        why = Unreadable("not_json", "not JSON: it begins within a record")
        outcome = self._judge(whole)
        if isinstance(outcome, Unreadable):
            why = outcome
        if size > MAX_RECORD_BYTES:
            why = Unreadable("too_long", f"no record ends within {MAX_RECORD_BYTES:,} bytes")
        return *self._damage_begins, kept.rstrip(_BLANKS), why


def _end(data: bytes, start: int) -> int:
    """Return where the object ends that begins here, by its braces.

    0 where it has no end, -1 where none begins.
    """
    if not _START.match(data, start):
        return -1
    if flat := _FLAT.match(data, start):
        return flat.end()
    depth, at = 0, start
    while brace := _NEXT_BRACE.match(data, at):
        at = brace.end()
        depth += 1 if data[at - 1] == _BRACE else -1
        if not depth:
            return at
    return 0


# Files that are no logs at all


def no_log(
    content: Callable[[], Iterable[bytes]], kind: Kind, judge: Judge[T]
) -> Unreadable | None:
    """Return what a file is, and what to do, if it is no text, or none that is made of records.

    content: yields what is in it, from the beginning. None for a file that holds an acceptable
    record, whatever else it holds.
    """
    first = next(_until_damage(content()), b"")
    if isinstance(first, Damage) and first.foreign:
        return Unreadable("encoding", str(first))
    beginning = beginning_of(content())
    for mark, name in _BINARY.items():
        if mark.match(beginning):
            return Unreadable("encoding", f"the file is no text: it is {name}")
    text = beginning.lstrip(b"\xef\xbb\xbf" + _BLANKS)
    why = _no_lines(text, kind, judge)
    if why is None and (b"\0" in beginning or not _is_utf8(beginning)):
        why = Unreadable("encoding", "the file is no text")
    if why is None or (_ARRAY.match(text) and _is_one_array(text, content())):
        return why
    found = records_of(kind, content(), judge)
    return None if any(_is_record(data, outcome, why) for _, _, data, outcome in found) else why


def beginning_of(content: Iterable[bytes]) -> bytes:
    """Return how a file begins, as far as it is looked at to tell what it is."""
    beginning = b""
    for block in _until_damage(content):
        if isinstance(block, Damage):
            break
        beginning += block
        if len(beginning) >= _LOOK_BYTES:
            break
    return beginning[:_LOOK_BYTES]


def size_of(content: Iterable[bytes]) -> int:
    """Return how many bytes are in a file, as far as it can be unpacked."""
    return sum(len(block) for block in _until_damage(content) if isinstance(block, bytes))


def _is_record(data: bytes, outcome: object, why: Unreadable) -> bool:
    """Return whether there are records: in bytes that are no text, `{}` may stand by chance."""
    if why.reason == "encoding" and len(data) > _BY_CHANCE_BYTES:
        return not isinstance(outcome, Unreadable)
    return not isinstance(outcome, Rejection)


def _no_lines(text: bytes, kind: Kind, judge: Judge[T]) -> Unreadable | None:
    """Name a text that is no log by how it begins."""
    if _ARRAY.match(text):
        what, then = "a JSON array", "`jq -c '.[]' FILE` makes lines of it"
    elif kind == "events" and _takes_lines(text, judge):
        what, then = "made of objects over several lines", "`jq -c . FILE` makes lines of them"
    elif text.startswith(b"version https://git-lfs"):
        what, then = "a Git LFS pointer", "`git lfs pull` fetches the data"
    elif _PAGE.match(text):
        what, then = "a web page", "download the data itself"
    elif text.startswith(b"<"):
        what, then = "XML", "export it as JSON"
    elif _CSV.match(text):
        what, then = "a table of separated values (CSV)", "export it as JSON"
    else:
        return None
    return Unreadable("not_json", f"the file is {what}, not a record a line; {then}")


def _takes_lines(text: bytes, judge: Judge[T]) -> bool:
    end = max(0, _end(text, 0))
    return b"\n" in text[:end] and not isinstance(judge(text[:end]), Unreadable)


def _is_one_array(text: bytes, content: Iterable[bytes]) -> bool:
    """Return whether an array ends with the file, and not with its first line."""
    last = b""
    for block in _until_damage(content):
        if isinstance(block, bytes):
            last = block.rstrip(_BLANKS)[-1:] or last
    line, more, _ = text.rstrip(_BLANKS).partition(b"\n")
    return last == b"]" and not (more and _is_json(line))


def _is_json(value: bytes) -> bool:
    try:
        decode(b'{"":%s}' % value, ())
    except Rejection:
        return False
    return True


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(data) - 3 and len(data) == _LOOK_BYTES
    return True
