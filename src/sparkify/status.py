"""What the warehouse holds and where it came from: runs, freshness, rows, rejects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .errors import QualityError
from .sql_queries import TABLES, Query, count_queries, folder
from .table import Table
from .warehouse import Reader

SHOWN_RUNS = 10

_BOOKKEEPING = folder("bookkeeping")


def status(reader: Reader) -> dict[str, Any]:
    """Return the state of the warehouse in JSON values.

    That is engine, tables {name: rows}, freshness {oldest_event, newest_event} (ISO text, UTC, or
    None), runs (the newest SHOWN_RUNS), rejects [{kind, reason, records}], and refused: None unless
    the newest run was, else {run_id, finished_at, read, rejected, reasons [{kind, reason, records,
    uri, line_number, message}]}, the last three those of a sample.
    """
    wanted = [_BOOKKEEPING[name] for name in ("freshness", "runs", "reject_reasons", "refused")]
    counts, (freshness, runs, rejects, refused) = _counts_and(reader, wanted)
    return {
        "engine": reader.engine,
        "tables": counts,
        "freshness": _records(freshness)[0],
        "runs": _records(runs)[:SHOWN_RUNS],
        "rejects": _records(rejects),
        "refused": _refusal(_records(runs), _records(refused)),
    }


def stale(found: dict[str, Any], most: timedelta, now: datetime) -> QualityError | None:
    """Return the error where the newest event or published load of a status is older than `most`.

    Where there is none it is older than any time.
    """
    published = (run["finished_at"] for run in found["runs"] if run["status"] == "published")
    newest = {"event": found["freshness"]["newest_event"], "load": next(published, None)}
    for what, when in newest.items():
        if when is None:
            age = f"there is no {what} yet"
        elif now - datetime.fromisoformat(when).replace(tzinfo=UTC) > most:
            age = f"the newest {what} is of {when[:19]} UTC"
        else:
            continue
        limit = str(most).removesuffix(", 0:00:00")
        return QualityError(
            f"{age}: older than {limit}",
            "See whether `sparkify etl` still runs, and what comes to the sources:"
            " `sparkify inspect`.",
            status=found,
        )
    return None


def refusal(reader: Reader) -> dict[str, Any] | None:
    """Return the newest run with what was rejected, if it was refused; see `status`."""
    runs, refused = reader.read_all([_BOOKKEEPING[name].sql for name in ("runs", "refused")])
    return _refusal(_records(runs), _records(refused))


def _refusal(runs: list[dict[str, Any]], refused: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not refused:
        return None
    kept = {key: runs[0][key] for key in ("run_id", "finished_at")}
    counts = {
        part: sum(runs[0][f"{kind}_{part}"] for kind in ("events", "songs"))
        for part in ("read", "rejected")
    }
    return kept | counts | {"reasons": refused}


@dataclass(frozen=True)
class Contents:
    """What a warehouse holds after a load.

    tables: rows of each table. staged_plays: NextSong events in staging, each of which must be
    one of songplays. runs: every run, the newest first, as rows of etl_runs by column.
    """

    tables: dict[str, int]
    staged_plays: int
    runs: list[dict[str, Any]]


def contents(reader: Reader) -> Contents:
    """Return what the warehouse holds."""
    wanted = [_BOOKKEEPING[name] for name in ("staged_plays", "runs")]
    counts, (plays, runs) = _counts_and(reader, wanted)
    return Contents(counts, int(plays.rows[0][0]), _records(runs))


def row_counts(reader: Reader) -> dict[str, int]:
    """Return the number of rows of each table."""
    return _counts_and(reader, [])[0]


def _counts_and(reader: Reader, more: list[Query]) -> tuple[dict[str, int], list[Table]]:
    """Return the rows of each table and the answers of more queries, in one round trip."""
    found = reader.read_all([query.sql for query in (*count_queries, *more)])
    counted = zip(count_queries, found, strict=False)
    counts = {query.name: int(table.rows[0][0]) for query, table in counted}
    return dict.fromkeys(TABLES, 0) | counts, found[len(count_queries) :]


def rejects(reader: Reader, limit: int | None = None) -> Table:
    """Return the rejected records, the newest run first; at most `limit` of them."""
    found = reader.read(_BOOKKEEPING["rejects"].sql)
    return Table(found.columns, found.rows[:limit])


def _records(table: Table) -> list[dict[str, Any]]:
    return [
        {
            column: value.isoformat(sep=" ") if hasattr(value, "isoformat") else value
            for column, value in zip(table.columns, row, strict=True)
        }
        for row in table.rows
    ]
