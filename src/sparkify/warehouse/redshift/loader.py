"""Load on Redshift: merge files into parts, then publish everything in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ... import sql_queries
from ...boto3_sql_util import MAX_STATEMENTS, StatementError, quote_literal
from ...config import Settings
from ...errors import BusyError, SourceError, SparkifyError, WarehouseError
from ...ledger import Plan
from ...progress import Progress, silent
from ...sources.listing import list_source
from ...sql_queries import SCHEMA_VERSION, TABLES, VIEWS, folder
from ...sql_queries.migrating import RECREATED
from ...staging.validate import corrections
from ...temporary import temporary_folder, writing
from .. import Run, StageReport, unfit_backup
from ..schema_version import Migration, StagedBy
from . import statements
from .copy_plan import choose
from .publish import (
    ATTEMPTS,
    CompactFirstError,
    Publication,
    Staged,
    WorkFolder,
    error_of,
    role_pauses,
    wait_for_role,
)
from .reader import EVENT_BYTES, RedshiftReader
from .statements import (
    OVERTAKEN,
    Batch,
    Step,
    database_user,
    dropped,
    fill,
    granting,
    plain,
)

_FORGOTTEN_AT_ONCE = 15  # an address has at most 4,096 bytes, a statement 100 KB
_BOOKKEEPING = folder("bookkeeping")
_MIGRATION = folder("migration")
_SQL = folder("redshift")


class RedshiftWarehouse(RedshiftReader):
    """The warehouse open for a load (the protocol `Warehouse`).

    workspace: a folder for the files of the load, removed by the caller.
    """

    def __init__(self, settings: Settings, workspace: Path, progress: Progress) -> None:
        super().__init__(settings, progress)
        self._workspace = workspace
        self._staged = Staged()
        self._stagings = 0
        self._open = ExitStack()
        self._compact_because = ""

    def close(self) -> None:
        """Close the files of the load."""
        self._open.close()

    def create_tables(self, progress: Progress = silent) -> Migration | None:
        """Create missing tables, with keys and layout; migrate those of an older version."""
        present = self.names()
        missing = [table for table in TABLES if table not in present]
        if missing and "warehouse_info" in present and self.schema_version() < SCHEMA_VERSION:
            done = self._migrate(progress)
            self._lay_out(RECREATED)
            return done
        if missing:
            self.run_steps(_creation(missing))
            self._lay_out(missing)
        elif not present.issuperset(VIEWS):
            self.run_steps(plain(sql_queries.create_view_queries))
            self._lay_out(())
        return None

    def _lay_out(self, tables: Sequence[str]) -> None:
        """Declare keys, set how tables are distributed and sorted, and describe all of them.

        As far as the engine can: that only makes a warehouse faster, or clearer; progress tells
        what was left out.
        """
        comments = plain(sql_queries.comment_queries())
        batches = [
            *(_altering(what, tables) for what in ("keys", "layout")),
            *(comments[n : n + MAX_STATEMENTS] for n in range(0, len(comments), MAX_STATEMENTS)),
        ]
        for batch in filter(None, batches):
            try:
                self.run_steps(batch)
            except StatementError:
                for step in batch:
                    self._try(step)

    def _try(self, step: Step) -> None:
        try:
            self.run_steps([step])
        except StatementError as error:
            if error.status != "FAILED":
                raise
            lost = "" if step.name.startswith("comment") else ", questions may be slower"
            told = f"{step.name} is left out{lost}: {error.message}"
            self._progress(told, 0, None, "")

    def replace_tables(self) -> None:
        """Drop every table and create it again, empty, in one transaction."""
        self.tables()  # refuses tables that are not ours
        removal = [*plain(sql_queries.drop_view_queries), dropped(TABLES)]
        self.run_steps([*removal, *_creation(TABLES)])
        self._lay_out(TABLES)

    def grant(self, identity: str) -> str:
        """Let another IAM identity load, ask and check; return its name in the database."""
        user = database_user(identity)
        try:
            self.run_steps(granting(user))
        except StatementError as error:
            if user not in error.message or "does not exist" not in error.message:
                raise
            raise WarehouseError(
                f"database {self._settings.redshift_database} has no user {user} yet",
                'Redshift makes it when they first connect: let them run `sparkify query "SELECT'
                ' 1"`, then run this command again.',
            ) from None
        return user

    def staged_by(self) -> StagedBy:
        """Return the settings that what is staged depends on, as of when the ledger was read."""
        return self.state.staged_by

    def newest_run(self) -> int:
        """Return the number of the run that was the newest when the ledger was read."""
        return self.state.newest_run

    def stage(self, plan: Plan, keys: Sequence[str], progress: Progress) -> StageReport:
        """Choose what COPY reads itself; read, validate and merge the rest into parts."""
        from ..duckdb.copy_files import stage_parts

        self._open.close()
        chosen = choose(self._settings, plan, keys, compact_only=bool(self._compact_because))
        others = Plan(new=[file for file in plan.files if file.kind not in chosen])
        self._staged = Staged(plan, keys, chosen, others)
        self._stagings += 1
        if not others.files:
            return StageReport()
        self._require_few_bytes(others)
        folder = self._workspace / str(self._stagings)
        with writing("preparing the load"):
            folder.mkdir()
        self._staged.parts = self._open.enter_context(
            stage_parts(self._settings, others, keys, folder, progress)
        )
        return self._staged.parts.report

    def _require_few_bytes(self, compact: Plan) -> None:
        """Raise SourceError where too much of S3 would be read through this machine."""
        size = sum(file.size for file in compact.files if file.uri.startswith("s3://"))
        most = self._settings.compact_max_bytes
        if self._settings.copy_mode == "compact" or size <= most:
            return
        why = self._compact_because or "not all of the files can be copied as they are"
        raise SourceError(
            f"{why}; {size:,} bytes would be read through this machine, more than "
            f"COMPACT_MAX_BYTES = {most:,}; nothing was loaded",
            "Set COMPACT_MAX_BYTES higher, run `sparkify etl` where it can ask, or give COPY fewer "
            "prefixes and larger files (docs/cloud.md).",
            bytes_through_here=size,
            copy_mode="compact" if self._compact_because else self._settings.copy_mode,
        )

    def publish(self, run: Run, progress: Progress) -> None:
        """Stage, transform, audit and enter what was read, in one transaction."""
        self._send(run, Batch.publish, progress)
        self._forget_vanished(run)

    def refuse(self, run: Run) -> None:
        """Enter the run as refused, with its rejects, and nothing else."""
        self._send(run, Batch.refuse, self._progress)

    def rebuild(self, progress: Progress) -> None:
        """Compute the star schema again from what is staged."""
        try:
            events = self.ledger_state().staged_events
            self.run_steps(statements.rebuild(), size=events * EVENT_BYTES)
        except StatementError as error:
            raise error_of(error, self._settings, self.connection, self._staged) from None

    def restore(
        self, files: Mapping[str, Sequence[Path]], rows: Mapping[str, int], progress: Progress
    ) -> None:
        """Take the Parquet files of a backup into the empty tables, in one transaction."""
        root = self.work_address(f"imports/{secrets.token_hex(16)}")
        progress("uploading", 0, None, "files")
        try:
            self.work.upload_many(
                [
                    (f"{root}/{table}/{path.name}", path)
                    for table, paths in files.items()
                    for path in paths
                ]
            )
            sources = {table: f"{root}/{table}/" for table in TABLES if files[table]}
            self.run_steps(statements.restore(sources, self.resources.role_arn, rows))
        except StatementError as error:
            if error.kind != "records":
                raise
            told = [one for one in sql_queries.restore_checks(rows) if one.name in error.message]
            broken = max(told, key=lambda check: len(check.name), default=None)
            what = (
                f"it breaks a check: {broken.purpose} ({broken.name})" if broken else error.message
            )
            raise unfit_backup(what) from None
        finally:
            with suppress(SparkifyError):  # else the bucket's lifecycle deletes it
                self.work.delete_all(f"{root}/")

    def _send(self, run: Run, steps: Callable[[Batch], list[Step]], progress: Progress) -> None:
        """Publish or refuse a run; remember when files have to be merged first."""
        publication = Publication(self, self._staged, run, self._workspace)
        try:
            try:
                publication.send(steps, progress)
            except StatementError as error:
                raise error_of(error, self._settings, self.connection, self._staged) from None
        except CompactFirstError as error:
            self._compact_because = error.reason
            raise

    def _forget_vanished(self, run: Run) -> None:
        """Remove files from the ledger that COPY may have read otherwise than they were listed.

        COPY by prefix takes what is there when it reads. A file that vanished or changed since is
        loaded again when it is seen again; what is there twice then counts as duplicates.
        """
        taken = [file for file in run.plan.files if file.kind in self._staged.direct]
        if not taken:
            return
        there: set[tuple[str, str]] = set()
        for kind in self._staged.direct:
            with suppress(SourceError):  # nothing is left there
                files = list_source(self._settings, kind).files
                there.update((file.uri, file.fingerprint) for file in files)
        gone = [file.uri for file in taken if (file.uri, file.fingerprint) not in there]
        for first in range(0, len(gone), _FORGOTTEN_AT_ONCE):
            uris = ", ".join(map(quote_literal, gone[first : first + _FORGOTTEN_AT_ONCE]))
            sql = fill(_SQL["forget_files"], {"run_id": run.run_id}, {"uris": uris})
            self.run_steps([Step("forget_files", sql)])

    # An older version

    def _migrate(self, progress: Progress) -> Migration:
        """Bring tables of an older version up to date, all or nothing.

        Raises BusyError when loads of the older program keep coming first, and StatementError.
        """
        version = self.schema_version()
        pauses, attempt = role_pauses(), 1
        while True:
            try:
                self._migrate_from(version)
            except StatementError as error:
                if wait_for_role(error, pauses, progress):
                    continue
                if not (error.name == OVERTAKEN or error.in_doubt or error.status == "ABORTED"):
                    raise
                if self.schema_version() < SCHEMA_VERSION:
                    if attempt == ATTEMPTS:
                        raise BusyError(
                            "the warehouse could not be brought up to date while others load into"
                            " it",
                            "Run the command again when they have finished.",
                        ) from None
                    attempt += 1
                    continue
            self.schema_version()
            return Migration.read(version, self.read(_MIGRATION["migrated"].sql).rows)

    def _migrate_from(self, version: int) -> None:
        """Make one attempt, from the run that is now the newest."""
        runs, suspects = self.read_all(
            [_BOOKKEEPING["runs"].sql, _MIGRATION["suspected_texts"].sql]
        )
        base_run = int(runs.rows[0][0]) if runs.rows else 0
        mend = self._settings.mend_text
        changed = corrections(str(text) for (text,) in suspects.rows) if mend else {}
        values: dict[str, str | int] = {
            "base_run": base_run,
            "run_id": str(base_run + 1),
            "from_version": version,
            "started_at": datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" "),
            "mend_text": int(mend),
        }
        work = WorkFolder(self, f"migrations/{secrets.token_hex(16)}", self._workspace)
        try:
            rows = ({"text_value": text, "mended": better} for text, better in changed.items())
            manifests = work.upload({"mended": [work.write("mended", rows)] if changed else []})
            self.run_steps(statements.migration(values, self.resources.role_arn, manifests))
        finally:
            work.clear()


def _creation(missing: Sequence[str]) -> list[Step]:
    made = [folder("tables")[table] for table in TABLES if table in missing]
    return plain([*made, *sql_queries.create_view_queries, _BOOKKEEPING["insert_warehouse_info"]])


def _altering(what: Literal["keys", "layout"], tables: Collection[str]) -> list[Step]:
    """Return ALTER TABLE statements; keys come before what refers to them."""
    queries = folder(f"redshift/{what}").values()
    steps = plain(query for query in queries if query.header["table"] in tables)
    return sorted(steps, key=lambda step: "_to_" in step.name)


@contextmanager
def open_warehouse(settings: Settings, *, progress: Progress) -> Iterator[RedshiftWarehouse]:
    """Open the warehouse for a load. Raises SettingsError when no infrastructure is there."""
    with ExitStack() as opened:
        with writing("making a folder for temporary files"):
            workspace = opened.enter_context(temporary_folder())
        yield opened.enter_context(closing(RedshiftWarehouse(settings, workspace, progress)))
