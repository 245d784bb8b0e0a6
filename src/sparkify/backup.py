"""A backup of a warehouse: every table as Parquet, and the way back into an empty one.

`backup.json` lies beside the tables' files and is written last: without it there is no backup.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .config import Settings
from .create_tables import rows
from .errors import BusyError, SourceError, UsageError
from .progress import Progress, silent
from .sql_queries import SCHEMA_VERSION, TABLES, backup_queries
from .status import row_counts
from .temporary import written_whole
from .warehouse import export, open_reader, open_warehouse

CONTENTS = "backup.json"
_FILE = re.compile(r"(?P<table>\w+?)(\.\d+)?\.parquet")
_NOT_HELD = ("warehouse_info", "load_lock")
"""Tables that have rows in an empty warehouse, or never any."""
_EXPORT_AGAIN = "Run `sparkify export DIR --all` again where the warehouse is."


def write(
    settings: Settings, folder: Path, *, wait: float = 60.0, progress: Progress = silent
) -> dict[str, Any]:
    """Write every table into a folder as Parquet, replacing an earlier backup in it.

    Returns {"folder": str, "files": {table: path}, "tables": {table: rows}}.
    Raises what `warehouse.export` raises, and BusyError when a load published meanwhile.
    """
    if str(folder).startswith("s3:"):
        raise UsageError(
            "a backup goes to a folder on this machine",
            "Export to a folder, then copy it: `aws s3 cp --recursive DIR s3://...`.",
        )
    with open_reader(settings, wait=wait, progress=progress) as reader:
        before = row_counts(reader)
    (folder / CONTENTS).unlink(missing_ok=True)
    done = export(settings, folder, wait=wait, progress=progress, queries=backup_queries)
    with open_reader(settings, wait=wait, progress=progress) as reader:
        after = row_counts(reader)
    if after != before:
        raise BusyError(
            "a load published while the tables were exported, so they do not fit each other",
            "Run the command again when no load is running.",
        )
    contents = {"schema_version": SCHEMA_VERSION, "tables": before}
    with written_whole(folder / CONTENTS) as draft:
        draft.write_text(json.dumps(contents, indent=1) + "\n", encoding="ascii")
    return done | {"tables": before}


def restore(
    settings: Settings, folder: Path, *, wait: float = 60.0, progress: Progress = silent
) -> dict[str, Any]:
    """Take a backup into an empty warehouse of either engine, in one transaction.

    Every quality check runs before it is committed.
    Returns {"folder": str, "tables": {table: rows}}.
    Raises SourceError for a backup that is incomplete, damaged, of another version, or breaks a
    check, and UsageError when the warehouse is not empty; then nothing is imported.
    """
    counted, files = _contents(folder)
    held = {
        table: count
        for table, count in rows(settings, wait=wait, progress=progress).items()
        if count and table not in _NOT_HELD
    }
    if held:
        table, count = next(iter(held.items()))
        raise UsageError(
            f"the warehouse is not empty ({table} has {count:,} rows); nothing was imported",
            "Import into a new one (--database), or run `sparkify create-tables --drop` first.",
            tables=held,
        )
    with open_warehouse(settings, wait=wait, progress=progress) as warehouse:
        warehouse.create_tables(progress)
        warehouse.restore(files, counted, progress)
    return {"folder": str(folder), "tables": counted}


def _contents(folder: Path) -> tuple[dict[str, int], Mapping[str, Sequence[Path]]]:
    """Return the rows and the files of each table of a backup. Raises SourceError."""
    try:
        contents = json.loads((folder / CONTENTS).read_bytes())
        version, counted = int(contents["schema_version"]), dict(contents["tables"])
        files: dict[str, list[Path]] = {table: [] for table in TABLES}
        for path in sorted(folder.iterdir()):
            if (match := _FILE.fullmatch(path.name)) and match["table"] in files:
                files[match["table"]].append(path)
    except FileNotFoundError:
        raise SourceError(
            f"{folder} holds no backup: {CONTENTS} is missing", _EXPORT_AGAIN
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{folder / CONTENTS} cannot be read: {error}", _EXPORT_AGAIN) from None
    if version != SCHEMA_VERSION:
        newer = version > SCHEMA_VERSION
        raise SourceError(
            f"{folder} is a backup of schema version {version}; this program has {SCHEMA_VERSION}",
            "Import it with a newer version of sparkify."
            if newer
            else "Import it with the version that wrote it, load once with this one, export again.",
        )
    missing = [t for t in TABLES if t not in counted or (counted[t] and not files[t])]
    if missing:
        raise SourceError(f"{folder} lacks {', '.join(missing)}", _EXPORT_AGAIN)
    return {table: int(counted[table]) for table in TABLES}, files
