"""The peer "classroom": pandas for each file, an INSERT for each row, as courses teach it; SQLite.

Usage: with_sqlite.py DATA OUTPUT
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

CREATE = """
CREATE TABLE songplays (
    songplay_id INTEGER PRIMARY KEY, start_time TEXT, user_id INTEGER, level TEXT, song_id TEXT,
    artist_id TEXT, session_id INTEGER, location TEXT, user_agent TEXT
);
CREATE TABLE users (
    user_id INTEGER, first_name TEXT, last_name TEXT, gender TEXT, level TEXT,
    PRIMARY KEY (user_id, level)
);
CREATE TABLE songs (
    song_id TEXT PRIMARY KEY, title TEXT, artist_id TEXT, year INTEGER, duration REAL
);
CREATE TABLE artists (
    artist_id TEXT PRIMARY KEY, name TEXT, location TEXT, latitude REAL, longitude REAL
);
CREATE TABLE time (
    start_time TEXT PRIMARY KEY, hour INTEGER, day INTEGER, week INTEGER, month INTEGER,
    year INTEGER, weekday INTEGER
);
"""
SONG_INSERT = "INSERT INTO songs VALUES (?, ?, ?, nullif(?, 0), ?) ON CONFLICT DO NOTHING"
ARTIST_INSERT = "INSERT INTO artists VALUES (?, ?, nullif(?, ''), ?, ?) ON CONFLICT DO NOTHING"
TIME_INSERT = "INSERT INTO time VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
USER_INSERT = """
INSERT INTO users VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET first_name = excluded.first_name, last_name = excluded.last_name,
    gender = excluded.gender
"""
SONG_SELECT = """
SELECT songs.song_id, artists.artist_id
FROM songs JOIN artists ON songs.artist_id = artists.artist_id
WHERE songs.title = ? AND artists.name = ? AND songs.duration = ?
"""
SONGPLAY_INSERT = """
INSERT INTO songplays (
    start_time, user_id, level, song_id, artist_id, session_id, location, user_agent
) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""


def process_song_file(cursor: sqlite3.Cursor, file: Path) -> None:
    """Insert the song and the artist of a song file."""
    frame = pd.read_json(file, lines=True)
    song = frame[["song_id", "title", "artist_id", "year", "duration"]].values[0].tolist()
    cursor.execute(SONG_INSERT, song)
    artist = frame[
        ["artist_id", "artist_name", "artist_location", "artist_latitude", "artist_longitude"]
    ]
    cursor.execute(ARTIST_INSERT, artist.values[0].tolist())


def process_log_file(cursor: sqlite3.Cursor, file: Path) -> None:
    """Insert the moments, the listeners and the plays of a log file."""
    frame = pd.read_json(file, lines=True)
    frame = frame[frame["page"] == "NextSong"]
    moments = pd.to_datetime(frame["ts"], unit="ms")
    for moment in moments:
        week, weekday = moment.isocalendar().week, moment.isoweekday() % 7
        parts = (moment.hour, moment.day, week, moment.month, moment.year, weekday)
        cursor.execute(TIME_INSERT, (str(moment), *parts))
    for _, user in frame[["userId", "firstName", "lastName", "gender", "level"]].iterrows():
        cursor.execute(USER_INSERT, (int(user.userId), *user.tolist()[1:]))
    for index, row in frame.iterrows():
        cursor.execute(SONG_SELECT, (row.song, row.artist, row.length))
        found = cursor.fetchone()
        song_id, artist_id = found if found else (None, None)
        start_time, agent = str(moments[index]), row.userAgent.strip('"')
        play = (start_time, int(row.userId), row.level, song_id, artist_id, row.sessionId)
        cursor.execute(SONGPLAY_INSERT, (*play, row.location, agent))


def process_data(
    connection: sqlite3.Connection, folder: Path, process: Callable[[sqlite3.Cursor, Path], None]
) -> None:
    """Process each file of a folder and commit it."""
    for file in sorted(folder.rglob("*.json")):
        process(connection.cursor(), file)
        connection.commit()


def main(*arguments: Any) -> None:
    """Load the data folder into the database `sparkify.sqlite` in the output folder."""
    data, output = map(Path, arguments)
    connection = sqlite3.connect(output / "sparkify.sqlite")
    connection.executescript(CREATE)
    process_data(connection, data / "song_data", process_song_file)
    process_data(connection, data / "log_data", process_log_file)
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
