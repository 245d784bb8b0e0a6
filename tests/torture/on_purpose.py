"""Faults that are put into a copy of the program on purpose: each turns the test it names red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import sparkify

from .figures import Figure, Scale, exactly, none
from .put_in import FAULTS, Change, Fault

TESTS = Path(__file__).parent.parent
_PACKAGE = Path(sparkify.__file__).parent
_PASSED, _FAILED, _NEVER = 0, 1, -1
_PATIENCE_SECONDS = 1800


def changed(change: Change, text: str) -> str:
    """The text with a change. Raises ValueError where it does not fit exactly once."""
    if text.count(change.old) != 1:
        raise ValueError(f"{change.path} holds {text.count(change.old)} times: {change.old!r}")
    return text.replace(change.old, change.new)


def copy_with(changes: Sequence[Change], folder: Path) -> Path:
    """Copy the program into a folder and change it there; returns the folder to import it from."""
    shutil.copytree(_PACKAGE, folder / "sparkify", ignore=shutil.ignore_patterns("__pycache__"))
    for change in changes:
        path = folder / "sparkify" / change.path
        path.write_text(changed(change, path.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


def tested(source: Path, folder: Path, tests: Sequence[str]) -> tuple[int, str]:
    """Run tests against a copy of the program, up to the first red one: pytest's code and words."""
    words = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", f"--basetemp={folder}"]
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words, *tests],
            cwd=TESTS,
            env={**environment, "PYTHONPATH": str(source)},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=_PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return _NEVER, f"did not end within {_PATIENCE_SECONDS} seconds"
    return done.returncode, done.stdout


def found(fault: Fault, folder: Path) -> str:
    """Put a fault in and run its test; what is wrong when that does not turn red."""
    code, said = tested(copy_with(fault.changes, folder / "src"), folder / "temp", [fault.test])
    shutil.rmtree(folder)
    if code == _FAILED and "1 failed" in said:
        return ""
    return f"{fault.name}: {fault.test} ended with {code}\n{said[-2000:]}"


def run(scale: Scale, folder: Path) -> list[Figure]:
    """Each fault by itself; without any, all of the tests are green."""
    faults = FAULTS[: scale.of(2, len(FAULTS))]
    tests = sorted({fault.test for fault in faults})
    code, said = tested(copy_with((), folder / "right"), folder / "temp", tests)
    right = [] if code == _PASSED else [f"without any fault: {said[-2000:]}"]
    missed = [one for n, fault in enumerate(faults) if (one := found(fault, folder / str(n)))]
    family = "faults put in on purpose"
    return [
        none(family, "red tests without a fault", right),
        exactly(family, "faults found", len(faults) - len(missed), len(faults), missed),
    ]
