"""A statement that a user wrote, let through when all it can do is read."""

from __future__ import annotations

import re

from ...errors import UsageError

_TOKEN = re.compile(
    r"""
      '(?:[^']|'')*'            # a text
    | "(?:[^"]|"")*"            # a quoted name
    | --[^\n]*                  # a comment
    | /\*(?:(?!/\*|\*/).)*\*/   # a comment, not nested
    | \w+
    | \S
    """,
    re.VERBOSE | re.DOTALL,
)
_BEGINNINGS = frozenset(word.upper() for word in ("select", "with"))
_CHANGING = {"$", "'", '"', *(word.upper() for word in ("into", "insert", "update", "delete"))}
"""No WITH of Redshift changes rows, but other engines have one; a lone quote does not end."""
_NEXT = "`sparkify query` takes one SELECT; `sparkify status` lists the tables."


def only_reading(sql: str) -> str:
    """Return a statement without its last semicolon.

    Raises UsageError unless it is one SELECT (or WITH ... SELECT) that creates no table: that
    changes nothing, for a procedure needs CALL.
    """
    text = sql.strip().rstrip(";").rstrip()
    words = [
        token.upper()
        for token in _TOKEN.findall(text)
        if len(token) == 1 or not token.startswith(("--", "/*", "'", '"'))
    ]
    if not words:
        raise UsageError("there is no statement to run", _NEXT)
    first = words[0].lstrip("(") or next((word for word in words if word != "("), "")
    if first not in _BEGINNINGS:
        raise UsageError(f"{words[0]} ... is no SELECT", _NEXT)
    if "\\'" in text:  # whether the quote ends the text depends on a setting of the server
        raise UsageError("a backslash stands before a quote", "Double the quote instead.")
    if ";" in words:
        raise UsageError("one statement is expected, not several", "Give them one by one.")
    if changing := sorted(_CHANGING & set(words)):
        raise UsageError(f"{changing[0]} does not belong into one that only reads", _NEXT)
    return text
