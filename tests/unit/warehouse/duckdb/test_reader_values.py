"""Every type of value that DuckDB has, asked for by `query` and shown in every form."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from command_line import answer, call
from sparkify import create_tables
from sparkify.config import Settings
from sparkify.warehouse import open_reader

MOMENT = "TIMESTAMPTZ '2018-11-02 03:00:00.5+02'"
TEXT = "2018-11-02 01:00:00.5+00"

# An expression, what stands in the CSV, and what stands in the JSON.
VALUES: list[tuple[str, str, Any]] = [
    ("NULL", "", None),
    ("true", "True", True),
    *((f"CAST(7 AS {name})", "7", 7) for name in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")),
    *((f"CAST(7 AS U{name})", "7", 7) for name in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")),
    ("CAST(-1 AS HUGEINT)", "-1", -1),
    ("CAST(2 AS UHUGEINT) ** 2", "4.0", 4.0),
    ("CAST('340282366920938463463374607431768211455' AS UHUGEINT)", str(2**128 - 1), 2**128 - 1),
    ("CAST(12 AS BIGNUM)", "12", "12"),
    ("CAST(0.5 AS FLOAT)", "0.5", 0.5),
    ("CAST('nan' AS DOUBLE)", "nan", None),
    ("CAST('-inf' AS DOUBLE)", "-inf", None),
    ("CAST(1.5 AS DECIMAL(38, 20))", "1.50000000000000000000", 1.5),
    ("'x'", "x", "x"),
    ("CAST('x' AS ENUM ('x', 'y'))", "x", "x"),
    ("""CAST('{"a":[1,null]}' AS JSON)""", '{"a":[1,null]}', '{"a":[1,null]}'),
    ("'\\xC3\\x01'::BLOB", "c301", "c301"),
    ("CAST('101' AS BIT)", "101", "101"),
    *(
        (f"CAST('{one}' AS UUID)", one, one)
        for one in ("00000000-0000-4000-8000-000000000007", "ffffffff-ffff-4fff-bfff-ffffffffffff")
    ),
    ("DATE '2018-11-02'", "2018-11-02", "2018-11-02"),
    *(
        (f"DATE '{one}'", one, one)
        for one in ("infinity", "-infinity", "99999-01-01", "0044-03-15 (BC)")
    ),
    ("TIME '01:02:03.5'", "01:02:03.500000", "01:02:03.500000"),
    ("TIME '24:00:00'", "24:00:00", "24:00:00"),
    ("CAST('01:02:03+02' AS TIMETZ)", "01:02:03+02:00", "01:02:03+02:00"),
    ("CAST('24:00:00+00' AS TIMETZ)", "24:00:00+00", "24:00:00+00"),
    ("CAST('01:02:03.123456789' AS TIME_NS)", "01:02:03.123456789", "01:02:03.123456789"),
    *(
        (f"CAST('2018-11-02 01:00:00' AS {name})", "2018-11-02 01:00:00", "2018-11-02T01:00:00")
        for name in ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS")
    ),
    *(
        (f"CAST('{one}' AS {name})", one, one)
        for one in ("infinity", "-infinity", "99999-01-01 00:00:00", "0044-03-15 (BC) 00:00:00")
        for name in ("TIMESTAMP", "TIMESTAMP_MS")
    ),
    (
        "TIMESTAMP_NS '2018-11-02 01:00:00.123456789'",
        "2018-11-02 01:00:00.123456789",
        "2018-11-02 01:00:00.123456789",
    ),
    (MOMENT, "2018-11-02 01:00:00.500000+00:00", "2018-11-02T01:00:00.500000+00:00"),
    *((f"TIMESTAMPTZ '{one}'", one, one) for one in ("infinity", "10000-01-01 00:00:00+00")),
    (
        "CAST('2018-11-02 01:00:00.123456789+01' AS TIMESTAMPTZ_NS)",
        "2018-11-02 00:00:00.123456789+00",
        "2018-11-02 00:00:00.123456789+00",
    ),
    *(
        (f"INTERVAL '{one}'", one, one)
        for one in ("1 month", "1 day 25:00:00", "100000000 years", "1000000000 days")
    ),
    ("CAST('POINT(1 2)' AS GEOMETRY)", "POINT (1 2)", "POINT (1 2)"),
    ("get_type(1)", "INTEGER", "INTEGER"),
    ("[1, NULL]", "[1,null]", [1, None]),
    ("[NULL]", "[null]", [None]),
    ("CAST(NULL AS INTEGER[])", "", None),
    ("[CAST('nan' AS DOUBLE)]", "[NaN]", [None]),
    ("[CAST(1.5 AS DECIMAL(38, 30))]", "[1.500000000000000000000000000000]", [1.5]),
    (f"[{MOMENT}]", f'["{TEXT}"]', [TEXT]),
    (f"array_value({MOMENT}, NULL)", f'["{TEXT}",null]', [TEXT, None]),
    (f"{{'a': {MOMENT}, 'b': NULL}}", f'{{"a":"{TEXT}","b":null}}', {"a": TEXT, "b": None}),
    ("{'a': [{'b': DATE 'infinity'}]}", '{"a":[{"b":"infinity"}]}', {"a": [{"b": "infinity"}]}),
    (f"row(1, {MOMENT})", f'[1,"{TEXT}"]', [1, TEXT]),
    (f"MAP {{{MOMENT}: 1}}", f'{{"{TEXT}":1}}', {TEXT: 1}),
    ("MAP {[1]: 2}", '{"[1]":2}', {"[1]": 2}),
    (f"union_value(a := {MOMENT})", f'{{"a":"{TEXT}"}}', {"a": TEXT}),
    (f"CAST({MOMENT} AS VARIANT)", f'"{TEXT}"', TEXT),
    ("CAST({'a': INTERVAL '1 month'} AS VARIANT)", '{"a":"1 month"}', {"a": "1 month"}),
]
NAMED = "SELECT DISTINCT logical_type FROM duckdb_types()"


@pytest.fixture(scope="module", autouse=True)
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("values")
    create_tables.create(Settings(database=folder / "sparkify.duckdb", threads=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("TZ", "America/New_York")
        yield


def query() -> str:
    return "SELECT " + ", ".join(expression for expression, _, _ in VALUES)


def test_no_type_is_left_out() -> None:
    with duckdb.connect() as connection:
        named = {name for (name,) in connection.execute(NAMED).fetchall()}
        kinds = {str(kind.id).upper() for kind in connection.sql(query()).types}
    assert named <= kinds


def test_every_type_in_csv() -> None:
    result = call("query", query(), "--format", "csv")
    assert result.exit_code == 0, result.output
    _, row = csv.reader(io.StringIO(result.stdout))
    assert row == [shown for _, shown, _ in VALUES]


def test_every_type_in_json() -> None:
    found = answer("query", query())
    assert found["rows"] == [json.loads(json.dumps([value for _, _, value in VALUES]))]


def test_every_type_as_table() -> None:
    result = call("query", query())
    assert result.exit_code == 0, result.output
    same = [shown for _, shown, value in VALUES if isinstance(value, str) and shown == value]
    assert len(same) > 30
    assert [shown for shown in (*same, "01:00:00.500+00:00") if shown not in result.stdout] == []


def test_no_row_of_any_type() -> None:
    assert answer("query", f"{query()} LIMIT 0")["rows"] == []


def test_now_has_its_offset() -> None:
    assert call("query", "SELECT now()").stdout.split("\n")[2].endswith("+00:00")
    [[shown]] = answer("query", "SELECT CAST(now() AS VARCHAR)")["rows"]
    assert shown.endswith("+00")


def test_names_that_repeat_and_order_stay(tmp_path: Path) -> None:
    settings = Settings(database=tmp_path / "sparkify.duckdb", threads=2)
    create_tables.create(settings)
    sql = (
        "SELECT 1 AS a, DATE '2018-11-02' AS a, range AS \"b c\" FROM range(30000)"
        " ORDER BY range % 7 DESC, range"
    )
    with open_reader(settings, for_user_sql=True) as reader:
        table = reader.read(sql)
    assert table.columns == ("a", "a", "b c")
    numbers = [row[2] for row in table.rows]
    assert numbers == sorted(range(30_000), key=lambda number: (-(number % 7), number))
