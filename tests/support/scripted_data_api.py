"""A Redshift Data API in this process, as far as a script says: every reply can be chosen.

The client is boto3's own; only the sending of bytes is replaced (botocore's `before-send`), so
signing, serialising, parsing and error classes are the real ones.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError

from sparkify.boto3_sql_util import Connection
from sparkify.config import Settings
from sparkify.retry import Clock

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SETTINGS = Settings(aws_key=KEY, aws_secret=SECRET)
RUNNING = ("SUBMITTED", "PICKED", "STARTED")


class FakeClock(Clock):
    """A clock that moves when somebody sleeps. at: what to do at the n-th sleep, from 1."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []
        self.at: dict[int, Callable[[], object]] = {}

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.time += seconds
        if action := self.at.get(len(self.slept)):
            action()


@dataclass(frozen=True)
class Lost:
    """The reply is lost; accepted: the request was carried out all the same."""

    accepted: bool
    how: Callable[..., Exception] = ConnectionClosedError


@dataclass(frozen=True)
class Refused:
    """An error is answered; accepted: the request was carried out all the same."""

    code: str
    status: int = 400
    message: str = "no"
    accepted: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Cut:
    """The reply ends in its middle, and nothing says so."""

    accepted: bool = True
    status: int = 200


@dataclass(frozen=True)
class Interrupted:
    """Ctrl-C while the request is on its way; accepted: it was carried out."""

    accepted: bool
    error: type[BaseException] = KeyboardInterrupt


Fault = Lost | Refused | Cut | Interrupted | None


@dataclass
class Ran:
    """A statement as the service has it.

    states: what one look after the other sees; the last stays. error: of FAILED or ABORTED.
    parts: for each look what the statements of the batch have reached, as (status, error) each.
    """

    id: str = ""
    sqls: list[str] = field(default_factory=list)
    batch: bool = False
    states: Sequence[str] = ("FINISHED",)
    error: str = ""
    failed_part: int | None = None
    finished_parts: Sequence[int] = ()
    query_id: int = 0
    rows: int = -1
    columns: Sequence[Mapping[str, Any]] | None = None
    pages: Sequence[Sequence[Sequence[Mapping[str, Any]]]] = ((),)
    cancels_to: str = "ABORTED"
    told_parts: bool = True
    looks: int = 0
    runs: int = 1
    end: str = ""

    def look(self) -> dict[str, Any]:
        place = min(self.looks, len(self.states) - 1)
        state = self.end or self.states[place]
        self.looks += 1
        shown: dict[str, Any] = {
            "Id": self.id,
            "Status": state,
            "HasResultSet": self.columns is not None,
            "ResultRows": self.rows,
            "QueryString": "" if self.batch else self.sqls[0],
        }
        if self.query_id and not self.batch:
            shown["RedshiftQueryId"] = self.query_id
        if state in ("FAILED", "ABORTED") and self.error:
            shown["Error"] = self.error
        if self.batch and self.told_parts:
            done = (
                self.finished_parts[min(place, len(self.finished_parts) - 1)]
                if self.finished_parts
                else 0
            )
            parts = [self._part(n, state, done) for n in range(len(self.sqls))]
            shown["SubStatements"] = list(reversed(parts))  # no order is promised
        return shown

    def _part(self, number: int, state: str, done: int) -> dict[str, Any]:
        part: dict[str, Any] = {
            "Id": f"{self.id}:{number + 1}",
            "QueryString": self.sqls[number],
            "ResultRows": number,
            "HasResultSet": self.columns is not None,
        }
        if state == "FINISHED" or number < done:
            part["Status"] = "FINISHED"
        elif state == "FAILED" and number == self.failed_part:
            part |= {"Status": "FAILED", "Error": self.error, "RedshiftQueryId": self.query_id}
        elif state in ("FAILED", "ABORTED"):
            part["Status"] = "ABORTED"
        else:
            part["Status"] = "STARTED" if number == done else "SUBMITTED"
        return part


class Meagre(Ran):
    """One of which the service tells no more than it must. keep: what it tells of each part."""

    keep: tuple[str, ...] = ("Id",)

    def look(self) -> dict[str, Any]:
        shown = super().look()
        told: dict[str, Any] = {name: shown[name] for name in ("Status", "Error") if name in shown}
        if "SubStatements" in shown:
            parts = shown["SubStatements"]
            told["SubStatements"] = [
                {name: part[name] for name in self.keep if name in part} for part in parts
            ]
        return told


class Untold(Meagre):
    """One of whose parts nothing at all is told."""

    keep = ()


