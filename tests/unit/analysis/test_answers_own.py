"""Questions and checks of a user's own folder, in all commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command_line import answer, call, failure, write_sources
from naive_answers import SHIPPED
from sparkify.analysis import questions
from sparkify.quality import checks
from sparkify.sql_queries import HeaderError, quality_checks

HEADS = """\
-- name: by_head
-- question: How many heads listen at each level?
-- period: window
SELECT
    level,
    COUNT(DISTINCT user_id) AS heads
FROM plays
GROUP BY level
ORDER BY level
"""
NAMED = """\
-- name: listeners_named
-- severity: warn
-- purpose: Every listener has a last name.
SELECT user_id
FROM listeners
WHERE last_name IS NULL
ORDER BY user_id
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of one's own questions in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "questions").mkdir()
    return tmp_path / "questions"


def write(folder: Path, *texts: str) -> None:
    for text in texts:
        name = text.split("\n")[0].removeprefix("-- name: ")
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")


def test_questions_and_checks_stand_behind_ours(folder: Path) -> None:
    assert [*questions(folder)] == [*questions(folder / "missing")] == [*questions()]
    write(folder, HEADS, NAMED)
    (folder / "README.md").write_text("no question")
    assert [*questions(folder)] == [*questions(), "by_head"]
    assert [*checks(folder)] == [*quality_checks, "listeners_named"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT 1", "its header must begin with '-- name: mine'"),
        ("-- name: other\n-- question: What?\nSELECT 1", "its header must begin with"),
        ("-- name: mine\nSELECT 1", "neither a purpose nor a question"),
        ("-- name: mine\n-- question: ?\nDELETE FROM songs", "its statement is no SELECT"),
        ("-- name: mine\n-- question: ?\n/* x */ DROP TABLE songs", "its statement is no SELECT"),
        ("-- name: mine\n-- question: ?\nSELECT 1; SELECT 2", "one statement is expected"),
        ("-- name: mine\n-- question: ?\nSELECT 1 INTO t", "INTO does not belong"),
        (
            "-- name: mine\n-- question: ?\nWITH a AS (SELECT 1) DELETE FROM songs",
            "DELETE does not belong",
        ),
        (
            "-- name: mine\n-- severity: bad\n-- purpose: .\nSELECT 1",
            "severity may be fail or warn",
        ),
        ("-- name: mine\n-- question: ?\nWITH users AS (SELECT 1) SELECT 1", "WITH users AS"),
        ("-- name: mine\n-- period: day\n-- question: ?\nSELECT 1", "period is 'day'"),
    ],
)
def test_a_file_that_is_not_as_it_must_be_is_told_with_its_place(
    text: str, said: str, folder: Path
) -> None:
    (folder / "mine.sql").write_text(text, encoding="utf-8")
    with pytest.raises(HeaderError, match=r"mine\.sql: .*" + said) as caught:
        questions(folder)
    assert str(folder / "mine.sql") in caught.value.next_step


def test_words_in_texts_and_comments_do_not_change_anything(folder: Path) -> None:
    sql = "SELECT 'DELETE; INTO' AS said -- UPDATE; nothing"
    (folder / "mine.sql").write_text(f"-- name: mine\n-- question: ?\n{sql}", encoding="utf-8")
    assert questions(folder)["mine"].sql == sql


def test_a_byte_order_mark_is_passed_over(folder: Path) -> None:
    (folder / "mine.sql").write_text(f"\ufeff{HEADS.replace('by_head', 'mine')}", encoding="utf-8")
    assert questions(folder)["mine"].header["period"] == "window"


def test_values_of_any_type_are_shown_everywhere(folder: Path) -> None:
    write_sources(folder.parent)
    assert call("etl", "--no-answers").exit_code == 0
    write(folder, "-- name: mine\n-- question: ?\nSELECT INTERVAL 1 DAY AS a, [1] AS b")
    write(folder, "-- name: zoned\n-- question: ?\nSELECT TIMESTAMPTZ '2018-11-02 01:00+02' AS c")
    rows = [one["rows"] for one in answer("ask", "mine", "zoned")]
    assert rows == [[["1 day, 0:00:00", "[1]"]], [["2018-11-01T23:00:00+00:00"]]]
    assert call("report").exit_code == 0


