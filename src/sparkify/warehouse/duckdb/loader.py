"""A load on DuckDB: read into tables of its own, then publish in one transaction."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any, get_args

import duckdb

from ... import processes, sql_queries
from ...config import Settings
from ...errors import QualityError
from ...ledger import Plan
from ...progress import Progress, silent
from ...sources.download import SourceFetch
from ...sources.files import Kind, SourceFile, SourceFiles, moved
from ...sql_queries import SCHEMA_VERSION, Query, folder, needed, within_days
from ...sql_queries.migrating import derive_queries, migration_queries, scratch_queries
from ...staging.rejects import reject_losers
from ...staging.rules import fields_of
from ...staging.validate import corrections
from ...temporary import temporary_folder
from .. import Run, StageReport, unfit_backup
from ..schema_version import Migration, StagedBy
from .connection import close, closing, connect, failures, transaction, words
from .file_loaders import SQL, Batch, EventLoader, SongLoader
from .reader import DuckDBReader, stored_version

_BOOKKEEPING = folder("bookkeeping")
_MIGRATION = folder("migration")
_PARTS = {"new_events": "part_of_events", "staging_songs": "part_of_songs"}
_PARTED = re.compile("|".join(_PARTS))
_SHOWN_ROWS = 10
# DuckDB reads 2,048 lines at a time: this bounds how many files it has in memory.
_FILES_A_LINE = 32
_COUNT = {query.name: query for query in sql_queries.count_queries}
_MIGRATE = folder("duckdb/migration")
_ALL_READ = -1


class Stager(Batch):
    """Reads the source files of one load into new_events and new_songs.

    keys: the JSON key of each column of staging_events. settings: of the sources, and whether to
    mend text that was encoded twice.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        keys: Sequence[str],
        workspace: Path,
        progress: Progress,
        settings: Settings,
    ) -> None:
        mend_text = settings.mend_text
        fields = {kind: fields_of(kind, keys, mend_text=mend_text) for kind in get_args(Kind)}
        super().__init__(fields, workspace)
        self._connection = connection
        self._progress = progress
        self._fetch = SourceFetch(settings, workspace)
        self._files = SourceFiles()
        self._bytes_done = 0
        self._songs: Future[None] = Future()
        self._song_bytes: SimpleQueue[int] = SimpleQueue()

    def stage(self, files: SourceFiles) -> StageReport:
        """Read every file, under its number from 0; return what came of it.

        Raises SourceError when a file cannot be read or vanishes meanwhile.
        """
        self._files = files
        events = list(files.numbered("events"))
        self.records_read = [0] * len(files)
        with (
            closing(self._connection.cursor()) as beside,
            contextlib.closing(EventLoader(self._connection, "events", self, self._read)) as logs,
            contextlib.closing(SongLoader(beside, "songs", self, self._song_bytes.put)) as songs,
            self._beside(songs, files),
        ):
            for group in self._fetch.groups(events):
                logs.stage(group)
        for one in events:
            moved(one.file)  # raises where one vanished
        self.rejects.flush()
        report = StageReport(
            mended=Counter(dict(self._connection.execute(SQL["count_mended"].sql).fetchall())),
            unknown=logs.unknown + songs.unknown,
            notes=logs.notes + songs.notes,
        )
        report.read["events"] = sum(self.records_read[one.number] for one in events)
        report.read["songs"] = sum(self.records_read) - report.read["events"]
        for number, records in self.rejects.counts.items():
            report.rejected[files[number].kind] += records
            report.weights[files[number].kind] += self.rejects.weights[number]
        for number, first in self.rejects.firsts.items():
            report.first_rejects.setdefault(files[number].kind, f"{files[number].uri}, {first}")
        return report

    def reject_conflicts(self, kind: Kind, rows: Iterable[Sequence[Any]]) -> None:
        """Reject the records that lost their key. rows: of the conflicts query of a kind.

        Raises SourceError when a file no longer holds what was read from it.
        """
        reject_losers(rows, kind, self.fields[kind], self._files, self.rejects, self._fetch)

    @contextmanager
    def _beside(self, loader: SongLoader, files: SourceFiles) -> Iterator[None]:
        """Read songs in a thread meanwhile: Python joins small files while DuckDB parses logs."""
        stop = threading.Event()
        contents = self._fetch.read_songs(files)
        with ThreadPoolExecutor(1, "songs") as thread:
            self._songs = thread.submit(loader.stage, files.numbered("songs"), contents, stop)
            try:
                [(threads,)] = self._connection.execute(SQL["threads"].sql).fetchall()
                if threads == 1:  # there may not be the memory for both at a time
                    wait([self._songs])
                    processes.end()
                yield
                self._songs.add_done_callback(lambda _: self._song_bytes.put(_ALL_READ))
                for size in iter(self._song_bytes.get, _ALL_READ):
                    self._read(size)
            except BaseException:
                stop.set()
                raise
            self._songs.result()

    def _read(self, size: int) -> None:
        """Report progress, from this thread only; raise what stopped the songs."""
        self._bytes_done += size
        self._progress("reading", self._bytes_done, self._files.bytes, "bytes")
        if self._songs.done():
            self._songs.result()


