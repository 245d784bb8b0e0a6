"""Small files read and joined: with threads while the disk is slow, and each byte as it was."""

from __future__ import annotations

import gzip
import json
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from sparkify.errors import SourceError
from sparkify.sources import join
from sparkify.sources.files import Numbered, SourceFile, opened
from sparkify.sources.join import SongPart, join_songs

SONG = b'{"song_id":"SO1","title":"One"}'


def listed(folder: Path, contents: dict[str, bytes]) -> list[Numbered]:
    files = []
    for number, (name, content) in enumerate(contents.items()):
        path = folder / name
        path.write_bytes(content)
        file = SourceFile("songs", str(path), len(content), "", str(path))
        files.append(Numbered(number, file))
    return files


def joined(folder: Path, contents: dict[str, bytes]) -> SongPart:
    (part,) = join_songs(listed(folder, contents), "number")
    return part


def test_files_are_joined_under_their_numbers(tmp_path: Path) -> None:
    blanks = SONG + b" \t\r\n"
    part = joined(tmp_path, {"a.json": SONG, "b.json": blanks, "c.json": SONG + b"\n"})
    songs = [json.loads(line) for line in part.data.splitlines()]
    assert songs == [{"number": n, **json.loads(SONG)} for n in range(3)]
    assert list(part.plain) == [0, 1, 2]
    assert part.plain_bytes == 3 * len(SONG) + 4 + 1
    assert part.odd == []


@pytest.mark.parametrize(
    "content",
    [
        *(b'{"x":"Infinite Nan [1]}"}', b'{"x":[1]}', b'{"x":{"y":1}}', b'{"x":1}', b"{}", b"{ }"),
        *(b'{"x":NaN}', b'{"x":[1,]}', SONG + SONG, SONG[:-1] + b"\r}", SONG + b"}"),
    ],
)
def test_what_looks_like_one_object_on_one_line_is_plain(tmp_path: Path, content: bytes) -> None:
    assert list(joined(tmp_path, {"a.json": content}).plain) == [0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b"X" + SONG),
        ("a.json", SONG + b"X"),
        ("a.json", b"\n" + SONG),
        ("a.json", b" " + SONG),
        ("a.json", SONG + b"\n" + SONG),
        ("a.json", b""),
        ("a.json.gz", SONG),
        ("a.json.gz", gzip.compress(SONG, mtime=0)),
    ],
)
def test_what_is_not_one_plain_object_stays_apart(
    tmp_path: Path, name: str, content: bytes
) -> None:
    part = joined(tmp_path, {"0.json": SONG, name: content, "z.json": SONG})
    assert list(part.plain) == [0, 2]
    assert part.plain_bytes == 2 * len(SONG)
    ((one, data),) = part.odd
    assert (one.number, one.file.path, data) == (1, str(tmp_path / name), content)


def test_parts_hold_some_files_of_a_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(join, "_FILES_AT_A_TIME", 2)
    monkeypatch.setattr(join, "_PART_BYTES", 4 * len(b'{"number":3,' + SONG[1:] + b"\n"))
    every = listed(tmp_path, {f"{n}.json": SONG for n in range(9)})
    some = every[3:]
    parts = list(join_songs(some, "number"))
    assert [list(part.plain) for part in parts] == [[3, 4, 5, 6], [7, 8]]
    given = list(join_songs(some, "number", iter([SONG] * 6)))
    assert [(part.data, part.plain) for part in given] == [
        (part.data, part.plain) for part in parts
    ]


@pytest.mark.parametrize("content", [SONG + b" ", SONG[:-1]])
def test_file_that_moved_is_left_out(tmp_path: Path, content: bytes) -> None:
    """The strict path reads it, as far as it was listed."""
    files = listed(tmp_path, {"a.json": SONG, "b.json": SONG, "c.json": SONG})
    (tmp_path / "b.json").write_bytes(content)
    (part,) = join_songs(files, "number")
    assert list(part.plain) == [0, 2]
    assert part.odd == [(files[1], None)]


def test_file_that_is_gone(tmp_path: Path) -> None:
    files = listed(tmp_path, {"a.json": SONG, "b.json": SONG})
    (tmp_path / "b.json").unlink()
    (part,) = join_songs(files, "number")
    assert part.odd == [(files[1], None)]
    with pytest.raises(SourceError) as caught, opened(files[1].file):  # as the strict path does
        pass
    assert caught.value.reason == (f"{tmp_path}/b.json cannot be read: No such file or directory")
    assert caught.value.next_step.startswith("Make it readable, or take it out of the source")
    assert caught.value.details == {"uri": f"{tmp_path}/b.json"}


def test_no_file_stays_open(tmp_path: Path) -> None:
    files = listed(tmp_path, {f"{n}.json": SONG for n in range(50)})
    before = len(list(Path("/proc/self/fd").iterdir()))
    list(join_songs(files, "number"))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@dataclass
class Clock:
    """In place of `time`: one file takes so many microseconds, of which a processor is busy."""

    takes: int = 0
    busy: int = 0
    now: int = 5_000_000
    thread: int = 2_000_000
    process: int = 4_000_000

    def perf_counter(self) -> float:
        return self.now / 1e6

    def thread_time(self) -> float:
        return self.thread / 1e6

    def process_time(self) -> float:
        return self.process / 1e6


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    lock = threading.Lock()
    read = join._content

    def timed(one: Numbered) -> bytes | None:
        with lock:
            clock.now += clock.takes
            clock.process += clock.busy
            if threading.current_thread() is threading.main_thread():
                clock.thread += clock.busy
        return read(one)

    monkeypatch.setattr(join, "time", clock)
    monkeypatch.setattr(join, "_content", timed)
    monkeypatch.setattr(join, "_disk_is_slow", False)
    return clock


@pytest.mark.parametrize("was_slow", [False, True])
@pytest.mark.parametrize(
    ("takes", "busy", "slow"), [(10, 10, False), (90, 80, False), (40, 1, False), (60, 10, True)]
)
def test_disk_is_slow_where_files_are_waited_for(
    tmp_path: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    was_slow: bool,
    takes: int,
    busy: int,
    slow: bool,
) -> None:
    monkeypatch.setattr(join, "_disk_is_slow", was_slow)
    clock.takes, clock.busy = takes, busy
    joined(tmp_path, {f"{n}.json": SONG for n in range(20)})
    assert join._disk_is_slow == slow
    assert (clock.thread == Clock.thread) == was_slow  # threads read while it is slow
