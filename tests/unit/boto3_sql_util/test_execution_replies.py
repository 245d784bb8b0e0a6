"""Running SQL by the Data API: replies that are lost, calls that are turned away or refused."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from scripted_data_api import (
    BATCH,
    THROTTLED,
    Cut,
    DataApi,
    FakeClock,
    Fault,
    Heard,
    Lost,
    Ran,
    Refused,
    column,
    goes_on,
)
from sparkify.boto3_sql_util import StatementError, execute, fetch
from sparkify.boto3_sql_util.connection import MOST_UNANSWERED
from sparkify.errors import SettingsError, SparkifyError, WarehouseError


@pytest.fixture
def api() -> DataApi:
    return DataApi()


LOST: list[Fault] = [
    Lost(accepted=False),
    Lost(accepted=True),
    Lost(accepted=True, how=ReadTimeoutError),
    Lost(accepted=False, how=EndpointConnectionError),
    Lost(accepted=False, how=ConnectTimeoutError),
    Refused("InternalServerException", status=500),
    Refused("InternalServerException", status=500, accepted=True),
    Refused("SomethingNew", status=503, accepted=True),
    Refused("DatabaseConnectionException"),
    Cut(),
    Cut(accepted=False, status=400),
    Cut(status=503),
    THROTTLED,
    Refused("ActiveStatementsExceededException"),
    Refused("ActiveSessionsExceededException"),
]


@pytest.mark.parametrize("sql", ["SELECT 1", BATCH], ids=["one", "batch"])
@pytest.mark.parametrize("fault", LOST, ids=str)
def test_a_call_that_got_no_answer_is_made_again(api: DataApi, fault: Fault, sql: Any) -> None:
    operation = "ExecuteStatement" if sql == "SELECT 1" else "BatchExecuteStatement"
    api.fail(operation, fault, fault)
    connection = api.connection()
    done = execute(connection, sql)
    first, *others = api.asked(operation)
    assert others == [first, first]
    assert done.id == "statement-1"
    assert len(api.statements) == 1, "nothing ran twice"
    assert connection.calls[operation] == 3


@pytest.mark.parametrize("accepted", [True, False])
def test_lost_replies_are_not_asked_for_for_ever(api: DataApi, accepted: bool) -> None:
    api.always["ExecuteStatement"] = Lost(accepted=accepted)
    with pytest.raises(StatementError, match="whether it was accepted is not known") as caught:
        execute(api.connection(), "SELECT 1")
    assert len(api.asked("ExecuteStatement")) == MOST_UNANSWERED + 1
    assert (caught.value.status, caught.value.in_doubt) == ("TIMEOUT", True)
    assert caught.value.statement_id is None
    assert "sparkify status" in caught.value.next_step


def test_what_is_turned_away_for_ever_ends_at_the_deadline(api: DataApi) -> None:
    api.always["ExecuteStatement"] = THROTTLED
    clock, heard = FakeClock(), Heard()
    with pytest.raises(StatementError, match="ThrottlingException") as caught:
        execute(api.connection(clock), "SELECT 1", deadline=60, progress=heard)
    assert clock.time == pytest.approx(1060)
    assert (caught.value.status, caught.value.in_doubt) == ("TIMEOUT", False)
    assert heard.told[0] == ("waiting for the warehouse to accept", 0, 1, "statements")
    assert max(clock.slept) <= 20


@pytest.mark.parametrize("fault", LOST, ids=str)
def test_a_look_that_got_no_answer_is_repeated(api: DataApi, fault: Fault) -> None:
    api.will_run(Ran(states=("STARTED", "FINISHED")))
    api.fail("DescribeStatement", fault, None, fault, fault)
    assert execute(api.connection(), "SELECT 1").id == "statement-1"
    assert len(api.asked("ExecuteStatement")) == 1
    assert api.cancelled == []


REFUSED: list[tuple[Refused, type[SparkifyError], str]] = [
    (Refused("ExpiredTokenException"), SettingsError, "expired"),
    (Refused("UnrecognizedClientException"), SettingsError, "does not accept the credentials"),
    (
        Refused(
            "InvalidSignatureException", 403, "should have been x-amz-security-token:IQoJb3JpZ2lu"
        ),
        SettingsError,
        "does not accept the credentials",
    ),
    (
        Refused("AccessDeniedException", 400, "User: arn:u is not authorized to perform: x"),
        SettingsError,
        r"may not call redshift-data:\w+Statement: User: arn:u",
    ),
    (
        Refused("ValidationException", 400, "Redshift endpoint doesn't exist in this region."),
        SettingsError,
        "no workgroup sparkify in us-east-1",
    ),
    (Refused("ValidationException", 400, "Sql is odd"), WarehouseError, "odd"),
    (Refused("SomethingElse"), WarehouseError, "SomethingElse"),
]


@pytest.mark.parametrize(("fault", "kind", "words"), REFUSED, ids=str)
def test_what_is_refused_is_not_tried_again(
    api: DataApi, fault: Refused, kind: type[SparkifyError], words: str
) -> None:
    api.fail("ExecuteStatement", fault)
    with pytest.raises(kind, match=words) as caught:
        execute(api.connection(), "SELECT 1")
    assert len(api.log) == 1
    assert caught.value.next_step
    assert "IQoJ" not in caught.value.reason
    assert not isinstance(caught.value, StatementError)


def test_a_workgroup_that_is_not_there(api: DataApi) -> None:
    api.fail("ExecuteStatement", Refused("ResourceNotFoundException"))
    with pytest.raises(SettingsError, match="no workgroup sparkify") as caught:
        execute(api.connection(), "SELECT 1")
    assert "sparkify iac up" in caught.value.next_step


@pytest.mark.parametrize(("fault", "kind", "words"), REFUSED, ids=str)
def test_a_look_that_is_refused_cancels(
    api: DataApi, fault: Refused, kind: type[SparkifyError], words: str
) -> None:
    api.will_run(goes_on())
    api.fail("DescribeStatement", None, fault)
    with pytest.raises(kind, match=words):
        execute(api.connection(), "SELECT 1")
    assert api.cancelled == ["statement-1"]
    assert api.running() == []


def test_what_can_no_longer_be_cancelled_is_told(api: DataApi) -> None:
    expired = Refused("ExpiredTokenException")
    api.will_run(goes_on())
    api.fail("DescribeStatement", None)
    api.always |= {"DescribeStatement": expired, "CancelStatement": expired}
    with pytest.raises(SettingsError, match="expired") as caught:
        execute(api.connection(), "SELECT 1")
    assert "may still run in the warehouse as statement statement-1" in caught.value.reason
    assert str(caught.value) == caught.value.reason


def test_refused_after_a_lost_reply_is_in_doubt(api: DataApi) -> None:
    api.fail("ExecuteStatement", Lost(accepted=True), Refused("ExpiredTokenException"))
    with pytest.raises(SettingsError, match=r"expired.*whether the statement was accepted"):
        execute(api.connection(), "SELECT 1")


ROWS = [[{"longValue": 1}], [{"longValue": 2}], [{"longValue": 3}]]


@pytest.mark.parametrize(
    "fault",
    [
        Refused("Throttling"),
        Refused("ThrottlingException"),
        Refused("TooManyRequests"),
        Refused("TooManyRequestsException", 429),
        Refused("ThrottledRequestException"),
        Refused("ActiveStatementsExceeded"),
        Refused("ActiveStatementsExceededException"),
        Refused("SomethingElse", 429),
        Refused("DatabaseConnection"),
        Refused("InternalServerError", 500),
        Refused("ServiceUnavailable", 503),
    ],
    ids=lambda fault: f"{fault.code}-{fault.status}",
)
def test_who_is_turned_away_comes_again(api: DataApi, fault: Refused) -> None:
    clock = FakeClock()
    operations = ("ExecuteStatement", "DescribeStatement", "GetStatementResult")
    for operation in operations:
        api.fail(operation, fault, fault)
    api.will_run(Ran(columns=[column("n", "int8")], pages=[ROWS]))
    connection = api.connection(clock)
    assert len(fetch(connection, execute(connection, "SELECT 1")).rows) == 3
    assert all(len(api.asked(operation)) >= 3 for operation in operations)
    assert len({sent["ClientToken"] for sent in api.asked("ExecuteStatement")}) == 1
