"""A load, from plan to answers: the only module that joins sources, warehouse and questions."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from . import ledger, processes
from .analysis import Answer, ask
from .config import Settings
from .errors import TooManyRejectedError, WarehouseError
from .ledger import Plan
from .progress import Progress, silent
from .sources.files import Kind, hashed
from .sources.jsonpaths import read_keys
from .sources.listing import Listing, list_sources, some
from .sql_queries import (
    HeaderError,
    Query,
    audit_queries,
    folder,
    needed,
    rebuild_audit_queries,
)
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

KINDS: tuple[Kind, ...] = get_args(Kind)
Status = Literal["published", "refused"]
_ATTEMPTS = 4
_LOG = logging.getLogger(__name__)


@dataclass
class LoadReport:
    """What a load did.

    run_id: None when there was nothing to load. tables: rows of each table afterwards.
    staged_plays: NextSong events in staging afterwards; each is one of songplays.
    notes: what else the user should know, in sentences.
    """

    engine: str
    run_id: int | None = None
    seconds: float = 0.0
    plan: Plan = field(default_factory=Plan)
    counts: dict[Kind, Counts] = field(default_factory=dict)
    staged_plays: int = 0
    tables: dict[str, int] = field(default_factory=dict)
    checks: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rebuilt: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the report in JSON values, with the keys of `sparkify etl --json`."""
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


class _Stages(logging.Filter):
    """Progress that logs each stage once, before passing it on; the run in the log of others."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.run_id: int | None = None
        self._progress = progress
        self._stage = ""

    def __call__(self, step: str, done: int, total: int | None, unit: str) -> None:
        if step != self._stage:
            self._stage = step
            self.log(step)
        self._progress(step, done, total, unit)

    def filter(self, record: logging.LogRecord) -> bool:
        """Name the run in the lines of other modules, such as those of `retry`."""
        if self.run_id and record.name != __name__:
            record.run = f"run {self.run_id}: "
        return True

    @contextmanager
    def naming_the_run(self) -> Iterator[None]:
        """Filter the log of the program within this block."""
        handlers = [*logging.getLogger(__package__).handlers]
        for handler in handlers:
            handler.addFilter(self)
        try:
            yield
        finally:
            for handler in handlers:
                handler.removeFilter(self)

    def log(self, message: str, level: int = logging.INFO) -> None:
        """Log a line; it must hold no value of a record."""
        _LOG.log(level, "run %s: %s" if self.run_id else "%s%s", self.run_id or "", message)


@processes.ended()
def plan(
    settings: Settings, *, verify: bool = False, wait: float = 60.0, progress: Progress = silent
) -> Plan:
    """Return what a load would do (`etl --dry-run`), without changing anything.

    Raises SourceError when a source is missing or empty.
    """
    listing = list_sources(settings)
    known = read_ledger(settings, wait=wait, progress=progress)
    result = _plan(listing, known, verify=verify)
    result.migrates_from = known.migrates_from
    return result


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

    rebuild: read no source; compute the star schema again from staging.
    verify: detect a changed file by a hash of its content.
    wait: how many seconds to wait for another process that holds the warehouse.

    Raises SettingsError, SourceError, TooManyRejectedError, WarehouseError, QualityError or
    BusyError; then the warehouse answers as before, unless a WarehouseError says that the load was
    published.
    """
    began = time.monotonic()
    started_at = _now()
    stages = _Stages(progress)
    if not rebuild:
        stages.log("listing sources")
        listing = list_sources(settings)
    with (
        stages.naming_the_run(),
        open_warehouse(settings, wait=wait, progress=stages) as warehouse,
    ):
        report = LoadReport(warehouse.engine)
        report.notes += _cost_at_risk(settings)
        if migration := warehouse.create_tables(stages):
            report.notes.append(migration.note)
        if rebuild:
            warehouse.rebuild(stages)
            stages.log("rebuilt the star from staging")
            report.rebuilt = True
            report.checks = _passed(rebuild_audit_queries)
        else:
            report.notes += _unread(listing)
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    _load_new(warehouse, settings, report, listing, started_at, stages, verify)
                    break
                except PlanAgainError as error:  # another load published first
                    if attempt == _ATTEMPTS:
                        raise
                    stages(f"planning again: {error.reason}", attempt, _ATTEMPTS, "attempts")
        with _after_the_commit(report):
            found = contents(warehouse)
            report.tables = found.tables
            report.staged_plays = found.staged_plays
            report.counts = _counts(found.runs, report.run_id)
            for kind, counts in report.counts.items() if report.run_id else ():
                amounts = (f"{amount} {word}" for word, amount in counts.as_json().items())
                stages.log(f"{kind}: {', '.join(amounts)}")
            if answers and report.checks:  # else nothing is new
                stages("answering", 0, None, "questions")
                try:
                    report.answers = ask(warehouse, own=settings.questions)
                except (HeaderError, WarehouseError) as error:
                    report.answers = ask(warehouse)
                    report.notes.append(f"Your own questions are left out: {error.reason}.")
    report.seconds = time.monotonic() - began
    return report


