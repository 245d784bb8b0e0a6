"""The peer "pandas": json.load for each song, read_json for each log, merge, Parquet.

Usage: with_pandas.py DATA OUTPUT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd


def main(data: str, output: str) -> None:
    """Load the data folder into one Parquet file a table in the output folder."""
    song_files = Path(data, "song_data").rglob("*.json")
    songs = pd.DataFrame([json.loads(file.read_text(encoding="utf-8")) for file in song_files])
    names = ["title", "artist_name", "artist_location"]
    songs[names] = songs[names].astype("string")  # some are numbers, which Parquet refuses
    log_files = Path(data, "log_data").rglob("*.json")
    events = pd.concat([pd.read_json(file, lines=True) for file in log_files])

    plays = events[events["page"] == "NextSong"].copy()
    plays["songplay_id"] = plays["sessionId"] * 1_000_000 + plays["itemInSession"]
    plays["start_time"] = pd.to_datetime(plays["ts"], unit="ms")
    plays["user_id"] = plays["userId"].astype("int64")
    plays["user_agent"] = plays["userAgent"].str.strip('"')

    matches = songs.sort_values("song_id").drop_duplicates(["title", "artist_name", "duration"])
    songplays = plays.merge(
        matches[["title", "artist_name", "duration", "song_id", "artist_id"]],
        how="left",
        left_on=["song", "artist", "length"],
        right_on=["title", "artist_name", "duration"],
    ).rename(columns={"sessionId": "session_id"})
    users = (
        plays.sort_values(["start_time", "songplay_id"])
        .drop_duplicates(["user_id", "level"], keep="last")
        .rename(columns={"firstName": "first_name", "lastName": "last_name"})
    )
    artists = (
        songs.sort_values(["year", "song_id"])
        .drop_duplicates("artist_id", keep="last")
        .rename(columns=lambda name: name.removeprefix("artist_") if name != "artist_id" else name)
    )
    artists["location"] = artists["location"].replace("", None)
    songs["year"] = songs["year"].astype("Int64").replace(0, pd.NA)
    time = plays[["start_time"]].drop_duplicates()
    moment = time["start_time"].dt
    time = time.assign(
        hour=moment.hour,
        day=moment.day,
        week=moment.isocalendar().week,
        month=moment.month,
        year=moment.year,
        weekday=(moment.day_of_week + 1) % 7,
    )

    tables = {
        "songplays": songplays[
            [
                *("songplay_id", "start_time", "user_id", "level", "song_id", "artist_id"),
                *("session_id", "location", "user_agent"),
            ]
        ],
        "users": users[["user_id", "first_name", "last_name", "gender", "level"]],
        "songs": songs[["song_id", "title", "artist_id", "year", "duration"]],
        "artists": artists[["artist_id", "name", "location", "latitude", "longitude"]],
        "time": time,
    }
    for name, table in tables.items():
        table.to_parquet(Path(output) / f"{name}.parquet", index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
