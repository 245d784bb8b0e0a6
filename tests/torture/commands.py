"""Command lines in child processes, with something installed that befalls them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import child_loads
from duckdb_warehouse import Place

WORDS = {
    "first load": ("etl", "--no-answers"),
    "second load": ("etl", "--no-answers"),
    "third load with answers": ("etl",),
    "--verify": ("etl", "--verify", "--no-answers"),
    "--rebuild": ("etl", "--rebuild", "--no-answers"),
    "create-tables": ("create-tables",),
    "create-tables --drop": ("create-tables", "--drop", "--yes"),
}
"""The command line of each job."""

Install = Callable[[], object]


def nothing() -> None:
    """Install nothing."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its code (or minus its signal), what it said, what it left behind."""

    code: int
    said: str
    temporary: list[Path]

    def wrong(self, *codes: int) -> str:
        """Say what is wrong, if anything: another code than these, or a traceback."""
        if self.code in codes and "Traceback" not in self.said and "INTERNAL" not in self.said:
            return ""
        return f"code {self.code}: {self.said[-1500:]}"


def run_command(
    folder: Path,
    words: Sequence[str],
    install: Install = nothing,
    temporary: Path | None = None,
    saying: Path | None = None,
) -> Ended:
    """Run `sparkify WORDS...` on the place in a folder, to its end.

    install: called in the child before. temporary: where it puts temporary files. saying: the
    folder for what it prints.
    """
    beside = temporary or folder.parent / "temporary"
    beside.mkdir(exist_ok=True)
    said = (saying or folder.parent) / "said"
    said.unlink(missing_ok=True)
    code = child_loads.run(command, folder, words, install, beside, said)
    return Ended(code, said.read_text(encoding="utf-8"), list(beside.iterdir()))


def command(
    folder: Path, words: Sequence[str], install: Install, temporary: Path, said: Path
) -> None:
    """Run a command line on a place, in this process."""
    from sparkify import cli

    settings = Place(folder).settings
    os.environ |= {
        "SPARKIFY_DUCKDB_DATABASE": str(settings.database),
        "SPARKIFY_DUCKDB_THREADS": "1",
        "SPARKIFY_S3_LOG_DATA": settings.log_data,
        "SPARKIFY_S3_LOG_JSONPATH": "",
        "SPARKIFY_S3_SONG_DATA": settings.song_data,
        "SPARKIFY_ETL_MAX_REJECTED_SHARE": "1",
    }
    speak_to(said)
    tempfile.tempdir = str(temporary)
    install()
    cli.main(words)


def speak_to(said: Path) -> None:
    """Send what this process prints to a file."""
    stream = os.open(said, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o666)
    for number in (1, 2):
        os.dup2(stream, number)
