"""A fuzz of the line validator that is guided by coverage (atheris), against the reference.

Every input is a kind of record and a line. The validator must accept what the reference accepts,
with the same row, and reject all else for one of the reasons that the reference gives.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import oracle
from corpus_cases import cases
from oracle_fields import Kind

from .figures import Figure, Scale, none, tried

FAMILY = "guided"
LONGEST = 4096
_TESTS = Path(__file__).parent.parent


def run(scale: Scale, folder: Path) -> list[Figure]:
    """Try lines in a process of its own; without atheris say so, and try none."""
    if importlib.util.find_spec("atheris") is None:
        return [Figure(FAMILY, "lines tried (atheris is not installed)", 0)]
    times = scale.of(quick=2_000, full=500_000)
    seeds = folder / "seeds"
    seeds.mkdir()
    for number, line in enumerate(seed_lines()):
        (seeds / str(number)).write_bytes(line)
    command = [sys.executable, "-m", f"{__package__}.guided_child", str(seeds)]
    command += [f"-runs={times}", f"-max_len={LONGEST}", "-seed=6", "-timeout=60", "-verbosity=0"]
    command += [f"-artifact_prefix={folder}/", "-rss_limit_mb=4096"]
    done = subprocess.run(command, cwd=_TESTS, text=True, errors="replace", capture_output=True)
    wrong = []
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if "Error" in line or "DIFFERENT" in line]
        wrong = [" ".join(said)[:1000] or done.stderr[-1000:]]
    return [
        tried(FAMILY, "lines tried", 0 if wrong else times, times),
        none(FAMILY, "lines judged otherwise than by the reference", wrong),
    ]


def seed_lines() -> list[bytes]:
    """Lines to begin with: those of the corpus, each behind a byte for its kind."""
    found = set()
    for folder, mark in (("events", b"e"), ("songs", b"s")):
        for case in cases(folder):
            lines = case.file().content.split(b"\n")[:20]
            found |= {mark + line for line in lines if 0 < len(line) < LONGEST}
    return sorted(found)


def difference(data: bytes) -> str:
    """What the validator judges otherwise than the reference, or nothing."""
    from sparkify.staging.rules import FIELDS, fields_of
    from sparkify.staging.validate import Rejection, accept, as_staged, decode

    kind: Kind = "songs" if data[:1] == b"s" else "events"
    line = data[1:].strip(b" \t\r\n")
    row, reasons = oracle.record(kind, line)
    if row and kind == "events":
        row = row[:-1]  # event_ms, which is the milliseconds of ts
    fields = fields_of(kind, [field.key for field in FIELDS[kind]])
    try:
        found = as_staged(accept(decode(line, fields), fields), fields)
    except Rejection as why:
        if why.reason in reasons:
            return ""
        return f"DIFFERENT: {line!r} is {why.reason}, not {sorted(reasons)}"
    if found == row and list(map(type, found)) == list(map(type, row)):
        return ""
    return f"DIFFERENT: {line!r} is staged as {found}, not {row or sorted(reasons)}"
