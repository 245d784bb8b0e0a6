"""The files of a load, staged: songs beside events, progress, keys of the JSONPaths file."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from concurrent.futures import wait
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from bulk_and_strict import BASE, KEYS, line
from sparkify import processes
from sparkify.config import Settings
from sparkify.errors import SourceError
from sparkify.progress import silent
from sparkify.sources.files import SourceFiles
from sparkify.warehouse.duckdb import file_loaders
from sparkify.warehouse.duckdb.loader import Stager
from staged_files import expected, log, songs, stage


def test_reading_is_told_to_its_end(tmp_path: Path) -> None:
    events = {
        "fast.json": b"\n".join(log(1)),
        "like a pattern [1].json": b"\n".join(log(2)),
        "doubtful.json": b"\n".join([*log(3), line("events", {"auth": "7"})]),
        "broken.json": b"\n".join([*log(4), b"}"]),
        "loose.json": b"\n".join([line("events", {"unknown": "NaN"}), *log(5)]),
        "packed.json.gz": gzip.compress(b"\n".join(log(6))),
        "cut.json.gz": gzip.compress(b"\n".join(log(7)))[:-9],
        "no text.json": b"\0",
        "empty.json": b"",
    }
    pretty = json.dumps(BASE["songs"], indent=1).encode()
    odd = {
        "pretty.json": pretty,
        "packed.json.gz": gzip.compress(pretty),
        "cut.json.gz": gzip.compress(pretty)[:-9],
        "no text.json": b"\0",
        "one byte.json": b"{",
    }
    contents = songs(3) | {f"song {name}": content for name, content in odd.items()}
    staged = stage(tmp_path, events, contents)
    total = sum(map(len, (*events.values(), *contents.values())))
    done = [done for _, done, _, _ in staged.told]
    assert {(step, most, unit) for step, _, most, unit in staged.told} == {
        ("reading", total, "bytes")
    }
    assert done == sorted(done)
    assert done[-1] == total


def read_beside(
    folder: Path,
    threads: int,
    read_events: Callable[[Stager], None],
    read_songs: Callable[[threading.Event], None],
) -> None:
    """Stage nothing, with something else in place of both loaders."""
    with (
        duckdb.connect(config={"threads": threads}) as connection,
        pytest.MonkeyPatch.context() as patch,
    ):
        stager = Stager(connection, KEYS, folder, silent, Settings())
        patch.setattr(file_loaders.EventLoader, "stage", lambda *_: read_events(stager))
        patch.setattr(file_loaders.SongLoader, "stage", lambda *given: read_songs(given[-1]))
        with closing(stager.rejects):
            stager.stage(SourceFiles())


@pytest.mark.parametrize("threads", [1, 2])
def test_songs_are_read_beside_events_where_there_are_threads_for_both(
    tmp_path: Path, threads: int
) -> None:
    begun = threading.Event()
    found: dict[str, bool] = {}

    def read_events(stager: Stager) -> None:
        begun.set()
        found["processes live"] = processes._pool is not None

    def read_songs(_: threading.Event) -> None:
        found["beside"] = begun.wait(0.5 if threads == 1 else 60)

    with processes.ended():
        processes.start()
        read_beside(tmp_path, threads, read_events, read_songs)
    beside = threads > 1
    assert found == {"beside": beside, "processes live": beside}


def test_songs_are_not_read_to_their_end_when_events_cannot_be(tmp_path: Path) -> None:
    stopped: list[bool] = []

    def read_events(stager: Stager) -> None:
        raise SourceError("no events")

    with pytest.raises(SourceError, match="no events"):
        read_beside(tmp_path, 2, read_events, lambda stop: stopped.append(stop.wait(60)))
    assert stopped == [True]


def test_events_are_not_read_to_their_end_when_songs_cannot_be(tmp_path: Path) -> None:
    went_on: list[bool] = []

    def read_events(stager: Stager) -> None:
        wait([stager._songs])
        stager._read(1)
        went_on.append(True)

    def read_songs(_: threading.Event) -> None:
        raise SourceError("no songs")

    with pytest.raises(SourceError, match="no songs"):
        read_beside(tmp_path, 2, read_events, read_songs)
    assert went_on == []


def test_keys_of_the_jsonpaths_file(tmp_path: Path) -> None:
    keys = tuple("" if key == "gender" else key.upper() for key in KEYS)
    shouted = {key.upper(): value for key, value in BASE["events"].items()}
    lines = [
        json.dumps(shouted | {"ITEMINSESSION": 1}),
        json.dumps(shouted | {"ITEMINSESSION": 2, "gender": 7, "ts": "no"}),
        json.dumps(BASE["events"]),
        json.dumps(shouted | {"ITEMINSESSION": 3, "AUTH": 7}),
        json.dumps(shouted | {"ITEMINSESSION": 4}),
    ]
    content = "\n".join(lines).encode()
    staged = stage(tmp_path, {"day.json": content, "good.json": lines[0].encode()}, keys=keys)
    assert staged.rejects == {"day.json": [(3, "missing"), (4, "type")]}
    assert staged.rows["day.json"] == expected("events", content, keys)[0]
    assert [row[3] for row in staged.rows["good.json"]] == [None]
