"""Run `python3 etl.py` and the other scripts at the root as `sparkify etl`.

Any Python may run this file, without anything installed: it imports the standard library only.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import NoReturn

_NEEDED = ("click", "duckdb", "msgspec", "rich", "sparkify")


def launch(root: Path, *words: str) -> NoReturn:
    """Run `sparkify WORDS...` with the arguments of this process, then exit with its code.

    root: the project's folder. Outside the project's environment the process becomes one inside
    it (the Python in `root/.venv`); when there is none, it says `make`.
    """
    if all(importlib.util.find_spec(name) for name in _NEEDED):
        from sparkify.cli import main

        main([*words, *sys.argv[1:]])
    environment = root / ".venv"
    python = environment / "bin" / "python"
    if not python.exists() or Path(sys.prefix).resolve() == environment.resolve():
        sys.exit(f"Error: {environment} is not set up.\nNext: Run `make run` in {root} once.")
    os.execv(python, [str(python), *sys.argv])  # noqa: S606


def default_word(word: str) -> tuple[str, ...]:
    """Return the word to put before the arguments, none if they begin with one of their own."""
    return () if sys.argv[1:] and not sys.argv[1].startswith("-") else (word,)
