"""Whole loads of folders as people have them: what is read, what is passed over, what is told."""

from __future__ import annotations

import gzip
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from child_loads import run
from command_line import call, failure
from duckdb_warehouse import Place
from oracle import File
from small_world import log, play, song

GOOD = [log("good", play(1, 1)), song(2)]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The current folder, with sources where the settings look for them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPARKIFY_S3_LOG_DATA", "log_data")
    monkeypatch.setenv("SPARKIFY_S3_SONG_DATA", "song_data")
    monkeypatch.setenv("SPARKIFY_S3_LOG_JSONPATH", "")
    monkeypatch.setenv("SPARKIFY_DUCKDB_DATABASE", "sparkify.duckdb")
    place = Place(tmp_path)
    place.write(GOOD)
    return place


def loaded() -> dict[str, Any]:
    """What `etl --json` says."""
    result = call("etl", "--no-answers", "--json")
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def staged(place: Place) -> list[tuple[int, int]]:
    """Session and item of every event."""
    query = "SELECT sessionid, iteminsession FROM staging_events ORDER BY ALL"
    return [(session, item) for session, item in place.read(query)[0]]


def test_uncommitted_files_are_passed_over(place: Place) -> None:
    paid = play(1, 1, level="paid") + b"\n"
    names = ("_temporary/0/task_1/part-0.json", "2018/_temporary/x.json", ".part-0.json.crc")
    place.write(File(f"log_data/{name}", "events", paid) for name in names)
    place.write([File("log_data/_delta_log/00000000000000000000.json", "events", b'{"a": 1}\n')])
    place.write([File("log_data/_SUCCESS", "events", b"")])
    place.write([File("log_data/_day=1/part-0.json", "events", play(2, 0))])
    (note,) = loaded()["notes"]
    for name in ("_temporary", "2018/_temporary", ".part-0.json.crc", "_delta_log", "_SUCCESS"):
        assert str(place.folder.resolve() / "log_data" / name) in note
    assert staged(place) == [(1, 1), (2, 0)]
    assert place.read("SELECT DISTINCT level FROM staging_events") == [[("free",)]]


def test_endings_of_data_files(place: Place) -> None:
    names = ("a.jsonl", "b.ndjson", "c.jsonl.gz", "d.ndjson.gz", "e.json.gz")
    for session, name in enumerate(names, start=2):
        content = play(session, 0)
        packed = gzip.compress(content) if name.endswith(".gz") else content
        place.write([File(f"log_data/{name}", "events", packed)])
        other = song(session + 10).content
        packed = gzip.compress(other) if name.endswith(".gz") else other
        place.write([File(f"song_data/{name}", "songs", packed)])
    place.write([File("log_data/d.txt", "events", b"x")])
    report = loaded()
    (note,) = report["notes"]
    assert str(place.folder.resolve() / "log_data/d.txt") in note
    assert staged(place) == [(1, 1), *((session, 0) for session in range(2, 7))]
    assert report["tables"]["songs"] == 6
    assert loaded()["files"] == {"new": 0, "changed": 0, "skipped": 12}


def test_links_that_lead_nowhere_or_in_a_circle(place: Place) -> None:
    folder = place.folder.resolve() / "log_data"
    targets = {"latest": "/nowhere/at/all", "self": "self", "gone.json": "gone", "up": ".."}
    for name, target in targets.items():
        (folder / name).symlink_to(target)
    (note,) = loaded()["notes"]
    assert note.startswith("4 names under the sources lead nowhere or in a circle")
    assert all(f"{folder / name}" in note for name in targets)
    assert staged(place) == [(1, 1)]
    (again,) = loaded()["notes"]  # with nothing new
    assert again == note
    (folder / "latest").unlink()
    place.write([File("later/x.json", "events", play(3, 0))])
    (folder / "latest").symlink_to("../later")
    assert loaded()["events"]["staged"] == 1


def test_source_without_data_names_what_it_holds(place: Place) -> None:
    folder = place.folder.resolve() / "log_data"
    (folder / "good.json").rename(folder / "good.csv")
    (folder / "link.json").symlink_to("nowhere")
    for words in (("etl",), ("etl", "--dry-run")):
        error = failure(*words)
        assert error["exit_code"] == 4
        assert f"{folder}/good.csv, {folder}/link.json; the warehouse stays" in error["reason"]
    assert not place.settings.database.exists()


@pytest.fixture
def open_place() -> Iterator[Place]:
    """A place that anybody may enter, as not every folder of tests is."""
    with tempfile.TemporaryDirectory() as made:
        place = Place(Path(made))
        place.write([*GOOD, File("log_data/lost+found/x.json", "events", play(3, 0))])
        place.folder.chmod(0o777)
        try:
            yield place
        finally:
            (place.folder / "log_data/lost+found").chmod(0o755)


def load_as_nobody(folder: Path) -> None:
    """In a process of its own, which permissions bind."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    (folder / "report").write_text(json.dumps(Place(folder).load()))


def test_folder_that_may_not_be_read_is_read_when_it_may(open_place: Place) -> None:
    lost = open_place.folder.resolve() / "log_data/lost+found"
    lost.chmod(0)
    assert run(load_as_nobody, open_place.folder) == 0
    (note,) = json.loads((open_place.folder / "report").read_text())["notes"]
    assert str(lost) in note
    assert staged(open_place) == [(1, 1)]
    lost.chmod(0o755)
    assert open_place.load()["notes"] == []
    assert staged(open_place) == [(1, 1), (3, 0)]
