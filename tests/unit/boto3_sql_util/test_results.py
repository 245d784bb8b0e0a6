"""Results of the Data API: pages, types, NULLs, names, as rows and as DataFrames."""

from __future__ import annotations

import base64
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from scripted_data_api import Cut, DataApi, FakeClock, Lost, Meagre, Ran, Refused, Untold, column
from sparkify.boto3_sql_util import StatementError, execute, fetch, to_dataframe
from sparkify.errors import SettingsError, WarehouseError

NULL = {"isNull": True}
HALF_PAST = timezone(timedelta(hours=5, minutes=30))


def text(value: str) -> dict[str, Any]:
    return {"stringValue": value}


@pytest.fixture
def api() -> DataApi:
    return DataApi()


def result(*columns: dict[str, Any], pages: Any = ((),)) -> Ran:
    return Ran(columns=columns, pages=pages)


# Every type

TYPES: list[tuple[str, dict[str, Any], Any, str]] = [
    ("int2", {"longValue": -5}, -5, "Int64"),
    ("int4", {"longValue": 7}, 7, "Int64"),
    ("int8", {"longValue": 2**63 - 1}, 2**63 - 1, "Int64"),
    ("int8", {"longValue": -(2**63)}, -(2**63), "Int64"),
    ("INTEGER", {"longValue": 7}, 7, "Int64"),
    ("oid", {"longValue": 7}, 7, "Int64"),
    ("int8", text("12"), 12, "Int64"),
    ("float4", {"doubleValue": 1.5}, 1.5, "Float64"),
    ("float8", {"doubleValue": -1e300}, -1e300, "Float64"),
    ("float8", {"doubleValue": 3}, 3.0, "Float64"),
    ("float8", {"doubleValue": "Infinity"}, math.inf, "Float64"),
    ("double precision", {"doubleValue": 0.1}, 0.1, "Float64"),
    ("bool", {"booleanValue": True}, True, "boolean"),
    ("bool", {"booleanValue": False}, False, "boolean"),
    ("boolean", text("f"), False, "boolean"),
    ("boolean", text("true"), True, "boolean"),
    ("varchar", text("  Björk \\ 'x' "), "  Björk \\ 'x' ", "string"),
    ("varchar", text(""), "", "string"),
    ("text", text("a"), "a", "string"),
    ("unknown", text("a"), "a", "string"),
    ("bpchar", text(" ab  "), " ab", "string"),
    ("bpchar", text("    "), "", "string"),
    ("character", text("ab  "), "ab", "string"),
    ("date", text("2018-11-30"), date(2018, 11, 30), "datetime64[us]"),
    ("date", text("0001-01-01"), date(1, 1, 1), "datetime64[us]"),
    ("timestamp", text("2018-11-30 21:01:46"), datetime(2018, 11, 30, 21, 1, 46), "datetime64[us]"),
    (
        "timestamp",
        text("2018-11-30 21:01:46.796"),
        datetime(2018, 11, 30, 21, 1, 46, 796_000),
        "datetime64[us]",
    ),
    (
        "timestamp without time zone",
        text("9999-12-31 23:59:59.999999"),
        datetime(9999, 12, 31, 23, 59, 59, 999_999),
        "datetime64[us]",
    ),
    (
        "timestamptz",
        text("2018-11-30 21:01:46.79+00"),
        datetime(2018, 11, 30, 21, 1, 46, 790_000, UTC),
        "datetime64[us, UTC]",
    ),
    (
        "timestamptz",
        text("2018-11-30 21:01:46"),
        datetime(2018, 11, 30, 21, 1, 46, tzinfo=UTC),
        "datetime64[us, UTC]",
    ),
    (
        "timestamp with time zone",
        text("2018-11-30 21:01:46-08:00"),
        datetime(2018, 12, 1, 5, 1, 46, tzinfo=UTC),
        "datetime64[us, UTC]",
    ),
    ("time", text("10:35:00"), time(10, 35), "object"),
    ("time", text("10:35:00.25"), time(10, 35, 0, 250_000), "object"),
    ("timetz", text("10:35:00+05:30"), time(10, 35, tzinfo=HALF_PAST), "object"),
    ("timetz", text("10:35:00"), time(10, 35, tzinfo=UTC), "object"),
    ("super", text('{"a":[1.10,null]}'), '{"a":[1.10,null]}', "string"),
    ("super", text("null"), "null", "string"),
    ("varbyte", {"blobValue": base64.b64encode(b"\0a\xff").decode()}, b"\0a\xff", "object"),
    ("varbyte", text("0061ff"), b"\0a\xff", "object"),
    ("binary varying", text("\\x0061ff"), b"\0a\xff", "object"),
    ("geometry", text("0101000000"), "0101000000", "string"),
    ("hllsketch", text('{"logm":15}'), '{"logm":15}', "string"),
    ("intervald2s", text("1 days 2 hours"), "1 days 2 hours", "string"),
]


