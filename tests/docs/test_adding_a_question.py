"""One `.sql` file makes a question: it is in all commands, in the documents, and in the tests.

Tried out in copies of the project.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from command_line import PROGRAM, write_sources
from naive_answers import SHIPPED

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/questions.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```sql\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE)
BARE = """\
-- name: listeners_by_gender
-- question: Who listens?
SELECT
    gender,
    COUNT(DISTINCT user_id) AS listeners
FROM users
GROUP BY gender
ORDER BY gender NULLS LAST
"""
"""A question that says nothing that it need not say."""

ADDED = {
    "questions/night_listeners": EXAMPLES[0],
    "questions/listeners_by_gender": BARE,
    "checks/users_named": EXAMPLES[1],
}
AT_NIGHT = "Most listeners at night are free: 1 listener with 2 plays from midnight to six (UTC)."
BY_GENDER = "Gender F, listeners 1."


def copied(folder: Path, *parts: str) -> Path:
    """A copy of parts of the project, with the new files."""
    for part in parts:
        source = ROOT / part
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / part)
    for path, text in ADDED.items():
        file = folder / "src/sparkify/sql_queries" / f"{path}.sql"
        file.write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, *words: str) -> str:
    """Run a command with the copy's package; it must succeed."""
    environ = os.environ | {"PYTHONPATH": str(folder / "src")}
    done = subprocess.run(
        words, cwd=folder, env=environ, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def called(folder: Path, *words: str) -> Any:
    return json.loads(run(folder, *PROGRAM, *words, "--json"))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with the new files, its documents, and a warehouse; not to be changed."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "src").mkdir()
    papers = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
    copied(folder, "src/sparkify", "docs", "benchmarks", *papers)
    write_sources(folder)
    loaded = called(folder, "etl")["answers"]
    assert [answer["name"] for answer in loaded[: len(SHIPPED)]] == list(SHIPPED)
    (folder / "loaded.json").write_text(json.dumps(loaded), encoding="utf-8")
    return folder


def test_a_load_answers_it(project: Path) -> None:
    answers = json.loads((project / "loaded.json").read_text(encoding="utf-8"))
    assert answers[-2:] == [
        {
            "name": "night_listeners",
            "question": "Who listens at night?",
            "answer": AT_NIGHT,
            "columns": ["level", "listeners", "plays"],
            "rows": [["free", 1, 2]],
        },
        {
            "name": "listeners_by_gender",
            "question": "Who listens?",
            "answer": BY_GENDER,
            "columns": ["gender", "listeners"],
            "rows": [["F", 1]],
        },
    ]


def test_it_can_be_asked_by_name(project: Path) -> None:
    assert called(project, "ask", "Night-Listeners")[0]["answer"] == AT_NIGHT
    spoken = run(project, *PROGRAM, "ask", "listeners_by_gender")
    number = len(SHIPPED) + 2
    assert spoken.startswith(
        f"{number} listeners_by_gender: Who listens?\n{BY_GENDER}\n\ngender  listeners\n"
    )


def test_it_is_listed_and_its_statement_shown(project: Path) -> None:
    names = ["night_listeners", "listeners_by_gender"]
    assert [one["name"] for one in called(project, "ask", "--list")] == [*SHIPPED, *names]
    assert "night_listeners" in run(project, *PROGRAM, "ask", "--list")
    (asked,) = called(project, "ask", "--sql", "listeners_by_gender")
    assert asked["sql"] in BARE
    assert called(project, "sql", "listeners_by_gender") == [asked]
    assert {*names} <= {one["name"] for one in called(project, "sql")}


def test_the_documents_get_its_line(project: Path) -> None:
    write = (
        "import sys; sys.path[:0] = ['docs']; import refresh; print(refresh.PARTS['questions']())"
    )
    written = run(project, sys.executable, "-c", write)
    for row in (
        "| `night_listeners` | Who listens at night? | `level`, `listeners`, `plays` | `--since`,"
        " `--until` | The hours",
        "| `listeners_by_gender` | Who listens? |  |  |  |",
    ):
        assert row in written


def test_it_is_in_the_report(project: Path) -> None:
    if not find_spec("sparkify.report"):
        return
    run(project, *PROGRAM, "report", "--output", "report.html")
    page = (project / "report.html").read_text(encoding="utf-8")
    for said in ("Who listens at night?", AT_NIGHT, "Who listens?", BY_GENDER):
        assert said in page


def test_a_check_is_added_as_easily(project: Path) -> None:
    (found,) = [one for one in called(project, "check") if one["name"] == "users_named"]
    assert (found["severity"], found["failures"]) == ("warn", 0)


CASES = (
    "engines/test_questions.py::test_both_engines_answer_as_the_naive_way_does[0]",
    "engines/test_questions.py::test_every_question_that_is_shipped_has_a_naive_answer",
    "unit/analysis/test_answers_questions.py",
    "unit/analysis/test_answers.py::test_of_one_play_every_sentence_is_in_the_singular",
    "unit/analysis/test_answers.py::test_an_empty_warehouse_is_told_in_words_on_every_engine",
    "unit/analysis/test_answers.py::test_all_questions_come_in_their_order",
    *(
        f"unit/sql_queries/test_sql_files.py::{test}[questions/{name}.sql]"
        for test in ("test_redshift_takes_the_file", "test_the_statement_is_portable")
        for name in ("night_listeners", "listeners_by_gender")
    ),
    "docs/test_docs.py::test_a_generated_part_is_what_the_program_says[docs/questions.md-questions]",
    "docs/test_docs.py::test_every_question_check_and_audit_has_its_line[questions]",
)
"""The tests that look at every question."""


def test_the_tests_take_it(tmp_path: Path) -> None:
    """A rule that a new question breaks would be told by its name."""
    names = (
        "src",
        "docs",
        "benchmarks",
        "tests",
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "Makefile",
    )
    copied(tmp_path, *names, "pyproject.toml")
    (tmp_path / "src/sparkify/sql_queries/checks/users_named.sql").unlink()  # it lacks a breach
    told = run(
        tmp_path,
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *(f"tests/{case}" for case in CASES),
    )
    assert "passed" in told
