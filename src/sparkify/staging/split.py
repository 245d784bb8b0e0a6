"""Split the bytes of a file into records and runs of damage, and recognize what is no log at all.

A record is a JSON object; a line may hold several. An event takes one line; a song may take more.
What cannot be parsed is damage: a run of it ends at the next record or at the end of the line.
"""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from itertools import islice
from typing import Any, BinaryIO, Generic, TypeVar

from ..sources.files import Kind, SourceFile, opened
from .rules import Field
from .validate import Rejection, Unreadable, decode

T = TypeVar("T")
Judge = Callable[[bytes], T | Rejection]
"""Returns what becomes of the bytes of a record: Unreadable where they are no object."""
Found = tuple[int, int, bytes, T | Rejection]
"""A record or a run of damage: line and byte of the line, from 1; its bytes; what becomes of it."""

MAX_RECORD_BYTES = 16_000_000
"""The longest record: a bit less than DuckDB's maximum_object_size."""
HEAD_RECORDS = 1000
"""How many records of each log file are sampled for unknown fields."""
BLOCK_BYTES = 1 << 20
_PACKED_BYTES = 1 << 14
_LOOK_BYTES = 1 << 16
_NEAR_BYTES = 1 << 16
_KEPT_DAMAGE_BYTES = 1 << 16
_MOST_TRIED_BYTES = 16 << 20
"""After searching so much of a line in vain, the rest of it is taken for damage."""
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
        (rb"\x1f\x8b", "packed by gzip; let its name end in .gz, or, if it does, unpack it once"),
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
        (rb"(\s\0\0\0)*[{[]\0\0\0[ -~\s]\0\0\0", "text in UTF-32LE" + _CONVERT.format("UTF-32LE")),
        (rb"(\0\0\0\s)*\0\0\0[{[]\0\0\0[ -~\s]", "text in UTF-32BE" + _CONVERT.format("UTF-32BE")),
        (rb"\xff\xfe|\xfe\xff", "text in UTF-16" + _CONVERT.format("UTF-16")),
        (rb"(\s\0)*[{[]\0[ -~\s]\0", "text in UTF-16LE" + _CONVERT.format("UTF-16LE")),
        (rb"(\0\s)*\0[{[]\0[ -~\s]", "text in UTF-16BE" + _CONVERT.format("UTF-16BE")),
    )
}
"""Beginning of a file -> what it is, and how to make it a log."""


class Damage(Exception):
    """What is wrong with a gzip file.

    whole: whether all before it is intact. foreign: whether it is no gzip at all.
    """

    def __init__(self, message: str, *, whole: bool = False, foreign: bool = False) -> None:
        super().__init__(message)
        self.whole = whole
        self.foreign = foreign


def blocks(file: SourceFile, notes: list[str], data: bytes | None = None) -> Iterator[bytes]:
    """Yield the content of a file block by block, unpacked if its name ends in `.gz`.

    A file that grew is read up to the size that was listed.
    notes: receives sentences for the user. data: the raw content, if it is in memory already.
    Raises Damage after what could be unpacked, and SourceError when the file cannot be read.
    """
    with opened(file) if data is None else BytesIO(data) as raw:
        if file.path.endswith(".gz"):
            yield from _unpacked(_listed(raw, file, _PACKED_BYTES), file, notes)
        else:
            yield from _listed(raw, file, BLOCK_BYTES)


def _listed(raw: BinaryIO, file: SourceFile, most: int) -> Iterator[bytes]:
    left = file.size
    while block := raw.read(min(most, left)):
        yield block
        left -= len(block)


def _unpacked(packed: Iterator[bytes], file: SourceFile, notes: list[str]) -> Iterator[bytes]:
    data = next(packed, b"")
    if data and not data.startswith(_GZIP):
        raise Damage("the file is not gzip, but its name ends in .gz; take that off", foreign=True)
    while data:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        while not unpacker.eof:
            if not data and not (data := next(packed, b"")):
                raise Damage("damaged gzip: it is cut off")
            before = unpacker.copy()
            try:
                block = unpacker.decompress(data, BLOCK_BYTES)
            except zlib.error as error:
                for byte in data:  # zlib returns nothing of a call that fails
                    try:
                        yield before.decompress(bytes((byte,)))
                    except zlib.error:
                        break
                raise Damage(f"damaged gzip: {error}") from None
            data = unpacker.unconsumed_tail or unpacker.unused_data
            if block:
                yield block
        padding = 0
        while block := data or next(packed, b""):
            data = block.lstrip(b"\0" + _BLANKS)
            padding += len(block) - len(data)
            if data:
                break
        if padding:
            notes.append(f"{file.uri}: ignored {padding:,} bytes of padding after a gzip member.")
        if data and not _GZIP.startswith(data[:2]):
            raise Damage("bytes after the last gzip member that are not gzip", whole=True)


