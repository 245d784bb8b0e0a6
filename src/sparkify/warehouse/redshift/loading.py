"""A load on Redshift: files into parts, then everything in one batch, which is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ...boto3_sql_util import StatementError
from ...config import Settings
from ...errors import SourceError
from ...ledger import Ledger, Plan
from ...progress import Progress, silent
from ...sources.listing import list_source
from ...sql_queries import (
    SCHEMA_VERSION,
    TABLES,
    Query,
    create_table_queries,
    create_view_queries,
    drop_view_queries,
    folder,
)
from ...sql_queries.migrating import MADE_ANEW
from ...temporary import temporary_folder, writing
from .. import Run, StageReport
from ..schema_version import Migration, StagedBy
from . import batch, direct
from .batch import Batch, Step
from .failures import PutTogetherFirstError, judged
from .filling import fill, literals
from .migration import migrate
from .publishing import Publication, Staged
from .reading import LedgerState, RedshiftReader

_FORGOTTEN_AT_ONCE = 15  # an address is at most 4,096 bytes, a statement 100 KB
_BOOKKEEPING = folder("bookkeeping")
_SQL = folder("redshift")


class RedshiftWarehouse(RedshiftReader):
    """The warehouse open for a load (the protocol `Warehouse`).

    workspace: a folder for the files of the load, removed by whoever made it.
    """

    def __init__(self, settings: Settings, workspace: Path, progress: Progress) -> None:
        super().__init__(settings, progress)
        self._workspace = workspace
        self._state = LedgerState(0, 0, 0, 0)
        self._staged = Staged()
        self._stagings = 0
        self._open = ExitStack()
        self._compact_only = False

    def close(self) -> None:
        """Let go of the files of the load."""
        self._open.close()

    def create_tables(self, progress: Progress = silent) -> Migration | None:
        """Make the tables that are missing, with their keys and layout; what is there stays.

        Those of an older version are brought up to date first.
        """
        present = self.tables()
        missing = [table for table in TABLES if table not in present]
        if missing and "warehouse_info" in present and self.schema_version() < SCHEMA_VERSION:
            migration = migrate(self, self._workspace, progress, mend=self._settings.mend_text)
            self._at_once_or_singly(_keys(MADE_ANEW))
            self._at_once_or_singly(_layout(MADE_ANEW))
            return migration
        if missing:
            self._make(_creation(missing), missing)
        return None

    def _make(self, creation: Sequence[Step], tables: Sequence[str]) -> None:
        """Make tables in one transaction, with keys where they are taken; then lay them out."""
        keys = _keys(tables)
        try:
            self.run_steps([*creation, *keys])
        except StatementError as error:
            if error.status != "FAILED" or error.name not in ("", *(key.name for key in keys)):
                raise
            self.run_steps(creation)
            self._one_by_one(keys)
        self._at_once_or_singly(_layout(tables))

    def _at_once_or_singly(self, steps: Sequence[Step]) -> None:
        """Say how new tables lie: in one go, or, where a transaction will not have that, singly."""
        if not steps:
            return
        try:
            self.run_steps(steps)
        except StatementError:
            self._one_by_one(steps)

    def _one_by_one(self, steps: Sequence[Step]) -> None:
        """Run what makes a warehouse faster, and not more right; tell of what it will not have."""
        for step in steps:
            try:
                self._execute(step.sql, names=[step.name])
            except StatementError as error:
                if error.status != "FAILED":
                    raise
                told = f"{step.name} is left out, questions may be slower: {error.message}"
                self._progress(told, 0, None, "")

    def replace_tables(self) -> None:
        """Remove every table with all that is in it and make it anew, empty, in one transaction."""
        self.tables()  # refuses those of other people
        removal = [*_steps(drop_view_queries), batch.dropped(TABLES)]
        self._make([*removal, *_creation(TABLES)], TABLES)

    def known_files(self, state: LedgerState | None = None) -> Ledger:
        """Return every version of a file that was loaded, and note which run was the newest."""
        self._state = state or self.ledger_state()  # first: the batch fails if a newer run came
        return super().known_files(self._state)

    def staged_by(self) -> StagedBy:
        """Return the settings that what is staged depends on, as of when the ledger was read."""
        return self._state.staged_by

    def newest_run(self) -> int:
        """Return the number of the run that was the newest when the ledger was read."""
        return self._state.newest_run

    def stage(self, plan: Plan, keys: Sequence[str], progress: Progress) -> StageReport:
        """Choose what COPY reads itself; read, validate and put together the rest."""
        from ..duckdb.copy_files import stage_parts

        self._open.close()
        chosen = direct.choose(self._settings, plan, keys, compact_only=self._compact_only)
        others = Plan(new=[file for file in plan.files if file.kind not in chosen])
        self._staged = Staged(plan, keys, chosen, others)
        self._stagings += 1
        if not others.files:
            return StageReport()
        folder = self._workspace / str(self._stagings)
        with writing("preparing the load"):
            folder.mkdir()
        self._staged.parts = self._open.enter_context(
            stage_parts(self._settings, others, keys, folder, progress)
        )
        return self._staged.parts.report

    def publish(self, run: Run, progress: Progress) -> None:
        """Stage, transform, audit and enter what was read, in one transaction."""
        self._send(run, Batch.publish, progress)
        self._forget_vanished(run)

    def refuse(self, run: Run) -> None:
        """Enter the run as refused, with its rejects, and nothing else."""
        self._send(run, Batch.refuse, self._progress)

    def rebuild(self, progress: Progress) -> None:
        """Compute the star schema anew from what is staged."""
        with self._explained():
            self.run_steps(batch.rebuild())

    def _send(
        self, run: Run, statements: Callable[[Batch], list[Step]], progress: Progress
    ) -> None:
        with (
            self._explained(),
            Publication(self, self._staged, run, self._state, self._workspace) as publication,
        ):
            publication.send(statements, progress)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what a failed batch means; remember when files have to be put together first."""
        try:
            yield
        except StatementError as error:
            failure = judged(self._settings, self.connection, error, self._staged)
            self._compact_only |= isinstance(failure, PutTogetherFirstError)
            raise failure from None
        except PutTogetherFirstError:
            self._compact_only = True
            raise

    def _forget_vanished(self, run: Run) -> None:
        """Take files out of the ledger that COPY may have found otherwise than they were listed.

        COPY by prefix takes what is there when it looks. A file that vanished or changed since is
        loaded again when it is seen again; what is there twice then counts as duplicates.
        """
        taken = [file for file in run.plan.files if file.kind in self._staged.direct]
        if not taken:
            return
        there: dict[str, str] = {}
        for kind in self._staged.direct:
            with suppress(SourceError):  # nothing is left there
                listing = list_source(self._settings, kind)
                there |= {file.uri: file.fingerprint for file in listing.files}
        gone = [file.uri for file in taken if there.get(file.uri) != file.fingerprint]
        for first in range(0, len(gone), _FORGOTTEN_AT_ONCE):
            uris = literals(gone[first : first + _FORGOTTEN_AT_ONCE])
            sql = fill(_SQL["forget_files"], {"run_id": run.run_id}, {"uris": uris})
            self.run_steps([Step("forget_files", sql)])


