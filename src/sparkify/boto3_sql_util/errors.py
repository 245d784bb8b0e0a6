"""What went wrong, in words: failed statements and their causes, failed calls and their meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from .. import aws
from ..aws import BUSY, Problem
from ..errors import SettingsError, SparkifyError, WarehouseError
from ..redact import mask

if TYPE_CHECKING:
    from .connection import Connection

Status = Literal["FAILED", "ABORTED", "TIMEOUT"]
LONGEST_MESSAGE = 1_000
LONGEST_SQL = 500
RETRIED = BUSY | {Problem.UNREACHABLE}
_DETAIL = re.compile(
    r"\s*Detail:\s*-{5,}\s*error:\s*(?P<error>.*?)\s*code:\s*(?P<code>\d+)\s*"
    r"context:\s*(?P<context>.*?)\s*query:\s*(?P<query>-?\d+).*",
    re.IGNORECASE | re.DOTALL,
)
_SQLSTATE = re.compile(r"\bsql ?state\W{0,3}([0-9A-Z]{5})\b", re.IGNORECASE)
_PREFIX = re.compile(r"^(?:Query #\d+ failed with )?(?:ERROR:\s*)?", re.IGNORECASE)
_NO_WORKGROUP = ("endpoint doesn't exist", "workgroup", "not found", "could not find")


# Statements


_CONFLICT = (
    # dg/c_serial_isolation-serializable-isolation-troubleshooting; 1018: a table is gone meanwhile
    r"^(?:Query #\d+ failed with )?(?:ERROR:\s*)?(?:1023\b|1018\b.*relation does not exist)"
    r"|serializable isolation violation|could not serialize|deadlock detected"
    r"|concurrent transaction"
)
_ROLE_NOT_READY = (
    r"not authorized to assume IAM role|not associated (?:to|with) (?:the )?(?:cluster|namespace)"
)
CANCELLED = r"cancell?ed|cancell?ing"
_WRONG_REGION = r"PermanentRedirect|Status 301|must be addressed using the specified endpoint"
_NOT_THERE = (
    r"specified S3 prefix .* does not exist|NoSuchKey|NoSuchBucket|Status 404"
    r"|mandatory (?:file|url)|manifest file (?:does not exist|is not)"
)
_OF_RECORDS = (
    r"load into table|sys_load_error_detail|stl_load_errors|invalid digit|invalid input syntax"
    r"|out of range|overflow|exceeds ddl length|value too long|not valid utf|invalid (?:json|utf)"
    r"|inflate|gzip|cannot insert a null"
)
_BUSY = r"connection limit|too many (?:connections|clients)|lock timeout|could not obtain lock"
_NO_TABLE = r'relation "?[^"]*"? does not exist'
_UNFIT = (
    r"syntax error|not supported|not implemented|(?:function|operator|column) .* does not exist"
)
Kind = Literal["busy", "records", "region", "missing", ""]
_KINDS: dict[Kind, str] = {
    "busy": _BUSY,
    "region": _WRONG_REGION,
    "missing": _NOT_THERE,
    "records": _OF_RECORDS,
}
_CAUSES = {
    _CONFLICT: (
        "another transaction changed the same tables at the same time",
        "Run the command again.",
    ),
    _ROLE_NOT_READY: (
        "the warehouse cannot assume its role: it is new (IAM takes some 30 seconds to make a role"
        " known), or it is not attached to the namespace",
        "Wait a minute and run the command again; if it lasts, run `sparkify doctor`.",
    ),
    _WRONG_REGION: (
        "the bucket is in another Region than the statement says",
        "Set [S3] REGION to the Region of the bucket.",
    ),
    r"S3ServiceException.*\bkms\b": (
        "the warehouse's role may not use the KMS key with which the objects are encrypted",
        "Set [S3] KMS_KEY to the ARN of that key, then run `sparkify iac up`.",
    ),
    r"S3ServiceException.*(?:Access ?Denied|Status 403)": (
        "the warehouse's role may not read or write there",
        "Check the addresses in [S3], then run `sparkify iac up`: the role's policy follows them.",
    ),
    _NOT_THERE: (
        "a file or bucket does not exist, or was removed",
        "Check the addresses in [S3], then run the command again: it lists the source again.",
    ),
    r"sys_load_error_detail|stl_load_errors": (
        "a record does not fit its column",
        "Correct the file, or set COPY_MODE = compact, which rejects such records one by one.",
    ),
    r"permission denied|must be owner": (
        "the tables belong to another database user: each IAM user or role is one",
        "Run the command with the credentials that created the tables, or let their owner grant"
        " the rights.",
    ),
    r'database "[^"]*" does not exist': (
        "the namespace has no such database",
        "Set [REDSHIFT] DATABASE to the database that `sparkify iac status` shows.",
    ),
    _NO_TABLE: (
        "a table is missing",
        "Create the tables with `sparkify create-tables`.",
    ),
    r"usage limit|exceeded .*\bRPU": (
        "the workgroup has used up its limit of RPU-hours and is switched off",
        "Raise [REDSHIFT] USAGE_LIMIT_RPU_HOURS and run `sparkify iac up`, or wait until the period"
        " ends.",
    ),
    _BUSY: (
        "the warehouse has as much to do as it takes at a time",
        "Run the command again later.",
    ),
    r"disk full|out of memory": (
        "the statement needs more space than the workgroup has",
        "Raise [REDSHIFT] BASE_CAPACITY and run `sparkify iac up`.",
    ),
    r"exceeded size limit|packet for query is too large": (
        "the result is larger than the Data API returns (64 KB a row, 500 MB in all)",
        "Ask for fewer rows or columns.",
    ),
    CANCELLED: (
        "another user cancelled it, or a limit of the workgroup did",
        "Run the command again.",
    ),
    r"^assert\b|internal error": (
        "something failed inside Redshift",
        "Run the command again; if it lasts, run `sparkify doctor`, and ask AWS.",
    ),
    _UNFIT: (
        "this release of Redshift does not take the statement",
        "Please report it, with this message: it is a fault of the program, not of the data.",
    ),
}
"""Likely cause and next step of messages that match a pattern, whatever the case."""


def says(pattern: str, message: str) -> bool:
    """Return whether the engine's message matches a pattern, whatever the case."""
    return re.search(pattern, message, re.IGNORECASE) is not None


