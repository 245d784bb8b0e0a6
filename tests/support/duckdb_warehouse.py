"""Source files on disk, loaded by the product and read back from its DuckDB file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from oracle import File, Reject, Row
from sparkify import etl
from sparkify.config import Settings

STAR = ("songplays", "users", "songs", "artists", "time")
Tables = dict[str, Counter[Row]]
Rejected = tuple[str, int, str]
"""Path below the folder, line and reason of a reject."""
Rejection = tuple[str, int, int, str, str]
"""Path below the folder, line, place in the line, reason and text of a reject."""

TABLES = ("staging_events", "staging_songs", *STAR)


@dataclass(frozen=True)
class Place:
    """A folder with sources and the warehouse that is loaded from it."""

    folder: Path

    @property
    def settings(self) -> Settings:
        """Settings with no limit to what may be rejected."""
        paths = self.folder / "log_json_path.json"
        return Settings(
            database=self.folder / "sparkify.duckdb",
            log_data=str(self.folder / "log_data"),
            log_jsonpath=str(paths) if os.path.lexists(paths) else "",
            song_data=str(self.folder / "song_data"),
            threads=1,
            max_rejected_share=1.0,
            max_rejected_rows=1_000_000,
        )

    def write(self, files: Iterable[File], version: int = 0) -> None:
        """Put files below the folder. version: told by their time of change; it must grow."""
        for file in files:
            path = self.folder / file.uri
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            os.utime(path, (1_600_000_000 + version, 1_600_000_000 + version))

    def load(self, **options: Any) -> dict[str, Any]:
        """Load what is new, without answers; returns the report as `etl --json` prints it."""
        report: dict[str, Any] = etl.load(self.settings, answers=False, **options).as_json()
        return report

    def read(self, *queries: str) -> list[list[Row]]:
        """All rows of each query, read while the warehouse is opened once."""
        with duckdb.connect(str(self.settings.database), read_only=True) as connection:
            return [connection.execute(query).fetchall() for query in queries]

    def published(self) -> int:
        """How many rows the staging tables and the star hold; 0 where there is no warehouse."""
        if not self.settings.database.exists():
            return 0
        (names,) = self.read("SELECT table_name FROM duckdb_tables()")
        counts = self.read(*(f"SELECT count(*) FROM {name}" for (name,) in names if name in TABLES))
        return sum(rows[0][0] for rows in counts)

    def held(self, run_id: int = 0) -> tuple[Tables, list[Rejection]]:
        """All that the warehouse holds, and what one run rejected (0: all runs), in order."""
        names = (*TABLES, "newest_plays", "sessions")
        which = f"WHERE run_id = {run_id}" if run_id else ""
        *tables, totals, rejects = self.read(
            *(f"SELECT * FROM {name}" for name in names),
            "SELECT staged_events, staged_songs, staged_plays, published_plays FROM warehouse_info",
            "SELECT uri, line_number, line_place, reason, raw_text FROM rejected_records"
            f" {which} ORDER BY ALL",
        )
        root = self.folder.resolve()
        held = {name: Counter(rows) for name, rows in zip(names, tables, strict=True)}
        return (
            {**held, "totals": Counter(totals)},
            [(str(Path(uri).relative_to(root)), *where) for uri, *where in rejects],
        )

    def state(self, run_id: int) -> tuple[Tables, list[Rejected]]:
        """The rows of the staging tables and the star, and what one run rejected, in order."""
        *tables, rejects = self.read(
            *(f"SELECT * FROM {name}" for name in TABLES),
            "SELECT uri, line_number, reason FROM rejected_records"
            f" WHERE run_id = {run_id} ORDER BY ALL",
        )
        root = self.folder.resolve()
        return (
            {name: Counter(rows) for name, rows in zip(TABLES, tables, strict=True)},
            [(str(Path(uri).relative_to(root)), line, reason) for uri, line, reason in rejects],
        )


def other_rejects(
    found: Iterable[Rejection], must: Iterable[Reject], names: Mapping[str, str] | None = None
) -> list[str]:
    """How what was rejected (conflicts aside) differs from what must be: a sentence for each.

    names: what to call a file instead of its path.
    """
    by_place = {(path, line, place): reason for path, line, place, reason, _ in found}
    said = []
    for one in sorted(must, key=lambda one: -one.line):  # the damage of a gzip is what is left
        name = f"{(names or {}).get(one.uri, one.uri)}, line {one.line}, place {one.place}"
        where = (one.uri, one.line, one.place)
        if not one.line:
            where = next((other for other in by_place if other[0] == one.uri), where)
        reason = by_place.pop(where, None)
        if reason is None:
            said.append(f"{name}: not rejected, though {sorted(one.reasons)}")
        elif reason not in one.reasons:
            said.append(f"{name}: {reason}, not {sorted(one.reasons)}")
    for (path, line, place), reason in by_place.items():
        name = (names or {}).get(path, path)
        said.append(f"{name}, line {line}, place {place}: {reason}, though good")
    return said
