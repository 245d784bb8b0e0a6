"""A load, from plan to answers: the one place that joins sources, warehouse and questions."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, get_args

from . import ledger, processes
from .analysis import Answer, ask
from .config import Settings
from .errors import TooManyRejectedError, WarehouseError
from .ledger import Plan
from .progress import Progress, silent
from .sources.files import Kind, hashed
from .sources.jsonpaths import read_keys
from .sources.listing import Listing, list_sources, some
from .sql_queries import Query, audit_queries, folder, needed, rebuild_audit_queries
from .staging.rules import EVENT_KEYS
from .status import contents
from .warehouse import (
    Counts,
    PlanAgainError,
    Run,
    StageReport,
    Warehouse,
    open_warehouse,
    read_ledger,
)
from .warehouse.schema_version import StagedBy

_ATTEMPTS = 4


@dataclass
class LoadReport:
    """What a load did.

    run_id: None when there was nothing to load. tables: rows of each table afterwards.
    staged_plays: NextSong events in staging afterwards; each is one of songplays.
    notes: what the user should know besides, in sentences.
    """

    engine: str
    run_id: int | None = None
    seconds: float = 0.0
    plan: Plan = field(default_factory=Plan)
    counts: dict[Kind, Counts] = field(
        default_factory=lambda: {"events": Counts(), "songs": Counts()}
    )
    staged_plays: int = 0
    tables: dict[str, int] = field(default_factory=dict)
    checks: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rebuilt: bool = False

    def as_json(self) -> dict[str, Any]:
        """Show the report in JSON values, with the keys that `sparkify etl --json` promises."""
        return {
            "run_id": self.run_id,
            "engine": self.engine,
            "seconds": round(self.seconds, 3),
            "files": {
                "new": len(self.plan.new),
                "changed": len(self.plan.changed),
                "skipped": self.plan.skipped,
            },
            "events": self.counts["events"].as_json(),
            "songs": self.counts["songs"].as_json(),
            "tables": self.tables,
            "checks": self.checks,
            "answers": [answer.as_json() for answer in self.answers],
            "plays": {"staged": self.staged_plays, "songplays": self.tables.get("songplays", 0)},
            "notes": self.notes,
        }


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let Python seek no cycles meanwhile: a load makes none, and keeps a row for each file loaded.

    Looking at all of them again and again is a third of a load with nothing new.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_uncollected()
@processes.ended()
def plan(
    settings: Settings, *, verify: bool = False, wait: float = 60.0, progress: Progress = silent
) -> Plan:
    """Say what a load would do (`etl --dry-run`), without changing anything.

    Raises SourceError when a source is missing or empty.
    """
    listing = list_sources(settings)
    known = read_ledger(settings, wait=wait, progress=progress)
    result = _plan(listing, known, verify=verify)
    result.migrates_from = known.migrates_from
    return result


@_uncollected()
@processes.ended()
def load(
    settings: Settings,
    *,
    rebuild: bool = False,
    verify: bool = False,
    answers: bool = True,
    wait: float = 60.0,
    progress: Progress = silent,
) -> LoadReport:
    """Load what is new or changed, publish it in one transaction, and answer the questions.

    rebuild: read no source; compute the star schema anew from staging.
    verify: tell a changed file by a hash of its content.
    wait: how many seconds to wait for another process that holds the warehouse.

    Raises SettingsError, SourceError, TooManyRejectedError, WarehouseError, QualityError or
    BusyError; then the warehouse answers as before, unless a WarehouseError says that the load was
    published.
    """
    began = time.monotonic()
    started_at = _now()
    listing = None if rebuild else list_sources(settings)
    with open_warehouse(settings, wait=wait, progress=progress) as warehouse:
        report = LoadReport(warehouse.engine)
        if migration := warehouse.create_tables(progress):
            report.notes.append(migration.note)
        if listing is None:
            warehouse.rebuild(progress)
            report.rebuilt = True
            report.checks = _passed(rebuild_audit_queries)
        else:
            report.notes += _unread(listing)
            load_new = partial(_load_new, warehouse, settings, report, listing, verify=verify)
            _planning_again(load_new, started_at, progress)
        with _behind_the_commit(report):
            found = contents(warehouse)
            report.tables = found.tables
            report.staged_plays = found.staged_plays
            report.counts = _counts(found.runs, report.run_id)
            if answers:
                progress("answering", 0, None, "questions")
                report.answers = ask(warehouse)
    report.seconds = time.monotonic() - began
    return report


@contextmanager
def _behind_the_commit(report: LoadReport) -> Iterator[None]:
    """Say of a failure that the work was done before, for a failed load has published nothing."""
    try:
        yield
    except WarehouseError as error:
        if report.run_id is not None:
            done = f"run {report.run_id} was published before"
        elif report.rebuilt:
            done = "the star was computed anew before"
        else:
            raise
        raise WarehouseError(f"{error.reason}; {done}", error.next_step, **error.details) from None


def _plan(listing: Listing, known: ledger.Ledger, *, verify: bool) -> Plan:
    result = ledger.plan(listing.files, known, verify=hashed if verify else None)
    result.ignored = listing.ignored
    return result


def _planning_again(
    load_new: Callable[[datetime, Progress], None], started_at: datetime, progress: Progress
) -> None:
    """Load; where another load came first, plan again from what it left, a few times."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            load_new(started_at, progress)
        except PlanAgainError as error:
            if attempt == _ATTEMPTS:
                raise
            progress(f"planning again: {error.reason}", attempt, _ATTEMPTS, "attempts")
        else:
            return


