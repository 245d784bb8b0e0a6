"""The warehouse in the cloud, against the stand-in: made once, emptied for each world."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from botocore import loaders
from botocore.retries.adaptive import ClientRateLimiter
from botocore.retries.standard import ExponentialBackoff

from cloud.standin import StandIn, standin
from oracle import File, Row
from sparkify import create_tables, etl, iac
from sparkify.boto3_sql_util import connection, execution
from sparkify.config import Settings
from sparkify.progress import silent
from sparkify.retry import Backoff, Clock
from sparkify.sql_queries import TABLES, folder

SOURCE = "sparkify-source"
SOURCE_REGION = "us-west-2"
Tables = dict[str, Counter[Row]]

COMPARED = dict.fromkeys(TABLES, "*") | {
    "etl_runs": "run_id, status, files_new, files_changed, files_skipped, events_read,"
    " events_staged, events_duplicate, events_rejected, songs_read, songs_staged,"
    " songs_duplicate, songs_rejected",
}
"""The columns of each table that two loads of the same files must agree on."""


def cloud_settings(folder: Path, **changes: Any) -> Settings:
    """Settings for Redshift that read the source bucket, with no limit to what is rejected."""
    settings = Settings(
        engine="redshift",
        database=folder / "sparkify.duckdb",
        log_data=f"s3://{SOURCE}/log_data",
        log_jsonpath="",
        song_data=f"s3://{SOURCE}/song_data",
        s3_region=SOURCE_REGION,
        aws_region="us-east-1",
        threads=1,
        max_rejected_share=1.0,
        max_rejected_rows=1_000_000,
    )
    return replace(settings, **changes)


@dataclass
class Cloud:
    """One account with the warehouse's infrastructure, and a source bucket."""

    aws: StandIn
    folder: Path

    def settings(self, **changes: Any) -> Settings:
        return cloud_settings(self.folder, **changes)

    def empty(self) -> None:
        """Start anew: no source files, no faults, no DuckDB file, and all tables made anew."""
        self._without_tables()
        create_tables.drop(self.settings())

    def empty_tables(self) -> None:
        """Start anew in the tables that are there: the same in less time."""
        self._without_tables()
        self.truncate()

    def truncate(self) -> None:
        """Empty the tables that are there; what is at the source stays."""
        connection = self.aws.database()
        try:
            connection.execute(f"TRUNCATE {', '.join(TABLES)}")
            connection.execute(folder("bookkeeping")["insert_warehouse_info"].sql.encode())
        finally:
            connection.close()

    def _without_tables(self) -> None:
        self.aws.faults.clear()
        self.remove("")
        for path in self.folder.glob("sparkify.duckdb*"):
            path.unlink()

    def put(self, files: Iterable[File]) -> None:
        """Write source files as objects."""
        for file in files:
            self.aws.put(SOURCE, file.uri, file.content, SOURCE_REGION)

    def remove(self, prefix: str) -> None:
        """Delete source objects."""
        s3 = self.aws.client("s3", SOURCE_REGION)
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=SOURCE, Prefix=prefix):
            keys = [{"Key": one["Key"]} for one in page.get("Contents", [])]
            if keys:
                s3.delete_objects(Bucket=SOURCE, Delete={"Objects": keys})

    def load(self, **changes: Any) -> dict[str, Any]:
        """Load what is new into Redshift; returns the report as `etl --json` prints it."""
        settings = self.settings(**changes)
        report: dict[str, Any] = etl.load(settings, answers=False).as_json()
        if settings.engine == "redshift":
            kept = self.trailing_blanks()
            assert not kept, f"a text ends in a blank: {kept}"
        return report

    def trailing_blanks(self) -> list[str]:
        """The columns that hold a text that ends in a blank.

        Redshift compares VARCHAR without them (dg/r_Character_types), PostgreSQL with them: a
        program that stores some may do otherwise there. Nothing is found by the text of a reject,
        and a user_agent, whose quotes may hide blanks, is only looked through for words.
        """
        connection = self.aws.database()
        try:
            columns = connection.execute(
                b"SELECT table_name || '.' || column_name, table_name, column_name"
                b" FROM information_schema.columns WHERE data_type = 'character varying'"
                b" AND table_name = ANY(%s) AND column_name NOT IN"
                b" ('raw_text', 'message', 'user_agent')",
                [list(TABLES)],
            ).fetchall()
            parts = [
                f"SELECT '{place}' FROM {table} WHERE {column} LIKE '% '"
                for place, table, column in columns
            ]
            found = connection.execute(" UNION ".join(parts).encode()).fetchall() if parts else []
        finally:
            connection.close()
        return sorted(place for (place,) in found)

    def load_duckdb(self, **changes: Any) -> dict[str, Any]:
        """Load what is new from the same bucket into DuckDB."""
        return self.load(engine="duckdb", **changes)

    def tables(self) -> Tables:
        """What Redshift holds."""
        connection = self.aws.database()
        try:
            return {
                name: Counter(connection.execute(f"SELECT {columns} FROM {name}").fetchall())
                for name, columns in COMPARED.items()
            }
        finally:
            connection.close()

    def duckdb_tables(self) -> Tables:
        """What DuckDB holds."""
        with duckdb.connect(str(self.folder / "sparkify.duckdb"), read_only=True) as connection:
            return {
                name: Counter(connection.execute(f"SELECT {columns} FROM {name}").fetchall())
                for name, columns in COMPARED.items()
            }


@contextmanager
def cloud(folder: Path, first: Callable[[StandIn], object] = bool) -> Iterator[Cloud]:
    """The stand-in with the warehouse made in it; the environment points to it meanwhile.

    first: what to do with the stand-in before it is used.
    """
    with standin() as aws, pytest.MonkeyPatch.context() as patch:
        first(aws)
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in aws.environment().items():
            patch.setenv(name, value)
        hurry(patch)
        aws.put(SOURCE, "README", b"", SOURCE_REGION)
        paths = f"s3://{SOURCE}/log_json_path.json"
        iac.up(cloud_settings(folder, log_jsonpath=paths), progress=silent)
        create_tables.create(cloud_settings(folder))
        yield Cloud(aws, folder)
        assert aws.running() == []


def hurry(patch: pytest.MonkeyPatch) -> None:
    """Wait for nothing longer than the stand-in needs; what is waited for stays the same.

    The descriptions of the services, megabytes of JSON, are read once and not for every client.
    """

    def polls(seconds: float, clock: Clock) -> Backoff:
        return Backoff(0.015, factor=1.5, longest=0.15, jitter=0.1, seconds=seconds, clock=clock)

    def pauses(seconds: float, clock: Clock) -> Backoff:
        return Backoff(0.01, longest=0.1, jitter=0.5, seconds=seconds, clock=clock)

    patch.setattr(execution, "polls", polls)
    patch.setattr(connection, "pauses", pauses)
    patch.setattr(loaders, "create_loader", cache(loaders.create_loader))
    patch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.01)
    patch.setattr(ClientRateLimiter, "on_sending_request", lambda *_, **__: None)


def packed(content: bytes) -> bytes:
    """The same bytes whenever they are packed."""
    return gzip.compress(content, mtime=0)
