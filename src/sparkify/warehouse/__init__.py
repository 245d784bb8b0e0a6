"""What a warehouse can do, whichever engine it runs on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ..errors import SettingsError
from ..ledger import Ledger, Plan
from ..progress import Progress, silent
from ..staging.rules import Kind

if TYPE_CHECKING:
    from ..config import Settings


@dataclass(frozen=True)
class Table:
    """The result of a query: column names and rows of Python values (None for NULL)."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Reader(Protocol):
    """A warehouse open for questions."""

    engine: str

    def read(self, sql: str) -> Table:
        """Run one read-only statement and return all of its rows.

        Raises WarehouseError when the statement fails.
        """
        ...


@dataclass(frozen=True)
class Run:
    """One load, as the ledger will know it; times in UTC without a zone."""

    run_id: int
    status: Literal["published", "refused"]
    started_at: datetime
    finished_at: datetime
    plan: Plan


@dataclass
class StageReport:
    """What came out of reading the files of a load.

    read, rejected: how many records of each kind. unknown: how often each unknown field stood in
    the records that were looked at.
    """

    read: Counter[Kind] = field(default_factory=Counter)
    rejected: Counter[Kind] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Counts:
    """What became of the records of one kind: read = staged + duplicates + rejected."""

    read: int = 0
    staged: int = 0
    duplicates: int = 0
    rejected: int = 0

    def as_json(self) -> dict[str, int]:
        """Show the counts under their names."""
        return {
            "read": self.read,
            "staged": self.staged,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
        }


class Warehouse(Reader, Protocol):
    """A warehouse open for a load. One load at a time holds it."""

    def create_tables(self) -> None:
        """Make the tables that are missing; what is there stays."""
        ...

    def drop_tables(self) -> None:
        """Remove every table with all that is in it."""
        ...

    def known_files(self) -> Ledger:
        """Return every version of a file that was loaded."""
        ...

    def newest_run(self) -> int:
        """Return the number of the newest run, 0 before the first."""
        ...

    def stage(self, plan: Plan, keys: Sequence[str], progress: Progress) -> StageReport:
        """Read the files of a plan; nothing of it is visible before it is published.

        keys: the JSON key of each column of staging_events.
        Raises SourceError when a file cannot be read.
        """
        ...

    def publish(self, run: Run, progress: Progress) -> dict[Kind, Counts]:
        """Stage, transform, audit, and enter into the ledger what was read, in one transaction.

        Raises QualityError when an audit finds rows; then nothing is published.
        """
        ...

    def refuse(self, run: Run) -> None:
        """Enter the run as refused, with its rejects, and nothing else."""
        ...

    def rebuild(self, progress: Progress) -> None:
        """Compute the star schema anew from what is staged."""
        ...


@contextmanager
def open_reader(
    settings: Settings,
    *,
    wait: float = 60.0,
    progress: Progress = silent,
    for_user_sql: bool = False,
) -> Iterator[Reader]:
    """Open the configured warehouse for questions; see the engine's own function for errors.

    for_user_sql: what is read was written by a user; it can change nothing, here or elsewhere.
    """
    require_duckdb(settings)
    from .duckdb import reading

    with reading.open_reader(
        settings, wait=wait, progress=progress, for_user_sql=for_user_sql
    ) as reader:
        yield reader


@contextmanager
def open_warehouse(
    settings: Settings, *, wait: float = 60.0, progress: Progress = silent
) -> Iterator[Warehouse]:
    """Open the configured warehouse for a load; a database that is missing is made.

    Raises BusyError when another process holds it for longer than `wait` seconds.
    """
    require_duckdb(settings)
    from .duckdb.loading import open_warehouse as open_duckdb

    with open_duckdb(settings, wait=wait, progress=progress) as warehouse:
        yield warehouse


def read_ledger(settings: Settings, *, wait: float = 60.0, progress: Progress = silent) -> Ledger:
    """Read what is loaded, without changing anything; nothing is, where there is no warehouse.

    Raises BusyError when another process holds it for longer than `wait` seconds.
    """
    require_duckdb(settings)
    from .duckdb import reading

    return reading.read_ledger(settings, wait=wait, progress=progress)


def export_tables(
    settings: Settings, files: Mapping[str, Path], *, wait: float, progress: Progress
) -> None:
    """Write tables (name -> file) as Parquet. Raises WarehouseError or BusyError."""
    require_duckdb(settings)
    from .duckdb import reading

    with reading.open_reader(settings, wait=wait, progress=progress) as reader:
        for done, (table, path) in enumerate(files.items()):
            progress(f"exporting {table}", done, len(files), "tables")
            reader.export(table, path)


def require_duckdb(settings: Settings) -> None:
    """Refuse an engine that this version has not got. Raises SettingsError."""
    if settings.engine != "duckdb":
        raise SettingsError(
            f"ENGINE = {settings.engine} is not built yet",
            "Set ENGINE = duckdb in [WAREHOUSE]; everything runs on it.",
        )
