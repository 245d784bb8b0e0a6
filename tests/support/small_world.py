"""A few records that meet every rule of a load, and all that a warehouse holds, to compare."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb

from duckdb_warehouse import Place
from oracle import File
from sparkify.sql_queries import STAGING_TABLES, STAR_TABLES, TABLES

Row = tuple[Any, ...]
State = dict[str, Counter[Row]]
"""The rows of each table."""

MOMENT = 1541116800000
"""2018-11-02 00:00 UTC."""


def event(session: int, item: int, **values: Any) -> bytes:
    """A visit to the home page, a minute after the item before it; values in place of others."""
    minute = MOMENT + 60_000 * (100 * session + item)
    fixed = {"sessionId": session, "itemInSession": item, "ts": minute, "page": "Home"}
    return json.dumps(fixed | values).encode()


def play(session: int, item: int, **values: Any) -> bytes:
    """Listener 7 plays `One` at level free; values in place of others."""
    who = {"userId": "7", "level": "free", "firstName": "Ada", "gender": "F"}
    what = {"page": "NextSong", "song": "One", "artist": "Elena", "length": 200.5}
    return event(session, item, **(who | what | values))


def log(name: str, *lines: bytes) -> File:
    """A log file."""
    return File(f"log_data/{name}.json", "events", b"\n".join(lines))


def play_id(session: int, item: int, user: int = 7, moment: int | None = None) -> str:
    """The songplay_id of a play; moment: its milliseconds where they are not those of `event`."""
    minute = MOMENT + 60_000 * (100 * session + item)
    return f"{minute if moment is None else moment}-{user}-{session}-{item}"


def song(number: int, title: str = "One", **values: Any) -> File:
    """A song of Elena's in a file of its own."""
    fixed = {"song_id": f"SO{number}", "artist_id": "AR1", "title": title, "duration": 200.5}
    record = fixed | {"artist_name": "Elena", "year": 2000} | values
    return File(f"song_data/{number}.json", "songs", json.dumps(record).encode())


FIRST = [
    log(
        "1",
        event(1, 0),
        play(1, 1),
        play(1, 2, song="Two"),
        play(2, 0, userId="8", level="paid"),
        play(2, 1, userId="8", level="paid", ts=MOMENT + 777),
        play(2, 2, song="Late"),
        b"no record",
    ),
    log("2", event(3, 0, level="gold"), play(3, 1, userId="9")),
    song(2, year=1999, artist_location="Prague"),
    song(3, "Two", artist_id="AR2"),
    song(4, "Two", artist_id="AR3", year=1980),
]
SECOND = [
    log(
        "1",  # longer than before
        *FIRST[0].content.split(b"\n"),
        play(4, 0, userId="7", level="paid"),
    ),
    log(
        "3",
        play(1, 1),  # a duplicate
        # displaces: no play any more, and its moment goes
        event(2, 1, userId="8", ts=MOMENT + 777, artist="Zoe"),
        play(1, 2, song="Two", artist="Abba"),  # yields
        play(5, 0, userId="10"),
        b'{"broken',
    ),
    song(1, "Late"),  # played before it came
    song(5),  # greater than SO2, and no better a match
    File("song_data/again.json", "songs", song(3, "Zwei", artist_id="AR2").content),  # displaces
    File("song_data/bad.json", "songs", song(6, year=-1).content),
]
"""Two loads: the second holds a changed file, late songs, and every kind of repeated key."""


def state(folder: Path) -> State:
    """Every row of every table, without the times of the runs; files by their place below it."""
    root = f"{folder.resolve()}/"
    whole: State = {}
    with duckdb.connect(str(folder / "sparkify.duckdb"), read_only=True) as connection:
        for name in TABLES:
            columns = "* EXCLUDE (started_at, finished_at)" if name == "etl_runs" else "*"
            whole[name] = Counter(
                tuple(
                    value.removeprefix(root) if isinstance(value, str) else value for value in row
                )
                for row in connection.execute(f"SELECT {columns} FROM {name}").fetchall()
            )
    return whole


def data(whole: State) -> State:
    """Only what depends on the records alone: staging and the star."""
    return {name: whole[name] for name in (*STAGING_TABLES, *STAR_TABLES)}


class Prepared:
    """Folders after some loads, ready to be copied; a copy stands where the loads were done.

    folder: a folder for this alone. batches: what is written and loaded, batch by batch.
    """

    def __init__(self, folder: Path, *batches: list[File]) -> None:
        self._kept, self._work = folder / "kept", folder / "work"
        place = Place(self._work)
        self._work.mkdir(parents=True)
        for version, files in enumerate(batches):
            place.write(files, version)
            place.load()
        self._work.rename(self._kept)

    def copy(self, files: list[File] | None = None, version: int = 9) -> Place:
        """A fresh copy, in place of the copy before it. files: written into it, not loaded."""
        shutil.rmtree(self._work, ignore_errors=True)
        shutil.copytree(self._kept, self._work)
        place = Place(self._work)
        place.write(files or [], version)
        return place
