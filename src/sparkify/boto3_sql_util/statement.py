"""What is known of statements: how one that ended well is kept, and how the Data API tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ENDED = frozenset(("FINISHED", "FAILED", "ABORTED"))
Described = Mapping[str, Any]
"""The answer to DescribeStatement."""

_NUMBERED = re.compile(r"Query #(\d+) failed")


@dataclass(frozen=True)
class Statement:
    """A statement, or a batch of them, that did its work.

    id: of the Data API. Each of the others has an entry for each SQL text of a batch: sqls: the
    texts; has_result: whether rows can be fetched (None: nobody says); rows: how many were returned
    or changed (-1: unknown); parts: the id under which the result is fetched, empty: by the rule of
    the Data API.
    """

    id: str
    sqls: tuple[str, ...]
    has_result: tuple[bool | None, ...]
    rows: tuple[int, ...]
    parts: tuple[str, ...] = ()

    def part(self, number: int) -> str:
        """Give the id under which one result is fetched, counted from 0."""
        if self.parts:
            return self.parts[number]
        return self.id if len(self.sqls) == 1 else f"{self.id}:{number + 1}"


def has_ended(described: Described) -> bool:
    """Tell whether nothing more will happen."""
    return described.get("Status") in ENDED


def parts_of(described: Described) -> list[Described]:
    """List what is told of the statements of a batch, in their order; empty for one statement.

    A part's id is the batch's with `:1`, `:2`, ... behind it (redshift-data DescribeStatement).
    """
    return sorted(described.get("SubStatements") or [], key=_place)


def _place(part: Described) -> int:
    _, _, number = str(part.get("Id", "")).rpartition(":")
    return int(number) if number.isdecimal() else 0


def finished(described: Described, sqls: tuple[str, ...], statement_id: str) -> Statement:
    """Make the Statement of a description whose status is FINISHED."""
    parts = parts_of(described)
    if len(parts) != len(sqls):
        known = [described] if len(sqls) == 1 else [{} for _ in sqls]
        ids: tuple[str, ...] = ()
    else:
        known = parts
        ids = tuple(str(part["Id"]) for part in parts if part.get("Id"))
    return Statement(
        id=statement_id,
        sqls=sqls,
        has_result=tuple(_has_result(part, described) for part in known),
        rows=tuple(_rows(part) for part in known),
        parts=ids if len(ids) == len(sqls) else (),
    )


def _has_result(part: Described, whole: Described) -> bool | None:
    """Tell whether a statement has rows; of a batch the whole has a result when one of it has."""
    told = part.get("HasResultSet")
    if told is None and whole.get("HasResultSet") is False:
        return False
    return None if told is None else bool(told)


def _rows(part: Described) -> int:
    rows = part.get("ResultRows")
    return -1 if rows is None else int(rows)


@dataclass(frozen=True)
class Failed:
    """Which statement failed: its number from 0 (-1: unknown), how many there are, what is told.

    A batch can fail as a whole, when it is committed: then no statement of it did.
    """

    number: int
    count: int
    told: Described
    message: str


def failed(described: Described, count: int) -> Failed:
    """Find the statement that failed in the description of what FAILED or was ABORTED.

    count: how many statements there are. Of those of a batch nothing may be told but its error.
    """
    parts = parts_of(described)
    message = str(described.get("Error") or "")
    if count == 1 and not parts:
        return Failed(0, 1, described, message)
    parts += [{}] * (count - len(parts))
    for status in ("FAILED", "ABORTED"):
        for number, part in enumerate(parts):
            if part.get("Status") == status and (status == "FAILED" or part.get("Error")):
                return Failed(number, len(parts), part, str(part.get("Error") or message))
    if match := _NUMBERED.search(message):
        number = int(match[1]) - 1
        if 0 <= number < len(parts):
            return Failed(number, len(parts), parts[number], message)
    return Failed(-1, len(parts), described, message)
