"""The catalogue of settings: how users name each one, what it means, and what it allows.

The file's keys, the environment variables, the flags, the messages and the manual's reference all
follow from it. The values and their defaults are the fields of `Settings`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

PREFIX = "SPARKIFY_"
_S3 = "s3://"
_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True)
class Kind:
    """What a setting may be: parse(text, folder of relative paths) returns it or raises ValueError.

    allowed: ends the sentence "the value is not ...".
    """

    parse: Callable[[str, Path], Any]
    allowed: str


def choice(*options: str) -> Kind:
    """Allow one of a few words, in any case."""
    allowed = " or ".join((", ".join(options[:-1]), options[-1]))
    return Kind(lambda text, _: options[options.index(text.lower())], allowed)


def whole_number(least: int, most: int) -> Kind:
    """Allow whole numbers in a range."""
    allowed = f"a whole number from {least:,} to {most:,}"
    return Kind(lambda text, _: _within(int(text), least, most), allowed)


def optional(kind: Kind) -> Kind:
    """Allow what another kind allows, or 0 for none."""
    allowed = f"0 or {kind.allowed}"
    return Kind(lambda text, folder: 0 if text == "0" else kind.parse(text, folder), allowed)


def _matching(pattern: str, allowed: str) -> Kind:
    def parse(text: str, _: Path) -> str:
        if not re.fullmatch(pattern, text, re.IGNORECASE | re.ASCII):
            raise ValueError
        return text

    return Kind(parse, allowed)


def _within(number: _Number, least: _Number, most: _Number) -> _Number:
    if not least <= number <= most:  # also true of not-a-number
        raise ValueError
    return number


def _share(text: str, _: Path) -> float:
    if text.endswith("%"):
        return _within(float(text[:-1]), 0.0, 100.0) / 100
    return _within(float(text), 0.0, 1.0)


def _path(text: str, folder: Path) -> Path:
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:  # there is no such user
        raise ValueError from None


def _database_path(text: str, folder: Path) -> Path:
    """Read a path, and nothing that DuckDB would take for another kind of address or refuse."""
    if re.match(r"\w*:", text):
        raise ValueError
    text.encode("utf-8")  # a UnicodeEncodeError is a ValueError
    return _path(text, folder)


def _location(text: str, folder: Path) -> str:
    if text.startswith(_S3) and text.removeprefix(_S3).strip("/"):
        return text
    if "://" in text:
        raise ValueError
    return str(_path(text, folder)) if text else ""


_CAPACITIES = (4, *range(8, 513, 8), *range(544, 1025, 32))
FLAG = Kind(lambda text, _: ("false", "true").index(text.lower()) == 1, "true or false")
SECRET = _matching(r"\S+", "one word")
FOLDER = Kind(_path, "a path on this machine")
LOCAL_PATH = Kind(_database_path, "a path on this machine")
LOCATION = Kind(_location, "an s3:// address or a path on this machine")
MEMORY = _matching(r"\d+(\.\d+)? ?([KMGT]i?B|%)", "an amount such as 128MB, 1.5GiB or 60%")
SHARE = Kind(_share, "a share from 0 to 1, or from 0% to 100%")
CAPACITY = Kind(
    lambda text, _: _CAPACITIES[_CAPACITIES.index(int(text))],
    "4, a multiple of 8 up to 512, or one of 32 up to 1,024",
)
REGION = _matching(
    r"(af|ap|ca|cn|eu|eusc|il|me|mx|sa|us)(-[a-z]+)?-(central|(north|south)?(east|west)|north|south)-\d",
    "an AWS Region such as us-east-1",
)
ROLE_NAME = _matching(r"[\w+=,.@-]{1,64}", "a role name: 1 to 64 of letters, digits, _+=,.@-")
KMS_KEY = _matching(
    r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+",
    "the ARN of a KMS key (arn:aws:kms:...:key/...)",
)
SLUG = _matching(r"[a-z0-9-]{3,64}", "3 to 64 of a-z, 0-9 and -")
DATABASE_NAME = _matching(r"[a-z][a-z0-9_]{0,63}", "a letter, then letters, digits and _")


@dataclass(frozen=True)
class Setting:
    """One setting as users meet it."""

    name: str  # the field of Settings
    label: str  # how messages call it: `[S3] LOG_DATA`
    kind: Kind
    meaning: str
    empty_counts: bool = False  # an empty value is a value, not the absence of one

    @property
    def secret(self) -> bool:
        """Whether its value must never be shown."""
        return self.kind is SECRET

    @property
    def section(self) -> str:
        """Its section in the file: `S3`."""
        return self.label[1:].partition("] ")[0]

    @property
    def key(self) -> str:
        """Its key in the file: `LOG_DATA`."""
        return self.label.partition("] ")[2]

    @property
    def variable(self) -> str:
        """Its environment variable: `SPARKIFY_S3_LOG_DATA`."""
        return f"{PREFIX}{self.section}_{self.key}"

    @property
    def flag(self) -> str:
        """Its flag on the command line: `--log-data`."""
        return "--" + self.name.replace("_", "-")


_SETTINGS = (
    Setting("engine", "[WAREHOUSE] ENGINE", choice("duckdb", "redshift"), "where the tables live"),
    Setting(
        "questions",
        "[WAREHOUSE] QUESTIONS",
        FOLDER,
        "the folder of your own questions and checks, one .sql file each, if there is one",
    ),
    Setting("database", "[DUCKDB] DATABASE", LOCAL_PATH, "the DuckDB database file"),
    Setting(
        "memory_limit", "[DUCKDB] MEMORY_LIMIT", MEMORY, "DuckDB's memory; empty: its own default"
    ),
    Setting(
        "threads",
        "[DUCKDB] THREADS",
        whole_number(0, 1024),
        "threads that DuckDB may use; 0: DuckDB's own default, and one where MEMORY_LIMIT is below"
        " 400MB, for each takes memory to read JSON",
    ),
    Setting("log_data", "[S3] LOG_DATA", LOCATION, "where the event logs are"),
    Setting(
        "log_jsonpath",
        "[S3] LOG_JSONPATH",
        LOCATION,
        "the JSONPaths file that names the fields of an event; empty, or not set while LOG_DATA"
        " is: the standard fields",
        empty_counts=True,
    ),
    Setting("song_data", "[S3] SONG_DATA", LOCATION, "where the song files are"),
    Setting("s3_region", "[S3] REGION", REGION, "the AWS Region of the source bucket"),
    Setting(
        "s3_kms_key",
        "[S3] KMS_KEY",
        KMS_KEY,
        "the KMS key of encrypted sources, which also encrypts the work bucket if it is of the"
        " warehouse's Region; empty: none",
    ),
    Setting(
        "aws_key", "[AWS] KEY", SECRET, "access key id; empty (advised): the standard AWS chain"
    ),
    Setting(
        "aws_secret",
        "[AWS] SECRET",
        SECRET,
        "secret access key; empty (advised): the standard AWS chain",
    ),
    Setting("aws_region", "[AWS] REGION", REGION, "the AWS Region of the warehouse"),
    Setting(
        "iam_role_name",
        "[IAM_ROLE] NAME",
        ROLE_NAME,
        "the role with which Redshift reads S3; empty: a name is chosen when it is created",
    ),
    Setting(
        "redshift_namespace", "[REDSHIFT] NAMESPACE", SLUG, "namespace: storage, database, users"
    ),
    Setting(
        "redshift_workgroup", "[REDSHIFT] WORKGROUP", SLUG, "the Serverless workgroup: compute"
    ),
    Setting(
        "redshift_database", "[REDSHIFT] DATABASE", DATABASE_NAME, "the database in the namespace"
    ),
    Setting(
        "redshift_base_capacity",
        "[REDSHIFT] BASE_CAPACITY",
        CAPACITY,
        "RPUs (units of compute) of the workgroup; 8 cost about 3 dollars an hour while busy",
    ),
    Setting(
        "redshift_max_capacity",
        "[REDSHIFT] MAX_CAPACITY",
        optional(CAPACITY),
        "the most RPUs that it may grow to; 0: no limit",
    ),
    Setting(
        "redshift_usage_limit_rpu_hours",
        "[REDSHIFT] USAGE_LIMIT_RPU_HOURS",
        whole_number(0, 1_000_000),
        "RPU-hours a day after which Redshift stops computing; 0: no limit",
    ),
    Setting(
        "max_rejected_share",
        "[ETL] MAX_REJECTED_SHARE",
        SHARE,
        "a load is refused when its rejected records, conflicts aside, exceed this share of what"
        " it read and also MAX_REJECTED_ROWS",
    ),
    Setting(
        "max_rejected_rows",
        "[ETL] MAX_REJECTED_ROWS",
        whole_number(0, 1_000_000_000_000),
        "a load is refused when its rejected records, conflicts aside, exceed this number and also"
        " MAX_REJECTED_SHARE",
    ),
    Setting(
        "mend_text",
        "[ETL] MEND_TEXT",
        FLAG,
        "whether text that was encoded twice is mended in names, titles and places; what a"
        " warehouse was first loaded with, it keeps",
    ),
    Setting(
        "copy_mode",
        "[ETL] COPY_MODE",
        choice("auto", "direct", "compact"),
        "how Redshift reads S3: direct suits large files, compact many small ones",
    ),
    Setting(
        "compact_max_bytes",
        "[ETL] COMPACT_MAX_BYTES",
        whole_number(0, 1_000_000_000_000_000),
        "how much a load onto Redshift may read from S3 through this machine unless COPY_MODE is"
        " compact; with more it asks, or stops where there is no terminal",
    ),
)

SETTINGS: Mapping[str, Setting] = MappingProxyType({one.name: one for one in _SETTINGS})
