"""Loads of the real data: figures that must come out, in any split and order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from duckdb_warehouse import Place
from etl_loads import counts, files, load, read
from oracle import File
from small_world import (
    MOMENT,
    State,
    data,
    log,
    play,
    song,
    state,
)

REAL = Path(__file__).parents[3] / "shared" / "data" / "sparkify"
real = pytest.mark.skipif(not REAL.exists(), reason="the real data is not beside the project")


# The real data


@pytest.fixture(scope="module")
def real_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, State]]:
    """The real data, loaded at once."""
    place = Place(tmp_path_factory.mktemp("real"))
    for name in ("log_data", "song_data", "log_json_path.json"):
        (place.folder / name).symlink_to(REAL / name)
    load(place)
    yield place, data(state(place.folder))


@real
def test_real_tables(real_place: tuple[Place, State]) -> None:
    place, held = real_place
    assert {name: rows.total() for name, rows in held.items()} == {
        "staging_events": 8056,
        "staging_songs": 71,
        "songplays": 6820,
        "users": 104,
        "songs": 71,
        "artists": 69,
        "time": 6813,
    }
    matched = [row for row in held["songplays"] if row[4]]
    assert [row[:7] for row in matched] == [
        (
            *("1542837407796-15-818-5", datetime(2018, 11, 21, 21, 56, 47, 796000)),
            *(15, "paid", "SOZCTXZ12AB0182364", "AR5KOSW1187FB35FF4", 818),
        )
    ]
    assert read(place, "SELECT * FROM rejected_records") == []


PLAYS = "SELECT {}, count(*) FROM songplays JOIN time USING (start_time) GROUP BY 1 ORDER BY 1"


@real
def test_real_plays_by_hour_weekday_week_and_level(real_place: tuple[Place, State]) -> None:
    place, _ = real_place

    def plays_by(column: str) -> dict[Any, int]:
        return dict(read(place, PLAYS.format(column)))

    hours = [
        *(155, 154, 117, 109, 136, 162, 183, 179, 207, 270, 312, 336),
        *(308, 324, 432, 477, 542, 494, 498, 367, 360, 280, 217, 201),
    ]
    assert plays_by("hour") == dict(enumerate(hours))
    assert plays_by("weekday") == dict(enumerate([396, 1014, 1071, 1364, 1052, 1295, 628]))
    assert plays_by("week") == {44: 410, 45: 1257, 46: 1958, 47: 1711, 48: 1484}
    assert plays_by("level") == {"free": 1229, "paid": 5591}
    assert plays_by("month") == {11: 6820}
    assert plays_by("time.year") == {2018: 6820}


@real
def test_real_plays_by_location_user_song_and_artist(real_place: tuple[Place, State]) -> None:
    place, _ = real_place

    def top(column: str, table: str, count: int = 10) -> list[tuple[Any, int]]:
        return read(
            place,
            f"SELECT {column}, count(*) FROM {table} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {count}",
        )

    assert top("location", "songplays") == [
        ("San Francisco-Oakland-Hayward, CA", 691),
        ("Portland-South Portland, ME", 665),
        ("Lansing-East Lansing, MI", 557),
        ("Chicago-Naperville-Elgin, IL-IN-WI", 475),
        ("Atlanta-Sandy Springs-Roswell, GA", 456),
        ("Waterloo-Cedar Falls, IA", 397),
        ("Lake Havasu City-Kingman, AZ", 321),
        ("Tampa-St. Petersburg-Clearwater, FL", 307),
        ("San Jose-Sunnyvale-Santa Clara, CA", 292),
        ("Sacramento--Roseville--Arden-Arcade, CA", 270),
    ]
    assert top("user_id", "songplays") == [
        *((49, 689), (80, 665), (97, 557), (15, 463), (44, 397)),
        *((29, 346), (24, 321), (73, 289), (88, 270), (36, 248)),
    ]
    plays = "staging_events WHERE page = 'NextSong'"
    assert top("song", plays, 8) == [
        ("You're The One", 37),
        ("Undo", 28),
        ("Revelry", 27),
        ("Sehr kosmisch", 21),
        ("Horn Concerto No. 4 in E flat K495: II. Romance (Andante cantabile)", 19),
        ("Canada", 17),
        ("Secrets", 17),
        ("Dog Days Are Over (Radio Edit)", 16),
    ]
    assert top("artist", plays) == [
        *(("Coldplay", 58), ("Kings Of Leon", 55), ("Dwight Yoakam", 38), ("The Black Keys", 36)),
        *(("Florence + The Machine", 35), ("Jack Johnson", 35), ("Muse", 35)),
        *(("Björk", 33), ("John Mayer", 31), ("The Killers", 31)),
    ]
    assert top("gender", plays) == [("F", 4887), ("M", 1933)]


@real
def test_real_totals(real_place: tuple[Place, State]) -> None:
    place, held = real_place
    assert read(
        place,
        "SELECT count(DISTINCT sessionid), sum(CAST(length AS DECIMAL(18, 5)))"
        " FROM staging_events WHERE page = 'NextSong'",
    ) == [(776, Decimal("1684759.74663"))]
    levels = Counter(row[0] for row in held["users"])
    assert sorted(user for user, count in levels.items() if count == 2) == [
        *(15, 16, 29, 36, 49, 80, 85, 88),
    ]
    assert len(levels) == 96
    assert not any(row[8].startswith('"') for row in held["songplays"])
    assert sum(row[3] is None for row in held["songs"]) == 43
    assert sum(row[2] is None for row in held["artists"]) > 20


def real_files() -> list[File]:
    return [
        File(
            str(path.relative_to(REAL)),
            "events" if folder == "log_data" else "songs",
            path.read_bytes(),
        )
        for folder in ("log_data", "song_data")
        for path in sorted((REAL / folder).rglob("*.json"))
    ]


def in_reverse() -> list[list[File]]:
    logs = [file for file in real_files() if file.kind == "events"]
    songs = [file for file in real_files() if file.kind == "songs"]
    last = [*logs[-1:], *songs[-5:]]
    return [last, *([log] for log in reversed(logs[:-1])), songs[:-5]]


def at_random(seed: int) -> list[list[File]]:
    random = Random(seed)
    batches: list[list[File]] = [[] for _ in range(3)]
    for file in real_files():
        random.choice(batches).append(file)
    for kind in ("events", "songs"):  # a source must not be empty at first
        batches[0] += [next(file for file in real_files() if file.kind == kind)]
    return batches


@pytest.mark.sampled(of=2)
@real
@pytest.mark.parametrize("split", ["in reverse", "at random 1"])
def test_real_data_in_any_split(
    real_place: tuple[Place, State], tmp_path: Path, split: str
) -> None:
    place = Place(tmp_path)
    batches = in_reverse() if split == "in reverse" else at_random(int(split[-1]))
    for version, batch in enumerate(batches):
        place.write(batch, version)
        load(place)
    assert data(state(place.folder)) == real_place[1]


@real
def test_real_data_again_and_rebuilt(real_place: tuple[Place, State]) -> None:
    place, held = real_place
    assert files(load(place)) == (0, 0, 101)
    load(place, rebuild=True)
    assert data(state(place.folder)) == held
    for path in (place.folder / "log_data").rglob("*.json"):
        assert path.exists()


@real
def test_real_data_under_other_names_is_all_duplicates(
    real_place: tuple[Place, State], tmp_path: Path
) -> None:
    place = Place(tmp_path)
    place.write(real_files())
    load(place)
    place.write(
        File(file.uri.replace("_data/", "_data/again/"), file.kind, file.content)
        for file in real_files()
    )
    report = load(place)
    assert counts(report, "events") == (8056, 0, 8056, 0)
    assert counts(report, "songs") == (71, 0, 71, 0)
    assert data(state(place.folder)) == real_place[1]


def test_song_that_matches_comes_before_between_or_after_its_plays(tmp_path: Path) -> None:
    early, late = play(1, 0), play(2, 0)
    for number, batches in enumerate(
        (
            [[log("1", early), song(1)], [log("2", late)]],
            [[log("1", early), song(9, "Nine")], [song(1)], [log("2", late)]],
            [[log("1", early), log("2", late), song(9, "Nine")], [song(1)], [song(0)]],
        )
    ):
        place = Place(tmp_path / str(number))
        for version, batch in enumerate(batches):
            place.write(batch, version)
            load(place)
        smallest = "SO0" if number == 2 else "SO1"
        assert read(place, "SELECT DISTINCT song_id, artist_id FROM songplays") == [
            (smallest, "AR1")
        ]


@pytest.mark.parametrize("order", [1, -1])
def test_listener_is_described_by_the_newest_play(tmp_path: Path, order: int) -> None:
    """Of plays of one moment, by the one of the greatest session, and in it of the last place."""
    place = Place(tmp_path)
    first, second = (
        play(1, 9, ts=MOMENT, firstName="Ada", gender="F"),
        play(2, 3, ts=MOMENT, firstName="Bea", gender=None),
    )
    third, oldest = (
        play(2, 10, ts=MOMENT, firstName="Abe", gender="M"),
        play(9, 9, ts=MOMENT - 1, firstName="Zoe"),
    )
    for number, line in enumerate((first, second, third, oldest)[::order]):
        place.write([log(str(number), line), song(1)])
        load(place)
    rows = [("7", "Abe", None, "M", "free")]
    assert read(place, "SELECT user_id::VARCHAR, * EXCLUDE (user_id) FROM users") == rows
    newest = [(7, "free", MOMENT, 2, 10)]
    assert read(place, "SELECT * FROM newest_plays") == newest