def test_one_without_rows_does_not_say_that_there_are_no_plays(folder: Path) -> None:
    write_sources(folder.parent)
    call("etl", "--no-answers")
    write(folder, HEADS.replace("FROM plays", "FROM plays\nWHERE level = 'gold'"))
    assert answer("ask", "by_head", "--json")[0]["answer"] == "Nothing was found."


def test_two_columns_of_one_name_are_told(folder: Path) -> None:
    write_sources(folder.parent)
    assert call("etl", "--no-answers").exit_code == 0
    write(folder, "-- name: mine\n-- question: ?\nSELECT 1 AS a, 2 AS a")
    assert "two columns are named 'a'" in failure("ask", "mine")["reason"]


def test_a_file_that_is_no_text_is_told(folder: Path) -> None:
    (folder / "mine.sql").write_bytes(b"\xff\xfe")
    with pytest.raises(HeaderError, match=r"mine\.sql: cannot be read"):
        questions(folder)


@pytest.mark.parametrize("name", [SHIPPED[0], "time_keys"])
def test_a_name_of_ours_is_taken(name: str, folder: Path) -> None:
    write(folder, f"-- name: {name}\n-- question: What?\nSELECT 1 AS n")
    with pytest.raises(HeaderError, match="one of Sparkify's own has this name"):
        questions(folder)


def test_they_are_in_every_command(folder: Path) -> None:
    write_sources(folder.parent)
    write(folder, HEADS, NAMED)
    said = "Level free, heads 1."
    assert answer("etl")["answers"][-1]["answer"] == said
    (one,) = answer("ask", "by_head", "--since", "1d")
    assert one["answer"] == f"Since 2018-11-02: {said}"
    assert answer("ask", "--list")[-1]["name"] == "by_head"
    assert "FROM plays" in call("ask", "by_head", "--sql").stdout
    own = next(one for one in answer("check") if one["name"] == "listeners_named")
    assert (own["severity"], own["failures"], own["rows"]) == ("warn", 1, [[7]])
    call("report")
    page = Path("report.html").read_text(encoding="utf-8")
    assert said in page
    assert "Every listener has a last name." in page
    elsewhere = folder.rename(folder.parent / "elsewhere")
    assert failure("ask", "by_head")["exit_code"] == 2
    assert answer("ask", "by_head", "--questions", str(elsewhere))[0]["answer"] == said


def test_one_that_fails_is_told_by_its_file_and_costs_no_load(folder: Path) -> None:
    write_sources(folder.parent)
    write(folder, HEADS.replace("FROM plays", "FROM playz"))
    loaded = answer("etl")
    assert len(loaded["answers"]) == len(questions())
    (note,) = [note for note in loaded["notes"] if "own questions are left out" in note]
    assert "by_head.sql: " in note
    assert "playz" in note
    error = failure("ask")
    assert (error["exit_code"], error["reason"][:12]) == (5, "by_head.sql:")
    write(folder, NAMED.replace("FROM listeners", "FROM listenerz"))
    assert failure("check")["reason"].startswith("listeners_named.sql:")


def test_new_question_writes_a_file_that_answers(folder: Path) -> None:
    write_sources(folder.parent)
    call("etl", "--no-answers")
    folder.rmdir()
    done = answer("new", "question", "late_listeners")
    assert done == {"name": "late_listeners", "file": "questions/late_listeners.sql"}
    (one,) = answer("ask", "late_listeners", "--since", "1d")
    assert one["answer"] == (
        "Since 2018-11-02: Listeners at the free level listen longest: 0.1 hours in 2 plays."
    )
    again = failure("new", "question", "late_listeners")
    assert (again["exit_code"], "exists already" in again["reason"]) == (2, True)
    assert "sparkify ask other" in call("new", "question", "other").stderr


@pytest.mark.parametrize("name", ["top_songs", "Late", "../x", "a b", "1st", ""])
def test_new_question_refuses_a_name_that_is_none_or_taken(name: str, folder: Path) -> None:
    assert "no question can be named" in failure("new", "question", name)["reason"]
    assert [*folder.iterdir()] == []


def test_the_json_of_a_list_stays(folder: Path) -> None:
    write(folder, HEADS)
    listed = json.loads(call("ask", "by_head", "--list", "--json").stdout)
    assert listed == [{"name": "by_head", "question": "How many heads listen at each level?"}]
