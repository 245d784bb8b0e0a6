"""Writing a world, alone or in two processes: both simulate all of it, each writes its share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ..progress import Progress, silent
from .folder import LOG_DATA, LOG_JSONPATHS, SONG_DATA, TRUTH
from .helper import helping
from .logs import LogFiles, write_jsonpaths
from .music import Music
from .options import Options
from .people import People
from .rhythm import DAY, EPOCH
from .sessions import BLOCK, Events, Sessions
from .songs import SongFiles
from .tally import Tally
from .truth import truth

_WORTH_TWO_PROCESSES = 100_000
_SONGS_AT_ONCE = 1_000


def write(folder: Path, options: Options, progress: Progress) -> dict[str, Any]:
    """Write a world into an empty folder and return the truth on it. Raises OSError."""
    (folder / LOG_DATA).mkdir()
    (folder / SONG_DATA).mkdir()
    write_jsonpaths(folder / LOG_JSONPATHS)
    if options.songs + options.first_users * options.days < _WORTH_TWO_PROCESSES:
        found = _write_share(folder, options, 0, 1, progress)
    else:
        with helping(_help, folder, options):
            found = _write_share(folder, options, 0, 2, progress)
    (folder / TRUTH).write_text(json.dumps(found, indent=1) + "\n", encoding="ascii")
    return found


def _help(folder: Path, options: Options) -> None:
    """Write the second share of two."""
    writer = _Writer(folder, options, 1, 2)
    for run in range(options.runs):
        for _ in writer.logs(run, silent):
            pass
    writer.songs(silent)


def _write_share(
    folder: Path, options: Options, share: int, shares: int, progress: Progress
) -> dict[str, Any]:
    """Write a share and count everything."""
    writer = _Writer(folder, options, share, shares)
    first_day = (options.start - EPOCH).days
    tally = Tally(
        writer.music.recordings.lengths, writer.people.server, first_day, options.all_days
    )
    for run in range(options.runs):
        for events in writer.logs(run, progress):
            tally.add(events)
        tally.end_sessions()
    writer.songs(progress)
    return truth(options, writer.music, writer.people, tally)


class _Writer:
    """Writes every `shares`-th day and song of a world, beginning with number `share`."""

    def __init__(self, folder: Path, options: Options, share: int, shares: int) -> None:
        self.music = Music(options)
        self.people = People(options)
        self._folder = folder
        self._options = options
        self._share = share
        self._shares = shares

    def logs(self, run: int, progress: Progress) -> Iterator[Events]:
        """Write the logs of this share and a run; yield all events, also of the other share."""
        files = LogFiles(self._folder / LOG_DATA, self.music, self.people)
        blocks = Sessions(self._options, self.music, self.people, run).blocks()
        days = self._options.days
        for day in range(days):
            for events in islice(blocks, DAY // BLOCK):
                if day % self._shares == self._share:
                    files.append(events)
                yield events
            progress(
                "writing the log files", run * days + day + 1, self._options.runs * days, "days"
            )

    def songs(self, progress: Progress) -> None:
        """Write the song files of this share."""
        files = SongFiles(self._folder / SONG_DATA, self.music.catalogue)
        total = self._options.songs
        numbers = range(self._share, total, self._shares)
        for first in range(0, len(numbers), _SONGS_AT_ONCE):
            some = numbers[first : first + _SONGS_AT_ONCE]
            files.write(some)
            progress("writing the song files", min(some[-1] + self._shares, total), total, "files")
