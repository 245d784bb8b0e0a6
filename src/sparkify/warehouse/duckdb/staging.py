"""Source files into new_events and new_songs: the fast way where it is safe, else the careful one.

The fast way lets DuckDB parse a group of files at once and marks doubtful records (`doubt`). It is
taken back for a file that DuckDB refuses or that holds a record which breaks a rule; such a file is
cut into pieces, a piece that is refused again into parts, and a part that is refused, too, is read
line by line by `staging.validate`.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import duckdb

from ... import processes
from ...fetching import Fetch
from ...progress import Progress
from ...source_file import SourceFile, SourceFiles
from ...staging.reading import NumberedFiles
from ...staging.rejects import RejectLog
from ...staging.rules import fields_of
from .. import StageReport
from .event_lane import EventLane
from .lane import SQL
from .reading import closing
from .song_lane import SongLane

_ALL_READ = -1


class Stager:
    """Stages the files of one load.

    keys: the JSON key of each column of staging_events. workspace: a folder for files of its own.
    fetch: gives the files, from this machine or from S3.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        keys: Sequence[str],
        workspace: Path,
        progress: Progress,
        fetch: Fetch | None = None,
    ) -> None:
        self._connection = connection
        self._keys = keys
        self._workspace = workspace
        self._progress = progress
        self.fetch = fetch or Fetch(workspace)
        self.rejects = RejectLog(workspace / "rejects.ndjson")
        self.records_read: list[int] = []
        """How many records each file (by number) had."""
        self.unknown: Counter[str] = Counter()
        """How often each unknown field stood in the first records of each log file and in the
        first songs."""
        self._bytes = 0
        self._bytes_done = 0
        self._songs: Future[None] = Future()
        self._song_bytes: SimpleQueue[int] = SimpleQueue()

    def stage(self, files: Sequence[SourceFile]) -> None:
        """Read every file into new_events or new_songs, each with its number, from 0.

        Raises SourceError when a file cannot be read or vanishes meanwhile.
        """
        files = SourceFiles.of(files)
        events = list(NumberedFiles(files, files.of_kind("events")))
        songs = NumberedFiles(files, files.of_kind("songs"))
        self.records_read = [0] * len(files)
        self._bytes = sum(files.sizes)
        with closing(self._connection.cursor()) as beside:
            number_key = f"source_file_{secrets.token_hex(8)}"
            shared = (number_key, self._workspace, self.rejects, self.records_read)
            event_lane = EventLane(
                self._connection, "events", fields_of("events", self._keys), *shared, self._read
            )
            song_lane = SongLane(
                beside, "songs", fields_of("songs", self._keys), *shared, self._song_bytes.put
            )
            with self._beside(song_lane, songs):
                for group in self.fetch.groups(events):
                    event_lane.stage(group)
                    if again := self.fetch.moved_among(group):
                        event_lane.take_back(again)
                        event_lane.stage(again)
            self.unknown = event_lane.unknown + song_lane.unknown
        self.rejects.flush()

    def report(self, files: Sequence[SourceFile]) -> StageReport:
        """Sum up what came out of reading these files."""
        report = StageReport(unknown=self.unknown, notes=self.fetch.notes)
        files = SourceFiles.of(files)
        for kind in files.kinds:
            report.read[kind] = sum(map(self.records_read.__getitem__, files.of_kind(kind)))
        for number, records in self.rejects.counts.items():
            report.rejected[files[number].kind] += records
        return report

    @contextmanager
    def _beside(self, lane: SongLane, songs: NumberedFiles) -> Iterator[None]:
        """Read songs in a thread meanwhile: Python joins small files while DuckDB parses logs."""
        stop = threading.Event()
        contents = self.fetch.read_many(songs)
        with ThreadPoolExecutor(1, "songs") as thread:
            self._songs = thread.submit(lane.stage, songs, contents, stop)
            try:
                if self._has_one_thread():  # and perhaps no memory for both at a time
                    wait([self._songs])
                    processes.end()
                yield
                self._songs.add_done_callback(lambda _: self._song_bytes.put(_ALL_READ))
                for size in iter(self._song_bytes.get, _ALL_READ):
                    self._read(size)
            except BaseException:
                stop.set()
                raise
            self._songs.result()

    def _has_one_thread(self) -> bool:
        [(threads,)] = self._connection.execute(SQL["threads"].sql).fetchall()
        return bool(threads == 1)

    def _read(self, size: int) -> None:
        """Tell how far the reading is, from this thread; stop when the songs cannot be read."""
        self._bytes_done += size
        self._progress("reading", self._bytes_done, self._bytes, "bytes")
        if self._songs.done():
            self._songs.result()