@pytest.mark.parametrize(("kind", "field", "value", "dtype"), TYPES, ids=str)
def test_a_value_of_each_type(
    api: DataApi, kind: str, field: dict[str, Any], value: Any, dtype: str
) -> None:
    api.will_run(result(column("a", kind), pages=[[[field], [NULL]]]))
    connection = api.connection()
    statement = execute(connection, "SELECT a FROM t")
    table = fetch(connection, statement)
    assert table.columns == ("a",)
    assert table.rows == [(value,), (None,)]
    assert type(table.rows[0][0]) is type(value)
    frame = to_dataframe(connection, statement)
    assert str(frame["a"].dtype) == dtype
    assert frame["a"][0] == (pd.Timestamp(value) if type(value) is date else value)
    assert frame["a"].isna().tolist() == [False, True]
    assert frame["a"][1] is (pd.NaT if dtype.startswith("datetime64") else pd.NA)


@pytest.mark.parametrize(
    ("precision", "scale", "written", "value", "dtype"),
    [
        (18, 5, "1234567890123.12345", Decimal("1234567890123.12345"), "object"),
        (18, 2, "12.00", Decimal("12.00"), "object"),
        (18, 2, "12", Decimal(12), "object"),
        (18, 0, "12", 12, "Int64"),
        (38, 0, "9" * 38, int("9" * 38), "object"),
        (38, 0, "12.5", Decimal("12.5"), "object"),  # a scale that was not told
        (38, 37, "-1." + "1" * 37, Decimal("-1." + "1" * 37), "object"),
    ],
)
def test_decimals(
    api: DataApi, precision: int, scale: int, written: str, value: Any, dtype: str
) -> None:
    metadata = column("a", "numeric", precision, scale)
    api.will_run(result(metadata, pages=[[[text(written)], [NULL]]]))
    connection = api.connection()
    statement = execute(connection, "SELECT a FROM t")
    rows = fetch(connection, statement).rows
    assert rows == [(value,), (None,)]
    assert type(rows[0][0]) is type(value)
    assert str(rows[0][0]) == str(value)
    frame = to_dataframe(connection, statement)
    assert str(frame["a"].dtype) == dtype
    assert frame["a"].tolist() == [value, pd.NA]


def test_not_a_number_is_no_null(api: DataApi) -> None:
    api.will_run(
        result(column("a", "float8"), pages=[[[{"doubleValue": "NaN"}], [NULL]], [[NULL]]])
    )
    connection = api.connection()
    statement = execute(connection, "SELECT a FROM t")
    rows = fetch(connection, statement).rows
    assert math.isnan(rows[0][0])
    assert rows[1:] == [(None,), (None,)]
    frame = to_dataframe(connection, statement)
    assert math.isnan(frame["a"][0])
    assert frame["a"][1] is pd.NA


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("date", "0044-03-15 BC"),
        ("timestamp", "12018-01-01 00:00:00"),
        ("timestamptz", "infinity"),
        ("timestamptz", "0001-01-01 00:00:00+14"),
        ("time", "24:00:00"),
        ("varbyte", "not hexadecimal"),
        ("numeric", "odd"),
    ],
)
def test_what_python_has_no_value_for_stays_text(api: DataApi, kind: str, written: str) -> None:
    usual = {"numeric": "1", "date": "2018-11-30", "time": "10:00:00", "varbyte": "00"}
    known = text(usual.get(kind, "2018-11-30 00:00:00"))
    api.will_run(result(column("a", kind), pages=[[[known], [NULL]], [[text(written)]]]))
    connection = api.connection()
    statement = execute(connection, "SELECT a FROM t")
    assert fetch(connection, statement).rows[2] == (written,)
    frame = to_dataframe(connection, statement)
    assert frame["a"].dtype == object
    assert frame["a"][2] == written
    assert frame["a"].isna().tolist() == [False, True, False]


