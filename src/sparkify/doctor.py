"""What is set, what is there, what can be reached; and for what is wrong, what to do."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from . import __version__, jsonpaths, sources, sql_queries, warehouse
from .config import Settings
from .config.keys import SETTINGS
from .errors import SparkifyError, WarehouseError
from .redact import mask_all
from .staging.rules import Kind

_LITTLE_SPACE = 1_000_000_000  # bytes free on the disk, below which a load may not fit


@dataclass(frozen=True)
class Finding:
    """One thing examined. trouble: the error that a command would meet with; None when it is ok."""

    check: str
    detail: str
    next_step: str = ""
    trouble: SparkifyError | None = None

    @property
    def ok(self) -> bool:
        """Tell whether it stands in nobody's way."""
        return self.trouble is None

    def as_json(self) -> dict[str, Any]:
        """Show the finding in JSON values."""
        return {
            "check": self.check,
            "ok": self.ok,
            "detail": self.detail,
            "next_step": self.next_step,
        }


def examine(settings: Settings, origins: Mapping[str, str]) -> list[Finding]:
    """Examine everything; what is wrong becomes a finding, never an error.

    origins: where each setting came from, as `config.load` gives it. Secrets are masked.
    """
    return [
        *_settings(settings, origins),
        *_versions(),
        _source(settings, "events"),
        _jsonpaths(settings),
        _source(settings, "songs"),
        *(_warehouse(settings) if settings.engine == "duckdb" else _cloud(settings)),
    ]


def worst(findings: list[Finding]) -> SparkifyError | None:
    """Sum up what is wrong as one error of the gravest kind (greatest exit code), if anything is.

    Its details hold all findings.
    """
    troubles = [(one.trouble, one) for one in findings if one.trouble]
    if not troubles:
        return None
    gravest, finding = max(troubles, key=lambda trouble: trouble[0].exit_code)
    names = ", ".join(one.check for _, one in troubles)
    return type(gravest)(
        f"{len(troubles)} of {len(findings)} findings are wrong: {names}",
        finding.next_step,
        findings=[one.as_json() for one in findings],
    )


def _wrong(check: str, error: SparkifyError) -> Finding:
    return Finding(check, mask_all(error.reason), mask_all(error.next_step), error)


def _settings(settings: Settings, origins: Mapping[str, str]) -> Iterator[Finding]:
    for setting in SETTINGS.values():
        value = getattr(settings, setting.name)
        shown = "set, not shown" if setting.secret and value else mask_all(str(value)) or "(empty)"
        yield Finding(f"setting {setting.label}", f"{shown} ({origins[setting.name]})")


def _versions() -> Iterator[Finding]:
    yield Finding("version of sparkify", __version__)
    yield Finding("version of python", f"{platform.python_version()} on {platform.platform()}")
    for library in ("duckdb", "boto3"):
        yield Finding(f"version of {library}", metadata.version(library))


def _source(settings: Settings, kind: Kind) -> Finding:
    check = f"source of {kind}"
    address = settings.log_data if kind == "events" else settings.song_data
    try:
        listing = sources.list_source(settings, kind)
    except SparkifyError as error:
        return _wrong(check, error)
    size = sum(listing.found.sizes) / 1e6
    unread = f"; passed over: {sources.some(listing.unread)}" if listing.unread else ""
    return Finding(check, f"{address}: {len(listing.found):,} files, {size:,.1f} MB{unread}")


def _jsonpaths(settings: Settings) -> Finding:
    check = "fields of events"
    try:
        keys = jsonpaths.read_keys(settings)
    except SparkifyError as error:
        return _wrong(check, error)
    named = sum(1 for key in keys if key)
    where = settings.log_jsonpath or "as the app writes them"
    return Finding(check, f"{where}: {named} of {len(keys)} fields")


def _warehouse(settings: Settings) -> Iterator[Finding]:
    yield _database(settings)
    yield _folder(settings.database)


def _cloud(settings: Settings) -> Iterator[Finding]:
    from . import doctor_cloud
    from .iac.account import refusals_told

    for check, examine in doctor_cloud.examinations(settings):
        try:
            with refusals_told(settings):
                found = examine()
            yield Finding(check, found)
        except SparkifyError as error:
            yield _wrong(check, error)


def _database(settings: Settings) -> Finding:
    check = "database"
    if not settings.database.exists():
        return Finding(
            check, f"{settings.database} is not there yet", "`sparkify etl` makes it and loads."
        )
    try:
        with warehouse.open_reader(settings, wait=0) as reader:
            versions = reader.read(sql_queries.folder("bookkeeping")["schema_version"].sql)
    except SparkifyError as error:
        return _wrong(check, error)
    size = settings.database.stat().st_size / 1e6
    version = versions.rows[0][0] if versions.rows else 0
    return Finding(check, f"{settings.database}: opens, {size:,.1f} MB, schema version {version}")


def _folder(database: Path) -> Finding:
    """Examine whether the database can be written where it stands."""
    check = "permission to write"
    folder = next(one for one in database.absolute().parents if one.exists())
    for path in (database, folder) if database.exists() else (folder,):
        if not os.access(path, os.W_OK):
            reason = f"{path} may not be written"
            next_step = "Change its permissions, or choose another file with --database."
            return _wrong(check, WarehouseError(reason, next_step))
    free = shutil.disk_usage(folder).free
    little = "Make room: a load may not fit." if free < _LITTLE_SPACE else ""
    return Finding(check, f"{folder} may be written, {free / 1e9:,.1f} GB free", little)
