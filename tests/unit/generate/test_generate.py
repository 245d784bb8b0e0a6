"""`generate`: options, repeatability, and the folder it writes to."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from inspect import isgenerator
from pathlib import Path
from typing import Any

import pytest

from sparkify.errors import BusyError, UsageError
from sparkify.generate import Options, generate, world
from sparkify.generate.helper import helping
from sparkify.generate.music import Music
from sparkify.generate.people import People
from sparkify.generate.sessions import BLOCK, Sessions

SMALL = Options(songs=60, users=25, days=4)
BIGGER = Options(songs=60, users=25, days=5)


def contents(folder: Path) -> dict[str, str]:
    """The digest of each file below a folder."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


# Options


@pytest.mark.parametrize(
    "wrong",
    [
        {"songs": 0},
        {"users": 0},
        {"events": 0},
        {"days": 0},
        {"days": 3_661},
        {"match_share": -0.01},
        {"match_share": 1.01},
        {"match_share": float("nan")},
        {"growth": -0.1},
        {"growth": float("inf")},
        {"start": date(2005, 12, 31)},
        {"start": date(2099, 12, 31), "days": 2},
        {"servers": 0},
        {"servers": 1_001},
        {"runs": 0},
        {"runs": 101},
        {"start": date(2099, 12, 29), "days": 1, "runs": 3},
        {"users": 10, "events": 1_000},
    ],
    ids=str,
)
def test_options_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        Options(**wrong)
    assert next(iter(wrong)) in caught.value.reason or "last day" in caught.value.reason
    assert caught.value.next_step


def test_limits_are_within_the_bounds() -> None:
    Options(songs=1, users=1, days=1, match_share=0, growth=0, start=date(2099, 12, 31))
    Options(start=date(2099, 12, 29), days=1, runs=2, servers=1_000)
    Options(songs=10_000_000, days=3_660, match_share=1, growth=100, start=date(2006, 1, 1))


def test_users_follow_from_events() -> None:
    assert Options().first_users == 100
    assert Options(users=7).first_users == 7
    assert Options(events=1).first_users == 1
    assert Options(events=2_000_000).first_users == pytest.approx(
        2 * Options(events=1_000_000).first_users, abs=1
    )


def test_about_as_many_events_come_as_were_asked_for(tmp_path: Path) -> None:
    truth = generate(tmp_path / "world", Options(songs=10, events=60_000, days=10))
    assert truth["tables"]["staging_events"] == pytest.approx(60_000, rel=0.1)


def test_growth_brings_new_users(tmp_path: Path) -> None:
    still = generate(tmp_path / "still", Options(songs=10, users=50, days=20, growth=0))
    growing = generate(tmp_path / "growing", Options(songs=10, users=50, days=20, growth=50))
    assert still["answers"]["paying_listeners"]["listeners"] <= 50
    assert growing["answers"]["paying_listeners"]["listeners"] > 60


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_match_share_is_met(tmp_path: Path, share: float) -> None:
    options = Options(songs=300, users=80, days=10, match_share=share)
    found = generate(tmp_path / "world", options)["answers"]["catalogue_match"]
    assert found["plays"] > 500
    most_misspelled = 0.005  # are of the catalogue, too
    assert found["matched"] / found["plays"] == pytest.approx(
        share, abs=0.08 if 0 < share < 1 else most_misspelled
    )


# Repeatability


def test_the_same_options_give_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from sparkify.generate import Options, generate;"
        "generate(Path(sys.argv[1]), Options(songs=60, users=25, days=4))"
    )
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / seed)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
        )
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    generate(tmp_path / "here", SMALL)
    assert contents(tmp_path / "here") == contents(tmp_path / "1")


def test_the_bytes_are_those_of_generator_2(tmp_path: Path) -> None:
    """If this fails, the same options give other bytes than before: raise GENERATOR."""
    generate(tmp_path / "world", SMALL)
    found = contents(tmp_path / "world")
    del found["truth.json"]  # the sources are still those of generator 1
    assert (
        hashlib.sha256(json.dumps(found).encode()).hexdigest()
        == "11af68aa19eec60c6c91bb835744a1e8c3a8fb1e40ac330cd646041732ab38c1"
    )
    assert SMALL.identity()["generator"] == 2


def test_another_seed_gives_another_world(tmp_path: Path) -> None:
    generate(tmp_path / "one", SMALL)
    generate(tmp_path / "other", Options(songs=60, users=25, days=4, seed=1))
    one, other = contents(tmp_path / "one"), contents(tmp_path / "other")
    assert {name for name in one if one[name] == other.get(name)} == {"log_json_path.json"}


