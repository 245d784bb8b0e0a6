"""Source files into new_events and new_songs: in bulk, and those in doubt record by record.

The bulk path lets DuckDB parse a group of files at once and marks doubtful records (`doubt`). It is
taken back for a file that DuckDB refuses or of which it marks a record; such a file is read once
more by the strict path: a typed decoder passes what is surely good, as bytes, into a spool that the
bulk path reads, and `staging.validate` judges the rest.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, get_args

import duckdb

from ... import processes
from ...progress import Progress
from ...sources.download import LOCAL, Fetch
from ...sources.files import Kind, NumberedFiles, SourceFile, SourceFiles, moved
from ...staging.conflicts import Ranked, reject_losers
from ...staging.rejects import RejectLog
from ...staging.rules import fields_of
from .. import StageReport
from .event_loader import EventLoader
from .reading import closing
from .record_loader import SQL
from .song_loader import SongLoader

_ALL_READ = -1
_KEYS: dict[Kind, tuple[str, ...]] = {
    "events": ("event_ms", "userid", "sessionid", "iteminsession"),
    "songs": ("song_id",),
}


class Stager:
    """Stages the files of one load.

    keys: the JSON key of each column of staging_events. workspace: a folder for files of its own.
    fetch: gives the files, from this machine or from S3. mend_text: whether text that was encoded
    twice is mended.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        keys: Sequence[str],
        workspace: Path,
        progress: Progress,
        fetch: Fetch = LOCAL,
        *,
        mend_text: bool = True,
    ) -> None:
        self._connection = connection
        self.fields = {kind: fields_of(kind, keys, mend_text=mend_text) for kind in get_args(Kind)}
        self._workspace = workspace
        self._progress = progress
        self._fetch = fetch
        self._files = SourceFiles()
        self.rejects = RejectLog(workspace / "rejects.ndjson")
        self.records_read: list[int] = []
        """How many records each file (by number) had."""
        self.unknown: Counter[str] = Counter()
        """How often each unknown field stood in the first records of each log file and in the
        first songs."""
        self.mended: Counter[Kind] = Counter()
        """How many records of each kind had text that was encoded twice."""
        self.notes: list[str] = []
        """What the user should know of files, in sentences."""
        self._bytes = 0
        self._bytes_done = 0
        self._songs: Future[None] = Future()
        self._song_bytes: SimpleQueue[int] = SimpleQueue()

    def stage(self, files: Sequence[SourceFile]) -> None:
        """Read every file into new_events or new_songs, each with its number, from 0.

        Raises SourceError when a file cannot be read or vanishes meanwhile.
        """
        self._files = files = SourceFiles.of(files)
        events = list(NumberedFiles(files, files.of_kind("events")))
        songs = NumberedFiles(files, files.of_kind("songs"))
        self.records_read = [0] * len(files)
        self._bytes = sum(files.sizes)
        with closing(self._connection.cursor()) as beside, ExitStack() as opened:
            number_key = f"source_file_{secrets.token_hex(8)}"
            shared = (number_key, self._workspace, self.rejects, self.records_read)
            event_loader = EventLoader(
                self._connection, "events", self.fields["events"], *shared, self._read
            )
            opened.callback(event_loader.close)
            song_loader = SongLoader(
                beside, "songs", self.fields["songs"], *shared, self._song_bytes.put
            )
            opened.callback(song_loader.close)
            with self._beside(song_loader, songs):
                for group in self._fetch.groups(events):
                    event_loader.stage(group)
            self.unknown = event_loader.unknown + song_loader.unknown
            self.notes = event_loader.notes + song_loader.notes
        for one in events:
            moved(one.file)  # raises where one vanished
        self.mended.update(dict(self._connection.execute(SQL["count_mended"].sql).fetchall()))
        self.rejects.flush()

    def report(self, files: Sequence[SourceFile]) -> StageReport:
        """Sum up what came out of reading these files."""
        report = StageReport(mended=self.mended, unknown=self.unknown, notes=self.notes)
        files = SourceFiles.of(files)
        for kind in files.kinds:
            report.read[kind] = sum(map(self.records_read.__getitem__, files.of_kind(kind)))
        for number, records in self.rejects.counts.items():
            report.rejected[files[number].kind] += records
            report.weights[files[number].kind] += self.rejects.weights[number]
        for number, first in self.rejects.firsts.items():
            report.first_rejects.setdefault(files[number].kind, f"{files[number].uri}, {first}")
        return report

    def reject_conflicts(self, kind: Kind, rows: Iterable[Sequence[Any]]) -> None:
        """Reject the records that lost their key.

        rows: what the conflicts query of a kind returned.
        Raises SourceError when a file no longer holds what was read from it.
        """
        ranked = [Ranked(tuple(row), source_file, outcome) for *row, source_file, outcome in rows]
        if ranked:
            numbered = NumberedFiles(self._files)
            fields = self.fields[kind]
            reject_losers(ranked, _KEYS[kind], fields, numbered, self.rejects, self._fetch)

    @contextmanager
    def _beside(self, loader: SongLoader, songs: NumberedFiles) -> Iterator[None]:
        """Read songs in a thread meanwhile: Python joins small files while DuckDB parses logs."""
        stop = threading.Event()
        contents = self._fetch.read_many(songs)
        with ThreadPoolExecutor(1, "songs") as thread:
            self._songs = thread.submit(loader.stage, songs, contents, stop)
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
