"""`python3 iac.py`, `create_tables.py`, `etl.py`: the same commands, from outside as well."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import write_sources
from sparkify import launcher

ROOT = Path(__file__).parents[2]
SCRIPTS = ("iac.py", "create_tables.py", "etl.py")


def run(
    *command: str | Path, cwd: Path, environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=os.environ | (environ or {}),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A copy of what the launchers need; Pythons started with BARE find no packages."""
    (tmp_path / "src/sparkify").mkdir(parents=True)
    for name in (*SCRIPTS, "src/sparkify/__init__.py", "src/sparkify/launcher.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


BARE = (sys.executable, "-S")


@pytest.mark.parametrize("script", SCRIPTS)
def test_without_an_environment_they_say_make(outside: Path, script: str) -> None:
    done = run(*BARE, outside / script, cwd=outside, environ={"PYTHONPATH": ""})
    assert done.returncode == 1
    assert done.stderr == (
        f"Error: {outside}/.venv is not set up.\nNext: Run `make run` in {outside} once.\n"
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_outside_the_environment_they_go_into_it(
    outside: Path, tmp_path_factory: pytest.TempPathFactory, script: str
) -> None:
    python = outside / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "inside: $@"\nexit 7\n')
    python.chmod(0o755)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    command = (*BARE, outside / script, "--wait", "5 s")
    done = run(*command, cwd=elsewhere, environ={"PYTHONPATH": ""})
    assert (done.returncode, done.stdout) == (7, f"inside: {outside / script} --wait 5 s\n")


def test_an_environment_that_lacks_packages_is_not_entered_again(
    outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (outside / ".venv/bin").mkdir(parents=True)
    (outside / ".venv/bin/python").touch()
    monkeypatch.setattr(sys, "prefix", str(outside / ".venv"))
    monkeypatch.setattr(launcher, "_NEEDED", ("no_such_package",))
    with pytest.raises(SystemExit, match="is not set up"):
        launcher.launch(outside, "etl")


def test_the_process_is_replaced(outside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[object] = []

    def execv(path: Path, words: list[str]) -> None:
        became.extend((path, words))
        raise SystemExit(0)

    (outside / ".venv/bin").mkdir(parents=True)
    (outside / ".venv/bin/python").touch()
    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setattr(sys, "argv", ["etl.py", "--json"])
    monkeypatch.setattr(launcher, "_NEEDED", ("no_such_package",))
    with pytest.raises(SystemExit):
        launcher.launch(outside, "etl")
    python = outside / ".venv/bin/python"
    assert became == [python, [str(python), "etl.py", "--json"]]


def test_inside_the_environment_the_command_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["etl.py", "--help"])
    with pytest.raises(SystemExit) as ended:
        launcher.launch(ROOT, "etl")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("Usage: sparkify etl")


@pytest.mark.parametrize(
    ("words", "expected"),
    [([], ("up",)), (["--json"], ("up",)), (["down"], ()), (["down", "x"], ())],
)
def test_iac_alone_means_up(
    monkeypatch: pytest.MonkeyPatch, words: list[str], expected: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "argv", ["iac.py", *words])
    assert launcher.default_word("up") == expected


def test_the_classic_three_commands_in_a_row(tmp_path: Path) -> None:
    write_sources(tmp_path)
    nobody = {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    for words in ([], ["plan"], ["down", "--yes"]):
        cloud = run(sys.executable, ROOT / "iac.py", *words, cwd=tmp_path, environ=nobody)
        assert cloud.returncode == 3
        assert "credentials" in cloud.stderr
    assert run(sys.executable, ROOT / "create_tables.py", cwd=tmp_path).returncode == 0
    loaded = run(sys.executable, ROOT / "etl.py", "--no-answers", cwd=tmp_path)
    assert loaded.returncode == 0
    assert "plays  2 NextSong events staged = 2 songplays" in loaded.stderr
