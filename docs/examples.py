"""What the program prints when it runs, as examples for the documents.

Everything here runs the commands themselves, in a folder of its own that is removed afterwards.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import reference
import run_notebook
from click.testing import CliRunner, Result

from sparkify.analysis import questions
from sparkify.cli import application
from sparkify.config.keys import SETTINGS
from sparkify.staging.rules import FIELDS, Kind
from sparkify.staging.validate import Rejection, accept, as_staged, decode

_ROOT = Path(__file__).resolve().parent.parent
HOME = "/home/me"
"""What stands in the documents for the folder of an example."""

SHOWN_ANSWERS = ("top_songs", "paying_listeners", "busiest_weekdays", "devices")
"""The questions whose answers the README shows."""

_ANSWER = re.compile(r" ?\d+ ")
_PROGRESS = re.compile(r"^.+ \.\.\.\n", re.MULTILINE)
_LONGEST_VALUE = 40
_MEMORY = Path("/dev/shm")  # noqa: S108
_ROOM = 1 << 30


@contextlib.contextmanager
def _folder() -> Iterator[None]:
    """Make an empty folder the current one, for a while.

    In memory where there is room: on a disk the 15,000 song files can take half a minute.
    """
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    place = str(_MEMORY) if roomy else None
    with tempfile.TemporaryDirectory(dir=place) as folder, contextlib.chdir(folder):
        yield


def call(*words: str) -> Result:
    """Run a command line with the default settings; it may end in an error, not in a bug."""
    unset = dict.fromkeys(setting.variable for setting in SETTINGS.values())
    result = CliRunner().invoke(application, words, prog_name="sparkify", env=unset)
    if result.exit_code == 1 or not isinstance(result.exception, SystemExit | None):
        raise RuntimeError(f"{words}: {result.output}")
    return result


def _typed(*words: str) -> str:
    """Show a command line and what it prints, as a terminal does."""
    output = _PROGRESS.sub("", call(*words).output)
    typed = " ".join(f"'{word}'" if " " in word else word for word in ("sparkify", *words))
    return f"$ {typed}\n{_at_home(output)}"


def _at_home(text: str) -> str:
    return text.replace(os.path.realpath("."), HOME)


# The README's transcript


def _transcript() -> str:
    """Run what `make run` runs; show how it begins, some answers, and how it ends."""
    with _folder():
        call("generate", "data", "--quiet")
        loaded = _PROGRESS.sub("", call("etl").output).splitlines()
    answers = {int(line[:2]): line for line in loaded if _ANSWER.match(line)}
    shown = [answers[list(questions()).index(name) + 1] for name in SHOWN_ANSWERS]
    recipe = (_ROOT / "Makefile").read_text(encoding="utf-8").partition("\nrun: ")[2]
    ended = re.findall(r'^\t@echo "(.*)" >&2', recipe.partition("\n\n")[0], re.MULTILINE)
    ended = [line.replace("$(BIN)", ".venv/bin") for line in ended]
    lines = ["$ make run", *loaded[:3], "[...]", *shown, "[...]", *ended]
    return reference.fenced("\n".join(lines))


# The rules, value by value

_BASES: Mapping[Kind, Mapping[str, str]] = {
    "events": {"ts": "1541121934796", "sessionId": "9", "itemInSession": "0", "page": '"Home"'},
    "songs": {"song_id": '"SO1"', "title": '"A"', "artist_id": '"AR1"', "duration": "1"},
}
_VALUES: Mapping[Kind, Sequence[tuple[str, str]]] = {
    "events": (
        ("ts", "1541121934796"),
        ("ts", "1541121934796.0"),
        ("ts", '"1541121934796"'),
        ("ts", "1541121934.796"),
        ("sessionId", "7.0"),
        ("sessionId", "7.00000000000000000001"),
        ("sessionId", "7.5"),
        ("sessionId", "true"),
        ("itemInSession", "1e-400"),
        ("itemInSession", "null"),
        ("userId", '"26"'),
        ("userId", '""'),
        ("userId", '"26a"'),
        ("artist", "112"),
        ("artist", "112.5"),
        ("song", '"Undo  "'),
        ("song", '"\\ud83d"'),
        ("location", '{"city": "Rome"}'),
        ("level", '"gold"'),
        ("length", "-1"),
        ("page", '""'),
        ("auth", f'"{"x" * 65}"'),
        ("mood", '"happy"'),
    ),
    "songs": (
        ("title", "1999"),
        ("title", '" "'),
        ("year", "0"),
        ("year", '"1999"'),
        ("duration", "null"),
        ("artist_latitude", "91"),
        ("artist_location", '""'),
    ),
}


def _values(kind: Kind) -> str:
    rows = []
    for key, literal in _VALUES[kind]:
        long = len(literal) > _LONGEST_VALUE
        value = f"a string of {len(json.loads(literal))} letters" if long else f"`{literal}`"
        rows.append((f"`{key}`", value, _verdict(kind, key, literal)))
    return reference.table(("field", "value", "becomes"), rows)


def _verdict(kind: Kind, key: str, literal: str) -> str:
    fields = FIELDS[kind]
    record = {**_BASES[kind], key: literal}
    line = ", ".join(f'"{name}": {value}' for name, value in record.items())
    try:
        row = as_staged(accept(decode(b"{%s}" % line.encode(), fields), fields), fields)
    except Rejection as why:
        message = re.sub(r"x{65}", "xxx...", why.message)
        return f"rejected, `{why.reason}`: {message}"
    staged = dict(zip((field.key for field in fields), row, strict=True))
    return _sql(staged[key]) if key in staged else "ignored, and counted"


def _sql(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        return f"`{value.isoformat(' ', 'milliseconds')}`"
    return f"`{value!r}`"


# A load with bad records

_PLAY = {
    "ts": 1541121934796,
    "sessionId": 9,
    "itemInSession": 0,
    "page": "NextSong",
    "userId": "7",
    "level": "free",
    "song": "Setanta matins",
    "artist": "Elena",
}
_LINES = (
    json.dumps(_PLAY),
    json.dumps({"ts": 1541122204796, "sessionId": 9, "itemInSession": "1", "page": "Home"}),
    json.dumps(_PLAY | {"song": "Undo", "artist": "Harmonia"}),
    '{"ts": 1541122400796, "sessionId": 9, "itemInSession": 2, "pa',
)
_SONG = {"song_id": "SO1", "title": "Undo", "artist_id": "AR1", "duration": 338.8}


def _bad_load() -> str:
    with _folder():
        for folder, lines in (("logs", _LINES), ("songs", [json.dumps(_SONG)])):
            Path(folder).mkdir()
            Path(folder, "day.json").write_text("\n".join(lines), encoding="utf-8")
        log = "\n".join(("$ cat logs/day.json", *_LINES, ""))
        load = _typed("etl", "--log-data", "logs", "--song-data", "songs", "--no-answers")
        shown = f"{log}\n{_without_end(load)[0]}\n{_typed('rejects')}"
    return reference.fenced(shown)


def _without_end(talk: str) -> tuple[str, str]:
    """Split what a load says: everything up to its advice on what to do next, and that advice."""
    begun, next_word, advice = talk.rpartition("Next: ")
    return begun, next_word + advice


# What --json answers

_JSON_CALLS: Sequence[tuple[str, ...]] = (
    ("generate", "data", "--songs", "4", "--users", "10", "--days", "3"),
    ("create-tables",),
    ("etl", "--dry-run"),
    ("etl",),
    ("ask", "level_changes"),
    ("ask", "--list"),
    ("ask", "busiest_hours", "--sql"),
    ("check",),
    ("query", "SELECT level, COUNT(*) AS plays FROM songplays GROUP BY level ORDER BY level"),
    ("rejects",),
    ("status",),
    ("export", "parquet"),
    ("report",),
    ("sql",),
    ("sql", "warehouse_info"),
    ("doctor",),
)
_FAILED_CALL = ("status", "--database", "nowhere.duckdb")
_MANY_ENTRIES = 12
_FEW_ENTRIES = 2
_VOLATILE = {
    "seconds": 1.234,
    "started_at": "2018-12-01 06:00:00.000000",
    "finished_at": "2018-12-01 06:00:01.234567",
}


@cache
def json_answers() -> Mapping[str, Any]:
    """Return what commands answer with --json, in a small world; by the words after `sparkify`."""
    answers = {}
    with _folder():
        for words in _JSON_CALLS:
            answers[" ".join(words)] = _answer(*words)
            if words == ("report",):  # whose size depends on the library in it
                answers["report"] |= {"bytes": 1_234_567}
            if words[0] == "generate":
                bad = Path("data/log_data/2018/11/bad-events.json")
                bad.write_text('{"ts": 1541203200796, "page": "Home"}\n', encoding="utf-8")
    return answers


def _answer(*words: str) -> Any:
    return json.loads(_at_home(call(*words, "--json").stdout))


def _json_examples() -> str:
    return "\n\n".join(
        f"`sparkify {_quoted(words)} --json`\n\n{_json_block(answer)}"
        for words, answer in json_answers().items()
    )


def _quoted(words: str) -> str:
    return re.sub(r"(SELECT .*)", r'"\1"', words)


def _failure() -> str:
    with _folder():
        answer = _answer(*_FAILED_CALL)
    return f"`sparkify {' '.join(_FAILED_CALL)} --json`\n\n{_json_block(answer)}"


def _json_block(answer: Any) -> str:
    return reference.fenced(json.dumps(_shortened(answer), indent=2, ensure_ascii=False), "json")


def _shortened(value: Any) -> Any:
    """Cut lists of records to the first one and long objects to a few entries."""
    if isinstance(value, dict):
        kept = list(value.items())
        if len(kept) > _MANY_ENTRIES and not value.keys() & {*_VOLATILE, "staging_events"}:
            kept = kept[:_FEW_ENTRIES]
        return {key: _VOLATILE.get(key, _shortened(item)) for key, item in kept}
    if isinstance(value, list):
        records = any(isinstance(item, dict | list) for item in value)
        return [_shortened(item) for item in (value[:1] if records else value)]
    return value


# The notebook


def notebook() -> dict[str, Any]:
    """Run the notebook of the documents in the world that it names."""
    found = run_notebook.read()
    with _folder():
        for line in run_notebook.world(found):
            call(*line.split()[1:])
        Path("docs").mkdir()
        with contextlib.chdir("docs"):
            return run_notebook.run(found)


PARTS: Mapping[str, Callable[[], str]] = {
    "transcript": _transcript,
    "event values": lambda: _values("events"),
    "song values": lambda: _values("songs"),
    "bad load": _bad_load,
    "json examples": _json_examples,
    "failure": _failure,
}
