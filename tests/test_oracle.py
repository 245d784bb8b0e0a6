"""The second implementation against the published figures of the real data.

The data stands beside the project, at ../shared/data/sparkify; where it is not, these are skipped.
"""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from oracle import COLUMNS, File, Staged, Star, accept, star
from oracle_fields import Kind

REAL = Path(__file__).parents[2] / "shared" / "data" / "sparkify"
here = pytest.mark.skipif(not REAL.exists(), reason="the real data is not beside the project")


def real_files() -> list[File]:
    kinds: dict[str, Kind] = {"log_data": "events", "song_data": "songs"}
    return [
        File(str(path), kind, path.read_bytes())
        for folder, kind in kinds.items()
        for path in sorted((REAL / folder).rglob("*.json"))
    ]


@pytest.fixture(scope="module")
def staged() -> Staged:
    return accept(real_files())


@pytest.fixture(scope="module")
def tables(staged: Staged) -> Star:
    return star(staged)


@here
def test_real_rows(staged: Staged, tables: Star) -> None:
    assert len(staged.rows["events"]) == 8056
    assert {name: len(rows) for name, rows in tables.items()} == {
        "songplays": 6820,
        "users": 104,
        "songs": 71,
        "artists": 69,
        "time": 6813,
    }
    assert not staged.rejects
    assert [row[:6] for row in tables["songplays"] if row[4]] == [
        (
            *(818_000_005, datetime(2018, 11, 21, 21, 56, 47, 796000)),
            *(15, "paid", "SOZCTXZ12AB0182364", "AR5KOSW1187FB35FF4"),
        )
    ]


@here
def test_real_counts_by_hour_weekday_week_level_and_place(tables: Star) -> None:
    times = {row[0]: row for row in tables["time"]}
    plays = [(play, times[play[1]]) for play in tables["songplays"]]
    assert [Counter(time[1] for _, time in plays)[hour] for hour in range(24)] == [
        *(155, 154, 117, 109, 136, 162, 183, 179, 207, 270, 312, 336),
        *(308, 324, 432, 477, 542, 494, 498, 367, 360, 280, 217, 201),
    ]
    assert [Counter(time[6] for _, time in plays)[day] for day in range(7)] == [
        *(396, 1014, 1071, 1364, 1052, 1295, 628),
    ]
    assert Counter(time[3] for _, time in plays) == {
        44: 410,
        45: 1257,
        46: 1958,
        47: 1711,
        48: 1484,
    }
    assert Counter(play[3] for play, _ in plays) == {"paid": 5591, "free": 1229}
    assert Counter(play[7] for play, _ in plays).most_common(3) == [
        ("San Francisco-Oakland-Hayward, CA", 691),
        ("Portland-South Portland, ME", 665),
        ("Lansing-East Lansing, MI", 557),
    ]
    assert Counter(play[2] for play, _ in plays).most_common(3) == [(49, 689), (80, 665), (97, 557)]
    assert len({play[6] for play, _ in plays}) == 776
    assert sum(play[8].startswith("Mozilla") for play, _ in plays) == 6820


@here
def test_real_pages_and_genders(staged: Staged) -> None:
    events = [
        dict(zip(COLUMNS["events"], row, strict=True)) for row in staged.rows["events"].values()
    ]
    plays = [event for event in events if event["page"] == "NextSong"]
    assert Counter(event["page"] for event in events).most_common(4) == [
        ("NextSong", 6820),
        ("Home", 806),
        ("Login", 92),
        ("Logout", 90),
    ]
    assert sum(event["userid"] is None for event in events) == 286
    assert Counter(play["gender"] for play in plays) == {"F": 4887, "M": 1933}
    assert round(sum(play["length"] for play in plays), 5) == 1684759.74663


@here
def test_real_files_in_any_order_twice(staged: Staged) -> None:
    files = real_files() * 2
    Random(5).shuffle(files)
    again = accept(files)
    assert again.rows == staged.rows
    assert again.tally["events"].repeated == 8056
    assert again.conflicts("events") == (0, 0)


def event(ts: int, song: str) -> bytes:
    return (
        b'{"sessionId": 1, "itemInSession": 0, "page": "NextSong", "userId": "7", "level": "free",'
        b'"ts": %d, "song": "%s", "artist": "A", "length": 1.5}\n' % (ts, song.encode())
    )


def test_the_greatest_record_stays_in_every_order() -> None:
    later, more, less = event(1541105830797, "a"), event(1541105830796, "b"), event(0, "never")
    files = [File(str(n), "events", text) for n, text in enumerate((later, more, less, later))]
    for order in itertools.permutations(files):
        staged = accept(order)
        (row,) = staged.rows["events"].values()
        assert row[COLUMNS["events"].index("song")] == "a"
        assert (staged.tally["events"].read, staged.tally["events"].repeated) == (4, 2)
        assert [reject.reasons for reject in staged.rejects] == [{"range"}]
        assert staged.conflicts("events") == (1, 2)
