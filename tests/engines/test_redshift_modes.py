"""Direct, compact and auto stage what DuckDB stages, or say which record COPY cannot take."""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oracle import File
from redshift_warehouse import Cloud, cloud
from sparkify import generate
from sparkify.errors import SourceError
from sparkify.sql_queries import STAGING_TABLES, STAR_TABLES
from sparkify.warehouse.redshift import copy_plan

SHARED = Path(__file__).parents[3] / "shared" / "data"
REAL, FULL = SHARED / "sparkify", SHARED / "full" / "song_data.tar.gz"
EVENTS = [
    {"sessionId": 1, "itemInSession": number, "ts": 1541116800000 + number, "userId": "7"}
    | {"page": "NextSong", "level": "free", "song": "One", "artist": "Two", "length": 1.5}
    for number in range(4)
]
SONGS = [
    {"song_id": f"SO{n}", "artist_id": "AR1", "artist_name": "Two", "title": "One", "duration": 1.5}
    for n in range(3)
]


@pytest.fixture(scope="module")
def one_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud(tmp_path_factory.mktemp("cloud")) as made:
        yield made


@pytest.fixture
def place(one_cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """An empty warehouse; files of any size are large enough for COPY."""
    monkeypatch.setattr(copy_plan, "MUCH_BYTES", 0)
    monkeypatch.setattr(copy_plan, "LARGE_FILE_BYTES", 0)
    one_cloud.empty_tables()
    return one_cloud


def written(events: str, songs: str) -> list[File]:
    return [
        File("log_data/1.json", "events", events.encode()),
        File("song_data/1.json", "songs", songs.encode()),
    ]


def lines(*records: dict[str, object], end: str = "\n") -> str:
    return end.join(map(json.dumps, records))


def few(case: str) -> list[File]:
    """The files of a case that needs only a few records."""
    event, song = lines(*EVENTS), lines(*SONGS)
    match case:
        case "decimal titles":
            return written(event, song.replace('"One"', "4.60", 1))
        case "text encoded twice":
            return written(event.replace("Two", "Bj\u00c3\u00b6rk"), song)
        case "several objects on a line":
            return written(lines(*EVENTS, end="") + "\n" + lines(EVENTS[0], end=" "), song)
        case "gzip":
            packed = [(file, gzip.compress(file.content, mtime=0)) for file in written(event, song)]
            return [File(f"{file.uri}.gz", file.kind, content) for file, content in packed]
    raise AssertionError(case)


def folder_files(folder: Path) -> list[File]:
    """Log files as they are, and the records of all song files in three of them."""
    logs = sorted((folder / "log_data").rglob("*.json"))
    found = [
        File(path.relative_to(folder).as_posix(), "events", path.read_bytes()) for path in logs
    ]
    songs = [path.read_bytes().strip() for path in sorted((folder / "song_data").rglob("*.json"))]
    return found + [
        File(f"song_data/{part}.json", "songs", b"\n".join(songs[part::3])) for part in range(3)
    ]


def agree(place: Cloud, files: list[File], *, for_copy: bool = True, **settings: bool) -> None:
    """Load the files in each mode; DuckDB holds the same rows.

    for_copy: whether COPY_MODE = direct takes them; else it names a record and loads nothing.
    """
    place.put(files)
    place.load_duckdb(**settings)
    theirs = place.duckdb_tables()
    for mode in ("direct", "auto", "compact"):
        place.truncate()
        before = len(place.aws.statements())
        if mode == "direct" and not for_copy:
            with pytest.raises(SourceError, match=r"line 1: field .*; nothing was loaded"):
                place.load(copy_mode=mode, **settings)
            continue
        place.load(copy_mode=mode, **settings)
        ours = place.tables()
        for name in (*STAGING_TABLES, *STAR_TABLES):
            assert ours[name] == theirs[name], (mode, name)
        if for_copy:
            statements = place.aws.statements()[before:]
            copied = any(sql.startswith("COPY copied_events") for sql in statements)
            assert copied == (mode != "compact")


@pytest.mark.parametrize("case", ["several objects on a line", "gzip"])
def test_what_copy_takes(place: Cloud, case: str) -> None:
    agree(place, few(case))


@pytest.mark.parametrize("case", ["decimal titles", "text encoded twice"])
def test_what_copy_cannot_take(place: Cloud, case: str) -> None:
    agree(place, few(case), for_copy=False)


def test_text_encoded_twice_that_is_kept(place: Cloud) -> None:
    agree(place, few("text encoded twice"), mend_text=False)


def test_shared_sessions(place: Cloud, tmp_path: Path) -> None:
    options = generate.Options(songs=30, users=10, days=2, servers=10, runs=2, seed=3)
    generate.generate(tmp_path / "data", options)
    agree(place, folder_files(tmp_path / "data"), mend_text=False)


@pytest.mark.skipif(not REAL.exists(), reason="the real data are not beside the project")
def test_the_classic_set(place: Cloud) -> None:
    agree(place, folder_files(REAL), mend_text=False)


CASES = [("direct", False, 319), ("auto", False, 319), ("compact", False, 319), ("auto", True, 327)]


@pytest.mark.sampled(of=4)
@pytest.mark.skipif(not FULL.exists(), reason="the full real data are not beside the project")
@pytest.mark.parametrize(("mode", "mend_text", "matched"), CASES)
def test_the_full_set(
    place: Cloud, tmp_path: Path, mode: str, mend_text: bool, matched: int
) -> None:
    """From 14,896 small files, or from three, whose texts have numbers that COPY cannot take."""
    with tarfile.open(FULL) as archive:
        archive.extractall(tmp_path, filter="data")
    (tmp_path / "log_data").symlink_to(REAL / "log_data")
    if mode == "direct":
        place.put(folder_files(tmp_path))
        settings: dict[str, Any] = {"mend_text": mend_text}
        with pytest.raises(SourceError, match="holds a number, which COPY may write otherwise"):
            place.load(copy_mode=mode, **settings)
        mode = "auto"
    else:
        folders = {name: str(tmp_path / name) for name in ("log_data", "song_data")}
        settings = {"mend_text": mend_text, **folders}
    assert place.load(copy_mode=mode, **settings)["songs"]["staged"] == 14_896
    place.load_duckdb(**settings)
    ours, theirs = place.tables(), place.duckdb_tables()
    for name in (*STAGING_TABLES, *STAR_TABLES):
        assert ours[name] == theirs[name], name
    assert ours["artists"].total() == 9_553
    assert sum(row[4] is not None for row in ours["songplays"].elements()) == matched
