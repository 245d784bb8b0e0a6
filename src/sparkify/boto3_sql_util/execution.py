"""SQL sent through the Data API: submitted once, watched until it ends, cancelled in time."""

from __future__ import annotations

import getpass
import logging
import platform
import re
import unicodedata
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from math import inf
from typing import Any

from ..aws import Problem, error_code, error_message, unconnected
from ..errors import SparkifyError, WarehouseError
from ..progress import Progress, silent
from ..retry import Backoff, Clock
from .connection import Connection
from .errors import (
    CANCELLED,
    RETRIED,
    GaveUpError,
    StatementError,
    Status,
    one_line,
    problem,
    query_id_in,
    refusal,
    said_by,
    says,
    shown_sql,
)

MAX_STATEMENTS = 40
"""Statements in a batch (redshift-data BatchExecuteStatement)."""
MAX_STATEMENT_BYTES = 100_000
"""Bytes of UTF-8 in one statement (mg/data-api, "Considerations": 100 KB)."""
SECONDS = 3600.0
GRACE_SECONDS = 10.0
UNDOING_SECONDS = 2.0
"""How long a statement may take to end after it was cancelled, and for each of a batch on top."""
Described = Mapping[str, Any]
"""A response of DescribeStatement, or what it says of one statement of a batch."""

_RESUBMIT_SECONDS = 5.0
_TOLD_SECONDS = 5
_ENDS = {
    "FINISHED": "had finished already when it was cancelled: what it did stays",
    "FAILED": "was stopped in the warehouse: nothing of it stays",
    "ABORTED": "was stopped in the warehouse: nothing of it stays",
}
_LONGEST_TOKEN = 64  # redshift-data ClientToken
_LONGEST_LABEL = 500  # redshift-data StatementName
_LOG = logging.getLogger(__name__)
_NUMBERED = re.compile(r"Query #(\d+) failed")
_LOOK_FIRST = "See with `sparkify status` whether it was done after all; then run it again."


def quote_literal(text: str) -> str:
    r"""Return a text as a string literal of Redshift: `it's` becomes `'it''s'`.

    The Data API takes parameters for values, but not for names, COPY addresses or roles
    (mg/data-api, "SQL statements with parameters"): this is the only way values get into SQL text.
    A backslash escapes in an ordinary literal of Redshift, as it did in PostgreSQL 8.0
    (postgresql.org/docs/8.0/sql-syntax.html), so it is doubled.

    Raises ValueError for a text that no literal can hold: one with NUL or another control
    character, or with a lone surrogate, which is not UTF-8.
    """
    for place, character in enumerate(text):
        if unicodedata.category(character) in ("Cc", "Cs"):
            shown = text[max(0, place - 20) : place + 20]
            raise ValueError(
                f"U+{ord(character):04X} at {place} cannot stand in SQL text: {shown!r}"
            )
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


@dataclass(frozen=True)
class Statement:
    """A statement, or a batch of them, that has finished.

    id: of the Data API. The other fields have one entry for each SQL text. sqls: the texts.
    has_result: whether there are rows to fetch (None: not known). rows: how many were returned or
    changed (-1: not known). parts: the ids under which results are fetched.
    """

    id: str
    sqls: tuple[str, ...]
    has_result: tuple[bool | None, ...]
    rows: tuple[int, ...]
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """One call that runs SQL; sent again with the same token it runs nothing twice (for 8 hours).

    names: what each statement is called; empty where it has no name. values: of its parameters.
    """

    sqls: tuple[str, ...]
    names: tuple[str, ...]
    token: str
    batch: bool
    values: Mapping[str, str] = field(default_factory=dict)

    def send(self, connection: Connection, seconds: float, **options: Any) -> str:
        """Call until it is accepted, with the same parameters each time; return its id.

        options: of `Connection.call_with_retries`, which tells what it raises.
        """
        label = f"{_label(self.names[0])}{_operator()}" if any(self.names) else "sparkify"
        values = [{"name": name, "value": value} for name, value in self.values.items()]
        parameters: dict[str, Any] = {"Parameters": values} if values else {}
        answer = connection.call_with_retries(
            "batch_execute_statement" if self.batch else "execute_statement",
            seconds,
            WorkgroupName=connection.workgroup,
            Database=connection.database,
            StatementName=label[:_LONGEST_LABEL],
            ClientToken=self.token,
            **({"Sqls": list(self.sqls)} if self.batch else {"Sql": self.sqls[0]}),
            **parameters,
            **options,
        )
        return str(answer["Id"])

    def name(self, number: int) -> str:
        """Return the name of a statement, or its number if it has none; -1: of the whole."""
        count = len(self.sqls)
        if number < 0 and count > 1:
            return f"the batch of {count} statements"
        named = self.names[max(number, 0)]
        return named or (f"statement {number + 1} of {count}" if count > 1 else "the statement")

    def error(
        self, end: str, number: int, message: str, secrets: Iterable[str], **about: Any
    ) -> StatementError:
        """Return the error of a statement. end: what became of it. message: what the engine says.

        about: more of StatementError.
        """
        name, count = self.name(number), len(self.sqls)
        named = count > 1 and number >= 0 and self.names[number]
        place = f"{name} (statement {number + 1} of {count})" if named else name
        return StatementError(
            f"{place} {end}",
            message=message,
            number=number,
            name=name,
            sql=shown_sql(self.sqls[number], secrets) if number >= 0 else "",
            **about,
        )


