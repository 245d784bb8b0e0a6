"""Generated logs and songs to practise on, like those in Sparkify's bucket, with expected results.

The listeners behave as those of Interana's eventsim did, from which the real logs come. The same
options give the same bytes, and the files of more days begin with the files of fewer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..progress import Progress, silent
from .folder import known_results, locked, unfinished
from .options import Options

__all__ = ["Options", "generate"]


def generate(folder: Path, options: Options, progress: Progress = silent) -> dict[str, Any]:
    """Generate logs and songs; return the expected results, also written to `truth.json`.

    folder: gets song_data/A/?/?/TR*.json, log_data/YYYY/MM/YYYY-MM-DD-events.json (UTC days; none
        for a day without events), log_json_path.json and truth.json. Where it has been generated
        with the same options, it is left as it is; after an interruption it is generated again.
    Returns {"options": ..., "tables": {table: rows}, "answers": {question: ...}}, see
        `expected_results`.
    Raises UsageError for a folder that holds anything else or is not writable, and BusyError where
        another process generates into it.
    """
    try:
        with locked(folder):
            known = known_results(folder, options.identity())
            if known is not None:
                return known
            from .writer import write  # loads numpy

            with unfinished(folder) as place:
                return write(place, options, progress)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror or error}",
            "Make room there, or choose another folder.",
        ) from error