def records_of(kind: Kind, content: Iterable[bytes], judge: Judge[T]) -> Iterator[Found[T]]:
    """Split the content of a file; see `records` (of events) and `song_records`."""
    return records(content, judge) if kind == "events" else song_records(content, judge)


def records(content: Iterable[bytes], judge: Judge[T]) -> Iterator[Found[T]]:
    """Yield each record and each run of damage in the content of a log file, in order."""
    number, rest = 1, b""
    long_line: _Splitter[T] | None = None
    damage = None
    try:
        for block in content:
            data = rest + block
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
    except Damage as error:
        damage = error
    if damage is None or damage.whole:
        yield from long_line.take(b"", last=True) if long_line else _line(number, rest, judge)
        number += 1 if long_line or rest else 0
    if damage:
        lost = b"" if damage.whole else rest
        yield number, 1, lost, Unreadable("encoding", str(damage))


def _line(number: int, line: bytes, judge: Judge[T]) -> Iterable[Found[T]]:
    """Return what a line holds, which mostly is one record."""
    if line[:1] == b"{":
        outcome = judge(line)
        if not isinstance(outcome, Unreadable):
            return ((number, 1, line, outcome),)
    return _Splitter(judge, number).take(line, last=True)


def song_records(content: Iterable[bytes], judge: Judge[T]) -> Iterator[Found[T]]:
    """Yield each record and each run of damage in the content of a song file.

    A file without any record counts as one broken song: for its encoding, if that is at fault.
    """
    damages: list[Found[T]] = []
    readable = False
    for found in _song_parts(content, _Splitter(judge, 1)):
        if readable or not isinstance(found[3], Unreadable):
            yield from damages
            damages.clear()
            yield found
            readable = True
        else:
            damages.append(found)
    if damages:
        yield min(damages, key=lambda one: one[3].reason != "encoding")  # type: ignore[union-attr]


def _song_parts(content: Iterable[bytes], splitter: _Splitter[T]) -> Iterator[Found[T]]:
    line = b""  # without its end yet: lost where damage follows
    try:
        for block in content:
            data = line + block
            whole = data.rfind(b"\n") + 1
            if len(data) - whole > BLOCK_BYTES:
                whole = len(data)
            line = data[whole:]
            yield from splitter.take(data[:whole], last=False)
    except Damage as damage:
        yield from splitter.take(line if damage.whole else b"", last=True)
        lost = b"" if damage.whole else line
        yield splitter.number, splitter.place, lost, Unreadable("encoding", str(damage))
    else:
        yield from splitter.take(line, last=True)


