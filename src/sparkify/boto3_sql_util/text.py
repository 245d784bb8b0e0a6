"""Text on its way into SQL and out of it: literals and names, and messages fit to be shown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from ..redact import mask

LONGEST_NAME = 127
"""Bytes of an identifier (dg/r_names)."""
LONGEST_MESSAGE = 1_000
LONGEST_SQL = 500
_DETAIL = re.compile(
    r"\s*Detail:\s*-{5,}\s*error:\s*(?P<error>.*?)\s*code:\s*(?P<code>\d+)\s*"
    r"context:\s*(?P<context>.*?)\s*query:\s*(?P<query>-?\d+).*",
    re.IGNORECASE | re.DOTALL,
)
_PREFIX = re.compile(r"^(?:Query #\d+ failed with )?(?:ERROR:\s*)?", re.IGNORECASE)


def quote_literal(text: str) -> str:
    r"""Return a text as a string literal of Redshift: `it's` becomes `'it''s'`.

    The Data API takes parameters for values, but not for names, COPY addresses or roles
    (mg/data-api, "SQL statements with parameters"): this is the only way values get into SQL text.
    A backslash escapes in an ordinary literal of Redshift, as it did in PostgreSQL 8.0
    (postgresql.org/docs/8.0/sql-syntax.html), so it is doubled.

    Raises ValueError for a text that no literal can hold: one with NUL or another control
    character, or with a lone surrogate, which is not UTF-8.
    """
    _check(text)
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """Return the name of a table, column, ... as a quoted identifier: `time` becomes `"time"`.

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


def one_line(message: str, secrets: Iterable[str] = (), longest: int = LONGEST_MESSAGE) -> str:
    """Return the engine's message on one line, without secrets, at most `longest` characters.

    The dashed block in which compute nodes explain themselves is reduced to its error and context.
    """
    message = _PREFIX.sub("", message.strip())
    if match := _DETAIL.search(message):
        head = message[: match.start()].strip()
        parts = [head] if head else []
        if match["error"] and match["error"] not in head:
            parts.append(match["error"])
        if match["context"]:
            parts.append(f"context: {match['context']}")
        message = "; ".join(parts)
    return truncated(mask(" ".join(message.split()), secrets), longest)


def query_id_in(message: str) -> int | None:
    """Return the query id from the block in which a compute node explains itself."""
    match = _DETAIL.search(message)
    return int(match["query"]) if match and int(match["query"]) > 0 else None


def shown_sql(sql: str, secrets: Iterable[str] = ()) -> str:
    """Return SQL as a message shows it: without secrets, at most LONGEST_SQL characters."""
    return truncated(mask(sql.strip(), secrets), LONGEST_SQL)


def truncated(text: str, longest: int) -> str:
    """Return a text of at most `longest` characters; one that was cut ends in dots."""
    return text if len(text) <= longest else text[: longest - 4].rstrip() + " ..."
