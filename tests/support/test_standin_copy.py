"""The stand-in's COPY and UNLOAD take what Redshift's take, and refuse what they refuse."""

from __future__ import annotations

import csv
import gzip
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cloud.plain import TRUST, Warehouse, make_role, may_read
from cloud.standin import StandIn, standin

pytestmark = pytest.mark.sampled(of=3)
LAKE = "lake"
TABLE = "CREATE TABLE t (n INTEGER, word VARCHAR(8), day TIMESTAMP, x DOUBLE PRECISION)"
JSON = "IAM_ROLE DEFAULT JSON 'auto'"


@pytest.fixture
def aws() -> Iterator[StandIn]:
    with standin() as one:
        yield one
        assert one.running() == []


@pytest.fixture
def warehouse(aws: StandIn) -> Warehouse:
    statements = may_read(LAKE, "data", "paths", "lists")
    statements.append(
        {
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:DeleteObject"],
            "Resource": f"arn:aws:s3:::{LAKE}/data/out/*",
        }
    )
    made = Warehouse(aws, make_role(aws, statements))
    made.done(TABLE)
    aws.put(LAKE, "other/x", b"")
    return made


def objects_of(*records: Any) -> bytes:
    return "\n".join(json.dumps(one) for one in records).encode()


def put(aws: StandIn, key: str, *records: Any) -> None:
    aws.put(LAKE, key, objects_of(*records))


def copy(warehouse: Warehouse, options: str = JSON, source: str = "data/") -> dict[str, Any]:
    return warehouse.run(f"COPY t FROM 's3://{LAKE}/{source}' {options}")


def loaded(warehouse: Warehouse, options: str = JSON, source: str = "data/") -> list[Any]:
    """What a COPY that goes well adds to the empty table."""
    found = copy(warehouse, options, source)
    assert found["Status"] == "FINISHED", found["Error"]
    rows = warehouse.rows("SELECT * FROM t ORDER BY n, word")
    assert found["ResultRows"] == len(rows)
    return rows


def rejected(warehouse: Warehouse, options: str = JSON) -> tuple[Any, ...]:
    """The first load error of a COPY that fails: line, column, type, length, code, message."""
    found = copy(warehouse, options)
    assert found["Status"] == "FAILED"
    assert found["Error"] == (
        "ERROR: Load into table 't' failed. Check 'sys_load_error_detail' system table for details."
    )
    assert warehouse.rows("SELECT * FROM t") == []
    return warehouse.load_errors(found["RedshiftQueryId"])[0][1:]


# Which files


def test_a_prefix_is_no_folder(aws: StandIn, warehouse: Warehouse) -> None:
    for n, key in enumerate(("data/log/a", "data/log2/b", "data/log.bak", "other/c")):
        put(aws, key, {"n": n})
    assert [row[0] for row in loaded(warehouse, source="data/log")] == [0, 1, 2]


def test_nothing_under_the_prefix(warehouse: Warehouse) -> None:
    error = copy(warehouse, source="data/none/")["Error"]
    assert "The specified S3 prefix 'data/none/' does not exist" in error


def test_copying_twice_doubles(aws: StandIn, warehouse: Warehouse) -> None:
    put(aws, "data/a", {"n": 1})
    assert len(loaded(warehouse)) == 1
    copy(warehouse)
    assert warehouse.rows("SELECT n FROM t") == [(1,), (1,)]


def test_a_manifest_names_the_files(aws: StandIn, warehouse: Warehouse) -> None:
    for n in range(3):
        put(aws, f"data/{n}", {"n": n})
    names = [{"url": f"s3://{LAKE}/data/{n}"} for n in (0, 2, 2, 7)]
    put(aws, "lists/one", {"entries": names})
    rows = loaded(warehouse, f"{JSON} MANIFEST", "lists/one")
    assert [row[0] for row in rows] == [0, 2, 2]
    put(aws, "lists/one", {"entries": [*names, {"url": f"s3://{LAKE}/data/8", "mandatory": True}]})
    error = copy(warehouse, f"{JSON} MANIFEST", "lists/one")["Error"]
    assert "Status 404,Error NoSuchKey" in error
    assert "data/8" in error
    put(aws, "lists/one", {"entries": names[3:]})
    assert copy(warehouse, f"{JSON} MANIFEST", "lists/one")["Status"] == "FAILED"


