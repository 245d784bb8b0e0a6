"""A statement that a user wrote, let through when all it can do is read."""

from __future__ import annotations

import re

from ...errors import UsageError

_TOKEN = re.compile(
    r"""
      '(?:[^'\\]|\\.|'')*'      # a text; a backslash escapes (dg/r_Character_types: literals)
    | "(?:[^"]|"")*"            # a quoted name
    | --[^\n]*                  # a comment
    | /\*(?:(?!/\*|\*/).)*\*/   # a comment, not nested
    | \w+
    | \S
    """,
    re.VERBOSE | re.DOTALL,
)
_BEGINNINGS = frozenset(word.upper() for word in ("select", "with"))
_NEXT = "`sparkify query` takes one SELECT; `sparkify status` lists the tables."


def only_reading(sql: str) -> str:
    """Return a statement without its last semicolon.

    Raises UsageError unless it is one SELECT (or WITH ... SELECT) that creates no table. Redshift
    has no WITH that changes rows, and a procedure needs CALL, so such a statement changes nothing.
    """
    text = sql.strip().rstrip(";").rstrip()
    words = [
        token.upper()
        for token in _TOKEN.findall(text)
        if not token.startswith(("--", "/*", "'", '"'))
    ]
    if not words:
        raise UsageError("there is no statement to run", _NEXT)
    first = words[0].lstrip("(") or next((word for word in words if word != "("), "")
    if first not in _BEGINNINGS:
        raise UsageError(f"{words[0]} ... is no SELECT", _NEXT)
    if ";" in words:
        raise UsageError("one statement is expected, not several", "Give them one by one.")
    if "INTO" in words or "$" in words or "'" in words or '"' in words:
        raise UsageError(
            "INTO, $ and quotes that do not end are not for a statement that reads", _NEXT
        )
    return text
