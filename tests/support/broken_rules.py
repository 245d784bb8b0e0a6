"""A small sound warehouse, and for each quality check what breaks the one rule that it holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from oracle import File

_MOMENT = 1541116800000  # 2018-11-02


def _event(session: int, item: int, minute: int, page: str, **more: Any) -> bytes:
    values: dict[str, Any] = {"sessionId": session, "itemInSession": item, "page": page}
    values |= {"ts": _MOMENT + 60_000 * minute, "registration": _MOMENT - 1, "userId": ""}
    return json.dumps(values | more).encode()


def _play(
    session: int, item: int, minute: int, user: int, level: str, song: str, **more: Any
) -> bytes:
    who = {"userId": str(user), "level": level, "firstName": f"Name {user}", "gender": "F"}
    what = {"song": song, "artist": "Elena", "length": 200.5}
    return _event(session, item, minute, "NextSong", **who, **what, **more)


def _song(number: int, artist: int, title: str) -> File:
    values: dict[str, Any] = {"song_id": f"SO{number}", "artist_id": f"AR{artist}", "title": title}
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
                    _play(2, 1, 3, 8, "paid", "One", location="Prague"),  # displaces
                    _play(3, 0, 6, 7, "paid", "Three"),
                    b"no record",
                ]
            ),
        ),
        _song(3, 2, "Three"),
    ],
]
"""Two loads with a match, two levels of one listener, a duplicate, a conflict and a reject."""

AUDITED = [
    File(
        "log_data/3.json",
        "events",
        b"\n".join(
            [
                _play(2, 1, 3, 8, "paid", "One", location="Rome"),  # displaces again
                _play(4, 0, 8, 8, "paid", "Five"),
                _play(4, 1, 9, 7, "free", "Elsewhere"),
            ]
        ),
    ),
    _song(2, 1, "Zwei"),  # displaces
    _song(5, 5, "Not yet played"),
    _song(6, 1, "Five"),
    _song(7, 1, "Elsewhere"),  # matches a play of the first load
]
"""A third load, which touches something of every table."""

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


def _broken(check: str, *statements: str, rows: int = 1, others: str = "") -> Sabotage:
    return Sabotage(check, statements, rows, frozenset(others.split()))


def _copied(table: str, columns: str, where: str, others: str = "") -> Sabotage:
    """A key that stands twice, which other checks must find, too."""
    statement = f"INSERT INTO {table} SELECT {columns} FROM {table} WHERE {where}"
    return Sabotage(f"{table}_keys", (statement,), others=frozenset(others.split()))


def _without_key(table: str, column: str, row: str, others: str = "") -> Sabotage:
    """A row whose key is NULL, and which other checks must find, too."""
    statements = (
        f"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL",
        f"INSERT INTO {table} {row}",
    )
    return Sabotage(f"{table}_keys", statements, others=frozenset(others.split()))


def play_id(session: int, item: int, minute: int, user: int) -> str:
    """The songplay_id of a play of these loads."""
    return f"{_MOMENT + 60_000 * minute}-{user}-{session}-{item}"


_ONE_MORE = "staging_reconciled totals_hold"
_HOME = "WHERE page = 'Home' AND sessionid = 2"
_PLAY = f"WHERE songplay_id = '{play_id(3, 0, 6, 7)}'"
_AT_ZERO = "TIMESTAMP '2018-11-02 00:00:00'"
_AT_ONE = "TIMESTAMP '2018-11-02 00:01:00'"
_RUN = "TIMESTAMP '2018-11-03 00:00:00', TIMESTAMP '2018-11-03 00:00:00'" + ", 0" * 13
_EVENT = f"VALUES (0, 'Home', {_AT_ZERO}, {_MOMENT})"

KEYS = (
    _broken(
        "staging_events_keys",
        f"UPDATE staging_events SET ts = {_AT_ZERO}, event_ms = {_MOMENT} {_HOME}",
        f"UPDATE staging_events SET sessionid = 1, iteminsession = 0 {_HOME}",
        others="events_twice",
    ),
    _broken(
        "staging_songs_keys",
        "DELETE FROM songs WHERE song_id = 'SO4'",
        "UPDATE staging_songs SET song_id = 'SO1' WHERE song_id = 'SO4'",
    ),
    _copied("songplays", "*", _PLAY.removeprefix("WHERE "), "totals_hold"),
    _copied("users", "*", "user_id = 8"),
    _copied("songs", "*", "song_id = 'SO1'"),
    _copied("artists", "*", "artist_id = 'AR1'"),
    _copied("time", "*", f"start_time = {_AT_ONE}"),
    _copied(
        "loaded_files",
        "uri, kind, size, fingerprint, 9, NULL, NULL, NULL, NULL",
        "run_id = 2 AND kind = 'events'",
    ),
    _copied(
        "rejected_records",
        "9, kind, uri, fingerprint, line_number, line_place, reason, message, raw_text",
        "reason = 'not_json'",
    ),
    _broken("etl_runs_keys", f"INSERT INTO etl_runs VALUES (1, 'refused', {_RUN})"),
    _without_key(
        "staging_events", "sessionid", f"(iteminsession, page, ts, event_ms) {_EVENT}", _ONE_MORE
    ),
    _without_key(
        "staging_events", "iteminsession", f"(sessionid, page, ts, event_ms) {_EVENT}", _ONE_MORE
    ),
    _without_key(
        "staging_events",
        "event_ms",
        f"(sessionid, iteminsession, page, ts) VALUES (0, 0, 'Home', {_AT_ZERO})",
        _ONE_MORE,
    ),
    _without_key(
        "staging_songs",
        "song_id",
        "(artist_id, title, duration) VALUES ('AR1', 'x', 1)",
        f"{_ONE_MORE} songs_reconciled",
    ),
    _without_key(
        "songplays",
        "songplay_id",
        "(start_time, user_id, level, session_id)"
        f" SELECT start_time, user_id, level, session_id FROM songplays {_PLAY}",
        "plays_reconciled totals_hold",
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
    _without_key("loaded_files", "uri", "VALUES (NULL, 'events', 1, 'x', 9, 0, 0, 0, 0)"),
    _without_key("loaded_files", "fingerprint", "VALUES ('x', 'events', 1, NULL, 9, 0, 0, 0, 0)"),
    _without_key("rejected_records", "uri", "VALUES (9, 'x', NULL, 'x', 1, 1, 'x', 'x', 'x')"),
    _without_key(
        "rejected_records", "fingerprint", "VALUES (9, 'x', 'x', NULL, 1, 1, 'x', 'x', 'x')"
    ),
    _without_key(
        "rejected_records", "line_number", "VALUES (9, 'x', 'x', 'x', NULL, 1, 'x', 'x', 'x')"
    ),
    _without_key(
        "rejected_records", "line_place", "VALUES (9, 'x', 'x', 'x', 1, NULL, 'x', 'x', 'x')"
    ),
    _without_key("etl_runs", "run_id", f"VALUES (NULL, 'refused', {_RUN})"),
)
RELATIONS = (
    _broken("songplays_users", "DELETE FROM users WHERE user_id = 7 AND level = 'paid'"),
    _broken("users_played", "INSERT INTO users (user_id, level) VALUES (8, 'free')"),
    _broken("songplays_time", f"DELETE FROM time WHERE start_time = {_AT_ONE}", rows=2),
    _broken(
        "time_played",
        "INSERT INTO time VALUES (TIMESTAMP '2018-11-05 10:00:00', 10, 5, 45, 11, 2018, 1)",
    ),
    _broken(
        "songplays_songs",
        f"UPDATE songplays SET song_id = 'SO9' {_PLAY}",
        others="plays_matched",
    ),
    _broken(
        "plays_matched",
        f"UPDATE songplays SET song_id = 'SO4', artist_id = 'AR3' {_PLAY}",
    ),
    _broken(
        "plays_matched",
        "UPDATE songplays SET song_id = 'SO4', artist_id = 'AR3' WHERE songplay_id = "
        f"'{play_id(1, 2, 2, 7)}'",
    ),
    _broken("songplays_artists", f"UPDATE songplays SET artist_id = 'AR9' {_PLAY}"),
    _broken("songplays_matched_whole", f"UPDATE songplays SET artist_id = NULL {_PLAY}"),
    _broken(
        "songplays_matched_whole",
        f"UPDATE songplays SET song_id = NULL {_PLAY}",
        others="plays_matched",
    ),
    _broken("artists_supported", "INSERT INTO artists (artist_id) VALUES ('AR9')"),
    _broken("songs_reconciled", "DELETE FROM songs WHERE song_id = 'SO4'"),
    _broken("songs_reconciled", "DELETE FROM artists WHERE artist_id = 'AR3'"),
    _broken("songs_reconciled", "INSERT INTO songs VALUES ('SO9', 'x', 'AR1', NULL, 1)"),
    _broken(
        "plays_reconciled",
        f"DELETE FROM songplays WHERE songplay_id = '{play_id(2, 0, 1, 8)}'",
        others="totals_hold",
    ),
    _broken(
        "plays_reconciled",
        f"UPDATE songplays SET songplay_id = '9' {_PLAY}",
        rows=2,
        others="plays_matched",
    ),
    _broken(
        "plays_reconciled",
        f"UPDATE staging_events SET page = 'NextSong', userid = 8, level = 'paid' {_HOME}",
        others="totals_hold newest_plays_hold",
    ),
    _broken(
        "match_share",
        "UPDATE songplays SET song_id = NULL, artist_id = NULL",
        others="plays_matched",
    ),
)
COUNTS = (
    _broken("staging_reconciled", f"DELETE FROM staging_events {_HOME}", others="totals_hold"),
    _broken("staging_reconciled", "DELETE FROM rejected_records WHERE reason = 'conflict'"),
    _broken(
        "staging_reconciled",
        "DELETE FROM songs WHERE song_id = 'SO4'",
        "DELETE FROM artists WHERE artist_id = 'AR3'",
        "DELETE FROM staging_songs WHERE song_id = 'SO4'",
        others="totals_hold",
    ),
    *(
        _broken("totals_hold", f"UPDATE warehouse_info SET {total} = {total} + 1")
        for total in ("staged_events", "staged_songs", "staged_plays", "published_plays")
    ),
    *(
        _broken("newest_plays_hold", statement)
        for statement in (
            "DELETE FROM newest_plays WHERE user_id = 8",
            "INSERT INTO newest_plays SELECT * FROM newest_plays WHERE user_id = 8",
            "INSERT INTO newest_plays VALUES (9, 'free', 0, 0, 0)",
            *(
                f"UPDATE newest_plays SET {number} = {number} + 1 WHERE user_id = 8"
                for number in ("event_ms", "sessionid", "iteminsession")
            ),
        )
    ),
    *(
        _broken(
            "files_add_up",
            f"UPDATE loaded_files SET {column} = 5 WHERE uri LIKE '%log_data/2.json'",
        )
        for column in ("records_staged", "records_duplicate", "records_rejected")
    ),
    _broken("runs_add_up", "UPDATE etl_runs SET events_read = 9 WHERE run_id = 2"),
    _broken("runs_add_up", "UPDATE etl_runs SET songs_duplicate = 9 WHERE run_id = 2"),
    _broken(
        "runs_add_up",
        "UPDATE loaded_files SET records_read = 9, records_duplicate = 9 - records_staged"
        " WHERE uri LIKE '%log_data/1.json'",
    ),
)
VALUES = (
    *(
        _broken("time_parts", f"UPDATE time SET {part} = {part} + 1 WHERE start_time = {_AT_ONE}")
        for part in ("hour", "day", "week", "month", "year", "weekday")
    ),
    *(
        _broken("events_in_range", f"UPDATE staging_events SET {values} {_HOME}")
        for values in (
            "length = -0.001",
            "length = 86400.001",
            "level = 'gold'",
            "ts = TIMESTAMP '1999-12-31 23:59:59.999', event_ms = 946684799999,"
            " registration = NULL",
            "ts = TIMESTAMP '2101-01-01 00:00:00', event_ms = 4133980800000",
            "event_ms = event_ms + 1000",
            "registration = TIMESTAMP '1999-12-31 23:59:59.999'",
        )
    ),
    Sabotage(
        "events_in_range",
        (f"UPDATE staging_events SET registration = TIMESTAMP '2101-01-01 00:00:00' {_HOME}",),
        others=frozenset({"registered_first"}),
    ),
    *(
        _broken("songs_in_range", f"UPDATE staging_songs SET {value} WHERE song_id = 'SO4'")
        for value in (
            *("duration = -0.001", "duration = 86400.001", "year = -1", "year = 10000"),
            *("artist_latitude = -90.001", "artist_latitude = 90.001"),
            *("artist_longitude = -180.001", "artist_longitude = 180.001"),
        )
    ),
    _broken(
        "registered_first",
        f"UPDATE staging_events SET registration = TIMESTAMP '2018-11-09 00:00:00' {_HOME}",
    ),
    _broken(
        "events_twice",
        f"UPDATE staging_events SET userid = 7, sessionid = 1, iteminsession = 1, song = 'One',"
        f" artist = 'Elena', page = 'NextSong', level = 'free',"
        f" ts = {_AT_ONE} + INTERVAL '1 second',"
        f" event_ms = {_MOMENT + 61_000} {_HOME}",
        others="plays_reconciled totals_hold",
    ),
    _broken("sessions_shared", f"UPDATE staging_events SET userid = 9 {_HOME}"),
    _broken("freshness", "UPDATE etl_runs SET finished_at = TIMESTAMP '2018-11-05 00:00:00'"),
)
SABOTAGES = KEYS + RELATIONS + COUNTS + VALUES