# Columns


def test_columns_of_the_same_name_are_kept(api: DataApi) -> None:
    api.will_run(
        result(
            column("id", "int4"),
            column("id", "varchar"),
            pages=[[[{"longValue": 1}, text("x")]], [[{"longValue": 2}, NULL]]],
        )
    )
    connection = api.connection()
    statement = execute(connection, "SELECT a.id, b.id FROM a, b")
    table = fetch(connection, statement)
    assert table.columns == ("id", "id")
    assert table.rows == [(1, "x"), (2, None)]
    frame = to_dataframe(connection, statement)
    assert list(frame.columns) == ["id", "id"]
    assert [str(dtype) for dtype in frame.dtypes] == ["Int64", "string"]
    assert frame.iloc[1].tolist() == [2, pd.NA]


def test_a_column_is_called_by_its_label_where_it_has_no_name(api: DataApi) -> None:
    api.will_run(result({**column("", "int4"), "label": "total"}, pages=[[]]))
    connection = api.connection()
    assert fetch(connection, execute(connection, "SELECT 1")).columns == ("total",)


def test_an_empty_result_keeps_its_columns(api: DataApi) -> None:
    kinds = ["int4", "float8", "bool", "varchar", "timestamp", "timestamptz", "time"]
    api.will_run(result(*(column(kind, kind) for kind in kinds)))
    connection = api.connection()
    statement = execute(connection, "SELECT * FROM t WHERE FALSE")
    table = fetch(connection, statement)
    assert table.columns == tuple(kinds)
    assert table.rows == []
    frame = to_dataframe(connection, statement)
    assert len(frame) == 0
    assert [str(dtype) for dtype in frame.dtypes] == [
        *("Int64", "Float64", "boolean", "string"),
        *("datetime64[us]", "datetime64[us, UTC]", "object"),
    ]


def test_what_gives_no_rows_is_not_asked_for_them(api: DataApi) -> None:
    connection = api.connection()
    statement = execute(connection, "DELETE FROM a")
    assert fetch(connection, statement).columns == ()
    assert fetch(connection, statement).rows == []
    assert to_dataframe(connection, statement).shape == (0, 0)
    assert api.asked("GetStatementResult") == []


def test_the_result_of_one_statement_of_a_batch(api: DataApi) -> None:
    api.will_run(result(column("a", "int4")))
    connection = api.connection()
    fetch(connection, execute(connection, ["SELECT 1", "SELECT 2"]), 1)
    assert api.asked("GetStatementResult") == [{"Id": "statement-1:2"}]


def test_sql_instead_of_a_statement(api: DataApi) -> None:
    api.will_run(result(column("a", "int4"), pages=[[[{"longValue": 1}]]]))
    assert to_dataframe(api.connection(), "SELECT 1 AS a")["a"].tolist() == [1]
    api.will_run(Ran(states=("FAILED",), error="ERROR: no"))
    with pytest.raises(StatementError):
        to_dataframe(api.connection(), "SELECT")


# Pages


def many_pages(count: int, rows: int) -> Ran:
    return result(
        column("n", "int8"),
        column("name", "varchar"),
        pages=[
            [[{"longValue": page * rows + n}, text(f"{page}-{n}")] for n in range(rows)]
            for page in range(count)
        ],
    )


