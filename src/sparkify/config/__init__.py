"""The settings: flags > environment > the file dwh.cfg > defaults that work on DuckDB."""

from __future__ import annotations

import difflib
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from . import file
from .keys import PREFIX, SETTINGS, Setting

DEFAULT_FILE = Path("dwh.cfg")


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


@dataclass(frozen=True)
class _Given:
    """A value as text, where it came from, and the folder at which its relative path starts."""

    setting: Setting
    text: str
    origin: str
    folder: Path = Path()

    def value(self) -> Any:
        allowed = self.setting.kind.allowed
        try:
            return self.setting.kind.parse(self.text, self.folder)
        except ValueError:
            shown = "its value" if self.setting.secret else repr(self.text)
            raise SettingsError(
                f"{self.setting.label} ({self.origin}): {shown} is not {allowed}",
                "Correct it and run the command again.",
                setting=self.setting.label,
                origin=self.origin,
                allowed=allowed,
            ) from None


def load(
    config_file: Path | None, environ: Mapping[str, str], flags: Mapping[str, str]
) -> tuple[Settings, dict[str, str]]:
    """Gather the settings.

    config_file: the file to read; None: `dwh.cfg` in the current folder, if there is one. Relative
        paths in it start at its folder, all others at the current folder.
    environ: the environment; variables named SPARKIFY_SECTION_KEY count.
    flags: texts by the names of the fields of Settings.
    Returns the settings and, by field, where each came from: `flag --database`,
    `environment SPARKIFY_S3_LOG_DATA`, `file dwh.cfg, line 3`, or `default`.
    An empty text is as good as none, except for LOG_JSONPATH.
    Raises SettingsError for a missing file, an unknown section or key, and a bad value.
    """
    given: dict[str, _Given] = {}
    for one in (*_from_file(config_file), *_from_environ(environ), *_from_flags(flags)):
        if one.text or one.setting.empty_counts:
            given[one.setting.name] = one
    found = {name: one.value() for name, one in given.items()}
    if "log_data" in given and "log_jsonpath" not in given:
        found["log_jsonpath"] = ""  # the default file describes the default logs only
    settings = Settings(**found)
    _agree(settings)
    return settings, {n: given[n].origin if n in given else "default" for n in SETTINGS}


def exposed_secret(config_file: Path | None, origins: Mapping[str, str]) -> str:
    """Warn, in one sentence, of AWS keys that come from a file that others can read; else ''."""
    path = config_file or DEFAULT_FILE
    secrets = [origins[one.name] for one in SETTINGS.values() if one.secret]
    if not any(origin.startswith("file ") for origin in secrets):
        return ""
    if not path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        return ""
    return f"{path} holds AWS keys and others can read it; run: chmod 600 {path}"


def _from_file(config_file: Path | None) -> Iterator[_Given]:
    path = config_file or DEFAULT_FILE
    if config_file is None and not path.exists():
        return
    for entry in file.read(path):
        origin = f"file {entry.path}, line {entry.line}"
        yield _Given(_known(entry), entry.value, origin, path.parent)


def _from_environ(environ: Mapping[str, str]) -> Iterator[_Given]:
    known = {one.variable: one for one in SETTINGS.values()}
    for variable, text in environ.items():
        if variable in known:
            yield _Given(known[variable], text, f"environment {variable}")
        elif variable.startswith(PREFIX) and (near := _nearest(variable, known, 0.85)):
            raise SettingsError(
                f"the environment variable {variable} is not a setting",
                f"Did you mean {near}? Rename or unset it.",
                variable=variable,
            )


def _from_flags(flags: Mapping[str, str]) -> Iterator[_Given]:
    for name, text in flags.items():
        yield _Given(SETTINGS[name], text, f"flag {SETTINGS[name].flag}")


def _known(entry: file.Entry) -> Setting:
    """Find the setting that a line of the file means."""
    keys = {one.key: one for one in SETTINGS.values() if one.section == entry.section}
    if not keys:
        sections = {one.section for one in SETTINGS.values()}
        what = f"unknown section [{entry.section}]"
        raise file.wrong(entry, what, _suggestion(entry.section, sections))
    if entry.key not in keys:
        elsewhere = [one.label for one in SETTINGS.values() if one.key == entry.key]
        hint = f"Did you mean {elsewhere[0]}?" if elsewhere else _suggestion(entry.key, keys)
        raise file.wrong(entry, f"unknown key {entry.key} in [{entry.section}]", hint)
    return keys[entry.key]


def _suggestion(name: str, names: Iterable[str]) -> str:
    near = _nearest(name, names)
    return f"Did you mean {near}?" if near else f"Known are: {', '.join(sorted(names))}."


def _nearest(name: str, names: Iterable[str], cutoff: float = 0.6) -> str:
    return next(iter(difflib.get_close_matches(name, list(names), 1, cutoff)), "")


def _agree(settings: Settings) -> None:
    """Refuse settings that are fine one by one and senseless together."""
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
