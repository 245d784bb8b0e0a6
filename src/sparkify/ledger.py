"""What is loaded and what is to do: pure decisions over lists of files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .sources.files import Kind, SourceFile, SourceFiles

SHOWN_FILES = 20
"""How many files of each group a plan names in its JSON."""


class LoadedVersion(NamedTuple):
    """One version of a file that was loaded: its fingerprint and how many records it had."""

    fingerprint: str
    records_read: int | None


class Ledger(Mapping[str, list[LoadedVersion]]):
    """uri -> the versions of it that were loaded, the oldest first.

    Most files of a large ledger have one version and are never asked for, so that rows stay as
    they were read.
    """

    def __init__(self, rows: Iterable[Sequence[Any]] = (), *, migrates_from: int = 0) -> None:
        """Keep rows of (uri, fingerprint, records_read), the oldest version of a file first.

        migrates_from: the version of older tables, whose ledger the next load forgets; else 0.
        """
        self.migrates_from = migrates_from
        rows = list(rows)
        self._newest = {row[0]: row for row in rows}
        self._older: dict[str, list[Sequence[Any]]] = {}
        if len(self._newest) < len(rows):
            for row in rows:
                if self._newest[row[0]] is not row:
                    self._older.setdefault(row[0], []).append(row)

    def __getitem__(self, uri: str) -> list[LoadedVersion]:
        rows = (*self._older.get(uri, ()), self._newest[uri])
        return [LoadedVersion(fingerprint, records) for _, fingerprint, records in rows]

    def __contains__(self, uri: object) -> bool:
        return uri in self._newest

    def __iter__(self) -> Iterator[str]:
        return iter(self._newest)

    def __len__(self) -> int:
        return len(self._newest)

    def sift(
        self, uris: Sequence[str], fingerprints: Sequence[str]
    ) -> tuple[list[str], Sequence[int]]:
        """Tell files whose newest version was loaded, by uri, from all others, by position."""
        if not self._newest:
            return [], range(len(uris))
        loaded, others = [], []
        unknown = (None, None)
        for position, (uri, fingerprint) in enumerate(zip(uris, fingerprints, strict=True)):
            if self._newest.get(uri, unknown)[1] == fingerprint:
                loaded.append(uri)
            else:
                others.append(position)
        return loaded, others


@dataclass
class Plan:
    """What a load has to do.

    new: files that the ledger does not know. changed: other versions of files that it knows.
    loaded: the uris of the files that are loaded already. ignored: names under the source that are
    no data. migrates_from: the version of older tables that the load brings up to date first; 0
    where there are none.
    """

    new: Sequence[SourceFile] = field(default_factory=SourceFiles)
    changed: Sequence[SourceFile] = field(default_factory=SourceFiles)
    loaded: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    migrates_from: int = 0

    @property
    def skipped(self) -> int:
        """How many files are loaded already."""
        return len(self.loaded)

    @property
    def files(self) -> SourceFiles:
        """Every file to load, new and changed."""
        if not self.changed:
            return SourceFiles.of(self.new)
        files = SourceFiles(self.new)
        files.extend(self.changed)
        return files

    @property
    def kinds(self) -> set[Kind]:
        """The kinds of the files to load."""
        return self.files.kinds

    @property
    def bytes(self) -> int:
        """The size of all files to load, in bytes."""
        return sum(self.files.sizes)

    def as_json(self) -> dict[str, Any]:
        """Show the plan in JSON values, naming up to SHOWN_FILES files of each group."""
        return {
            "files": {
                "new": len(self.new),
                "changed": len(self.changed),
                "skipped": self.skipped,
                "ignored": len(self.ignored),
            },
            "bytes": self.bytes,
            "new": [file.uri for file in self.new[:SHOWN_FILES]],
            "changed": [file.uri for file in self.changed[:SHOWN_FILES]],
            "ignored": self.ignored[:SHOWN_FILES],
            "migrates_from": self.migrates_from or None,
        }


def plan(
    files: Iterable[SourceFile],
    ledger: Mapping[str, Sequence[LoadedVersion]],
    *,
    verify: Callable[[SourceFile], SourceFile] | None = None,
) -> Plan:
    """Decide which files are new, changed, or loaded already.

    verify: if given, adds a hash of the content to a file's fingerprint, and then the content
    alone decides: a file that only looks the same is changed, one that only looks changed is not.
    """
    if not ledger and verify is None:
        return Plan(SourceFiles.of(files))
    new, changed = SourceFiles(), SourceFiles()
    loaded = []
    for file in files:
        if verify:
            file = verify(file)
        if file.uri not in ledger:
            new.append(file)
        elif _is_loaded(file.fingerprint, ledger[file.uri], _content if verify else _outside):
            loaded.append(file.uri)
        else:
            changed.append(file)
    return Plan(new, changed, loaded)


def _is_loaded(
    fingerprint: str, versions: Iterable[LoadedVersion], part: Callable[[str], str]
) -> bool:
    """Tell whether one of the versions of a file is the same in a part of its fingerprint."""
    return any(part(version.fingerprint) == part(fingerprint) for version in versions)


def _outside(fingerprint: str) -> str:
    """Take the part of a fingerprint that is known without reading the file: size and mtime."""
    return "-".join(fingerprint.split("-")[:2])


def _content(fingerprint: str) -> str:
    """Take the part of a fingerprint that depends on the content alone: size and hash, if any."""
    size, _, rest = fingerprint.partition("-")
    _, _, digest = rest.partition("-")
    return f"{size}-{digest}" if digest else f"not hashed: {fingerprint}"
