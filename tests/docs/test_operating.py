"""The commands of docs/operating.md run as they stand."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from command_line import PROGRAM, write_sources
from redshift_warehouse import cloud

PAGE = (Path(__file__).parents[2] / "docs/operating.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The blocks of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[list[str]]:
    """Each call of the program in a text, without its first word."""
    found = re.findall(r"\bsparkify (?=[a-z])[^\n]*", text)
    return [shlex.split(command)[1:] for command in found]


def run(folder: Path, *words: str) -> int:
    return subprocess.run([*PROGRAM, *words], cwd=folder, check=False).returncode


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sources, where the commands of the page have run in their order."""
    folder = tmp_path_factory.mktemp("operating")
    write_sources(folder)
    return folder


def test_the_commands_do_what_the_page_says(folder: Path) -> None:
    old = ["status", "--quiet", "--max-age", "2d"]
    warned = ["check", "--quiet", "--fail-on", "warn"]
    ran = [words for block in blocks("sh") for words in commands(block)]
    codes = [run(folder, *words) for words in ran]
    expected = [6 if words in (old, warned) else 0 for words in ran]
    assert codes == expected
    assert old in ran  # the events are of 2018
    assert warned in ran  # which is what a check of severity warn says
    assert re.match(r"\d{4}-\d\d-\d\d\S* ", (folder / "etl.log").read_text())


def test_the_schedules_call_what_there_is(folder: Path) -> None:
    [cron] = blocks("cron")
    [units] = blocks("ini")
    starts = "\n".join(re.findall(r"^ExecStart=(.*)$", units, re.MULTILINE))
    for words in [*commands(cron), *commands(starts)]:
        assert run(folder, *words) == (6 if "warn" in words else 0), words


def test_the_dag_calls_what_there_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Task:
        made: ClassVar[list[Task]] = []

        def __init__(self, task_id: str, bash_command: str) -> None:
            self.task_id, self.command = task_id, bash_command
            self.made.append(self)

        def __rshift__(self, other: Task) -> Task:
            assert self.made.index(self) < self.made.index(other)
            return other

    class Dag:
        def __init__(self, name: str, **_: Any) -> None:
            self.name = name

        def __enter__(self) -> None:
            pass

        def __exit__(self, *_: object) -> None:
            pass

    for name, members in (
        ("airflow", {"DAG": Dag}),
        ("airflow.operators", {}),
        ("airflow.operators.bash", {"BashOperator": Task}),
    ):
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    [dag] = blocks("python")
    exec(compile(dag, "docs/operating.md", "exec"), {})
    assert [task.task_id for task in Task.made] == ["load", "check", "report"]
    for task in Task.made:
        [words] = commands(task.command)
        assert run(folder, *words) == 0, words


def test_a_warehouse_moves_to_redshift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cloud(tmp_path):
        write_sources(tmp_path)
        assert run(tmp_path, "etl", "--quiet", "--no-answers") == 0
        assert run(tmp_path, "export", "backup", "--all", "--quiet") == 0
        monkeypatch.setitem(os.environ, "SPARKIFY_AWS_REGION", "us-east-1")
        [moving] = blocks("cloud")
        assert [run(tmp_path, *words) for words in commands(moving)] == [0, 0, 0]