def execute(
    connection: Connection,
    sql: str | Sequence[str],
    *,
    parameters: Mapping[str, Any] | None = None,
    token: str | None = None,
    names: Sequence[str] = (),
    deadline: float = SECONDS,
    progress: Progress = silent,
) -> Statement:
    """Run a statement, or a batch of up to 40 as one transaction, and wait until it has ended.

    sql: one statement, or a sequence: a batch, all or nothing.
    parameters: values for `:name` in the statements, by name; they are sent as text, which Redshift
        casts (mg/data-api, "SQL statements with parameters"). Of one statement; none empty or NULL.
    token: makes the call idempotent; pass one to call again with the same sql after a lost reply.
        None: a new one for this call.
    names: what each statement is called in progress and errors.
    deadline: seconds after which it is cancelled.
    progress: told how many statements have finished, under the name of the one that runs.

    Whatever ends the wait (Ctrl-C, an exception out of `progress`) cancels the statement first; if
    that fails, a note on the exception says so.

    Raises StatementError when it failed, was cancelled, or did not end by its deadline;
    SettingsError for credentials, permissions, or a missing workgroup; WarehouseError for what the
    Data API refuses, or would.
    """
    return _Execution(
        connection, _request(sql, token, names, parameters or {}), deadline, progress
    ).run()


def _request(
    sql: str | Sequence[str],
    token: str | None,
    names: Sequence[str],
    parameters: Mapping[str, Any],
) -> Request:
    """Return a request. Raises WarehouseError for what breaks the limits of the Data API."""
    batch = not isinstance(sql, str)
    sqls = tuple(sql) if batch else (str(sql),)
    if not sqls:
        raise WarehouseError("there is no statement to run")
    if len(sqls) > MAX_STATEMENTS:
        raise WarehouseError(
            f"{len(sqls)} statements are too many for one batch: {MAX_STATEMENTS} is the limit",
            "Run them as several batches.",
        )
    if names and len(names) != len(sqls):
        raise ValueError(f"{len(names)} names for {len(sqls)} statements")
    token = uuid.uuid4().hex if token is None else token
    if not 0 < len(token) <= _LONGEST_TOKEN:
        raise WarehouseError(f"a client token has 1 to {_LONGEST_TOKEN} characters: {token!r}")
    values = {name: str(value) for name, value in parameters.items()}
    for name, value in values.items():
        if batch or not value or parameters[name] is None:
            raise WarehouseError(
                f"parameter {name} is given to a batch, NULL or empty; one statement alone takes"
                " parameters, and the Data API none without a character",
                "Write it into the statement as a literal (`quote_literal`).",
            )
    request = Request(sqls, tuple(names) or ("",) * len(sqls), token, batch, values)
    for number, text in enumerate(sqls):
        size = len(text.encode("utf-8", "surrogatepass"))
        if not text.strip():
            raise WarehouseError(f"{request.name(number)} is empty")
        if size > MAX_STATEMENT_BYTES:
            raise WarehouseError(
                f"{request.name(number)} has {size:,} bytes; the Data API takes"
                f" {MAX_STATEMENT_BYTES:,}: {shown_sql(text)[:80]} ...",
                "Load the data with COPY, not inside the statement.",
            )
    return request


