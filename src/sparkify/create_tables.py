"""The tables of the warehouse: create, drop and count them."""

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
    """Create the tables that are missing and migrate older ones; no row is lost.

    Returns {"tables": {name: rows}, "notes": [sentence]}. Raises WarehouseError or BusyError.
    """
    with open_warehouse(settings, wait=wait, progress=progress) as warehouse:
        migration = warehouse.create_tables(progress)
        notes = [migration.note] if migration else []
        return {"tables": row_counts(warehouse), "notes": notes}


def drop(settings: Settings, *, wait: float = 60.0, progress: Progress = silent) -> dict[str, Any]:
    """Drop every table with all of its rows, and create them again, empty.

    Returns {"tables": {name: rows}, "notes": []}. Raises WarehouseError or BusyError.
    """
    with open_warehouse(settings, wait=wait, progress=progress) as warehouse:
        warehouse.replace_tables()
        return {"tables": row_counts(warehouse), "notes": []}


def rows(settings: Settings, *, wait: float = 60.0, progress: Progress = silent) -> dict[str, int]:
    """Return the number of rows of each table, of any schema version; 0 for a missing one.

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
