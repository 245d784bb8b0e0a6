"""The peer "dlt": a pipeline of two resources into DuckDB, then the star in SQL.

Usage: with_dlt.py DATA OUTPUT
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt

STAR = {
    "songplays": """
SELECT
    session_id * 1000000 + item_in_session AS songplay_id, epoch_ms(ts) AS start_time,
    CAST(user_id AS BIGINT) AS user_id, level, song_id, artist_id, session_id, events.location,
    trim(user_agent, '"') AS user_agent
FROM staging_events AS events
LEFT JOIN (
    SELECT title, artist_name, duration, min(song_id) AS song_id,
        arg_min(artist_id, song_id) AS artist_id
    FROM staging_songs
    GROUP BY ALL
) AS songs ON song = title AND artist = artist_name AND length = duration
WHERE page = 'NextSong'
""",
    "users": """
SELECT CAST(user_id AS BIGINT) AS user_id, first_name, last_name, gender, level
FROM staging_events
WHERE page = 'NextSong'
QUALIFY row_number() OVER (
    PARTITION BY user_id, level ORDER BY ts DESC, session_id DESC, item_in_session DESC
) = 1
""",
    "songs": """
SELECT song_id, title, artist_id, nullif(year, 0) AS year, duration FROM staging_songs
""",
    "artists": """
SELECT artist_id, artist_name AS name, nullif(artist_location, '') AS location,
    artist_latitude AS latitude, artist_longitude AS longitude
FROM staging_songs
QUALIFY row_number() OVER (PARTITION BY artist_id ORDER BY year DESC, song_id DESC) = 1
""",
    "time": """
SELECT start_time, hour(start_time) AS hour, day(start_time) AS day, week(start_time) AS week,
    month(start_time) AS month, year(start_time) AS year, dayofweek(start_time) AS weekday
FROM (SELECT DISTINCT start_time FROM songplays)
""",
}
TEXT = {name: {"data_type": "text"} for name in ("title", "artist_name", "artist_location")}
NUMBER = {name: {"data_type": "double"} for name in ("artist_latitude", "artist_longitude")}


@dlt.resource(write_disposition="replace", columns={**TEXT, **NUMBER})
def staging_songs(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the record of each song file."""
    for file in folder.rglob("*.json"):
        yield json.loads(file.read_text(encoding="utf-8"))


@dlt.resource(write_disposition="replace")
def staging_events(folder: Path) -> Iterator[list[dict[str, Any]]]:
    """Yield the records of each log file."""
    for file in folder.rglob("*.json"):
        yield [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def main(data: str, output: str) -> None:
    """Load the data folder into the database `warehouse.duckdb` in the output folder."""
    pipeline = dlt.pipeline(
        "sparkify",
        pipelines_dir=f"{output}/pipelines",
        destination=dlt.destinations.duckdb(f"{output}/warehouse.duckdb"),
        dataset_name="sparkify",
    )
    pipeline.run(
        [staging_songs(Path(data, "song_data")), staging_events(Path(data, "log_data"))]
    ).raise_on_failed_jobs()
    with pipeline.sql_client() as client:
        for name, query in STAR.items():
            client.execute_sql(f"CREATE OR REPLACE TABLE {name} AS {query}")


if __name__ == "__main__":
    main(*sys.argv[1:])
