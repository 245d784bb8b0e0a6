"""What is loaded and what is to do: decisions over lists of files, without an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .sources.files import Kind, SourceFile, SourceFiles

SHOWN_FILES = 20
"""How many files of each group a plan names in its JSON."""


LoadedVersion = tuple[str, str, int | None]
"""One version of a file that was loaded: uri, fingerprint, and how many records it had."""


class Ledger(dict[str, tuple[LoadedVersion, ...]]):
    """uri -> the versions of it that were loaded, the oldest first.

    migrates_from: the version of older tables, whose ledger the next load forgets; else 0.
    """

    def __init__(self, rows: Iterable[LoadedVersion] = (), *, migrates_from: int = 0) -> None:
        """Take rows of (uri, fingerprint, records_read), the oldest version of a file first."""
        super().__init__()
        self.migrates_from = migrates_from
        for row in rows:  # kept as read: there may be a million
            version = (row,)
            if (versions := self.setdefault(row[0], version)) is not version:
                self[row[0]] = versions + version


@dataclass
class Plan:
    """What a load has to do.

    new: files that the ledger does not know. changed: other versions of files that it knows.
    loaded: the uris of the files that are loaded already. ignored: names under the source that are
    not data. migrates_from: the version of older tables that the load migrates first; 0 where there
    are none.
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

    @cached_property
    def files(self) -> SourceFiles:
        """Every file to load: the new ones, then the changed ones."""
        if isinstance(self.new, SourceFiles) and not self.changed:
            return self.new  # of a million files there need not be two lists
        files = SourceFiles(self.new)
        files.extend(self.changed)
        return files

    @property
    def kinds(self) -> set[Kind]:
        """The kinds of the files to load."""
        return set(self.files.kinds)

    def as_json(self) -> dict[str, Any]:
        """Return the plan in JSON values, with up to SHOWN_FILES names of each group."""
        return {
            "files": {
                "new": len(self.new),
                "changed": len(self.changed),
                "skipped": self.skipped,
                "ignored": len(self.ignored),
            },
            "bytes": self.files.bytes,
            "new": [file.uri for file in self.new[:SHOWN_FILES]],
            "changed": [file.uri for file in self.changed[:SHOWN_FILES]],
            "ignored": self.ignored[:SHOWN_FILES],
            "migrates_from": self.migrates_from or None,
        }


def plan(
    files: Sequence[SourceFile],
    ledger: Mapping[str, Sequence[LoadedVersion]],
    *,
    verify: Callable[[SourceFile], SourceFile] | None = None,
) -> Plan:
    """Decide which files are new, changed, or loaded already.

    verify: if given, adds a hash of the content to a file's fingerprint, and then the content
    alone decides: a file that only looks the same is changed, one that only looks changed is not.
    """
    if not ledger and verify is None:
        return Plan(files)
    new, changed = SourceFiles(), SourceFiles()
    loaded = []
    part = _content if verify else _outside
    for file in map(verify, files) if verify else files:
        versions = ledger.get(file.uri)
        if versions is None:
            new.append(file)
        elif versions[-1][1] == file.fingerprint or any(
            part(version[1]) == part(file.fingerprint) for version in versions
        ):
            loaded.append(file.uri)
        else:
            changed.append(file)
    return Plan(new, changed, loaded)


def _outside(fingerprint: str) -> str:
    """Return what of a fingerprint is known without reading the file: size and mtime."""
    return "-".join(fingerprint.split("-")[:2])


def _content(fingerprint: str) -> str:
    """Return what of a fingerprint depends on the content alone: size and hash, if any."""
    size, _, rest = fingerprint.partition("-")
    _, _, digest = rest.partition("-")
    return f"{size}-{digest}" if digest else f"not hashed: {fingerprint}"
