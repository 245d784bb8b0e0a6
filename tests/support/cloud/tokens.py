"""SQL as a list of tokens, as Redshift reads it: backslashes escape within literals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_PATTERN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<text>'(?:[^'\\]|\\.|'')*')
    |(?P<name>"(?:[^"]|"")*")
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)
    |(?P<parameter>(?<!:):[A-Za-z0-9_]+)
    |(?P<sign>::|<>|!=|<=|>=|\|\||->>|->|\#>>|\#>|@>|<@|!~\*|~\*|!~|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def words(text: str) -> frozenset[str]:
    """The words of a text, each once."""
    return frozenset(text.split())


class Token(NamedTuple):
    """kind: text, name, number, word, parameter, sign or space. word: upper case, of words only."""

    kind: str
    source: str
    word: str

    @property
    def value(self) -> str:
        """What a literal or a name stands for; names are folded to lower case."""
        if self.kind == "text":
            return unescape(self.source)
        if self.kind == "name":
            return self.source[1:-1].replace('""', '"').lower()
        return self.source.lower() if self.kind == "word" else self.source


def tokens(sql: str) -> list[Token]:
    """All tokens, spaces and comments included; joined again they are the text."""
    found = []
    for match in _PATTERN.finditer(sql):
        kind = match.lastgroup or "sign"
        source = match[0]
        found.append(Token(kind, source, source.upper() if kind in ("word", "sign") else ""))
    return found


def solid(found: Sequence[Token]) -> list[Token]:
    """Without spaces, comments and a last semicolon."""
    kept = [token for token in found if token.kind != "space"]
    while kept and kept[-1].source == ";":
        kept.pop()
    return kept


def joined(found: Sequence[Token]) -> str:
    """The text again."""
    return "".join(token.source for token in found)


def unescape(literal: str) -> str:
    """The value of a literal with its quotes: '' and backslashes are taken as escapes."""
    return re.sub(
        r"''|\\(.)",
        lambda match: _ESCAPES.get(match[1], match[1]) if match[1] else "'",
        literal[1:-1],
        flags=re.DOTALL,
    )


def quoted(text: str) -> str:
    """A literal of that value."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def closing(found: Sequence[Token], opening: int) -> int:
    """The index of the parenthesis that closes the one at `opening`; len() when there is none."""
    depth = 0
    for index in range(opening, len(found)):
        if found[index].source == "(":
            depth += 1
        elif found[index].source == ")":
            depth -= 1
            if not depth:
                return index
    return len(found)


def split(found: Sequence[Token], sign: str = ",") -> list[list[Token]]:
    """The parts between signs that stand in no parentheses."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in found:
        depth += (token.source == "(") - (token.source == ")")
        if token.source == sign and not depth:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
