"""The views for people, on DuckDB and on PostgreSQL, against plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from naive_plays import device
from naive_tables import Row, Tables, by, heard, part, session_plays
from question_readers import Asked, on_duckdb, on_postgres
from question_worlds import FIRST_MOMENT, world
from sparkify.sql_queries import part_of

PLAYS = (
    *("songplay_id", "start_time", "user_id", "level", "first_name", "last_name", "gender"),
    *("song", "artist", "length", "song_id", "artist_id", "year", "duration", "session_id"),
    *("location", "device", "hour", "weekday"),
)
LISTENERS = (
    *("user_id", "first_name", "last_name", "gender", "level", "first_play", "newest_play"),
    *("plays", "sessions", "registered_at", "cancelled"),
)


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[Asked, Asked]]:
    with on_duckdb() as duck, on_postgres() as postgres:
        yield duck, postgres


def world_with_accounts(seed: int) -> Tables:
    """A world whose listeners registered, and of whom some cancelled."""
    random = Random(seed)
    tables = world(seed)
    registered: dict[int, datetime | None] = {}
    events = []
    for event in tables["staging_events"]:
        if (user := event["userid"]) is not None:
            ago = timedelta(days=random.randrange(90), milliseconds=1)
            registered.setdefault(user, random.choice((None, FIRST_MOMENT - ago)))
        cancels = event["page"] == "Home" and random.random() < 0.1
        page = "Cancellation Confirmation" if cancels else event["page"]
        events.append(event | {"registration": registered.get(user), "page": page})
    return dict(tables) | {"staging_events": events}


def expected_plays(tables: Tables) -> list[tuple[Any, ...]]:
    users = {(row["user_id"], row["level"]): row for row in tables["users"]}
    stars = {row["songplay_id"]: row for row in tables["songplays"]}
    songs = {row["song_id"]: row for row in tables["songs"]}
    rows = []
    for event in heard(tables):
        key = "{event_ms}-{userid}-{sessionid}-{iteminsession}".format(**event)
        star = stars[key]
        kind = device(event["useragent"])
        row: Row = {
            **event,
            **star,
            **users[star["user_id"], star["level"]],
            **dict.fromkeys(("year", "duration")),
            **songs.get(star["song_id"], {}),
            "song_id": star["song_id"],
            "artist_id": star["artist_id"],
            "device": None if kind == "device of unknown kind" else kind,
            "hour": event["ts"].hour,
            "weekday": (event["ts"].weekday() + 1) % 7,
        }
        rows.append(tuple(row[name] for name in PLAYS))
    return sorted(rows)


def expected_listeners(tables: Tables) -> list[tuple[Any, ...]]:
    users = {(row["user_id"], row["level"]): row for row in tables["users"]}
    visits = by([plays[0] for plays in session_plays(tables)], "userid")
    events = by(tables["staging_events"], "userid")
    rows = []
    for user, plays in by(tables["songplays"], "user_id").items():
        newest = max(plays, key=lambda play: (play["start_time"], play["level"]))
        registered = [one["registration"] for one in events[user] if one["registration"]]
        row: Row = {
            **users[user, newest["level"]],
            "first_play": min(play["start_time"] for play in plays),
            "newest_play": newest["start_time"],
            "plays": len(plays),
            "sessions": len(visits[user]),
            "registered_at": min(registered, default=None),
            "cancelled": any(one["page"] == "Cancellation Confirmation" for one in events[user]),
        }
        rows.append(tuple(row[name] for name in LISTENERS))
    return sorted(rows)


@pytest.mark.sampled(of=5)
@pytest.mark.parametrize("seed", range(15))
def test_views_show_every_play_and_every_listener_once(
    seed: int, engines: tuple[Asked, Asked], tmp_path: Path
) -> None:
    tables = world_with_accounts(seed)
    days = sorted({play["start_time"].date() for play in tables["songplays"]})
    parts: list[dict[str, Any]] = [{}, {"level": "paid"}]
    if days:
        parts.append({"since": days[len(days) // 3], "until": days[-1]})
    for reader in engines:
        reader.fill(tables, tmp_path)
        for kept in parts:
            some = part(tables, **kept)
            for view, columns, expected in (
                ("plays", PLAYS, expected_plays(some)),
                ("listeners", LISTENERS, expected_listeners(some)),
            ):
                sql = f"SELECT {', '.join(columns)} FROM {view} ORDER BY {columns[0]}"
                rows = reader.read(part_of(sql, **kept)).rows
                assert sorted(rows) == expected, (view, kept, reader.engine)
