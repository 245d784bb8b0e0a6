"""The peers' virtual environments, with the versions that `requirements.txt` beside each pins."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterable

from .contenders import PEERS, python
from .places import ENVIRONMENTS, HERE
from .terminal import say


def set_up(names: Iterable[str]) -> dict[str, str]:
    """Make the environments that are missing or out of date; returns what failed, by peer."""
    failures = {}
    for name in names:
        if name in PEERS and PEERS[name].own:
            try:
                _set_up(name)
            except subprocess.CalledProcessError as error:
                said = (error.stderr or b"").decode("utf-8", "replace").strip()
                failures[name] = f"its environment cannot be set up: {said[-500:]}"
    return failures


def _set_up(name: str) -> None:
    pinned = HERE / "peers" / name / "requirements.txt"
    mark = ENVIRONMENTS / name / ".installed"
    wanted = hashlib.sha256(pinned.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == wanted:
        return
    say(f"setting up the environment of {PEERS[name].title} (once)")
    ENVIRONMENTS.mkdir(exist_ok=True)
    make = [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENTS / name)]
    install = [str(python(name)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (make, [*install, "--requirement", str(pinned)]):
        subprocess.run(command, check=True, capture_output=True)
    mark.write_text(wanted)


def versions(name: str) -> dict[str, str]:
    """Return the versions of what a peer is made of; what that needs follows a comment."""
    pinned = HERE / "peers" / name / "requirements.txt"
    text = pinned.read_text(encoding="utf-8") if pinned.exists() else ""
    return dict(line.split("==") for line in text.partition("#")[0].splitlines())
