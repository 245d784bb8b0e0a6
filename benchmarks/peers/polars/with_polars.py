"""The peer "Polars": scan_ndjson with a schema, lazy frames, Parquet; it keeps no staging.

Usage: with_polars.py DATA OUTPUT
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

EVENTS = {
    "artist": pl.String,
    "firstName": pl.String,
    "gender": pl.String,
    "itemInSession": pl.Int64,
    "lastName": pl.String,
    "length": pl.Float64,
    "level": pl.String,
    "location": pl.String,
    "page": pl.String,
    "sessionId": pl.Int64,
    "song": pl.String,
    "ts": pl.Int64,
    "userAgent": pl.String,
    "userId": pl.String,
}
SONGS = {
    "song_id": pl.String,
    "artist_id": pl.String,
    "artist_name": pl.String,
    "artist_location": pl.String,
    "artist_latitude": pl.Float64,
    "artist_longitude": pl.Float64,
    "title": pl.String,
    "duration": pl.Float64,
    "year": pl.Int64,
}


def main(data: str, output: str) -> None:
    """Load the data folder into one Parquet file a table in the output folder."""
    songs = pl.scan_ndjson(f"{data}/song_data/**/*.json", schema=SONGS).collect()
    plays = (
        pl.scan_ndjson(f"{data}/log_data/**/*.json", schema=EVENTS)
        .filter(pl.col("page") == "NextSong")
        .with_columns(
            songplay_id=pl.col("sessionId") * 1_000_000 + pl.col("itemInSession"),
            start_time=pl.from_epoch("ts", time_unit="ms"),
            user_id=pl.col("userId").cast(pl.Int64),
            user_agent=pl.col("userAgent").str.strip_chars('"'),
        )
        .collect()
    )

    matches = (
        songs.sort("song_id")
        .unique(["title", "artist_name", "duration"], keep="first", maintain_order=True)
        .select("title", "artist_name", "duration", "song_id", "artist_id")
    )
    songplays = plays.join(
        matches,
        left_on=["song", "artist", "length"],
        right_on=["title", "artist_name", "duration"],
        how="left",
    ).select(
        *("songplay_id", "start_time", "user_id", "level", "song_id", "artist_id"),
        *(pl.col("sessionId").alias("session_id"), "location", "user_agent"),
    )
    users = (
        plays.sort("start_time", "songplay_id")
        .unique(["user_id", "level"], keep="last", maintain_order=True)
        .select(
            "user_id",
            pl.col("firstName").alias("first_name"),
            pl.col("lastName").alias("last_name"),
            "gender",
            "level",
        )
    )
    artists = (
        songs.sort("year", "song_id")
        .unique("artist_id", keep="last", maintain_order=True)
        .select(
            "artist_id",
            pl.col("artist_name").alias("name"),
            pl.col("artist_location").replace("", None).alias("location"),
            pl.col("artist_latitude").alias("latitude"),
            pl.col("artist_longitude").alias("longitude"),
        )
    )
    moment = pl.col("start_time").dt
    time = plays.select(pl.col("start_time").unique()).with_columns(
        hour=moment.hour(),
        day=moment.day(),
        week=moment.week(),
        month=moment.month(),
        year=moment.year(),
        weekday=moment.weekday() % 7,
    )
    catalogue = songs.select(
        "song_id", "title", "artist_id", pl.col("year").replace(0, None), "duration"
    )

    songplays.write_parquet(Path(output) / "songplays.parquet")
    users.write_parquet(Path(output) / "users.parquet")
    catalogue.write_parquet(Path(output) / "songs.parquet")
    artists.write_parquet(Path(output) / "artists.parquet")
    time.write_parquet(Path(output) / "time.parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
