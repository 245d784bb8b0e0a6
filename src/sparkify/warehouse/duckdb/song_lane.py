"""Song files into new_songs: many small ones joined for the fast way, odd ones the careful way."""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

from ...staging import reading
from ...staging.joining import SongPart, join_songs
from ...staging.reading import Numbered, NumberedFiles
from ...staging.validate import Rejection
from .lane import SQL, DataErrors, Lane, Refused

_SAMPLED_SONGS = 1000


class SongLane(Lane):
    """The way of song files, each of one record."""

    _sampled = 0

    def stage(
        self, files: NumberedFiles, contents: Iterator[bytes] | None, stop: threading.Event
    ) -> None:
        """Read files into new_songs; end early when `stop` is set.

        contents: what is in each file; without it they are opened at their paths.
        Raises SourceError when one cannot be read.
        """
        for part in join_songs(files, self._number_key, contents):
            self._sample_unknown(part)
            if part.plain:
                self._stage_part(part)
            for one, data in part.odd:
                self._stage_odd_song(one, data)
                self._done(one.file.size)
            self._done(part.plain_bytes)
            if stop.is_set():
                return
        self._read_kept()

    def _stage_part(self, part: SongPart) -> None:
        numbers = part.plain
        try:
            with self._transaction():
                self._read_accepted(self._write(part.data))
                span = {"first": numbers[0], "last": numbers[-1]}
                [(found, doubt)] = self._rows("part_doubts_songs", span)
                if found != len(numbers) or doubt:
                    raise Refused
        except (Refused, *DataErrors):
            for number, line in zip(numbers, bytes(part.data).splitlines(), strict=True):
                self._keep(number, [(1, b"{" + line.partition(b",")[2])])
        else:
            for number in numbers:
                self._records_read[number] = 1

    def _stage_odd_song(self, one: Numbered, data: bytes) -> None:
        if one.file.path.endswith(".gz"):
            try:
                data = gzip.decompress(data)
            except (EOFError, OSError, zlib.error) as error:
                self._reject(one.number, 1, Rejection("encoding", f"damaged gzip: {error}"), data)
                return
        if reading.is_no_text(data):
            self._reject(one.number, 1, Rejection("encoding", "the file is no text"), data)
            return
        self._keep(one.number, reading.song_records(data))

    def _read_accepted(self, path: Path) -> None:
        parameters = {"files": [str(path)], "columns": self._columns()}
        self._connection.execute(SQL["read_songs"].sql, parameters)

    def _sample_unknown(self, part: SongPart) -> None:
        """Look at the first songs of the load."""
        known = {field.key for field in self._fields} | {self._number_key}
        more = min(_SAMPLED_SONGS - self._sampled, len(part.plain))
        self._sampled += more
        for line in part.data.split(b"\n", more)[:more]:
            try:
                self.unknown.update(json.loads(line).keys() - known)
            except (ValueError, RecursionError):
                continue
