"""The settings: flags > environment > the file dwh.cfg > defaults that work on DuckDB.

The file has sections, [SECTION], with KEY = value, and comments. Values may stand in quotes, as in
the files of the classic course. A '%' is a '%'.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from .keys import PREFIX, SETTINGS, Setting

DEFAULT_FILE = Path("dwh.cfg")

_SECTION = re.compile(r"\[\s*(?P<section>[^\]]*?)\s*\]\s*(?:[#;].*)?")
_KEY = re.compile(r"(?P<key>[^\s=:]+)\s*[=:]\s*(?P<value>.*)")
_QUOTED = re.compile(r"(?P<quote>['\"])(?P<value>.*?)(?P=quote)\s*(?:[#;].*)?")
_COMMENT = re.compile(r"(?:^|\s)[#;].*")


@dataclass(frozen=True)
class Settings:
    """The settings of a run; `keys.SETTINGS` says what each field means and allows.

    Locations are paths relative to the current folder, absolute paths, or s3:// addresses.
    """

    engine: str = "duckdb"
    questions: Path = Path("questions")
    database: Path = Path("sparkify.duckdb")
    memory_limit: str = ""
    threads: int = 0
    log_data: str = "data/log_data"
    log_jsonpath: str = "data/log_json_path.json"
    song_data: str = "data/song_data"
    s3_region: str = "us-west-2"
    s3_kms_key: str = ""
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
    compact_max_bytes: int = 50_000_000_000


def load(
    config_file: Path | None,
    environ: Mapping[str, str],
    flags: Mapping[str, str],
    wrong: list[SettingsError] | None = None,
) -> tuple[Settings, dict[str, str]]:
    """Return the settings and, by field, where each came from.

    config_file: the file to read; None: `dwh.cfg` in the current folder, if there is one. Relative
        paths in it start at its folder, all others at the current folder.
    environ: the environment; variables named SPARKIFY_SECTION_KEY count.
    flags: texts by the names of the fields of Settings.
    wrong: where errors are collected, instead of the first one raised.
    An origin is `flag --database`, `environment SPARKIFY_S3_LOG_DATA`, `file dwh.cfg, line 3` or
    `default`.
    An empty text counts as none, except for LOG_JSONPATH.
    Raises SettingsError for a missing file, an unknown section or key, a bad value, and values that
    are valid alone and contradict each other.
    """
    given: dict[str, Given] = {}
    said = [Given(SETTINGS[name], flags[name], f"flag {SETTINGS[name].flag}") for name in flags]
    for one in (*from_file(config_file, wrong), *from_environ(environ, wrong), *said):
        if one.text or one.setting.empty_counts:
            given[one.setting.name] = one
    found = {}
    for name, one in given.items():
        with _collected(wrong):
            found[name] = one.value()
    if "log_data" in given and "log_jsonpath" not in given:
        found["log_jsonpath"] = ""  # the default file describes the default logs only
    settings = Settings(**found)
    with _collected(wrong):
        if bool(settings.aws_key) != bool(settings.aws_secret):
            raise SettingsError(
                "[AWS] KEY and SECRET belong together, and only one of them is set",
                "Set both, or neither: then the standard AWS credential chain is used.",
            )
    with _collected(wrong):
        if 0 < settings.redshift_max_capacity < settings.redshift_base_capacity:
            raise SettingsError(
                f"[REDSHIFT] MAX_CAPACITY is {settings.redshift_max_capacity}, less than"
                f" BASE_CAPACITY, which is {settings.redshift_base_capacity}",
                "Raise MAX_CAPACITY, or set it to 0 for no limit.",
            )
    return settings, {n: given[n].origin if n in given else "default" for n in SETTINGS}


@contextmanager
def _collected(wrong: list[SettingsError] | None) -> Iterator[None]:
    """Append a SettingsError of the block to a list, if there is one."""
    try:
        yield
    except SettingsError as error:
        if wrong is None:
            raise
        wrong.append(error)


def current() -> Settings:
    """Return the settings of `dwh.cfg` in the current folder and of the environment; see `load`."""
    return load(None, os.environ, {})[0]


def exposed_secret(config_file: Path | None, origins: Mapping[str, str]) -> str:
    """Return a warning if AWS keys come from a file that others can read; else ''."""
    path = config_file or DEFAULT_FILE
    secrets = [origins[one.name] for one in SETTINGS.values() if one.secret]
    in_file = any(origin.startswith("file ") for origin in secrets)
    if not in_file or not path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        return ""
    return f"{path} holds AWS keys and others can read it; run: chmod 600 {path}"


# What the file, the environment and the flags say


@dataclass(frozen=True)
class Given:
    """A value as text, where it came from, and the folder at which its relative path starts."""

    setting: Setting
    text: str
    origin: str
    folder: Path = Path()

    def value(self) -> Any:
        """Return the parsed value. Raises SettingsError."""
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


def from_file(
    config_file: Path | None, wrong: list[SettingsError] | None = None
) -> Iterator[Given]:
    """Yield the values of a settings file in its order; None: of `dwh.cfg`, if there is one.

    Collects in `wrong`, or raises, a SettingsError when the file cannot be read, holds a line of
    another form, an unknown section or key, or sets one key twice.
    """
    path = config_file or DEFAULT_FILE
    if config_file is None and not path.exists():
        return
    first_line: dict[str, int] = {}
    section = ""
    text = ""
    with _collected(wrong):
        text = _text(path)
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        if match := _SECTION.fullmatch(line):
            section = match["section"].upper()
            continue
        with _collected(wrong):
            try:
                setting, value = _parsed(line, section)
                if setting.name in first_line:
                    raise SettingsError(
                        f"{setting.key} is set twice in [{section}], first in line"
                        f" {first_line[setting.name]}",
                        "Remove one of the two lines.",
                    )
            except SettingsError as error:
                where = f"{path}, line {number}"
                raise SettingsError(
                    f"{where}: {error.reason}", error.next_step, file=str(path), line=number
                ) from None
            first_line[setting.name] = number
            yield Given(setting, value, f"file {path}, line {number}", path.parent)


def from_environ(
    environ: Mapping[str, str], wrong: list[SettingsError] | None = None
) -> Iterator[Given]:
    """Yield the values of the environment.

    Collects in `wrong`, or raises, a SettingsError for a misspelt variable.
    """
    known = {one.variable: one for one in SETTINGS.values()}
    for variable, text in environ.items():
        if variable in known:
            yield Given(known[variable], text, f"environment {variable}")
        # A lower ratio would refuse the SPARKIFY_ variables of other programs.
        elif variable.startswith(PREFIX) and (near := nearest(variable, known, cutoff=0.85)):
            with _collected(wrong):
                raise SettingsError(
                    f"the environment variable {variable} is not a setting",
                    f"{did_you_mean(near)} Rename or unset it.",
                    variable=variable,
                )


def nearest(name: str, known: Iterable[str], most: int = 1, cutoff: float = 0.6) -> list[str]:
    """Return the known names that a misspelt one may mean, the most similar first."""
    return difflib.get_close_matches(name, list(known), most, cutoff)


def did_you_mean(near: Sequence[str]) -> str:
    """Return the question that suggests these names; '' when there are none."""
    return f"Did you mean {' or '.join(near)}?" if near else ""


def _parsed(line: str, section: str) -> tuple[Setting, str]:
    """Return the setting and the value of a line `KEY = value`."""
    match = _KEY.fullmatch(line)
    if not match:
        raise SettingsError("this is neither [SECTION] nor KEY = value", "Correct the line.")
    key, value = match["key"].upper(), match["value"]
    if not section:
        raise SettingsError(f"{key} stands before the first [SECTION]", "Put it under one.")
    if value[:1] not in ("'", '"'):
        return _setting(section, key), _COMMENT.sub("", value, count=1).strip()
    quoted = _QUOTED.fullmatch(value)
    if not quoted:
        reason = f"the value begins with {value[0]}, and that quote is not closed"
        raise SettingsError(reason, "Close it.")
    return _setting(section, key), quoted["value"].strip()


def _setting(section: str, key: str) -> Setting:
    keys = {one.key: one for one in SETTINGS.values() if one.section == section}
    if not keys:
        sections = {one.section for one in SETTINGS.values()}
        raise SettingsError(f"unknown section [{section}]", _suggestion(section, sections))
    if key not in keys:
        elsewhere = [one.label for one in SETTINGS.values() if one.key == key]
        hint = did_you_mean(elsewhere[:1]) or _suggestion(key, keys)
        raise SettingsError(f"unknown key {key} in [{section}]", hint)
    return keys[key]


def _suggestion(name: str, known: Iterable[str]) -> str:
    return did_you_mean(nearest(name, known)) or f"Known are: {', '.join(sorted(known))}."


def _text(path: Path) -> str:
    """Return the text of a settings file. Raises SettingsError."""
    reason, next_step = "is not a text file in UTF-8", "Save it as plain text in UTF-8."
    try:
        text = path.read_text(encoding="utf-8-sig")
        if "\0" not in text:
            return text
    except UnicodeDecodeError:
        pass
    except FileNotFoundError:
        raise SettingsError(
            f"there is no settings file {path}",
            "Copy dwh.example.cfg to it, or leave --config out: the defaults work on DuckDB.",
            file=str(path),
        ) from None
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        next_step = "Correct the path or the permissions of the file."
    raise SettingsError(f"the settings file {path} {reason}", next_step, file=str(path))
