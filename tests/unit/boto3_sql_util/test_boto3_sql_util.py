"""The Data API module as a whole: its names, its client, its quoting, and what it loads."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

from sparkify import boto3_sql_util

# What is offered, and when it is loaded


def test_every_public_name_is_exported() -> None:
    here = {
        name
        for name, value in vars(boto3_sql_util).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert here == {*boto3_sql_util.__all__}


def loaded_by(program: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{program}\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    return {*done.stdout.split()}


HEAVY = {"boto3", "botocore", "pandas", "numpy", "duckdb"}


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    loaded = loaded_by(
        "from sparkify.config import Settings\n"
        "import sparkify.boto3_sql_util as util\n"
        "util.connect(Settings())"
    )
    assert "sparkify.boto3_sql_util.results" in loaded
    assert not loaded & HEAVY


def test_rows_are_fetched_without_pandas() -> None:
    loaded = loaded_by(
        "from sparkify.config import Settings\n"
        "from sparkify.boto3_sql_util import connect\n"
        "connect(Settings(aws_key='a', aws_secret='b')).client"
    )
    assert "botocore" in loaded
    assert "pandas" not in loaded
