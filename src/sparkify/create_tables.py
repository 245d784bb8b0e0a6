"""The tables of the warehouse: made, counted, removed."""

from __future__ import annotations

from typing import Any

from .config import Settings
from .progress import Progress, silent
from .sql_queries import TABLES
from .status import row_counts
from .warehouse import open_warehouse


def create(
    settings: Settings, *, wait: float = 60.0, progress: Progress = silent
) -> dict[str, Any]:
    """Make the tables that are missing; no row is lost.

    Returns {"tables": {name: rows}}. Raises WarehouseError or BusyError.
    """
    with open_warehouse(settings, wait=wait, progress=progress) as warehouse:
        warehouse.create_tables()
        return {"tables": row_counts(warehouse)}


def drop(settings: Settings, *, wait: float = 60.0, progress: Progress = silent) -> dict[str, Any]:
    """Remove every table with all of its rows, and make them anew, empty.

    Returns {"tables": {name: rows}}. Raises WarehouseError or BusyError.
    """
    with open_warehouse(settings, wait=wait, progress=progress) as warehouse:
        warehouse.replace_tables()
        return {"tables": row_counts(warehouse)}


def rows(settings: Settings, *, wait: float = 60.0, progress: Progress = silent) -> dict[str, int]:
    """Count the rows of each table; those that are missing have none.

    Raises WarehouseError or BusyError.
    """
    if settings.engine == "duckdb" and not settings.database.exists():
        return dict.fromkeys(TABLES, 0)
    with open_warehouse(settings, wait=wait, progress=progress) as warehouse:
        warehouse.create_tables()
        return row_counts(warehouse)