def test_gzip_must_be_said(aws: StandIn, warehouse: Warehouse) -> None:
    aws.put(LAKE, "data/a.gz", gzip.compress(objects_of({"n": 1})) + gzip.compress(b'{"n": 2}'))
    assert [row[0] for row in loaded(warehouse, f"{JSON} GZIP")] == [1, 2]
    warehouse.done("DELETE FROM t")
    assert rejected(warehouse)[4] == 1216
    put(aws, "data/plain", {"n": 1})
    assert "inflate" in copy(warehouse, f"{JSON} GZIP")["Error"]


def test_the_region_must_be_said(aws: StandIn, warehouse: Warehouse) -> None:
    aws.put("far", "data/a", b'{"n": 1}', "us-west-2")
    iam = aws.client("iam")
    policy = json.dumps({"Version": "2012-10-17", "Statement": may_read("far", "data")})
    iam.put_role_policy(RoleName="reader", PolicyName="far", PolicyDocument=policy)
    source = "COPY t FROM 's3://far/data' IAM_ROLE DEFAULT JSON 'auto'"
    assert "Status 301,Error PermanentRedirect" in warehouse.error(source)
    assert "Status 301" in warehouse.error(f"{source} REGION 'eu-west-1'")
    assert warehouse.done(f"{source} REGION AS 'us-west-2'")["ResultRows"] == 1


# The role


def test_the_role_may_read_just_what_its_policy_says(aws: StandIn, warehouse: Warehouse) -> None:
    for key in ("data/a", "other/a", "data2/a"):
        put(aws, key, {"n": 1})
    assert copy(warehouse)["Status"] == "FINISHED"
    error = copy(warehouse, source="other/")["Error"]
    assert "S3ServiceException:Access Denied,Status 403,Error AccessDenied" in error
    assert "Listing bucket=lake prefix=other/" in error
    assert "Access Denied" in copy(warehouse, source="")["Error"]
    put(aws, "lists/one", {"entries": [{"url": f"s3://{LAKE}/other/a"}]})
    assert "Access Denied" in copy(warehouse, f"{JSON} MANIFEST", "lists/one")["Error"]
    aws.put("secret", "data/a", b"{}")
    assert "Access Denied" in warehouse.error(f"COPY t FROM 's3://secret/data/' {JSON}")


def test_a_denial_wins(aws: StandIn, warehouse: Warehouse) -> None:
    put(aws, "data/a", {"n": 1})
    policy = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{LAKE}", f"arn:aws:s3:::{LAKE}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    }
    s3 = aws.client("s3")
    s3.put_bucket_policy(Bucket=LAKE, Policy=json.dumps(policy))
    assert copy(warehouse)["Status"] == "FINISHED"
    policy["Statement"]["Condition"] = {"StringNotEquals": {"aws:PrincipalAccount": "1"}}  # type: ignore[index]
    s3.put_bucket_policy(Bucket=LAKE, Policy=json.dumps(policy))
    assert "Access Denied" in copy(warehouse)["Error"]


def test_the_role_must_be_there_attached_and_trusting(aws: StandIn, warehouse: Warehouse) -> None:
    put(aws, "data/a", {"n": 1})
    reader = may_read(LAKE, "data")
    strange = make_role(aws, reader, "strange")
    nobody = "arn:aws:iam::123456789012:role/nobody"
    for role in (strange, nobody):
        error = copy(warehouse, f"IAM_ROLE '{role}' JSON 'auto'")["Error"]
        assert f"is not authorized to assume IAM Role {role}" in error
    trust = json.loads(json.dumps(TRUST).replace("redshift-serverless.", "lambda."))
    distrustful = make_role(aws, reader, "distrustful", trust)
    other = Warehouse(aws, distrustful, "other")
    other.done(TABLE)
    assert "is not authorized to assume" in copy(other)["Error"]
    bare = Warehouse(aws, None, "bare")
    bare.done(TABLE)
    assert "default IAM role" in copy(bare)["Error"]


