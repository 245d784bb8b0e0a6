"""The star schema as Parquet files, for tools that read those."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .config import Settings
from .progress import Progress, silent
from .sql_queries import STAR_TABLES
from .warehouse import export_tables


def export(
    settings: Settings, address: str | Path, *, wait: float = 60.0, progress: Progress = silent
) -> dict[str, Any]:
    """Write each table of the star schema as Parquet, over what stood there.

    address: a folder (DuckDB: one file a table), or an s3:// address (Redshift: UNLOAD writes
    several files a table).
    Returns {"folder": str(address), "files": {table: where}}.
    Raises UsageError when the folder cannot be made, WarehouseError or BusyError.
    """
    files = export_tables(settings, STAR_TABLES, str(address), wait=wait, progress=progress)
    return {"folder": str(address), "files": files}
