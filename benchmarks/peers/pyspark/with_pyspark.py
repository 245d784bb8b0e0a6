"""The peer "PySpark": a local session on all cores, explicit schemas, SQL, Parquet.

Usage: with_pyspark.py DATA OUTPUT
"""

from __future__ import annotations

import sys

from pyspark.sql import SparkSession

EVENTS = """
artist STRING, auth STRING, firstName STRING, gender STRING, itemInSession BIGINT, lastName STRING,
length DOUBLE, level STRING, location STRING, method STRING, page STRING, registration DOUBLE,
sessionId BIGINT, song STRING, status INT, ts BIGINT, userAgent STRING, userId STRING
"""
SONGS = """
num_songs INT, artist_id STRING, artist_latitude DOUBLE, artist_longitude DOUBLE,
artist_location STRING, artist_name STRING, song_id STRING, title STRING, duration DOUBLE, year INT
"""
PLAYS = """
SELECT
    sessionId * 1000000 + itemInSession AS songplay_id, timestamp_millis(ts) AS start_time,
    CAST(userId AS BIGINT) AS user_id, *
FROM events
WHERE page = 'NextSong'
"""
TABLES = {
    "songplays": """
SELECT
    songplay_id, start_time, user_id, level, song_id, artist_id, sessionId AS session_id,
    location, trim(BOTH '"' FROM userAgent) AS user_agent
FROM plays
LEFT JOIN (
    SELECT title, artist_name, duration, min(song_id) AS song_id,
        min_by(artist_id, song_id) AS artist_id
    FROM songs
    GROUP BY title, artist_name, duration
) AS matches ON song = title AND artist = artist_name AND length = duration
""",
    "users": """
SELECT user_id, first_name, last_name, gender, level
FROM (
    SELECT user_id, firstName AS first_name, lastName AS last_name, gender, level,
        row_number() OVER (
            PARTITION BY user_id, level ORDER BY start_time DESC, songplay_id DESC
        ) AS place
    FROM plays
)
WHERE place = 1
""",
    "songs": "SELECT song_id, title, artist_id, nullif(year, 0) AS year, duration FROM songs",
    "artists": """
SELECT artist_id, name, location, latitude, longitude
FROM (
    SELECT artist_id, artist_name AS name, nullif(artist_location, '') AS location,
        artist_latitude AS latitude, artist_longitude AS longitude,
        row_number() OVER (PARTITION BY artist_id ORDER BY year DESC, song_id DESC) AS place
    FROM songs
)
WHERE place = 1
""",
    "time": """
SELECT start_time, hour(start_time) AS hour, day(start_time) AS day,
    weekofyear(start_time) AS week, month(start_time) AS month, year(start_time) AS year,
    dayofweek(start_time) - 1 AS weekday
FROM (SELECT DISTINCT start_time FROM plays)
""",
}


def main(data: str, output: str) -> None:
    """Load the data folder into one folder of Parquet files a table in the output folder."""
    spark = (
        SparkSession.builder.master("local[*]")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.driver.memory", "4g")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    events = spark.read.json(f"{data}/log_data/*/*/*.json", schema=EVENTS)
    events.createOrReplaceTempView("events")
    songs = spark.read.json(f"{data}/song_data/*/*/*/*.json", schema=SONGS)
    songs.cache().createOrReplaceTempView("songs")
    spark.sql(PLAYS).cache().createOrReplaceTempView("plays")
    for name, query in TABLES.items():
        spark.sql(query).write.parquet(f"{output}/{name}.parquet")
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