def test_a_role_that_is_not_assumable_yet(aws: StandIn, warehouse: Warehouse) -> None:
    put(aws, "data/a", {"n": 1})
    aws.fault("not_assumable", "copy.AssumeRole", count=2)
    assert ["assume" in copy(warehouse).get("Error", "") for _ in range(3)] == [True, True, False]


# Which columns


def test_auto_takes_names_as_they_are(aws: StandIn, warehouse: Warehouse) -> None:
    put(aws, "data/a", {"n": 1, "Word": "x", "more": 2})
    assert loaded(warehouse) == [(1, None, None, None)]
    warehouse.done("DELETE FROM t")
    assert loaded(warehouse, "IAM_ROLE DEFAULT JSON 'auto ignorecase'") == [(1, "x", None, None)]


def test_paths_fill_the_columns_in_order(aws: StandIn, warehouse: Warehouse) -> None:
    aws.put(LAKE, "data/a", b'{"N": 1, "in": {"W": [5, "w"]}} {"N": 2}\n\n{"in":null}')
    put(aws, "paths/p", {"jsonpaths": ["$.in['W'][1]", "$['N']"]})
    text = f"COPY t (word, n) FROM 's3://{LAKE}/data/' IAM_ROLE DEFAULT JSON 's3://{LAKE}/paths/p'"
    assert "Invalid JSONPath format" in warehouse.error(text)
    put(aws, "paths/p", {"jsonpaths": ["$['in']['W'][1]", "$['N']"]})
    assert warehouse.done(text)["ResultRows"] == 3
    assert warehouse.rows("SELECT n, word FROM t ORDER BY n") == [(1, "w"), (2, None), (None, None)]
    error = warehouse.error(text.replace("(word, n)", ""))
    assert "Number of jsonpaths and the number of columns should match" in error
    put(aws, "paths/p", {"paths": []})
    assert warehouse.done(text)["ResultRows"] == 3  # any other file is taken as 'auto'


def test_left_out_columns_get_their_default(aws: StandIn, warehouse: Warehouse) -> None:
    warehouse.done("CREATE TABLE d (a INTEGER, b INTEGER DEFAULT 7, c INTEGER DEFAULT 8)")
    put(aws, "data/a", {"a": 1, "b": 2})
    warehouse.done(f"COPY d (a, c) FROM 's3://{LAKE}/data/' {JSON}")
    assert warehouse.rows("SELECT * FROM d") == [(1, 7, None)]
    error = warehouse.error(f"COPY d (a, z) FROM 's3://{LAKE}/data/' {JSON}")
    assert 'column "z" of relation "d" does not exist' in error


# Which values


def test_values_are_taken_as_redshift_takes_them(aws: StandIn, warehouse: Warehouse) -> None:
    put(
        aws,
        "data/a",
        {"n": "17", "word": 3.50, "x": "", "day": ""},
        {"n": "", "word": "", "x": 1540919166796.5, "day": "2018-11-01 20:57:10.796"},
        {"n": 2, "word": True, "x": "1e3", "day": "2018-11-01T20:57:10Z"},
        {"n": 3, "word": {"a": 1}, "day": "2018-11-01"},
        {"n": 4, "word": ["é"], "x": -0.5},
    )
    assert loaded(warehouse) == [
        (2, "true", "2018-11-01 20:57:10", 1000.0),
        (3, '{"a":1}', "2018-11-01 00:00:00", None),
        (4, '["é"]', None, -0.5),
        (17, "3.5", None, None),
        (None, "", "2018-11-01 20:57:10.796", 1540919166796.5),
    ]


