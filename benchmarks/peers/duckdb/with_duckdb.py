"""The peer "plain DuckDB": read_json over globs, then the star in SQL, as its users write it.

Usage: with_duckdb.py DATA OUTPUT
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

STAGE = """
CREATE TABLE staging_events AS
SELECT * FROM read_json_auto('{data}/log_data/**/*.json');
CREATE TABLE staging_songs AS
SELECT * FROM read_json_auto('{data}/song_data/**/*.json');
"""

STAR = """
CREATE TABLE plays AS
SELECT
    sessionId * 1000000 + itemInSession AS songplay_id,
    epoch_ms(ts) AS start_time,
    CAST(userId AS BIGINT) AS user_id,
    *
FROM staging_events
WHERE page = 'NextSong';

CREATE TABLE songplays AS
SELECT
    songplay_id, start_time, user_id, level, song_id, artist_id, sessionId AS session_id,
    plays.location, trim(userAgent, '"') AS user_agent
FROM plays
LEFT JOIN (
    SELECT title, artist_name, duration, min(song_id) AS song_id,
        arg_min(artist_id, song_id) AS artist_id
    FROM staging_songs
    GROUP BY ALL
) AS songs ON song = title AND artist = artist_name AND length = duration;

CREATE TABLE users AS
SELECT user_id, firstName AS first_name, lastName AS last_name, gender, level
FROM plays
QUALIFY row_number() OVER (
    PARTITION BY user_id, level ORDER BY start_time DESC, songplay_id DESC
) = 1;

CREATE TABLE songs AS
SELECT song_id, title, artist_id, nullif(year, 0) AS year, duration
FROM staging_songs;

CREATE TABLE artists AS
SELECT artist_id, artist_name AS name, nullif(artist_location, '') AS location,
    artist_latitude AS latitude, artist_longitude AS longitude
FROM staging_songs
QUALIFY row_number() OVER (PARTITION BY artist_id ORDER BY year DESC, song_id DESC) = 1;

CREATE TABLE time AS
SELECT start_time, hour(start_time) AS hour, day(start_time) AS day, week(start_time) AS week,
    month(start_time) AS month, year(start_time) AS year, dayofweek(start_time) AS weekday
FROM (SELECT DISTINCT start_time FROM plays);

DROP TABLE plays;
"""


def main(data: str, output: str) -> None:
    """Load the data folder into the database `warehouse.duckdb` in the output folder."""
    with duckdb.connect(str(Path(output) / "warehouse.duckdb")) as connection:
        connection.execute(STAGE.format(data=data))
        connection.execute(STAR)


if __name__ == "__main__":
    main(*sys.argv[1:])
