"""The way to one database of one workgroup: a boto3 client, made when it is first needed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from .. import aws
from ..config import Settings
from ..errors import SparkifyError
from .failures import GarbledError, Meaning, meaning, refusal
from .pace import Clock, SystemClock, retries

READ_SECONDS = 30
MOST_UNANSWERED = 5
"""How often a call is made again when no answer comes, on top of boto3's own attempts."""
_MEMBERS = {
    "execute_statement": ("Id",),
    "batch_execute_statement": ("Id",),
    "describe_statement": ("Status",),
    "cancel_statement": ("Status",),
    "get_statement_result": ("Records", "ColumnMetadata"),
}
"""Of a reply that is whole one at least is there; later pages need not tell the columns again."""


class OutOfTimeError(Exception):
    """A call could not be made by its deadline; last: what it failed with the last time."""

    def __init__(self, last: BaseException) -> None:
        super().__init__(str(last))
        self.last = last


class Connection:
    """A workgroup, a database in it, and the boto3 client that reaches them.

    calls: how many requests were sent, by operation (`ExecuteStatement`, ...), repeats included.
    """

    def __init__(
        self, settings: Settings, *, client: Any = None, clock: Clock | None = None
    ) -> None:
        self._settings = settings
        self._client = client
        self._lock = threading.Lock()
        self.clock: Clock = clock or SystemClock()
        self.calls: Counter[str] = Counter()
        if client is not None:
            self._count_calls(client)

    @property
    def workgroup(self) -> str:
        """The name of the workgroup."""
        return self._settings.redshift_workgroup

    @property
    def database(self) -> str:
        """The name of the database."""
        return self._settings.redshift_database

    @property
    def region(self) -> str:
        """The AWS Region of the workgroup."""
        return self._settings.aws_region

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may show."""
        return aws.secrets(self._settings)

    @property
    def client(self) -> Any:
        """The client of boto3 for `redshift-data`, without an endpoint of its own.

        Raises SettingsError when boto3 cannot make one of the settings and its own configuration.
        """
        with self._lock:
            if self._client is None:
                self._client = self._new_client()
                self._count_calls(self._client)
        return self._client

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation by boto3's name for it. Raises what boto3 raises, and GarbledError."""
        answer: dict[str, Any] = getattr(self.client, operation)(**parameters)
        if not any(name in answer for name in _MEMBERS[operation]):
            raise GarbledError(f"a reply without {_MEMBERS[operation][0]}")
        return answer

    def call_patiently(
        self,
        operation: str,
        until: float,
        *,
        tell: Callable[[BaseException], SparkifyError | None] = lambda error: None,
        most_unanswered: float = MOST_UNANSWERED,
        **parameters: Any,
    ) -> dict[str, Any]:
        """Call an operation that may be repeated, again and again while trying again may help.

        until: the clock's time at which to give up. tell: makes the error of an exception that it
            knows better than most; it may give None. most_unanswered: how often to go on without
            an answer.
        Raises SettingsError or WarehouseError when it is refused, OutOfTimeError when it is time
        to give up.
        """
        patience = Patience(self, operation, until, most_unanswered)
        while True:
            try:
                return self.call(operation, **parameters)
            except Exception as error:
                if told := tell(error):
                    raise told from None
                patience.wait_after(error)

    def _new_client(self) -> Any:
        from botocore.exceptions import BotoCoreError

        try:
            return aws.client(
                self._settings,
                "redshift-data",
                self.region,
                mode="adaptive",
                read_seconds=READ_SECONDS,
            )
        except (BotoCoreError, ValueError) as error:
            raise refusal(error, self, "ExecuteStatement") from None

    def _count_calls(self, client: Any) -> None:
        def count(event_name: str, **_: Any) -> None:
            self.calls[event_name.rpartition(".")[2]] += 1

        client.meta.events.register_first("before-send.redshift-data", count)


class Patience:
    """Decides, after a call failed, whether to make it again, and waits until then."""

    def __init__(
        self,
        connection: Connection,
        operation: str,
        until: float,
        most_unanswered: float = MOST_UNANSWERED,
    ) -> None:
        self._connection = connection
        self._operation = "".join(word.title() for word in operation.split("_"))
        self._until = until
        self._pauses = retries()
        self._most_unanswered = most_unanswered
        self._unanswered = 0

    def wait_after(self, error: Exception) -> None:
        """Wait before the next attempt.

        Raises SettingsError or WarehouseError when another attempt would not help, and
        OutOfTimeError when the time is up, or too many attempts had no answer.
        """
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        known = (BotoCoreError, ClientError, GarbledError, ResponseParserError)
        if not isinstance(error, known):
            raise error
        what = meaning(error)
        if what is Meaning.REFUSED:
            raise refusal(error, self._connection, self._operation) from None
        self._unanswered += what is Meaning.UNANSWERED
        now = self._connection.clock.now()
        if now >= self._until or self._unanswered > self._most_unanswered:
            raise OutOfTimeError(error) from None
        self._connection.clock.sleep(min(self._pauses.next(), self._until - now))


def connect(settings: Settings) -> Connection:
    """Make the way to the workgroup and database of the settings; nothing is sent yet."""
    return Connection(settings)