def test_epochs(aws: StandIn, warehouse: Warehouse) -> None:
    put(aws, "data/a", {"day": 1541105830796}, {"day": "1541105830001"}, {"day": None})
    options = f"{JSON} TIMEFORMAT AS 'epochmillisecs'"
    assert sorted(str(row[2]) for row in loaded(warehouse, options)) == [
        "2018-11-01 20:57:10.001",
        "2018-11-01 20:57:10.796",
        "None",
    ]
    warehouse.done("DELETE FROM t")
    put(aws, "data/a", {"day": 1541105830})
    assert loaded(warehouse, f"{JSON} TIMEFORMAT 'epochsecs'")[0][2] == "2018-11-01 20:57:10"


def test_empty_and_blank_texts(aws: StandIn, warehouse: Warehouse) -> None:
    put(aws, "data/a", {"n": 1, "word": ""}, {"n": 2, "word": "  "}, {"n": 3, "word": "\\N"})
    words = {
        JSON: ["", "  ", None],
        f"{JSON} EMPTYASNULL": [None, "  ", None],
        f"{JSON} BLANKSASNULL EMPTYASNULL COMPUPDATE OFF STATUPDATE OFF": [None, None, None],
    }
    for options, wanted in words.items():
        assert [row[1] for row in loaded(warehouse, options)] == wanted
        warehouse.done("DELETE FROM t")


def test_widths_count_bytes(aws: StandIn, warehouse: Warehouse) -> None:
    put(aws, "data/a", {"n": 1, "word": "éééé"}, {"n": 2, "word": "ééééx"})
    line = (2, "word", "varchar", "8", 1204, "String length exceeds DDL length")
    assert rejected(warehouse) == line
    rows = loaded(warehouse, f"{JSON} TRUNCATECOLUMNS")
    assert [row[1] for row in rows] == ["éééé", "éééé"]


BAD: list[tuple[bytes, tuple[Any, ...]]] = [
    (b'{"n": "seven"}', ("n", "int4", 1207, "Invalid digit, Value 's', Pos 0, Type: Integer")),
    (b'{"n": 7.0}', ("n", "int4", 1207, "Invalid digit, Value '.', Pos 1, Type: Integer")),
    (b'{"n": true}', ("n", "int4", 1207, "Invalid digit, Value 't', Pos 0, Type: Integer")),
    (b'{"n": 2147483648}', ("n", "int4", 1222, "Overflow, Value '2147483648', Type: Integer")),
    (b'{"x": "nan"}', ("x", "float8", 1208, "Invalid digit, Value 'n', Pos 0, Type: Double")),
    (b'{"day": "soon"}', ("day", "timestamp", 1206, "YYYY-MM-DD HH24:MI:SS")),
    (b'{"word": "\xff"}', ("word", "varchar", 1220, "Bad UTF8 hex sequence")),
    (b'{"word": "\\u0000"}', ("word", "varchar", 1220, "UTF8")),
    (b'{"word": "\\ud800"}', ("word", "varchar", 1220, "UTF8")),
    (b'{"word": {"abcdef": 1}}', ("word", "varchar", 1204, "exceeds DDL length")),
    (b"[1]", ("", "", 1216, "Member is not an object")),
    (b'{"n": 1', ("", "", 1216, "Invalid JSON object")),
    (b'{"n": NaN}', ("", "", 1216, "Invalid JSON object")),
]


@pytest.mark.parametrize(("content", "wanted"), BAD, ids=[str(n) for n in range(len(BAD))])
def test_bad_values_are_load_errors(
    aws: StandIn, warehouse: Warehouse, content: bytes, wanted: tuple[Any, ...]
) -> None:
    aws.put(LAKE, "data/a", b'{"n": 1}\n' + content)
    line, column, kind, _, code, message = rejected(warehouse)
    assert (line, column, kind, code) == (2, *wanted[:3])
    assert wanted[3] in message


