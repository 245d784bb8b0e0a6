"""Commands that make and load data: what they show, their JSON, their exit codes."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from command_line import (
    COUNTS,
    EVENTS,
    STAR,
    answer,
    call,
    change,
    failure,
    write_sources,
)
from sparkify import analysis, console, sql_queries
from sparkify import etl as pipeline
from sparkify.config import Settings
from sparkify.errors import SourceError

# --- etl


def test_etl_tells_what_it_loaded_and_answers(sources: None) -> None:
    result = call("etl")
    assert result.exit_code == 0
    audits = sql_queries.needed(sql_queries.audit_queries, ("events", "songs"))
    for line in (
        "Loaded 2 new and 0 changed files, 0.0 MB, as run 1 in ",
        "events 3 read = 3 staged + 0 duplicates + 0 rejected",
        "songs  1 read = 1 staged + 0 duplicates + 0 rejected",
        "plays  2 NextSong events staged = 2 songplays",
        f"checks {len(audits)} passed",
        "songplays 2, users 1, songs 1, artists 1, time 2",
        "Next: `sparkify ask NUMBER`",
    ):
        assert line in result.stderr
    *lines, last = result.stdout.splitlines()
    numbers = {int(line[:2]) for line in lines}
    without = {int(number) for number in re.findall(r" (\d+) \w+[,.]", last)}
    assert numbers | without == {*range(1, len(analysis.questions()) + 1)}
    assert not numbers & without
    assert last.startswith("Nothing found for ")
    assert last.endswith("41 thumbs, 42 adverts, 43 friends_and_playlists.")
    assert result.stdout.startswith(' 1 "Setanta matins" by Elena is played most')
    assert call("etl").stdout == ""
    assert answer("etl")["answers"] == []


def test_etl_shows_the_tables_of_the_answers_where_asked(sources: None) -> None:
    shown = call("etl", "--tables").stdout
    assert "1 top_songs: Which song is played most?\n" in shown
    assert "\nSetanta matins  Elena       2 " in shown
    assert shown == call("ask").stdout


def test_a_quiet_command_says_nothing_but_errors(sources: None) -> None:
    for words in (["etl"], ["etl"], ["check"], ["status"], ["ask"], ["create-tables"]):
        result = call(*words, "--quiet")
        assert (result.exit_code, result.output) == (0, "")
    result = call("--quiet", "status", "--max-age", "1d")
    assert (result.exit_code, result.stdout) == (6, "")
    assert result.stderr.startswith("Error: the newest event is of 2018-11-02")
    assert answer("status", "--quiet")["engine"] == "duckdb"
    assert call("query", "SELECT 1", "--quiet", "--output", "a.csv").output == ""
    assert Path("a.csv").read_text() == "1\n1\n"
    assert "Nothing new" in call("etl").stderr  # the next one speaks again


def test_etl_tells_what_it_mended(sources: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "encoded twice" not in call("etl", "--no-answers").stderr
    twice = EVENTS[1] | {"itemInSession": 3, "artist": "Bj\u00c3\u0083\u00c2\u00b6rk"}
    Path("data/log_data/more.json").write_text(json.dumps(twice))
    told = "text   1 events and 0 songs had text that was encoded twice and were mended"
    assert told in call("etl", "--no-answers").stderr
    assert [run["events_mended"] for run in answer("status")["runs"]] == [1, 0]
    header, _, newest, *_ = call("status").stdout.partition("The newest runs:")[2].split("\n")[1:]
    assert header.split()[-1] == "mended"
    assert newest.split()[-1] == "1"
    monkeypatch.setenv("SPARKIFY_ETL_MEND_TEXT", "False")
    error = failure("etl")
    assert (error["code"], error["exit_code"]) == ("settings", 3)
    assert error["details"] == {"setting": "[ETL] MEND_TEXT", "kept": "true"}


def test_etl_loads_nothing_twice_and_says_so(sources: None) -> None:
    call("etl", "--no-answers")
    result = call("etl", "--no-answers")
    assert result.exit_code == 0
    assert "Nothing new to load: all 2 files are loaded already." in result.stderr
    assert result.stdout == ""


def test_etl_tells_what_it_passed_over(sources: None) -> None:
    Path("data/log_data/.2018-11-02-events.json.swp").touch()
    result = call("etl", "--no-answers")
    assert "Note: Passed over, for they do not end in .json" in result.stderr
    assert answer("etl", "--dry-run")["files"]["ignored"] == 1


def test_etl_json(sources: None) -> None:
    report = answer("etl")
    assert list(report)[:9] == [
        *("run_id", "engine", "seconds", "files", "events", "songs", "tables", "checks"),
        "answers",
    ]
    assert report["run_id"] == 1
    assert report["engine"] == "duckdb"
    assert report["seconds"] > 0
    assert report["files"] == {"new": 2, "changed": 0, "skipped": 0}
    assert report["events"] == COUNTS | {"read": 3, "staged": 3}
    assert report["songs"] == COUNTS | {"read": 1, "staged": 1}
    assert {name: report["tables"][name] for name in STAR} == STAR
    assert all(check["failures"] == 0 for check in report["checks"])
    assert [one["name"] for one in report["answers"]] == list(analysis.questions())
    again = answer("etl", "--no-answers")
    assert (again["run_id"], again["files"]["skipped"], again["answers"]) == (None, 2, [])


def test_etl_tells_of_rejects(tmp_path: Path) -> None:
    write_sources(tmp_path, "no json at all \x1b[2J")
    result = call("etl", "--no-answers")
    assert "events 4 read = 3 staged + 0 duplicates + 1 rejected" in result.stderr
    assert "`sparkify rejects` shows what was rejected" in result.stderr
    listed = call("rejects")
    assert "2018-11-02-events.json, line 4: not_json" in listed.stdout
    assert r"no json at all \x1b[2J" in listed.stdout
    table = answer("rejects")
    assert table["columns"][:5] == ["run_id", "kind", "uri", "line_number", "reason"]
    assert table["rows"][0][4] == "not_json"


def test_etl_is_refused_when_too_much_is_rejected(tmp_path: Path) -> None:
    write_sources(tmp_path, "bad", "bad", "bad")
    error = failure("etl", "--max-rejected-rows", "2", "--max-rejected-share", "10%")
    assert (error["code"], error["exit_code"]) == ("too_many_rejected", 4)
    assert error["details"] == {"read": 6, "rejected": 3}
    assert "`sparkify rejects`" in error["next_step"]
    assert "line 5" in call("rejects").stdout


def test_etl_without_sources_ends_with_4() -> None:
    error = failure("etl", "--log-data", "nowhere")
    assert (error["code"], error["exit_code"]) == ("source", 4)
    assert "nowhere" in error["reason"]


def test_etl_dry_run_changes_nothing(sources: None) -> None:
    result = call("etl", "--dry-run")
    assert result.exit_code == 0
    assert "To load: 2 new and 0 changed files" in result.stderr
    assert result.stdout.count("new      /") == 2
    plan = answer("etl", "--dry-run")
    assert plan["files"] == {"new": 2, "changed": 0, "skipped": 0, "ignored": 0}
    assert [Path(uri).name for uri in plan["new"]] == ["2018-11-02-events.json", "song.json"]
    assert plan["changed"] == []
    assert not Path("sparkify.duckdb").exists()


def test_etl_dry_run_names_only_the_first_files(sources: None) -> None:
    for number in range(30):
        Path(f"data/song_data/{number}.json").write_text("{}")
    result = call("etl", "--dry-run")
    assert "... and 12 more new." in result.stderr
    call("etl", "--no-answers")
    assert "Nothing new to load" in call("etl", "--dry-run").stderr


def test_etl_rebuild_reads_no_source(loaded: None) -> None:
    Path("data").rename("elsewhere")
    change("DELETE FROM time")
    result = call("etl", "--rebuild", "--no-answers")
    assert result.exit_code == 0
    assert "The star was computed again from staging" in result.stderr
    assert answer("status")["tables"]["time"] == 2


def test_etl_that_fails_its_checks_ends_with_6(loaded: None) -> None:
    change("DELETE FROM songplays")
    log = Path("data/log_data/2018-11-02-events.json")
    log.with_name("more.json").write_text(
        log.read_text().replace('"sessionId": 9', '"sessionId": 1')
    )
    error = failure("etl")
    assert (error["code"], error["exit_code"]) == ("quality", 6)
    assert "plays_counted" in error["reason"]


@pytest.mark.parametrize("typed", ["yes\n", "no\n", None])
def test_etl_asks_before_it_reads_much_through_this_machine(
    sources: None, monkeypatch: pytest.MonkeyPatch, typed: str | None
) -> None:
    load, modes, asked = pipeline.load, [], []

    def needs_agreement(settings: Settings, **options: Any) -> pipeline.LoadReport:
        modes.append((settings.copy_mode, settings.compact_max_bytes))
        if settings.compact_max_bytes < 10**12:
            details = {"bytes_through_here": 10**12, "copy_mode": "compact"}
            raise SourceError("too much", "Agree.", **details)
        return load(settings, **options)

    def ask(prompt: str) -> str | None:
        asked.append(prompt)
        return typed

    monkeypatch.setattr(pipeline, "load", needs_agreement)
    monkeypatch.setattr(console, "ask", ask)
    assert call("etl", "--no-answers").exit_code == (0 if typed == "yes\n" else 4)
    assert asked == ["too much.\nRead them through this machine? Type yes: "]
    assert modes[1:] == ([("compact", 10**12)] if typed == "yes\n" else [])


# --- generate


def test_generate_makes_what_etl_loads() -> None:
    words = ("--songs", "30", "--users", "3", "--days", "2", "--seed", "5")
    result = call("generate", "data", *words, "--start", "2019-01-31")
    assert result.exit_code == 0
    assert "Next: `sparkify etl`" in result.stderr
    report = answer("etl", "--no-answers")
    assert report["tables"]["songs"] == 30
    assert report["events"]["rejected"] == 0
    (day,) = {path.name[:10] for path in Path("data/log_data").rglob("*-31-*.json")}
    assert day == "2019-01-31"


def test_generate_says_how_to_load_from_another_folder() -> None:
    small = ("--songs", "5", "--users", "2", "--days", "1")
    told = call("generate", "an other/world/", *small).stderr
    (command,) = re.findall(r"Next: `sparkify (.*)` loads it", told)
    assert command == (
        "etl --log-data 'an other/world/log_data' --song-data 'an other/world/song_data'"
    )
    assert answer(*shlex.split(command), "--no-answers")["tables"]["songs"] == 5
    assert call("generate", "data/", *small).stderr.endswith("Next: `sparkify etl` loads it.\n")


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_folder_name_is_not_the_current_folder(name: str) -> None:
    assert "has no name" in failure("generate", name)["reason"]
    assert not Path("log_data").exists()


def test_generate_json() -> None:
    assert isinstance(
        answer("generate", "data", "--songs", "5", "--users", "2", "--days", "1"), dict
    )


def test_generate_help_tells_the_true_defaults() -> None:
    from sparkify.generate.options import USERS, Options

    shown = call("generate", "--help").stdout
    world = Options()
    for value in (world.songs, USERS, world.days, world.start, world.seed, world.match_share):
        assert f"[default: {value}]" in shown


@pytest.mark.parametrize("words", [["--songs", "0"], ["--users", "1", "--events", "1"]])
def test_generate_of_what_cannot_be_ends_with_2(words: list[str]) -> None:
    assert failure("generate", "data", *words)["exit_code"] == 2
