"""JSON by the letter of RFC 8259, read by hand: no part of it is Python's own reader.

What is no JSON and passes all the same is named once, beneath; docs/rules.md has the same list.
Objects are lists of pairs, because a key may come twice; numbers are kept as they are written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

COMMA_BEFORE_END = True
"""`[1,]` and `{"a": 1,}`."""

WORDS_FOR_NUMBERS = re.compile(r"-?(?:nan|inf(?:inity)?)", re.IGNORECASE)
"""They are values of no field that is staged: a record may hold them in fields that are not."""

BLANKS_AROUND = "\v\f"
"""They count as white space around a record, not within it."""

_BLANKS = re.compile(r"[ \t\n\r]*+")
_STRING = re.compile(r'"((?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+)"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"true": True, "false": False, "null": None}
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class NotJSONError(Exception):
    """A text is not JSON; the argument says what stands there instead."""


class Pairs(list[tuple[str, Any]]):
    """The members of a JSON object, in order."""


@dataclass(frozen=True)
class Number:
    """A number as it is written."""

    literal: str

    @property
    def value(self) -> Decimal:
        """Its digits; with a point or an exponent the nearest double, as docs/rules.md says.

        JSON allows that (RFC 8259, section 6), and DuckDB's reader does it before any rule is
        looked at: it hands out `0.0` for 1e-400, even where a column is read as JSON.
        """
        if set(self.literal) & set(".eE"):
            return Decimal(float(self.literal))
        return Decimal(self.literal)


@dataclass(frozen=True)
class Word:
    """A word that stands for a number that JSON does not have."""

    literal: str


def parse(text: str) -> Any:
    """The value of one JSON text; raises NotJSONError."""
    value, at = value_at(text, _skip(text, 0))
    if (end := _skip(text, at)) < len(text):
        raise NotJSONError(f"more than one value: {text[end : end + 10]!r}")
    return value


def value_at(text: str, at: int) -> tuple[Any, int]:
    """The value that begins at a place, and the place behind it; raises NotJSONError."""
    opened: list[tuple[str, Pairs | list[Any]]] = []  # each with its name in the one around it
    name = ""
    while True:
        value: Any
        if text.startswith(("{", "["), at):
            value = Pairs() if text[at] == "{" else []
            at = _skip(text, at + 1)
            if not text.startswith(_closing(value), at):
                opened.append((name, value))
                name, at = _name(text, at, value)
                continue
            at += 1
        else:
            value, at = _plain(text, at)
        while opened:  # the value is whole; and perhaps, with it, what it stands in
            around, outer = opened[-1]
            outer.append((name, value) if isinstance(outer, Pairs) else value)
            at = _skip(text, at)
            if text.startswith(",", at):
                at = _skip(text, at + 1)
                if not (COMMA_BEFORE_END and text.startswith(_closing(outer), at)):
                    name, at = _name(text, at, outer)
                    break
            if not text.startswith(_closing(outer), at):
                raise NotJSONError(f"neither a comma nor an end: {text[at : at + 10]!r}")
            opened.pop()
            name, value, at = around, outer, at + 1
        else:
            return value, at


def _skip(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    assert found
    return found.end()


def _closing(container: list[Any]) -> str:
    return "}" if isinstance(container, Pairs) else "]"


def _name(text: str, at: int, container: list[Any]) -> tuple[str, int]:
    """Read the name of a member, if it is an object; returns it and the place of the value."""
    if not isinstance(container, Pairs):
        return "", at
    name, at = _string(text, at)
    at = _skip(text, at)
    if not text.startswith(":", at):
        raise NotJSONError(f"no colon: {text[at : at + 10]!r}")
    return name, _skip(text, at + 1)


def _plain(text: str, at: int) -> tuple[Any, int]:
    """Read a string, a number or a word; returns it and the place behind it."""
    if text.startswith('"', at):
        return _string(text, at)
    if found := _NUMBER.match(text, at):
        return Number(found[0]), found.end()
    for word, value in _WORDS.items():
        if text.startswith(word, at):
            return value, at + len(word)
    if found := WORDS_FOR_NUMBERS.match(text, at):
        return Word(found[0]), found.end()
    raise NotJSONError(f"no value: {text[at : at + 10]!r}")


def _string(text: str, at: int) -> tuple[str, int]:
    found = _STRING.match(text, at)
    if not found:
        raise NotJSONError(f"no string: {text[at : at + 10]!r}")
    inside = found[1]
    if "\\" in inside:
        inside = _PAIR.sub(_joined, _ESCAPE.sub(_escaped, inside))
    return inside, found.end()


def _escaped(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return _SHORT.get(found[2], found[2])


def _joined(pair: re.Match[str]) -> str:
    high, low = map(ord, pair[0])
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
