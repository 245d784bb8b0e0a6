"""Each question's statement, on DuckDB and on PostgreSQL, against the naive answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from naive_answers import ANSWERS, SHIPPED
from naive_tables import Row, Tables, session_plays, sessions
from question_readers import Asked, on_duckdb, on_postgres
from question_worlds import play, warehouse, world
from sparkify.analysis import questions

WORLDS = range(30)
SESSION_QUESTIONS = ("first_songs", "loyal_listeners", "session_length", "skips")
ONE_EVENT: Row = {
    "firstname": "Ann",
    "lastname": "Lee",
    "gender": "F",
    "level": "free",
    "location": None,
    "registration": None,
    "song": "Undo",
    "artist": "Björk",
    "length": 240.5,
    "useragent": None,
}


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[Asked, Asked]]:
    with on_duckdb() as duck, on_postgres() as postgres:
        yield duck, postgres


def answered(reader: Asked, name: str) -> list[Row]:
    table = reader.read(questions()[name].sql)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def typed(rows: list[Row]) -> list[list[tuple[str, type, Any]]]:
    """Rows with the order of their columns and the types of their values, for comparison."""
    return [[(column, type(value), value) for column, value in row.items()] for row in rows]


@pytest.mark.sampled(of=15)
@pytest.mark.parametrize("seed", WORLDS)
def test_both_engines_answer_as_the_naive_way_does(
    seed: int, engines: tuple[Asked, Asked], tmp_path: Path
) -> None:
    tables = world(seed)
    for reader in engines:
        reader.fill(tables, tmp_path)
    for name in questions():
        found = [answered(reader, name) for reader in engines]
        expected = ANSWERS[name](tables) if name in ANSWERS else found[0]
        for reader, rows in zip(engines, found, strict=True):
            assert rows == expected, (name, reader.engine)
            assert typed(rows) == typed(expected), (name, reader.engine)


EVERY_SESSION = (
    "SELECT user_id, session_id, run_number, started_ms, ended_ms, started_at, ended_at, events,"
    " plays FROM sessions ORDER BY user_id, session_id, run_number"
)


def expected_sessions(tables: Tables) -> list[tuple[Any, ...]]:
    """Every session, counted within its listener and number."""
    runs = Counter[tuple[int, int]]()
    rows = []
    for events in sessions(tables):
        first, last = events[0], events[-1]
        number = first["userid"], first["sessionid"]
        runs[number] += 1
        plays = sum(event["page"] == "NextSong" for event in events)
        moments = first["event_ms"], last["event_ms"], first["ts"], last["ts"]
        rows.append((*number, runs[number], *moments, len(events), plays))
    return rows


@pytest.mark.sampled(of=15)
@pytest.mark.parametrize("seed", WORLDS)
def test_the_view_has_every_session(
    seed: int, engines: tuple[Asked, Asked], tmp_path: Path
) -> None:
    tables = world(seed)
    for reader in engines:
        reader.fill(tables, tmp_path)
        assert reader.read(EVERY_SESSION).rows == expected_sessions(tables), reader.engine


SESSION_OF_A_PLAY = re.findall(
    r"^```sql\n(.*?)^```$",
    (Path(__file__).parents[2] / "docs/schema.md").read_text(encoding="utf-8"),
    re.DOTALL | re.MULTILINE,
)
"""The statement that the documents show."""


@pytest.mark.sampled(of=10)
@pytest.mark.parametrize("seed", range(10))
def test_every_play_is_of_one_session(
    seed: int, engines: tuple[Asked, Asked], tmp_path: Path
) -> None:
    tables = world(seed)
    (statement,) = SESSION_OF_A_PLAY
    expected = Counter(
        (plays[0]["sessionid"], play(event, {})["songplay_id"])
        for plays in session_plays(tables)
        for event in plays
    )
    for reader in engines:
        reader.fill(tables, tmp_path)
        rows = reader.read(statement).rows
        assert Counter((row[1], row[0]) for row in rows) == expected, reader.engine
        assert len({(row[1], row[3], row[2], row[0]) for row in rows}) == len(tables["songplays"])


HOUR = 3_600_000
FIRST = 1_541_199_600_000  # 2018-11-02 23:00


@pytest.mark.parametrize(
    ("events", "lengths"),
    [
        ([(7, 1, 0, 0, "NextSong"), (8, 1, 0, 0, "NextSong")], [1, 1]),
        ([(7, 1, 0, 0, "NextSong"), (7, 1, 1, 2 * HOUR, "NextSong")], [2]),
        ([(7, 1, 0, 0, "NextSong"), (7, 1, 1, 24 * HOUR, "NextSong")], [2]),
        ([(7, 1, 0, 0, "NextSong"), (7, 1, 1, 24 * HOUR + 1, "NextSong")], [1, 1]),
        ([(7, 1, 0, 0, "NextSong"), (7, 1, 0, 500 * HOUR, "NextSong")], [1, 1]),
        (
            [
                (7, 1, 0, 0, "NextSong"),
                (7, 1, 1, 20 * HOUR, "Home"),
                (7, 1, 2, 40 * HOUR, "NextSong"),
            ],
            [2],
        ),
        (
            [
                (7, 1, 0, 0, "NextSong"),
                (None, 1, 1, 20 * HOUR, "Home"),
                (8, 1, 1, 20 * HOUR, "NextSong"),
                (7, 1, 2, 40 * HOUR, "NextSong"),
            ],
            [1, 1, 1],
        ),
    ],
    ids=[
        *("two listeners", "over midnight", "24 hours", "a millisecond more", "weeks later"),
        *("another page between", "others between"),
    ],
)
def test_a_session_is_one_listener_until_a_day_of_nothing(
    events: list[tuple[int | None, int, int, int, str]],
    lengths: list[int],
    engines: tuple[Asked, Asked],
    tmp_path: Path,
) -> None:
    """lengths: how many plays each session has. first_songs and skips follow from the same."""
    names = ("userid", "sessionid", "iteminsession", "ts", "page")
    rows: list[Row] = [
        ONE_EVENT
        | dict(zip(names, event, strict=True))
        | {"ts": datetime(1970, 1, 1) + timedelta(milliseconds=FIRST + event[3])}
        for event in events
    ]
    tables = warehouse(rows)
    for reader in engines:
        reader.fill(tables, tmp_path)
        found = {name: answered(reader, name) for name in SESSION_QUESTIONS}
        assert sorted(row[8] for row in reader.read(EVERY_SESSION).rows if row[8]) == lengths
        assert found["session_length"][0]["all_sessions"] == len(lengths)
        assert found["first_songs"][0]["sessions"] == len(lengths)
        assert sum(row["sessions"] for row in found["loyal_listeners"]) == len(lengths)
        for name, answer in found.items():
            assert answer == ANSWERS[name](tables), (name, reader.engine)


def test_the_worlds_put_every_question_to_the_proof() -> None:
    tables = [world(seed) for seed in WORLDS]
    for name, answer in ANSWERS.items():
        assert max(len(answer(found)) for found in tables) > 1, name


def test_every_question_that_is_shipped_has_a_naive_answer() -> None:
    """Else: add it to tests/support/naive_answers.py, or take the name out of SHIPPED there."""
    assert list(ANSWERS) == list(SHIPPED)
    assert [name for name in questions() if name in SHIPPED] == list(SHIPPED)
