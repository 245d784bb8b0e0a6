"""The questions on the real data of November 2018: the published figures come out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from naive_answers import ANSWERS
from naive_tables import Row, Tables
from question_readers import on_duckdb
from question_worlds import warehouse
from sparkify.analysis import Answer, ask, questions

DATA = Path(__file__).parents[3] / "shared" / "data" / "sparkify"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real data is not beside the project")


def moment(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None)


def event(line: str) -> Row:
    row: Row = {name.lower(): value for name, value in json.loads(line).items()}
    registered = row["registration"] and moment(row["registration"])
    return row | {
        "ts": moment(row["ts"]),
        "registration": registered,
        "userid": int(row["userid"]) if row["userid"] else None,
        "useragent": row["useragent"] and row["useragent"].strip('"'),
    }


def song(file: Path) -> Row:
    row: Row = json.loads(file.read_text())
    return row | {"year": row["year"] or None}


@pytest.fixture(scope="module")
def tables() -> Tables:
    logs = sorted((DATA / "log_data").rglob("*.json"))
    events = [event(line) for log in logs for line in log.read_text().splitlines()]
    return warehouse(events, [song(file) for file in (DATA / "song_data").rglob("*.json")])


@pytest.fixture(scope="module")
def answers(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with on_duckdb() as reader:
        reader.fill(tables, tmp_path_factory.mktemp("real"))
        yield {answer.name: answer for answer in ask(reader)}


def rows(answer: Answer, *columns: str) -> list[tuple[Any, ...]]:
    places = [answer.columns.index(column) for column in columns]
    return [tuple(row[place] for place in places) for row in answer.rows]


def test_songs_and_artists(answers: dict[str, Answer]) -> None:
    assert rows(answers["top_songs"], "song", "plays")[:4] == [
        ("You're The One", 37),
        ("Undo", 28),
        ("Revelry", 27),
        ("Sehr kosmisch", 21),
    ]
    assert rows(answers["top_artists"], "artist", "plays")[:7] == [
        ("Coldplay", 58),
        ("Kings Of Leon", 55),
        ("Dwight Yoakam", 38),
        ("The Black Keys", 36),
        ("Florence + The Machine", 35),
        ("Jack Johnson", 35),
        ("Muse", 35),
    ]
    assert answers["top_songs"].answer.startswith(
        '"You\'re The One" by Dwight Yoakam is played most: 37 plays'
    )


def test_hours_and_weekdays(answers: dict[str, Answer]) -> None:
    by_hour = "155 154 117 109 136 162 183 179 207 270 312 336 308 324 432 477 542 494 498 367 360"
    assert [plays for (plays,) in rows(answers["busiest_hours"], "plays")] == [
        *map(int, by_hour.split()),
        *(280, 217, 201),
    ]
    assert "16:00 to 17:00 UTC: 542 plays" in answers["busiest_hours"].answer
    weekdays = rows(answers["busiest_weekdays"], "weekday", "plays", "plays_per_day")
    assert [(name[:3], plays, round(mean)) for name, plays, mean in weekdays] == [
        ("Sun", 396, 99),
        ("Mon", 1014, 254),
        ("Tue", 1071, 268),
        ("Wed", 1364, 341),
        ("Thu", 1052, 210),
        ("Fri", 1295, 259),
        ("Sat", 628, 157),
    ]


def test_levels(answers: dict[str, Answer]) -> None:
    assert rows(answers["listening_by_level"], "level", "plays") == [("free", 1229), ("paid", 5591)]
    assert answers["paying_listeners"].answer.startswith("22 of 96 listeners (22.9%)")
    assert rows(answers["level_changes"], "listeners") == [(8,), (1,)]


def test_listeners_and_places(answers: dict[str, Answer]) -> None:
    plays = rows(answers["gender"], "gender", "listeners", "plays")
    assert plays == [("men", 41, 1933), ("women", 55, 4887)]
    assert rows(answers["loyal_listeners"], "user_id", "plays") == [
        *((49, 689), (80, 665), (97, 557), (15, 463), (44, 397)),
        *((29, 346), (24, 321), (73, 289), (88, 270), (36, 248)),
    ]
    assert [plays for (plays,) in rows(answers["listener_places"], "plays")] == [
        *(691, 665, 557, 475, 456, 397, 321, 307, 292, 270)
    ]


def test_sessions_weeks_and_hours(answers: dict[str, Answer]) -> None:
    assert "776 sessions" in answers["session_length"].answer
    weeks = rows(answers["hours_served"], "plays", "hours")
    assert [plays for plays, _ in weeks] == [410, 1257, 1958, 1711, 1484]
    assert sum(hours for _, hours in weeks) * 3600 == pytest.approx(1_684_759.74663)


def test_the_one_play_that_is_in_the_catalogue(answers: dict[str, Answer]) -> None:
    assert answers["catalogue_match"].answer.startswith("1 of 6,820 plays")
    assert answers["unplayed_songs"].answer.startswith("70 of 71 songs")


def test_pages_besides_songs(answers: dict[str, Answer]) -> None:
    assert rows(answers["errors_and_help"], "page", "visits") == [("Error", 9), ("Help", 47)]
    assert "8 listeners played a median of 16 songs" in answers["before_upgrading"].answer
    assert sum(number for (number,) in rows(answers["tenure"], "listeners")) == 97
    assert sum(plays for (plays,) in rows(answers["regions"], "plays")) == 6820
    for name in ("cancellations", "thumbs", "adverts", "friends_and_playlists"):
        assert answers[name].answer.startswith("No ")
        assert " are seen: there is no page " in answers[name].answer


def test_every_answer_is_the_naive_one(answers: dict[str, Answer], tables: Tables) -> None:
    for name, naive in ANSWERS.items():
        answer = answers[name]
        needed = questions()[name].header.get("needs")
        found = [row for row in naive(tables) if not needed or row[needed]]
        expected = [tuple(row[column] for column in answer.columns) for row in found]
        assert list(answer.rows) == expected[: len(answer.rows)], name
        assert bool(answer.rows) == bool(expected), name
