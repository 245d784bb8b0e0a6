"""A world to practise on: logs and songs as Sparkify's S3 bucket has them, and the truth on them.

The listeners behave as those of Interana's eventsim did, from which the real logs come. The same
options give the same bytes, and a world of more days begins with the same files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..progress import Progress, silent
from .folder import held, known_truth, unfinished
from .options import Options

__all__ = ["Options", "generate"]


def generate(folder: Path, options: Options, progress: Progress = silent) -> dict[str, Any]:
    """Generate a world and return the truth on it, which is also written to `truth.json`.

    folder: gets song_data/A/?/?/TR*.json, log_data/YYYY/MM/YYYY-MM-DD-events.json (UTC days; none
        for a day without events), log_json_path.json and truth.json. A folder that holds this very
        world is left as it is; one in which an earlier attempt broke off is begun again.
    Returns {"options": ..., "tables": {table: rows}, "answers": {question: ...}}, see `truth`.
    Raises UsageError for a folder that holds anything else, or that cannot be written.
    """
    try:
        with held(folder):
            known = known_truth(folder, options.identity())
            if known is not None:
                return known
            from . import world  # takes a while, and only here it is needed

            with unfinished(folder) as place:
                return world.write(place, options, progress)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror or error}",
            "Make room there, or choose another folder.",
        ) from error