def likely_cause(message: str) -> tuple[str, str]:
    """Return the likely cause of what the engine says and the next step; empty if not known."""
    return next((known for pattern, known in _CAUSES.items() if says(pattern, message)), ("", ""))


class StatementError(WarehouseError):
    """A statement, or a batch, failed; a batch that failed did nothing at all.

    statement_id: of the Data API; None where it was never accepted, as far as is known.
    number: which statement of the batch failed, from 0; -1 where that is unknown.
    name: what it is called. sql: its text as a message shows it (see `shown_sql`).
    message: what the engine says, on one line, without secrets.
    status: FAILED; ABORTED: it was cancelled in the warehouse; TIMEOUT: it did not end in time.
    query_id: the engine's number of the query, as in the system views. sqlstate: where the engine
    tells it: the Data API has no field for it (redshift-data SubStatementData).
    in_doubt: whether it still runs or did its work after all is not known.
    """

    def __init__(
        self,
        reason: str,
        next_step: str = "",
        *,
        status: Status,
        message: str = "",
        statement_id: str | None = None,
        number: int = -1,
        name: str = "",
        sql: str = "",
        query_id: int | None = None,
        in_doubt: bool = False,
    ) -> None:
        self.statement_id = statement_id
        self.status: Status = status
        self.number = number
        self.name = name
        self.sql = sql
        self.message = message
        self.query_id = query_id
        self.sqlstate = sqlstate_in(message)
        self.in_doubt = in_doubt
        super().__init__(reason, next_step or likely_cause(message)[1], **vars(self))

    @property
    def conflict(self) -> bool:
        """Whether another transaction was in the way: the whole batch may be run again."""
        return says(_CONFLICT, self.message)

    @property
    def kind(self) -> Kind:
        """What the failure is about, as far as the message tells."""
        return next((kind for kind, text in _KINDS.items() if says(text, self.message)), "")

    @property
    def is_statements_own(self) -> bool:
        """Whether the statement itself is wrong: nothing else is known that makes it fail."""
        cause = next((pattern for pattern in _CAUSES if says(pattern, self.message)), "")
        return self.status == "FAILED" and cause in ("", _NO_TABLE, _UNFIT)

    @property
    def role_not_ready(self) -> bool:
        """Whether the warehouse cannot (yet) assume its role; a new one takes some 30 seconds."""
        return says(_ROLE_NOT_READY, self.message)


# Messages


