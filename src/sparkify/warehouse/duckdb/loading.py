"""A load on DuckDB: read into tables of its own, then publish in one transaction."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import duckdb

from ...config import Settings
from ...errors import QualityError
from ...ledger import Plan
from ...progress import Progress, silent
from ...sources.download import Fetch, SourceFetch
from ...sources.files import Kind
from ...sql_queries import (
    SCHEMA_VERSION,
    Query,
    adopt_queries,
    audit_queries,
    conflict_queries,
    count_queries,
    create_table_queries,
    create_view_queries,
    drop_table_queries,
    drop_view_queries,
    enter_queries,
    folder,
    insert_table_queries,
    needed,
    rebuild_audit_queries,
    rebuild_queries,
    refuse_queries,
    reject_queries,
    settle_queries,
    total_queries,
    within_days,
)
from ...sql_queries.migrating import derive_queries, scratch_queries
from ...temporary import temporary_folder
from .. import Run, StageReport
from ..staged_by import StagedBy
from ..versions import Migration
from .migration import migrate
from .reading import DuckDBReader, check_schema, close, connect, failures, holds_tables, transaction
from .staging import Stager

_BOOKKEEPING = folder("bookkeeping")
_SQL = folder("duckdb")
_PARTS = {"new_events": "part_of_events", "staging_songs": "part_of_songs"}
_PARTED = re.compile("|".join(_PARTS))
_SHOWN_ROWS = 10
# DuckDB reads 2,048 lines at a time, so this bounds how many files it holds at once.
_FILES_A_LINE = 32
_COUNT = {query.name: query for query in count_queries}


class DuckDBWarehouse(DuckDBReader):
    """The warehouse open for a load (the protocol `Warehouse`); nobody else can open it meanwhile.

    workspace: a folder for the files of the load, removed by whoever made it.
    fetch: gives the files of the sources. mend_text: whether to mend text that was encoded twice.
    schema_version: of its tables.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        workspace: Path,
        fetch: Fetch,
        *,
        mend_text: bool,
        schema_version: int = SCHEMA_VERSION,
    ) -> None:
        super().__init__(connection, schema_version)
        self._workspace = workspace
        self._fetch = fetch
        self._mend_text = mend_text
        self._stager: Stager | None = None
        self._plan = Plan()

    def close(self) -> None:
        """Let go of the file, and of those of the load."""
        if self._stager:
            self._stager.rejects.close()
        close(self._connection)

    def create_tables(self, progress: Progress = silent) -> Migration | None:
        """Make the tables that are missing, after bringing those of an older version up to date."""
        if self.schema_version < SCHEMA_VERSION:
            return self._migrate(progress)
        with self._transaction():
            self._create(without=self._views())
        return None

    def _migrate(self, progress: Progress) -> Migration:
        run_id = self.newest_run() + 1
        self.forget_staged()
        with self._transaction():
            done = migrate(self._run, run_id, self.schema_version, mend=self._mend_text)
            self._stand_for_new()
            self._run_all(derive_queries, progress, 0, len(derive_queries))
            self._audit(rebuild_audit_queries)
            self.forget_staged()
            self._run_all(scratch_queries)
        self.schema_version = SCHEMA_VERSION
        return done

    def replace_tables(self) -> None:
        """Remove every table with all that is in it and make it anew, empty, in one transaction."""
        with self._transaction():
            self._run_all((*drop_view_queries, *drop_table_queries))
            self._create()
        self.schema_version = SCHEMA_VERSION

    def _create(self, without: Collection[str] = ()) -> None:
        """Make the tables that are missing, and the views but those that are there.

        A view that is made again is written to the file, also by a load with nothing new.
        """
        self._run_all(create_table_queries)
        self._run_all([query for query in create_view_queries if query.name not in without])
        self._run(_BOOKKEEPING["insert_warehouse_info"])

    def _views(self) -> list[str]:
        """Name the views that the database has."""
        return [name for (name,) in self._run(_SQL["views_present"])]

    def staged_by(self) -> StagedBy:
        """Return the settings that what is staged depends on."""
        [(_, mend_text, jsonpaths_hash, *_)] = self._run(_BOOKKEEPING["totals"])
        return StagedBy.read(mend_text, jsonpaths_hash)

    def newest_run(self) -> int:
        """Return the number of the newest run, 0 before the first.

        All of every run is read, for the report of the load reads it behind the commit: damage in
        it has to be met while nothing is published.
        """
        runs = self.read(_BOOKKEEPING["runs"].sql).rows
        return int(runs[0][0]) if runs else 0

    def stage(self, plan: Plan, keys: Sequence[str], progress: Progress) -> StageReport:
        """Read the files of a plan into tables that no reader looks at."""
        self.forget_staged()
        self._plan = plan
        with failures("reading the sources"):
            self._stager = Stager(
                self._connection,
                keys,
                self._workspace,
                progress,
                self._fetch,
                mend_text=self._mend_text,
            )
            self._stager.stage(plan.files)
        return self._stager.report(plan.files)

    def publish(self, run: Run, progress: Progress) -> None:
        """Settle, enter, transform and audit what was read, in one transaction."""
        kinds = self._plan.kinds
        with self._transaction():
            days = {day for (day,) in self._run(_SQL["batch_days"])}
            transform = [within_days(query, days) for query in self._transform(kinds)]
            settle = [within_days(query, days) for query in needed(settle_queries, kinds)]
            steps = len(settle) + len(transform)
            done = self._run_all(settle, progress, 0, steps)
            self._reject_conflicts()
            self._enter(run)
            self._run_all((*reject_queries, *enter_queries, *total_queries))
            self._run_all(transform, progress, done, steps)
            progress("publishing", steps, steps, "steps")
            self._audit(within_days(query, days) for query in needed(audit_queries, kinds))
            self.forget_staged()

    def refuse(self, run: Run) -> None:
        """Enter the run as refused, with its rejects, and nothing else."""
        with self._transaction():
            self._enter(run)
            self._run_all(refuse_queries)
            self.forget_staged()

    def rebuild(self, progress: Progress) -> None:
        """Compute the star schema anew from what is staged."""
        self.forget_staged()
        with self._transaction():
            self._stand_for_new()
            self._run_all(rebuild_queries, progress, 0, len(rebuild_queries))
            self._audit(rebuild_audit_queries)

    def _stand_for_new(self) -> None:
        """Let everything that is staged stand for the records of a load."""
        for kind in get_args(Kind):
            self._run(_SQL[f"all_as_new_{kind}"])
            self._run(_SQL[f"none_ranked_{kind}"])

    def forget_staged(self) -> None:
        """Remove what a load has read and not published, also one that was killed."""
        tables = self.tables()
        for kind in get_args(Kind):
            name = f"new_{kind}"
            if name in tables:
                self._run(_SQL[f"drop_{name}"])
            else:
                self._run(_SQL[f"drop_view_{name}"])

    def _enter(self, run: Run) -> None:
        """Make the tables new_files, new_rejects and new_run."""
        assert self._stager is not None
        path = self._workspace / "files.ndjson"
        files, records_read = self._plan.files, self._stager.records_read
        with path.open("w", encoding="utf-8") as stream:
            # Column by column, for there may be a million of them.
            for first in range(0, len(files), _FILES_A_LINE):
                some = slice(first, first + _FILES_A_LINE)
                columns = {
                    "first": first,
                    "kind": files.kinds_of(some),
                    "uri": files.uris[some],
                    "size": files.sizes[some].tolist(),
                    "fingerprint": files.fingerprints[some],
                    "records_read": records_read[some],
                }
                stream.write(json.dumps(columns) + "\n")
        self._stager.rejects.flush()
        self._run(_SQL["create_new_files"], {"path": str(path)})
        self._run(_SQL["create_new_rejects"], {"path": str(self._stager.rejects.path)})
        self._run(
            _SQL["create_new_run"],
            {
                "run_id": run.run_id,
                "status": run.status,
                "started_at": run.started_at,
                "finished_at": run.finished_at,
                "files_new": len(run.plan.new),
                "files_changed": len(run.plan.changed),
                "files_skipped": run.plan.skipped,
                "events_mended": run.mended["events"],
                "songs_mended": run.mended["songs"],
                "mend_text": run.staged_by.mend_text,
                "jsonpaths_hash": run.staged_by.jsonpaths_hash,
            },
        )

    def _reject_conflicts(self) -> None:
        assert self._stager is not None
        for kind in get_args(Kind):
            self._stager.reject_conflicts(kind, self._run(conflict_queries[kind]))

    def _transform(self, kinds: Collection[str]) -> list[Query]:
        """Name the statements of the transform; a first load does not copy its events."""
        staged = {kind for kind in get_args(Kind) if self._has_staged(kind)}
        queries = needed(insert_table_queries, kinds, staged.intersection(kinds))
        if "events" in staged:
            return queries
        transform: list[Query] = []
        for query in queries:
            if query.name == "stage_events":
                transform += adopt_queries
            elif query.name != "match_late":  # there are no earlier plays
                transform.append(query)
        return transform

    def _has_staged(self, kind: Kind) -> bool:
        [(records,)] = self._run(_COUNT[f"staging_{kind}"])
        return bool(records)

    def _audit(self, queries: Iterable[Query]) -> None:
        for query in queries:
            if rows := self._run(query):
                raise QualityError(
                    f"{query.purpose} ({query.name}): {len(rows)} rows break this, the first is "
                    f"{rows[0]}; nothing was published",
                    "This is a fault of the program, not of the data: please report it. "
                    "`sparkify etl --rebuild` computes the star schema anew from staging.",
                    check=query.name,
                    rows=[[str(value) for value in row] for row in rows[:_SHOWN_ROWS]],
                )

    def _run_all(
        self,
        queries: Sequence[Query],
        progress: Progress | None = None,
        done: int = 0,
        steps: int = 0,
    ) -> int:
        for query in queries:
            if progress:
                progress("transforming", done, steps, "steps")
            if query.name == "insert_songplays":
                self._insert_songplays(query)
            else:
                self._run(query)
            done += 1
        return done

    def _insert_songplays(self, query: Query) -> None:
        """Match plays to a catalogue that is too large for the memory part by part.

        A join that goes to the disk writes every event there, with all its columns.
        """
        [(songs,)] = self._run(_COUNT["staging_songs"])
        [(at_once,)] = self._run(_SQL["songs_in_memory"])
        parts = max(1, -(-songs // at_once))
        if parts == 1:
            self._run(query)
            return
        in_part = replace(query, sql=_PARTED.sub(lambda table: _PARTS[table[0]], query.sql))
        views = [_SQL[view] for view in _PARTS.values()]
        for number in range(parts):
            self._run(_SQL["choose_part"], {"parts": parts, "number": number})
            for step in (*views, in_part):
                self._run(step)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with failures("publishing"), transaction(self._connection):
            yield


@contextmanager
def open_warehouse(
    settings: Settings, *, wait: float, progress: Progress
) -> Iterator[DuckDBWarehouse]:
    """Open the file for a load, and make it if it is missing.

    Raises BusyError when another process holds it for longer than `wait` seconds; WarehouseError
    when it is no warehouse, or one of a newer program.
    """
    with ExitStack() as opened:
        with failures("making a folder for temporary files"):
            workspace = opened.enter_context(temporary_folder())
        connection = connect(settings, read_only=False, wait=wait, progress=progress)
        fetch = SourceFetch(settings, workspace)
        warehouse = DuckDBWarehouse(connection, workspace, fetch, mend_text=settings.mend_text)
        try:
            if holds_tables(warehouse, settings.database):
                warehouse.schema_version = check_schema(warehouse, settings.database)
            yield warehouse
        finally:
            warehouse.close()


__all__: list[Any] = ["DuckDBWarehouse", "open_warehouse"]
