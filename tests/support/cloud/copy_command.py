"""The text of a COPY of JSON or Parquet, taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .dialect import syntax_error
from .errors import RedshiftError
from .tokens import Token, closing, words

_FLAGS = words(
    """
    MANIFEST GZIP EMPTYASNULL BLANKSASNULL TRUNCATECOLUMNS NOLOAD ROUNDEC ACCEPTANYDATE TRIMBLANKS
    """
)
_SWITCHES = {"COMPUPDATE": ("ON", "OFF", "TRUE", "FALSE", "PRESET"), "STATUPDATE": ("ON", "OFF")}
_WITH_PARQUET = {"FORMAT", "PARQUET", "IAM_ROLE", "MANIFEST", "STATUPDATE", "ACCEPTINVCHARS"}
_TEXTS = ("REGION", "TIMEFORMAT", "DATEFORMAT")


@dataclass
class CopyCommand:
    """What a COPY says. json: the option of JSON: auto, auto ignorecase, or an address.

    parquet: whether it reads Parquet instead.
    """

    table: str
    columns: tuple[str, ...]
    source: str
    role: str = ""
    json: str = "auto"
    parquet: bool = False
    region: str | None = None
    time_format: str = ""
    max_error: int = 0
    replacement: str | None = None
    null_text: str = "\\N"
    flags: frozenset[str] = frozenset()


def parse(kept: Sequence[Token]) -> CopyCommand:
    """Take a COPY apart. Raises RedshiftError for what is no COPY of JSON from S3."""
    index = 1
    table = kept[index].value
    if kept[index + 1].source == ".":
        table, index = f"{table}.{kept[index + 2].value}", index + 2
    index += 1
    columns: tuple[str, ...] = ()
    if kept[index].source == "(":
        end = closing(kept, index)
        columns = tuple(one.value for one in kept[index + 1 : end] if one.source != ",")
        index = end + 1
    if index + 1 >= len(kept) or kept[index].word != "FROM" or kept[index + 1].kind != "text":
        raise syntax_error(kept[min(index, len(kept) - 1)].source)
    command = CopyCommand(table, columns, kept[index + 1].value)
    _options(command, kept, index + 2)
    if not command.role:
        raise RedshiftError("ERROR: CREDENTIALS argument is required but not supplied.")
    return command


def _options(command: CopyCommand, kept: Sequence[Token], index: int) -> None:
    flags: set[str] = set()
    seen: set[str] = set()
    while index < len(kept):
        word = kept[index].word
        if word in seen:
            raise RedshiftError(f"ERROR: conflicting or redundant options: {word}")
        seen.add(word)
        index += 1
        if word in _FLAGS:
            flags.add(word)
        elif word == "FORMAT":
            index += kept[index].word == "AS"
            seen.discard("JSON")
        elif word == "PARQUET":
            command.parquet = True
        elif word == "JSON":
            index += index < len(kept) and kept[index].word == "AS"
            if index < len(kept) and kept[index].kind == "text":
                command.json, index = kept[index].value, index + 1
        elif word == "IAM_ROLE":
            if kept[index].word != "DEFAULT" and kept[index].kind != "text":
                raise syntax_error(kept[index].source)
            command.role, index = kept[index].value, index + 1
        elif word in _TEXTS:
            value, index = _text(kept, index)
            if word == "REGION":
                command.region = value
            elif word == "TIMEFORMAT":
                command.time_format = value
            elif value != "auto":
                raise RedshiftError("ERROR: the stand-in knows DATEFORMAT 'auto' only")
        elif word == "MAXERROR":
            index += kept[index].word == "AS"
            command.max_error, index = _count(kept[index]), index + 1
        elif word == "ACCEPTINVCHARS":
            command.replacement = "?"
            if index < len(kept) and (kept[index].word == "AS" or kept[index].kind == "text"):
                command.replacement, index = _text(kept, index)
        elif word == "NULL":
            command.null_text, index = _text(kept, index)
        elif word in _SWITCHES:
            index += index < len(kept) and kept[index].word in _SWITCHES[word]
        else:
            raise syntax_error(kept[index - 1].source)
    if command.parquet == ("JSON" in seen):
        raise RedshiftError("ERROR: the stand-in's COPY reads either JSON or PARQUET")
    if command.parquet and (refused := seen - _WITH_PARQUET or set(command.columns)):
        # dg/copy-usage_notes-copy-from-columnar
        raise RedshiftError(f"ERROR: {min(refused)} is not supported for PARQUET")
    command.flags = frozenset(flags)


def _text(kept: Sequence[Token], index: int) -> tuple[str, int]:
    index += index < len(kept) and kept[index].word == "AS"
    if index >= len(kept) or kept[index].kind != "text":
        raise syntax_error(kept[min(index, len(kept) - 1)].source)
    return kept[index].value, index + 1


def _count(token: Token) -> int:
    if token.kind != "number" or not token.source.isdigit() or int(token.source) > 100_000:
        raise RedshiftError("ERROR: MAXERROR must be between 0 and 100000")
    return int(token.source)
