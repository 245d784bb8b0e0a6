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

_UNFINISHED = ".unfinished"


def known_truth(folder: Path, options: dict[str, Any]) -> dict[str, Any] | None:
    """Read the truth of a folder that holds this very world; None where it is yet to be generated.

    Raises UsageError for a folder that holds anything else.
    """
    if not folder.exists() or (folder / _UNFINISHED).is_dir():
        return None
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "Choose another one.")
    if not any(folder.iterdir()):
        return None
    try:
        truth: Any = json.loads((folder / TRUTH).read_bytes())
        found = truth["options"]
    except (OSError, ValueError, TypeError, KeyError):
        raise UsageError(
            f"{folder} is not empty, and what is in it was not generated",
            "Choose a folder that does not exist yet.",
        ) from None
    if found != options:
        changed = [f"{key} {found.get(key)}" for key in options if found.get(key) != options[key]]
        raise UsageError(
            f"{folder} holds another generated world: its options are {', '.join(changed)}",
            "Choose another folder, give these options, or remove the folder.",
        )
    if missing := [part for part in _PARTS if not (folder / part).exists()]:
        raise UsageError(
            f"{folder} was generated, but {', '.join(missing)} has been removed since",
            "Remove the folder and generate it again.",
        )
    assert isinstance(truth, dict)
    return truth


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make a folder where there is none, and keep other processes from generating into it.

    Raises BusyError when another process holds it, OSError when it cannot be made.
    """
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
