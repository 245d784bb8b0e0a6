"""Values and names written into SQL text: the only way they get there.

The Data API takes parameters for values, but none for names, COPY addresses and roles
(mg/data-api, "SQL statements with parameters").
"""

from __future__ import annotations

import unicodedata

LONGEST_NAME = 127
"""Bytes of an identifier (dg/r_names)."""


def quote_literal(text: str) -> str:
    r"""Write a text as a string literal of Redshift: `it's` becomes `'it''s'`.

    A backslash escapes in an ordinary literal of Redshift, as it did in the PostgreSQL 8.0 that it
    comes from (postgresql.org/docs/8.0/sql-syntax.html), so it is doubled.

    Raises ValueError for a text that no literal holds: with NUL or another control character, or
    with a lone surrogate, which is no UTF-8.
    """
    _check(text)
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """Write a name of a table, a column, ... as a quoted identifier: `time` becomes `"time"`.

    Redshift folds quoted names to lower case, too (dg/r_names).

    Raises ValueError for a name that is empty, longer than LONGEST_NAME bytes, or holds a control
    character or a lone surrogate.
    """
    _check(name)
    if not 0 < len(name.encode()) <= LONGEST_NAME:
        raise ValueError(f"a name has 1 to {LONGEST_NAME} bytes: {name[:40]!r}")
    return '"' + name.replace('"', '""') + '"'


def _check(text: str) -> None:
    for place, character in enumerate(text):
        if unicodedata.category(character) in ("Cc", "Cs"):
            shown = text[max(0, place - 20) : place + 20]
            raise ValueError(
                f"U+{ord(character):04X} at {place} cannot stand in SQL text: {shown!r}"
            )
