"""The settings: flags > environment > the file dwh.cfg > defaults that work on DuckDB."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import SettingsError
from .file import DEFAULT_FILE, Given, from_environ, from_file
from .keys import SETTINGS


@dataclass(frozen=True)
class Settings:
    """What a run needs to know; `keys.SETTINGS` says what each field means and allows.

    Locations are paths relative to the current folder, absolute paths, or s3:// addresses.
    """

    engine: str = "duckdb"
    database: Path = Path("sparkify.duckdb")
    memory_limit: str = ""
    threads: int = 0
    log_data: str = "data/log_data"
    log_jsonpath: str = "data/log_json_path.json"
    song_data: str = "data/song_data"
    s3_region: str = "us-west-2"
    aws_key: str = field(default="", repr=False)
    aws_secret: str = field(default="", repr=False)
    aws_region: str = "us-east-1"
    iam_role_name: str = ""
    redshift_namespace: str = "sparkify"
    redshift_workgroup: str = "sparkify"
    redshift_database: str = "sparkify"
    redshift_base_capacity: int = 8
    redshift_max_capacity: int = 16
    redshift_usage_limit_rpu_hours: int = 16
    max_rejected_share: float = 0.01
    max_rejected_rows: int = 100
    mend_text: bool = True
    copy_mode: str = "auto"


def load(
    config_file: Path | None, environ: Mapping[str, str], flags: Mapping[str, str]
) -> tuple[Settings, dict[str, str]]:
    """Return the settings and, by field, where each came from.

    config_file: the file to read; None: `dwh.cfg` in the current folder, if there is one. Relative
        paths in it start at its folder, all others at the current folder.
    environ: the environment; variables named SPARKIFY_SECTION_KEY count.
    flags: texts by the names of the fields of Settings.
    An origin is `flag --database`, `environment SPARKIFY_S3_LOG_DATA`, `file dwh.cfg, line 3` or
    `default`.
    An empty text is as good as none, except for LOG_JSONPATH.
    Raises SettingsError for a missing file, an unknown section or key, and a bad value.
    """
    given: dict[str, Given] = {}
    said = [Given(SETTINGS[name], flags[name], f"flag {SETTINGS[name].flag}") for name in flags]
    for one in (*from_file(config_file), *from_environ(environ), *said):
        if one.text or one.setting.empty_counts:
            given[one.setting.name] = one
    found = {name: one.value() for name, one in given.items()}
    if "log_data" in given and "log_jsonpath" not in given:
        found["log_jsonpath"] = ""  # the default file describes the default logs only
    settings = Settings(**found)
    _agree(settings)
    return settings, {n: given[n].origin if n in given else "default" for n in SETTINGS}


def exposed_secret(config_file: Path | None, origins: Mapping[str, str]) -> str:
    """Return a warning if AWS keys come from a file that others can read; else ''."""
    path = config_file or DEFAULT_FILE
    secrets = [origins[one.name] for one in SETTINGS.values() if one.secret]
    in_file = any(origin.startswith("file ") for origin in secrets)
    if not in_file or not path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        return ""
    return f"{path} holds AWS keys and others can read it; run: chmod 600 {path}"


def _agree(settings: Settings) -> None:
    """Raise SettingsError for values that are valid alone and contradict each other."""
    if bool(settings.aws_key) != bool(settings.aws_secret):
        raise SettingsError(
            "[AWS] KEY and SECRET belong together, and only one of them is set",
            "Set both, or neither: then the standard AWS credential chain is used.",
        )
    if 0 < settings.redshift_max_capacity < settings.redshift_base_capacity:
        raise SettingsError(
            f"[REDSHIFT] MAX_CAPACITY is {settings.redshift_max_capacity}, less than"
            f" BASE_CAPACITY, which is {settings.redshift_base_capacity}",
            "Raise MAX_CAPACITY, or set it to 0 for no limit.",
        )