def _label(name: str) -> str:
    """Return how the StatementName of a batch begins; who runs it follows."""
    return f"sparkify: {name} by "


@cache
def _operator() -> str:
    try:
        return f"{getpass.getuser()}@{platform.node()}"
    except (KeyError, OSError):  # a user without a name
        return platform.node()


def oldest_of_several(connection: Connection, name: str) -> tuple[str, datetime] | None:
    """Return who runs the oldest of the batches that begin with a statement, and since when.

    None where fewer than two run, as far as these credentials may see (redshift-data
    ListStatements: those of the caller's IAM role), or where they cannot be listed.
    """
    began = _label(name)
    try:
        listed = connection.call("list_statements", Status="STARTED", StatementName=began)
    except Exception as error:  # only those who wait miss it
        _LOG.debug("%s", _why(connection, error, "ListStatements"))
        return None
    found = sorted((one["CreatedAt"], one["StatementName"]) for one in listed["Statements"])
    if len(found) < 2:
        return None
    since, label = found[0]
    return label.removeprefix(began), since.astimezone(UTC)


def polls(seconds: float, clock: Clock) -> Backoff:
    """Return the pauses between looks at a statement: its end is seen a fifth of its time late."""
    return Backoff(0.1, factor=1.25, longest=3.0, jitter=0.1, seconds=seconds, clock=clock)


