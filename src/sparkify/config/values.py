"""The kinds of values that a setting can have: how each is read, and what it allows, in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

_S3 = "s3://"
_Number = TypeVar("_Number", int, float)
_MEMORY = r"\d+(\.\d+)? ?([KMGT]i?B|%)"


@dataclass(frozen=True)
class Kind:
    """parse: text and the folder that relative paths start at -> value, or ValueError.

    allowed: ends the sentence "the value is not ...".
    """

    parse: Callable[[str, Path], Any]
    allowed: str


def choice(*options: str) -> Kind:
    """Allow one of a few words, in any case."""

    def parse(text: str, _: Path) -> str:
        return options[options.index(text.lower())]

    return Kind(parse, " or ".join((", ".join(options[:-1]), options[-1])))


def _flag(text: str, _: Path) -> bool:
    return ("false", "true").index(text.lower()) == 1


def whole_number(least: int, most: int) -> Kind:
    """Allow whole numbers in a range."""

    def parse(text: str, _: Path) -> int:
        return _within(int(text), least, most)

    return Kind(parse, f"a whole number from {least:,} to {most:,}")


def optional(kind: Kind) -> Kind:
    """Allow what another kind allows, or 0 for none."""

    def parse(text: str, folder: Path) -> Any:
        return 0 if text == "0" else kind.parse(text, folder)

    return Kind(parse, f"0 or {kind.allowed}")


def _matching(pattern: str, allowed: str) -> Kind:
    def parse(text: str, _: Path) -> str:
        if not re.fullmatch(pattern, text, re.IGNORECASE | re.ASCII):
            raise ValueError
        return text

    return Kind(parse, allowed)


def _within(number: _Number, least: _Number, most: _Number) -> _Number:
    if not least <= number <= most:  # also true of not-a-number
        raise ValueError
    return number


def _share(text: str, _: Path) -> float:
    if text.endswith("%"):
        return _within(float(text[:-1]), 0.0, 100.0) / 100
    return _within(float(text), 0.0, 1.0)


def _capacity(text: str, _: Path) -> int:
    number = int(text)
    if number == 4 or (number in range(8, 513, 8)) or (number in range(544, 1025, 32)):
        return number
    raise ValueError


def _path(text: str, folder: Path) -> Path:
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:  # there is no such user
        raise ValueError from None


def _database_path(text: str, folder: Path) -> Path:
    """Read a path, and nothing that DuckDB would take for another kind of address or refuse."""
    if re.match(r"\w*:", text):
        raise ValueError
    text.encode("utf-8")  # a UnicodeEncodeError is a ValueError
    return _path(text, folder)


def _location(text: str, folder: Path) -> str:
    if text.startswith(_S3) and text.removeprefix(_S3).strip("/"):
        return text
    if "://" in text:
        raise ValueError
    return str(_path(text, folder)) if text else ""


FLAG = Kind(_flag, "true or false")
WORD = _matching(r"\S+", "one word")
LOCAL_PATH = Kind(_database_path, "a path on this machine")
LOCATION = Kind(_location, "an s3:// address or a path on this machine")
MEMORY = _matching(_MEMORY, "an amount such as 128MB, 1.5GiB or 60%")
SHARE = Kind(_share, "a share from 0 to 1, or from 0% to 100%")
CAPACITY = Kind(_capacity, "4, a multiple of 8 up to 512, or one of 32 up to 1,024")
REGION = _matching(r"[a-z]{2}(-[a-z]+)+-\d", "an AWS Region such as us-east-1")
ROLE_NAME = _matching(r"[\w+=,.@-]{1,64}", "a role name: 1 to 64 of letters, digits, _+=,.@-")
SERVERLESS_NAME = _matching(r"[a-z0-9-]{3,64}", "3 to 64 of a-z, 0-9 and -")
DATABASE_NAME = _matching(r"[a-z][a-z0-9_]{0,63}", "a letter, then letters, digits and _")