def one_line(message: str, secrets: Iterable[str] = (), longest: int = LONGEST_MESSAGE) -> str:
    """Return the engine's message on one line, without secrets, at most `longest` characters.

    The dashed block in which compute nodes explain themselves is reduced to its error and context.
    """
    sqlstate = sqlstate_in(message)
    message = _PREFIX.sub("", message.strip())
    if match := _DETAIL.search(message):
        head = message[: match.start()].strip()
        error = "" if match["error"] in head else match["error"]
        context = match["context"] and f"context: {match['context']}"
        message = "; ".join(filter(None, (head, error, context)))
    shown = truncated(mask(" ".join(message.split()), secrets), longest)
    return shown if sqlstate == sqlstate_in(shown) else f"{shown} (SQLSTATE {sqlstate})"


def sqlstate_in(message: str) -> str | None:
    """Return the SQLSTATE that the engine's message holds, if any."""
    match = _SQLSTATE.search(message)
    return match[1].upper() if match else None


def query_id_in(message: str) -> int | None:
    """Return the query id from the block in which a compute node explains itself."""
    match = _DETAIL.search(message)
    return int(match["query"]) if match and int(match["query"]) > 0 else None


def shown_sql(sql: str, secrets: Iterable[str] = ()) -> str:
    """Return SQL as a message shows it: without secrets, at most LONGEST_SQL characters."""
    return truncated(mask(sql.strip(), secrets), LONGEST_SQL)


def truncated(text: str, longest: int) -> str:
    """Return a text of at most `longest` characters; one that was cut ends in dots."""
    return text if len(text) <= longest else text[: longest - 4].rstrip() + " ..."


# Calls


class IncompleteReplyError(Exception):
    """A reply was cut short.

    Of a body that ends early boto3 makes an answer without members, not an exception
    (botocore.parsers, `_parse_body_as_json`).
    """


class GaveUpError(Exception):
    """A call failed until it was time to give up. last: the last failure. said: it in short."""

    def __init__(self, last: BaseException, connection: Connection) -> None:
        self.last, self.said = last, said_by(last, connection, longest=300)
        super().__init__(self.said)


def is_of_boto3(error: BaseException) -> bool:
    """Return whether an exception tells of a call, and not of a fault or an interruption here."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    known = (BotoCoreError, ClientError, IncompleteReplyError, ResponseParserError)
    return isinstance(error, known)


def problem(error: BaseException) -> Problem:
    """Return what an exception of a call means; an answer of which no code could be read is none.

    Trying again helps only with those of RETRIED.
    """
    what, code = aws.problem(error), aws.error_code(error)
    unread = isinstance(error, IncompleteReplyError) or (
        aws.error_status(error) > 0 and (not code or code.isdecimal())
    )
    return Problem.UNREACHABLE if unread and what not in RETRIED else what


def refusal(error: BaseException, connection: Connection, operation: str) -> SparkifyError:
    """Return the error that says why a call was refused, and what to do about it.

    operation: under AWS's name, such as `ExecuteStatement`.
    """
    if credentials := aws.credentials_error(error, known=connection.secrets):
        return credentials
    code, what, said = aws.error_code(error), aws.problem(error), said_by(error, connection)
    where = f"workgroup {connection.workgroup} in {connection.region}"
    if what is Problem.DENIED:
        return SettingsError(
            f"these AWS credentials may not call redshift-data:{operation}: {said}",
            "Use others, or let an administrator allow it; docs/cloud.md lists what is needed.",
        )
    if code == "ResourceNotFoundException" or (
        code == "ValidationException" and any(text in said.lower() for text in _NO_WORKGROUP)
    ):
        return SettingsError(
            f"there is no {where} that answers: {said}",
            "Build it with `sparkify iac up`, or correct WORKGROUP in [REDSHIFT] and REGION in"
            " [AWS]; `sparkify iac status` shows what exists.",
        )
    from botocore.exceptions import BotoCoreError

    if isinstance(error, BotoCoreError) and not code:
        return SettingsError(
            f"boto3 cannot call redshift-data:{operation}: {said}",
            "Check [AWS] and [REDSHIFT], and the AWS configuration of this machine.",
        )
    return WarehouseError(
        f"{where} refused {operation} ({code or type(error).__name__}): {said}",
        "Run `sparkify doctor`.",
    )


def said_by(error: BaseException, connection: Connection, longest: int = LONGEST_MESSAGE) -> str:
    """Return what AWS, else boto3, says, as a message shows it."""
    return one_line(aws.error_message(error), connection.secrets, longest)
