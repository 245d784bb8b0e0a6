"""A folder (or one file) as a list of source files."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from .errors import SettingsError, SourceError
from .staging.rules import EVENT_FIELDS, Kind

_ENDINGS = (".json", ".json.gz")
_JSONPATH = re.compile(
    r"""\$(?:\.(?P<dot>\w+)|\[\s*(?P<quote>['"])(?P<key>[^'"]+)(?P=quote)\s*\])"""
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One version of one file.

    uri: how the ledger knows it; a local file by its absolute real path.
    size: in bytes. fingerprint: what tells this version from another.
    path: where to open it (differs from uri where a file's name is no UTF-8).
    """

    kind: Kind
    uri: str
    size: int
    fingerprint: str
    path: str


@dataclass
class Listing:
    """What a source holds: the files to load, sorted by uri, and the names passed over."""

    files: list[SourceFile] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def list_folder(address: str, kind: Kind) -> Listing:
    """List the data files under a folder: `.json` and `.json.gz` at any depth.

    Hidden files and folders and other endings (an editor's leftovers) are passed over and named in
    `ignored`. Links are followed; a file that is reached twice is listed once.

    Raises SourceError when the folder is missing, unreadable, or holds no data file.
    """
    if address.startswith("s3://"):
        raise SettingsError(
            f"{address}: reading from S3 is not built yet",
            "Download the files (`aws s3 sync`) and give their folder.",
        )
    root = Path(address).expanduser()
    if not os.path.lexists(root):
        raise SourceError(
            f"there is no folder {address} to read {kind} from",
            f"Check {_SETTING[kind]} (`sparkify doctor` shows where it comes from), or make data "
            "with `sparkify generate data`.",
        )
    found: dict[str, SourceFile] = {}
    listing = Listing()
    try:
        if root.is_file():
            alone = os.path.realpath(root, strict=True)
            entries: Iterator[tuple[str, os.stat_result]] = iter([(alone, root.stat())])
        else:
            entries = _walk(os.path.realpath(root, strict=True), listing.ignored)
        for path, status in entries:
            uri = _uri(path)
            fingerprint = f"{status.st_size}-{status.st_mtime_ns}"
            found[uri] = SourceFile(kind, uri, status.st_size, fingerprint, path)
    except OSError as error:
        raise _unreadable(error) from None
    if not found:
        raise SourceError(
            f"{address} holds no .json file to read {kind} from; the warehouse stays as it is",
            f"Check {_SETTING[kind]}.",
        )
    listing.files = [found[uri] for uri in sorted(found)]
    listing.ignored.sort()
    return listing


_SETTING: dict[Kind, str] = {"events": "LOG_DATA", "songs": "SONG_DATA"}


def _uri(path: str) -> str:
    """Name a file in text that every database takes, even if its name is no UTF-8."""
    return path.encode("utf-8", errors="surrogateescape").decode("utf-8", "backslashreplace")


def _unreadable(error: OSError) -> SourceError:
    return SourceError(
        f"{_uri(str(error.filename))} cannot be read: {error.strerror}",
        "Make it readable, or move it out of the source folder; then load again.",
    )


def _walk(root: str, ignored: list[str]) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the real path and status of each data file below a real folder."""
    seen = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        if folder in seen:
            continue
        seen.add(folder)
        with os.scandir(folder) as entries:
            for entry in entries:
                path = entry.path
                if entry.name.startswith("."):
                    ignored.append(path)
                    continue
                status = entry.stat()
                if entry.is_symlink():
                    path = os.path.realpath(path, strict=True)
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(path)
                elif stat.S_ISREG(status.st_mode) and entry.name.endswith(_ENDINGS):
                    yield path, status
                else:
                    ignored.append(path)


def hashed(file: SourceFile) -> SourceFile:
    """Add a hash of the content to a file's fingerprint (`--verify`).

    Raises SourceError when it cannot be read.
    """
    try:
        with Path(file.path).open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(error) from None
    return replace(file, fingerprint=f"{file.fingerprint}-{digest}")


def read_jsonpaths(address: str) -> tuple[str, ...]:
    """Read which JSON key each column of staging_events is taken from.

    address: a JSONPaths file as COPY takes it; "" for the keys as Sparkify's app writes them.
    Returns the keys in the order of staging_events; "" where the file has no path for a column.
    The file may name its paths in any order: a path belongs to the column of its name.

    Raises SourceError when the file is missing or cannot be followed.
    """
    if not address:
        return tuple(field.key for field in EVENT_FIELDS)
    next_step = "Correct LOG_JSONPATH, or leave it empty for the app's own field names."
    try:
        text = Path(address).expanduser().read_text(encoding="utf-8-sig")
        paths = json.loads(text)["jsonpaths"]
    except OSError as error:
        raise SourceError(f"{address} cannot be read: {error.strerror}", next_step) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        paths = None
    if not isinstance(paths, list):
        raise SourceError(
            f'{address} is no JSONPaths file: it must be {{"jsonpaths": ["$[\'artist\']", ...]}}',
            next_step,
        )
    keys: dict[str, str] = {}
    columns = {field.column for field in EVENT_FIELDS}
    for path in paths:
        match = _JSONPATH.fullmatch(path) if isinstance(path, str) else None
        key = (match["dot"] or match["key"]) if match else ""
        if key.lower() not in columns:
            raise SourceError(
                f"{address}: {path!r} names no field of a log event; a path is the name of one of "
                f"{', '.join(field.key for field in EVENT_FIELDS)}, as in $['artist']",
                next_step,
            )
        if key.lower() in keys:
            raise SourceError(f"{address}: {path!r} names a field twice", next_step)
        keys[key.lower()] = key
    for required in EVENT_FIELDS:
        if required.required and required.column not in keys:
            raise SourceError(
                f"{address} has no path for '{required.key}', which every event must have",
                next_step,
            )
    return tuple(keys.get(field.column, "") for field in EVENT_FIELDS)
