"""The generated folder: it is complete, or it says that it is not."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import BusyError, UsageError

LOG_DATA, SONG_DATA = "log_data", "song_data"
LOG_JSONPATHS, EXPECTED_RESULTS = "log_json_path.json", "truth.json"
_PARTS = (SONG_DATA, LOG_DATA, LOG_JSONPATHS, EXPECTED_RESULTS)
"""The parts of the folder; the last one is moved into it last."""

_DEFAULTS = {"servers": 1, "runs": 1}
"""Options that a folder does not record where they have these values."""

_UNFINISHED = ".sparkify-generate-unfinished"


def known_results(folder: Path, identity: dict[str, Any]) -> dict[str, Any] | None:
    """Return the expected results of a generated folder; None where it is yet to be generated.

    identity: `Options.identity()` of what it should hold.
    Raises UsageError for a folder that holds anything else.
    """
    if (folder / _UNFINISHED).is_dir() or not any(folder.iterdir()):
        return None
    try:
        found: dict[str, Any] = json.loads((folder / EXPECTED_RESULTS).read_bytes())
        differences = _differences(found, identity)
    except (OSError, ValueError, TypeError, KeyError):
        raise UsageError(
            f"{folder} is not empty, and what is in it was not generated",
            "Choose a folder that does not exist yet.",
        ) from None
    if differences:
        raise UsageError(
            f"{folder} holds other generated data: {', '.join(differences)}",
            "Give the same options, choose another folder, or remove this one.",
        )
    if missing := [part for part in _PARTS if not (folder / part).exists()]:
        raise UsageError(
            f"{folder} was generated, but {', '.join(missing)} has been removed from it",
            "Remove the folder and generate it again.",
        )
    return found


def _differences(found: dict[str, Any], identity: dict[str, Any]) -> list[str]:
    """Return in words which options differ."""
    theirs, ours = (_DEFAULTS | one["options"] for one in (found, identity))
    if found["generator"] != identity["generator"]:
        return ["another version of Sparkify made it"]
    return [f"{key} is {theirs[key]}, not {ours[key]}" for key in ours if theirs[key] != ours[key]]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Create a folder where there is none, and keep other processes from generating into it.

    Raises BusyError when another process has locked it, UsageError when it is no folder, OSError
    when it cannot be created.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "Choose another one.")
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                f"another process is generating into {folder}", "Wait until it is done."
            ) from None
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(handle)


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """Yield a place for the parts of a folder; move them into it when all are there.

    What an interrupted attempt left is removed first. Raises OSError.
    """
    place = folder / _UNFINISHED
    if place.exists():
        for path in (*(folder / part for part in _PARTS), place):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    place.mkdir()
    yield place
    for part in _PARTS:
        (place / part).rename(folder / part)
    place.rmdir()
