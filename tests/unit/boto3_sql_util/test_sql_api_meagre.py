"""A Data API that tells no more than it must: what its model calls optional is not there."""

from __future__ import annotations

from typing import Any

import pytest

from scripted_data_api import BATCH, NAMES, DataApi, FakeClock, Ran, Refused, column
from sparkify.boto3_sql_util import StatementError, debug, execute, fetch, to_dataframe
from sparkify.errors import WarehouseError

ROWS = [[{"longValue": 1}], [{"longValue": 2}], [{"longValue": 3}]]
LOAD = "ERROR: Load into table 'new_events' failed. Check 'sys_load_error_detail'."


class Meagre(Ran):
    """A statement of which little is told. keep: what is told of each part of a batch."""

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


@pytest.fixture
def api() -> DataApi:
    return DataApi()


@pytest.mark.parametrize("kind", [Meagre, Untold])
def test_a_result_that_nobody_announced_is_fetched(api: DataApi, kind: type[Ran]) -> None:
    api.will_run(kind(columns=[column("n", "int8")], pages=[ROWS]))
    statement = execute(api.connection(), ["SELECT 1", "SELECT 2"])
    assert fetch(api.connection(), statement, 1).rows == [(1,), (2,), (3,)]
    assert api.asked("GetStatementResult")[0]["Id"] == "statement-1:2"
    api.will_run(kind(columns=[column("n", "int8")], pages=[ROWS]))
    assert list(to_dataframe(api.connection(), "SELECT 3")["n"]) == [1, 2, 3]


@pytest.mark.parametrize(
    "answer",
    [
        Refused("ResourceNotFoundException", message="Query does not have result."),
        Refused("ValidationException", message="There is no result for the statement"),
    ],
    ids=lambda answer: answer.code,
)
def test_a_statement_without_a_result_has_none(api: DataApi, answer: Refused) -> None:
    api.will_run(Meagre())
    statement = execute(api.connection(), ["DELETE FROM a", "-- look\n(SELECT 1)"])
    api.fail("GetStatementResult", answer, answer)
    assert fetch(api.connection(), statement, 0).rows == []
    with pytest.raises(WarehouseError, match="result"):  # a question has one, if it is kept
        fetch(api.connection(), statement, 1)


def test_only_the_first_page_tells_the_columns(
    api: DataApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = DataApi.GetStatementResult

    def answer(self: DataApi, body: dict[str, Any]) -> dict[str, Any]:
        told = whole(self, body)
        if "NextToken" in body:
            del told["ColumnMetadata"], told["TotalNumRows"]
        return told

    monkeypatch.setattr(DataApi, "GetStatementResult", answer)
    api.will_run(Ran(columns=[column("n", "int8")], pages=[[row] for row in ROWS]))
    assert fetch(api.connection(), execute(api.connection(), "SELECT 1")).rows == [(1,), (2,), (3,)]


def test_an_empty_result_without_rows_to_tell(
    api: DataApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"ColumnMetadata": [column("n", "int8")]}
    monkeypatch.setattr(DataApi, "GetStatementResult", lambda *_: told)
    api.will_run(Ran(columns=[column("n", "int8")]))
    table = fetch(api.connection(), execute(api.connection(), "SELECT 1"))
    assert (table.columns, table.rows) == (("n",), [])


def test_rows_without_columns_are_refused(api: DataApi) -> None:
    api.will_run(Ran(columns=[], pages=[ROWS]))
    statement = execute(api.connection(), "SELECT 1")
    with pytest.raises(WarehouseError, match="1 values and tells of 0 columns"):
        fetch(api.connection(), statement)


@pytest.mark.parametrize(
    ("metadata", "raw", "value"),
    [
        ({"typeName": "numeric(18,5)"}, "1.50000", "1.50000"),
        ({"typeName": "DECIMAL(9, 0)"}, "7", "7"),
        ({"typeName": "character varying(64)"}, "a", "a"),
        ({"typeName": "timestamp without time zone"}, "2018-11-01 21:01:46.8", None),
        ({}, "a", "a"),
    ],
)
def test_types_are_known_by_longer_names(
    api: DataApi, metadata: dict[str, Any], raw: str, value: str | None
) -> None:
    api.will_run(Ran(columns=[{"name": "x", **metadata}], pages=[[[{"stringValue": raw}]]]))
    [(found,)] = fetch(api.connection(), execute(api.connection(), "SELECT 1")).rows
    if value is None:
        assert found.isoformat() == "2018-11-01T21:01:46.800000"
    else:
        assert str(found) == value
        assert isinstance(found, str) == (not metadata or "char" in metadata["typeName"])


@pytest.mark.parametrize("kind", [Meagre, Untold])
@pytest.mark.parametrize(
    ("message", "number", "name"),
    [
        ("Query #2 failed with ERROR: no such table", 1, "fill_a"),
        ("ERROR: no such table", -1, "the batch of 3 statements"),
        ("Query #9 failed with ERROR: what is that", -1, "the batch of 3 statements"),
    ],
)
@pytest.mark.parametrize("parts", [True, False])
def test_a_failed_statement_is_found_by_what_is_told(
    api: DataApi, kind: type[Ran], message: str, number: int, name: str, parts: bool
) -> None:
    api.will_run(kind(states=("PICKED", "FAILED"), error=message, told_parts=parts))
    with pytest.raises(StatementError) as caught:
        execute(api.connection(), BATCH, names=NAMES)
    assert (caught.value.number, caught.value.name) == (number, name)


def test_load_errors_are_looked_for_though_nobody_tells_which_statement_failed(
    api: DataApi,
) -> None:
    names = ("file_name", "line_number", "column_name", "column_type", "column_length", "position")
    columns = [column(name, "varchar") for name in (*names, "error_code", "error_message")]
    row = ("s3://b/1.json", "17", "ts", "int8", "0", "0", "1207", "Invalid digit")
    failed = Ran(states=("FAILED",), error=LOAD, told_parts=False, query_id=5, batch=True)
    plain = failed.look

    def look() -> dict[str, Any]:
        return {**plain(), "RedshiftQueryId": 5}

    failed.look = look  # type: ignore[method-assign]
    api.will_run(failed, Ran(columns=columns, pages=[[[{"stringValue": one} for one in row]]]))
    with pytest.raises(StatementError) as caught:
        execute(api.connection(), BATCH, names=NAMES)
    said = debug(api.connection(), caught.value).text
    assert "COPY into new_events failed: s3://b/1.json, line 17, column ts" in said


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