class DataApi:
    """The service: what it was asked, what it has, and how it is to fail."""

    def __init__(self) -> None:
        self.log: list[tuple[str, dict[str, Any]]] = []
        self.script: deque[Ran] = deque()
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.statements: dict[str, Ran] = {}
        self.tokens: dict[str, str] = {}
        self.always: dict[str, Fault] = {}
        self.cancelled: list[str] = []
        self.listed: list[dict[str, Any]] = []

    def will_run(self, *statements: Ran) -> None:
        """Say what the next statements do; without a word they finish at once."""
        self.script.extend(statements)

    def fail(self, operation: str, *faults: Fault) -> None:
        """Let the next calls of an operation fail, one after the other; None: that one works."""
        self.faults[operation].extend(faults)

    def asked(self, operation: str) -> list[dict[str, Any]]:
        """What an operation was called with."""
        return [body for name, body in self.log if name == operation]

    def running(self) -> list[str]:
        """The statements that nobody knows to have ended."""
        return [
            one.id
            for one in self.statements.values()
            if not one.end and one.states[-1] not in ("FINISHED", "FAILED", "ABORTED")
        ]

    def client(self, **config: Any) -> Any:
        """A client of boto3 that talks to this service, without attempts of its own."""
        settings = {"retries": {"mode": "standard", "total_max_attempts": 1}, **config}
        client = _session().client("redshift-data", config=Config(**settings))
        client.meta.events.register("before-send.redshift-data", self._answer)
        return client

    def connection(self, clock: FakeClock | None = None) -> Connection:
        return Connection(SETTINGS, client=self.client(), clock=clock or FakeClock())

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        body = json.loads(request.body)
        self.log.append((operation, body))
        waiting = self.faults[operation]
        fault = waiting.popleft() if waiting else self.always.get(operation)
        if fault is None or fault.accepted:
            answer = getattr(self, operation)(body)
        if isinstance(fault, Lost):
            raise fault.how(endpoint_url=request.url, error="gone")
        if isinstance(fault, Interrupted):
            raise fault.error
        if isinstance(fault, Cut):
            return _response(request, {"whatever": "it is"}, fault.status, bytes_of_it=9)
        if isinstance(fault, Refused):
            answer = _error(fault.code, fault.message, **fault.more)
            return _response(request, answer, fault.status)
        return _response(request, answer, 400 if "__type" in answer else 200)

    # The operations

    def ExecuteStatement(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self._run(body, [body["Sql"]], batch=False)

    def BatchExecuteStatement(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self._run(body, body["Sqls"], batch=True)

    def _run(self, body: dict[str, Any], sqls: list[str], *, batch: bool) -> dict[str, Any]:
        if known := self.tokens.get(body["ClientToken"]):
            assert self.statements[known].sqls == sqls, "one token, two texts"
            return {"Id": known}
        ran = self.script.popleft() if self.script else Ran()
        ran.id, ran.sqls, ran.batch = f"statement-{len(self.statements) + 1}", sqls, batch
        self.statements[ran.id] = ran
        self.tokens[body["ClientToken"]] = ran.id
        return {"Id": ran.id}

    def DescribeStatement(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if body["Id"] not in self.statements:
            return _error("ResourceNotFoundException", "Query does not exist.")
        return self.statements[body["Id"]].look()

    def CancelStatement(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        ran = self.statements[body["Id"]]
        state = ran.states[min(ran.looks, len(ran.states) - 1)]
        if state in ("FINISHED", "FAILED", "ABORTED"):
            ran.looks = len(ran.states)
            text = f"Could not cancel a query that is already in {state} state with ID: {ran.id}"
            return _error("ValidationException", text)
        self.cancelled.append(ran.id)
        ran.end = ran.cancels_to
        return {"Status": True}

    def ListStatements(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = body["StatementName"]
        return {"Statements": [one for one in self.listed if one["StatementName"].startswith(name)]}

    def GetStatementResult(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        ran = self.statements[body["Id"].partition(":")[0]]
        place = int(body.get("NextToken", "page-0").removeprefix("page-"))
        answer: dict[str, Any] = {
            "ColumnMetadata": ran.columns,
            "Records": ran.pages[place],
            "TotalNumRows": sum(len(page) for page in ran.pages),
        }
        if place + 1 < len(ran.pages):
            answer["NextToken"] = f"page-{place + 1}"
        return answer


@cache
def _session() -> boto3.Session:
    """One for all: it keeps the models that it has read."""
    return boto3.Session(
        aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1"
    )


def _error(code: str, message: str, **more: Any) -> dict[str, Any]:
    return {"__type": code, "message": message, "Message": message, **more}


class _Raw:
    """The body of a reply, as botocore reads it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._content


def _response(
    request: Any, answer: Mapping[str, Any], status: int, bytes_of_it: int | None = None
) -> AWSResponse:
    content = json.dumps(answer).encode()[:bytes_of_it]
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    return AWSResponse(request.url, status, headers, _Raw(content))


def column(name: str, kind: str, precision: int = 0, scale: int = 0) -> dict[str, Any]:
    """The metadata of a column."""
    return {
        "name": name, "label": name, "typeName": kind, "precision": precision, "scale": scale,
        "nullable": 1,
    }  # fmt: skip


BATCH = ["DELETE FROM a", "INSERT INTO a SELECT 1", "SELECT 2"]
NAMES = ["empty_a", "fill_a", "look"]
THROTTLED = Refused("ThrottlingException")


def goes_on() -> Ran:
    """A statement that never ends by itself."""
    return Ran(states=RUNNING)


class Heard:
    """A progress that remembers, and may do something at the n-th call."""

    def __init__(self, at: int = 0, action: Callable[[], None] | None = None) -> None:
        self.told: list[tuple[str, int, int | None, str]] = []
        self.at, self.action = at, action

    def __call__(self, step: str, done: int, total: int | None, unit: str) -> None:
        self.told.append((step, done, total, unit))
        if self.action and len(self.told) == self.at:
            self.action()
