"""What runs on the base dependencies alone, and what is said of an extra that is missing."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from command_line import call, write_sources
from sparkify.cli.options import EXTRAS

PROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))
WITHOUT_EXTRAS = """
import importlib.abc, json, sys

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocked())
from sparkify.cli import main
for words in {lines}:
    try:
        main(words)
    except SystemExit as end:
        print(json.dumps([words[0], end.code]), file=sys.stderr)
"""


def run(cwd: Path, *lines: list[str]) -> subprocess.CompletedProcess[str]:
    """Run command lines one after the other where no library of an extra can be imported."""
    blocked = {*EXTRAS, "botocore", "pandas"}
    program = WITHOUT_EXTRAS.format(blocked=blocked, lines=list(lines))
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_table_of_extras_is_that_of_the_project() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    named = {
        (Requirement(one).name.removesuffix("-python").replace("-", "_"), extra)
        for extra in ("aws", "generate", "report", "serve")
        for one in extras[extra]
        if not one.startswith("sparkify")
    }
    assert named == set(EXTRAS.items())


def test_without_extras_it_loads_and_answers(tmp_path: Path) -> None:
    write_sources(tmp_path)
    lines = [
        ["etl"],
        ["etl", "--dry-run"],
        ["ask"],
        ["check"],
        ["query", "SELECT COUNT(*) FROM songplays", "--format", "csv"],
        ["rejects"],
        ["status"],
        ["export", "out"],
        ["inspect"],
        ["sql"],
        ["doctor"],
        ["create-tables", "--drop", "--yes"],
        ["etl", "--rebuild"],
    ]
    done = run(tmp_path, *lines)
    ended = [line for line in done.stderr.splitlines() if line.startswith('["')]
    assert ended == [json.dumps([words[0], 0]) for words in lines], done.stderr
    assert '"Setanta matins" by Elena' in done.stdout


def test_the_doctor_names_the_extra_of_boto3(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(library: str) -> str:
        if library == "boto3":
            raise metadata.PackageNotFoundError(library)
        return "1.0"

    monkeypatch.setattr(metadata, "version", version)
    assert "not installed; it comes with pip install 'sparkify[aws]'" in call("doctor").stdout


@pytest.mark.parametrize(
    ("words", "library", "extra"),
    [
        (["report"], "altair", "report"),
        (["generate", "made"], "numpy", "generate"),
        (["iac", "status"], "boto3", "aws"),
        (["status", "--engine", "redshift"], "boto3", "aws"),
        (["etl", "--log-data", "s3://bucket/logs"], "boto3", "aws"),
    ],
)
def test_an_extra_that_is_missing_is_named(
    words: list[str], library: str, extra: str, tmp_path: Path
) -> None:
    write_sources(tmp_path)
    done = run(tmp_path, [*words, "--json"])
    error: dict[str, Any] = json.loads(done.stdout)["error"]
    assert (error["code"], error["exit_code"]) == ("settings", 3)
    command = " ".join(["sparkify", *words[: 2 if words[0] == "iac" else 1]])
    assert error["reason"] == f"`{command}` needs {library}, which is not installed"
    assert error["next_step"] == f"Install it: pip install 'sparkify[{extra}]'"
    assert "Traceback" not in done.stderr
