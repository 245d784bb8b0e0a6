"""Writing: the same options give the same bytes, by one process or two, with progress."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generated_folder import SMALL, contents
from sparkify.generate import Options, generate, writer
from sparkify.generate.writer import helping


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


def test_the_bytes_are_those_of_generator_3(tmp_path: Path) -> None:
    """If this fails, the same options give other bytes than before: raise GENERATOR."""
    generate(tmp_path / "world", SMALL)
    found = contents(tmp_path / "world")
    del found["truth.json"]  # the sources are still those of generator 1
    assert (
        hashlib.sha256(json.dumps(found).encode()).hexdigest()
        == "11af68aa19eec60c6c91bb835744a1e8c3a8fb1e40ac330cd646041732ab38c1"
    )
    assert SMALL.identity()["generator"] == 3


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


@pytest.mark.parametrize("options", [SMALL, replace(SMALL, servers=7, runs=3, growth=50)])
def test_two_processes_write_what_one_writes(
    options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = generate(tmp_path / "alone", options)
    monkeypatch.setattr(writer, "_WORTH_TWO_PROCESSES", 0)
    together = generate(tmp_path / "together", options)
    assert together == alone
    assert contents(tmp_path / "together") == contents(tmp_path / "alone")


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
        "from sparkify.generate.writer import helping\n"
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
    monkeypatch.setattr(writer, "_WORTH_TWO_PROCESSES", 0)
    monkeypatch.setattr(writer, "helping", here)
    generate(tmp_path / "world", SMALL)
    assert contents(tmp_path / "world") == contents(tmp_path / "whole")
    half = [name for name in written[0] if name.startswith("world/")]
    assert sum("song_data" in name for name in half) == 30
    assert sum("log_data" in name for name in half) == 2
