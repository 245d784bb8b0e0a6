"""Every command: what it does, its exit codes, its JSON, and that no input ends in a traceback."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import duckdb
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings, strategies

from command_line import EVENTS, PROGRAM, answer, call, failure, process, terminal, write_sources
from sparkify import __version__, analysis, sql_queries
from sparkify.cli import application
from sparkify.config.keys import SETTINGS

STAR = {"songplays": 2, "users": 1, "songs": 1, "artists": 1, "time": 2}
COUNTS = {"read": 0, "staged": 0, "duplicates": 0, "rejected": 0, "mended": 0}


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


def change(sql: str) -> None:
    """Tamper with the warehouse."""
    with duckdb.connect("sparkify.duckdb") as connection:
        connection.execute(sql)


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


def commands() -> list[tuple[str, click.Command]]:
    """Every command that can be called, with the words that call it."""
    found = []
    for name, command in application.commands.items():
        if isinstance(command, click.Group):
            found += [(f"{name} {inner}", one) for inner, one in command.commands.items()]
        else:
            found.append((name, command))
    return found


# --- the whole


def test_the_commands_are_those_of_the_contract() -> None:
    contract = "generate inspect create-tables etl ask check query rejects status export report"
    contract += " iac plan,iac up,iac status,iac down sql doctor"
    names = [name for name, _ in commands()]
    assert names == [
        *contract.split(" iac ")[0].split(),
        *["iac plan", "iac up", "iac status", "iac down", "iac policy"],
        "sql",
        "doctor",
    ]


@pytest.mark.parametrize(("name", "command"), commands())
def test_every_command_and_option_says_what_it_does(name: str, command: click.Command) -> None:
    shown = call(*name.split(), "--help").stdout
    assert command.help
    assert command.get_short_help_str(57)[-3:] != "..."
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert {"as_json", "debug", "config_file"} <= {one.name for one in options}
    for option in options:
        assert option.help
        assert option.opts[0] in shown


def test_help_needs_no_engine() -> None:
    program = (
        "import sys\nfrom sparkify.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "heavy = {'duckdb', 'numpy', 'rich', 'sparkify.etl', 'sparkify.warehouse'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert b"Completion in the shell" in done.stdout


def test_version() -> None:
    result = call("--version")
    assert (result.exit_code, result.stdout) == (0, f"sparkify {__version__}\n")


def test_without_a_command_the_help_is_shown_and_the_code_is_2() -> None:
    result = call()
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: sparkify")
    assert json.loads(call("--json").stdout)["error"]["reason"] == "missing command"
    assert call("iac").stderr.startswith("Usage: sparkify iac")


@pytest.mark.parametrize(
    ("words", "reason", "next_step"),
    [
        (["elt"], "no such command 'elt'", "`sparkify --help`"),
        (["etl", "--dryrun"], "no such option '--dryrun'", "`sparkify etl --help`"),
        (["etl", "now"], "got unexpected extra argument (now)", "`sparkify etl --help`"),
        (["etl", "--wait", "long"], "'long' is not a valid", "`sparkify etl --help`"),
        (["etl", "--dry-run", "--rebuild"], "--rebuild loads nothing", "Leave out one"),
        (["query"], "missing argument", "`sparkify query --help`"),
        (["query", "x", "--format", "xml"], "'xml' is not one of", "`sparkify query --help`"),
        (["generate", "x", "--start", "soon"], "'soon' does not match", "generate --help`"),
        (["ask", "top_song"], "no question 'top_song'", "Did you mean top_songs"),
        (["ask", "--list", "top_song"], "no question 'top_song'", "Did you mean top_songs"),
        (["ask", "--sql", "xyz"], "no question 'xyz'", "`sparkify ask --list`"),
        (["sql", "insert_tim"], "no statement 'insert_tim'", "Did you mean insert_time"),
    ],
)
def test_usage_errors(words: list[str], reason: str, next_step: str, loaded: None) -> None:
    error = failure(*words)
    assert (error["code"], error["exit_code"]) == ("usage", 2)
    assert reason in error["reason"]
    assert next_step in error["next_step"]


@pytest.mark.parametrize(
    "words",
    [["--json", "etl"], ["etl", "--json"], ["--config", "x", "--json", "etl", "--config", "y"]],
)
def test_common_options_stand_before_or_after_the_command(words: list[str]) -> None:
    result = call(*words)
    error = json.loads(result.stdout)["error"]
    if "--config" in words:
        assert error["reason"] == "there is no settings file y"
    else:
        assert error["code"] == "source"


def test_settings_errors_end_with_3() -> None:
    error = failure("status", "--engine", "oracle")
    assert (error["code"], error["exit_code"]) == ("settings", 3)
    assert error["reason"] == (
        "[WAREHOUSE] ENGINE (flag --engine): 'oracle' is not duckdb or redshift"
    )


@pytest.mark.parametrize(
    "words", [["ask"], ["check"], ["status"], ["rejects"], ["query", "x"], ["report"]]
)
def test_a_warehouse_that_is_not_there_ends_with_5(words: list[str]) -> None:
    error = failure(*words)
    assert (error["code"], error["exit_code"]) == ("warehouse", 5)
    assert "sparkify etl" in error["next_step"]
    assert not Path("sparkify.duckdb").exists()


@pytest.mark.parametrize(
    "words",
    [["ask"], ["check"], ["status"], ["rejects"], ["query", "SELECT 1"], ["etl"], ["export", "x"]],
)
def test_a_file_that_is_no_warehouse_ends_with_5(words: list[str], sources: None) -> None:
    Path("sparkify.duckdb").write_text("this is no database")
    assert failure(*words)["exit_code"] == 5
    assert Path("sparkify.duckdb").read_text() == "this is no database"


def test_a_warehouse_in_use_ends_with_7(held: int) -> None:
    for words in (["ask"], ["status"], ["query", "SELECT 1"], ["etl"], ["export", "x"]):
        error = failure(*words, "--wait", "0")
        assert (error["code"], error["exit_code"]) == ("busy", 7)
        assert str(held) in error["reason"]
        assert "--wait" in error["next_step"]


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_waits_says_for_whom_and_can_be_interrupted(held: int, told: signal.Signals) -> None:
    with subprocess.Popen([*PROGRAM, "status"], stderr=subprocess.PIPE) as waiting:
        assert waiting.stderr
        assert waiting.stderr.readline().startswith(f"waiting for process {held} ".encode())
        waiting.send_signal(told)
        talk = waiting.stderr.read()
    assert waiting.returncode == 130
    assert talk == b"\nError: interrupted; what was not finished is not published\n"


def test_an_interrupted_command_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, sources: None
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sparkify.etl.load", interrupted)
    error = failure("etl")
    assert (error["code"], error["exit_code"]) == ("interrupted", 130)


def test_a_bug_ends_with_1_and_shows_its_traceback_on_demand(
    monkeypatch: pytest.MonkeyPatch, sources: None
) -> None:
    def buggy(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("nothing to divide by")

    monkeypatch.setattr("sparkify.etl.load", buggy)
    error = failure("etl")
    assert (error["code"], error["exit_code"]) == ("bug", 1)
    assert "ZeroDivisionError: nothing to divide by (test_cli.py, line" in error["reason"]
    assert "--debug" in error["next_step"]
    assert "Traceback" in CliRunner().invoke(application, ["etl", "--debug"]).stderr


def test_trouble_of_the_system_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device", "song.json")

    monkeypatch.setattr("sparkify.etl.load", full)
    error = failure("etl")
    assert (error["code"], error["exit_code"]) == ("system", 1)
    assert error["reason"] == "song.json: No space left on device"


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
        "Next: `sparkify ask NAME`",
    ):
        assert line in result.stderr
    for query in analysis.questions().values():
        assert query.purpose in result.stdout
    assert '"Setanta matins" by Elena' in result.stdout


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


# --- asking


def test_ask_answers_by_name(loaded: None) -> None:
    result = call("ask", "top_songs", "gender")
    assert result.exit_code == 0
    assert "1 Which song is played most?" in result.stdout
    assert "2 Do men and women listen differently?" in result.stdout
    assert "\x1b" not in result.stdout


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
    assert list(found) == ["engine", "tables", "freshness", "runs", "rejects"]
    assert {name: found["tables"][name] for name in STAR} == STAR
    assert found["runs"][0]["run_id"] == 1


def test_status_tells_of_rejects(tmp_path: Path) -> None:
    write_sources(tmp_path, "bad")
    call("etl", "--no-answers")
    assert "events  not_json        1" in call("status").stdout


def test_status_of_an_empty_warehouse() -> None:
    call("create-tables")
    assert "Nothing is loaded yet." in call("status").stderr


def test_export_writes_the_star_as_parquet(loaded: None) -> None:
    done = answer("export", "out")
    assert done["files"] == {table: f"out/{table}.parquet" for table in STAR}
    for table, rows in STAR.items():
        with duckdb.connect() as connection:
            path = done["files"][table]
            found = connection.execute(f"SELECT COUNT(*) FROM '{path}'").fetchall()
        assert found == [(rows,)]
    assert "songplays  out/songplays.parquet" in call("export", "out").stdout


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


# --- tables


def test_create_tables_loses_nothing(loaded: None) -> None:
    result = call("create-tables")
    assert result.exit_code == 0
    assert "songplays 2" in result.stderr
    done = answer("create-tables")
    assert done["dropped"] == {}
    assert {name: done["tables"][name] for name in STAR} == STAR


def test_create_tables_in_nothing() -> None:
    done = answer("create-tables")
    assert done["dropped"] == {}
    assert done["tables"]["songplays"] == 0


def test_drop_lists_what_it_destroys_and_wants_a_yes(loaded: None) -> None:
    error = failure("create-tables", "--drop")
    assert (error["code"], error["exit_code"]) == ("usage", 2)
    assert "--yes" in error["next_step"]
    assert error["details"]["tables"]["songplays"] == 2
    assert "songplays, 2 rows" in call("create-tables", "--drop").stderr
    assert answer("status")["tables"]["songplays"] == 2


def test_drop_with_yes(loaded: None) -> None:
    done = answer("create-tables", "--drop", "--yes")
    assert done["dropped"]["songplays"] == 2
    assert done["tables"]["songplays"] == 0
    assert "Destroyed" not in call("create-tables", "--drop").stderr  # nothing left to agree to


@pytest.mark.parametrize(("typed", "code", "plays"), [("yes\n", 0, 0), ("no\n", 2, 2)])
def test_drop_asks_a_person(loaded: None, typed: str, code: int, plays: int) -> None:
    words = (*PROGRAM, "create-tables", "--drop")
    ended, seen = terminal(*words, cwd=Path.cwd(), typed=typed)
    assert "songplays, 2 rows" in seen
    assert "Type yes to destroy these tables" in seen
    assert ended == code
    assert answer("status")["tables"]["songplays"] == plays


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


# --- the world outside

WORDS = ["ask", "check", "query", "rejects", "status", "sql", "doctor", "iac", "--json", "--sql"]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(strategies.lists(strategies.sampled_from(WORDS) | strategies.text(max_size=6), max_size=4))
def test_whatever_is_typed_is_no_bug(loaded: None, words: list[str]) -> None:
    assert call(*words).exit_code != 1


def test_a_reader_that_goes_away_is_no_error(loaded: None) -> None:
    running = subprocess.Popen(
        [*PROGRAM, "query", "SELECT range FROM range(100000)"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout
    assert running.stderr
    with running:
        running.stdout.close()
        talk = running.stderr.read()
    assert (running.returncode, talk) == (0, b"100,000 rows.\n")


@pytest.mark.parametrize("words", [["status"], ["--help"]])
def test_a_full_disk_is_told_without_a_traceback(words: list[str], loaded: None) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*PROGRAM, *words], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert b"No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"this is a bug" not in done.stderr


def test_an_ascii_terminal_is_no_error(loaded: None) -> None:
    change("UPDATE songs SET title = 'Beyoncé 東'")
    done = process(*("query", "SELECT title FROM songs"), cwd=Path.cwd(), PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, rb"Beyonc\xe9 \u6771")


def test_sql_on_standard_input_need_not_be_text(loaded: None) -> None:
    done = process("query", "-", cwd=Path.cwd(), stdin=b"SELECT '\xff'")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, rb"\xff")


def test_completion_in_the_shell() -> None:
    script = process(cwd=Path.cwd(), _SPARKIFY_COMPLETE="zsh_source")
    assert script.returncode == 0
    assert b"#compdef sparkify" in script.stdout


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sparkify e", "etl"),
        ("sparkify ask top_", "top_songs"),
        ("sparkify sql ins", "insert_time"),
    ],
)
def test_completion_knows_commands_and_names(line: str, expected: str) -> None:
    done = process(
        cwd=Path.cwd(),
        _SPARKIFY_COMPLETE="bash_complete",
        COMP_WORDS=line,
        COMP_CWORD=str(line.count(" ")),
    )
    assert f"plain,{expected}" in done.stdout.decode().splitlines()


def test_settings_come_from_file_and_environment(
    sources: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mine.cfg").write_text("[DUCKDB]\nDATABASE = file.duckdb\n")
    call("etl", "--no-answers", "--config", "mine.cfg")
    assert Path("file.duckdb").exists()
    monkeypatch.setenv("SPARKIFY_DUCKDB_DATABASE", "env.duckdb")
    call("--config", "mine.cfg", "etl", "--no-answers")
    assert Path("env.duckdb").exists()
    call("etl", "--no-answers", "--database", "flag.duckdb", "--threads", "1")
    assert Path("flag.duckdb").exists()


def test_keys_that_others_can_read_are_warned_of(sources: None) -> None:
    Path("dwh.cfg").write_text("[AWS]\nKEY = AKIAEXAMPLE\nSECRET = hidden\n")
    Path("dwh.cfg").chmod(0o644)
    result = call("etl", "--no-answers")
    assert "Warning: dwh.cfg holds AWS keys" in result.stderr
    assert "hidden" not in result.output
