"""A backup moves a warehouse from one engine to the other, every row of every table."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from broken_rules import LOADS
from redshift_warehouse import cloud
from sparkify import backup, etl
from sparkify.errors import SourceError


def test_a_warehouse_moves_to_redshift_and_back(tmp_path: Path) -> None:
    with cloud(tmp_path) as place:
        for files in LOADS:
            place.put(files)
            place.load_duckdb()
        duck = place.settings(engine="duckdb")
        backup.write(duck, tmp_path / "back")

        spoilt = shutil.copytree(tmp_path / "back", tmp_path / "spoilt")
        with duckdb.connect() as engine:
            engine.execute(f"CREATE TABLE t AS FROM '{spoilt}/songplays.parquet'")
            engine.execute("UPDATE t SET level = 'free'")
            engine.execute(f"COPY t TO '{spoilt}/songplays.parquet' (FORMAT PARQUET)")
        with pytest.raises(SourceError, match="breaks a check"):
            backup.restore(place.settings(), spoilt)
        assert not place.tables()["staging_events"]

        backup.restore(place.settings(), tmp_path / "back")
        assert place.tables() == place.duckdb_tables()
        assert etl.load(place.settings(), answers=False).run_id is None
        work = place.aws.client("s3").list_buckets()["Buckets"]
        left = [
            one["Key"]
            for bucket in work
            for one in place.aws.client("s3")
            .list_objects_v2(Bucket=bucket["Name"])
            .get("Contents", ())
        ]
        assert not [key for key in left if key.startswith("imports/")]

        backup.write(place.settings(), tmp_path / "again")
        new = replace(duck, database=tmp_path / "new.duckdb")
        backup.restore(new, tmp_path / "again")
        new.database.rename(tmp_path / "sparkify.duckdb")
        assert place.duckdb_tables() == place.tables()
