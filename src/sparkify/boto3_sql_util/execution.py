"""Running SQL: sent once, watched until it ends, cancelled when it may not go on."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

from ..errors import SparkifyError
from ..progress import Progress, silent
from . import ending, outcome
from .connection import Connection, OutOfTimeError, Patience
from .pace import polls
from .request import Request, new_request
from .statement import Described, Statement, finished, has_ended, parts_of

SECONDS = 3600.0
_ASKED_AGAIN_SECONDS = 5.0


def execute(
    connection: Connection,
    sql: str | Sequence[str],
    *,
    token: str | None = None,
    names: Sequence[str] = (),
    deadline: float = SECONDS,
    progress: Progress = silent,
) -> Statement:
    """Run a statement, or a batch of up to 40 as one transaction, and wait until it has ended.

    sql: one statement, or a sequence: that is a batch, all or nothing.
    token: what makes the call idempotent; give one if you may call again with the same sql after a
        lost reply. None: a new one for this call.
    names: what each statement is called in progress and errors.
    deadline: seconds after which it is cancelled.
    progress: told how many statements are finished, under the name of the one under way.

    Whatever ends the wait (Ctrl-C, an exception out of `progress`) cancels the statement first; if
    that fails, the exception carries a note that says so.

    Raises StatementError when it failed, was cancelled, or did not end by its deadline;
    SettingsError for credentials, rights, or a workgroup that is not there; WarehouseError for
    what the Data API would refuse or refuses.
    """
    request = new_request(sql, token, names)
    return _Execution(connection, request, deadline, progress).run()


class _Execution:
    """One call of execute, and how far it has come."""

    def __init__(
        self, connection: Connection, request: Request, deadline: float, progress: Progress
    ) -> None:
        self._connection = connection
        self._request = request
        self._deadline = deadline
        self._until = connection.clock.now() + deadline
        self._progress = progress
        self._parameters = request.parameters(connection.workgroup, connection.database)
        self._operation = "BatchExecuteStatement" if request.batch else "ExecuteStatement"
        self._turned_away = self._sent()
        self._id: str | None = None
        self._over = False

    def run(self) -> Statement:
        try:
            self._id = self._send()
            described = self._watch(self._id)
        except BaseException as error:
            if not self._over:
                self._abandon(error)
            raise
        if described["Status"] == "FINISHED":
            return finished(described, self._request.sqls, self._id)
        raise outcome.failure(described, self._request, self._connection.secrets)

    # Sending

    def _send(self) -> str:
        """Send until it is accepted, always with the same token and text."""
        patience = Patience(self._connection, self._request.operation, self._until)
        while True:
            try:
                answer = self._connection.call(self._request.operation, **self._parameters)
                return str(answer["Id"])
            except Exception as error:
                self._note(error)
                try:
                    self._say("waiting for the warehouse to accept", 0)
                    patience.wait_after(error)
                except OutOfTimeError as out:
                    self._over = True
                    raise outcome.not_accepted(
                        self._request, self._connection, out.last, in_doubt=self._in_doubt
                    ) from None

    def _note(self, error: Exception) -> None:
        """Remember what is known now of what was sent. Raises StatementError if it has failed."""
        if failure := outcome.failed_at_once(error, self._request, self._connection.secrets):
            self._over = True
            raise failure from None
        one_attempt = self._sent() == self._turned_away + 1
        if one_attempt and outcome.says_no(error):
            self._turned_away += 1

    def _sent(self) -> int:
        return self._connection.calls[self._operation]

    @property
    def _in_doubt(self) -> bool:
        """Whether something was sent that may have been accepted without our knowing."""
        return self._sent() > self._turned_away

    # Watching

    def _watch(self, statement_id: str) -> Described:
        """Look until it has ended or the time is up; then end it."""
        clock, pauses = self._connection.clock, polls()
        while clock.now() < self._until:
            clock.sleep(min(pauses.next(), self._until - clock.now()))
            try:
                described = self._connection.call_patiently(
                    "describe_statement",
                    self._until,
                    tell=outcome.unknown,
                    most_unanswered=inf,  # it goes on, whether or not we can see it
                    Id=statement_id,
                )
            except OutOfTimeError:
                break
            if has_ended(described):
                self._over = True
                return described
            self._tell(described)
        return self._time_out(statement_id)

    def _tell(self, described: Described) -> None:
        states = [part.get("Status") for part in parts_of(described)]
        done = states.count("FINISHED")
        under_way = next((n for n, state in enumerate(states) if state != "FINISHED"), 0)
        self._say(self._request.name(under_way), done)

    def _say(self, step: str, done: int) -> None:
        self._progress(step, done, len(self._request.sqls), "statements")

    def _time_out(self, statement_id: str) -> Described:
        """Cancel; what finished all the same counts, all else is an error."""
        end = ending.cancel(self._connection, statement_id)
        self._over = True
        if end.described and end.described["Status"] == "FINISHED":
            return end.described
        raise outcome.timed_out(
            self._request, statement_id, end, self._deadline, self._connection.secrets
        )

    # Giving up

    def _abandon(self, error: BaseException) -> None:
        """End what was begun, because an exception ends the wait."""
        try:
            told = self._end_it(error)
        except Exception as trouble:  # the exception that ends the wait is the one that counts
            told = f"the statement may still run in the warehouse: {type(trouble).__name__}"
        if not told:
            return
        error.add_note(told)
        if isinstance(error, SparkifyError):
            error.reason = f"{error.reason}; {told}"
            error.args = (error.reason,)

    def _end_it(self, error: BaseException) -> str:
        """Cancel; return what the user should know of it, if anything."""
        if self._id is None:
            if not self._in_doubt:
                return ""
            if isinstance(error, SparkifyError):  # asking again would be refused, too
                return "whether the statement was accepted is not known; `sparkify status` tells"
            self._id = self._ask_again()
        end = ending.cancel(self._connection, self._id)
        if end.described and end.described["Status"] == "FINISHED":
            return "it had finished already when it was cancelled"
        return end.trouble

    def _ask_again(self) -> str:
        """Learn the id of what was sent: the same token never starts a second run."""
        until = self._connection.clock.now() + _ASKED_AGAIN_SECONDS
        answer: dict[str, Any] = self._connection.call_patiently(
            self._request.operation, until, **self._parameters
        )
        return str(answer["Id"])
