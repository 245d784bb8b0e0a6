"""The JSONPaths file: from which key of a log event each column is taken."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import SourceError
from .sources import in_s3
from .staging.rules import EVENT_FIELDS

if TYPE_CHECKING:
    from .config import Settings

_JSONPATH = re.compile(
    r"""\$(?:\.(?P<dot>\w+)|\[\s*(?P<quote>['"])(?P<key>[^'"]+)(?P=quote)\s*\])"""
)


def read_keys(settings: Settings) -> tuple[str, ...]:
    """Read the configured JSONPaths file, on this machine or in S3; see `read_jsonpaths`.

    Raises SettingsError when S3 does not let us in.
    """
    address = settings.log_jsonpath
    if not in_s3(address):
        return read_jsonpaths(address)
    from .util_s3 import S3

    return read_jsonpaths(address, S3(settings, settings.s3_region).read(address))


def read_jsonpaths(address: str, content: bytes | None = None) -> tuple[str, ...]:
    """Read which JSON key each column of staging_events is taken from.

    address: a JSONPaths file as COPY takes it; "" for the keys as Sparkify's app writes them.
    content: what it holds; without it the file is read.
    Returns the keys in the order of staging_events; "" where the file has no path for a column.
    The file may name its paths in any order: a path belongs to the column of its name.

    Raises SourceError when the file is missing or cannot be followed.
    """
    if not address:
        return tuple(field.key for field in EVENT_FIELDS)
    next_step = "Correct LOG_JSONPATH, or leave it empty for the app's own field names."
    try:
        if content is None:
            content = Path(address).expanduser().read_bytes()
        paths = json.loads(content.decode("utf-8-sig"))["jsonpaths"]
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
