"""Calling the command line as users do: in this process, in one of its own, on a terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import duckdb
from click.testing import CliRunner, Result

from sparkify.cli import application

PROGRAM = (sys.executable, "-c", "from sparkify.cli import main; main()")

EVENTS: tuple[dict[str, Any], ...] = (
    {"ts": 1541121934796, "sessionId": 9, "itemInSession": 0, "page": "Home", "userId": ""},
    *(
        {
            "ts": 1541121934796 + 1000 * item,
            "sessionId": 9,
            "itemInSession": item,
            "page": "NextSong",
            "userId": "7",
            "level": "free",
            "firstName": "Ada",
            "gender": "F",
            "song": "Setanta matins",
            "artist": "Elena",
            "length": 269.58322,
        }
        for item in (1, 2)
    ),
)
SONG = {
    "song_id": "SOZCTXZ12AB0182364",
    "title": "Setanta matins",
    "artist_id": "AR5KOSW1187FB35FF4",
    "artist_name": "Elena",
    "duration": 269.58322,
    "year": 0,
}

STAR = {"songplays": 2, "users": 1, "songs": 1, "artists": 1, "time": 2}
COUNTS = {"read": 0, "staged": 0, "duplicates": 0, "rejected": 0, "mended": 0}


def write_sources(folder: Path, *more_lines: str) -> None:
    """Write one log file, with two plays of a catalogue song, and one song file.

    They stand where the default settings look for them when `folder` is the current folder.
    """
    lines = [*map(json.dumps, EVENTS), *more_lines]
    _write(folder / "data/log_data/2018-11-02-events.json", "\n".join(lines))
    _write(folder / "data/song_data/A/song.json", json.dumps(SONG))
    paths = ["ts", "sessionId", "itemInSession", "page", "userId", "level", "firstName", "gender"]
    paths += ["song", "artist", "length", "auth", "lastName", "location", "method"]
    paths += ["registration", "status", "userAgent"]
    jsonpaths = {"jsonpaths": [f"$['{path}']" for path in paths]}
    _write(folder / "data/log_json_path.json", json.dumps(jsonpaths))


def call(*words: str, stdin: str | None = None) -> Result:
    """Run a command line in this process. It must end by itself, never with an exception."""
    result = CliRunner().invoke(application, list(words), input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    return result


def answer(*words: str) -> Any:
    """Run a command line that must succeed, with --json, and give what it answers."""
    result = call(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def failure(*words: str) -> dict[str, Any]:
    """Run a command line that must fail, with --json and without, and give the error it shows.

    It tells the same in both, and its shape is the one that all failures have.
    """
    spoken = call(*words)
    result = call(*words, "--json")
    shown = json.loads(result.stdout)
    assert list(shown) == ["ok", "error"]
    assert shown["ok"] is False
    error: dict[str, Any] = shown["error"]
    assert list(error) == ["code", "exit_code", "reason", "next_step", "details"]
    assert spoken.exit_code == result.exit_code == error["exit_code"] != 0
    assert error["reason"].splitlines()[0] in spoken.stderr
    assert error["next_step"] in spoken.stderr
    return error


def process(
    *words: str, cwd: Path, stdin: bytes = b"", **environ: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command line in a process of its own, without a terminal."""
    return subprocess.run(
        [*PROGRAM, *words],
        cwd=cwd,
        env=os.environ | environ,
        input=stdin,
        capture_output=True,
        timeout=600,
        check=False,
    )


def terminal(
    *command: str, cwd: Path, typed: str = "", columns: int = 80, **environ: str
) -> tuple[int, str]:
    """Run a command on a terminal; returns its exit code and all that the screen got."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, columns))
    if typed:
        os.write(ours, typed.encode())
    with subprocess.Popen(
        command,
        cwd=cwd,
        env={**_without_size(), "TERM": "xterm", "PAGER": "cat", **environ},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as running:
        os.close(theirs)
        screen = b""
        try:
            while piece := os.read(ours, 65536):
                screen += piece
        except OSError:  # how Linux says that nobody holds the other end any more
            pass
        os.close(ours)
    return running.returncode, screen.decode("utf-8", "backslashreplace").replace("\r\n", "\n")


def _without_size() -> dict[str, str]:
    """Give the environment without what would overrule the terminal's own size."""
    return {key: text for key, text in os.environ.items() if key not in ("COLUMNS", "LINES")}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")


def change(sql: str) -> None:
    """Tamper with the warehouse."""
    with duckdb.connect("sparkify.duckdb") as connection:
        connection.execute(sql)
