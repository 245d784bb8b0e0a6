"""Inspect sources: how much is there, since when, and the first records as they are."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import SourceError
from ..progress import Progress, silent
from .files import in_s3, opened
from .listing import is_hidden, list_folder, passed_over

if TYPE_CHECKING:
    from ..config import Settings
    from ..util_s3 import S3Object

RECORDS = 3
"""How many records of a source are shown."""
_HEAD_BYTES = 64 << 10
_RECORD_CHARACTERS = 4_000
_TOLD_EVERY = 1_000


class Sized(NamedTuple):
    """A file and its size in bytes."""

    uri: str
    bytes: int

    def as_json(self) -> dict[str, Any]:
        """Return it in JSON values."""
        return self._asdict()


@dataclass
class Inspected:
    """What is at one address.

    files, bytes: of the data files alone. passed_over: how many others, by ending.
    oldest, newest: when data files were written, in UTC. records: the first of the first file (or
    files), each as it stands, without the line break; a long one only begins.
    """

    source: str
    files: int = 0
    bytes: int = 0
    smallest: Sized | None = None
    largest: Sized | None = None
    oldest: datetime | None = None
    newest: datetime | None = None
    passed_over: Counter[str] = field(default_factory=Counter)
    records: list[str] = field(default_factory=list)

    def add(self, uri: str, size: int, modified: datetime | None) -> None:
        """Count a data file."""
        self.files += 1
        self.bytes += size
        if self.smallest is None or size < self.smallest.bytes:
            self.smallest = Sized(uri, size)
        if self.largest is None or size > self.largest.bytes:
            self.largest = Sized(uri, size)
        if modified:
            self.oldest = min(self.oldest or modified, modified)
            self.newest = max(self.newest or modified, modified)


def inspect(
    settings: Settings, addresses: Sequence[str] = (), progress: Progress = silent
) -> list[Inspected]:
    """Return what is at folders and s3:// addresses; nothing is loaded or changed.

    addresses: without any, LOG_DATA and SONG_DATA of the settings.
    Raises SourceError when there is nothing at an address, or it cannot be read; SettingsError
    when S3 denies access.
    """
    for address in addresses:
        if not in_s3(address) and not _exists(address):
            raise SourceError(
                f"there is no folder or file {address}",
                "Check the name; a relative one starts at the current folder.",
            )
    chosen = addresses or (settings.log_data, settings.song_data)
    return [
        _prefix(settings, address, progress) if in_s3(address) else _folder(address)
        for address in chosen
    ]


def _exists(address: str) -> bool:
    try:
        return Path(address).expanduser().exists()
    except RuntimeError:  # there is no such user, or no home
        return False


def _folder(address: str) -> Inspected:
    result = Inspected(address)
    listing = list_folder(address, "events")
    files = listing.files
    for file in files:
        nanoseconds = int(file.fingerprint.partition("-")[2])
        result.add(file.uri, file.size, datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC))
    others = set(listing.ignored).difference(listing.unread)
    result.passed_over.update(_ending(Path(name).name) for name in others)
    result.passed_over += Counter(unreadable=len(listing.unread))
    for file in files[:RECORDS]:
        with opened(file) as stream:
            head = stream.read(_HEAD_BYTES)
        result.records += _records(head, file.path, whole=len(head) == file.size)
    del result.records[RECORDS:]
    return result


def _prefix(settings: Settings, address: str, progress: Progress) -> Inspected:
    """Inspect a prefix in S3; only the first objects are kept in memory."""
    from ..util_s3 import S3

    s3 = S3(settings, settings.s3_region)
    result = Inspected(address)
    root = f"{address.removesuffix('/')}/"
    first: list[S3Object] = []
    seen = 0
    for seen, one in enumerate(s3.list(address), start=1):
        if passed_over(one.address, root):
            result.passed_over[_ending(one.address, root)] += 1
            continue
        result.add(one.address, one.size, one.modified)
        if len(first) < RECORDS:
            first.append(one)
        if seen % _TOLD_EVERY == 0:
            progress(f"listing {address}", seen, None, "objects")
    if not seen:
        raise SourceError(
            f"there is nothing at {address}",
            "Check the address; a prefix ends where a folder's name ends.",
        )
    for one in first:
        head = s3.read_head(one, _HEAD_BYTES)
        result.records += _records(head, one.key, whole=len(head) == one.size)
    del result.records[RECORDS:]
    return result


def _ending(name: str, root: str = "/") -> str:
    """Return what kind of name was passed over: its suffix, or `hidden`, `folder`, `none`."""
    names = name.removeprefix(root).split("/")
    if any(map(is_hidden, names)):
        return "hidden"
    return Path(names[-1]).suffix or "none" if names[-1] else "folder"


def _records(head: bytes, path: str, *, whole: bool) -> list[str]:
    """Return the first records of a file.

    head: how it begins. whole: whether that is all of it. A record is a line, or, over several
    lines, the whole file; bytes that are not text are escaped.
    """
    if path.endswith(".gz"):
        try:
            unpacking = zlib.decompressobj(wbits=31)
            head = unpacking.decompress(head, _HEAD_BYTES)
            whole = whole and unpacking.eof
        except zlib.error:
            whole = False  # shown as it is
    lines = [line for line in head.splitlines() if line.strip()]
    if whole and len(lines) > 1 and _is_json(head) and not _is_json(lines[0]):
        lines = [b" ".join(lines)]
    texts = [line.decode("utf-8", "backslashreplace") for line in lines[:RECORDS]]
    return [text[:_RECORD_CHARACTERS] for text in texts]


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
