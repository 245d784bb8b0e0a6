"""Looking up questions and statements by name, for the commands that show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..config.file import did_you_mean, nearest
from ..errors import UsageError

if TYPE_CHECKING:
    from ..sql_queries import Query


def choose(
    names: Sequence[str], catalogue: Mapping[str, Query], what: str, lister: str
) -> dict[str, Query]:
    """Pick what is named, or everything when nothing is.

    what: how to call one of them. lister: the command that lists them all.
    Raises UsageError for an unknown name, with what was probably meant.
    """
    for name in names:
        if name not in catalogue:
            near = nearest(name, catalogue, 3)
            raise UsageError(
                f"there is no {what} {name!r}",
                f"{did_you_mean(near)} `{lister}` lists them all.".lstrip(),
                name=name,
                suggestions=near,
            )
    return {name: catalogue[name] for name in names or catalogue}


def described(queries: Mapping[str, Query]) -> list[dict[str, str]]:
    """Encode queries for JSON by name and what they are for."""
    return [
        {"name": name, "question" if "question" in one.header else "purpose": one.purpose}
        for name, one in queries.items()
    ]


def in_full(queries: Mapping[str, Query]) -> list[dict[str, str]]:
    """Encode queries for JSON with their SQL."""
    return [
        about | {"sql": one.sql}
        for about, one in zip(described(queries), queries.values(), strict=True)
    ]
