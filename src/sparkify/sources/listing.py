"""List source files: of a folder, of a prefix in S3, or one file."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from .. import processes
from ..errors import SourceError
from .files import Kind, SourceFile, SourceFiles, in_s3, mark, unreadable

if TYPE_CHECKING:
    from ..config import Settings
    from ..util_s3 import S3Object

_SETTING: dict[Kind, str] = {"events": "LOG_DATA", "songs": "SONG_DATA"}
_ENDINGS = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")
_DENIED = (errno.EACCES, errno.EPERM)
_LEADS_NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
_SHOWN_NAMES = 5
_SHARES = 64
_NO_ETAG = "no_etag_"
_PLAIN_ETAG = re.compile(r"[0-9A-Za-z]+(-[0-9A-Za-z]+)?")


@dataclass
class Listing:
    """What sources hold.

    files: the data files, sorted by kind and uri. ignored: the names that were passed over, sorted.
    unread: those of them that lead nowhere or in a circle, may not be read, or are not files.
    """

    files: SourceFiles = field(default_factory=SourceFiles)
    ignored: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def extend(self, more: Listing) -> None:
        """Add what was listed elsewhere."""
        self.files.extend(more.files)
        self.ignored += more.ignored
        self.unread += more.unread


def list_sources(settings: Settings) -> Listing:
    """List the configured sources of both kinds; see `list_source`."""
    listing = list_source(settings, "events")
    listing.extend(list_source(settings, "songs"))
    return listing


def list_source(settings: Settings, kind: Kind) -> Listing:
    """List the data files of the configured source of a kind, in a folder or in S3.

    Raises SourceError when it is missing, unreadable, or holds no data file; SettingsError when S3
    denies access.
    """
    address = {"events": settings.log_data, "songs": settings.song_data}[kind]
    if in_s3(address):
        from ..util_s3 import S3

        listing = list_objects(S3(settings, settings.s3_region).list(address), address, kind)
    else:
        listing = list_folder(address, kind)
    if not listing.files:
        others = f"; passed over: {some(listing.ignored)}" if listing.ignored else ""
        raise SourceError(
            f"{address} holds no .json file (nor .jsonl or .ndjson, nor one packed as .gz) to read "
            f"{kind} from{others}; the warehouse stays as it is",
            f"Check {_SETTING[kind]}.",
        )
    return listing


def list_folder(address: str, kind: Kind) -> Listing:
    """List the data files under a folder, at any depth: `.json`, `.jsonl`, `.ndjson`, also `.gz`.

    Passed over, and named in `ignored`: other endings, hidden names (see `is_hidden`), links that
    lead nowhere or in a circle, folders that may not be read, pipes, sockets and devices. Links are
    followed otherwise; a file that is reached twice is listed once.

    Raises SourceError when the folder is missing or unreadable.
    """
    root = Path(address).expanduser()
    if not os.path.lexists(root):
        raise SourceError(
            f"there is no folder {address} to read {kind} from",
            f"Check {_SETTING[kind]} (`sparkify doctor` shows where it comes from), or make data "
            "with `sparkify generate data`.",
        )
    try:
        if root.is_file():
            path = os.path.realpath(root, strict=True)
            listing = Listing(SourceFiles([_file(kind, path, path, root.stat())]))
        elif root.exists() and not root.is_dir():
            raise SourceError(
                f"{address} is a pipe, a socket or a device: it cannot be read twice",
                "Write what it gives into a file, and give that.",
            )
        else:
            path = os.path.realpath(root, strict=True)
            os.scandir(path).close()  # an error here, where another folder would be passed over
            listing, waiting = _walk([path], kind, processes.MANY_FILES)
            if waiting:
                processes.start()
                size = -(-len(waiting) // _SHARES)
                shares = [waiting[n : n + size] for n in range(0, len(waiting), size)]
                for _, (part, _) in processes.each(partial(_walk, kind=kind), shares):
                    listing.extend(part)
    except OSError as error:
        raise unreadable(_uri(str(error.filename)), error) from None
    listing.files = listing.files.sorted()
    listing.unread = sorted({_uri(path) for path in listing.unread})
    listing.ignored = sorted({*map(_uri, listing.ignored), *listing.unread})
    return listing


def some(names: Sequence[str]) -> str:
    """Return the first few names, and how many more there are, as text."""
    more = len(names) - _SHOWN_NAMES
    return ", ".join(names[:_SHOWN_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _file(kind: Kind, path: str, real_path: str, status: os.stat_result) -> SourceFile:
    """Return a local file; a link is opened at its own path, whose ending says how."""
    has_ending = real_path.endswith(path[path.rfind(".") :])
    opened_at = real_path if has_ending else path
    return SourceFile(kind, _uri(real_path), status.st_size, mark(status), opened_at)


def _uri(path: str) -> str:
    """Return a path as text that every database takes, even if it is not UTF-8."""
    if path.isascii():
        return path
    return path.encode("utf-8", errors="surrogateescape").decode("utf-8", "backslashreplace")


def _walk(folders: list[str], kind: Kind, most: int | None = None) -> tuple[Listing, list[str]]:
    """List the data files below some real folders, in the order of their names where possible.

    most: stop after so many files. Returns the folders that were not looked into, too.
    """
    listing = Listing()
    waiting = folders[::-1]
    done = set()
    while waiting and (most is None or len(listing.files) < most):
        folder = waiting.pop()
        if folder in done:
            continue
        done.add(folder)
        try:
            with os.scandir(folder) as entries:
                inside = sorted(entries, key=attrgetter("name"))
        except OSError as error:
            _pass_over(folder, error, listing.unread)
            continue
        below = []
        for entry in inside:
            name, path = entry.name, entry.path
            if name[0] in "._" and is_hidden(name):
                listing.ignored.append(path)
                continue
            is_data = name.endswith(_ENDINGS)
            try:
                status = entry.stat()
                real_path = os.path.realpath(path, strict=True) if entry.is_symlink() else path
            except OSError as error:
                _pass_over(path, error, listing.unread, is_data=is_data)
                continue
            if is_data and stat.S_ISREG(status.st_mode):
                listing.files.append(_file(kind, path, real_path, status))
            elif stat.S_ISREG(status.st_mode):
                listing.ignored.append(real_path)
            elif stat.S_ISDIR(status.st_mode) and not f"{folder}/".startswith(f"{real_path}/"):
                below.append(real_path)
            else:  # a circle, or no file
                listing.unread.append(path)
        waiting += reversed(below)
    return listing, waiting[::-1]


def _pass_over(path: str, error: OSError, unread: list[str], *, is_data: bool = False) -> None:
    """Add a name that leads nowhere or is denied to `unread`; raise any other error again.

    is_data: whether it is the name of a data file, which must not be denied.
    """
    if error.errno not in _LEADS_NOWHERE and (is_data or error.errno not in _DENIED):
        raise error
    unread.append(path)


def is_hidden(name: str) -> bool:
    """Return whether a name is passed over: `.x`, and `_x`, by which Spark marks what is not data.

    `_x=1` is a partition. `.` and `..` hide nothing: in S3 they are ordinary names.
    """
    if name.startswith("_"):
        return "=" not in name
    return name.startswith(".") and name not in (".", "..")


def list_objects(objects: Iterable[S3Object], address: str, kind: Kind) -> Listing:
    """List the data files among the objects at an address, by the rules of `list_folder`."""
    root = f"{address.removesuffix('/')}/"
    ignored: set[str] = set()
    files = SourceFiles()
    for one in objects:
        address = one.address
        uri = address.replace("\0", "\\x00")  # as text that every database takes
        if passed := passed_over(uri, root):
            ignored.add(passed)
        else:
            files.append(SourceFile(kind, uri, one.size, _fingerprint(one), address))
    return Listing(files.sorted(), sorted(ignored))


def passed_over(address: str, root: str) -> str:
    """Return what is passed over where an object is no data file: it, or a hidden folder; else "".

    root: the address that was listed, with a slash at its end.
    """
    if not address.startswith(root):  # the one object that the address means
        return ""
    names = address.removeprefix(root).split("/")
    for depth, name in enumerate(names, start=1):
        if is_hidden(name):
            return root + "/".join(names[:depth])
    return "" if names[-1].endswith(_ENDINGS) else address


def _fingerprint(one: S3Object) -> str:
    """Return the fingerprint of an object: its ETag, as it is where it is `abc` or `abc-2`."""
    if not one.etag:
        return f"{_NO_ETAG}{one.size}-{one.modified.timestamp() if one.modified else 0:.0f}"
    return one.etag if _PLAIN_ETAG.fullmatch(one.etag) else quote(one.etag, "").replace("-", "%2D")


def etag(file: SourceFile) -> str:
    """Return the ETag of a file in S3, without quotes; "" when the server gave none."""
    return "" if file.fingerprint.startswith(_NO_ETAG) else unquote(file.fingerprint)
