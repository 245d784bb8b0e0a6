"""What is loaded and what is to do: pure decisions over lists of files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .source_file import SourceFile

SHOWN_FILES = 20
"""How many files of each group a plan names in its JSON."""


class LoadedVersion(NamedTuple):
    """One version of a file that was loaded: its fingerprint and how many records it had."""

    fingerprint: str
    records_read: int | None


Ledger = Mapping[str, list[LoadedVersion]]
"""uri -> the versions of it that were loaded, the oldest first."""


@dataclass
class Plan:
    """What a load has to do.

    new: files that the ledger does not know. changed: other versions of files that it knows.
    loaded: the uris of the files that are loaded already. ignored: names under the source that are
    no data.
    """

    new: list[SourceFile] = field(default_factory=list)
    changed: list[SourceFile] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    @property
    def skipped(self) -> int:
        """How many files are loaded already."""
        return len(self.loaded)

    @property
    def files(self) -> list[SourceFile]:
        """Every file to load, new and changed."""
        return self.new + self.changed

    @property
    def bytes(self) -> int:
        """The size of all files to load, in bytes."""
        return sum(file.size for file in self.files)

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
        }


def plan(
    files: Iterable[SourceFile],
    ledger: Ledger,
    *,
    verify: Callable[[SourceFile], SourceFile] | None = None,
) -> Plan:
    """Decide which files are new, changed, or loaded already.

    verify: if given, adds a hash of the content to a file's fingerprint, and then the content
    alone decides: a file that only looks the same is changed, one that only looks changed is not.
    """
    result = Plan()
    for file in files:
        versions = ledger.get(file.uri)
        if verify:
            file = verify(file)
        if not versions:
            result.new.append(file)
        elif _is_loaded(file.fingerprint, versions, _content if verify else _outside):
            result.loaded.append(file.uri)
        else:
            result.changed.append(file)
    return result


def _is_loaded(
    fingerprint: str, versions: Iterable[LoadedVersion], part: Callable[[str], str]
) -> bool:
    """Tell whether one of the versions of a file is the same in a part of its fingerprint."""
    for version in versions:
        if version.fingerprint == fingerprint:  # as nearly always, of nearly every file
            return True
    return any(part(version.fingerprint) == part(fingerprint) for version in versions)


def _outside(fingerprint: str) -> str:
    """Take the part of a fingerprint that is known without reading the file: size and mtime."""
    return "-".join(fingerprint.split("-")[:2])


def _content(fingerprint: str) -> str:
    """Take the part of a fingerprint that depends on the content alone: size and hash, if any."""
    size, _, rest = fingerprint.partition("-")
    _, _, digest = rest.partition("-")
    return f"{size}-{digest}" if digest else f"not hashed: {fingerprint}"
