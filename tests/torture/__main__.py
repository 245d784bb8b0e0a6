"""`make torture`: run every family, print one table of figures, fail when one is not as it must be.

python -m torture [--quick] [--workers N] [--output FILE] [FAMILY ...]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import default_signals

from .families import FAMILIES, family
from .figures import FULL, QUICK, Figure, Scale, joined, none

TESTS = Path(__file__).parent.parent
_MEMORY = Path("/dev/shm")  # a file system that waits for no disk
_HEADS = ("family", "figure", "value", "must be", "")


def main() -> int:
    """Read the command line; run families, or one of them as a child of such a run."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("family", nargs="*", help=f"one of {', '.join(FAMILIES)}")
    parser.add_argument("--quick", action="store_true", help="as little as the tests do")
    parser.add_argument("--workers", type=int, default=2, help="how many families at a time")
    parser.add_argument("--output", type=Path, help="write the figures there, as JSON")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    scale = QUICK if given.quick else FULL
    if unknown := set(given.family) - set(FAMILIES):
        parser.error(f"no family: {', '.join(sorted(unknown))}")
    if given.child:
        run_here(given.family[0], scale, given.child)
        return 0
    default_signals.heed()
    began = time.monotonic()
    figures = run_all(given.family or list(FAMILIES), scale, given.workers)
    minutes = (time.monotonic() - began) / 60
    say(table(figures), f"{minutes:.1f} minutes on {os.cpu_count()} processors.")
    if given.output:
        given.output.write_text(as_json(figures, scale, minutes), encoding="utf-8")
    return 0 if all(figure.good for figure in figures) else 1


def run_all(names: list[str], scale: Scale, workers: int) -> list[Figure]:
    """Run families, some at a time, each in a process and a folder of its own."""
    with ThreadPoolExecutor(workers) as pool:
        found = pool.map(lambda name: run_apart(name, scale), names)
        return joined(figure for figures in found for figure in figures)


def run_apart(name: str, scale: Scale) -> list[Figure]:
    """Run one family in a process of its own; one that breaks off is a figure, too."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(
        prefix="torture-", dir=_MEMORY if _MEMORY.is_dir() else None, ignore_cleanup_errors=True
    ) as folder:
        answer = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "torture", name, "--child", str(answer)]
        command += ["--quick"] if scale == QUICK else []
        done = subprocess.run(
            command, cwd=TESTS, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if done.returncode:
            ending = "\n".join(done.stdout.strip().splitlines()[-30:])
            figures = [none(name, "families broken off", [f"code {done.returncode}\n{ending}"])]
        else:
            figures = [Figure(**one) for one in json.loads(answer.read_text(encoding="utf-8"))]
    say(f"{name}: {time.monotonic() - began:.0f} seconds", error=True)
    return figures


def run_here(name: str, scale: Scale, answer: Path) -> None:
    """Run one family in this process."""
    folder = answer.parent / "work"
    folder.mkdir()
    figures = family(name)(scale, folder)
    answer.write_text(json.dumps([asdict(figure) for figure in figures]), encoding="utf-8")


def table(figures: list[Figure]) -> str:
    """The figures as a table, and below it what was wrong."""
    rows = [
        (one.family, one.name, f"{one.value:,g}", one.must, "" if one.good else "WRONG")
        for one in figures
    ]
    widths = [max(map(len, column)) for column in zip(_HEADS, *rows, strict=True)]
    lines = [
        f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]:>{widths[2]}}  "
        f"{row[3]:>{widths[3]}}  {row[4]}".rstrip()
        for row in (_HEADS, *rows)
    ]
    notes = [f"{one.family}, {one.name}: {note}" for one in figures for note in one.notes]
    return "\n".join(["", *lines, "", *notes])


def as_json(figures: list[Figure], scale: Scale, minutes: float) -> str:
    """The figures for docs/reliability.md."""
    whole: dict[str, Any] = {
        "scale": scale.name,
        "minutes": round(minutes, 1),
        "processors": os.cpu_count(),
        "figures": [figure.as_json() for figure in figures],
    }
    return json.dumps(whole, indent=2) + "\n"


def say(*lines: str, error: bool = False) -> None:
    """Print."""
    print(*lines, sep="\n", file=sys.stderr if error else sys.stdout, flush=True)


if __name__ == "__main__":
    sys.exit(main())
