"""A small sound warehouse, and for each quality check what breaks the one rule that it holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from oracle import File

_MOMENT = 1541116800000  # 2018-11-02


def _event(session: int, item: int, minute: int, page: str, **more: Any) -> bytes:
    values = {"sessionId": session, "itemInSession": item, "page": page}
    values |= {"ts": _MOMENT + 60_000 * minute, "registration": _MOMENT - 1, "userId": ""}
    return json.dumps(values | more).encode()


def _play(session: int, item: int, minute: int, user: int, level: str, song: str) -> bytes:
    who = {"userId": str(user), "level": level, "firstName": f"Name {user}", "gender": "F"}
    what = {"song": song, "artist": "Elena", "length": 200.5}
    return _event(session, item, minute, "NextSong", **who, **what)


def _song(number: int, artist: int, title: str) -> File:
    values = {"song_id": f"SO{number}", "artist_id": f"AR{artist}", "title": title}
    values |= {"artist_name": "Elena", "duration": 200.5, "year": 2000 + number}
    return File(f"song_data/{number}.json", "songs", json.dumps(values).encode())


LOADS: list[list[File]] = [
    [
        File(
            "log_data/1.json",
            "events",
            b"\n".join(
                [
                    _event(1, 0, 0, "Home"),
                    _play(1, 1, 1, 7, "free", "One"),
                    _play(1, 2, 2, 7, "free", "Elsewhere"),
                    _play(2, 0, 1, 8, "paid", "Two"),
                    _play(2, 1, 3, 8, "paid", "One"),
                    _event(2, 2, 4, "Home"),
                ]
            ),
        ),
        *(_song(n, artist, title) for n, artist, title in ((1, 1, "One"), (2, 1, "Two"))),
        _song(4, 3, "Never played"),
    ],
    [
        File(
            "log_data/2.json",
            "events",
            b"\n".join(
                [
                    _play(1, 1, 1, 7, "free", "One"),  # a duplicate
                    _play(2, 1, 5, 8, "paid", "One"),  # displaces
                    _play(3, 0, 6, 7, "paid", "Three"),
                    b"no record",
                ]
            ),
        ),
        _song(3, 2, "Three"),
    ],
]
"""Two loads with a match, two levels of one listener, a duplicate, a conflict and a reject."""

AS_IF_LOADED_THEN = "UPDATE etl_runs SET finished_at = TIMESTAMP '2018-11-03 00:00:00'"
"""Makes the warehouse fresh: its newest event is of the day before."""


@dataclass(frozen=True)
class Sabotage:
    """How to break a rule, in SQL that runs on every engine.

    check: the one that must find it. rows: how many rows it must find.
    others: the checks that cannot help but find it, too.
    """

    check: str
    statements: tuple[str, ...]
    rows: int = 1
    others: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.check}: {self.statements[-1]}"


def _broken(check: str, *statements: str, rows: int = 1) -> Sabotage:
    return Sabotage(check, statements, rows)


def _without_key(table: str, column: str, row: str, others: str = "") -> Sabotage:
    """A row whose key is NULL; columns that are not named are, too."""
    statements = (
        f"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL",
        f"INSERT INTO {table} {row}",
    )
    return Sabotage(f"{table}_keys", statements, others=frozenset(others.split()))


def _copied(table: str, columns: str, where: str) -> str:
    return f"INSERT INTO {table} SELECT {columns} FROM {table} WHERE {where}"


_HOME = "page = 'Home' AND sessionid = 2"
_PLAY = "songplay_id = 3000000"
_UNPLAYED = "TIMESTAMP '2018-11-05 10:00:00', 10, 5, 45, 11, 2018, 1"
_RUN = "TIMESTAMP '2018-11-03 00:00:00', TIMESTAMP '2018-11-03 00:00:00'" + ", 0" * 11

TWICE = (
    _broken("staging_events_keys", f"UPDATE staging_events SET sessionid = 1, iteminsession = 0 WHERE {_HOME}"),
    _broken(
        "staging_songs_keys",
        "DELETE FROM songs WHERE song_id = 'SO4'",
        "UPDATE staging_songs SET song_id = 'SO1' WHERE song_id = 'SO4'",
    ),
    _broken("songplays_keys", _copied("songplays", "*", _PLAY)),
    _broken("users_keys", _copied("users", "*", "user_id = 8")),
    _broken("songs_keys", _copied("songs", "*", "song_id = 'SO1'")),
    _broken("artists_keys", _copied("artists", "*", "artist_id = 'AR1'")),
    _broken("time_keys", _copied("time", "*", "start_time = TIMESTAMP '2018-11-02 00:01:00'")),
    _broken(
        "loaded_files_keys",
        _copied("loaded_files", "uri, kind, size, fingerprint, 99", "kind = 'events'"),
        rows=2,
    ),
    _broken(
        "rejected_records_keys",
        _copied(
            "rejected_records",
            "99, kind, uri, fingerprint, line_number, reason, message, raw_text",
            "reason = 'not_json'",
        ),
    ),
    _broken("etl_runs_keys", f"INSERT INTO etl_runs VALUES (1, 'refused', {_RUN})"),
)
NULL_KEYS = (
    _without_key(
        "staging_events",
        "sessionid",
        "(iteminsession, page, ts) VALUES (0, 'Home', TIMESTAMP '2018-11-02 00:00:00')",
        "staging_reconciled",
    ),
    _without_key(
        "staging_events",
        "iteminsession",
        "(sessionid, page, ts) VALUES (0, 'Home', TIMESTAMP '2018-11-02 00:00:00')",
        "staging_reconciled",
    ),
    _without_key(
        "staging_songs",
        "song_id",
        "(artist_id, title, duration) VALUES ('AR1', 'x', 1)",
        "staging_reconciled songs_reconciled",
    ),
    _without_key(
        "songplays",
        "songplay_id",
        "(start_time, user_id, level, session_id)"
        " SELECT start_time, user_id, level, session_id FROM songplays WHERE " + _PLAY,
        "plays_reconciled",
    ),
    _without_key("users", "user_id", "(level) VALUES ('free')", "users_played"),
    _without_key("users", "level", "(user_id) VALUES (7)", "users_played"),
    _without_key(
        "songs",
        "song_id",
        "(title, artist_id, duration) VALUES ('x', 'AR1', 1)",
        "songs_reconciled",
    ),
    _without_key("artists", "artist_id", "(name) VALUES ('x')", "artists_supported"),
    _without_key(
        "time",
        "start_time",
        "(hour, day, week, month, year, weekday) VALUES (1, 1, 1, 1, 1, 1)",
        "time_played",
    ),
    _without_key("loaded_files", "uri", "(kind, size, fingerprint, run_id) VALUES ('x', 1, 'x', 9)"),
    _without_key("loaded_files", "fingerprint", "(kind, size, uri, run_id) VALUES ('x', 1, 'x', 9)"),
    *(
        _without_key(
            "rejected_records",
            column,
            f"SELECT 9, 'events', {values}, 'x', 'x', 'x' FROM warehouse_info",
        )
        for column, values in (
            ("uri", "CAST(NULL AS VARCHAR(9)), 'x', 1"),
            ("fingerprint", "'x', CAST(NULL AS VARCHAR(9)), 1"),
            ("line_number", "'x', 'x', CAST(NULL AS BIGINT)"),
        )
    ),
    _without_key("etl_runs", "run_id", f"VALUES (NULL, 'refused', {_RUN})"),
)
RELATIONS = (
    _broken("songplays_users", "DELETE FROM users WHERE user_id = 8", rows=2),
    _broken("songplays_users", "UPDATE users SET level = 'paid' WHERE user_id = 8 AND level = 'x'", "UPDATE songplays SET level = 'free' WHERE user_id = 8 AND songplay_id = 2000001"),
    _broken("users_played", "INSERT INTO users (user_id, level) VALUES (8, 'free')"),
    _broken("songplays_time", "DELETE FROM time WHERE minute = 1"),
)
