"""The folder of a world: it is complete, or it says that it is not."""

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
LOG_JSONPATHS, TRUTH = "log_json_path.json", "truth.json"
_PARTS = (SONG_DATA, LOG_DATA, LOG_JSONPATHS, TRUTH)
"""What a world consists of; the last of them is the last to come."""

_UNSAID = {"servers": 1, "runs": 1}
"""Options that a world says only where they are others."""

_UNFINISHED = ".sparkify-generate-unfinished"


def known_truth(folder: Path, identity: dict[str, Any]) -> dict[str, Any] | None:
    """Read the truth of a folder that holds a world; None where it is yet to be generated.

    identity: which world it is to be: `Options.identity()`.
    Raises UsageError for a folder that holds anything else.
    """
    if (folder / _UNFINISHED).is_dir() or not any(folder.iterdir()):
        return None
    try:
        found: dict[str, Any] = json.loads((folder / TRUTH).read_bytes())
        differences = _differences(found, identity)
    except (OSError, ValueError, TypeError, KeyError):
        raise UsageError(
            f"{folder} is not empty, and what is in it was not generated",
            "Choose a folder that does not exist yet.",
        ) from None
    if differences:
        raise UsageError(
            f"{folder} holds another generated world: {', '.join(differences)}",
            "Give the options of that world, choose another folder, or remove this one.",
        )
    if missing := [part for part in _PARTS if not (folder / part).exists()]:
        raise UsageError(
            f"{folder} was generated, but {', '.join(missing)} has been removed from it",
            "Remove the folder and generate it again.",
        )
    return found


def _differences(found: dict[str, Any], identity: dict[str, Any]) -> list[str]:
    """Return in which options a world is another one."""
    theirs, ours = (_UNSAID | world["options"] for world in (found, identity))
    if found["generator"] != identity["generator"]:
        return ["another version of Sparkify made it"]
    return [f"{key} is {theirs[key]}, not {ours[key]}" for key in ours if theirs[key] != ours[key]]


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make a folder where there is none, and keep other processes from generating into it.

    Raises BusyError when another process holds it, UsageError when it is no folder, OSError when it
    cannot be made.
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
        except OSError:  # a file system without locks: nobody to be kept away there
            pass
        yield
    finally:
        os.close(handle)


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """Give a place to write the parts of a world; move them into the folder when all are there.

    What an earlier attempt has left is removed first. Raises OSError.
    """
    place = folder / _UNFINISHED
    if place.exists():
        for part in _PARTS:
            _remove(folder / part)
        _remove(place)
    place.mkdir()
    yield place
    for part in _PARTS:
        (place / part).rename(folder / part)
    place.rmdir()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
