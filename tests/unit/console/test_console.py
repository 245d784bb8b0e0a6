"""The printer: hostile and odd data, terminals and pipes, tables, JSON, progress."""

from __future__ import annotations

import datetime
import decimal
import io
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from command_line import terminal
from sparkify import console
from sparkify.console import stream, tables
from sparkify.errors import BusyError, SparkifyError

ROOT = Path(__file__).parents[3]


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Broken(io.StringIO):
    """A stream whose reader went away, or whose disk is full."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error
        self.device = Path("/dev/null").open("wb")  # noqa: SIM115

    def write(self, text: str) -> int:
        raise self.error

    def fileno(self) -> int:
        return self.device.fileno()

    def close(self) -> None:
        self.device.close()
        super().close()


def before_a_screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Put a terminal of 60 columns in the place of stdout and stderr."""
    made = Screen()
    monkeypatch.setattr(sys, "stdout", made)
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return made


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 東 🎵", "plain é 東 🎵"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b2J", r"\x9b2J"),
        ("a\r\nb\tc\0", r"a\r\nb\tc\x00"),
        ("evil\u202egpj.exe", r"evil\u202egpj.exe"),
        ("file\udcff", r"file\udcff"),
    ],
)
def test_what_could_steer_a_terminal_is_made_visible(text: str, shown: str) -> None:
    assert stream.clean(text) == shown
    assert stream.clean_lines(text) == shown.replace(r"\n", "\n")


def test_talk_goes_to_stderr_and_data_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    stream.out("data")
    console.say("talk \x1b[2J", "yellow")
    assert capsys.readouterr() == ("data\n", "talk \\x1b[2J\n")


def test_colours_are_for_terminals_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = before_a_screen(monkeypatch)
    console.say("a", "yellow")
    monkeypatch.setenv("TERM", "dumb")
    console.say("b", "yellow")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    console.say("c", "yellow")
    assert screen.getvalue() == "\x1b[33ma\x1b[0m\nb\nc\n"


def test_json_is_what_python_means(capsys: pytest.CaptureFixture[str]) -> None:
    value = {
        1: (None, True, 1.5, float("nan"), "é\x1b\x9b\u202e"),
        "when": datetime.datetime(2018, 11, 2, 1, 25, 34, 796000),
        "day": datetime.date(2018, 11, 2),
        "sum": decimal.Decimal("1.25"),
        "raw": b"\x00\xff",
        "path": Path("a/b"),
        "none": {None},
    }
    console.json_out(value)
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert "\x9b" not in text
    assert json.loads(text) == {
        "1": [None, True, 1.5, None, "é\x1b\x9b\u202e"],
        "when": "2018-11-02T01:25:34.796000",
        "day": "2018-11-02",
        "sum": 1.25,
        "raw": "00ff",
        "path": "a/b",
        "none": [None],
    }


