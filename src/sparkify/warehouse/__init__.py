"""The protocols of a warehouse, and how to open or export the configured one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ..errors import BusyError, SourceError, UsageError, WarehouseError
from ..ledger import Ledger, Plan
from ..progress import Progress, silent
from ..sources.files import Kind
from ..sql_queries import Query, export_queries
from ..table import Table
from .schema_version import Migration, StagedBy

if TYPE_CHECKING:
    from ..config import Settings


class Reader(Protocol):
    """A warehouse open for questions."""

    engine: str

    def read(self, sql: str) -> Table:
        """Run one read-only statement and return its rows. Raises WarehouseError when it fails."""
        ...

    def read_all(self, statements: Sequence[str]) -> list[Table]:
        """Run several read-only statements; return the rows of each, in order.

        Raises WarehouseError when one fails.
        """
        ...


def own_error(error: WarehouseError, reader: Reader, own: Sequence[Query]) -> WarehouseError:
    """Return the error of several statements as that of the user's own one that fails, if one does.

    own: those of the statements that are the user's.
    """
    for query in own:
        try:
            reader.read(query.sql)
        except WarehouseError as found:
            return WarehouseError(f"{query.name}.sql: {found.reason}", found.next_step)
    return error


@dataclass(frozen=True)
class Run:
    """A load as the ledger records it; times in UTC without a zone.

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
    """What came of reading the files of a load.

    read, rejected, mended: how many records of each kind were read, rejected, or had text that was
    encoded twice. weights: for how many records the rejected ones count (a whole file that is no
    log counts as many). unknown: how often each unknown field stood in the sampled records. notes:
    on files, in sentences. first_rejects: where a reject of each kind is, and why.
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
        """Return the counts by name."""
        return asdict(self)


class PlanAgainError(BusyError):
    """Another load came first: plan again from the ledger as it is now. Nothing was published."""


class Warehouse(Reader, Protocol):
    """A warehouse open for a load.

    Two loads never publish from the same state of the ledger: on DuckDB one load at a time holds
    the database; on Redshift the later of two has to plan again.
    """

    def tables(self) -> list[str]:
        """Return the names of the tables that exist."""
        ...

    def create_tables(self, progress: Progress = silent) -> Migration | None:
        """Make the tables that are missing, after migrating those of an older version.

        The migration is one transaction; returns what it did.
        """
        ...

    def replace_tables(self) -> None:
        """Replace every table by an empty one, in one transaction."""
        ...

    def known_files(self) -> Ledger:
        """Return every version of a file that was loaded."""
        ...

    def staged_by(self) -> StagedBy:
        """Return the settings of the staged records. Read the ledger first."""
        ...

    def newest_run(self) -> int:
        """Return the number of the newest run, 0 before the first."""
        ...

    def stage(self, plan: Plan, keys: Sequence[str], progress: Progress) -> StageReport:
        """Read the files of a plan; nothing is visible before it is published.

        keys: the JSON key of each column of staging_events.
        Raises SourceError when a file cannot be read.
        """
        ...

    def publish(self, run: Run, progress: Progress) -> None:
        """Stage, transform, audit, and enter what was read into the ledger, in one transaction.

        Raises QualityError when an audit finds rows, PlanAgainError when the plan is outdated; then
        nothing is published.
        """
        ...

    def refuse(self, run: Run) -> None:
        """Enter the run as refused, with its rejects. Raises PlanAgainError as `publish` does."""
        ...

    def rebuild(self, progress: Progress) -> None:
        """Compute the star schema again from what is staged."""
        ...

    def restore(
        self, files: Mapping[str, Sequence[Path]], rows: Mapping[str, int], progress: Progress
    ) -> None:
        """Take the Parquet files of a backup into the empty tables, in one transaction.

        rows: how many each table has to have then. Raises SourceError when it has not, a file
        cannot be read, or a quality check finds rows; then nothing is imported.
        """
        ...


def unfit_backup(why: str) -> SourceError:
    """Return the error of a backup that was not imported. why: what is wrong with it."""
    return SourceError(
        f"the backup cannot be imported: {why}; nothing was imported",
        "Take another backup: this one was changed or cut short after it was written.",
    )


def open_reader(
    settings: Settings,
    *,
    wait: float = 60.0,
    progress: Progress = silent,
    for_user_sql: bool = False,
    limit: int | None = None,
) -> AbstractContextManager[Reader]:
    """Open the configured warehouse for questions; see the engine's own function for errors.

    for_user_sql: for statements that a user wrote, which may only read, each at most `limit` rows.
    """
    if settings.engine == "redshift":
        from .redshift import reader as redshift

        if for_user_sql:
            return nullcontext(redshift.QueryReader(settings, progress, limit))
        return nullcontext(redshift.RedshiftReader(settings, progress))
    from .duckdb import reader as duckdb

    return duckdb.open_reader(
        settings, wait=wait, progress=progress, for_user_sql=for_user_sql, limit=limit
    )


def open_warehouse(
    settings: Settings, *, wait: float = 60.0, progress: Progress = silent
) -> AbstractContextManager[Warehouse]:
    """Open the configured warehouse for a load; a DuckDB database that is missing is made.

    Raises BusyError when another process holds it for longer than `wait` seconds.
    """
    if settings.engine == "redshift":
        from .redshift import loader as redshift

        return redshift.open_warehouse(settings, progress=progress)
    from .duckdb import loader as duckdb

    return duckdb.open_warehouse(settings, wait=wait, progress=progress)


def copy_database(
    settings: Settings,
    copy: Path,
    *,
    names: bool = False,
    wait: float = 60.0,
    progress: Progress = silent,
) -> Settings:
    """Copy the DuckDB file while no load runs; return settings that name the copy.

    names: whether it may hold the names of listeners.
    Raises BusyError when a load takes longer than `wait` seconds, WarehouseError.
    """
    from .duckdb.reader import copy_database as copied

    return copied(settings, copy, names=names, wait=wait, progress=progress)


def grant(settings: Settings, identity: str, progress: Progress = silent) -> dict[str, str]:
    """Let another IAM identity load, ask and check in the warehouse of these settings.

    identity: the ARN of a user or role, or its name in the database, `IAM:USER` or `IAMR:ROLE`.
    Returns {"identity": as given, "user": its name in the database}.
    Raises UsageError, WarehouseError.
    """
    if settings.engine == "duckdb":
        raise UsageError(
            "a DuckDB database has no users",
            "Whoever may read and write its file may use it: change the file's permissions.",
        )
    from .redshift.loader import open_warehouse as opened

    with opened(settings, progress=progress) as warehouse:
        return {"identity": identity, "user": warehouse.grant(identity)}


def read_ledger(settings: Settings, *, wait: float = 60.0, progress: Progress = silent) -> Ledger:
    """Return what is loaded: nothing, where there is no warehouse yet.

    Raises BusyError when another process holds it for longer than `wait` seconds.
    """
    if settings.engine == "redshift":
        from .redshift import reader as redshift

        return redshift.read_ledger(settings, progress=progress)
    from .duckdb import reader as duckdb

    return duckdb.read_ledger(settings, wait=wait, progress=progress)


def export(
    settings: Settings,
    address: str | Path,
    *,
    wait: float = 60.0,
    progress: Progress = silent,
    narrowed: Callable[[str], str] = str,
    queries: Mapping[str, str] = export_queries,
) -> dict[str, Any]:
    """Write each table of the star schema, and each view, as Parquet, replacing what was there.

    address: a folder, or from Redshift also an s3:// address, where UNLOAD writes several files a
    table. narrowed: makes of a SELECT the one that reads a part of the plays (`part_of`).
    queries: the SELECT of each table, where others are wanted.
    Returns {"folder": str(address), "files": {table: where}}.
    Raises UsageError when the folder is not writable or the engine cannot write to the address,
    WarehouseError or BusyError. A folder then holds what it held before.
    """
    place = str(address)
    if not place.strip():
        raise UsageError("the folder to export to has no name", "Name one, or . for this one.")
    queries = {name: narrowed(sql) for name, sql in queries.items()}
    if settings.engine == "redshift":
        from .redshift import reader as redshift

        files = redshift.export_tables(settings, queries, place, progress=progress)
        return {"folder": place, "files": files}
    if place.startswith("s3:"):
        raise UsageError(
            f"{place} is in S3, and from DuckDB an export goes to a folder on this machine",
            "Export to a folder, then copy it: `aws s3 cp --recursive DIR s3://...`.",
        )
    from .duckdb import reader as duckdb

    files = duckdb.export_tables(settings, queries, place, wait=wait, progress=progress)
    return {"folder": place, "files": files}
