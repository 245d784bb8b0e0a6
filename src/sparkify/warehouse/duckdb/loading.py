"""A load on DuckDB: read into tables of its own, then publish in one transaction."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import duckdb

from ...config import Settings
from ...errors import QualityError
from ...fetching import Fetch, SourceFetch
from ...ledger import Plan
from ...progress import Progress
from ...sql_queries import (
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
from ...staging.conflicts import Ranked, reject_losers
from ...staging.reading import NumberedFiles
from ...staging.rules import Kind
from ...temporary import temporary_folder
from .. import Run, StageReport
from ..staged_by import StagedBy
from .reading import DuckDBReader, check_schema, close, connect, failures, holds_tables
from .staging import Stager

_BOOKKEEPING = folder("bookkeeping")
_SQL = folder("duckdb")
KEYS: dict[Kind, tuple[str, ...]] = {
    "events": ("event_ms", "userid", "sessionid", "iteminsession"),
    "songs": ("song_id",),
}
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
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        workspace: Path,
        fetch: Fetch,
        *,
        mend_text: bool,
    ) -> None:
        super().__init__(connection)
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

    def create_tables(self) -> None:
        """Make the tables that are missing; what is there stays."""
        with self._transaction():
            self._create()

    def replace_tables(self) -> None:
        """Remove every table with all that is in it and make it anew, empty, in one transaction."""
        with self._transaction():
            self._run_all((*drop_view_queries, *drop_table_queries))
            self._create()

    def _create(self) -> None:
        self._run_all((*create_table_queries, *create_view_queries))
        self._run(_BOOKKEEPING["insert_warehouse_info"])

    def staged_by(self) -> StagedBy:
        """Return the settings that what is staged depends on."""
        [(_, mend_text, jsonpaths_hash, *_)] = self._run(_BOOKKEEPING["totals"])
        return StagedBy(None if mend_text is None else bool(mend_text), jsonpaths_hash)

    def newest_run(self) -> int:
        """Return the number of the newest run, 0 before the first.

        All of every run is read, for the report of the load reads it behind the commit: damage in
        it has to be met while nothing is published.
        """
        runs = self._run(_BOOKKEEPING["runs"])
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
            for kind in get_args(Kind):
                self._run(_SQL[f"all_as_new_{kind}"])
                self._run(_SQL[f"none_ranked_{kind}"])
            self._run_all(rebuild_queries, progress, 0, len(rebuild_queries))
            self._audit(rebuild_audit_queries)

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
            ranked = [
                Ranked(tuple(row), source_file, outcome)
                for *row, source_file, outcome in self._run(conflict_queries[kind])
            ]
            if ranked:
                numbered = NumberedFiles(self._plan.files)
                fields = self._stager.fields[kind]
                reject_losers(
                    ranked, KEYS[kind], fields, numbered, self._stager.rejects, self._fetch
                )

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
        with failures("publishing"):
            self._connection.begin()
            try:
                yield
            except BaseException:
                with suppress(duckdb.Error):  # a failure may have ended the transaction
                    self._connection.rollback()
                raise
            self._connection.commit()


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
                check_schema(warehouse, settings.database)
            yield warehouse
        finally:
            warehouse.close()


__all__: list[Any] = ["DuckDBWarehouse", "open_warehouse"]