class _Execution:
    """One call of `execute`, and how far it has come."""

    def __init__(
        self, connection: Connection, request: Request, deadline: float, progress: Progress
    ) -> None:
        self._connection = connection
        self._request = request
        self._deadline = deadline
        self._until = connection.clock.now() + deadline
        self._progress = progress
        self._operation = "BatchExecuteStatement" if request.batch else "ExecuteStatement"
        self._turned_away = self._sent()
        self._id = ""
        self._over = False

    def run(self) -> Statement:
        try:
            self._id = self._submit()
            described = self._watch(self._id)
        except BaseException as error:
            if not self._over:
                self._abandon(error)
            raise
        if described["Status"] == "FINISHED":
            return _finished(described, self._request.sqls, self._id)
        raise failure(described, self._request, self._connection.secrets)

    # Submit

    def _submit(self) -> str:
        """Send until it is accepted, always with the same token and text."""
        connection, name = self._connection, self._request.name(-1)
        try:
            return self._request.send(connection, self._deadline, explain=self._note)
        except GaveUpError as gave_up:
            self._over = True
            doubt = "; whether it was accepted is not known" if self._in_doubt else ""
            kind = error_code(gave_up.last) or type(gave_up.last).__name__
            raise StatementError(
                f"workgroup {connection.workgroup} in {connection.region} did not accept"
                f" {name}{doubt} ({kind}: {gave_up.said})",
                _LOOK_FIRST
                if self._in_doubt
                else "Run the command again later; `sparkify doctor` looks closer.",
                status="TIMEOUT",
                message=gave_up.said,
                name=name,
                in_doubt=self._in_doubt,
            ) from None

    def _note(self, error: Exception) -> StatementError | None:
        """Note what a failed call tells of the statement; return its error if it has failed.

        A statement that was accepted and failed in the same call is told by an exception with its
        id (redshift-data ExecuteStatement).
        """
        if error_code(error) in ("ExecuteStatementException", "BatchExecuteStatementException"):
            self._over = True
            statement_id = getattr(error, "response", {}).get("StatementId") or ""
            described = {"Id": statement_id, "Status": "FAILED", "Error": error_message(error)}
            return failure(described, self._request, self._connection.secrets)
        lost = problem(error) in (Problem.UNAVAILABLE, Problem.UNREACHABLE)
        in_doubt = lost and not unconnected(error)
        self._turned_away += self._sent() == self._turned_away + 1 and not in_doubt
        self._tell("waiting for the warehouse to accept", 0)
        return None

    def _sent(self) -> int:
        return self._connection.calls[self._operation]

    @property
    def _in_doubt(self) -> bool:
        """Whether something was sent that may have been accepted without our knowing."""
        return self._sent() > self._turned_away

    # Watch

    def _watch(self, statement_id: str) -> Described:
        """Poll until it has ended or the time is up; then cancel it."""
        clock = self._connection.clock
        pauses = polls(self._until - clock.now(), clock)
        while pauses.wait():
            try:
                described = self._connection.call_with_retries(
                    "describe_statement",
                    self._until - clock.now(),
                    explain=unknown_statement,
                    most_unanswered=inf,  # it goes on, whether or not we can see it
                    Id=statement_id,
                )
            except GaveUpError:
                break
            if described["Status"] in _ENDS:
                self._over = True
                return described
            states = [part.get("Status") for part in substatements(described)]
            running = next((n for n, state in enumerate(states) if state != "FINISHED"), 0)
            self._tell(self._request.name(running), states.count("FINISHED"))
        return self._time_out(statement_id)

    def _tell(self, step: str, done: int) -> None:
        self._progress(step, done, len(self._request.sqls), "statements")

    def _time_out(self, statement_id: str) -> Described:
        """Cancel; return the description if it finished all the same, else raise."""
        described, trouble = self._cancel(statement_id)
        self._over = True
        request, secrets = self._request, self._connection.secrets
        if described.get("Status") == "FINISHED":
            return described
        if described.get("Status") == "FAILED":
            _, _, message = _failed_part(described, len(request.sqls))
            if not says(CANCELLED, message):
                raise failure(described, request, secrets)
        parts = substatements(described)
        unfinished = (n for n, part in enumerate(parts) if part.get("Status") != "FINISHED")
        number = next(unfinished, 0 if described and not parts else -1)
        raise request.error(
            f"did not end within {self._deadline:,g} seconds; it {trouble or 'was cancelled'}",
            number,
            one_line(str(described.get("Error") or ""), secrets),
            secrets,
            next_step=_LOOK_FIRST if trouble else "Run the command again.",
            status="TIMEOUT",
            statement_id=statement_id,
            in_doubt=bool(trouble),
        )

    # Give up

    def _abandon(self, error: BaseException) -> None:
        """Cancel what was submitted; note on the exception that ends the wait what became of it."""
        name = self._request.name(-1)
        if not self._id and not self._in_doubt:
            return
        if not self._id and isinstance(error, SparkifyError):  # refused again, if asked again
            told = f"whether {name} was accepted is not known; `sparkify status` tells"
        else:
            try:
                # the same token starts no second run
                self._id = self._id or self._request.send(self._connection, _RESUBMIT_SECONDS)
                described, trouble = self._cancel(self._id)
                told = f"{name} {_ENDS.get(described.get('Status', '')) or trouble}"
            except BaseException as trouble:
                told = f"{name} {self._may_run(type(trouble).__name__)}"
                if not isinstance(trouble, Exception):  # interrupted once more
                    trouble.add_note(told)
                    raise
        _LOG.warning("%s", told)
        error.add_note(told)
        if isinstance(error, SparkifyError):
            error.reason = f"{error.reason}; {told}"
            error.args = (error.reason,)

    def _cancel(self, statement_id: str) -> tuple[Described, str]:
        """Cancel until it has ended, for as long as undoing it may take.

        Returns its last known description (empty if there is none) and what went wrong, as the
        rest of a sentence; empty if it has ended. It may have finished all the same. The call is
        repeated until then: only a running statement can be cancelled (redshift-data
        CancelStatement), and a batch runs none between two of its statements.
        """
        connection, name = self._connection, self._request.name(-1)
        seconds = GRACE_SECONDS + UNDOING_SECONDS * len(self._request.sqls)
        pauses = Backoff(
            0.2, factor=1.5, longest=2.0, jitter=0.1, seconds=seconds, clock=connection.clock
        )
        described: Described = {}
        trouble = ""
        while True:
            try:
                connection.call("cancel_statement", Id=statement_id)
                trouble = f"it did not end within {seconds:.0f} seconds of being cancelled"
            except Exception as error:
                trouble = trouble or _why(connection, error, "CancelStatement")
            hopeless = False
            try:
                described = connection.call("describe_statement", Id=statement_id)
                if described["Status"] in _ENDS:
                    return described, ""
            except Exception as error:
                trouble = trouble or _why(connection, error, "DescribeStatement")
                hopeless = problem(error) not in RETRIED
            with suppress(Exception):  # who listens may be why the wait ended
                waited = int(pauses.waited) // _TOLD_SECONDS * _TOLD_SECONDS
                self._tell(f"cancelling {name}" + (f" for {waited} seconds" if waited else ""), 0)
            if hopeless or not pauses.wait():
                return described, self._may_run(trouble)

    def _may_run(self, why: str) -> str:
        """Return, as the rest of a sentence, how to look at it and how to stop it."""
        if not self._id:
            return f"may still run in the warehouse: {why}"
        where = f"--id {self._id} --region {self._connection.region}`"
        return (
            f"may still run in the warehouse as statement {self._id}: {why}; look with"
            f" `aws redshift-data describe-statement {where}, stop it with"
            f" `aws redshift-data cancel-statement {where}"
        )


