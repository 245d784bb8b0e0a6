"""Bytes into records a second time: what of a file is a record, what is damage, what no log is.

A piece is one record, or one run of damage, or a whole file that is no log at all. Everything is
looked at at once and as often as needed: no streams, no blocks, no bounds.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import strict_json
from oracle_fields import Kind, record

BLANKS = " \t\r\n" + strict_json.BLANKS_AROUND
BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf"  # as Latin-1
ENDINGS = (".json", ".jsonl", ".ndjson")
BYTES_OF_A_RECORD = 500
"""What a record of a file that is no log at all is reckoned at."""

NAMED = {
    "gzip": b"\x1f\x8b",
    "zip": b"PK\x03\x04",
    "zstd": b"\x28\xb5\x2f\xfd",
    "bzip2": b"BZh",
    "xz": b"\xfd7zXZ\x00",
    "Parquet": b"PAR1",
    "SQLite": b"SQLite format 3\0",
    "lz4": b"\x04\x22\x4d\x18",
    "7-Zip": b"7z\xbc\xaf\x27\x1c",
    "ORC": b"ORC",
    "Avro": b"Obj\x01",
    "UTF-32": b"\xff\xfe\0\0",
    "UTF-32 ": b"\0\0\xfe\xff",
    "UTF-16": b"\xff\xfe",
    "UTF-16 ": b"\xfe\xff",
}
"""What is no text, by how it begins."""

TABLES = [re.compile(rf'("?\w+"?{mark}){{4,}}"?\w+"?\r?\n') for mark in (",", ";", "\t", r"\|")]
"""How a table of separated values begins: with five names or more on a line."""
ARRAY = re.compile(r"\[\s*(?:[{\[\]]|\Z)")
BY_CHANCE = 20
"""An object of so many bytes may stand by chance in what is no text."""
PAGES = ("<", "version https://git-lfs")


@dataclass(frozen=True)
class File:
    """One version of one source file. uri: any name; `.gz` at its end means gzip."""

    uri: str
    kind: Kind
    content: bytes


@dataclass(frozen=True)
class Piece:
    """A record, or what cannot be read. line and place (the byte of the line) count from 1.

    wrong: why it is no record; of a record nothing. line 0: damage of a gzip, which has no place.
    weight: as how many records it counts for the limit. is_file: it is a file that is no log.
    """

    line: int
    place: int
    content: bytes
    wrong: frozenset[str] = frozenset()
    weight: int = 1
    is_file: bool = False


def is_listed(uri: str) -> bool:
    """Whether a load reads a file of this name, below the folder that is the source."""
    names = uri.split("/")[1:]
    if any(name[0] == "." or (name[0] == "_" and "=" not in name) for name in names):
        return False
    return uri.removesuffix(".gz").endswith(ENDINGS)


def pieces(file: File) -> list[Piece]:
    """Everything in a file that is neither blank nor a byte order mark, in order."""
    content, damaged = _text_of(file)
    whole_lines = content[: content.rfind(b"\n") + 1] if damaged == CUT else content
    found = list(_pieces(file.kind, whole_lines))
    if why := no_log(file.kind, content, found):
        weight = max(1, len(content) // BYTES_OF_A_RECORD)
        return [Piece(1, 1, content, frozenset({why}), weight, is_file=True)]
    if damaged:
        if file.kind == "songs" and all(piece.wrong for piece in found):
            found = []  # it is one broken song
        found.append(Piece(0, 1, b"", frozenset({"encoding"})))
    return found


def is_no_log(file: File) -> bool:
    """Whether a file is no log at all."""
    return any(piece.is_file for piece in pieces(file))


def _text_of(file: File) -> tuple[bytes, str]:
    return unpacked(file.content) if file.uri.endswith(".gz") else (file.content, "")


CUT, TAIL = "damaged within a member", "something behind the last member"


def unpacked(packed: bytes) -> tuple[bytes, str]:
    """What a gzip holds before it is damaged, if it is; and how it is."""
    content, rest = b"", packed
    while rest.startswith(b"\x1f\x8b"):
        member = zlib.decompressobj(31)
        try:
            for n in range(len(rest)):
                content += member.decompress(rest[n : n + 1])
                if member.eof:
                    rest = rest[n + 1 :]
                    break
        except zlib.error:
            pass
        if not member.eof:
            return content, CUT
        rest = rest.lstrip(b"\0" + BLANKS.encode())
    if rest == packed:
        return b"", CUT
    return content, TAIL if rest else ""


def no_log(kind: Kind, content: bytes, found: list[Piece]) -> str:
    """Why a file is no log at all: not_json or encoding; nothing when it is one, or blank.

    found: what is in it if it is one.
    """
    if content.startswith(tuple(NAMED.values())):
        return "encoding"
    text = content.decode("latin-1")
    text = text[_skip(text, 0) :]
    records = [piece.content for piece in found if not piece.wrong]
    if ARRAY.match(text) and _is_whole(text):
        return "not_json"
    if (
        ARRAY.match(text)
        or text.startswith(PAGES)
        or any(table.match(text) for table in TABLES)
        or (kind == "events" and _over_lines(text))
    ):
        return "" if any(record(kind, one)[0] for one in records) else "not_json"
    if "\0" in text or not _is_text(content):
        return "" if any(len(one) > BY_CHANCE for one in records) else "encoding"
    return ""


def _over_lines(text: str) -> bool:
    return "\n" in text[: _end_of_object(text, 0)]


def _pieces(kind: Kind, content: bytes) -> Iterator[Piece]:
    text = content.decode("latin-1")  # JSON is marked by ASCII alone: a character is a byte
    if kind == "songs":  # an object may stand on several lines
        found = [Piece(*_place(text, at), one, wrong) for at, one, wrong in _of_text(text)]
        yield from found if any(not piece.wrong for piece in found) else found[:1]
        return
    for number, line in enumerate(text.split("\n"), 1):
        for at, one, wrong in _of_text(line):
            yield Piece(number, at + 1, one, wrong)


@lru_cache(maxsize=10_000)
def _of_text(text: str) -> list[tuple[int, bytes, frozenset[str]]]:
    """Beginning, bytes and what is wrong of each piece of a line, or of all lines."""
    found = []
    at = _skip(text, 0)
    while at < len(text):
        if end := _end_of_object(text, at):
            found.append((at, text[at:end].encode("latin-1"), frozenset[str]()))
        else:
            line_end = text.find("\n", at) % (len(text) + 1)
            end = next((n for n in _braces(text, at + 1, line_end) if _goes_on(text, n)), line_end)
            damage = text[at:end].rstrip(BLANKS).encode("latin-1")
            odd = b"\0" in damage or not _is_text(damage)
            found.append((at, damage, frozenset({"encoding" if odd else "not_json"})))
        at = _skip(text, end)
    return found


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _braces(text: str, at: int, end: int) -> Iterator[int]:
    while (at := text.find("{", at, end)) >= 0:
        yield at
        at += 1


def _end_of_object(line: str, at: int) -> int:
    """Where an object that begins here ends, if it is whole, and text; or 0."""
    if not line.startswith("{", at):
        return 0
    try:
        end = strict_json.value_at(line, at)[1]
    except strict_json.NotJSONError:
        return 0
    return end if _is_text(line[at:end].encode("latin-1")) else 0


def _goes_on(line: str, at: int) -> bool:
    """Whether damage ends here: at a whole object that is not within another one."""
    end = _end_of_object(line, at)
    if 0 < end < len(line):
        return line[end] in BLANKS + "{" or line.startswith(BYTE_ORDER_MARK, end)
    return end > 0


def _skip(text: str, at: int) -> int:
    """Pass over white space and byte order marks."""
    while at < len(text):
        if text.startswith(BYTE_ORDER_MARK, at):
            at += len(BYTE_ORDER_MARK)
        elif text[at] in BLANKS:
            at += 1
        else:
            break
    return at


def _is_whole(text: str) -> bool:
    try:
        strict_json.parse(text)
    except strict_json.NotJSONError:
        return False
    return True


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def packed(content: bytes) -> bytes:
    """Content as gzip, the same for the same."""
    return gzip.compress(content, mtime=0)
