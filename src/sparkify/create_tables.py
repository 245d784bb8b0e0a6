"""The tables of the warehouse: made, counted, removed."""

from __future__ import annotations

from typing import Any

from .config import Settings
from .progress import Progress, silent
from .sql_queries import TABLES, count_queries
from .status import row_counts
from .warehouse import open_warehouse


def create(
    settings: Settings, *, wait: float = 60.0, progress: Progress = silent
) -> dict[str, Any]:
    """Make the tables that are missing; no row is lost. Older ones are brought up to date.

    Returns {"tables": {name: rows}, "notes": [sentence]}. Raises WarehouseError or BusyError.
    """
    with open_warehouse(settings, wait=wait, progress=progress) as warehouse:
        migration = warehouse.create_tables(progress)
        notes = [migration.note] if migration else []
        return {"tables": row_counts(warehouse), "notes": notes}


def drop(settings: Settings, *, wait: float = 60.0, progress: Progress = silent) -> dict[str, Any]:
    """Remove every table with all of its rows, and make them anew, empty.

    Returns {"tables": {name: rows}, "notes": []}. Raises WarehouseError or BusyError.
    """
    with open_warehouse(settings, wait=wait, progress=progress) as warehouse:
        warehouse.replace_tables()
        return {"tables": row_counts(warehouse), "notes": []}


def rows(settings: Settings, *, wait: float = 60.0, progress: Progress = silent) -> dict[str, int]:
    """Count the rows of each table, of whatever version; those that are missing have none.

    Raises WarehouseError or BusyError.
    """
    if settings.engine == "duckdb" and not settings.database.exists():
        return dict.fromkeys(TABLES, 0)
    with open_warehouse(settings, wait=wait, progress=progress) as warehouse:
        present = warehouse.tables()
        counted = [query for query in count_queries if query.name in present]
        found = warehouse.read_all([query.sql for query in counted]) if counted else []
        rows = {query.name: int(one.rows[0][0]) for query, one in zip(counted, found, strict=True)}
        return dict.fromkeys(TABLES, 0) | rows