def _creation(missing: Sequence[str]) -> list[Step]:
    """List the statements that make tables."""
    named = zip(TABLES, create_table_queries, strict=True)
    made = [query for table, query in named if table in missing]
    return _steps([*made, *create_view_queries, _BOOKKEEPING["insert_warehouse_info"]])


def _keys(missing: Sequence[str]) -> list[Step]:
    """List the statements that declare keys; keys come before what refers to them."""
    keys = sorted(folder("redshift/keys").values(), key=lambda query: "_to_" in query.name)
    return _steps(_of(keys, missing))


def _layout(missing: Sequence[str]) -> list[Step]:
    """List the statements that say how tables are distributed and sorted."""
    return _steps(_of(folder("redshift/layout").values(), missing))


def _of(queries: Iterable[Query], tables: Sequence[str]) -> list[Query]:
    return [query for query in queries if query.header["table"] in tables]


def _steps(queries: Iterable[Query]) -> list[Step]:
    return [Step(query.name, query.sql) for query in queries]


@contextmanager
def open_warehouse(settings: Settings, *, progress: Progress) -> Iterator[RedshiftWarehouse]:
    """Open the warehouse for a load. Raises SettingsError when no infrastructure is there."""
    with ExitStack() as opened:
        with writing("making a folder for temporary files"):
            workspace = opened.enter_context(temporary_folder())
        warehouse = RedshiftWarehouse(settings, workspace, progress)
        try:
            yield warehouse
        finally:
            warehouse.close()
