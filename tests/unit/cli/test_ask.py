"""Commands that answer and look: what they show, their JSON, their exit codes."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from command_line import (
    PROGRAM,
    STAR,
    answer,
    call,
    change,
    failure,
    terminal,
    write_sources,
)
from sparkify import analysis, sql_queries

# --- asking


def test_ask_answers_by_name(loaded: None) -> None:
    result = call("ask", "top_songs", "gender")
    assert result.exit_code == 0
    numbers = {name: number for number, name in enumerate(analysis.questions(), start=1)}
    asked = f"{numbers['gender']} gender: Do men and women listen differently?"
    assert result.stdout.startswith("1 top_songs: Which song is played most?\n")
    assert f"\n{asked}\n" in result.stdout
    assert "\x1b" not in result.stdout
    for words in (["gender"], [str(numbers["gender"])], ["do", "women", "differently"]):
        assert call("ask", *words).stdout.startswith(f"{asked}\n")
    assert f"{numbers['gender']:>6}  gender " in call("ask", "--list").stdout


def test_ask_json(loaded: None) -> None:
    answers = answer("ask", "busiest_hours", "top_songs")
    assert [one["name"] for one in answers] == ["busiest_hours", "top_songs"]
    for one in answers:
        assert list(one) == ["name", "question", "answer", "columns", "rows"]
        assert all(len(row) == len(one["columns"]) for row in one["rows"])
    assert len(answer("ask")) == len(analysis.questions())


def test_ask_list_needs_no_warehouse() -> None:
    listed = answer("ask", "--list")
    assert [one["name"] for one in listed] == list(analysis.questions())
    assert listed[0] == {"name": "top_songs", "question": "Which song is played most?"}
    assert "Which song is played most?" in call("ask", "--list").stdout


def test_ask_sql_shows_what_runs(loaded: None) -> None:
    (shown,) = answer("ask", "--sql", "top_songs")
    assert shown["sql"] == analysis.questions()["top_songs"].sql
    script = call("ask", "--sql", "top_songs").stdout
    assert script == f"-- top_songs: Which song is played most?\n{shown['sql']};\n"
    assert call("query", "-", stdin=script).exit_code == 0


def test_ask_of_a_period_and_a_level_prints_the_days(loaded: None) -> None:
    (one,) = answer("ask", "top_songs", "--since", "1d", "--level", "free")
    assert one["filters"] == {"since": "2018-11-02", "until": None, "level": "free"}
    assert one["answer"].startswith("Since 2018-11-02, at the free level: ")
    assert one["answer"] in call("ask", "top_songs", "--since", "1d", "--level", "free").stdout
    (sql,) = answer("ask", "top_songs", "--since", "1d", "--sql")
    assert "ts >= TIMESTAMP '2018-11-02 00:00:00'" in sql["sql"]
    assert len(answer("ask", "--until", "2000-01-01")) == len(analysis.questions())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["new_listeners", "--since", "7d"], "new_listeners takes no --since"),
        (["--since", "soon"], "'soon' is neither a day nor a number of days"),
        (["--since", "2018-11-02", "--until", "2018-11-02"], "the period is empty"),
        (["--level", "gold"], "'gold' is not one of 'free', 'paid'"),
    ],
)
def test_filters_that_cannot_be_end_with_2(words: list[str], said: str, loaded: None) -> None:
    error = failure("ask", *words)
    assert said in error["reason"]
    assert error["exit_code"] == 2


def test_check_passes_over_a_sound_warehouse(loaded: None) -> None:
    result = call("check")
    assert result.exit_code == 0
    assert f"{len(sql_queries.quality_checks)} checks: " in result.stderr
    assert " 0 failed." in result.stderr
    checks = answer("check")
    keys = ["name", "severity", "purpose", "failures", "columns", "rows"]
    assert all(list(one) == keys for one in checks)


def test_check_shows_the_rows_that_offend_and_ends_with_6(loaded: None) -> None:
    change("DELETE FROM users")
    result = call("check")
    assert result.exit_code == 6
    assert "songplays_users: 2 offending rows" in result.stdout
    assert "failed   songplays_users" in result.stdout
    error = failure("check")
    assert (error["code"], error["exit_code"]) == ("quality", 6)
    assert "songplays_users" in error["reason"]
    (broken,) = [one for one in error["details"]["checks"] if one["name"] == "songplays_users"]
    assert (broken["failures"], len(broken["rows"])) == (2, 2)


def test_query_in_every_form(loaded: None) -> None:
    sql = "SELECT user_id, first_name, NULL AS nothing FROM users"
    result = call("query", sql)
    assert result.stdout.splitlines()[-1] == "      7  Ada         NULL"
    assert result.stderr == "1 row.\n"
    assert call("query", sql, "--format", "csv").stdout == "user_id,first_name,nothing\n7,Ada,\n"
    expected = {"columns": ["user_id", "first_name", "nothing"], "rows": [[7, "Ada", None]]}
    assert answer("query", sql) == expected
    assert json.loads(call("query", sql, "--format", "json").stdout) == expected
    assert call("query", "-", "--format", "csv", stdin=sql).stdout.endswith("7,Ada,\n")


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM users",
        "DROP TABLE users",
        "CREATE TABLE x (y INTEGER)",
        "COPY users TO 'users.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "ATTACH 'other.duckdb'",
        "SET enable_external_access = true",
        "SELECT 1; SELECT 2",
        "SELECT * FROM nowhere",
        "nonsense",
        "",
        "\udcff",
    ],
)
def test_query_can_only_read(sql: str, loaded: None) -> None:
    error = failure("query", sql)
    assert (error["code"], error["exit_code"]) == ("usage", 2)
    assert answer("query", "SELECT COUNT(*) FROM users")["rows"] == [[1]]
    assert sorted(path.name for path in Path().iterdir()) == ["data", "sparkify.duckdb"]


@pytest.mark.parametrize("file", ["out.csv", "out.json", "out.txt", "out.parquet", "OUT.CSV"])
def test_query_writes_a_file_in_the_form_of_its_ending(file: str, loaded: None) -> None:
    sql = 'SELECT user_id, first_name AS "a b", NULL AS nothing, [1] AS list FROM users'
    result = call("query", sql, "--output", file)
    assert (result.stdout, result.stderr) == ("", f"1 row in {file}.\n")
    if file.endswith("parquet"):
        with duckdb.connect() as connection:
            found = connection.read_parquet(file)
            assert (found.columns, found.fetchall()) == (
                ["user_id", "a b", "nothing", "list"],
                [(7, "Ada", None, "[1]")],
            )
    else:
        form = {"txt": "table"}.get(file.lower()[-3:], file.lower().partition(".")[2])
        assert Path(file).read_text() == call("query", sql, "--format", form).stdout
    written = answer("query", sql, "--output", file)
    assert (written["file"], written["rows"]) == (file, 1)
    assert sorted(path.name for path in Path().iterdir()) == sorted(
        [file, "data", "sparkify.duckdb"]
    )


def test_query_without_rows_or_of_mixed_values_writes_parquet(loaded: None) -> None:
    for sql, rows in (
        ("SELECT 1 AS a WHERE FALSE", []),
        (
            "SELECT TIMESTAMP 'infinity' AS a UNION ALL SELECT '2018-01-02' ORDER BY a",
            [("2018-01-02",), ("infinity",)],
        ),
        ("SELECT 1.5 AS a UNION ALL SELECT 2 ORDER BY a", [(Decimal("1.5"),), (Decimal(2),)]),
        ("SELECT DATE '2018-11-02' AS a", [(date(2018, 11, 2),)]),
    ):
        assert call("query", sql, "--output", "out.parquet").exit_code == 0
        with duckdb.connect() as connection:
            found = connection.read_parquet("out.parquet")
            assert (found.columns, found.fetchall()) == (["a"], rows)


def test_query_gives_the_first_rows(loaded: None) -> None:
    sql = "SELECT range AS number FROM range(5)"
    assert answer("query", sql, "--limit", "2")["rows"] == [[0], [1]]
    assert answer("query", sql, "--limit", "0")["rows"] == []
    assert call("query", sql, "--limit", "1", "--output", "a.csv").exit_code == 0
    assert Path("a.csv").read_text() == "number\n0\n"
    said = f"; {sql} WHERE range <> 7 AND 'é;' <> '' /* ; */; -- the first ones"
    assert answer("query", said, "--limit", "1")["rows"] == [[0]]


@pytest.mark.parametrize("comment", ["-- how many?", "--how many?", "--", "-- --limit"])
def test_statement_may_begin_with_a_comment(comment: str, loaded: None) -> None:
    assert answer("query", f"{comment}\nSELECT 1 AS one")["rows"] == [[1]]


def test_option_with_a_line_end_in_its_value_is_no_statement(loaded: None) -> None:
    answer("query", "SELECT 1 AS one", "--output=a\nb.csv")
    assert Path("a\nb.csv").read_text() == "one\n1\n"


def test_mistyped_option_is_no_statement(loaded: None) -> None:
    assert "--fromat" in failure("query", "SELECT 1", "--fromat", "csv")["reason"]


def test_query_that_cannot_write_changes_no_file(loaded: None) -> None:
    Path("a.csv").write_text("kept")
    assert failure("query", "SELECT wrong", "--output", "a.csv")["exit_code"] == 2
    assert Path("a.csv").read_text() == "kept"
    assert "--output" in failure("query", "SELECT 1", "--format", "parquet")["next_step"]
    assert "there is no folder" in failure("query", "SELECT 1", "--output", "no/a.csv")["reason"]


def test_a_long_result_goes_to_a_pager(loaded: None) -> None:
    pager = Path("pager")
    pager.write_text("#!/bin/sh\necho paged\ncat\n")
    pager.chmod(0o755)
    seen = {
        rows: terminal(
            *(*PROGRAM, "query", f"SELECT range FROM range({rows})"),
            cwd=Path.cwd(),
            PAGER="./pager",
        )
        for rows in (30, 60)  # the terminal has 40 lines
    }
    assert [code for code, _ in seen.values()] == [0, 0]
    assert ["paged" in text for _, text in seen.values()] == [False, True]
    assert "   59\n" in seen[60][1]
    assert "paged" not in call("query", "SELECT range FROM range(60)").stdout
    assert seen[30][1].endswith("   29\n30 rows.\n")
    assert seen[60][1].endswith("   59\n60 rows.\n")  # not before, where the pager hides it


def test_query_of_hostile_text_cannot_steer_the_terminal(loaded: None) -> None:
    change("UPDATE songs SET title = '\x1b[2J[red]<script>\x9b1m\n'")
    code, seen = terminal(*PROGRAM, "query", "SELECT title FROM songs", cwd=Path.cwd())
    assert code == 0
    assert r"\x1b[2J[red]<script>\x9b1m\n" in seen
    assert "\x1b" not in seen


def test_query_shows_the_first_rows_on_a_terminal(loaded: None) -> None:
    sql = "SELECT range AS number FROM range(1200)"
    code, seen = terminal(*PROGRAM, "query", sql, cwd=Path.cwd())
    assert code == 0
    assert "999" in seen
    assert "\n 1000\n" not in seen
    assert "The first 1,000 of 1,200 rows" in seen
    assert call("query", sql).stdout.endswith("1199\n")


def test_rejects_of_a_clean_load(loaded: None) -> None:
    assert "Nothing was rejected." in call("rejects").stderr
    assert answer("rejects")["rows"] == []


def test_status(loaded: None) -> None:
    shown = call("status").stdout
    assert "songplays            2" in shown
    assert "Events from 2018-11-02 01:25:34" in shown
    assert "  1  published" in shown
    found = answer("status")
    assert list(found) == ["engine", "tables", "freshness", "runs", "rejects", "refused"]
    assert found["refused"] is None
    assert {name: found["tables"][name] for name in STAR} == STAR
    assert found["runs"][0]["run_id"] == 1


def test_status_tells_of_rejects(tmp_path: Path) -> None:
    write_sources(tmp_path, "bad")
    call("etl", "--no-answers")
    assert "events  not_json        1" in call("status").stdout


def test_a_refused_load_is_shown_as_such(sources: None) -> None:
    Path("data/log_data/bad.json").write_text("bad\n" + 200 * '{"ts": "never"}\n')
    assert failure("etl")["code"] == "too_many_rejected"
    told = "Refused: the newest load, run 2 of "
    for command in ("ask", "status"):
        result = call(command)
        assert result.exit_code == 0
        assert told in result.stderr
        assert "201 of 205 records were rejected" in result.stderr
        assert "  200 events missing, such as " in result.stderr
        assert "bad.json, line 1: not JSON" in result.stderr
        assert "Next: `sparkify rejects` shows them all" in result.stderr
        assert "There are no plays yet" not in result.stdout
    refused = answer("status")["refused"]
    assert list(refused) == ["run_id", "finished_at", "read", "rejected", "reasons"]
    assert [one["records"] for one in refused["reasons"]] == [200, 1]
    assert len(answer("ask")) == len(analysis.questions())
    Path("data/log_data/bad.json").unlink()
    assert call("etl").exit_code == 0
    assert answer("status")["refused"] is None
    assert told not in call("ask").stderr


@pytest.mark.parametrize(
    ("age", "now", "reason"),
    [
        ("1d", "2018-11-03T01:00:00", None),
        (
            "23h",
            "2018-11-03T01:00:00",
            "the newest event is of 2018-11-02 01:25:36 UTC: older than",
        ),
        ("1441m", "2018-11-03T01:00:00", None),
        ("0d", "2018-11-02T01:25:37", "the newest event is of 2018-11-02 01:25:36 UTC"),
    ],
)
def test_status_tells_what_is_stale(
    age: str, now: str, reason: str | None, loaded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(f"UPDATE etl_runs SET finished_at = TIMESTAMP '{now}'")

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> Clock:
            return cls.fromisoformat(f"{now}+00:00")

    monkeypatch.setattr("sparkify.cli.admin.datetime", Clock)
    if reason is None:
        assert answer("status", "--max-age", age)["engine"] == "duckdb"
        return
    error = failure("status", "--max-age", age)
    assert (error["code"], error["exit_code"]) == ("quality", 6)
    assert reason in error["reason"]
    assert error["details"]["status"]["tables"]["songplays"] == 2


def test_status_of_a_load_that_is_long_ago_or_never_was_is_stale(loaded: None) -> None:
    change("UPDATE staging_events SET ts = now()::TIMESTAMP + INTERVAL 1 DAY")
    assert call("status", "--max-age", "1d").exit_code == 0
    change("UPDATE etl_runs SET finished_at = TIMESTAMP '2020-01-01'")
    error = failure("status", "--max-age", "1d")
    assert error["reason"] == "the newest load is of 2020-01-01 00:00:00 UTC: older than 1 day"
    Path("sparkify.duckdb").unlink()
    call("create-tables")
    assert "there is no event yet" in failure("status", "--max-age", "1d")["reason"]


def test_check_fails_on_warnings_where_asked(loaded: None) -> None:
    warned = [one["name"] for one in answer("check") if one["failures"]]
    assert warned
    error = failure("check", "--fail-on", "warn")
    assert (error["code"], error["exit_code"]) == ("quality", 6)
    assert error["reason"].endswith(f"failed or warned: {', '.join(warned)}")


def test_status_of_an_empty_warehouse() -> None:
    call("create-tables")
    assert "Nothing is loaded yet." in call("status").stderr


def test_export_writes_the_star_and_the_views_as_parquet(loaded: None) -> None:
    done = answer("export", "out")
    written = [*STAR, *sql_queries.VIEWS]
    assert done["files"] == {table: f"out/{table}.parquet" for table in written}
    for table, rows in STAR.items():
        with duckdb.connect() as connection:
            path = done["files"][table]
            found = connection.execute(f"SELECT COUNT(*) FROM '{path}'").fetchall()
        assert found == [(rows,)]
    assert "songplays  out/songplays.parquet" in call("export", "out").stdout


def test_export_of_a_period_and_a_level(loaded: None) -> None:
    change("UPDATE songplays SET start_time = '2018-11-01' WHERE songplay_id LIKE '%-2'")
    done = answer("export", "out", "--since", "1d", "--level", "free")
    assert done["filters"] == {"since": "2018-11-02", "until": None, "level": "free"}
    count = "SELECT COUNT(*) FROM {} WHERE start_time >= '2018-11-02' AND level = 'free'"
    with duckdb.connect("sparkify.duckdb", read_only=True) as connection:
        expected = connection.execute(count.format("songplays")).fetchall()
    assert expected == [(1,)]
    told = call("export", "out", "--since", "1d", "--level", "free").stderr
    assert "Plays: since 2018-11-02, at the free level." in told
    assert duckdb.execute("SELECT COUNT(*) FROM 'out/songplays.parquet'").fetchall() == expected
    listeners = duckdb.execute("SELECT DISTINCT user_id FROM 'out/songplays.parquet'").fetchall()
    for table in ("users", "listeners"):
        found = duckdb.execute(f"SELECT DISTINCT user_id FROM 'out/{table}.parquet'").fetchall()
        assert sorted(found) == sorted(listeners)
    assert duckdb.execute("SELECT COUNT(*) FROM 'out/songs.parquet'").fetchall() == [
        (STAR["songs"],)
    ]


def test_export_into_a_file_ends_with_2(loaded: None) -> None:
    assert failure("export", "data/log_json_path.json")["exit_code"] == 2


def test_sql_lists_and_prints() -> None:
    listed = answer("sql")
    names = [one["name"] for one in listed]
    assert names == list(sql_queries.catalogue())
    assert all(one.get("purpose") or one.get("question") for one in listed)
    assert "insert_songplays" in call("sql").stdout
    (shown,) = answer("sql", "insert_songplays")
    assert shown["sql"] == sql_queries.catalogue()["insert_songplays"].sql
    assert call("sql", "insert_songplays").stdout.endswith(f"{shown['sql']};\n")
