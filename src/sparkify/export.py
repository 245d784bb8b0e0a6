"""The star schema as Parquet files, for tools that read those."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .config import Settings
from .errors import UsageError
from .progress import Progress, silent
from .sql_queries import STAR_TABLES
from .warehouse import export_tables


def export(
    settings: Settings, address: str | Path, *, wait: float = 60.0, progress: Progress = silent
) -> dict[str, Any]:
    """Write each table of the star schema as Parquet, replacing what was there.

    address: a folder, or from Redshift also an s3:// address, where UNLOAD writes several files a
    table.
    Returns {"folder": str(address), "files": {table: where}}.
    Raises UsageError when the folder is not writable or the engine cannot write to the address,
    WarehouseError or BusyError. A folder then holds what it held before.
    """
    if not str(address).strip():
        raise UsageError("the folder to export to has no name", "Name one, or . for this one.")
    if str(address).startswith("s3:") and settings.engine == "duckdb":
        raise UsageError(
            f"{address} is in S3, and from DuckDB an export goes to a folder on this machine",
            "Export to a folder, then copy it: `aws s3 cp --recursive DIR s3://...`.",
        )
    files = export_tables(settings, STAR_TABLES, str(address), wait=wait, progress=progress)
    return {"folder": str(address), "files": files}
