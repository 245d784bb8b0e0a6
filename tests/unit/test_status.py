"""What `status` and `rejects` tell of a warehouse."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from broken_rules import LOADS
from command_line import answer
from duckdb_warehouse import Place
from oracle import File
from sparkify import create_tables, etl
from sparkify.errors import TooManyRejectedError, WarehouseError
from sparkify.sql_queries import TABLES
from sparkify.status import SHOWN_RUNS, rejects, row_counts, status
from sparkify.warehouse import open_reader

ROWS = {
    "staging_events": 7,
    "staging_songs": 4,
    "songplays": 5,
    "users": 3,
    "songs": 4,
    "artists": 3,
    "time": 4,
    "loaded_files": 6,
    "rejected_records": 2,
    "etl_runs": 2,
    "warehouse_info": 1,
    "newest_plays": 3,
    "load_lock": 0,
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Two loads; not to be changed."""
    place = Place(tmp_path_factory.mktemp("status"))
    for version, files in enumerate(LOADS):
        place.write(files, version)
        place.load()
    return place


def test_status_tells_of_tables_freshness_runs_and_rejects(place: Place) -> None:
    with open_reader(place.settings) as reader:
        found = status(reader)
    assert list(found) == ["engine", "tables", "freshness", "runs", "rejects", "refused"]
    assert found["refused"] is None
    assert found["engine"] == "duckdb"
    assert found["tables"] == ROWS
    assert list(found["tables"]) == list(TABLES)
    assert found["freshness"] == {
        "oldest_event": "2018-11-02 00:00:00",
        "newest_event": "2018-11-02 00:06:00",
    }
    assert found["rejects"] == [
        {"kind": "events", "reason": "conflict", "records": 1},
        {"kind": "events", "reason": "not_json", "records": 1},
    ]


def test_status_shows_the_newest_run_first(place: Place) -> None:
    with open_reader(place.settings) as reader:
        newest, oldest = status(reader)["runs"]
    moments = [newest.pop("started_at"), newest.pop("finished_at")]
    assert moments == sorted(moments, key=datetime.fromisoformat)
    assert newest == {
        "run_id": 2,
        "status": "published",
        "files_new": 2,
        "files_changed": 0,
        "files_skipped": 4,
        "events_read": 4,
        "events_staged": 1,
        "events_duplicate": 1,
        "events_rejected": 2,
        "songs_read": 1,
        "songs_staged": 1,
        "songs_duplicate": 0,
        "songs_rejected": 0,
        "events_mended": 0,
        "songs_mended": 0,
    }
    assert (oldest["run_id"], oldest["events_staged"], oldest["songs_staged"]) == (1, 6, 3)


def test_status_shows_so_many_runs_and_a_refused_one(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for number in range(SHOWN_RUNS):
        name = f"song_data/{number}.json"
        song = b'{"song_id":"S%d","artist_id":"A","title":"T","duration":1}' % number
        place.write([LOADS[0][0], File(name, "songs", song)])
        place.load()
    place.write([File("log_data/bad.json", "events", b"bad\n" * 2)])
    with pytest.raises(TooManyRejectedError):
        strict = replace(place.settings, max_rejected_share=0.0, max_rejected_rows=0)
        etl.load(strict, answers=False)
    with open_reader(place.settings) as reader:
        found = status(reader)
    assert [run["run_id"] for run in found["runs"]] == list(range(SHOWN_RUNS + 1, 1, -1))
    assert {run["status"] for run in found["runs"][1:]} == {"published"}
    refused = found["runs"][0]
    assert (refused["status"], refused["events_read"], refused["events_staged"]) == (
        "refused",
        2,
        0,
    )
    assert found["rejects"] == [{"kind": "events", "reason": "not_json", "records": 2}]
    assert found["tables"]["staging_events"] == 6


def test_status_of_an_empty_warehouse(tmp_path: Path) -> None:
    place = Place(tmp_path)
    create_tables.create(place.settings)
    with open_reader(place.settings) as reader:
        found = status(reader)
        assert row_counts(reader) == dict.fromkeys(TABLES, 0) | {"warehouse_info": 1}
        assert rejects(reader).rows == []
    assert found["freshness"] == {"oldest_event": None, "newest_event": None}
    assert found["runs"] == found["rejects"] == []


def test_status_of_no_warehouse(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no warehouse"), open_reader(Place(tmp_path).settings):
        pass


def test_rejects_tell_where_and_why(place: Place) -> None:
    with open_reader(place.settings) as reader:
        found = rejects(reader)
        assert rejects(reader, limit=1).rows == found.rows[:1]
    assert found.columns == (
        *("run_id", "kind", "uri", "line_number"),
        *("reason", "message", "raw_text", "line_place"),
    )
    uri = str((place.folder / "log_data/2.json").resolve())
    displaced, bad = found.rows
    assert displaced[:5] == (2, "events", uri, 2, "conflict")
    assert "displaced" in displaced[5]
    assert '"itemInSession": 1' in displaced[6]
    assert bad[:5] == (2, "events", uri, 4, "not_json")
    assert bad[6:] == ("no record", 1)


def test_the_commands_tell_the_same(place: Place) -> None:
    database = str(place.settings.database)
    with open_reader(place.settings) as reader:
        expected, rows = status(reader), rejects(reader).rows
    assert answer("status", "--database", database) == expected
    assert answer("rejects", "--database", database)["rows"] == [list(row) for row in rows]
