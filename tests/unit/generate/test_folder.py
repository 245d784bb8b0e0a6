"""The generated folder: found again, refused, locked, and complete or generated again."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from generated_folder import BIGGER, SMALL, contents
from sparkify.errors import BusyError, UsageError
from sparkify.generate import Options, generate


def test_the_truth_is_returned_and_written(tmp_path: Path) -> None:
    truth = generate(tmp_path / "a" / "world", SMALL)
    assert json.loads((tmp_path / "a" / "world" / "truth.json").read_text("ascii")) == truth
    assert truth["options"] == {
        "songs": 60,
        "users": 25,
        "days": 4,
        "start": "2018-11-01",
        "seed": Options().seed,
        "match_share": 0.05,
        "growth": 0.1,
    }


def written(folder: Path) -> dict[Path, tuple[int, int]]:
    """Tell which file each path is, and when it was last written (not when it was read)."""
    return {
        file: (status.st_ino, status.st_mtime_ns)
        for file in folder.rglob("*")
        for status in (file.stat(),)
    }


def test_a_world_that_is_there_is_left_alone(tmp_path: Path) -> None:
    truth = generate(tmp_path, SMALL)
    files = written(tmp_path)
    told: list[str] = []
    again = generate(tmp_path, SMALL, lambda step, done, total, unit: told.append(step))
    assert again == truth
    assert written(tmp_path) == files
    assert told == []


def test_one_server_and_one_run_need_not_be_said(tmp_path: Path) -> None:
    truth = generate(tmp_path, replace(SMALL, servers=1, runs=1))
    assert not {"servers", "runs"} & truth["options"].keys()
    with pytest.raises(UsageError, match=r"servers is 1, not 50, runs is 1, not 2$"):
        generate(tmp_path, replace(SMALL, servers=50, runs=2))
    other = tmp_path / "other"
    found = generate(other, replace(SMALL, servers=50, runs=2))
    assert (found["options"]["servers"], found["options"]["runs"]) == (50, 2)
    with pytest.raises(UsageError, match=r"servers is 50, not 1, runs is 2, not 1$"):
        generate(other, SMALL)


def test_a_folder_with_another_world_is_refused(tmp_path: Path) -> None:
    generate(tmp_path, SMALL)
    before = contents(tmp_path)
    with pytest.raises(UsageError, match="days is 4, not 5") as caught:
        generate(tmp_path, BIGGER)
    assert "another folder" in caught.value.next_step
    assert contents(tmp_path) == before


def test_a_world_of_another_version_is_refused(tmp_path: Path) -> None:
    truth = generate(tmp_path, SMALL)
    (tmp_path / "truth.json").write_text(json.dumps(truth | {"generator": 0}))
    with pytest.raises(UsageError, match="another version of Sparkify"):
        generate(tmp_path, SMALL)


@pytest.mark.parametrize("truth", [None, "no JSON", "[]", "{}", '{"generator": 3, "options": {}}'])
def test_a_folder_with_something_else_is_refused(tmp_path: Path, truth: str | None) -> None:
    (tmp_path / "thesis.txt").write_text("do not touch")
    if truth is not None:
        (tmp_path / "truth.json").write_text(truth)
    before = contents(tmp_path)
    with pytest.raises(UsageError, match="was not generated"):
        generate(tmp_path, SMALL)
    assert contents(tmp_path) == before


def test_a_world_with_a_part_removed_is_refused(tmp_path: Path) -> None:
    generate(tmp_path, SMALL)
    (tmp_path / "log_json_path.json").unlink()
    with pytest.raises(UsageError, match=r"log_json_path\.json has been removed"):
        generate(tmp_path, SMALL)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is not a folder"):
        generate(tmp_path / "file", SMALL)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written") as caught:
        generate(tmp_path / "file" / "world", SMALL)
    assert "another folder" in caught.value.next_step


def break_off(folder: Path, options: Options, after: str) -> None:
    """Generate until the progress names a step, and die there."""

    class DeathError(BaseException):
        pass

    def die(step: str, done: int, total: int | None, unit: str) -> None:
        if after in step:
            raise DeathError

    with pytest.raises(DeathError):
        generate(folder, options, die)


@pytest.mark.parametrize("after", ["log files", "song files"])
def test_a_half_written_world_is_not_seen_and_is_begun_again(tmp_path: Path, after: str) -> None:
    whole = generate(tmp_path / "whole", SMALL)
    break_off(tmp_path / "broken", SMALL, after)
    assert not (tmp_path / "broken" / "log_data").exists()
    assert not (tmp_path / "broken" / "song_data").exists()
    assert not (tmp_path / "broken" / "truth.json").exists()
    assert generate(tmp_path / "broken", SMALL) == whole
    assert contents(tmp_path / "broken") == contents(tmp_path / "whole")


def test_a_half_written_world_may_become_another_one(tmp_path: Path) -> None:
    generate(tmp_path / "whole", BIGGER)
    break_off(tmp_path / "broken", SMALL, "song files")
    generate(tmp_path / "broken", BIGGER)
    assert contents(tmp_path / "broken") == contents(tmp_path / "whole")


@pytest.mark.parametrize("moved", [1, 2, 3, 4])
def test_a_world_broken_off_while_it_is_moved_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    generate(tmp_path / "whole", SMALL)
    rename = Path.rename
    moves: list[Path] = []

    def die_late(self: Path, target: Path) -> Path:
        if len(moves) == moved:
            raise KeyboardInterrupt
        moves.append(target)
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", die_late)
        patched.setattr(Path, "rmdir", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            generate(tmp_path / "broken", SMALL)
    assert len(moves) == moved
    generate(tmp_path / "broken", SMALL)
    assert contents(tmp_path / "broken") == contents(tmp_path / "whole")


def test_two_processes_do_not_generate_into_one_folder(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match="another process"):
            generate(tmp_path, SMALL)
    finally:
        os.close(handle)
    generate(tmp_path, SMALL)


def test_a_file_system_without_locks_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(handle: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    assert generate(tmp_path, SMALL)["tables"]["staging_songs"] == 60
