"""A generated world, loaded: whatever the order and the split, the truth comes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from math import ceil
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from duckdb_warehouse import Place, Tables
from oracle import File
from sparkify.analysis import questions
from sparkify.generate import Options, generate

Record = dict[str, Any]

RUNS = Options(
    songs=300, users=60, days=30, growth=2.0, match_share=0.3, servers=50, runs=3, seed=4
)
"""A month in which listeners share session numbers, three times with the same listeners."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    generate(folder, RUNS)
    return folder


@pytest.fixture(scope="module")
def truth(world: Path) -> Record:
    return generate(world, RUNS)


@pytest.fixture(scope="module")
def whole(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The warehouse into which everything was loaded at once."""
    place = Place(tmp_path_factory.mktemp("whole"))
    for part in ("log_data", "song_data", "log_json_path.json"):
        (place.folder / part).symlink_to(world / part)
    report = place.load()
    assert report["events"]["rejected"] == report["events"]["duplicates"] == 0
    return place


def rows_of(place: Place) -> Tables:
    return place.state(1)[0]


@cache
def log_lines(world: Path) -> list[bytes]:
    files = sorted((world / "log_data").rglob("*.json"))
    return [line for file in files for line in file.read_bytes().split(b"\n")]


def test_the_world_shares_numbers_and_counts_them_anew(whole: Place) -> None:
    shared, again = whole.read(
        "SELECT count(*) FROM (SELECT sessionid FROM staging_events GROUP BY sessionid"
        " HAVING count(DISTINCT userid) > 1)",
        "SELECT count(*), max(run_number) FROM sessions WHERE run_number > 1",
    )
    assert shared[0][0] > 10
    assert again[0][0] > 100
    assert again[0][1] == RUNS.runs


def test_the_tables_are_those_of_the_truth(whole: Place, truth: Record) -> None:
    names = [name for name in truth["tables"] if name != "matched"]
    counts = whole.read(
        *(f"SELECT count(*) FROM {name}" for name in names),
        "SELECT count(*) FROM songplays WHERE song_id IS NOT NULL",
    )
    expected = [truth["tables"][name] for name in (*names, "matched")]
    assert [rows[0][0] for rows in counts] == expected


@pytest.mark.sampled(of=2)
@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_and_split_gives_the_same_without_a_conflict(
    seed: int, world: Path, whole: Place, tmp_path: Path
) -> None:
    """Lines of all days in any order, in four loads, every tenth of them more than once."""
    random = Random(seed)
    lines = list(log_lines(world))
    lines += random.sample(lines, len(lines) // 10)
    random.shuffle(lines)
    place = Place(tmp_path)
    (tmp_path / "song_data").mkdir()
    songs = sorted((world / "song_data").rglob("*.json"))
    random.shuffle(songs)
    events: Counter[str] = Counter()
    for load in range(4):
        for number in range(3):
            part = lines[3 * load + number :: 12]
            name = f"log_data/{seed}-{load}-{number}.json"
            place.write([File(name, "events", b"\n".join(part))])
        place.write(
            File(f"song_data/{song.name}", "songs", song.read_bytes()) for song in songs[load::4]
        )
        events.update(place.load()["events"])
    assert events["rejected"] == 0
    assert (events["read"], events["duplicates"]) == (len(lines), len(lines) // 11)
    assert rows_of(place) == rows_of(whole)


# Every answer


def dictionary(rows: list[Record], key: str, value: str) -> Record:
    return {str(row[key]): row[value] for row in rows}


def only(rows: list[Record], *columns: str) -> list[Record]:
    return [{column: row[column] for column in columns} for row in rows]


def top_tenth(answer: Record, rows: list[Record]) -> None:
    first = rows[0]
    found = (first["all_listeners"], first["listeners"], first["plays"])
    assert found == tuple(answer[key] for key in ("listeners", "top_listeners", "top_plays"))


def loyal_listeners(answer: list[Record], rows: list[Record]) -> None:
    renamed = [row | {"days": row["active_days"]} for row in rows]
    assert only(renamed, "user_id", "plays", "sessions", "days") == answer


def level_changes(answer: Record, rows: list[Record]) -> None:
    assert [row["changes"] for row in rows] == [answer["free_to_paid"], answer["paid_to_free"]]


def listening_by_level(answer: Record, rows: list[Record]) -> None:
    for row in rows:
        level = answer[row["level"]]
        assert (row["listeners"], row["plays"]) == (level["listeners"], level["plays"])
        seconds = level["length_1e5"] / 100_000
        assert row["minutes_per_listener"] == pytest.approx(seconds / 60 / level["listeners"])


def session_length(answer: Record, rows: list[Record]) -> None:
    sizes = {"1": 1, "2 to 5": 5, "6 to 10": 10, "11 to 20": 20, "21 to 50": 50}
    groups: Counter[str] = Counter()
    for plays, times in answer["sessions_by_plays"].items():
        size = next((name for name, most in sizes.items() if int(plays) <= most), "more than 50")
        groups[size] += times
    assert dictionary(rows, "songs", "sessions") == dict(groups)
    assert rows[0]["all_sessions"] == answer["sessions"]
    assert rows[0]["median_plays"] == answer["median_plays"]


def stickiness(answer: Record, rows: list[Record]) -> None:
    assert (
        sum(round(row["listeners_a_day"] * row["days"]) for row in rows)
        == (answer["listener_days"])
    )


def returning_listeners(answer: Record, rows: list[Record]) -> None:
    for row in rows:
        weeks = answer[str(row["first_week"])]
        assert row["listeners"] == weeks["0"]
        for later in range(1, 9):
            share = row[f"week_{later}"] or 0
            assert round(share * row["listeners"]) == weeks.get(str(later), 0)


def listener_places(answer: Record, rows: list[Record]) -> None:
    ranked = sorted(answer.items(), key=lambda item: (-item[1]["plays"], item[0]))[: len(rows)]
    expected = [(name, found["plays"], found["listeners"]) for name, found in ranked]
    assert [(row["location"], row["plays"], row["listeners"]) for row in rows] == expected


def devices(answer: Record, rows: list[Record]) -> None:
    """The truth counts browsers, the question kinds of devices."""
    assert sum(row["plays"] for row in rows) == sum(found["plays"] for found in answer.values())
    assert sum(row["listeners"] for row in rows) == (
        sum(found["listeners"] for found in answer.values())
    )


def gender(answer: Record, rows: list[Record]) -> None:
    found = {"F" if row["gender"] == "women" else "M": row for row in rows}
    for letter, group in answer.items():
        row = found.pop(letter)
        assert (row["listeners"], row["plays"]) == (group["listeners"], group["plays"])
    assert not found


def weekdays(answer: list[int], rows: list[Record]) -> None:
    assert [row["plays"] for row in rows] == [plays for plays in answer if plays]


SHOWN: dict[str, Callable[[Any, list[Record]], Any]] = {
    "top_fans_share": top_tenth,
    "busiest_weekdays": weekdays,
    **{
        function.__name__: function
        for function in (
            *(loyal_listeners, level_changes, listening_by_level, session_length, stickiness),
            *(returning_listeners, listener_places, devices, gender),
        )
    },
}
"""How a question shows what the truth says of it: these compare."""

MADE: dict[str, Callable[[Any, list[Record]], bool]] = {
    "top_songs": lambda a, rows: only(rows, "song", "artist", "plays") == a,
    "top_artists": lambda a, rows: only(rows, "artist", "plays") == a,
    "catalogue_match": lambda a, rows: (
        {"plays": rows[0]["all_plays"], "matched": rows[0]["matched"]} == a
    ),
    "decades": lambda a, rows: (
        dictionary(rows, "decade", "plays") == {key: a[key] for key in a if key != "unknown"}
    ),
    "unplayed_songs": lambda a, rows: (
        (rows[0]["all_songs"], rows[0]["unplayed"]) == (a["songs"], a["unplayed"])
    ),
    "hours_served": lambda a, rows: (
        rows[0]["all_hours"] == pytest.approx(a["length_1e5"] / 100_000 / 3_600)
    ),
    "busiest_hours": lambda a, rows: (
        [(row["hour"], row["plays"]) for row in rows]
        == [(hour, plays) for hour, plays in enumerate(a) if plays]
    ),
    "daily_plays": lambda a, rows: (
        list(dictionary(rows, "day", "plays").items())
        == [(day, plays) for day, plays in a.items() if plays][-31:]
    ),
    "paying_listeners": lambda a, rows: (
        {"listeners": rows[0]["all_listeners"], "paying": rows[0]["all_paying"]} == a
    ),
    "leaving_listeners": lambda a, rows: (
        (rows[0]["leaving"], rows[0]["leaving_paying"]) == (a["free"] + a["paid"], a["paid"])
    ),
    "time_to_paying": lambda a, rows: (
        (rows[0]["upgraded"], rows[0]["median_seconds"]) == (a["listeners"], a["median_seconds"])
    ),
}
"""How a question shows what the truth says of it: these tell whether it does."""


def test_every_answer_of_the_truth_comes_out(whole: Place, truth: Record) -> None:
    assert truth["answers"].keys() == SHOWN.keys() | MADE.keys()
    with duckdb.connect(str(whole.settings.database), read_only=True) as connection:
        for name, answer in truth["answers"].items():
            found = connection.execute(questions()[name].sql)
            columns = [column[0] for column in found.description]
            rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
            assert rows, name
            if name in MADE:
                assert MADE[name](answer, rows), (name, answer, rows)
            else:
                SHOWN[name](answer, rows)
    listeners = truth["answers"]["top_fans_share"]
    assert listeners["top_listeners"] == ceil(listeners["listeners"] / 10)
