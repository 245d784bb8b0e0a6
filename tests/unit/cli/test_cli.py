"""Every command: what it does, its exit codes, its JSON, and that no input ends in a traceback."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings, strategies

from command_line import (
    PROGRAM,
    call,
    change,
    failure,
    process,
)
from sparkify import __version__
from sparkify.cli import application


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
    contract = "generate inspect create-tables grant etl ask check query rejects status export"
    contract += " import report serve iac-plan iac-up iac-status iac-down iac-policy new-question"
    contract += " sql doctor"
    groups = ("iac-", "new-")
    names = [name for name, _ in commands()]
    assert names == [
        word.replace("-", " ") if word.startswith(groups) else word for word in contract.split()
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
        (["ask", "top_sonk"], "no question 'top_sonk'", "Did you mean top_songs"),
        (["ask", "--list", "top_sonk"], "no question 'top_sonk'", "Did you mean top_songs"),
        (["ask", "top_"], "questions fit 'top_': top_songs, top_artists", "Give one of these"),
        (["ask", "0"], "no question '0'", "`sparkify ask --list`"),
        (["ask", "999"], "no question '999'", "`sparkify ask --list`"),
        (["status", "--max-age", "2"], "'2' is not a time such as 2d", "`sparkify status --help`"),
        (["status", "--max-age", "d"], "'d' is not a time such as 2d", "`sparkify status --help`"),
        (["status", "--max-age", ""], "'' is not a time such as 2d", "`sparkify status --help`"),
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


def test_what_became_of_a_cancelled_statement_is_told(
    monkeypatch: pytest.MonkeyPatch, sources: None
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        error = KeyboardInterrupt()
        error.add_note("the statement had finished already: what it did stays")
        raise error

    monkeypatch.setattr("sparkify.etl.load", interrupted)
    error = failure("etl")
    assert error["exit_code"] == 130
    assert error["reason"] == ("interrupted; the statement had finished already: what it did stays")


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
