"""What the doctor examines on this machine: settings, versions, sources, the DuckDB database."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from .. import __version__, sql_queries, warehouse
from ..config import Settings
from ..config.keys import SETTINGS
from ..errors import SparkifyError, WarehouseError
from ..redact import mask_all
from ..sources.files import Kind
from ..sources.jsonpaths import read_keys
from ..sources.listing import list_source, some
from ..staging.rules import EVENT_KEYS

_LITTLE_SPACE = 1_000_000_000  # bytes free on the disk, below which a load may not fit


@dataclass(frozen=True)
class Finding:
    """One thing examined. trouble: the error that a command would meet with; None when it is ok."""

    check: str
    detail: str
    next_step: str = ""
    trouble: SparkifyError | None = None

    @classmethod
    def wrong(cls, check: str, error: SparkifyError) -> Finding:
        """Return the finding of an error."""
        return cls(check, mask_all(error.reason), mask_all(error.next_step), error)

    @property
    def ok(self) -> bool:
        """Whether no command would fail because of it."""
        return self.trouble is None

    def as_json(self) -> dict[str, Any]:
        """Return the finding in JSON values."""
        return {
            "check": self.check,
            "ok": self.ok,
            "detail": self.detail,
            "next_step": self.next_step,
        }


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "not installed; it comes with pip install 'sparkify[aws]'"


def examine(settings: Settings, origins: Mapping[str, str]) -> list[Finding]:
    """Return the findings about settings, versions and sources."""
    return [
        *_settings(settings, origins),
        Finding("version of sparkify", __version__),
        Finding("version of python", f"{platform.python_version()} on {platform.platform()}"),
        *(Finding(f"version of {name}", _version(name)) for name in ("duckdb", "boto3")),
        _source(settings, "events"),
        _jsonpaths(settings),
        _source(settings, "songs"),
    ]


def examine_database(settings: Settings) -> list[Finding]:
    """Return the findings about the DuckDB database and its folder."""
    return [_database(settings), _folder(settings)]


def _settings(settings: Settings, origins: Mapping[str, str]) -> Iterator[Finding]:
    for setting in SETTINGS.values():
        value = getattr(settings, setting.name)
        shown = "set, not shown" if setting.secret and value else mask_all(str(value)) or "(empty)"
        yield Finding(f"setting {setting.label}", f"{shown} ({origins[setting.name]})")


def _source(settings: Settings, kind: Kind) -> Finding:
    check = f"source of {kind}"
    address = settings.log_data if kind == "events" else settings.song_data
    try:
        listing = list_source(settings, kind)
    except SparkifyError as error:
        return Finding.wrong(check, error)
    unread = f"; ignored: {some(listing.unread)}" if listing.unread else ""
    size = listing.files.bytes / 1e6
    return Finding(check, f"{address}: {len(listing.files):,} files, {size:,.1f} MB{unread}")


def _jsonpaths(settings: Settings) -> Finding:
    check = "fields of events"
    try:
        keys = read_keys(settings, EVENT_KEYS)
    except SparkifyError as error:
        return Finding.wrong(check, error)
    named = sum(1 for key in keys if key)
    where = settings.log_jsonpath or "as the app writes them"
    return Finding(check, f"{where}: {named} of {len(keys)} fields")


def _database(settings: Settings) -> Finding:
    check = "database"
    if not settings.database.exists():
        detail = f"{settings.database} does not exist yet"
        return Finding(check, detail, "`sparkify etl` creates it and loads.")
    try:
        with warehouse.open_reader(settings, wait=0) as reader:
            versions = reader.read(sql_queries.folder("bookkeeping")["schema_version"].sql)
    except SparkifyError as error:
        return Finding.wrong(check, error)
    size = settings.database.stat().st_size / 1e6
    version = versions.rows[0][0] if versions.rows else 0
    return Finding(check, f"{settings.database}: opens, {size:,.1f} MB, schema version {version}")


def _folder(settings: Settings) -> Finding:
    """Examine whether the database can be written where it stands."""
    check, database = "permission to write", settings.database
    folder = next(one for one in database.absolute().parents if one.exists())
    for path in (database, folder) if database.exists() else (folder,):
        if not os.access(path, os.W_OK):
            next_step = "Change its permissions, or choose another file with --database."
            error = WarehouseError(f"permission denied: {path} is not writable", next_step)
            return Finding.wrong(check, error)
    free = shutil.disk_usage(folder).free
    little = "Make room: a load may not fit." if free < _LITTLE_SPACE else ""
    return Finding(check, f"{folder} is writable, {free / 1e9:,.1f} GB free", little)