class _Splitter(Generic[T]):
    """Splits a line that comes in pieces, or several lines where a record may take more than one.

    number, place: the line and its byte at which the undecided rest begins.
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
        """Yield what another piece decides. last: whether none follows."""
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
                found = None
                if self._tried < _MOST_TRIED_BYTES:
                    found = _START.search(data, at, line_end)
                start = found.start() if found else line_end
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
        self._enough = 2 * len(self.rest)  # rescanning at every piece would be quadratic
        if last and self._damage_bytes:
            yield self._run()

    def _count(self, data: bytes, counted: int, at: int) -> int:
        """Advance number and place to `at`, from what was counted before."""
        if lines := data.count(b"\n", counted, at):
            self.number += lines
            self.place = at - data.rfind(b"\n", counted, at)
        else:
            self.place += at - counted
        return at

    def _spoil(self, more: bytes) -> None:
        """Add to the run of damage, of which only the beginning is kept."""
        self._damage += more[: max(0, _KEPT_DAMAGE_BYTES - len(self._damage))]
        self._damage_bytes += len(more)

    def _run(self) -> Found[T]:
        """End a run of damage and return it with what is wrong."""
        kept, size = self._damage, self._damage_bytes
        self._damage, self._damage_bytes, self._tried = b"", 0, 0
        whole = kept if size == len(kept) else _CUT_CHARACTER.sub(b"", kept)
        why = self._judge(whole)
        if size > MAX_RECORD_BYTES:
            why = Unreadable("too_long", f"no record ends within {MAX_RECORD_BYTES:,} bytes")
        return *self._damage_begins, kept.rstrip(_BLANKS), why


def _end(data: bytes, start: int) -> int:
    """Return where the object at `start` ends, by its braces: 0 if nowhere, -1 if none begins."""
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


# The beginning of a log file: here, because a process that looks at it need not import the engine


def head_of(file: SourceFile, fields: Sequence[Field]) -> tuple[bool, Counter[str]]:
    """Look at the first HEAD_RECORDS records of a log file, and at all of a gzip file.

    Returns whether the bulk path need not try (a record is not strict JSON, the gzip is damaged or
    padded, or a line is longer than a record may be), and how often each unknown field stood there.
    """
    known = {field.key for field in fields}
    unknown: Counter[str] = Counter()
    doubtful = False

    def parsed(record: bytes) -> Mapping[str, Any] | Rejection:
        nonlocal doubtful
        with suppress(ValueError, RecursionError):
            if isinstance(found := json.loads(record), dict):
                return found
        doubtful = True
        try:
            return decode(record, fields)
        except Rejection as why:
            return why

    for _, _, _, outcome in islice(records(blocks(file, []), parsed), HEAD_RECORDS):
        if isinstance(outcome, Rejection):
            doubtful = True
        elif not outcome.keys() <= known:
            unknown.update(outcome.keys() - known)
    check = _is_odd_gzip if file.path.endswith(".gz") else _has_long_line
    return doubtful or check(file), unknown


def _is_odd_gzip(file: SourceFile) -> bool:
    """Return whether a gzip file is damaged, padded, or holds a line longer than a record."""
    notes: list[str] = []
    line_bytes = 0
    try:
        for block in blocks(file, notes):
            begin, end, _ = block.partition(b"\n")
            line_bytes += len(begin)
            if line_bytes > MAX_RECORD_BYTES:
                return True
            if end:
                line_bytes = len(block) - block.rfind(b"\n") - 1
    except Damage:
        return True
    return bool(notes)


def _has_long_line(file: SourceFile) -> bool:
    """Return whether a line is longer than a record may be, without reading the whole file."""
    begin = 0
    with opened(file) as stream:
        while file.size - begin > MAX_RECORD_BYTES:
            for near in (_NEAR_BYTES, MAX_RECORD_BYTES):
                stream.seek(begin + MAX_RECORD_BYTES - near)
                if (end := stream.read(near).rfind(b"\n")) >= 0:
                    begin += MAX_RECORD_BYTES - near + end + 1
                    break
            else:
                return True
    return False


# Files that are no logs at all


def no_log(
    content: Callable[[], Iterable[bytes]], kind: Kind, judge: Judge[T]
) -> Unreadable | None:
    """Return what a file is instead of a log, and what to do; None if it holds a good record.

    content: yields the content, from the beginning at each call.
    """
    try:
        next(iter(content()), b"")
    except Damage as damage:
        if damage.foreign:
            return Unreadable("encoding", str(damage))
    beginning = beginning_of(content())
    for mark, name in _BINARY.items():
        if mark.match(beginning):
            return Unreadable("encoding", f"the file is not text in UTF-8: it is {name}")
    text = beginning.lstrip(b"\xef\xbb\xbf" + _BLANKS)
    why = _no_lines(text, kind, judge)
    if why is None and (b"\0" in beginning or not _is_utf8(beginning)):
        why = Unreadable("encoding", "the file is not text in UTF-8")
    if why is None or (_ARRAY.match(text) and _is_one_array(text, content())):
        return why
    found = records_of(kind, content(), judge)
    return None if any(_is_record(data, outcome, why) for _, _, data, outcome in found) else why


def beginning_of(content: Iterable[bytes]) -> bytes:
    """Return as much of the beginning of a file as tells what it is."""
    beginning = b""
    for block in _intact(content):
        beginning += block
        if len(beginning) >= _LOOK_BYTES:
            break
    return beginning[:_LOOK_BYTES]


def size_of(content: Iterable[bytes]) -> int:
    """Return the bytes of a file, as far as it can be unpacked."""
    return sum(map(len, _intact(content)))


def _intact(content: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what comes before any damage."""
    with suppress(Damage):
        yield from content


def _is_record(data: bytes, outcome: object, why: Unreadable) -> bool:
    """Return whether this is a record, which `{}` in binary data is not."""
    if why.reason == "encoding" and len(data) > _BY_CHANCE_BYTES:
        return not isinstance(outcome, Unreadable)
    return not isinstance(outcome, Rejection)


def _no_lines(text: bytes, kind: Kind, judge: Judge[T]) -> Unreadable | None:
    """Return what a text is that begins like no log."""
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
    """Return whether an array ends with the file rather than with its first line."""
    last = b""
    for block in _intact(content):
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