def test_json_stays_json_where_the_encoding_is_poor(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    console.json_out("é 東")
    assert raw.getvalue() == b'"\\u00e9 \\u6771"\n'


def test_a_poor_encoding_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    console.prepare()
    stream.out("Beyoncé")
    assert raw.getvalue() == b"Beyonc\\xe9\n"


def test_a_failure_says_what_happened_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    console.failure(BusyError("it is in use", "Wait.", process=7), as_json=True)
    out, talk = capsys.readouterr()
    assert talk == "Error: it is in use\nNext: Wait.\n"
    assert json.loads(out) == {
        "ok": False,
        "error": {
            "code": "busy",
            "exit_code": 7,
            "reason": "it is in use",
            "next_step": "Wait.",
            "details": {"process": 7},
        },
    }


def test_a_reader_that_went_away_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with Broken(BrokenPipeError(32, "Broken pipe")) as gone:
        monkeypatch.setattr(sys, "stdout", gone)
        stream.out("data")


def test_a_full_disk_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with Broken(OSError(28, "No space left on device")) as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(SparkifyError, match="No space left on device"):
            stream.out("data")


def test_a_closed_stream_takes_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    stream.out("data")
    console.json_out({})
    tables.show(["a"], [[1]])


ROWS: list[list[Any]] = [
    [1, "short", 0.5, None],
    [1000, "東京 e\u0301 [bold]x[/bold]", None, datetime.datetime(2018, 11, 2, 1, 2, 3)],
    [None, "\x1b[2J", 2.0, datetime.datetime(2018, 11, 2, 1, 2, 3, 4000)],
]


def test_a_table_in_a_pipe_is_plain_and_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    tables.show(["id", "title", "share", "when"], ROWS, null="NULL")
    assert capsys.readouterr().out.splitlines() == [
        "  id  title                  share  when",
        "----  ---------------------  -----  -----------------------",
        "   1  short                    0.5  NULL",
        "1000  東京 e\u0301 [bold]x[/bold]   NULL  2018-11-02 01:02:03",
        "NULL  \\x1b[2J                    2  2018-11-02 01:02:03.004",
    ]


def test_a_table_in_a_pipe_is_as_wide_as_it_must_be(capsys: pytest.CaptureFixture[str]) -> None:
    tables.show(["text"], [["x" * 500]])
    assert "x" * 500 in capsys.readouterr().out


def test_a_table_on_a_terminal_keeps_to_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = before_a_screen(monkeypatch)
    tables.show(["id", "text", "more"], [[1, "word " * 30, "[red]m[/red]"], [2, "\x1b[2J", "m"]])
    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= 60
    assert screen.getvalue().count("word") == 30
    assert "[red]m[/red]" in screen.getvalue()
    assert "\x1b[2J" not in screen.getvalue()


def test_no_figure_and_no_short_word_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = before_a_screen(monkeypatch)
    row = [1_234_567, "2018-11-30 19:54", "word " * 5, "Griffin", 15_030]
    tables.show(["a_long_title", "when", "text", "name", "another_long_title"], [row])
    shown = screen.getvalue()
    assert max(map(len, shown.splitlines())) <= 60
    for whole in ("1234567", "2018-11-30", "19:54", "Griffin", "15030"):
        assert whole in shown


def test_a_table_too_wide_for_a_terminal_becomes_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = before_a_screen(monkeypatch)
    tables.show([f"column_{n}" for n in range(7)], [[10**9 + n for n in range(7)], [None] * 7])
    first, second = screen.getvalue().split("\n\n")
    assert first.splitlines() == [f"column_{n}  {10**9 + n}" for n in range(7)]
    assert second.splitlines() == [f"column_{n}" for n in range(7)]
    tables.show([f"column_{n}" for n in range(7)], [])
    assert "column" in screen.getvalue()[len(first) + len(second) :]


def test_sentences_on_a_terminal_break_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = before_a_screen(monkeypatch)
    stream.say("  " + "some-words " * 20 + "x" * 70 + "\nshort")
    stream.failure(SparkifyError("no-reason " * 20, "a step " * 20), as_json=False)
    lines = re.sub(r"\x1b\[[\d;]*m", "", screen.getvalue()).splitlines()
    assert [line.strip() for line in lines if len(line) > 60] == ["x" * 70]
    assert all(line.startswith("  ") for line in lines[:4])
    assert screen.getvalue().count("some-words") == screen.getvalue().count("no-reason") == 20
    assert "\x1b[1;31mError:\x1b[0m no-reason" in screen.getvalue()
    assert stream.wrapped("word " * 30, io.StringIO()) == "word " * 30


def test_a_bar_stands_beside_an_amount_that_has_another_to_be_compared_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for rows, drawn in (([["a", 2], ["b", 1], ["c", 0]], [12, 6, 0]), ([["a", 2]], [0])):
        screen = before_a_screen(monkeypatch)
        tables.show(["name", "plays"], rows, bars=1)
        lines = screen.getvalue().splitlines()[2:]
        assert [line.count("█") for line in lines] == drawn
        assert not [line for line in lines if line.endswith(" ")]


def test_a_table_without_rows_shows_its_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = before_a_screen(monkeypatch)
    tables.show(["a", "b"], [])
    assert "a" in screen.getvalue()
    plain = io.StringIO()
    monkeypatch.setattr(sys, "stdout", plain)
    tables.show(["a", "b"], [])
    assert plain.getvalue() == "a  b\n-  -\n"


def test_truth_values_are_no_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    tables.show(["is_it_so"], [[True]])
    assert capsys.readouterr().out.splitlines()[-1] == "True"


def test_csv_keeps_every_value(capsys: pytest.CaptureFixture[str]) -> None:
    when = datetime.datetime(2018, 11, 2, 1, 2, 3, 796000)
    tables.show_csv(["a", "b"], [['say "hi", you', None], ["two\nlines \x1b", when], [b"\xff", 1]])
    assert capsys.readouterr().out == (
        'a,b\n"say ""hi"", you",\n"two\nlines \x1b",2018-11-02 01:02:03.796000\nff,1\n'
    )


def test_csv_on_a_terminal_cannot_steer_it(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = before_a_screen(monkeypatch)
    tables.show_csv(["a"], [["\x1b[2J"]])
    assert screen.getvalue() == "a\n\\x1b[2J\n"


def test_questions_are_only_for_people(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    assert console.ask("Sure?") is None
    person = Screen("yes\n")
    monkeypatch.setattr(sys, "stdin", person)
    assert console.ask("Sure?") == "yes\n"
    assert console.ask("Sure?") is None  # the end of the input
    assert capsys.readouterr().err == "Sure?\nSure?\n"


def test_quick_steps_show_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = before_a_screen(monkeypatch)
    with console.ProgressBar() as progress:
        progress("reading", 1, 2, "files")
        progress("writing", 1, 2, "files")
    assert screen.getvalue() == ""


def until_shown(
    progress: console.ProgressBar, where: io.StringIO, step: str, unit: str, text: str = ""
) -> None:
    """Go on with a step until its name, or the text, appears."""
    deadline = time.monotonic() + 600
    done = 0
    while (text or step) not in where.getvalue():
        assert time.monotonic() < deadline
        done += 1
        progress(step, done, 10**9, unit)
        time.sleep(0.01)


@pytest.mark.parametrize(("unit", "rate"), [("files", "files/s"), ("bytes", "bytes/s")])
def test_a_long_step_gets_a_bar_with_rate_and_time(
    monkeypatch: pytest.MonkeyPatch, unit: str, rate: str
) -> None:
    screen = before_a_screen(monkeypatch)
    with console.ProgressBar(delay=0.01) as progress:
        until_shown(progress, screen, "reading [x]", unit)
        until_shown(progress, screen, "writing", unit)
        until_shown(progress, screen, "writing", unit, rate)
    assert "left" in screen.getvalue()


def test_without_a_terminal_a_long_step_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    with console.ProgressBar(delay=0.01) as progress:
        until_shown(progress, log, "reading", "files")
        progress("reading", 5, 5, "files")
        progress.finish()
    assert log.getvalue() == "reading ...\n"


def test_on_a_real_terminal_a_table_is_coloured_by_nobody_and_fits() -> None:
    program = "from sparkify.console import tables; tables.show(['t'], [['word ' * 40], ['[b]']])"
    code, seen = terminal(sys.executable, "-c", program, cwd=ROOT, columns=50, NO_COLOR="1")
    assert code == 0
    assert max(map(len, seen.splitlines())) <= 50
    assert "\x1b" not in seen
    assert "[b]" in seen
