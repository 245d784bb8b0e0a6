"""The version of a warehouse's tables: known, older, newer; and what bringing it up to date did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import WarehouseError
from ..sources.files import Kind
from ..sql_queries import SCHEMA_VERSION

_OLDEST_VERSION = 1


@dataclass(frozen=True)
class Migration:
    """What bringing a warehouse of an older version up to date did.

    run_id: the run of it. from_version: of the schema. events, songs: how many are staged.
    mended: how many of them had text that was encoded twice.
    """

    run_id: int
    from_version: int
    events: int
    songs: int
    mended: Counter[Kind]

    @classmethod
    def read(cls, from_version: int, rows: Sequence[Sequence[Any]]) -> Migration:
        """Take it from what `migration/migrated.sql` returns."""
        run_id, events, songs, events_mended, songs_mended = map(int, rows[0])
        mended: Counter[Kind] = Counter({"events": events_mended, "songs": songs_mended})
        return cls(run_id, from_version, events, songs, mended)

    @property
    def note(self) -> str:
        """What happened, in a sentence or two."""
        return (
            f"Migrated from schema {self.from_version}, as run {self.run_id}: "
            f"{self.events:,} events and {self.songs:,} songs are kept and "
            f"{self.mended.total():,} records mended. What is at the sources is read once more."
        )


def too_old(version: int) -> WarehouseError:
    """Return the error of a statement that a warehouse of an older version cannot answer."""
    return WarehouseError(
        f"the warehouse was made by an older Sparkify (schema {version}; this one knows "
        f"{SCHEMA_VERSION}) and cannot answer this yet",
        "`sparkify etl` or `sparkify create-tables` brings it up to date; nothing is lost.",
        schema_version=version,
    )


def known_version(version: int, where: str) -> int:
    """Return the version of tables that this program can read or bring up to date.

    where: how to call the warehouse. Raises WarehouseError for a newer version, or one that no
    program made.
    """
    if version > SCHEMA_VERSION:
        raise WarehouseError(
            f"{where} was made by a newer Sparkify (schema {version}; this one knows "
            f"{SCHEMA_VERSION})",
            "Install the newer version.",
        )
    if version < _OLDEST_VERSION:
        raise WarehouseError(
            f"{where} has tables of schema {version}, which this program does not know; it knows "
            f"{_OLDEST_VERSION} to {SCHEMA_VERSION}",
            "Put back a copy of it, or load the sources into another database.",
        )
    return version
