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
    settings: Settings, folder: Path, *, wait: float = 60.0, progress: Progress = silent
) -> dict[str, Any]:
    """Write each table of the star schema to `folder/<table>.parquet`, over what stood there.

    Returns {"folder": path, "files": {table: path}}.
    Raises UsageError when the folder cannot be made, WarehouseError or BusyError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be made: {error.strerror}", "Name a folder that you may write to."
        ) from None
    files = {table: folder / f"{table}.parquet" for table in STAR_TABLES}
    export_tables(settings, files, wait=wait, progress=progress)
    return {
        "folder": str(folder),
        "files": {table: str(path) for table, path in files.items()},
    }
