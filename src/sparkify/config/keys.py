"""The catalogue of settings: how users name each one, what it means, and what it allows.

The file's keys, the environment variables, the flags, the messages and the reference in the manual
all follow from it. The values and their defaults are in `sparkify.config.Settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from . import values
from .values import Kind

PREFIX = "SPARKIFY_"


@dataclass(frozen=True)
class Setting:
    """One setting as users meet it."""

    name: str  # the field of Settings
    section: str
    key: str
    kind: Kind
    meaning: str
    secret: bool = False
    empty_counts: bool = False  # an empty value is a value, not the absence of one

    @property
    def label(self) -> str:
        """How messages name it: `[S3] LOG_DATA`."""
        return f"[{self.section}] {self.key}"

    @property
    def variable(self) -> str:
        """Its environment variable: `SPARKIFY_S3_LOG_DATA`."""
        return f"{PREFIX}{self.section}_{self.key}"

    @property
    def flag(self) -> str:
        """Its flag on the command line: `--log-data`."""
        return "--" + self.name.replace("_", "-")


_SETTINGS = (
    Setting(
        "engine",
        "WAREHOUSE",
        "ENGINE",
        values.choice("duckdb", "redshift"),
        "where the tables live",
    ),
    Setting("database", "DUCKDB", "DATABASE", values.LOCAL_PATH, "the DuckDB database file"),
    Setting(
        "memory_limit",
        "DUCKDB",
        "MEMORY_LIMIT",
        values.MEMORY,
        "memory that DuckDB may use; empty: DuckDB's own default",
    ),
    Setting(
        "threads",
        "DUCKDB",
        "THREADS",
        values.whole_number(0, 1024),
        "threads that DuckDB may use; 0: DuckDB's own default, and one where MEMORY_LIMIT is below"
        " 400MB, for each takes memory to read JSON",
    ),
    Setting("log_data", "S3", "LOG_DATA", values.LOCATION, "where the event logs are"),
    Setting(
        "log_jsonpath",
        "S3",
        "LOG_JSONPATH",
        values.LOCATION,
        "the JSONPaths file that names the fields of an event; empty, or not set while LOG_DATA"
        " is: the standard fields",
        empty_counts=True,
    ),
    Setting("song_data", "S3", "SONG_DATA", values.LOCATION, "where the song files are"),
    Setting("s3_region", "S3", "REGION", values.REGION, "the AWS Region of the source bucket"),
    Setting(
        "aws_key",
        "AWS",
        "KEY",
        values.WORD,
        "access key id; empty (advised): the standard AWS credential chain",
        secret=True,
    ),
    Setting(
        "aws_secret",
        "AWS",
        "SECRET",
        values.WORD,
        "secret access key; empty (advised): the standard AWS credential chain",
        secret=True,
    ),
    Setting("aws_region", "AWS", "REGION", values.REGION, "the AWS Region of the warehouse"),
    Setting(
        "iam_role_name",
        "IAM_ROLE",
        "NAME",
        values.ROLE_NAME,
        "the role with which Redshift reads S3; empty: a name is chosen when it is created",
    ),
    Setting(
        "redshift_namespace",
        "REDSHIFT",
        "NAMESPACE",
        values.SERVERLESS_NAME,
        "the Serverless namespace: storage, database, users",
    ),
    Setting(
        "redshift_workgroup",
        "REDSHIFT",
        "WORKGROUP",
        values.SERVERLESS_NAME,
        "the Serverless workgroup: compute",
    ),
    Setting(
        "redshift_database",
        "REDSHIFT",
        "DATABASE",
        values.DATABASE_NAME,
        "the database in the namespace",
    ),
    Setting(
        "redshift_base_capacity",
        "REDSHIFT",
        "BASE_CAPACITY",
        values.CAPACITY,
        "RPUs (units of compute) of the workgroup; 8 cost about 3 dollars an hour while busy",
    ),
    Setting(
        "redshift_max_capacity",
        "REDSHIFT",
        "MAX_CAPACITY",
        values.optional(values.CAPACITY),
        "the most RPUs that it may grow to; 0: no limit",
    ),
    Setting(
        "redshift_usage_limit_rpu_hours",
        "REDSHIFT",
        "USAGE_LIMIT_RPU_HOURS",
        values.whole_number(0, 1_000_000),
        "RPU-hours a day after which Redshift stops computing; 0: no limit",
    ),
    Setting(
        "max_rejected_share",
        "ETL",
        "MAX_REJECTED_SHARE",
        values.SHARE,
        "a load is refused when its rejected records, conflicts aside, exceed this share of what"
        " it read and also MAX_REJECTED_ROWS",
    ),
    Setting(
        "max_rejected_rows",
        "ETL",
        "MAX_REJECTED_ROWS",
        values.whole_number(0, 1_000_000_000_000),
        "a load is refused when its rejected records, conflicts aside, exceed this number and also"
        " MAX_REJECTED_SHARE",
    ),
    Setting(
        "mend_text",
        "ETL",
        "MEND_TEXT",
        values.FLAG,
        "whether text that was encoded twice is mended in names, titles and places; what a"
        " warehouse was first loaded with, it keeps",
    ),
    Setting(
        "copy_mode",
        "ETL",
        "COPY_MODE",
        values.choice("auto", "direct", "compact"),
        "how Redshift reads S3: direct suits large files, compact many small ones",
    ),
)

SETTINGS: Mapping[str, Setting] = MappingProxyType({one.name: one for one in _SETTINGS})
