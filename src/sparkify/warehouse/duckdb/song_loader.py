"""Load song files into new_songs: joined and read in bulk, odd ones by the strict path."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress

from ...sources.files import Numbered
from ...sources.join import SongPart, join_songs
from ...staging.split import no_log, song_records
from .connection import transaction
from .strict_path import DataErrors, StrictPath

_SAMPLED_SONGS = 1000


class _InDoubt(Exception):
    """The bulk path leaves records in doubt."""


class SongLoader(StrictPath):
    """Loads song files, most of which hold one record."""

    _sampled = 0

    def stage(
        self, files: Iterable[Numbered], contents: Iterator[bytes] | None, stop: threading.Event
    ) -> None:
        """Read files into new_songs; end early when `stop` is set.

        contents: of each file; without it they are opened at their paths.
        Raises SourceError when one cannot be read.
        """
        for part in join_songs(files, self._batch.number_key, contents):
            self._sample_unknown(part)
            if part.plain:
                self._stage_part(part)
            for one, data in part.odd:
                self._stage_strictly(one, data)
            self._done(part.plain_bytes)
            if stop.is_set():
                return
        self._read_spool()

    def _stage_part(self, part: SongPart) -> None:
        numbers, path = part.plain, self._batch.workspace / "songs.ndjson"
        try:
            with transaction(self._connection):
                path.write_bytes(part.data)
                self._read([str(path)])
                span = {"first": numbers[0], "last": numbers[-1]}
                [(found, doubt)] = self._rows("part_doubts_songs", span)
                if found != len(numbers) or doubt:
                    raise _InDoubt
        except (_InDoubt, *DataErrors):
            for number, line in zip(numbers, bytes(part.data).split(b"\n"), strict=False):
                self._stage_song(number, b"{" + line.partition(b",")[2])
        else:
            for number in numbers:
                self._batch.records_read[number] = 1

    def _stage_song(self, number: int, content: bytes) -> None:
        if why := no_log(lambda: [content], self._kind, self._judge):
            self._reject_file(number, why, content, len(content))
        else:
            self._keep(number, song_records([content], self._judge))

    def _sample_unknown(self, part: SongPart) -> None:
        """Count the unknown fields in the first songs of the load."""
        known = {field.key for field in self._fields} | {self._batch.number_key}
        more = min(_SAMPLED_SONGS - self._sampled, len(part.plain))
        self._sampled += more
        for line in part.data.split(b"\n", more)[:more]:
            with suppress(ValueError, RecursionError):
                self.unknown.update(json.loads(line).keys() - known)