def test_the_line_is_the_last_of_the_object(aws: StandIn, warehouse: Warehouse) -> None:
    aws.put(LAKE, "data/a", b'{"n": 1}\n{\n"n":\n"x"\n}\n{"n": 2}')
    assert rejected(warehouse)[:2] == (5, "n")


def test_missing_data_for_not_null(aws: StandIn, warehouse: Warehouse) -> None:
    warehouse.done("DROP TABLE t", "CREATE TABLE t (n INTEGER NOT NULL, word VARCHAR(8))")
    put(aws, "data/a", {"n": 1}, {"word": "x"})
    assert rejected(warehouse)[1:] == ("n", "int4", "0", 1213, "Missing data for not-null field")


def test_bad_bytes_may_be_replaced(aws: StandIn, warehouse: Warehouse) -> None:
    aws.put(LAKE, "data/a", b'{"n": 1, "word": "a\xff\xfeb"}')
    assert loaded(warehouse, f"{JSON} ACCEPTINVCHARS")[0][1] == "a??b"
    warehouse.done("DELETE FROM t")
    assert loaded(warehouse, f"{JSON} ACCEPTINVCHARS AS '^'")[0][1] == "a^^b"


def test_bad_rows_are_dropped_below_maxerror(aws: StandIn, warehouse: Warehouse) -> None:
    put(aws, "data/a", {"n": "a"}, {"n": 1}, {"n": "b"}, {"n": 2})
    assert copy(warehouse, f"{JSON} MAXERROR 2")["Status"] == "FAILED"
    found = copy(warehouse, f"{JSON} MAXERROR 3")
    assert (found["Status"], found["ResultRows"]) == ("FINISHED", 2)
    assert len(warehouse.load_errors(found["RedshiftQueryId"])) == 2


def test_load_errors_outlive_the_rollback_and_lag(aws: StandIn, warehouse: Warehouse) -> None:
    put(aws, "data/a", {"n": 1}, {"n": "a"})
    aws.runner.lag_reads = 2
    found = warehouse.run("DELETE FROM t", f"COPY t FROM 's3://{LAKE}/data/' {JSON}", "SELECT 1")
    part = found["SubStatements"][1]
    assert [warehouse.load_errors(part["RedshiftQueryId"]) != [] for _ in range(4)] == [
        *(False, False, True, True)
    ]
    name = warehouse.rows("SELECT file_name, column_type FROM sys_load_error_detail")[0]
    assert name == (f"s3://{LAKE}/data/a".ljust(256), "int4".ljust(10))
    history = warehouse.rows(
        "SELECT status, table_name, loaded_rows, source_file_count, error_count"
        " FROM sys_load_history"
    )
    assert history == [("failed", "t", 0, 1, 1)]
    status = "SELECT TRIM(status) FROM sys_query_history WHERE query_id = "
    assert warehouse.rows(status + str(part["RedshiftQueryId"])) == [("failed",)]


def test_a_copy_is_all_or_nothing(aws: StandIn, warehouse: Warehouse) -> None:
    put(aws, "data/a", *({"n": n} for n in range(100)))
    put(aws, "data/b", {"n": "x"})
    assert rejected(warehouse)[0] == 1
    found = warehouse.run(f"COPY t FROM 's3://{LAKE}/data/a' {JSON}", "SELECT x / 0 FROM nowhere")
    assert found["Status"] == "FAILED"
    assert warehouse.rows("SELECT * FROM t") == []


