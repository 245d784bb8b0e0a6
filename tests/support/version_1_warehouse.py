"""A warehouse that version 1 of the program wrote, with its sources, on both engines."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from duckdb_warehouse import Place
from oracle import File
from small_world import State

FOLDER = Path(__file__).parents[1] / "fixtures" / "version_1"
TABLES = (
    *("staging_events", "staging_songs", "songplays", "users", "songs", "artists", "time"),
    *("loaded_files", "rejected_records", "etl_runs", "warehouse_info"),
)


def put(folder: Path, *, sources: bool = True) -> Place:
    """Put the warehouse into a folder, with its sources or without any."""
    if sources:
        shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    folder.mkdir(exist_ok=True)
    packed = (FOLDER / "sparkify.duckdb.gz").read_bytes()
    (folder / "sparkify.duckdb").write_bytes(gzip.decompress(packed))
    return Place(folder)


def files() -> list[File]:
    """The sources."""
    return [
        File(
            path.relative_to(FOLDER).as_posix(),
            "events" if "log_data" in path.parts else "songs",
            path.read_bytes(),
        )
        for path in sorted(FOLDER.rglob("*.json"))
        if path.parent != FOLDER
    ]


def events() -> list[dict[str, Any]]:
    """Every record of the logs that is JSON."""
    lines = [
        line for file in files() if file.kind == "events" for line in file.content.split(b"\n")
    ]
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def held(place: Place) -> State:
    """Every row of every table of a warehouse of version 1."""
    from collections import Counter

    with duckdb.connect(str(place.settings.database), read_only=True) as connection:
        names = connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
        return {
            name: Counter(connection.execute(f"SELECT * FROM {name}").fetchall())
            for (name,) in names
        }


def put_into_postgres(folder: Path, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Make the tables of version 1 by its own statements, with the same rows."""
    place = put(folder, sources=False)
    for statement in (FOLDER / "tables.sql").read_text().split(";\n"):
        if statement.strip():
            connection.execute(statement.encode())
    for name, rows in held(place).items():
        marks = ", ".join(["%s"] * len(next(iter(rows))))
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {name} VALUES ({marks})".encode(), [*rows.elements()])
    place.settings.database.unlink()
