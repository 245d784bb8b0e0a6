"""Files that do not stay as they were listed, staged: what was whole then counts, and once."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bulk_and_strict import KEYS
from small_world import play, song
from sparkify.config import Settings
from sparkify.errors import SourceError
from sparkify.progress import Progress, silent
from sparkify.sources.files import Kind, SourceFile, SourceFiles
from sparkify.warehouse.duckdb.loader import Stager

Change = Callable[[Path], object]


@dataclass
class Staged:
    """What became of files. keys: of records, by name; rejects: line and reason, by name."""

    keys: dict[str, Counter[tuple[object, ...]]]
    rejects: dict[str, list[tuple[int, str]]]
    read: dict[str, int]
    notes: list[str]


def listed(folder: Path, kind: Kind, contents: dict[str, bytes]) -> list[SourceFile]:
    """Write files, and describe them as they are now, sorted by name."""
    files = []
    for name in sorted(contents):
        path = folder / name
        path.write_bytes(contents[name])
        status = path.stat()
        mark = f"{status.st_size}-{status.st_mtime_ns}"
        files.append(SourceFile(kind, str(path), status.st_size, mark, str(path)))
    return files


def stage(folder: Path, files: Sequence[SourceFile], progress: Progress = silent) -> Staged:
    workspace = folder / "workspace"
    workspace.mkdir()
    names = [Path(file.path).name for file in files]
    staged = Staged({name: Counter() for name in names}, {}, {}, [])
    with duckdb.connect(config={"threads": 1}) as connection:
        stager = Stager(connection, KEYS, workspace, progress, Settings())
        with closing(stager.rejects):
            report = stager.stage(SourceFiles(files))
        for query in (
            "SELECT source_file, sessionid, iteminsession FROM new_events",
            "SELECT source_file, song_id FROM new_songs",
        ):
            for number, *key in connection.execute(query).fetchall():
                staged.keys[names[number]][tuple(key)] += 1
    for text in stager.rejects.path.read_text().splitlines():
        row = json.loads(text)
        reject = row["line_number"], row["reason"]
        staged.rejects.setdefault(names[row["source_file"]], []).append(reject)
    staged.read = dict(zip(names, stager.records_read, strict=True))
    staged.notes = report.notes
    for name in names:
        assert staged.read[name] == staged.keys[name].total() + len(staged.rejects.get(name, ()))
    return staged


def log(session: int, items: int = 5) -> list[bytes]:
    return [play(session, item) for item in range(items)]


def lines_of(*sessions: int, items: int = 5) -> Counter[tuple[object, ...]]:
    return Counter({(session, item): 1 for session in sessions for item in range(items)})


# Logs


def touch(path: Path) -> None:
    os.utime(path, (1, 1))


def end_line(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"\n")


def append(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"\n".join([b"", b"{", *log(9), b'{"page":']))


ODD_NAME = "b [1].json"
"""Which the bulk path does not read: it would be a pattern."""


@pytest.mark.sampled(of=6)
@pytest.mark.parametrize("change", [touch, end_line, append])
@pytest.mark.parametrize("name", ["b.json", ODD_NAME, "b.json.gz"])
@pytest.mark.parametrize("bad", [[], [b"{"]], ids=["sound", "bad"])
@pytest.mark.parametrize("tail", [b"", b"\n", b'\n{"page": "Nex'], ids=["whole", "line", "half"])
@pytest.mark.parametrize("when", ["listed", "read"])
def test_log_that_moves_is_taken_as_it_was_listed(
    tmp_path: Path, change: Change, name: str, bad: list[bytes], tail: bytes, when: str
) -> None:
    """Up to its last whole record; bad lines before it are rejected once."""
    content = b"\n".join([*log(1), *bad, *log(2)]) + tail
    content = gzip.compress(content) if name.endswith(".gz") else content
    files = listed(tmp_path, "events", {"a.json": b"\n".join(log(3)), name: content})
    changes = [change]

    def once(step: str = "", done: int = 0, total: int | None = None, unit: str = "") -> None:
        if changes:
            changes.pop()(tmp_path / name)

    if when == "listed":
        once()
    half = tail.endswith(b"Nex")
    staged = stage(tmp_path, files, once)
    assert staged.keys == {"a.json": lines_of(3), name: lines_of(1, 2)}
    rejects = [(6, "not_json")] if bad else []
    if half and when == "read" and not staged.notes:  # it was read whole before it moved
        rejects.append((11 + len(bad), "not_json"))
    assert staged.rejects.get(name, []) == rejects
    if when == "listed":
        assert [str(tmp_path / name) in note for note in staged.notes] == [True]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_log_that_grows_while_the_engine_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    from sparkify.warehouse.duckdb.file_loaders import EventLoader

    half = play(1, 1200)
    long = [*log(1, 1200), half[:30]]  # behind the head, which is read before
    files = listed(tmp_path, "events", {"a.json": b"\n".join(long)})
    read = EventLoader._read

    def grow_and_read(
        loader: EventLoader, paths: Sequence[str], numbers: Sequence[int] = (0,)
    ) -> None:
        if paths == [str(tmp_path / "a.json")]:
            if moment == "before":
                complete()
            read(loader, paths, numbers)
            if moment == "after":
                complete()
        else:
            read(loader, paths, numbers)

    def complete() -> None:
        with (tmp_path / "a.json").open("ab") as stream:
            stream.write(half[30:] + b"\n" + play(1, 1201) + b"\n")

    if moment == "after":
        files = listed(tmp_path, "events", {"a.json": b"\n".join(log(1, 1200))})
    monkeypatch.setattr(EventLoader, "_read", grow_and_read)
    staged = stage(tmp_path, files)
    assert (staged.keys, staged.rejects) == ({"a.json": lines_of(1, items=1200)}, {})
    assert len(staged.notes) == 1


@pytest.mark.parametrize(
    ("was", "now", "whole"),
    [
        (5, 3, 3),  # cut behind a line
        (5, 0, 0),
        (3, 5, 3),  # written anew, and longer
    ],
)
def test_log_that_is_written_anew(tmp_path: Path, was: int, now: int, whole: int) -> None:
    files = listed(tmp_path, "events", {"a.json": b"\n".join(log(1, was)) + b"\n"})
    (tmp_path / "a.json").write_bytes(b"".join(line + b"\n" for line in log(1, now)))
    staged = stage(tmp_path, files)
    assert (staged.keys["a.json"], staged.rejects) == (lines_of(1, items=whole), {})


@pytest.mark.parametrize("name", ["b.json", "b.json.gz"])
def test_log_that_shrinks_is_taken_up_to_its_last_whole_record(tmp_path: Path, name: str) -> None:
    content = b"\n".join(log(1))
    content = gzip.compress(content + b"\n") if name.endswith(".gz") else content
    files = listed(tmp_path, "events", {"a.json": b"\n".join(log(2)), name: content})
    (tmp_path / name).write_bytes(content[:-5])
    staged = stage(tmp_path, files)
    assert staged.rejects == {}
    assert staged.keys[name] == lines_of(1, items=4 if name == "b.json" else 5)


def test_records_on_one_line_are_taken_up_to_the_last_whole_one(tmp_path: Path) -> None:
    content = b"".join(log(1))
    files = listed(tmp_path, "events", {"a.json": content[:-9]})
    (tmp_path / "a.json").write_bytes(content + play(1, 5))
    staged = stage(tmp_path, files)
    assert (staged.keys["a.json"], staged.rejects) == (lines_of(1, items=4), {})


def test_log_that_becomes_a_folder_is_an_error(tmp_path: Path) -> None:
    files = listed(tmp_path, "events", {"a.json": b"\n".join(log(1))})
    (tmp_path / "a.json").unlink()
    (tmp_path / "a.json").mkdir()
    with pytest.raises(SourceError, match=r"a\.json cannot be read: Is a directory"):
        stage(tmp_path, files)


@pytest.mark.parametrize("name", ["b.json", ODD_NAME])
def test_log_that_vanishes_is_an_error(tmp_path: Path, name: str) -> None:
    files = listed(tmp_path, "events", {"a.json": b"\n".join(log(1)), name: log(2)[0]})
    (tmp_path / name).unlink()
    with pytest.raises(SourceError, match=r"b.*\.json (vanished|cannot be read)") as caught:
        stage(tmp_path, files)
    assert caught.value.details == {"uri": str(tmp_path / name)}


@pytest.mark.parametrize("bad", [[], [b"{"]], ids=["sound", "bad"])
def test_log_that_vanishes_while_it_is_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: list[bytes]
) -> None:
    from sparkify.warehouse.duckdb.file_loaders import EventLoader

    files = listed(tmp_path, "events", {"a.json": b"\n".join([*bad, *log(1)])})
    monkeypatch.setattr(EventLoader, "_read", lambda *_: (tmp_path / "a.json").unlink())
    if bad:
        stage_records = EventLoader._stage_records

        def stage_and_remove(*of_the_file: Any) -> None:
            stage_records(*of_the_file)
            (tmp_path / "a.json").unlink()

        monkeypatch.setattr(EventLoader, "_stage_records", stage_and_remove)
    with pytest.raises(SourceError, match=r"a\.json vanished while it was read; nothing was"):
        stage(tmp_path, files)


# Songs


def more(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n" + song(77).content)


@pytest.mark.parametrize("change", [end_line, more, touch])
@pytest.mark.parametrize("name", ["b.json", "b.json.gz"])
def test_song_that_moves_is_taken_as_it_was_listed(
    tmp_path: Path, change: Change, name: str
) -> None:
    contents = {f"{number}.json": song(number).content for number in range(30)}
    content = song(50).content + b"\n" + song(51).content + song(52).content[:30]
    contents[name] = gzip.compress(content) if name.endswith(".gz") else content
    files = listed(tmp_path, "songs", contents)
    change(tmp_path / name)
    staged = stage(tmp_path, files)
    assert staged.rejects == {}
    assert staged.keys[name] == Counter({("SO50",): 1, ("SO51",): 1})
    assert sum(map(Counter.total, staged.keys.values())) == 32


@pytest.mark.parametrize("size", [40, 3_000_000], ids=["small", "large"])
def test_song_file_that_grows_by_half_a_record(tmp_path: Path, size: int) -> None:
    count = size // 100
    content = b"\n".join(song(number).content for number in range(count + 1))
    files = listed(tmp_path, "songs", {"a.json": content[:-9], "b.json": song(0).content})
    (tmp_path / "a.json").write_bytes(content + b"\n" + content[:99])
    staged = stage(tmp_path, files)
    assert (staged.keys["a.json"].total(), staged.rejects) == (count, {})


def test_song_that_vanishes_is_an_error(tmp_path: Path) -> None:
    contents = {f"{number:02}.json": song(number).content for number in range(40)}
    files = listed(tmp_path, "songs", contents)
    (tmp_path / "33.json").unlink()
    with pytest.raises(SourceError, match=r"33\.json cannot be read") as caught:
        stage(tmp_path, files)
    assert caught.value.details == {"uri": str(tmp_path / "33.json")}