@pytest.mark.parametrize(
    "text",
    [
        f"COPY t FROM 's3://{LAKE}/data/' JSON 'auto'",
        f"COPY t FROM 's3://{LAKE}/data/' IAM_ROLE DEFAULT",
        f"COPY t FROM 's3://{LAKE}/data/' IAM_ROLE DEFAULT JSON 'auto' FORCE",
        f"COPY t FROM 's3://{LAKE}/data/' IAM_ROLE DEFAULT JSON 'auto' GZIP GZIP",
        f"COPY t FROM 's3://{LAKE}/data/' IAM_ROLE DEFAULT JSON 'magic'",
        f"COPY t FROM 's3://{LAKE}/data/' IAM_ROLE DEFAULT JSON 'auto' MAXERROR 100001",
        f"COPY t FROM 's3://{LAKE}/data/' ACCESS_KEY_ID 'a' SECRET_ACCESS_KEY 'b' JSON 'auto'",
        f"COPY nowhere FROM 's3://{LAKE}/data/' IAM_ROLE DEFAULT JSON 'auto'",
        "COPY t FROM STDIN",
        "COPY t FROM '/etc/passwd' IAM_ROLE DEFAULT JSON 'auto'",
        "COPY t TO 's3://lake/data/'",
    ],
)
def test_what_is_no_copy_is_refused(aws: StandIn, warehouse: Warehouse, text: str) -> None:
    put(aws, "data/a", {"n": 1})
    assert warehouse.error(text).startswith("ERROR: ")
    assert warehouse.rows("SELECT * FROM t") == []


# What happens meanwhile


def test_an_object_vanishes_between_listing_and_reading(aws: StandIn, warehouse: Warehouse) -> None:
    put(aws, "data/a", {"n": 1})
    put(aws, "data/b", {"n": 2})
    aws.fault("delete_object", "copy.List", address=f"s3://{LAKE}/data/b")
    assert "Status 404,Error NoSuchKey" in copy(warehouse)["Error"]
    aws.fault("replace_object", "copy.List", address=f"s3://{LAKE}/data/a", message='{"n": 5}')
    assert [row[0] for row in loaded(warehouse)] == [5]


def test_s3_is_busy(aws: StandIn, warehouse: Warehouse) -> None:
    put(aws, "data/a", {"n": 1})
    aws.fault("throttle", "copy.GetObject")
    assert "Status 503,Error SlowDown" in copy(warehouse)["Error"]
    assert len(loaded(warehouse)) == 1


def test_a_copy_is_cancelled(aws: StandIn, warehouse: Warehouse) -> None:
    put(aws, "data/a", {"n": 1})
    put(aws, "data/b", {"n": 1})
    fault = aws.fault("hang", "copy.GetObject", match="data/b")
    started = warehouse.start(f"COPY t FROM 's3://{LAKE}/data/' {JSON}")
    while not fault.struck:
        time.sleep(0.002)
    warehouse.client.cancel_statement(Id=started)
    assert warehouse.wait(started)["Status"] == "ABORTED"
    assert warehouse.rows("SELECT * FROM t") == []


def test_many_small_objects(aws: StandIn, warehouse: Warehouse) -> None:
    for n in range(2000):
        put(aws, f"data/{n:05}", {"n": n})
    assert copy(warehouse)["ResultRows"] == 2000


# UNLOAD


ROWS = (
    "INSERT INTO t VALUES (1, 'a,b', '2018-11-01 20:57:10.796', 0.5), (2, NULL, NULL, NULL),"
    " (3, '', NULL, 1)"
)
OUT = f"s3://{LAKE}/data/out/"


def unload(warehouse: Warehouse, options: str, query: str = "SELECT * FROM t ORDER BY n") -> Any:
    query = query.replace("'", "''")
    return warehouse.run(f"UNLOAD ('{query}') TO '{OUT}' IAM_ROLE DEFAULT {options}")


def written(aws: StandIn) -> dict[str, bytes]:
    s3 = aws.client("s3")
    listed = s3.list_objects_v2(Bucket=LAKE, Prefix="data/out/").get("Contents", [])
    return {
        one["Key"].removeprefix("data/out/"): s3.get_object(Bucket=LAKE, Key=one["Key"])[
            "Body"
        ].read()
        for one in listed
    }


