"""The text of an UNLOAD, taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .dialect import syntax_error
from .errors import RedshiftError
from .tokens import Token, closing, solid, tokens, words

_FORMATS = ("CSV", "JSON", "PARQUET")
_FLAGS = words("HEADER GZIP ALLOWOVERWRITE CLEANPATH MANIFEST VERBOSE ADDQUOTES")


@dataclass
class UnloadCommand:
    """What an UNLOAD says. query: its text. partition: the columns that become folders."""

    query: str
    target: str
    role: str = ""
    format: str = ""
    region: str | None = None
    parallel: bool = True
    null_text: str = ""
    extension: str | None = None
    partition: tuple[str, ...] = ()
    include: bool = False
    flags: frozenset[str] = frozenset()


def parse(kept: Sequence[Token]) -> UnloadCommand:
    """Take an UNLOAD apart. Raises RedshiftError."""
    said = [token.word for token in kept]
    if said[1:2] != ["("] or kept[2].kind != "text" or said[3:5] != [")", "TO"]:
        raise syntax_error(kept[1].source if len(kept) > 1 else "UNLOAD")
    if len(kept) < 6 or kept[5].kind != "text":
        raise syntax_error("TO")
    command = UnloadCommand(kept[2].value, kept[5].value)
    _options(command, kept, 6)
    if not command.role:
        raise RedshiftError("ERROR: CREDENTIALS argument is required but not supplied.")
    if command.format not in _FORMATS:
        raise RedshiftError("ERROR: the stand-in's UNLOAD writes CSV, JSON and PARQUET only")
    if command.format == "PARQUET" and command.flags & {"GZIP", "HEADER", "ADDQUOTES"}:
        raise RedshiftError("ERROR: UNLOAD option is not supported for PARQUET format")
    if command.format == "JSON" and "HEADER" in command.flags:
        raise RedshiftError("ERROR: HEADER is not supported for UNLOAD to JSON")
    if {"ALLOWOVERWRITE", "CLEANPATH"} <= command.flags:
        raise RedshiftError("ERROR: ALLOWOVERWRITE and CLEANPATH can't be used together")
    _query(command.query)
    return command


def _query(text: str) -> None:
    kept = solid(tokens(text))
    if not kept or kept[0].word not in ("SELECT", "WITH"):
        raise RedshiftError("ERROR: UNLOAD wants a SELECT")
    depth = 0
    for token in kept:
        depth += (token.source == "(") - (token.source == ")")
        if token.word == "LIMIT" and not depth:
            raise RedshiftError("ERROR: Limit clause is not supported in UNLOAD's outer SELECT")


def _options(command: UnloadCommand, kept: Sequence[Token], index: int) -> None:
    flags: set[str] = set()
    while index < len(kept):
        word = kept[index].word
        after = kept[index + 1].word if index + 1 < len(kept) else ""
        index += 1
        if word in _FLAGS:
            flags.add(word)
        elif word == "FORMAT":
            index += after == "AS"
        elif word in _FORMATS:
            command.format = word
        elif word == "IAM_ROLE":
            if after != "DEFAULT" and kept[index].kind != "text":
                raise syntax_error(kept[index].source)
            command.role, index = kept[index].value, index + 1
        elif word in ("REGION", "NULL", "EXTENSION"):
            index += after == "AS"
            value, index = kept[index].value, index + 1
            if word == "REGION":
                command.region = value
            elif word == "NULL":
                command.null_text = value
            else:
                command.extension = value
        elif word == "PARALLEL":
            if after not in ("ON", "OFF", "TRUE", "FALSE"):
                raise syntax_error("PARALLEL")
            command.parallel, index = after in ("ON", "TRUE"), index + 1
        elif word == "MAXFILESIZE":
            index += 1 + (after == "AS")
            index += index < len(kept) and kept[index].word in ("MB", "GB")
        elif word == "PARTITION" and after == "BY":
            end = closing(kept, index + 1)
            names = [token.value for token in kept[index + 2 : end] if token.source != ","]
            command.partition, index = tuple(names), end + 1
            if index < len(kept) and kept[index].word == "INCLUDE":
                command.include, index = True, index + 1
        else:
            raise syntax_error(kept[index - 1].source)
    command.flags = frozenset(flags)
