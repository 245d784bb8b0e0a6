"""Log files into new_events: the fast way where it is safe, else the careful one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from ... import processes
from ...fetching import grouped
from ...staging import reading
from ...staging.reading import Numbered, Piece
from ...staging.validate import Rejection
from .lane import BREAKS_A_RULE, SQL, DataErrors, Lane, Refused

# What an error in a statement costs is bounded by how much one statement reads; how well the table
# is filled, by how few statements there are.
_GROUP_BYTES = 512 << 20
_GROUP_FILES = 200
_SMALL_PIECE_BYTES = 64 << 10
# Of a piece that DuckDB refuses, Python judges only what is refused again: a record costs it ten
# times as much.
_PART_BYTES = 2 << 20
_GLOB_CHARACTERS = re.compile(r"[*?\[\]{}]")
_NAMED_FILE = re.compile(r'in file "(?P<path>.+?)"[,:]', re.DOTALL)


class EventLane(Lane):
    """The way of log files, each a record a line."""

    def stage(self, files: Sequence[Numbered]) -> None:
        """Read files into new_events. Raises SourceError when one cannot be read."""
        careful: list[Numbered] = []
        loose: list[Numbered] = []
        fast: list[Numbered] = []
        look = partial(reading.head_of, fields=self._fields)
        heads = processes.each(look, [one.file for one in files])
        for one, (strict, unknown) in zip(files, heads, strict=True):
            self.unknown.update(unknown)
            if not strict:
                loose.append(one)
            elif _is_plain_path(one.file.path):
                fast.append(one)
            else:
                careful.append(one)
        for group in grouped(fast, _GROUP_BYTES, _GROUP_FILES):
            careful += self._stage_group(group)
        for one in careful:
            self._stage_carefully(one)
        for one in loose:
            self._stage_carefully(one, trusted_from=reading.HEAD_RECORDS + 1)
        self._read_kept()

    def take_back(self, files: Sequence[Numbered]) -> None:
        """Forget files that were staged, and are to be staged again."""
        numbers = [one.number for one in files]
        self._rows("delete_file_events", {"source_files": numbers})
        self._rejects.forget(numbers)
        for one in files:
            self._records_read[one.number] = 0
            self._done(-one.file.size)

    def _stage_group(self, group: list[Numbered]) -> list[Numbered]:
        """Stage files the fast way; return those that it is not safe for."""
        refused: list[Numbered] = []
        attempts = 0
        while group:
            attempts += 1
            try:
                doubtful = self._read_group(group)
            except DataErrors as error:
                named = _NAMED_FILE.search(str(error))
                broken = [one for one in group if named and one.file.path == named["path"]]
                if len(group) == 1 or not broken or attempts > 2:
                    return refused + self._stage_one_by_one(group)
                refused += broken
                group = [one for one in group if one not in broken]
            else:
                self._done(sum(one.file.size for one in group if one not in doubtful))
                return refused + doubtful
        return refused

    def _stage_one_by_one(self, group: Iterable[Numbered]) -> list[Numbered]:
        refused = []
        for one in group:
            try:
                doubtful = self._read_group([one])
            except DataErrors:
                doubtful = [one]
            refused += doubtful
            if not doubtful:
                self._done(one.file.size)
        return refused

    def _read_group(self, group: Sequence[Numbered]) -> list[Numbered]:
        """Let DuckDB read some files; return those with records that break a rule, taken back."""
        numbers = [one.number for one in group]
        with self._transaction():
            self._read_events([one.file.path for one in group], numbers, judge_texts=False)
            worst = {}
            files = {"source_files": numbers, "judge_texts": True}
            for number, records, doubt in self._rows("file_doubts_events", files):
                worst[number] = doubt
                self._records_read[number] = records
            doubtful = [one for one in group if worst.get(one.number, 0) == BREAKS_A_RULE]
            doubtful += [
                one
                for one in group
                if worst.get(one.number) == 1 and self._has_no_strings(one.file.path)
            ]
            if doubtful:
                taken_back = [one.number for one in doubtful]
                self._rows("delete_file_events", {"source_files": taken_back})
                for number in taken_back:
                    self._records_read[number] = 0
        return doubtful

    def _stage_carefully(self, one: Numbered, trusted_from: int = 1) -> None:
        """Stage a file in pieces. trusted_from: the first line that DuckDB may read."""
        for piece in reading.pieces(one.file):
            if piece.first_line == 1 and reading.is_no_text(piece.data):
                self._reject(
                    one.number, 1, Rejection("encoding", "the file is no text"), piece.data
                )
                break
            if piece.first_line < trusted_from:
                self._keep(one.number, reading.lines(piece))
            elif not self._has_read(one, piece):
                for part in reading.parts(piece, _PART_BYTES):
                    if len(part.data) == len(piece.data) or not self._has_read(one, part):
                        self._keep(one.number, reading.lines(part))
            if piece.damage:
                self._reject(one.number, piece.next_line, Rejection("encoding", piece.damage), b"")
        self._done(one.file.size)

    def _has_read(self, one: Numbered, piece: Piece) -> bool:
        """Let DuckDB read a piece; return whether it did, for it may be refused, or too small."""
        if len(piece.data) < _SMALL_PIECE_BYTES:
            return False
        try:
            self._read_piece(one, piece)
        except (Refused, *DataErrors):
            return False
        return True

    def _read_piece(self, one: Numbered, piece: Piece) -> None:
        """Let DuckDB read a piece. Raises Refused, or a data error, and takes it back."""
        self._read_kept()  # so that the table holds all earlier records of the file, too
        path = self._write(piece.data)
        with self._transaction():
            # Texts are judged at once: the table holds those of earlier pieces, too.
            self._read_events([str(path)], [one.number], judge_texts=True)
            files = {"source_files": [one.number], "judge_texts": False}
            for _, records, doubt in self._rows("file_doubts_events", files):
                if doubt == BREAKS_A_RULE or (doubt == 1 and self._has_no_strings(str(path))):
                    raise Refused
                rejected = self._rejects.counts[one.number]
                self._records_read[one.number] = records + rejected

    def _read_accepted(self, path: Path) -> None:
        self._read_events([str(path)], [0], judge_texts=False)

    def _read_events(
        self, paths: Sequence[str], numbers: Sequence[int], *, judge_texts: bool
    ) -> None:
        parameters = {
            "files": paths,
            "columns": self._columns(),
            "source_files": numbers,
            "judge_texts": judge_texts,
        }
        self._connection.execute(SQL["read_events"].sql, parameters)

    def _has_no_strings(self, path: str) -> bool:
        columns = dict.fromkeys(self._columns(), "JSON")
        [(records,)] = self._rows("text_kinds_events", {"files": [path], "columns": columns})
        return bool(records)


def _is_plain_path(path: str) -> bool:
    """Whether DuckDB takes a path as it is: no pattern, and a name in UTF-8."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return not _GLOB_CHARACTERS.search(path)
