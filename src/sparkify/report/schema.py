"""The star schema as the page draws it: tables with their columns, keys and references."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..sql_queries import STAR_TABLES, folder

_COLUMN = re.compile(r"^    (?P<name>\w+) (?P<type>[A-Z]+(?: PRECISION)?)", re.MULTILINE)
_KEYS = {
    "songplays": ("songplay_id",),
    "users": ("user_id", "level"),
    "songs": ("song_id",),
    "artists": ("artist_id",),
    "time": ("start_time",),
}


@dataclass(frozen=True)
class DrawnColumn:
    """A column: whether it is of the key, and which dimension it leads to ("" for none)."""

    name: str
    type: str
    key: bool
    leads_to: str


@dataclass(frozen=True)
class DrawnTable:
    """A table with its rows counted."""

    name: str
    purpose: str
    rows: int
    columns: tuple[DrawnColumn, ...]


def drawing(rows: Mapping[str, int]) -> list[DrawnTable]:
    """Return the tables of the star, the fact first. rows: how many each has."""
    leads = {key: table for table in STAR_TABLES[1:] for key in _KEYS[table]}
    found = []
    for name in STAR_TABLES:
        query = folder("tables")[name]
        columns = tuple(
            DrawnColumn(
                column["name"],
                column["type"].lower(),
                column["name"] in _KEYS[name],
                leads.get(column["name"], "") if name == STAR_TABLES[0] else "",
            )
            for column in _COLUMN.finditer(query.sql)
        )
        found.append(DrawnTable(name, query.purpose, rows[name], columns))
    return found