def test_a_longer_world_begins_like_a_shorter_one(tmp_path: Path) -> None:
    generate(tmp_path / "shorter", Options(songs=60, users=25, days=4, growth=20))
    generate(tmp_path / "longer", Options(songs=60, users=25, days=9, growth=20))
    shorter, longer = contents(tmp_path / "shorter"), contents(tmp_path / "longer")
    del shorter["truth.json"], longer["truth.json"]
    assert shorter.items() < longer.items()


def test_the_first_run_is_the_only_one(tmp_path: Path) -> None:
    generate(tmp_path / "one", SMALL)
    generate(tmp_path / "three", replace(SMALL, runs=3))
    one, three = contents(tmp_path / "one"), contents(tmp_path / "three")
    del one["truth.json"], three["truth.json"]
    assert one.items() < three.items()
    days = sorted(Path(name).name[:10] for name in three if name.startswith("log_data"))
    november = [*range(1, 5), *range(6, 10), *range(11, 15)]
    assert days == [f"2018-11-{day:02}" for day in november]
    assert len({three[name] for name in three if "log_data" in name}) == len(november)


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


@pytest.mark.parametrize("options", [SMALL, replace(SMALL, servers=7, runs=3, growth=50)])
def test_two_processes_write_what_one_writes(
    options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = generate(tmp_path / "alone", options)
    monkeypatch.setattr(world, "_WORTH_TWO_PROCESSES", 0)
    together = generate(tmp_path / "together", options)
    assert together == alone
    assert contents(tmp_path / "together") == contents(tmp_path / "alone")


# The folder


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


@pytest.mark.parametrize("truth", [None, "no JSON", "[]", "{}", '{"generator": 2, "options": {}}'])
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


# Streaming and telling


def test_events_come_block_by_block() -> None:
    options = Options(songs=60, users=200, days=3)
    blocks = Sessions(options, Music(options), People(options)).blocks()
    sizes = []
    for number, events in enumerate(blocks):
        sizes.append(len(events.at))
        start = 1_541_030_400 + number * BLOCK
        assert all(start <= at < start + BLOCK for at in events.at.tolist())
    assert isgenerator(blocks)
    assert len(sizes) == 3 * 4
    assert max(sizes) < sum(sizes) / 4


def test_log_files_are_written_day_by_day(tmp_path: Path) -> None:
    counts = []

    def look(step: str, done: int, total: int | None, unit: str) -> None:
        if unit == "days":
            counts.append(len(list(tmp_path.rglob("*-events.json"))))

    generate(tmp_path, Options(songs=60, users=60, days=5), look)
    assert counts == [1, 2, 3, 4, 5]


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None, str]] = []
    generate(
        tmp_path,
        Options(songs=1_500, users=5, days=3),
        lambda step, done, total, unit: told.append((step, done, total, unit)),
    )
    assert told == [
        ("writing the log files", 1, 3, "days"),
        ("writing the log files", 2, 3, "days"),
        ("writing the log files", 3, 3, "days"),
        ("writing the song files", 1_000, 1_500, "files"),
        ("writing the song files", 1_500, 1_500, "files"),
    ]


# The helping process


def refuse(where: str) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", where)


def fall_over() -> None:
    os._exit(3)


def test_an_error_of_the_helper_is_raised_here() -> None:
    with pytest.raises(OSError, match="No space left") as caught, helping(refuse, "/there"):
        pass
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == "/there"


def test_a_helper_that_ends_early_is_noticed() -> None:
    with pytest.raises(ChildProcessError, match="ended early"), helping(fall_over):
        pass


def test_a_helper_is_ended_when_the_work_here_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), helping(time.sleep, 600):
        raise ZeroDivisionError


def test_a_helper_ends_with_the_process_that_it_helps(tmp_path: Path) -> None:
    script = tmp_path / "die.py"
    script.write_text(
        "import os, signal, time\n"
        "from sparkify.generate.helper import helping\n"
        "if __name__ == '__main__':\n"
        "    with helping(time.sleep, 600):\n"
        "        time.sleep(1)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    # Its output ends when the last process ends that could write to it.
    done = subprocess.run([sys.executable, str(script)], capture_output=True, timeout=600)
    assert done.returncode == -9


def test_the_helper_writes_the_second_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in this process, where it can be watched."""
    written = []

    def here(work: Any, *arguments: Any) -> Any:
        work(*arguments)
        written.append(contents(tmp_path))
        return nullcontext()

    generate(tmp_path / "whole", SMALL)
    monkeypatch.setattr(world, "_WORTH_TWO_PROCESSES", 0)
    monkeypatch.setattr(world, "helping", here)
    generate(tmp_path / "world", SMALL)
    assert contents(tmp_path / "world") == contents(tmp_path / "whole")
    half = [name for name in written[0] if name.startswith("world/")]
    assert sum("song_data" in name for name in half) == 30
    assert sum("log_data" in name for name in half) == 2
