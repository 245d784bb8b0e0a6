"""A small warehouse to report on, and its report."""

from __future__ import annotations

from pathlib import Path

import pytest

import report_world
from command_line import call


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small warehouse with hostile records; not to be changed."""
    folder = tmp_path_factory.mktemp("world")
    report_world.load(folder / "sources", folder / "w.duckdb")
    return folder / "w.duckdb"


@pytest.fixture(scope="module")
def written(database: Path) -> Path:
    file = database.parent / "report.html"
    assert call("report", "--database", str(database), "--output", str(file)).exit_code == 0
    return file
