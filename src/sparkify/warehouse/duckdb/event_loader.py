"""Log files into new_events: in bulk, and those in doubt record by record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ... import processes
from ...sources.download import grouped
from ...sources.files import Numbered, moved
from ...staging.heads import head_of
from .reading import transaction
from .record_loader import SQL, DataErrors, RecordLoader

# What an error in a statement costs is bounded by how much one statement reads; how well the table
# is filled, by how few statements there are.
_GROUP_BYTES = 256 << 20
_GROUP_FILES = 200
_GLOB_CHARACTERS = re.compile(r"[*?\[\]{}]")
_NAMED_FILE = re.compile(r'in file "(?P<path>.+?)"[,:]', re.DOTALL)


class EventLoader(RecordLoader):
    """Loads log files."""

    def stage(self, files: Sequence[Numbered]) -> None:
        """Read files into new_events. Raises SourceError when one cannot be read."""
        doubtful: list[Numbered] = []
        bulk: list[Numbered] = []
        heads = processes.each(partial(head_of, fields=self._fields), [one.file for one in files])
        for one, head in zip(files, heads, strict=True):
            self.unknown.update(head.unknown)
            in_doubt = head.doubtful or not _is_plain_path(one.file.path)
            (doubtful if in_doubt else bulk).append(one)
        for group in grouped(bulk, _GROUP_BYTES, _GROUP_FILES):
            doubtful += self._stage_group(group)
        for one in doubtful:
            self._stage_strictly(one)
            self._done(one.file.size)
        self._read_spool()

    def _stage_group(self, group: list[Numbered]) -> list[Numbered]:
        """Stage files in bulk; return those in doubt, of which nothing is staged."""
        refused: list[Numbered] = []
        while group:
            try:
                doubtful = self._read_group(group)
            except DataErrors as error:
                named = _NAMED_FILE.search(str(error))
                broken = [one for one in group if named and one.file.path == named["path"]]
                if len(refused) > 1 or not broken:  # rather than to begin again and again
                    return refused + group
                refused += broken
                group = [one for one in group if one not in broken]
            else:
                self._done(sum(one.file.size for one in group if one not in doubtful))
                return refused + doubtful
        return refused

    def _read_group(self, group: Sequence[Numbered]) -> list[Numbered]:
        """Let DuckDB read some files; return those in doubt, taken back."""
        numbers = [one.number for one in group]
        with transaction(self._connection):
            self._read_events([one.file.path for one in group], numbers)
            doubts = self._rows("file_doubts_events", {"source_files": numbers})
            in_doubt = [number for number, _, doubtful in doubts if doubtful]
            in_doubt += [one.number for one in group if moved(one.file)]
            if in_doubt:
                self._rows("delete_file_events", {"source_files": in_doubt})
            for number, records, _ in doubts:
                self._records_read[number] = 0 if number in in_doubt else records
        return [one for one in group if one.number in in_doubt]

    def _read_numbered(self, path: Path) -> None:
        self._read_events([str(path)], [0])

    def _read_events(self, paths: Sequence[str], numbers: Sequence[int]) -> None:
        parameters = {
            "files": paths,
            "columns": self._columns(),
            "source_files": numbers,
            "mend_text": self._mend_text,
        }
        self._connection.execute(SQL["read_events"].sql, parameters)


def _is_plain_path(path: str) -> bool:
    """Return whether DuckDB takes a path as it is: no pattern, and a name in UTF-8."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return not _GLOB_CHARACTERS.search(path)
