"""Why COPY did not take files from the source bucket: the record at fault, with its value."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ... import boto3_sql_util
from ...boto3_sql_util import LoadError, StatementError
from ...config import Settings
from ...errors import SourceError, SparkifyError
from ...sources import SourceFile
from ...staging.reading import Piece, lines, song_records
from ...staging.rules import SONG_FIELDS, Field
from ...staging.validate import Rejection, accept, decode
from . import batch

if TYPE_CHECKING:
    from ...boto3_sql_util import Connection

_NEXT = (
    "Correct the record, or set COPY_MODE = auto: bad records then go to the rejects, and the "
    "others are loaded."
)
_LONGEST_VALUE = 200


def direct_failure(
    settings: Settings,
    connection: Connection,
    error: StatementError,
    files: Sequence[SourceFile],
    fields: Sequence[Field],
) -> SparkifyError:
    """Make the error that tells of a direct load that failed; nothing was loaded by it.

    files: those of the kind that failed. fields: what a record of theirs may hold.
    """
    if error.name == batch.CONFLICTS or error.name.endswith("_arrived"):
        return SourceError(
            "records contradict others of the same key, and COPY_MODE = direct cannot put them "
            "among the rejects; nothing was loaded",
            "Set COPY_MODE = auto: the greater record stays, the others go to the rejects.",
            step=error.name,
        )
    found = boto3_sql_util.debug(connection, error)
    if found.load_errors:
        first = found.load_errors[0]
        value = _value(settings, first)
        reason = f"{found.text}{value and f'; the value is {value}'}; nothing was loaded"
        return SourceError(reason, _NEXT, step=error.name, uri=first.file, line=first.line)
    for file in files:
        for number, record in _records(settings, file):
            try:
                accept(decode(record, fields), fields)
            except Rejection as why:
                return SourceError(
                    f"{file.uri}, line {number}: {why.message}; nothing was loaded",
                    _NEXT,
                    step=error.name,
                    uri=file.uri,
                    line=number,
                )
    return SourceError(f"{found.text}; nothing was loaded", _NEXT, step=error.name)


def _value(settings: Settings, error: LoadError) -> str:
    """Read the value at fault from its file: the load errors tell only where it stands."""
    from ...util_s3 import S3

    try:
        data = S3(settings, settings.s3_region).read(error.file)
        data = gzip.decompress(data) if error.file.endswith(".gz") else data
        line = data.split(b"\n")[error.line - 1]
        record = json.loads(line)
        [value] = [value for key, value in record.items() if key.lower() == error.column.lower()]
    except (SparkifyError, OSError, EOFError, zlib.error, ValueError, LookupError, AttributeError):
        return ""
    return json.dumps(value)[:_LONGEST_VALUE]


def _records(settings: Settings, file: SourceFile) -> list[tuple[int, bytes]]:
    from ...util_s3 import S3

    data = S3(settings, settings.s3_region).read(file.uri)
    data = gzip.decompress(data) if file.uri.endswith(".gz") else data
    if file.kind == "songs":
        return song_records(data, SONG_FIELDS)
    return list(lines(Piece(1, data)))
