"""What COPY by itself lets pass that the rules reject, and what it does not (docs/cloud.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cloud_place import Cloud, cloud
from oracle import File
from sparkify.errors import SourceError

HOME = {"sessionId": 1, "itemInSession": 2, "page": "Home", "ts": 1541116800000}
SONG = {"song_id": "SO1", "artist_id": "AR1", "title": "One", "duration": 1.5}


@pytest.fixture(scope="module")
def one_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud(tmp_path_factory.mktemp("cloud")) as made:
        yield made


@pytest.fixture
def place(one_cloud: Cloud) -> Cloud:
    one_cloud.empty()
    return one_cloud


def put(place: Cloud, event: str, song: str) -> None:
    place.put(
        [
            File("log_data/1.json", "events", event.encode()),
            File("song_data/1.json", "songs", song.encode()),
        ]
    )


def rows(place: Cloud, sql: str) -> list[tuple[Any, ...]]:
    connection = place.aws.database()
    try:
        return list(connection.execute(sql.encode()).fetchall())
    finally:
        connection.close()


LET_PASS = [
    ("auth", {"a": [1]}, '{"a": [1]}'),
    ("location", [1, "x"], '[1, "x"]'),
    ("method", True, "true"),
    ("page", 5, "5"),
    ("length", "7.5", 7.5),
    ("status", "200", 200),
    ("status", "", None),
    ("sessionId", "17", 17),
]


@pytest.mark.parametrize(("field", "value", "loaded"), LET_PASS)
def test_copy_lets_pass_what_the_rules_reject(
    place: Cloud, field: str, value: object, loaded: object
) -> None:
    put(place, json.dumps(HOME | {field: value}), json.dumps(SONG))
    assert place.load(copy_mode="direct")["events"]["staged"] == 1
    [(found,)] = rows(place, f"SELECT {field.lower()} FROM staging_events")
    same = found if not isinstance(value, dict | list) else json.loads(found)
    assert same == (value if isinstance(value, dict | list) else loaded)
    place.empty()
    put(place, json.dumps(HOME | {field: value}), json.dumps(SONG))
    assert place.load(copy_mode="compact")["events"]["rejected"] == 1


def test_a_key_that_stands_twice(place: Cloud) -> None:
    twice = json.dumps(HOME)[:-1] + ', "page": "Help"}'
    put(place, twice, json.dumps(SONG))
    assert place.load(copy_mode="direct")["events"]["staged"] == 1
    place.empty()
    put(place, twice, json.dumps(SONG))
    assert place.load(copy_mode="compact")["events"]["rejected"] == 1


FAILS = [
    ("ts", 5),
    ("ts", 1541116800000.5),
    ("ts", None),
    ("registration", 9999999999999),
    ("sessionId", -1),
    ("itemInSession", 1_000_000),
    ("status", 1000),
    ("userId", "x"),
    ("level", "gold"),
    ("page", ""),
    ("page", "  "),
    ("page", None),
    ("length", 86_400.5),
    ("artist", "x" * 1025),
]


@pytest.mark.parametrize(("field", "value"), FAILS)
def test_what_breaks_a_rule_fails_and_is_named(place: Cloud, field: str, value: object) -> None:
    good = HOME | {"itemInSession": 1}
    put(place, f"{json.dumps(good)}\n{json.dumps(HOME | {field: value})}", json.dumps(SONG))
    with pytest.raises(SourceError) as caught:
        place.load(copy_mode="direct")
    assert "line 2" in caught.value.reason
    assert field.lower() in caught.value.reason.lower()
    assert rows(place, "SELECT COUNT(*) FROM staging_events") == [(0,)]
    assert place.load(copy_mode="auto")["events"]["rejected"] == 1


def test_a_play_needs_its_listener(place: Cloud) -> None:
    put(place, json.dumps(HOME | {"page": "NextSong", "level": "free"}), json.dumps(SONG))
    with pytest.raises(SourceError, match="userId"):
        place.load(copy_mode="direct")


@pytest.mark.parametrize(("field", "value"), [("year", 10_000), ("duration", None), ("title", "")])
def test_a_song_that_breaks_a_rule_fails(place: Cloud, field: str, value: object) -> None:
    put(place, json.dumps(HOME), json.dumps(SONG | {field: value}))
    with pytest.raises(SourceError, match=field):
        place.load(copy_mode="direct")


def test_texts_lose_their_trailing_blanks(place: Cloud) -> None:
    put(place, json.dumps(HOME | {"artist": " A  "}), json.dumps(SONG | {"title": "One "}))
    place.load(copy_mode="direct")
    assert rows(place, "SELECT artist FROM staging_events") == [(" A",)]
    assert rows(place, "SELECT title FROM songs") == [("One",)]


def test_milliseconds_are_kept(place: Cloud) -> None:
    put(place, json.dumps(HOME | {"ts": 1540344794796.0}), json.dumps(SONG))
    place.load(copy_mode="direct")
    [(moment,)] = rows(place, "SELECT ts FROM staging_events")
    assert moment.isoformat() == "2018-10-24T01:33:14.796000"
