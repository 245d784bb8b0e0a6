"""Rejected records: what the log keeps, and who lost a key."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bulk_and_strict import BASE, KEYS, line
from sparkify.config import Settings
from sparkify.errors import SourceError
from sparkify.sources.download import SourceFetch
from sparkify.sources.files import Kind
from sparkify.staging.rejects import RejectLog, reject_losers
from sparkify.staging.rules import fields_of
from sparkify.staging.validate import Rejection, accept, as_staged, decode
from staged_files import source_files, stage


def test_reject_shows_the_line(tmp_path: Path) -> None:
    long = b'{"x": "' + "\u00e9".encode() * 20_000
    staged = stage(tmp_path, {"day.json": line("events") + b"\n  bad \xff \r\n" + long + b"\n"})
    assert staged.raw_texts["day.json"] == ["bad \ufffd", '{"x": "' + "\u00e9" * 8188]


def test_reject_log_keeps_what_every_database_takes(tmp_path: Path) -> None:
    log = RejectLog(tmp_path / "rejects.ndjson")
    log.add(3, 7, Rejection("type", "\ud800 \0 " + "\u00e9" * 2000), b"\0\xff", 5)
    log.close()
    (text,) = log.path.read_text().splitlines()
    reject = json.loads(text)
    assert len(reject["message"].encode()) <= 1024
    assert reject["message"].startswith("\\ud800 \ufffd \u00e9")
    assert (reject["source_file"], reject["line_number"], reject["reason"]) == (3, 7, "type")
    assert (reject["line_place"], reject["raw_text"]) == (5, "\ufffd\ufffd")
    assert log.counts == {3: 1}
    assert log.firsts[3].startswith("line 7: \\ud800")


def test_reject_log_can_be_read_before_it_is_closed(tmp_path: Path) -> None:
    log = RejectLog(tmp_path / "rejects.ndjson")
    log.add(0, 1, Rejection("type", "m"), b"x")
    log.flush()
    assert json.loads(log.path.read_text())["raw_text"] == "x"
    log.close()


def test_reject_log_on_a_full_disk_is_closed_without_another_error() -> None:
    log = RejectLog(Path("/dev/full"))
    log.add(0, 1, Rejection("type", "m"), b"x")
    with pytest.raises(OSError, match="No space left"):
        log.flush()
    log.close()


def test_two_threads_may_reject_at_once(
    tmp_path: Path,
) -> None:
    """Songs are read beside events; a stream of text is not made for that."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        log = RejectLog(tmp_path / "rejects.ndjson")

        def reject(number: int) -> None:
            for line_number in range(2000):
                log.add(
                    number, line_number, Rejection("type", "m" * 60), b"x" * (line_number % 300)
                )

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(reject, range(2)))
        log.close()
    finally:
        sys.setswitchinterval(interval)
    rows = [json.loads(line) for line in log.path.read_text().splitlines()]
    found = sorted((row["source_file"], row["line_number"]) for row in rows)
    assert found == [(number, line) for number in range(2) for line in range(2000)]
    assert log.counts == {0: 2000, 1: 2000}


def staged_row(kind: Kind, record: bytes) -> tuple[Any, ...]:
    fields = fields_of(kind, KEYS)
    return as_staged(accept(decode(record, fields), fields), fields)


def reject_in(
    folder: Path, kind: Kind, contents: Sequence[bytes], *ranked: tuple[Any, ...]
) -> list[tuple[int, int, str, str]]:
    """Reject what lost in files; returns file, line, message and text of each reject."""
    files = source_files(folder, kind, {f"{n}.json": one for n, one in enumerate(contents)})
    log = RejectLog(folder / "rejects.ndjson")
    with closing(log):
        reject_losers(
            ranked, kind, fields_of(kind, KEYS), files, log, SourceFetch(Settings(), folder)
        )
    rows = [json.loads(one) for one in log.path.read_text().splitlines()]
    assert {row["reason"] for row in rows} == {"conflict"}
    names = "source_file", "line_number", "message", "raw_text"
    return [tuple(row[name] for name in names) for row in rows]


def test_losers_of_a_key_are_found_in_their_files(tmp_path: Path) -> None:
    """As often as they lost; what was staged before stands where its winner does."""
    a, b, c = (line("events", itemInSession=1, artist=name) for name in "ABC")
    old, new = (line("events", itemInSession=2, artist=name) for name in "ON")
    ranked = [(*staged_row("events", old), None, "displaced")]
    ranked += [(*staged_row("events", a), 0, "conflict")] * 2
    ranked += [(*staged_row("events", b), 2, "conflict")]
    ranked += [(*staged_row("events", new), 1, "kept")]
    contents = [b"\n".join([c, a, b"{", a, a]), b"\n".join([new, new]), b]
    first, second, displaced, last = reject_in(tmp_path, "events", contents, *ranked)
    stays = (
        "a greater record of itemInSession 1, sessionId 818, ts 2018-11-21 21:56:47.796000, "
        "userId 15 stays"
    )
    assert first == (0, 2, stays, a.decode())
    assert second == (0, 4, stays, a.decode())
    assert last == (2, 1, stays, b.decode())
    assert displaced[:2] == (1, 1)
    assert displaced[2] == (
        "was staged before; the greater record of itemInSession 2, sessionId 818, "
        "ts 2018-11-21 21:56:47.796000, userId 15 here displaced it"
    )
    assert staged_row("events", displaced[3].encode()) == staged_row("events", old)


def test_song_on_several_lines_loses_its_key(tmp_path: Path) -> None:
    pretty = json.dumps(BASE["songs"], indent=1).encode()
    lost = (*staged_row("songs", pretty), 0, "conflict")
    ((*place, message, text),) = reject_in(tmp_path, "songs", [pretty], lost)
    assert (place, text) == ([0, 1], pretty.decode())
    assert message == "a greater record of song_id SOZCTXZ12AB0182364 stays"


@pytest.mark.parametrize("outcome", ["conflict", "kept"])
def test_loser_or_winner_that_is_no_longer_there(tmp_path: Path, outcome: str) -> None:
    old, new = line("events", artist="A"), line("events", artist="B")
    ranked = [(*staged_row("events", new), 0, outcome)]
    ranked.append((*staged_row("events", old), None, "displaced"))
    with pytest.raises(SourceError, match=r"0\.json changed while it was read") as caught:
        reject_in(tmp_path, "events", [line("events", artist="C")], *ranked)
    assert caught.value.details == {"uri": str(tmp_path / "0.json")}