def _load_new(
    warehouse: Warehouse,
    settings: Settings,
    report: LoadReport,
    listing: Listing,
    started_at: datetime,
    progress: Progress,
    *,
    verify: bool,
) -> None:
    known = warehouse.known_files()
    keys = read_keys(settings, EVENT_KEYS)
    by = StagedBy.now(settings.mend_text, keys)
    by.require_kept(warehouse.staged_by())
    report.plan = _plan(listing, known, verify=verify)
    if not report.plan.files:
        return
    staged = warehouse.stage(report.plan, keys, progress)
    report.run_id = warehouse.newest_run() + 1
    refusal = _refusal(warehouse, settings, staged)
    run = Run(
        report.run_id,
        "refused" if refusal else "published",
        started_at,
        _now(),
        report.plan,
        staged.mended,
        by,
    )
    if refusal:
        warehouse.refuse(run)
        raise refusal
    warehouse.publish(run, progress)
    report.checks = _passed(needed(audit_queries, report.plan.kinds))
    with _behind_the_commit(report):
        shrunk = _shrunk(warehouse, report.plan, known)
    report.notes += [*_notes(listing, staged, keys), *staged.notes, *shrunk]


def _counts(runs: list[dict[str, Any]], run_id: int | None) -> dict[Kind, Counts]:
    """Take what became of the records of a run from the warehouse's own books."""
    run = next((run for run in runs if run["run_id"] == run_id), None)
    if run is None:
        return {"events": Counts(), "songs": Counts()}
    endings = ("read", "staged", "duplicate", "rejected", "mended")
    return {
        kind: Counts(*(int(run[f"{kind}_{ending}"]) for ending in endings))
        for kind in get_args(Kind)
    }


def _refusal(
    warehouse: Warehouse, settings: Settings, staged: StageReport
) -> TooManyRejectedError | None:
    """Make the error for too many rejects of a kind, or for none of its records to load at all."""
    for kind in get_args(Kind):
        read, rejected, weight = staged.read[kind], staged.rejected[kind], staged.weights[kind]
        weighed = read - rejected + weight  # a file that is no log counts as the records it holds
        if weight > max(settings.max_rejected_share * weighed, settings.max_rejected_rows):
            why = (
                f"{weight:,} of {weighed:,} {kind} were rejected: more than MAX_REJECTED_ROWS = "
                f"{settings.max_rejected_rows:,} and MAX_REJECTED_SHARE = "
                f"{settings.max_rejected_share:g}"
            )
            then = "then correct the files, or raise a limit in [ETL]."
        elif rejected and rejected == read and not _staged(warehouse, kind):
            why = f"all {kind} that were read were rejected, and none were loaded before"
            then = f"then correct the files: without {kind} there is no star."
        else:
            continue
        return TooManyRejectedError(
            f"{why} (one of them: {staged.first_rejects.get(kind, '')}); nothing was loaded",
            f"See why with `sparkify rejects`; {then}",
            read=read,
            rejected=rejected,
        )
    return None


def _staged(warehouse: Warehouse, kind: Kind) -> int:
    """Return how many records of a kind the warehouse holds."""
    totals = warehouse.read(folder("bookkeeping")["totals"].sql)
    return int(dict(zip(totals.columns, totals.rows[0], strict=True))[f"staged_{kind}"])


def _passed(audits: Iterable[Query]) -> list[dict[str, Any]]:
    """Name the audits, which all passed: one that does not stops the load."""
    return [{"name": query.name, "severity": "fail", "failures": 0} for query in audits]


def _unread(listing: Listing) -> list[str]:
    if not listing.unread:
        return []
    return [
        f"{len(listing.unread):,} names under the sources lead nowhere or in a circle, may not be "
        f"read, or are no files, and were passed over: {some(listing.unread)}. The next "
        "load takes what it can read then."
    ]


def _notes(listing: Listing, staged: StageReport, keys: tuple[str, ...]) -> list[str]:
    notes = []
    if others := sorted({*listing.ignored}.difference(listing.unread)):
        notes.append(
            "Passed over, for they do not end in .json, .jsonl or .ndjson (or these with .gz), or "
            f"begin with . or _: {len(others):,} under the sources, {some(others)}."
        )
    if staged.unknown:
        names = [f"{name} ({count:,})" for name, count in staged.unknown.most_common()]
        notes.append(
            "Unknown fields in the first 1,000 records of each log file, and in the first 1,000 "
            f"songs, were ignored: {some(names)}."
        )
    if missing := keys.count(""):
        notes.append(f"The JSONPaths file leaves out {missing} fields: their columns are NULL.")
    return notes


def _shrunk(warehouse: Warehouse, plan: Plan, known: ledger.Ledger) -> list[str]:
    """Say which changed files have fewer records than before: none of theirs is forgotten."""
    if not plan.changed:
        return []
    now = warehouse.known_files()
    fewer = [
        file.uri
        for file in plan.changed
        if (now[file.uri][-1].records_read or 0) < (known[file.uri][-1].records_read or 0)
    ]
    if not fewer:
        return []
    return [
        f"{len(fewer):,} changed files have fewer records than before; what they had stays in the "
        f"warehouse: {some(fewer)}. To forget it: `sparkify create-tables --drop`, then "
        "load."
    ]


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
