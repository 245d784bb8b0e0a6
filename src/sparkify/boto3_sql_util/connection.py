"""The connection to one database of one workgroup: a boto3 client, made when it is first needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cached_property
from typing import Any

from .. import aws, config
from ..aws import Problem
from ..config import Settings
from ..errors import SparkifyError, WarehouseError
from ..retry import Backoff, Clock
from .errors import RETRIED, GaveUpError, IncompleteReplyError, is_of_boto3, problem, refusal

READ_SECONDS = 30
MOST_UNCONNECTED = 2
MOST_UNANSWERED = 5
"""How often a call is repeated when no answer comes, on top of boto3's own attempts: without any
answer so far, and without a connection, less often."""
_MEMBERS = {
    "execute_statement": ("Id",),
    "batch_execute_statement": ("Id",),
    "describe_statement": ("Status",),
    "cancel_statement": ("Status",),
    "list_statements": ("Statements",),
    "get_statement_result": ("Records", "ColumnMetadata"),
}
"""A complete reply has at least one of these; later pages need not name the columns again."""


class Connection:
    """A workgroup, a database in it, and the boto3 client that reaches them.

    calls: how many requests were sent, by operation (`ExecuteStatement`, ...), repeats included.
    """

    def __init__(
        self, settings: Settings, *, client: Any = None, clock: Clock | None = None
    ) -> None:
        self._settings = settings
        self.workgroup = settings.redshift_workgroup
        self.database = settings.redshift_database
        self.region = settings.aws_region
        self.clock = clock or Clock()
        self.calls: Counter[str] = Counter()
        self._answered = False
        if client is not None:
            self.client = self._counted(client)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may show."""
        return aws.secrets(self._settings)

    @cached_property
    def client(self) -> Any:
        """The boto3 client for `redshift-data`, without an endpoint of its own.

        Raises SettingsError when boto3 cannot make one of the settings and its own configuration.
        """
        from botocore.exceptions import BotoCoreError

        try:
            client = aws.client(
                self._settings,
                "redshift-data",
                self.region,
                mode="adaptive",  # throttled calls slow it down
                connects=1,  # repeated here, where each is counted
                read_seconds=READ_SECONDS,
            )
        except (BotoCoreError, ValueError) as error:
            raise refusal(error, self, "ExecuteStatement") from None
        return self._counted(client)

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation by boto3's name. Raises what boto3 raises, and IncompleteReplyError."""
        answer: dict[str, Any] = getattr(self.client, operation)(**parameters)
        if not any(name in answer for name in _MEMBERS[operation]):
            raise IncompleteReplyError(f"a reply without {_MEMBERS[operation][0]}")
        return answer

    def call_with_retries(
        self,
        operation: str,
        seconds: float,
        *,
        explain: Callable[[Exception], SparkifyError | None] = lambda error: None,
        most_unanswered: float = MOST_UNANSWERED,
        **parameters: Any,
    ) -> dict[str, Any]:
        """Call an idempotent operation until it is answered, or another attempt would not help.

        seconds: when to give up. explain: called after each failure; returns the error to raise
        where the caller knows better, else None. most_unanswered: how often to repeat a call that
        got no answer.
        Raises SettingsError or WarehouseError when it is refused, GaveUpError when it is time to
        give up, and what is not of boto3 as it is.
        """
        backoff, unanswered = pauses(seconds, self.clock), 0
        while True:
            try:
                return self.call(operation, **parameters)
            except Exception as error:
                if known := explain(error):
                    raise known from None
                if not is_of_boto3(error):
                    raise
                what = problem(error)
                if what not in RETRIED:
                    name = "".join(word.title() for word in operation.split("_"))
                    raise refusal(error, self, name) from None
                unanswered += what is Problem.UNREACHABLE
                if not self._answered and aws.unconnected(error) and unanswered > MOST_UNCONNECTED:
                    said = aws.error_message(error, self.secrets)
                    reason = f"redshift-data in {self.region} cannot be reached: {said}"
                    raise WarehouseError(reason, f"{aws.NETWORK_STEP}.") from None
                if unanswered > most_unanswered or not backoff.wait(operation):
                    raise GaveUpError(error, self) from None

    def _counted(self, client: Any) -> Any:
        def count(event_name: str, **_: Any) -> None:
            self.calls[event_name.rpartition(".")[2]] += 1

        def note(**_: Any) -> None:
            self._answered = True

        client.meta.events.register_first("before-send.redshift-data", count)
        client.meta.events.register_first("after-call.redshift-data", note)
        return client


def pauses(seconds: float, clock: Clock) -> Backoff:
    """Return the pauses before a failed call is repeated."""
    return Backoff(0.5, longest=20.0, jitter=0.5, seconds=seconds, clock=clock)


def connect(settings: Settings | None = None) -> Connection:
    """Return a connection to the workgroup and database of the settings; nothing is sent yet.

    settings: None takes those of `dwh.cfg` and the environment.
    """
    return Connection(settings or config.current())