def _why(connection: Connection, error: Exception, operation: str) -> str:
    if error_code(error) == "ValidationException":  # such as: not running yet, or no longer
        return said_by(error, connection)
    return refusal(error, connection, operation).reason


# What DescribeStatement tells


def substatements(described: Described) -> list[Described]:
    """Return what is told of each statement of a batch, in their order; empty for one statement.

    Its id is the batch's followed by `:1`, `:2`, ... (redshift-data DescribeStatement).
    """

    def place(part: Described) -> int:
        number = str(part.get("Id", "")).rpartition(":")[2]
        return int(number) if number.isdecimal() else 0

    return sorted(described.get("SubStatements") or [], key=place)


def _finished(described: Described, sqls: tuple[str, ...], statement_id: str) -> Statement:
    """Return the Statement of a description whose status is FINISHED."""
    parts = known = substatements(described)
    if len(known) != len(sqls):
        parts, known = [], [described] if len(sqls) == 1 else [{}] * len(sqls)
    # Of a batch the whole has a result when one of its statements has.
    unless_told = False if described.get("HasResultSet") is False else None
    ids = [str(part.get("Id") or "") for part in parts]
    if not ids or not all(ids):  # redshift-data DescribeStatement tells the rule
        ids = [f"{statement_id}:{n}" for n in range(1, len(sqls) + 1)]
        ids = ids if len(ids) > 1 else [statement_id]
    return Statement(
        id=statement_id,
        sqls=sqls,
        has_result=tuple(part.get("HasResultSet", unless_told) for part in known),
        rows=tuple(int(part.get("ResultRows", -1)) for part in known),
        parts=tuple(ids),
    )


def failure(described: Described, request: Request, secrets: Iterable[str]) -> StatementError:
    """Return the error of a statement that FAILED or was ABORTED."""
    secrets = tuple(secrets)
    number, part, told = _failed_part(described, len(request.sqls))
    message = one_line(told, secrets)
    status: Status = "ABORTED" if described.get("Status") == "ABORTED" else "FAILED"
    end = "was cancelled in the warehouse" if status == "ABORTED" else "failed"
    query_id = int(part.get("RedshiftQueryId") or 0)
    return request.error(
        f"{end}: {message}" if message else end,
        number,
        message,
        secrets,
        status=status,
        statement_id=str(described.get("Id", "")) or None,
        query_id=query_id if query_id > 0 else query_id_in(told),
    )


def _failed_part(described: Described, count: int) -> tuple[int, Described, str]:
    """Return number (from 0), description and message of the statement, of `count`, that failed.

    -1: it is not known, or the batch failed as a whole, when it was committed.
    """
    parts = substatements(described)
    message = str(described.get("Error") or "")
    if count == 1 and not parts:
        return 0, described, message
    parts += [{}] * (count - len(parts))
    for status in ("FAILED", "ABORTED"):
        for number, part in enumerate(parts):
            if part.get("Status") == status and (status == "FAILED" or part.get("Error")):
                return number, part, str(part.get("Error") or message)
    if (match := _NUMBERED.search(message)) and 0 < int(match[1]) <= len(parts):
        number = int(match[1]) - 1
        return number, parts[number], message
    return -1, described, message


def unknown_statement(error: BaseException) -> WarehouseError | None:
    """Return the error of a statement that is not there, if that is what an exception says."""
    if error_code(error) != "ResourceNotFoundException":
        return None
    return WarehouseError(
        "the Data API knows no such statement: it keeps them for 24 hours", "Run it again."
    )
