"""The catalogue of questions and statements, and how one of them is found by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .. import sql_queries
from ..config import did_you_mean, nearest
from ..errors import UsageError
from ..sql_queries import HeaderError, Query

PERSONAL = frozenset({"first_name", "last_name", "firstname", "lastname"})
"""Columns that name a person wherever they stand."""
_LAST = 1_000_000


def questions() -> Mapping[str, Query]:
    """Return every question by name, in their order."""
    catalogue = sql_queries.folder("questions")
    return dict(sorted(catalogue.items(), key=lambda item: (_order(item[1]), item[0])))


def chosen(names: Sequence[str] | None = None) -> list[Query]:
    """Return the named questions (none named: all), each once, in the order of the names.

    Names are taken in any case and with dashes. Raises UsageError for one that no question has.
    """
    wanted = [name.strip().lower().replace("-", "_") for name in names or ()]
    return pick(wanted, questions(), "question", "sparkify ask --list")


def pick(
    names: Iterable[str], catalogue: Mapping[str, Query], what: str, lister: str
) -> list[Query]:
    """Return the named queries of a catalogue (none named: all), each once.

    what: the noun for one of them; lister: the command that lists them all. Raises UsageError for
    an unknown name, with the names that are near it.
    """
    wanted = list(dict.fromkeys(names)) or [*catalogue]
    for name in wanted:
        if name not in catalogue:
            near = nearest(name, catalogue, 3)
            raise UsageError(
                f"there is no {what} {name!r}",
                f"{did_you_mean(near)} `{lister}` lists them all.".lstrip(),
                name=name,
                suggestions=near,
            )
    return [catalogue[name] for name in wanted]


def personal_columns(header: Mapping[str, str]) -> frozenset[str]:
    """Return the columns of a question that name a person."""
    declared = (column.strip() for column in header.get("personal", "").split(","))
    return PERSONAL.union(filter(None, declared))


def _order(query: Query) -> int:
    try:
        return int(query.header.get("order", _LAST))
    except ValueError:
        raise HeaderError(query.name, f"order is no number: {query.header['order']!r}") from None
