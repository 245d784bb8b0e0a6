"""What a failed batch means: plan again, a broken audit, a bad record, or a failure."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from ... import boto3_sql_util
from ...boto3_sql_util import LoadError, StatementError
from ...config import Settings
from ...errors import QualityError, SourceError, SparkifyError, WarehouseError
from ...sources.files import Kind
from ...sql_queries import audit_queries
from ...staging.rules import fields_of
from .. import PlanAgainError
from .copy_plan import NEXT_STEP, first_unfit, not_for_copy, source_bucket
from .statements import CONFLICTS, OVERTAKEN, reading_steps

if TYPE_CHECKING:
    from ...boto3_sql_util import Connection
    from .publish import Staged

_AUDITS = {query.name: query for query in audit_queries}


class CompactFirstError(PlanAgainError):
    """COPY does not take the files as they are, or would run more often than a batch holds.

    They have to be merged first (compact).
    """


def error_of(
    error: StatementError, settings: Settings, connection: Connection, staged: Staged
) -> SparkifyError:
    """Return the error that says what a failed batch means; nothing of it was published."""
    if error.conflict or error.name == OVERTAKEN:
        return PlanAgainError(
            "another load published first; nothing was published by this one",
            "Try again when the other has ended.",
        )
    if error.name in _AUDITS:
        return QualityError(
            f"{_AUDITS[error.name].purpose} ({error.name}): rows break this; nothing was published",
            "This is a fault of the program, not of the data: please report it. "
            "`sparkify etl --rebuild` computes the star schema again from staging.",
            check=error.name,
        )
    suspects = [kind for kind in staged.direct if error.name in reading_steps(kind)]
    if error.name in ("", CONFLICTS):  # unknown which statement failed: most likely the records
        suspects = [*staged.direct]
    if error.status == "FAILED" and suspects:
        if settings.copy_mode == "auto":
            return CompactFirstError(f"the files cannot be copied as they are: {error.message}")
        return _direct_error(error, settings, connection, staged, suspects)
    reason = error.reason
    if error.status == "FAILED" and error.name.startswith("copy_"):
        reason = boto3_sql_util.debug(connection, error).text
    elif error.status == "TIMEOUT" or error.in_doubt:
        return error
    return WarehouseError(f"{reason}; nothing was published", error.next_step, step=error.name)


def _direct_error(
    error: StatementError,
    settings: Settings,
    connection: Connection,
    staged: Staged,
    suspects: Sequence[Kind],
) -> SparkifyError:
    """Return the error of a direct load that failed. suspects: the kinds that may have failed."""
    if error.name == CONFLICTS:
        return SourceError(
            "records contradict others of the same key, and COPY_MODE = direct cannot put them "
            "among the rejects; nothing was loaded",
            "Set COPY_MODE = auto: the greater record stays, the others go to the rejects.",
            step=error.name,
        )
    found = boto3_sql_util.debug(connection, error).with_values(partial(_value, settings))
    reason = f"{found.text}; nothing was loaded"
    if found.load_errors and found.load_errors[0].file:
        first = found.load_errors[0]
        return SourceError(reason, NEXT_STEP, step=error.name, uri=first.file, line=first.line)
    s3 = source_bucket(settings)
    for kind in suspects:
        fields = fields_of(kind, staged.keys, mend_text=settings.mend_text)
        for file in (file for file in staged.plan.files if file.kind == kind):
            if unfit := first_unfit(file, s3.read(file.path), fields):
                return not_for_copy(file.uri, *unfit, step=error.name)
    return SourceError(reason, NEXT_STEP, step=error.name)


def _value(settings: Settings, error: LoadError) -> str | None:
    """Return the offending value from its file: load errors tell only where it is."""
    if error.line < 1:
        return None
    try:
        data = source_bucket(settings).read(error.file)
        data = gzip.decompress(data) if error.file.endswith(".gz") else data
        record = json.loads(data.split(b"\n")[error.line - 1])
        [value] = [value for key, value in record.items() if key.lower() == error.column.lower()]
    except (OSError, EOFError, zlib.error, ValueError, LookupError, AttributeError):
        return None
    return json.dumps(value)
