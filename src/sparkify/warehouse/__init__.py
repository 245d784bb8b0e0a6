"""What a warehouse can do, whichever engine it runs on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

from ..errors import BusyError
from ..ledger import Ledger, Plan
from ..progress import Progress, silent
from ..sources.files import Kind
from ..table import Table
from .schema_version import Migration, StagedBy

if TYPE_CHECKING:
    from ..config import Settings


class Reader(Protocol):
    """A warehouse open for questions."""

    engine: str

    def read(self, sql: str) -> Table:
        """Run one read-only statement and return all of its rows.

        Raises WarehouseError when the statement fails.
        """
        ...

    def read_all(self, statements: Sequence[str]) -> list[Table]:
        """Run several read-only statements; returns the rows of each, in their order.

        Raises WarehouseError when one fails.
        """
        ...


@dataclass(frozen=True)
class Run:
    """One load, as the ledger will know it; times in UTC without a zone.

    mended: how many records of each kind had text that was encoded twice.
    staged_by: the settings by which they were staged.
    """

    run_id: int
    status: Literal["published", "refused"]
    started_at: datetime
    finished_at: datetime
    plan: Plan
    mended: Counter[Kind] = field(default_factory=Counter)
    staged_by: StagedBy = field(default_factory=StagedBy)


@dataclass
class StageReport:
    """What came out of reading the files of a load.

    read, rejected: how many records of each kind. weights: for how many records the rejected ones
    count: more than one where a whole file is no log. mended: how many of them had text that was
    encoded twice. unknown: how often each unknown field stood in the records that were looked at.
    notes: on files, in sentences. first_rejects: where one of each kind is, and why.
    """

    read: Counter[Kind] = field(default_factory=Counter)
    rejected: Counter[Kind] = field(default_factory=Counter)
    weights: Counter[Kind] = field(default_factory=Counter)
    mended: Counter[Kind] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    first_rejects: dict[Kind, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Counts:
    """What became of the records of one kind: read = staged + duplicates + rejected.

    mended: how many of those that were read had text that was encoded twice.
    """

    read: int = 0
    staged: int = 0
    duplicates: int = 0
    rejected: int = 0
    mended: int = 0

    def as_json(self) -> dict[str, int]:
        """Show the counts under their names."""
        return {
            "read": self.read,
            "staged": self.staged,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
            "mended": self.mended,
        }


class PlanAgainError(BusyError):
    """The load has to be planned again from the ledger as it is now; nothing was published."""


class Warehouse(Reader, Protocol):
    """A warehouse open for a load.

    Two loads never publish from the same state of the ledger: on DuckDB one load at a time holds
    the database; on Redshift the later one of two is told to plan again.
    """

    def tables(self) -> list[str]:
        """Name the tables that are there."""
        ...

    def create_tables(self, progress: Progress = silent) -> Migration | None:
        """Make the tables that are missing; what is there stays.

        Tables of an older version are brought up to date first, in one transaction; returns what
        that did.
        """
        ...

    def replace_tables(self) -> None:
        """Remove every table with all that is in it and make it anew, empty, in one transaction."""
        ...

    def known_files(self) -> Ledger:
        """Return every version of a file that was loaded."""
        ...

    def staged_by(self) -> StagedBy:
        """Return the settings that what is staged depends on, once the ledger has been read."""
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

    def publish(self, run: Run, progress: Progress) -> None:
        """Stage, transform, audit, and enter into the ledger what was read, in one transaction.

        Raises QualityError when an audit finds rows, and PlanAgainError when the plan no longer
        holds; then nothing is published.
        """
        ...

    def refuse(self, run: Run) -> None:
        """Enter the run as refused, with its rejects, and nothing else.

        Raises PlanAgainError when the plan no longer holds.
        """
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
    if settings.engine == "redshift":
        from .redshift import reader as redshift

        yield redshift.open_reader(settings, progress=progress, for_user_sql=for_user_sql)
        return
    from .duckdb import reader as duckdb

    with duckdb.open_reader(
        settings, wait=wait, progress=progress, for_user_sql=for_user_sql
    ) as reader:
        yield reader


@contextmanager
def open_warehouse(
    settings: Settings, *, wait: float = 60.0, progress: Progress = silent
) -> Iterator[Warehouse]:
    """Open the configured warehouse for a load; a DuckDB database that is missing is made.

    Raises BusyError when another process holds it for longer than `wait` seconds.
    """
    if settings.engine == "redshift":
        from .redshift.loader import open_warehouse as open_redshift

        with open_redshift(settings, progress=progress) as warehouse:
            yield warehouse
        return
    from .duckdb.loader import open_warehouse as open_duckdb

    with open_duckdb(settings, wait=wait, progress=progress) as warehouse:
        yield warehouse


def read_ledger(settings: Settings, *, wait: float = 60.0, progress: Progress = silent) -> Ledger:
    """Read what is loaded, without changing anything; nothing is, where there is no warehouse.

    Raises BusyError when another process holds it for longer than `wait` seconds.
    """
    if settings.engine == "redshift":
        from .redshift import reader as redshift

        return redshift.read_ledger(settings, progress=progress)
    from .duckdb import reader as duckdb

    return duckdb.read_ledger(settings, wait=wait, progress=progress)


def export_tables(
    settings: Settings, tables: Sequence[str], address: str, *, wait: float, progress: Progress
) -> dict[str, str]:
    """Write tables as Parquet files under a folder, or from Redshift under an s3:// address.

    Returns where each table went. Raises UsageError, WarehouseError or BusyError.
    """
    if settings.engine == "redshift":
        from .redshift import reader as redshift

        return redshift.export_tables(settings, tables, address, progress=progress)
    from .duckdb import reader as duckdb

    return duckdb.export_tables(settings, tables, address, wait=wait, progress=progress)
