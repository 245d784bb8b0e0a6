"""What the warehouse and AWS say, made fit for a message: no secrets, one line, not too long."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..redact import mask

LONGEST_MESSAGE = 1_000
LONGEST_SQL = 500
_DETAIL = re.compile(
    r"\s*Detail:\s*-{5,}\s*error:\s*(?P<error>.*?)\s*code:\s*(?P<code>\d+)\s*"
    r"context:\s*(?P<context>.*?)\s*query:\s*(?P<query>-?\d+).*",
    re.IGNORECASE | re.DOTALL,
)
_PREFIX = re.compile(r"^(?:Query #\d+ failed with )?(?:ERROR:\s*)?", re.IGNORECASE)


def tidy(message: str, known: Iterable[str] = (), longest: int = LONGEST_MESSAGE) -> str:
    """Make one line of what the engine says, without secrets, at most `longest` characters.

    The block of dashes with which compute nodes explain themselves becomes a few words.
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
    return cut(mask(" ".join(message.split()), known), longest)


def query_id_in(message: str) -> int | None:
    """Find the query's number in the block with which a compute node explains itself."""
    match = _DETAIL.search(message)
    return int(match["query"]) if match and int(match["query"]) > 0 else None


def shown_sql(sql: str, known: Iterable[str] = ()) -> str:
    """Show SQL in a message: without secrets, at most LONGEST_SQL characters."""
    return cut(mask(sql.strip(), known), LONGEST_SQL)


def cut(text: str, longest: int) -> str:
    """Cut a text to at most `longest` characters, and show that it was cut."""
    return text if len(text) <= longest else text[: longest - 4].rstrip() + " ..."