def test_a_hundred_pages(api: DataApi) -> None:
    api.will_run(many_pages(100, 30))
    connection = api.connection()
    statement = execute(connection, "SELECT n, name FROM t")
    rows = fetch(connection, statement).rows
    assert [n for n, _ in rows] == list(range(3000))
    assert rows[2999] == (2999, "99-29")
    assert connection.calls["GetStatementResult"] == 100
    frame = to_dataframe(connection, statement)
    assert frame["n"].tolist() == list(range(3000))
    assert frame["name"].iloc[-1] == "99-29"
    assert [str(dtype) for dtype in frame.dtypes] == ["Int64", "string"]
    assert frame.index.equals(pd.RangeIndex(3000))


def test_a_page_may_be_empty(api: DataApi) -> None:
    api.will_run(result(column("a", "int4"), pages=[[], [[{"longValue": 1}]], []]))
    connection = api.connection()
    statement = execute(connection, "SELECT a FROM t")
    assert fetch(connection, statement).rows == [(1,)]
    assert str(to_dataframe(connection, statement)["a"].dtype) == "Int64"


@pytest.mark.parametrize(
    "fault",
    [
        Lost(accepted=True),
        Lost(accepted=False),
        Refused("ThrottlingException"),
        Refused("InternalServerException", 500),
        Refused("ActiveWaitingRequestsExceededException"),
        Cut(),
        Cut(status=400),
    ],
    ids=str,
)
def test_a_page_that_was_lost_is_fetched_again(api: DataApi, fault: Any) -> None:
    api.will_run(many_pages(3, 2))
    connection = api.connection()
    statement = execute(connection, "SELECT n, name FROM t")
    api.fail("GetStatementResult", None, fault, fault)
    assert [n for n, _ in fetch(connection, statement).rows] == list(range(6))
    assert [one.get("NextToken") for one in api.asked("GetStatementResult")] == [
        *(None, "page-1", "page-1", "page-1", "page-2")
    ]


def test_a_page_that_stays_lost(api: DataApi) -> None:
    api.will_run(many_pages(3, 2))
    connection = api.connection()
    statement = execute(connection, "SELECT n, name FROM t")
    api.fail("GetStatementResult", None)
    api.always["GetStatementResult"] = Lost(accepted=True)
    with pytest.raises(WarehouseError, match="a page of result statement-1 cannot be fetched"):
        fetch(connection, statement)


def test_a_page_that_is_throttled_for_ever(api: DataApi) -> None:
    api.will_run(many_pages(1, 1))
    clock = FakeClock()
    connection = api.connection(clock)
    statement = execute(connection, "SELECT n, name FROM t")
    api.always["GetStatementResult"] = Refused("ThrottlingException")
    with pytest.raises(WarehouseError, match="cannot be fetched"):
        fetch(connection, statement)
    assert 1299.999 < clock.time <= 1301


def test_a_result_that_is_no_longer_kept(api: DataApi) -> None:
    api.will_run(many_pages(3, 2))
    connection = api.connection()
    statement = execute(connection, "SELECT n, name FROM t")
    api.fail("GetStatementResult", None, Refused("ResourceNotFoundException"))
    with pytest.raises(WarehouseError, match="24 hours") as caught:
        fetch(connection, statement)
    assert caught.value.next_step
    assert not isinstance(caught.value, SettingsError)


def test_credentials_that_expire_between_pages(api: DataApi) -> None:
    api.will_run(many_pages(3, 2))
    connection = api.connection()
    statement = execute(connection, "SELECT n, name FROM t")
    api.fail("GetStatementResult", None, Refused("ExpiredTokenException"))
    with pytest.raises(SettingsError, match="expired"):
        to_dataframe(connection, statement)


def test_pages_that_never_end(api: DataApi, monkeypatch: pytest.MonkeyPatch) -> None:
    api.will_run(many_pages(1, 1))
    connection = api.connection()
    statement = execute(connection, "SELECT n, name FROM t")
    page = {"ColumnMetadata": [column("n", "int8")], "Records": [], "NextToken": "page-7"}
    monkeypatch.setattr(api, "GetStatementResult", lambda body: page)
    with pytest.raises(WarehouseError, match="circle"):
        fetch(connection, statement)


# A service that tells no more than it must

ROWS = [[{"longValue": 1}], [{"longValue": 2}], [{"longValue": 3}]]


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
    with pytest.raises(WarehouseError, match="1 values but 0 columns"):
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
