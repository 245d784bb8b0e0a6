"""Reading a file in the form of dwh.cfg: [SECTION], KEY = value, comments; with line numbers.

Values may stand in quotes, as they do in the files of the classic course. A '%' is a '%'.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import SettingsError

_SECTION = re.compile(r"\[\s*(?P<section>[^\]]*?)\s*\]\s*(?:[#;].*)?")
_KEY = re.compile(r"(?P<key>[^\s=:]+)\s*[=:]\s*(?P<value>.*)")
_QUOTED = re.compile(r"(?P<quote>['\"])(?P<value>.*?)(?P=quote)\s*(?:[#;].*)?")
_COMMENT = re.compile(r"(?:^|\s)[#;].*")


@dataclass(frozen=True)
class Entry:
    """One line `key = value`; section and key in upper case, as names fold."""

    path: Path
    line: int
    section: str
    key: str
    value: str


def wrong(entry: Entry, what: str, next_step: str) -> SettingsError:
    """Make the error that says what is wrong with a line, and where."""
    return SettingsError(
        f"{entry.path}, line {entry.line}: {what}",
        next_step,
        file=str(entry.path),
        line=entry.line,
    )


def read(path: Path) -> Iterator[Entry]:
    """Give the entries in the order of the file.

    Raises SettingsError when the file cannot be read, holds a line of another form, or sets one
    key twice.
    """
    seen: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(_text(path).splitlines(), start=1):
        here = Entry(path, number, section, "", "")
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        if match := _SECTION.fullmatch(line):
            section = match["section"].upper()
            continue
        match = _KEY.fullmatch(line)
        if not match:
            raise wrong(here, "this is neither [SECTION] nor KEY = value", "Correct the line.")
        key = match["key"].upper()
        if not section:
            raise wrong(here, f"{key} stands before the first [SECTION]", "Put it under one.")
        if (section, key) in seen:
            what = f"{key} is set twice in [{section}], first in line {seen[section, key]}"
            raise wrong(here, what, "Remove one of the two lines.")
        seen[section, key] = number
        yield Entry(path, number, section, key, _value(here, match["value"]))


def _value(here: Entry, text: str) -> str:
    """Take off quotes, or a comment that follows a value without quotes."""
    if text[:1] not in ("'", '"'):
        return _COMMENT.sub("", text, count=1).strip()
    match = _QUOTED.fullmatch(text)
    if not match:
        raise wrong(here, f"the value begins with {text[0]} and does not end so", "Close it.")
    return match["value"].strip()


def _text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SettingsError(
            f"there is no settings file {path}",
            "Copy dwh.example.cfg to it, or leave --config out: the defaults work on DuckDB.",
            file=str(path),
        ) from None
    except OSError as error:
        raise SettingsError(
            f"the settings file {path} cannot be read: {error.strerror}",
            "Correct the path or the permissions of the file.",
            file=str(path),
        ) from None
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise SettingsError(
            f"the settings file {path} is not a text file in UTF-8",
            "Save it as plain text in UTF-8.",
            file=str(path),
        )
    return text
