"""Likely causes of what Redshift says, in words, and what to do about them."""

from __future__ import annotations

import re
from typing import NamedTuple


class Cause(NamedTuple):
    """A likely cause and the next step, each a sentence or nothing."""

    cause: str
    next_step: str


CONFLICT = re.compile(
    r"^(?:Query #\d+ failed with )?(?:ERROR:\s*)?1023\b"  # dg/c_serial_isolation
    r"|serializable isolation violation|could not serialize|deadlock detected"
    r"|concurrent transaction",
    re.IGNORECASE,
)
ROLE_NOT_READY = re.compile(
    r"not authorized to assume IAM role|not associated (?:to|with) (?:the )?(?:cluster|namespace)",
    re.IGNORECASE,
)
CANCELLED = re.compile(r"cancell?ed|cancell?ing", re.IGNORECASE)

_KNOWN: tuple[tuple[re.Pattern[str], Cause], ...] = (
    (
        CONFLICT,
        Cause(
            "another transaction changed the same tables at the same time",
            "Run the command again.",
        ),
    ),
    (
        ROLE_NOT_READY,
        Cause(
            "the warehouse may not take on its role: it is new (IAM takes some 30 seconds to make"
            " a role known), or it is not attached to the namespace",
            "Wait a minute and run the command again; if it lasts, run `sparkify doctor`.",
        ),
    ),
    (
        re.compile(r"PermanentRedirect|Status 301|must be addressed using the specified endpoint"),
        Cause(
            "the bucket is in another Region than the statement says",
            "Set [S3] REGION to the Region of the bucket.",
        ),
    ),
    (
        re.compile(r"S3ServiceException.*(?:Access ?Denied|Status 403)", re.IGNORECASE),
        Cause(
            "the warehouse's role may not read or write there",
            "Check the addresses in [S3], then run `python3 iac.py`: the role's policy follows"
            " them.",
        ),
    ),
    (
        re.compile(
            r"specified S3 prefix .* does not exist|NoSuchKey|NoSuchBucket|Status 404"
            r"|mandatory (?:file|url)|manifest file (?:does not exist|is not)",
            re.IGNORECASE,
        ),
        Cause(
            "a file or bucket is not there (any more)",
            "Check the addresses in [S3], then run the command again: it lists the source anew.",
        ),
    ),
    (
        re.compile(r"sys_load_error_detail|stl_load_errors", re.IGNORECASE),
        Cause(
            "a record does not fit its column",
            "Correct the file, or set COPY_MODE = compact, which rejects such records one by one.",
        ),
    ),
    (
        re.compile(r"permission denied|must be owner", re.IGNORECASE),
        Cause(
            "the tables belong to another database user: each IAM user or role is one",
            "Run the command with the credentials that created the tables, or let their owner"
            " grant the rights.",
        ),
    ),
    (
        re.compile(r'database "[^"]*" does not exist', re.IGNORECASE),
        Cause(
            "the namespace has no such database",
            "Set [REDSHIFT] DATABASE to the database that `sparkify iac status` shows.",
        ),
    ),
    (
        re.compile(r'relation "?[^"]*"? does not exist', re.IGNORECASE),
        Cause("a table is missing", "Create the tables with `python3 create_tables.py`."),
    ),
    (
        re.compile(r"usage limit|exceeded .*\bRPU", re.IGNORECASE),
        Cause(
            "the workgroup has used up its limit of RPU-hours and is switched off",
            "Raise [REDSHIFT] USAGE_LIMIT_RPU_HOURS and run `python3 iac.py`, or wait until the"
            " period ends.",
        ),
    ),
    (
        re.compile(r"disk full|out of memory", re.IGNORECASE),
        Cause(
            "the statement needs more room than the workgroup has",
            "Raise [REDSHIFT] BASE_CAPACITY and run `python3 iac.py`.",
        ),
    ),
    (
        re.compile(r"exceeded size limit|packet for query is too large", re.IGNORECASE),
        Cause(
            "the answer is larger than the Data API gives (64 KB a row, 500 MB in all)",
            "Ask for fewer rows or columns.",
        ),
    ),
    (
        CANCELLED,
        Cause(
            "somebody cancelled it, or a limit of the workgroup did",
            "Run the command again.",
        ),
    ),
)


def likely_cause(message: str) -> Cause:
    """Find the likely cause of what the engine says; both texts are empty where none is known."""
    return next((cause for pattern, cause in _KNOWN if pattern.search(message)), Cause("", ""))
