"""The JSONPaths file: the key of a log event that each column is taken from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SourceError
from .files import in_s3

if TYPE_CHECKING:
    from ..config import Settings

_JSONPATH = re.compile(
    r"""\$(?:\.(?P<dot>\w+)|\[\s*(?P<quote>['"])(?P<key>[^'"]+)(?P=quote)\s*\])"""
)


def read_keys(settings: Settings, fields: Mapping[str, bool]) -> tuple[str, ...]:
    """Return the key for each field, in their order; "" where the file has no path for it.

    LOG_JSONPATH is a JSONPaths file as COPY takes it, its paths in any order; "" for the fields'
    own keys. fields: the app's key of each field, and whether every event must have it.
    Raises SourceError when the file is missing or invalid, SettingsError when S3 denies access.
    """
    address = settings.log_jsonpath
    if not address:
        return tuple(fields)
    next_step = "Correct LOG_JSONPATH, or leave it empty for the app's own field names."
    try:
        if in_s3(address):
            from ..util_s3 import S3

            content = S3(settings, settings.s3_region).read(address)
        else:
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
    columns = {key.lower() for key in fields}
    for path in paths:
        match = _JSONPATH.fullmatch(path) if isinstance(path, str) else None
        key = (match["dot"] or match["key"]) if match else ""
        if key.lower() not in columns:
            raise SourceError(
                f"{address}: {path!r} names no field of a log event; a path is the name of one of "
                f"{', '.join(fields)}, as in $['artist']",
                next_step,
            )
        if key.lower() in keys:
            raise SourceError(f"{address}: {path!r} names a field twice", next_step)
        keys[key.lower()] = key
    for key, required in fields.items():
        if required and key.lower() not in keys:
            raise SourceError(
                f"{address} has no path for '{key}', which every event must have", next_step
            )
    return tuple(keys.get(key.lower(), "") for key in fields)
