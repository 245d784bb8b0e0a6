"""A world to practise on: logs and songs as Sparkify's S3 bucket has them, and the truth on them.

The listeners behave as those of Interana's eventsim did, from which the real logs come. The same
options give the same bytes, and a world of more days begins with the same files.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..progress import Progress, silent
from . import folder as folders
from . import songs
from .logs import LogFiles, write_jsonpaths
from .music import Music
from .options import Options
from .people import People
from .rhythm import EPOCH
from .sessions import Sessions
from .tally import Tally
from .truth import truth

__all__ = ["Options", "generate"]

_STEP = "writing the log files"


def generate(folder: Path, options: Options, progress: Progress = silent) -> dict[str, Any]:
    """Generate a world and return the truth on it, which is also written to `truth.json`.

    folder: gets song_data/A/?/?/TR*.json, log_data/YYYY/MM/YYYY-MM-DD-events.json (UTC days; none
        for a day without events), log_json_path.json and truth.json. A folder that holds this very
        world is left as it is; one in which an earlier attempt broke off is begun again.
    Returns {"options": ..., "tables": {table: rows}, "answers": {question: ...}}, see `truth`.
    Raises UsageError for a folder that holds anything else, or that cannot be written.
    """
    try:
        with folders.held(folder):
            known = folders.known_truth(folder, options.as_json())
            if known is not None:
                return known
            with folders.unfinished(folder) as place:
                return _write(place, options, progress)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror or error}",
            "Make room there, or choose another folder.",
        ) from error


def _write(place: Path, options: Options, progress: Progress) -> dict[str, Any]:
    music = Music(options)
    people = People(options)
    tally = Tally(music.recordings.lengths, people.size, (options.start - EPOCH).days, options.days)
    write_jsonpaths(place / folders.LOG_JSONPATHS)
    with songs.writing(place / folders.SONG_DATA, options, music) as song_files:
        logs = LogFiles(place / folders.LOG_DATA, music, people)
        for count, (hour, events) in enumerate(Sessions(options, music, people).hours(), 1):
            logs.append(hour, events)
            tally.add(hour, events)
            if count % 24 == 0:
                progress(_STEP, count // 24, options.days, "days")
        song_files.wait(progress)
    tally.finish()
    found = truth(options, music, people, tally)
    (place / folders.TRUTH).write_text(json.dumps(found, indent=1) + "\n", encoding="ascii")
    return found
