"""An empty folder for each test of the command line; sources and a warehouse for those that ask."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import process, write_sources
from sparkify.config.keys import SETTINGS


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for setting in SETTINGS.values():
        monkeypatch.delenv(setting.variable, raising=False)


@pytest.fixture
def sources(tmp_path: Path) -> None:
    """Sources where the defaults look for them."""
    write_sources(tmp_path)


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse file that holds the sources (of another folder)."""
    folder = tmp_path_factory.mktemp("loaded")
    write_sources(folder)
    done = process("etl", "--no-answers", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "sparkify.duckdb"


@pytest.fixture
def loaded(sources: None, warehouse: Path) -> None:
    """Sources, and a warehouse that holds the same."""
    shutil.copy(warehouse, "sparkify.duckdb")


@pytest.fixture
def held(loaded: None) -> Iterator[int]:
    """Another process has the warehouse open for writing; gives its id."""
    program = (
        "import duckdb; connection = duckdb.connect('sparkify.duckdb')\n"
        "print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        assert holder.stdin
        assert holder.stdout.readline() == b"held\n"
        yield holder.pid
        holder.stdin.close()