class DuckDBWarehouse(DuckDBReader):
    """The warehouse open for a load (the protocol `Warehouse`), which locks out other processes.

    workspace: a folder for the files of the load. settings: see `Stager`.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, workspace: Path, settings: Settings
    ) -> None:
        super().__init__(connection)
        self._workspace = workspace
        self._settings = settings
        self._stager: Stager | None = None
        self._plan = Plan()

    def close(self) -> None:
        """Close the database, and the files of the load."""
        if self._stager:
            self._stager.rejects.close()
        close(self._connection)

    def create_tables(self, progress: Progress = silent) -> Migration | None:
        """Make the tables that are missing, after migrating those of an older version."""
        if self.schema_version < SCHEMA_VERSION:
            return self._migrate(progress)
        with self._transaction():
            self._create()
        return None

    def _migrate(self, progress: Progress) -> Migration:
        """Make all tables again, with what is staged and every run, and compute the star."""
        values = {
            "run_id": self.newest_run() + 1,
            "started_at": datetime.now(UTC).replace(tzinfo=None),
            "mend_text": int(self._settings.mend_text),
        }
        self.forget_staged()
        with self._transaction():
            self._run(_MIGRATE["create_migration"], values)
            suspects = self._run(_MIGRATION["suspected_texts"]) if self._settings.mend_text else []
            changed = corrections(text for (text,) in suspects)
            texts = {"texts": list(changed), "mended": list(changed.values())}
            self._run(_MIGRATE["create_mended_texts"], texts)
            self._run_all(migration_queries)
            migration = Migration.read(self.schema_version, self._run(_MIGRATION["migrated"]))
            self._stand_for_new()
            self._run_all(derive_queries, progress)
            self._audit(sql_queries.rebuild_audit_queries)
            self.forget_staged()
            self._run_all(scratch_queries)
            self._describe()
        self.schema_version = SCHEMA_VERSION
        return migration

    def replace_tables(self) -> None:
        """Replace every table by an empty one, in one transaction."""
        with self._transaction():
            self._run_all(sql_queries.drop_view_queries)
            self._run_all(sql_queries.drop_table_queries)
            self._create()
        self.schema_version = SCHEMA_VERSION

    def _create(self) -> None:
        """Make the tables and views that are missing.

        To make a view again writes to the file, which a load with nothing new should not.
        """
        present = {name for (name,) in self._run(SQL["views_present"])}
        self._run_all(sql_queries.create_table_queries)
        self._run_all(
            [query for query in sql_queries.create_view_queries if query.name not in present]
        )
        self._describe()
        self._run(_BOOKKEEPING["insert_warehouse_info"])

    def _describe(self) -> None:
        """Comment on the tables and views that carry no comment."""
        self._run_all(
            sql_queries.comment_queries([name for (name,) in self._run(SQL["described"])])
        )

    def staged_by(self) -> StagedBy:
        """Return the settings by which the staged records were loaded."""
        [(_, mend_text, jsonpaths_hash, *_)] = self._run(_BOOKKEEPING["totals"])
        return StagedBy.read(mend_text, jsonpaths_hash)

    def newest_run(self) -> int:
        """Return the number of the newest run, 0 before the first.

        Every run is read whole, as the report does after the commit: damage in the table has to
        show before anything is published.
        """
        runs = self.read(_BOOKKEEPING["runs"].sql).rows
        return int(runs[0][0]) if runs else 0

    def stage(self, plan: Plan, keys: Sequence[str], progress: Progress) -> StageReport:
        """Read the files of a plan into tables that no reader uses."""
        self.forget_staged()
        self._plan = plan
        with failures("reading the sources"):
            self._stager = Stager(self._connection, keys, self._workspace, progress, self._settings)
            return self._stager.stage(plan.files)

    def publish(self, run: Run, progress: Progress) -> None:
        """Settle, enter, transform and audit what was read, in one transaction."""
        kinds = self._plan.kinds
        with self._transaction():
            days = {day for (day,) in self._run(SQL["batch_days"])}
            settle = [
                within_days(query, days) for query in needed(sql_queries.settle_queries, kinds)
            ]
            steps = len(settle) + len(self._transform(kinds, kinds))
            self._run_all(settle, progress, 0, steps)
            assert self._stager is not None
            displacing = set()
            for kind in get_args(Kind):
                losers = self._run(sql_queries.conflict_queries[kind])
                self._stager.reject_conflicts(kind, losers)
                if any(outcome == "displaced" for *_, outcome in losers):
                    displacing.add(kind)
            transform = [within_days(query, days) for query in self._transform(kinds, displacing)]
            self._enter(run)
            self._run_all((*sql_queries.reject_queries, *sql_queries.enter_queries))
            self._run_all(sql_queries.total_queries)
            self._run_all(transform, progress, steps - len(transform), steps)
            progress("publishing", steps, steps, "steps")
            self._audit(
                within_days(query, days) for query in needed(sql_queries.audit_queries, kinds)
            )
            self.forget_staged()
            self._describe()

    def refuse(self, run: Run) -> None:
        """Enter the run as refused, with its rejects, and nothing else."""
        with self._transaction():
            self._enter(run)
            self._run_all(sql_queries.refuse_queries)
            self.forget_staged()

    def rebuild(self, progress: Progress) -> None:
        """Compute the star schema again from what is staged."""
        self.forget_staged()
        with self._transaction():
            self._stand_for_new()
            self._run_all(sql_queries.rebuild_queries, progress)
            self._audit(sql_queries.rebuild_audit_queries)

    def restore(
        self, files: Mapping[str, Sequence[Path]], rows: Mapping[str, int], progress: Progress
    ) -> None:
        """Take the Parquet files of a backup into the empty tables, in one transaction."""
        with self._transaction():
            self._run(sql_queries.empty_info)
            for done, (table, query) in enumerate(sql_queries.restore_queries("duckdb").items()):
                progress(f"importing {table}", done, len(rows), "tables")
                if paths := [str(path) for path in files[table]]:
                    try:
                        self._connection.execute(query.sql, {"files": paths})
                    except duckdb.Error as error:
                        what = words(error).split("\n")[0]
                        raise unfit_backup(f"{paths[0]} cannot be taken: {what}") from None
            progress("checking", len(rows), len(rows), "tables")
            for check in sql_queries.restore_checks(rows):
                if self._run(check):
                    raise unfit_backup(f"it breaks a check: {check.purpose} ({check.name})")

    def _stand_for_new(self) -> None:
        """Present everything staged as the records of a load."""
        for kind in get_args(Kind):
            self._run(SQL[f"all_as_new_{kind}"])
            self._run(SQL[f"none_ranked_{kind}"])

    def forget_staged(self) -> None:
        """Remove what a load, perhaps one that was killed, read and did not publish."""
        tables = self.tables()
        for name in ("new_events", "new_songs"):
            if name in tables:
                self._run(SQL[f"drop_{name}"])
            else:
                self._run(SQL[f"drop_view_{name}"])

    def _enter(self, run: Run) -> None:
        """Make the tables new_files, new_rejects and new_run."""
        assert self._stager is not None
        path = self._workspace / "files.ndjson"
        files, records_read = iter(self._plan.files), self._stager.records_read
        with path.open("w", encoding="utf-8") as stream:
            # In columns: there may be a million files.
            for first in range(0, len(records_read), _FILES_A_LINE):
                some = zip(*islice(files, _FILES_A_LINE), strict=True)
                columns = dict(zip(SourceFile._fields, some, strict=True))
                del columns["path"]  # which may be no UTF-8
                counts = records_read[first : first + _FILES_A_LINE]
                line = {"first": first, "records_read": counts, **columns}
                stream.write(json.dumps(line) + "\n")
        self._stager.rejects.flush()
        self._run(SQL["create_new_files"], {"path": str(path)})
        self._run(SQL["create_new_rejects"], {"path": str(self._stager.rejects.path)})
        self._run(
            SQL["create_new_run"],
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

    def _transform(self, kinds: Collection[str], displacing: Collection[str]) -> list[Query]:
        """Return the statements of the transform; a first load adopts its table of events."""
        queries = needed(sql_queries.insert_table_queries, kinds, displacing)
        [(staged,)] = self._run(_COUNT["staging_events"])
        if staged:
            return queries
        transform: list[Query] = []
        for query in queries:
            if query.name == "stage_events":
                transform += sql_queries.adopt_queries
            elif query.name != "match_late":  # there are no earlier plays
                transform.append(query)
        return transform

    def _audit(self, queries: Iterable[Query]) -> None:
        for query in queries:
            if rows := self._run(query):
                raise QualityError(
                    f"{query.purpose} ({query.name}): rows break this ({len(rows):,}), the first "
                    f"is {rows[0]}; nothing was published",
                    "This is a fault of the program, not of the data: please report it. "
                    "`sparkify etl --rebuild` computes the star schema again from staging.",
                    check=query.name,
                    rows=[[str(value) for value in row] for row in rows[:_SHOWN_ROWS]],
                )

    def _run_all(
        self, queries: Sequence[Query], progress: Progress = silent, done: int = 0, steps: int = 0
    ) -> None:
        for step, query in enumerate(queries, done):
            progress("transforming", step, steps or len(queries), "steps")
            if query.name == "insert_songplays":
                self._insert_songplays(query)
            else:
                self._run(query)

    def _insert_songplays(self, query: Query) -> None:
        """Insert plays, in parts where the catalogue is too large to be joined in memory.

        A join that spills would write every event to disk, with all its columns.
        """
        [(songs,)] = self._run(_COUNT["staging_songs"])
        [(at_once,)] = self._run(SQL["songs_in_memory"])
        parts = max(1, -(-songs // at_once))
        if parts == 1:
            self._run(query)
            return
        in_part = replace(query, sql=_PARTED.sub(lambda table: _PARTS[table[0]], query.sql))
        views = [SQL[view] for view in _PARTS.values()]
        for number in range(parts):
            self._run(SQL["choose_part"], {"parts": parts, "number": number})
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
    """Open the database for a load; make it if it is missing.

    Raises BusyError when another process holds it for longer than `wait` seconds, WarehouseError
    when it is no warehouse, or one of a newer program.
    """
    with ExitStack() as opened:
        with failures("making a folder for temporary files"):
            workspace = opened.enter_context(temporary_folder())
        connection = connect(settings, read_only=False, wait=wait, progress=progress)
        warehouse = DuckDBWarehouse(connection, workspace, settings)
        opened.callback(warehouse.close)
        warehouse.schema_version = stored_version(warehouse, settings.database) or SCHEMA_VERSION
        yield warehouse
