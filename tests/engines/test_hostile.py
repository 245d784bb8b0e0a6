"""Hostile text in every field: staged as it is, shown without harm, in every form of output."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from command_line import answer, call, write_sources
from sparkify.config.keys import SETTINGS

HOSTILE = (
    "\x1b[2J\x1b]0;title\x07\x9b31m",
    "\x00\x08\x0b\x7f\x85"[1:],
    "a\nb\r\nc\td",
    "\u202eabc\u202c\u2066\u2069\u200f\u061c",
    "\u2028\u2029",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</td></tr></table><!-- \"'`",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1)",
    "'; DROP TABLE users; --",
    '"; DELETE FROM songs; --',
    "\\'; SELECT 1; --",
    "$1 ${HOME} {0} %s %(x)s {{x}}",
    "[red]text[/red] :smile:",
    "../../../../etc/passwd",
    "*?[a-z]{a,b}",
    "NULL",
    "a" * 1000,
    "\U0001f9d1\u200d\U0001f680\u0301\u0489",
    "caf\u00e9 cafe\u0301",
)
TEXTS = ("artist", "song", "firstName", "lastName", "location", "userAgent")
DANGEROUS = {*map(chr, (*range(0x20), *range(0x7F, 0xA0)))} - {"\n"}
DANGEROUS |= {*"\u061c\u200f\u2028\u2029\u202c\u202e\u2066\u2069"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with one play for each text, in every field that takes one, and a bad record."""
    tmp_path = tmp_path_factory.mktemp("hostile")
    write_sources(tmp_path)
    lines = []
    for item, text in enumerate(HOSTILE):
        moment = 1541121934796 + 1000 * item
        event: dict[str, Any] = {"ts": moment, "sessionId": 50, "itemInSession": item}
        event |= {"page": "NextSong", "userId": str(100 + item), "level": "paid", "length": 7.5}
        event |= dict.fromkeys(TEXTS, text) | {"gender": text[:9], "auth": text[:9]}
        lines += [json.dumps(event), json.dumps(event | {"itemInSession": text})]
        key = f"{text[:30]}{item}"
        song: dict[str, Any] = {"song_id": f"SO{key}", "artist_id": f"AR{key}"}
        song |= {"title": text, "artist_name": text, "artist_location": text, "duration": 7.5}
        path = tmp_path / "data/song_data" / f"{item}.json"
        path.write_text(json.dumps(song), encoding="utf-8")
    log = tmp_path / "data/log_data/hostile \x1b[2J=cmd.json"
    log.write_text("\n".join(lines), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        at_home(tmp_path, patch)
        report = answer("etl", "--no-answers")
    assert report["events"]["rejected"] == len(HOSTILE)
    assert report["songs"]["staged"] == len(HOSTILE) + 1
    return tmp_path


def at_home(folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.chdir(folder)
    for setting in SETTINGS.values():
        patch.delenv(setting.variable, raising=False)


@pytest.fixture
def loaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(folder, monkeypatch)


def test_hostile_text_is_staged_as_it_is(loaded: None) -> None:
    rows = answer("query", "SELECT song, artist FROM staging_events WHERE sessionid = 50")["rows"]
    assert sorted(rows) == sorted([text.rstrip(" ")] * 2 for text in HOSTILE)
    matched = "SELECT count(*) FROM songplays WHERE session_id = 50 AND song_id IS NOT NULL"
    assert answer("query", matched)["rows"] == [[len(HOSTILE)]]
    assert answer("query", "SELECT count(*) FROM users")["rows"] == [[len(HOSTILE) + 1]]


def test_csv_gives_back_every_text(loaded: None) -> None:
    """CSV is data: a text is not changed because a spreadsheet would take it for a formula."""
    sql = "SELECT song FROM staging_events WHERE sessionid = 50"
    shown = call("query", sql, "--format", "csv").stdout_bytes.decode()
    rows = [row[0] for row in csv.reader(io.StringIO(shown, newline=""))]
    assert sorted(rows[1:]) == sorted(HOSTILE)


@pytest.mark.parametrize(
    "words",
    [
        ("query", "SELECT * FROM staging_events"),
        ("query", "SELECT * FROM staging_songs", "--format", "json"),
        ("query", "SELECT * FROM users", "--json"),
        ("query", 'SELECT 1 AS "\x1b[2J", 2 AS "\u202e"'),
        ("query", "SELECT '\x1b[2J"),
        ("rejects",),
        ("rejects", "--json"),
        ("status",),
        ("check",),
        ("ask",),
        ("ask", "--json"),
        ("etl",),
        ("etl", "--dry-run"),
        ("ask", "\x1b[2J\u202e"),
        ("etl", "--log-data", "\x1b[2J\u202e"),
        ("\x1b[2J",),
    ],
)
def test_nothing_that_is_shown_can_steer_a_terminal(loaded: None, words: tuple[str, ...]) -> None:
    shown = call(*words).output
    assert shown
    assert {*shown} & DANGEROUS == set()


def test_rejects_quote_hostile_records(loaded: None) -> None:
    rows = answer("rejects")["rows"]
    assert len(rows) == len(HOSTILE)
    for row in rows:
        assert "itemInSession" in str(row)
