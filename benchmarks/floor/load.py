"""The floor: read, parse, write all staging columns and the star, nothing else, as one job.

It checks nothing, rejects nothing and keeps no ledger: the least that a load can cost with DuckDB
on this machine. Two processes join the song files into NDJSON while DuckDB is imported; it reads
them and the logs with explicit columns, in any order, and writes each table once.

Usage: load.py DATA OUTPUT
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

READERS = 2
_LARGEST_SONG = 1 << 16

STAGE_EVENTS = """
CREATE TABLE staging_events AS
SELECT
    artist, auth, firstname, gender, iteminsession, lastname, length, level, location, method,
    page, epoch_ms(CAST(registration AS BIGINT)) AS registration, sessionid, song, status,
    epoch_ms(ts) AS ts, useragent, TRY_CAST(userid AS BIGINT) AS userid, raw.ts AS event_ms
FROM read_json($files, format = 'newline_delimited', columns = {
    artist: 'VARCHAR', auth: 'VARCHAR', firstName: 'VARCHAR', gender: 'VARCHAR',
    itemInSession: 'INTEGER', lastName: 'VARCHAR', length: 'DOUBLE', level: 'VARCHAR',
    location: 'VARCHAR', method: 'VARCHAR', page: 'VARCHAR', registration: 'DOUBLE',
    sessionId: 'BIGINT', song: 'VARCHAR', status: 'INTEGER', ts: 'BIGINT', userAgent: 'VARCHAR',
    userId: 'VARCHAR'
}) AS raw
"""

STAGE_SONGS = """
CREATE TABLE staging_songs AS
FROM read_json($files, format = 'newline_delimited', columns = {
    num_songs: 'INTEGER', artist_id: 'VARCHAR', artist_latitude: 'DOUBLE',
    artist_longitude: 'DOUBLE', artist_location: 'VARCHAR', artist_name: 'VARCHAR',
    song_id: 'VARCHAR', title: 'VARCHAR', duration: 'DOUBLE', year: 'INTEGER'
})
"""

STAR = """
CREATE TABLE songs AS
SELECT song_id, title, artist_id, nullif(year, 0) AS year, duration
FROM staging_songs;

CREATE TABLE artists AS
SELECT artist_id, artist_name AS name, nullif(artist_location, '') AS location,
    artist_latitude AS latitude, artist_longitude AS longitude
FROM staging_songs
QUALIFY row_number() OVER (PARTITION BY artist_id ORDER BY year DESC, song_id DESC) = 1;

CREATE TABLE songplays AS
SELECT
    event_ms || '-' || userid || '-' || sessionid || '-' || iteminsession AS songplay_id,
    ts AS start_time, userid AS user_id,
    level, song_id, artist_id, sessionid AS session_id, location,
    trim(useragent, '"') AS user_agent
FROM staging_events
LEFT JOIN (
    SELECT title, artist_name, duration, min(song_id) AS song_id,
        arg_min(artist_id, song_id) AS artist_id
    FROM staging_songs
    GROUP BY ALL
) AS songs ON song = title AND artist = artist_name AND length = duration
WHERE page = 'NextSong';

CREATE TABLE users AS
WITH moments AS (
    SELECT userid, level, max(event_ms) AS event_ms
    FROM staging_events
    WHERE page = 'NextSong'
    GROUP BY ALL
)
SELECT userid AS user_id, firstname AS first_name, lastname AS last_name, gender, level
FROM staging_events SEMI JOIN moments USING (userid, level, event_ms)
WHERE page = 'NextSong'
QUALIFY row_number() OVER (
    PARTITION BY userid, level ORDER BY sessionid DESC, iteminsession DESC
) = 1;

CREATE TABLE time AS
SELECT start_time, hour(start_time) AS hour, day(start_time) AS day, week(start_time) AS week,
    month(start_time) AS month, year(start_time) AS year, dayofweek(start_time) AS weekday
FROM (SELECT DISTINCT start_time FROM songplays);
"""


def join(folders: list[str], joined: Path) -> str:
    """Write the song files below some folders into one file, an object a line."""
    with open(joined, "wb", 1 << 20) as out:  # noqa: PTH123 - as lean as it gets
        while folders:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.name.endswith(".json"):
                        descriptor = os.open(entry.path, os.O_RDONLY)
                        out.write(os.read(descriptor, _LARGEST_SONG))
                        out.write(b"\n")
                        os.close(descriptor)
                    else:
                        folders.append(entry.path)
    return str(joined)


def main(data: str, output: str) -> None:
    """Load the data folder into the database `warehouse.duckdb` in the output folder."""
    folders = [str(folder) for folder in Path(data, "song_data").glob("*/*")]
    shares = [folders[number::READERS] for number in range(READERS)]
    places = [Path(output, f"songs{number}.json") for number in range(READERS)]
    with ProcessPoolExecutor(READERS) as readers:
        joining = readers.map(join, shares, places)
        import duckdb

        connection = duckdb.connect(str(Path(output) / "warehouse.duckdb"))
        connection.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
        songs = list(joining)
    connection.execute("BEGIN")
    connection.execute(STAGE_SONGS, {"files": songs})
    logs = [str(file) for file in Path(data, "log_data").rglob("*.json")]
    connection.execute(STAGE_EVENTS, {"files": logs})
    connection.execute(STAR)
    connection.execute("COMMIT")
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