def test_unload_as_csv(aws: StandIn, warehouse: Warehouse) -> None:
    warehouse.done(ROWS)
    found = unload(warehouse, "FORMAT AS CSV HEADER PARALLEL OFF")
    assert (found["Status"], found["ResultRows"]) == ("FINISHED", 3)
    files = written(aws)
    assert [*files] == ["000"]
    rows = list(csv.reader(io.StringIO(files["000"].decode())))
    assert rows == [
        ["n", "word", "day", "x"],
        ["1", "a,b", "2018-11-01 20:57:10.796", "0.5"],
        ["2", "", "", ""],
        ["3", "", "", "1.0"],
    ]
    assert b'\n2,,,\n3,"",,1.0\n' in files["000"]
    assert "destination on S3 is not empty" in unload(warehouse, "CSV")["Error"]
    assert unload(warehouse, "CSV GZIP ALLOWOVERWRITE MANIFEST")["Status"] == "FINISHED"
    files = written(aws)
    assert [*files] == ["000", "0000_part_00.gz", "0001_part_00.gz", "manifest"]
    assert gzip.decompress(files["0001_part_00.gz"]) == b"2,,,\n"
    urls = [one["url"] for one in json.loads(files["manifest"])["entries"]]
    assert urls == [f"{OUT}{name}" for name in ("0000_part_00.gz", "0001_part_00.gz")]


def test_unload_as_json_comes_back(aws: StandIn, warehouse: Warehouse) -> None:
    warehouse.done(ROWS)
    before = warehouse.rows("SELECT * FROM t ORDER BY n")
    assert unload(warehouse, "FORMAT JSON")["Status"] == "FINISHED"
    warehouse.done("DELETE FROM t")
    assert loaded(warehouse, source="data/out/") == before


def test_unload_as_parquet(aws: StandIn, warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.done(ROWS)
    query = "SELECT n, word, day, x, CAST(n AS DECIMAL(8, 2)) AS d, 'x' AS p FROM t ORDER BY n"
    found = unload(warehouse, "FORMAT PARQUET PARTITION BY (p)", query)
    assert found["Status"] == "FINISHED", found["Error"]
    files = written(aws)
    assert [*files] == ["p=x/0000_part_00.parquet", "p=x/0001_part_00.parquet"]
    path = tmp_path / "a.parquet"
    path.write_bytes(files["p=x/0000_part_00.parquet"])
    with duckdb.connect() as engine:
        read = engine.execute(f"SELECT * FROM '{path}' ORDER BY n")
        kinds = [str(column[1]) for column in read.description or ()]
        rows = read.fetchall()
    assert kinds == [*("INTEGER", "VARCHAR", "TIMESTAMP", "DOUBLE", "DECIMAL(8,2)")]
    assert [row[0] for row in rows] == [1, 3]


def test_unload_needs_the_right_to_write(aws: StandIn, warehouse: Warehouse) -> None:
    error = warehouse.error(
        f"UNLOAD ('SELECT 1') TO 's3://{LAKE}/data/no/' {JSON.split(' JSON')[0]} CSV"
    )
    assert "Access Denied,Status 403" in error
    assert "s3://lake/data/no/0000_part_00" in error


def test_cleanpath_empties_the_folder(aws: StandIn, warehouse: Warehouse) -> None:
    put(aws, "data/out/old")
    assert unload(warehouse, "CSV CLEANPATH PARALLEL OFF", "SELECT 7")["Status"] == "FINISHED"
    assert written(aws) == {"000": b"7\n"}


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ("", "SELECT 1"),
        ("FORMAT PARQUET HEADER", "SELECT 1"),
        ("CSV", "SELECT 1 LIMIT 1"),
        ("CSV", "DELETE FROM t"),
        ("CSV QUICKLY", "SELECT 1"),
        ("CSV ALLOWOVERWRITE CLEANPATH", "SELECT 1"),
        ("CSV", "SELECT now()"),
    ],
)
def test_what_is_no_unload_is_refused(
    aws: StandIn, warehouse: Warehouse, options: str, query: str
) -> None:
    assert unload(warehouse, options, query)["Status"] == "FAILED"
    assert written(aws) == {}
