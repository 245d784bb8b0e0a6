"""The page that `sparkify report` writes: what is on it, that it is safe, and what goes wrong."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import webbrowser
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

import report_world
import sparkify
from command_line import PROGRAM, answer, call, failure, write_sources
from question_readers import Asked, on_duckdb
from report_page import Page, digest
from sparkify import report
from sparkify.analysis import questions
from sparkify.report import vega
from sparkify.report.chart_spec import visible
from sparkify.report.page import GROUPS, headline
from sparkify.sql_queries import STAR_TABLES, quality_checks
from sparkify.table import Table

NOW = datetime(2018, 12, 1, 6)
PERSONAL = {"first_name", "last_name"}


@pytest.fixture(scope="module")
def page(written: Path) -> Page:
    return Page(written.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def named(database: Path) -> Page:
    file = database.parent / "named.html"
    told = answer("report", "--names", "--database", str(database), "--output", str(file))
    assert told["names"] is True
    return Page(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def asked(database: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer("ask", "--database", str(database))
    return found


def empty(*statements: str) -> Page:
    """The page of a warehouse without records but for those that the statements put in."""
    with on_duckdb() as duck:
        for sql in statements:
            duck.connection.execute(sql)
        return Page(report.render(report.gather(duck), NOW))


# What is told


def test_the_command_tells_of_the_file_that_it_wrote(database: Path, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    told = answer("report", "--database", str(database), "--output", str(file))
    assert told == {
        "file": str(file),
        "bytes": file.stat().st_size,
        "questions": len(questions()),
        "checks": len(quality_checks),
        "names": False,
        "opened": False,
    }
    spoken = call("report", "--database", str(database), "--output", str(file))
    assert spoken.stdout == f"{file}\n"
    assert f"{len(questions())} questions" in spoken.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]


def test_every_question_is_on_the_page_with_its_sentence_table_sql_and_chart(
    page: Page, named: Page, asked: list[dict[str, Any]]
) -> None:
    assert set(page.answers) == {one["name"] for one in asked}
    for one in asked:
        name = one["name"]
        assert named.answers[name] in one["answer"] or visible(one["answer"]).startswith(
            named.answers[name]
        )
        assert named.data["tables"][name] == {key: one[key] for key in ("columns", "rows")}
        kept = [n for n, column in enumerate(one["columns"]) if column not in PERSONAL]
        assert page.data["tables"][name] == {
            "columns": [one["columns"][n] for n in kept],
            "rows": [[row[n] for n in kept] for row in one["rows"]],
        }
        assert len([row for row in page.cells[name] if row]) == len(one["rows"])
        assert one["rows"] or name not in page.data["charts"]
        assert len(one["rows"]) < 2 or name in page.data["charts"]
        assert " ".join(questions()[name].sql.split()) in page.text


def test_the_places_of_charts_are_those_that_are_drawn(page: Page) -> None:
    assert page.charts() == set(page.data["charts"])
    labels = [value for _, name, value in page.attributes if name == "aria-label"]
    for name, one in page.answers.items():
        assert (visible(one) in labels) == (name in page.charts())


def test_the_tiles_show_figures_of_the_answers(page: Page, asked: list[dict[str, Any]]) -> None:
    tiles = [value for _, name, value in page.attributes if name == "data-tile"]
    assert tiles == ["listeners", "paying", "plays", "hours", "match", "freshness"]
    answers = {one["name"]: one["answer"] for one in asked}
    for title, question in (
        ("Listeners", "paying_listeners"),
        ("Paying share", "paying_listeners"),
        ("Plays", "catalogue_match"),
        ("Hours of music", "hours_served"),
        ("Match share", "catalogue_match"),
    ):
        (figure,) = re.findall(rf"<h2>{title}</h2>\s*<p class=\"figure\">([^<]+)</p>", page.html)
        assert re.search(rf"(?<![\d,.]){re.escape(figure)}(?![\d,.]*\d)", answers[question])


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (date(2018, 11, 1), date(2018, 11, 30), "1 to 30 November 2018"),
        (date(2018, 10, 29), date(2018, 11, 1), "29 October to 1 November 2018"),
        (date(2017, 11, 1), date(2018, 11, 1), "1 November 2017 to 1 November 2018"),
        (date(2018, 11, 1), date(2018, 11, 1), "1 November 2018"),
    ],
)
def test_the_headline_names_the_month(first: date, last: date, told: str) -> None:
    assert headline(first, last) == told


def test_the_summary_is_three_sentences_of_the_answers(page: Page) -> None:
    (summary,) = re.findall(r'<ul class="summary".*?</ul>', page.html, re.DOTALL)
    linked = re.findall(r'href="#question-(\w+)"', summary)
    assert linked == ["hours_served", "daily_plays", "paying_listeners"]
    said = re.sub(r'<span class="date">([\d-]+)</span>', r"\1", summary)
    for name in linked:
        assert page.answers[name] in said
    assert empty().html.count('class="summary"') == 0


def test_every_question_is_in_the_index_under_its_own_address(page: Page) -> None:
    (index,) = re.findall(r'<nav id="index".*?</nav>', page.html, re.DOTALL)
    listed = re.findall(r'href="#question-(\w+)"', index)
    assert sorted(listed) == sorted(page.answers)
    for name in listed:
        assert f'<h3><a href="#question-{name}">' in page.html
        assert ("article", "id", f"question-{name}") in page.attributes


def test_a_page_under_filters_says_so_and_shows_nothing_else(database: Path) -> None:
    file = database.parent / "filtered.html"
    words = ["--since", "2018-11-05", "--until", "2018-11-12", "--level", "paid"]
    assert call("report", *words, "--database", str(database), "--output", str(file)).exit_code == 0
    page = Page(file.read_text(encoding="utf-8"))
    assert "Filtered. From 2018-11-05 to 2018-11-11, at the paid level." in page.text
    told = answer("ask", *words, "--database", str(database))
    unfiltered = sum(bool(one["left_out"]) for one in told)
    assert 0 < unfiltered < len(told)
    assert f"{unfiltered} of the {len(told)} questions do not take all of these" in page.text
    assert [v for _, name, v in page.attributes if name == "value"][:1] == ["paid"]
    assert "tile-freshness" not in page.data["charts"]
    nobody = ["--since", "2019-11-05", "--database", str(database), "--output", str(file)]
    assert call("report", *nobody).exit_code == 0
    text = Page(file.read_text(encoding="utf-8")).text
    assert f"Nothing was played {len(questions())}" in text
    assert "Filtered. Since 2019-11-05." in text


def test_groups_quality_runs_and_schema_are_there(page: Page) -> None:
    ids = {value for _, name, value in page.attributes if name == "id"}
    assert {*GROUPS} - {"other"} | {"overview", "quality", "runs", "schema"} <= ids
    for check in quality_checks.values():
        assert check.purpose in page.text
    assert [value for _, name, value in page.attributes if name == "data-table"] == [*STAR_TABLES]
    assert "hostile-events.json, line 180" in page.text
    assert "1 of events for not json, 1 of events for type." in page.text
    assert re.search(r"[1-9][\d,]* events and 0 songs had text that was encoded twice", page.text)
    assert 'html lang="en"' in page.html


def test_the_daily_figures_add_up_to_the_answers(page: Page, asked: list[dict[str, Any]]) -> None:
    answers = {one["name"]: one for one in asked}
    days = page.data["days"]
    hours = {hour: plays for hour, plays, _ in answers["busiest_hours"]["rows"]}
    summed = [sum(day[hour] for day in days["all"]["by_hour"]) for hour in range(24)]
    assert {hour: plays for hour, plays in enumerate(summed) if plays} == hours
    assert sum(days["free"]["plays"]) + sum(days["paid"]["plays"]) == sum(days["all"]["plays"])
    assert sum(days["all"]["plays"]) == sum(hours.values())
    listeners = [row[1] for row in answers["paying_listeners"]["rows"]]
    assert days["all"]["listeners"] == listeners


def test_a_file_is_enough_for_a_new_question(tmp_path: Path) -> None:
    """Without a word about its chart, which follows from its columns."""
    shutil.copytree(Path(sparkify.__file__).parent, tmp_path / "src/sparkify")
    file = tmp_path / "src/sparkify/sql_queries/questions/shortest.sql"
    file.write_text(
        "-- name: shortest\n-- question: How many songs are played at each level?\n"
        "-- answer: At the {level} level: {plays:count play}.\n"
        "SELECT level, COUNT(*) AS plays FROM songplays GROUP BY level\n"
        "UNION ALL SELECT 'gold' AS level, 0 AS plays ORDER BY plays DESC\n"
    )
    write_sources(tmp_path)
    environ = os.environ | {"PYTHONPATH": str(tmp_path / "src")}
    for words in (["etl", "--no-answers"], ["report"]):
        subprocess.run(
            [*PROGRAM, *words], cwd=tmp_path, env=environ, capture_output=True, check=True
        )
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert page.answers["shortest"] == "At the free level: 2 plays."
    assert page.cells["shortest"] == [[], ["free", "2"], ["gold", "0"]]
    row, _ = page.data["charts"]["shortest"]["datasets"]["rows"]
    assert (row["label"], row["text"], row["leads"]) == ("free", "2", True)
    assert 'id="other"' in page.html


# That it is safe


def test_the_policy_allows_what_is_on_the_page_and_nothing_else(page: Page) -> None:
    policy = page.policy
    assert policy["default-src"] == "'none'"
    assert policy["script-src"].split() == [digest(one) for one in page.scripts]
    assert policy["style-src"].split() == [digest(one) for one in page.styles]
    assert set(policy) == {"default-src", "script-src", "style-src", "base-uri", "form-action"}
    assert "unsafe" not in str(policy)
    assert len(page.scripts) == 4
    before_the_policy = page.html.partition("Content-Security-Policy")[0]
    assert "<script" not in before_the_policy


def test_nothing_on_the_page_leads_out_of_it(page: Page) -> None:
    names = {name for _, name, _ in page.attributes}
    assert not {name for name in names if name.startswith("on")}
    assert not names & {"src", "srcset", "style", "action", "formaction", "background", "data"}
    links = {value for _, name, value in page.attributes if name in ("href", "xlink:href")}
    assert links
    assert all(link.startswith("#") for link in links)
    assert "@import" not in page.styles[0]
    assert "url(" not in page.styles[0]


def test_hostile_texts_are_shown_as_texts(page: Page) -> None:
    assert report_world.TITLE in page.answers["top_songs"]
    assert report_world.TITLE in page.answers["listener_places"]
    assert report_world.ARTIST in page.answers["top_artists"]
    assert report_world.TITLE not in page.html
    assert "<img" not in page.html.replace(page.scripts[1], "")
    (data,) = re.findall(r'id="data">(.*?)</script>', page.html, re.DOTALL)
    assert not re.search("[<>&'\u2028\u2029]", data)
    turned = "\ufffdevitcelfeR \ufffd[31m {{ 7 * 7 }}"
    assert turned in page.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page.text)
    rows = page.data["tables"]["top_songs"]["rows"]
    assert [row[0] for row in rows[:2]] == [report_world.TITLE, report_world.TURNED]


def names_in(asked: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """First and last names of those who are in an answer."""
    rows = [
        dict(zip(one["columns"], row, strict=True))
        for one in asked
        if set(one["columns"]) >= PERSONAL
        for row in one["rows"]
    ]
    return {(row["first_name"], row["last_name"]) for row in rows}


def test_nobody_is_named_unless_asked_for(
    page: Page, named: Page, asked: list[dict[str, Any]]
) -> None:
    names = names_in(asked)
    assert len(names) > 10
    assert (report_world.FIRST_NAME, report_world.LAST_NAME) in names
    for told, expected in ((page, False), (named, True)):
        shown = told.text + json.dumps(told.data, ensure_ascii=False)
        assert any(f"{first} {last}" in shown for first, last in names) is expected
        assert any(f'"{first}", "{last}"' in shown for first, last in names) is expected
    assert report_world.LAST_NAME not in page.html
    assert report_world.FIRST_NAME.partition("<")[0] not in page.html
    assert "user 999001" in page.answers["loyal_listeners"]
    assert "the name of a listener breaks a rule" in page.text


# Little or nothing to tell


def test_an_empty_warehouse_says_what_to_do_next() -> None:
    page = empty()
    assert "Nothing is loaded yet" in page.text
    for command in ("sparkify generate data", "sparkify etl", "sparkify report --open"):
        assert command in page.text
    for query in questions().values():
        assert query.header["question"] in page.text
    titles = [title for title, _ in GROUPS.values() if f"<h3>{title}</h3>" in page.html]
    assert re.findall(r"<h3>(\w+)</h3>\s*<ul>", page.html) == titles != []
    assert page.answers == {}
    assert page.charts() == set()
    assert page.policy["script-src"].split() == [digest(one) for one in page.scripts]
    assert len(page.html) < 100_000


def test_a_refused_load_is_shown_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_sources(tmp_path, *200 * ["<b>bad"])
    assert failure("etl")["code"] == "too_many_rejected"
    assert call("report").exit_code == 0
    page = Page(Path("report.html").read_text(encoding="utf-8"))
    for told in (
        "The load was refused",
        "rejected 200 of 204 records; nothing of it was loaded.",
        "200 of events for not json, such as 2018-11-02-events.json, line 4: not JSON",
        "Every rejected record, with its file, line and reason: sparkify rejects",
    ):
        assert told in page.text
    assert "Nothing is loaded yet" not in page.text
    assert "waits for its first records" not in page.text
    assert "sparkify generate" not in page.text


def test_a_catalogue_without_plays_has_no_panel_without_contents() -> None:
    page = empty(
        "INSERT INTO staging_songs (song_id, artist_id, title, duration)"
        " VALUES ('SO1', 'AR1', 'Undo', 1)",
        "INSERT INTO songs (song_id, artist_id, title, duration) VALUES ('SO1', 'AR1', 'Undo', 1)",
    )
    assert "Nothing was played yet" in page.text
    assert page.charts() == set(page.data["charts"]) == {"unplayed_songs"}
    assert page.data["explorer"] == {}
    assert not [value for _, name, value in page.attributes if name == "data-tile"]
    assert page.answers["top_songs"] == "There are no plays yet, so there is no answer."


def test_one_play_is_enough_for_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_sources(tmp_path)
    assert call("etl", "--no-answers").exit_code == 0
    assert call("report").stdout == f"{tmp_path / 'report.html'}\n"
    page = Page(Path("report.html").read_text(encoding="utf-8"))
    assert page.data["days"]["all"]["plays"] == [2]
    assert 'value="1" checked' in page.html


# What it asks


class Counting:
    """A reader that counts how often it is asked."""

    engine = "redshift"

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.times = 0

    def read(self, sql: str) -> Table:
        self.times += 1
        return self.asked.read(sql)

    def read_all(self, statements: Sequence[str]) -> list[Table]:
        self.times += 1
        return self.asked.read_all(statements)


def test_the_warehouse_is_asked_a_few_times_whatever_the_number_of_questions() -> None:
    with on_duckdb() as duck:
        reader = Counting(duck)
        page = Page(report.render(report.gather(reader), NOW))
    assert reader.times <= 4
    assert "Amazon Redshift" in page.text


# What goes wrong


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("nowhere/page.html", "there is no folder"),
        (".", "is a folder"),
        ("/proc/page.html", "cannot be written"),
    ],
)
def test_a_place_that_cannot_be_written_ends_with_2(
    output: str, reason: str, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    error = failure("report", "--database", str(database), "--output", output)
    assert (error["code"], error["exit_code"]) == ("usage", 2)
    assert reason in error["reason"]
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_earlier_page(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    file = tmp_path / "page.html"
    file.write_text("the page of yesterday")
    monkeypatch.setattr(Path, "replace", full)
    error = failure("report", "--database", str(database), "--output", str(file))
    assert error["reason"] == f"{file} cannot be written: No space left on device"
    assert file.read_text() == "the page of yesterday"
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]


def test_no_warehouse_is_told_as_by_ask(tmp_path: Path) -> None:
    error = failure("report", "--database", str(tmp_path / "no.duckdb"), "--output", "/dev/null")
    assert (error["code"], error["exit_code"]) == ("warehouse", 5)
    assert "sparkify etl" in error["next_step"]


def test_a_hostile_file_name_cannot_disturb_the_terminal(database: Path, tmp_path: Path) -> None:
    name = "\x1b]8;;mailto:a@evil.example\x1b\\page\u202e\nlmth.html"
    spoken = call("report", "--database", str(database), "--output", str(tmp_path / name))
    assert (tmp_path / name).is_file()
    assert spoken.stdout == (
        f"{tmp_path}/\\x1b]8;;mailto:a@evil.example\\x1b\\page\\u202e\\nlmth.html\n"
    )
    assert "\x1b" not in spoken.output


def test_the_page_may_be_read_as_other_files_of_its_writer(written: Path) -> None:
    plain = written.with_name("plain")
    plain.touch()
    assert stat.S_IMODE(written.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


@pytest.mark.parametrize("opens", [True, False])
def test_the_page_is_opened_in_the_browser_if_asked(
    opens: bool, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def browse(url: str) -> bool:
        opened.append(url)
        return opens

    monkeypatch.setattr(webbrowser, "open", browse)
    words = (
        "report",
        "--open",
        "--database",
        str(database),
        "--output",
        str(tmp_path / "a #.html"),
    )
    assert answer(*words)["opened"] is opens
    assert opened == [f"file://{tmp_path}/a%20%23.html"]
    assert ("No browser could be opened" in call(*words).stderr) is not opens


# The library that draws


def test_the_library_is_kept_and_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import vl_convert

    made: list[str] = []

    def bundle(snippet: str) -> str:
        made.append(snippet)
        return "'</script><!--'"

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(vl_convert, "javascript_bundle", bundle)
    assert vega.library() == vega.library() == "'<\\/script><\\!--'"
    assert len(made) == 1
    (kept,) = (tmp_path / "sparkify").iterdir()
    assert kept.read_text() == "'<\\/script><\\!--'"


def test_a_cache_that_cannot_be_written_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import vl_convert

    (tmp_path / "sparkify").write_text("a file in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda snippet: "draw()")
    assert vega.library() == "draw()"


def test_the_real_library_may_stand_in_a_page(page: Page) -> None:
    library = page.scripts[1]
    assert "vegaEmbed" in library
    assert "</script" not in library
    assert "<!--" not in library
    assert len(page.html) < 3_000_000


def test_every_chart_is_valid_vega_lite(page: Page) -> None:
    import altair as alt

    specs = [*page.data["charts"].values(), *page.data["explorer"].values()]
    assert len(specs) > len(questions())
    for spec in specs:
        alt.LayerChart.from_dict(spec).to_dict(validate=True)
    alt.Chart.from_dict({"data": {"values": []}, "mark": "bar", "config": page.data["config"]})
