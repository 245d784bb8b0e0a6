"""`make run` loads the folder that it is given; `make clean` removes what `make run` made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import write_sources

ROOT = Path(__file__).parents[2]
PROGRAM = f"""#!/bin/sh
echo "$@" >> calls
[ "$1" != generate ] || set -- "$@" --songs 200 --users 30
exec {sys.executable} -m sparkify "$@"
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the Makefile and an environment that is set up."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    program = tmp_path / ".venv/bin/sparkify"
    program.parent.mkdir(parents=True)
    program.write_text(PROGRAM)
    program.chmod(0o755)
    for name in ("bin/python", ".made", ".installed"):
        (tmp_path / ".venv" / name).touch()
    return tmp_path


def make(*words: str, cwd: Path) -> list[str]:
    """The lines that it prints, but those that tell of a step that takes long."""
    outer = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}  # of the make that runs the tests
    environ = {name: text for name, text in os.environ.items() if name not in outer}
    environ["PYTHONPATH"] = str(ROOT / "src")
    done = subprocess.run(
        ["make", *words],
        cwd=cwd,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return [line for line in done.stdout.splitlines() if not line.endswith(" ...")]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_run_says_little_and_a_second_one_less(clone: Path) -> None:
    bare = names(clone)
    first = make("run", cwd=clone)
    assert any("events" in line for line in first[:4])
    assert len(first) <= 60
    second = make("run", cwd=clone)
    assert second[0].startswith("Nothing new to load")
    assert len(second) == 3
    assert {"data", "sparkify.duckdb", "report.html"} <= names(clone)
    (clone / "calls").unlink()
    make("clean", cwd=clone)
    assert names(clone) == bare - {".venv"}


def test_a_run_loads_the_folder_that_it_is_given(clone: Path) -> None:
    own = clone / "of my own"
    write_sources(own)
    shutil.move(own / "data/log_data", own)
    shutil.move(own / "data/song_data", own)
    assert "events 3 read = 3 staged" in "".join(make("run", f"DATA={own}", cwd=clone))
    assert [line.split()[0] for line in (clone / "calls").read_text().splitlines()] == [
        "etl",
        "report",
    ]
    make("clean", f"DATA={own}", cwd=clone)
    assert (own / "log_data/2018-11-02-events.json").exists()
    assert (own / "song_data/A/song.json").exists()
    assert not (clone / "sparkify.duckdb").exists()


def test_clean_keeps_what_was_there_before_and_what_was_added(clone: Path) -> None:
    for name in ("sparkify.duckdb", "report.html"):
        (clone / name).write_text("mine")
    (clone / ".venv/.made").unlink()
    (clone / ".venv/bin/sparkify").write_text(
        "#!/bin/sh\n[ $1 != generate ] || { mkdir -p $2/log_data; touch $2/truth.json; }\n"
    )
    make("run", "DATA=made", cwd=clone)
    (clone / "made/mine.txt").touch()
    make("clean", cwd=clone)
    assert names(clone / "made") == {"mine.txt"}
    assert (clone / "sparkify.duckdb").read_text() == (clone / "report.html").read_text() == "mine"
    assert (clone / ".venv").exists()
