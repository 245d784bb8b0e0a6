"""The data of each size, made once by `sparkify generate` and kept for the next run."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from .places import BIN, DATA

BLOCK = 1 << 22
_BAD_LINE = b'{"artist":null,"auth":"Logged In","firstName":\n'


@dataclass(frozen=True)
class Size:
    """What a size asks of the generator. listeners: how many, as its option and value."""

    songs: int
    listeners: tuple[str, str]
    seed: int = 2018
    match_share: float = 0.3333
    days: int = 30
    start: str = "2018-11-01"
    more: tuple[str, ...] = ()

    @property
    def options(self) -> tuple[str, ...]:
        """The options of `sparkify generate`: by default a month, a log file for each day."""
        return (
            *("--songs", str(self.songs), *self.listeners, "--seed", str(self.seed)),
            *("--days", str(self.days), "--start", self.start),
            *("--match-share", str(self.match_share), *self.more),
        )


SIZES = {
    "S": Size(14_896, ("--users", "97")),
    "M": Size(200_000, ("--events", "5000000")),
    "L": Size(1_000_000, ("--events", "10000000")),
}
A_DAY = Size(497, ("--events", "166667"), seed=2019, days=1, start="2018-12-01")
SHARED = ("--servers", "50", "--runs", "3")
"""Options that make listeners and runs share session numbers."""


@dataclass(frozen=True)
class Data:
    """A folder with log_data/, song_data/ and log_json_path.json; counts: the generator's own."""

    folder: Path
    counts: dict[str, int]

    @property
    def logs(self) -> list[Path]:
        """The log files, the earliest day first."""
        return sorted((self.folder / "log_data").rglob("*.json"))

    def described(self) -> dict[str, Any]:
        """Say what it holds, for the results."""
        logs = self.logs
        return {
            "song_files": self.counts["staging_songs"],
            "log_files": len(logs),
            "events": self.counts["staging_events"],
            "log_bytes": sum(file.stat().st_size for file in logs),
            "rows": self.counts,
        }


def generated(name: str, size: Size, kept: Path = DATA) -> Data:
    """Return the data of a size, from the folder `kept` or made anew (M: minutes).

    Raises subprocess.CalledProcessError when the generator fails.
    """
    folder = kept / name
    subprocess.run([BIN / "sparkify", "generate", folder, *size.options], check=True)
    truth = json.loads((folder / "truth.json").read_bytes())
    return Data(folder, truth["tables"])


def history(millions: int) -> Size:
    """Return a size that grows in events only."""
    return Size(14_896, ("--events", f"{millions}000000"))


def a_day(kept: Path) -> Path:
    """Make a day on top of any history: events, a thirtieth of the songs, and a wrong clock."""
    data = generated("a day", A_DAY, kept)
    log = data.logs[0]
    early = log.with_name(f"{log.stem}-ten-years-early.json")
    if not early.exists():
        event = json.loads(log.read_bytes().splitlines()[-1])
        early.write_text(json.dumps(event | {"ts": event["ts"] - 3652 * 86_400_000}))
    return data.folder


def warmed(*folders: Path) -> None:
    """Read every file once, so that all contenders find them in the page cache."""
    for file in chain.from_iterable(map(_files, folders)):
        descriptor = os.open(file, os.O_RDONLY)
        while os.read(descriptor, BLOCK):
            pass
        os.close(descriptor)


def _files(folder: Path) -> Iterator[str]:
    for parent, _, names in os.walk(folder):
        for name in names:
            yield f"{parent}/{name}"


def linked(logs: Iterable[Path], folder: Path) -> Path:
    """Make a folder of links to log files: to the ledger they are the files themselves."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in logs:
        (folder / file.name).symlink_to(file)
    return folder


def with_bad_line(logs: list[Path], folder: Path) -> Path:
    """Make a folder with the same logs, one line in the middle of one of which is broken."""
    linked(logs, folder)
    victim = folder / logs[len(logs) // 2].name
    data = victim.read_bytes()
    cut = data.index(b"\n", len(data) // 2) + 1
    victim.unlink()
    victim.write_bytes(data[:cut] + _BAD_LINE + data[cut:])
    return folder


def packed(logs: list[Path], folder: Path) -> Path:
    """Make a folder with the same logs as .json.gz, unless it is there."""

    def pack(file: Path) -> None:
        with file.open("rb") as plain, gzip.open(folder / f"{file.name}.gz", "wb", 6) as out:
            shutil.copyfileobj(plain, out, BLOCK)

    return _made(logs, folder, pack)


def without_nulls(logs: list[Path], folder: Path) -> Path:
    """Make a folder with the same logs, in which a record lacks what is NULL in it."""

    def leave_out(file: Path) -> None:
        with file.open("rb") as lines, (folder / file.name).open("w") as out:
            for line in lines:
                given = {key: one for key, one in json.loads(line).items() if one is not None}
                out.write(json.dumps(given, separators=(",", ":")) + "\n")

    return _made(logs, folder, leave_out)


def _made(logs: list[Path], folder: Path, make: Callable[[Path], None]) -> Path:
    """Fill a folder from logs, unless that is done."""
    done = folder.with_name(f"{folder.name}.complete")
    size = str(sum(file.stat().st_size for file in logs))
    if done.exists() and done.read_text() == size:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in logs:
        make(file)
    done.write_text(size)
    return folder
