"""What one process costs, with all that it starts: wall, CPU, and peak resident memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .places import HERE

_SHOWN_CHARACTERS = 2000


@dataclass(frozen=True)
class Cost:
    """What a run cost. wall, cpu: seconds; peak: resident bytes of the process tree, in MB."""

    wall: float
    cpu: float
    peak: float

    def as_json(self) -> dict[str, float]:
        """Round to what a clock can tell."""
        return {
            "wall": round(self.wall, 3),
            "cpu": round(self.cpu, 3),
            "peak": round(self.peak, 1),
        }


class FailedRun(Exception):
    """A process ended badly; its text is the end of what it said."""


def measure(
    command: Sequence[str | Path],
    folder: Path,
    environ: Mapping[str, str],
    *,
    limit: float = 3600.0,
) -> Cost:
    """Run a command in a folder, where `output.txt` gets what it says, and measure it.

    environ: its whole environment. limit: after so many seconds it is ended.
    Orphans (a Java machine that outlives its Python) count towards the CPU, not the wall time.
    Raises FailedRun when it does not end with 0 in time.
    """
    said = folder / "output.txt"
    asked = {
        "command": [str(word) for word in command],
        "folder": str(folder),
        "environ": dict(environ),
        "said": str(said),
        "limit": limit,
    }
    watcher = [sys.executable, "-I", "-S", str(HERE / "watching.py")]
    done = subprocess.run(watcher, input=json.dumps(asked), text=True, capture_output=True)
    if done.returncode:
        raise FailedRun(done.stderr.strip())
    found = json.loads(done.stdout)
    if found["exit"]:
        ending = said.read_bytes()[-_SHOWN_CHARACTERS:].decode("utf-8", "replace")
        why = f"not done after {limit:.0f} s" if found["ended"] else f"exit {found['exit']}"
        raise FailedRun(f"{why}: {ending.strip()}")
    return Cost(found["wall"], found["cpu"], found["peak"] / 1e6)
