"""What the warehouse holds and how it came there: runs, freshness, rows, rejects."""

from __future__ import annotations

from typing import Any

from .sql_queries import count_queries, folder
from .warehouse import Reader, Table

SHOWN_RUNS = 10


def status(reader: Reader) -> dict[str, Any]:
    """Describe the warehouse in JSON values.

    Returns engine, tables {name: rows}, freshness {oldest_event, newest_event} (ISO text, UTC, or
    None), runs (the newest SHOWN_RUNS), and rejects [{kind, reason, records}].
    """
    bookkeeping = folder("bookkeeping")
    return {
        "engine": reader.engine,
        "tables": row_counts(reader),
        "freshness": _records(reader.read(bookkeeping["freshness"].sql))[0],
        "runs": _records(reader.read(bookkeeping["runs"].sql))[:SHOWN_RUNS],
        "rejects": _records(reader.read(bookkeeping["reject_reasons"].sql)),
    }


def staged_plays(reader: Reader) -> int:
    """Count the NextSong events in staging: as many as there must be songplays."""
    return int(reader.read(folder("bookkeeping")["staged_plays"].sql).rows[0][0])


def row_counts(reader: Reader) -> dict[str, int]:
    """Count the rows of each table."""
    return {query.name: int(reader.read(query.sql).rows[0][0]) for query in count_queries}


def rejects(reader: Reader, limit: int | None = None) -> Table:
    """List the rejected records, the newest run first; at most `limit` of them."""
    found = reader.read(folder("bookkeeping")["rejects"].sql)
    return Table(found.columns, found.rows[:limit])


def _records(table: Table) -> list[dict[str, Any]]:
    return [
        {
            column: value.isoformat(sep=" ") if hasattr(value, "isoformat") else value
            for column, value in zip(table.columns, row, strict=True)
        }
        for row in table.rows
    ]
