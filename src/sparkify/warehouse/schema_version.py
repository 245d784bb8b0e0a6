"""Whether a database holds our tables, of which version, and by which settings they were loaded."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import SettingsError, WarehouseError
from ..sources.files import Kind
from ..sql_queries import SCHEMA_VERSION, TABLES, VIEWS, columns_of

_OLDEST_VERSION = 1


@dataclass(frozen=True)
class Migration:
    """What the migration of a warehouse did, as run `run_id`.

    events, songs: how many are staged. mended: how many of them had text that was encoded twice.
    """

    run_id: int
    from_version: int
    events: int
    songs: int
    mended: Counter[Kind]

    @classmethod
    def read(cls, from_version: int, rows: Sequence[Sequence[Any]]) -> Migration:
        """Return the migration that the rows of `migration/migrated.sql` describe."""
        run_id, events, songs, events_mended, songs_mended = map(int, rows[0])
        mended: Counter[Kind] = Counter({"events": events_mended, "songs": songs_mended})
        return cls(run_id, from_version, events, songs, mended)

    @property
    def note(self) -> str:
        """A sentence for the report of the load."""
        return (
            f"Migrated from schema {self.from_version}, as run {self.run_id}: "
            f"{self.events:,} events and {self.songs:,} songs are kept and "
            f"{self.mended.total():,} records mended. What is at the sources is read once more."
        )


def too_old(version: int) -> WarehouseError:
    """Return the error for a statement that needs tables of this version."""
    return WarehouseError(
        f"the warehouse was made by an older Sparkify (schema {version}; this one knows "
        f"{SCHEMA_VERSION}) and cannot answer this yet",
        "`sparkify etl` or `sparkify create-tables` brings it up to date; nothing is lost.",
        schema_version=version,
    )


def known_version(version: int, where: str) -> int:
    """Return a version that this program can read or migrate.

    where: names the warehouse. Raises WarehouseError for a newer version, or an impossible one.
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


_INFO = "warehouse_info"
COLUMNS = set(columns_of(_INFO))
_NAMES = {*TABLES, *VIEWS, "new_events", "new_songs"}
"""All names that a load uses, temporary ones too."""

_COLUMNS_OF_VERSION_1 = {"schema_version"}
_NAMES_SINCE_VERSION_2 = {"newest_plays", "load_lock", *VIEWS}


def holds_warehouse(present: Iterable[tuple[str, str]], where: str, next_step: str) -> bool:
    """Return whether a database holds a warehouse; False if it has no table of such a name.

    present: (name, column) of every table and view; columns matter for warehouse_info only.
    where, next_step: name the database, and say what to do when it is another program's.
    Raises WarehouseError when it holds tables of these names that this program did not make.
    """
    found = list(present)
    names = {name for name, _ in found}
    columns = {column for name, column in found if name == _INFO}
    theirs = _NAMES & names
    if is_ours := columns >= COLUMNS:
        theirs = set()
    elif is_ours := columns == _COLUMNS_OF_VERSION_1:
        theirs &= _NAMES_SINCE_VERSION_2
    if theirs:
        raise not_ours(sorted(theirs), where, next_step)
    return is_ours


def of_version(queries: Mapping[str, str], version: int) -> Mapping[str, str]:
    """Return the statements to export from a warehouse of this version: an older one has no views.

    queries: the SELECT of each table and view.
    """
    if version == SCHEMA_VERSION:
        return queries
    return {name: sql for name, sql in queries.items() if name not in VIEWS}


def not_ours(names: Collection[str], where: str, next_step: str) -> WarehouseError:
    """Return the error for tables of another program."""
    return WarehouseError(
        f"{where} has tables of its own under names that Sparkify needs: {', '.join(names)}; "
        "nothing in it was changed",
        next_step,
        tables=list(names),
    )


_OR_AGAIN = "or load all again, into another DATABASE or after `sparkify create-tables --drop`"


@dataclass(frozen=True)
class StagedBy:
    """The settings by which records were staged; None before the first load of a warehouse.

    mend_text: whether text that was encoded twice is mended. jsonpaths_hash: of the JSON keys, in
    the order of staging_events.
    """

    mend_text: bool | None = None
    jsonpaths_hash: str | None = None

    @staticmethod
    def read(mend_text: int | None, jsonpaths_hash: str | None) -> StagedBy:
        """Return the settings in a row of warehouse_info."""
        return StagedBy(None if mend_text is None else bool(mend_text), jsonpaths_hash)

    @staticmethod
    def now(mend_text: bool, keys: Sequence[str]) -> StagedBy:
        """Return the settings of a load. keys: the JSON key of each column of staging_events."""
        return StagedBy(mend_text, hashlib.sha256("\n".join(keys).encode()).hexdigest())

    def require_kept(self, kept: StagedBy) -> None:
        """Raise SettingsError where these settings are not those that the warehouse keeps."""
        if kept.mend_text not in (None, self.mend_text):
            was, now = (str(value).lower() for value in (kept.mend_text, self.mend_text))
            raise SettingsError(
                f"[ETL] MEND_TEXT is {now}, and this warehouse was loaded with {was}; nothing was "
                "loaded",
                f"Set MEND_TEXT = {was}, {_OR_AGAIN}.",
                setting="[ETL] MEND_TEXT",
                kept=was,
            )
        if kept.jsonpaths_hash not in (None, self.jsonpaths_hash):
            raise SettingsError(
                "[S3] LOG_JSONPATH names other fields than those that this warehouse was loaded "
                f"with (the hash of their names was {kept.jsonpaths_hash}, and is "
                f"{self.jsonpaths_hash}); nothing was loaded",
                f"Set LOG_JSONPATH as it was, {_OR_AGAIN}.",
                setting="[S3] LOG_JSONPATH",
                kept=kept.jsonpaths_hash,
            )