@contextmanager
def _after_the_commit(report: LoadReport) -> Iterator[None]:
    """Mark errors raised after the commit: otherwise a failed load has published nothing."""
    try:
        yield
    except WarehouseError as error:
        if report.run_id is not None:
            done = f"run {report.run_id} was published before"
        elif report.rebuilt:
            done = "the star was rebuilt before"
        else:
            raise
        raise WarehouseError(f"{error.reason}; {done}", error.next_step, **error.details) from None


def _plan(listing: Listing, known: ledger.Ledger, *, verify: bool) -> Plan:
    result = ledger.plan(listing.files, known, verify=hashed if verify else None)
    result.ignored = listing.ignored
    return result


def _load_new(
    warehouse: Warehouse,
    settings: Settings,
    report: LoadReport,
    listing: Listing,
    started_at: datetime,
    stages: _Stages,
    verify: bool,
) -> None:
    """Plan, stage, and publish or refuse what is new, and enter it into the report."""
    known = warehouse.known_files()
    keys = read_keys(settings, EVENT_KEYS)
    by = StagedBy.now(settings.mend_text, keys)
    by.require_kept(warehouse.staged_by())
    report.plan = _plan(listing, known, verify=verify)
    new = f"{len(report.plan.new)} new and {len(report.plan.changed)} changed files"
    if not report.plan.files:
        stages.log(f"nothing to load: {new}")
        return
    run_id = stages.run_id = warehouse.newest_run() + 1
    stages.log(f"staging {new}")
    staged = warehouse.stage(report.plan, keys, stages)
    refusal = _refusal(warehouse, settings, staged)
    status: Status = "refused" if refusal else "published"
    run = Run(run_id, status, started_at, _now(), report.plan, staged.mended, by)
    if refusal:
        warehouse.refuse(run)
        read, rejected = staged.read.total(), staged.rejected.total()
        stages.log(f"refused: {rejected} of {read} records rejected", logging.WARNING)
        raise refusal
    warehouse.publish(run, stages)
    stages.log("published")
    report.run_id = run_id
    report.checks = _passed(needed(audit_queries, report.plan.kinds))
    with _after_the_commit(report):
        shrunk = _shrunk(warehouse, report.plan, known)
    report.notes += [*_notes(listing, staged, keys), *staged.notes, *shrunk]


def _counts(runs: list[dict[str, Any]], run_id: int | None) -> dict[Kind, Counts]:
    """Return what became of the records of a run, from the warehouse's bookkeeping."""
    run = next((run for run in runs if run["run_id"] == run_id), {})
    columns = ("read", "staged", "duplicate", "rejected", "mended")
    return {kind: Counts(*(int(run.get(f"{kind}_{one}", 0)) for one in columns)) for kind in KINDS}


def _refusal(
    warehouse: Warehouse, settings: Settings, staged: StageReport
) -> TooManyRejectedError | None:
    """Return the error for too many rejects of a kind, or for no accepted record of it at all."""

    def staged_before(kind: Kind) -> int:
        totals = warehouse.read(folder("bookkeeping")["totals"].sql)
        return int(dict(zip(totals.columns, totals.rows[0], strict=True))[f"staged_{kind}"])

    for kind in KINDS:
        read, rejected, weight = staged.read[kind], staged.rejected[kind], staged.weights[kind]
        weighed = read - rejected + weight  # a file that is no log counts as the records it holds
        if weight > max(settings.max_rejected_share * weighed, settings.max_rejected_rows):
            why = (
                f"{weight:,} of {weighed:,} {kind} were rejected: more than MAX_REJECTED_ROWS = "
                f"{settings.max_rejected_rows:,} and MAX_REJECTED_SHARE = "
                f"{settings.max_rejected_share:g}"
            )
            then = "then correct the files, or raise a limit in [ETL]."
        elif rejected and rejected == read and not staged_before(kind):
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


def _passed(audits: Iterable[Query]) -> list[dict[str, Any]]:
    """Return the audits, which all passed: one that fails stops the load."""
    return [{"name": query.name, "severity": "fail", "failures": 0} for query in audits]


def _cost_at_risk(settings: Settings) -> list[str]:
    """Return a warning when Redshift computes without the usage limit of the settings."""
    if settings.engine == "duckdb":
        return []
    from . import iac

    return [note for note in [iac.limit_warning(settings)] if note]


def _unread(listing: Listing) -> list[str]:
    note = (
        f"{len(listing.unread):,} names under the sources lead nowhere or in a circle, may not be "
        f"read, or are not files, and were passed over: {some(listing.unread)}. The next "
        "load takes what it can read then."
    )
    return [note] if listing.unread else []


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
    """Return a note on changed files with fewer records than before: none of them is forgotten."""
    now = warehouse.known_files() if plan.changed else {}
    fewer = [
        file.uri
        for file in plan.changed
        if (now[file.uri][-1][2] or 0) < (known[file.uri][-1][2] or 0)
    ]
    note = (
        f"{len(fewer):,} changed files have fewer records than before; what they had stays in the "
        f"warehouse: {some(fewer)}. To forget it: `sparkify create-tables --drop`, then load."
    )
    return [note] if fewer else []


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
