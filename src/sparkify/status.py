"""What the warehouse holds and where it came from: runs, freshness, rows, rejects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .sql_queries import Query, count_queries, folder
from .table import Table
from .warehouse import Reader

SHOWN_RUNS = 10

_BOOKKEEPING = folder("bookkeeping")


def status(reader: Reader) -> dict[str, Any]:
    """Return the state of the warehouse in JSON values.

    That is engine, tables {name: rows}, freshness {oldest_event, newest_event} (ISO text, UTC, or
    None), runs (the newest SHOWN_RUNS), and rejects [{kind, reason, records}].
    """
    wanted = [_BOOKKEEPING[name] for name in ("freshness", "runs", "reject_reasons")]
    counts, (freshness, runs, rejects) = _counts_and(reader, wanted)
    return {
        "engine": reader.engine,
        "tables": counts,
        "freshness": _records(freshness)[0],
        "runs": _records(runs)[:SHOWN_RUNS],
        "rejects": _records(rejects),
    }


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
    return counts, found[len(count_queries) :]


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
