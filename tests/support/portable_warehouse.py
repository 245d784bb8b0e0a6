"""A warehouse made of the portable statements alone, on any engine: loads, refusals, rebuilds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from oracle import COLUMNS, File, Row, is_listed, is_mended, pieces, record
from oracle_fields import Kind
from sparkify.sql_queries import (
    TABLES,
    Query,
    audit_queries,
    conflict_queries,
    create_table_queries,
    create_view_queries,
    enter_queries,
    folder,
    insert_table_queries,
    rebuild_audit_queries,
    rebuild_queries,
    refuse_queries,
    reject_queries,
    settle_queries,
    total_queries,
)
from sql_engines import Engine

KINDS: tuple[Kind, ...] = ("events", "songs")
BEGINNING = datetime(2018, 11, 3)


@dataclass
class Batch:
    """The files of one load, read. files: as in new_files. rejects: of records that are bad.

    mended: how many records of each kind had text that was encoded twice.
    """

    run_id: int
    files: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    songs: list[Row] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)
    mended: Counter[Kind] = field(default_factory=Counter)


HASH = "0" * 64
LOAD_TABLES = {
    "new_files": "source_file INTEGER, kind VARCHAR(16), uri VARCHAR(4096), size BIGINT,"
    " fingerprint VARCHAR(128), records_read BIGINT",
    "new_rejects": "source_file INTEGER, line_number BIGINT, line_place BIGINT, reason VARCHAR(16),"
    " message VARCHAR(1024), raw_text VARCHAR(16384)",
    "new_run": "run_id BIGINT, status VARCHAR(16), started_at TIMESTAMP, finished_at TIMESTAMP,"
    " files_new BIGINT, files_changed BIGINT, files_skipped BIGINT, events_mended BIGINT,"
    " songs_mended BIGINT, mend_text INTEGER, jsonpaths_hash VARCHAR(64)",
}
"""What a load provides beside new_events and new_songs, with its columns."""


def read(files: Sequence[File], run_id: int) -> Batch:
    """Read the files of a load as the second implementation does."""
    batch = Batch(run_id)
    files = [file for file in files if is_listed(file.uri)]
    for number, file in enumerate(files):
        found = pieces(file)
        for piece in found:
            row, wrong = None, piece.wrong
            if not wrong:
                row, wrong = record(file.kind, piece.content)
            if row is None:
                place = (number, piece.line, piece.place)
                batch.rejects.append((*place, min(wrong), "bad", "its text"))
            else:
                batch.mended[file.kind] += is_mended(file.kind, piece.content)
                (batch.events if file.kind == "events" else batch.songs).append((*row, number))
        fingerprint = f"{len(file.content)}-{run_id}"
        batch.files.append(
            (number, file.kind, file.uri, len(file.content), fingerprint, len(found))
        )
    return batch


class Warehouse:
    """The warehouse on one engine, driven as the product drives DuckDB (`duckdb/loader.py`).

    ran: every portable statement that has run, by its text.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.ran: set[str] = set()
        self._temporary: list[str] = []
        self.run_all((*create_table_queries, *create_view_queries))
        self.ask("insert_warehouse_info")
        self.ask("insert_warehouse_info")

    def run_all(self, queries: Iterable[Query]) -> dict[str, Counter[Row]]:
        """Run statements; returns the rows of each."""
        return {query.name: Counter(self.run(query)) for query in queries}

    def run_in_order(self, queries: Iterable[Query]) -> dict[str, list[Row]]:
        """Run statements that say in which order their rows come."""
        return {query.name: self.run(query) for query in queries}

    def run(self, query: Query) -> list[Row]:
        """Run one statement as it stands."""
        made = re.match(r"CREATE TEMPORARY TABLE (\w+)", query.sql)
        self._temporary += [made[1]] if made else []
        self.ran.add(query.sql)
        return self.engine.run(query.sql)

    def ask(self, name: str) -> list[Row]:
        """Run a statement of the bookkeeping."""
        return self.run(folder("bookkeeping")[name])

    def load(self, batch: Batch, left_out: str = "") -> dict[str, Counter[Row]]:
        """Load, and return what the audits find. left_out: a statement of the transform to skip."""
        with self.transaction():
            return self.load_within(batch, left_out)

    def load_within(self, batch: Batch, left_out: str = "") -> dict[str, Counter[Row]]:
        """Load in a transaction that is open already."""
        self._fill_batch(batch)
        self.run_all(settle_queries)
        self._enter(batch, "published", self._conflicts())
        self.run_all((*reject_queries, *enter_queries, *total_queries))
        self.run_all(query for query in insert_table_queries if query.name != left_out)
        audits = self.run_all(audit_queries)
        self._forget()
        return audits

    def refuse(self, batch: Batch) -> None:
        """Enter a load that was refused for its rejects."""
        with self.transaction():
            self._enter(batch, "refused", [])
            self.run_all(refuse_queries)
            self._forget()

    def rebuild(self) -> dict[str, Counter[Row]]:
        """Compute the star anew, and return what the audits find."""
        with self.transaction():
            for kind in KINDS:
                self._temporary += [f"ranked_{kind}"]
                self.engine.run(f"CREATE TEMPORARY VIEW new_{kind} AS SELECT * FROM staging_{kind}")
                self.engine.run(
                    f"CREATE TEMPORARY TABLE ranked_{kind} AS SELECT *, 0 AS source_file,"
                    f" CAST('' AS VARCHAR(16)) AS outcome FROM staging_{kind} WHERE 1 = 0"
                )
            self.run_all(rebuild_queries)
            audits = self.run_all(rebuild_audit_queries)
            self._forget()
            for kind in KINDS:
                self.engine.run(f"DROP VIEW new_{kind}")
        return audits

    def tables(self) -> dict[str, Counter[Row]]:
        """Every row of every table."""
        return {name: Counter(self.engine.run(f"SELECT * FROM {name}")) for name in TABLES}

    @contextmanager
    def transaction(self, *, keep: bool = True) -> Iterator[None]:
        """All or nothing; with keep false, nothing."""
        self.engine.run("BEGIN")
        try:
            yield
        except BaseException:
            keep = False
            raise
        finally:
            self.engine.run("COMMIT" if keep else "ROLLBACK")

    def _fill_batch(self, batch: Batch) -> None:
        for kind, rows in (("events", batch.events), ("songs", batch.songs)):
            staging = folder("tables")[f"staging_{kind}"].sql
            opening = f"CREATE TABLE IF NOT EXISTS staging_{kind} ("
            assert opening in staging
            self._temporary += [f"new_{kind}"]
            self.engine.run(
                staging.replace(opening, f"CREATE TEMPORARY TABLE new_{kind} (source_file INTEGER,")
            )
            columns = [*COLUMNS["events" if kind == "events" else "songs"], "source_file"]
            self.engine.fill(f"new_{kind}", columns, rows)

    def _conflicts(self) -> list[Row]:
        """The rejects of records that yield, as the product finds them in their files."""
        places = [
            source_file
            for query in conflict_queries.values()
            for *_, source_file, outcome in self.run(query)
            if outcome in ("conflict", "kept")  # a displaced one stands where its winner does
        ]
        return [
            (source_file, 1_000_000 + n, 1, "conflict", "it yields", "")
            for n, source_file in enumerate(sorted(places))
        ]

    def _enter(self, batch: Batch, status: str, conflicts: list[Row]) -> None:
        moment = BEGINNING + timedelta(hours=batch.run_id)
        files = len(batch.files), 0, batch.run_id * 10
        mended = (batch.mended["events"], batch.mended["songs"])
        run = (batch.run_id, status, moment, moment, *files, *mended, 1, HASH)
        rows = {
            "new_files": batch.files,
            "new_rejects": batch.rejects + conflicts,
            "new_run": [run],
        }
        for name, declared in LOAD_TABLES.items():
            self._temporary += [name]
            self.engine.run(f"CREATE TEMPORARY TABLE {name} ({declared})")
            columns = [column.split()[0] for column in declared.split(", ")]
            self.engine.fill(name, columns, rows[name])

    def _forget(self) -> None:
        for name in self._temporary:
            self.engine.run(f"DROP TABLE {name}")
        self._temporary = []
