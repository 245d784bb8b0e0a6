"""The stand-in for AWS behaves as AWS does, as far as plain boto3 can tell: the Data API."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError, HTTPClientError

from cloud.plain import DATABASE, TRUST, Warehouse, may_read
from cloud.standin import StandIn, standin


@pytest.fixture
def aws() -> Iterator[StandIn]:
    with standin() as one:
        yield one
        assert one.running() == []


@pytest.fixture
def warehouse(aws: StandIn) -> Warehouse:
    return Warehouse(aws)


def refused(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


# Statements


def test_a_statement_runs_and_gives_its_rows(warehouse: Warehouse) -> None:
    found = warehouse.done("SELECT 1 AS one, 'x' AS letter;")
    assert found["HasResultSet"] is True
    assert (found["ResultRows"], found["ResultSize"]) == (1, 2)
    assert found["QueryString"] == "SELECT 1 AS one, 'x' AS letter;"
    assert found["Duration"] > 0
    assert found["RedshiftQueryId"] > 0
    assert warehouse.fetch(found["Id"]) == [(1, "x")]


def test_every_type_comes_in_its_field(warehouse: Warehouse) -> None:
    warehouse.done(
        "CREATE TABLE all_types (a SMALLINT, b INTEGER NOT NULL, c BIGINT, d REAL,"
        " e DOUBLE PRECISION, f DECIMAL(10, 2), g BOOLEAN, h VARCHAR(7), i CHAR(3), j DATE,"
        " k TIMESTAMP)",
    )
    warehouse.done(
        "INSERT INTO all_types VALUES (1, 2, 3, 0.5, 0.1, 1.5, true, 'ab', 'c', '2018-11-01',"
        " '2018-11-01 20:57:10.796'), (NULL, 9, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
        " NULL)"
    )
    found = warehouse.done("SELECT * FROM all_types ORDER BY b")
    answer = warehouse.client.get_statement_result(Id=found["Id"])
    assert answer["TotalNumRows"] == 2
    assert answer["Records"][0] == [
        {"longValue": 1},
        {"longValue": 2},
        {"longValue": 3},
        {"doubleValue": 0.5},
        {"doubleValue": 0.1},
        {"stringValue": "1.50"},
        {"booleanValue": True},
        {"stringValue": "ab"},
        {"stringValue": "c  "},
        {"stringValue": "2018-11-01"},
        {"stringValue": "2018-11-01 20:57:10.796"},
    ]
    assert answer["Records"][1] == [
        {"longValue": 9} if place == 1 else {"isNull": True} for place in range(11)
    ]
    columns = answer["ColumnMetadata"]
    assert [one["typeName"] for one in columns] == [
        *("int2", "int4", "int8", "float4", "float8", "numeric", "bool", "varchar", "bpchar"),
        *("date", "timestamp"),
    ]
    assert [one["name"] for one in columns] == list("abcdefghijk")
    assert (columns[5]["precision"], columns[5]["scale"]) == (10, 2)
    assert columns[7]["precision"] == 7
    assert [one["nullable"] for one in columns[:2]] == [1, 0]
    assert columns[0]["tableName"] == "all_types"


def test_an_empty_result_has_columns(warehouse: Warehouse) -> None:
    found = warehouse.done("SELECT 1 AS one WHERE 1 = 0")
    assert found["HasResultSet"] is True
    assert found["ResultRows"] == 0
    answer = warehouse.client.get_statement_result(Id=found["Id"])
    assert answer["Records"] == []
    assert [one["name"] for one in answer["ColumnMetadata"]] == ["one"]


def test_results_come_in_pages(aws: StandIn, warehouse: Warehouse) -> None:
    aws.data.page_rows = 2
    warehouse.done("CREATE TABLE numbers (n INTEGER)")
    assert warehouse.done("INSERT INTO numbers VALUES (1), (2), (3), (4), (5)")["ResultRows"] == 5
    found = warehouse.done("SELECT n, n AS n FROM numbers ORDER BY n")
    assert warehouse.fetch(found["Id"]) == [(n, n) for n in range(1, 6)]
    assert sum(one.operation == "GetStatementResult" for one in aws.calls) == 3


def test_a_batch_is_one_transaction(warehouse: Warehouse) -> None:
    done = warehouse.done(
        "CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1)", "SELECT * FROM t"
    )
    parts = done["SubStatements"]
    assert [one["Id"] for one in parts] == [f"{done['Id']}:{n}" for n in (1, 2, 3)]
    assert [one["Status"] for one in parts] == ["FINISHED"] * 3
    assert [one["HasResultSet"] for one in parts] == [False, False, True]
    assert [one["ResultRows"] for one in parts] == [0, 1, 1]
    assert len({one["RedshiftQueryId"] for one in parts}) == 3
    assert warehouse.fetch(parts[2]["Id"]) == [(1,)]
    assert warehouse.client.describe_statement(Id=parts[1]["Id"])["ResultRows"] == 1
    with pytest.raises(ClientError, match="sub-statement id") as error:
        warehouse.client.get_statement_result(Id=done["Id"])
    assert refused(error) == "ValidationException"


def test_a_batch_that_fails_leaves_nothing(warehouse: Warehouse) -> None:
    warehouse.done("CREATE TABLE t (a INTEGER)")
    found = warehouse.run("INSERT INTO t VALUES (1)", "SELECT b FROM t", "SELECT 1")
    assert found["Status"] == "FAILED"
    assert found["Error"] == 'Query #2 failed with ERROR: column "b" does not exist'
    assert [one["Status"] for one in found["SubStatements"]] == ["FINISHED", "FAILED", "ABORTED"]
    assert [one["ResultRows"] for one in found["SubStatements"]] == [1, -1, -1]
    assert found["SubStatements"][2]["Error"] == "Connection or an prior query failed."
    assert found["HasResultSet"] is False
    assert warehouse.rows("SELECT * FROM t") == []
    with pytest.raises(ClientError, match="does not have result") as error:
        warehouse.client.get_statement_result(Id=found["SubStatements"][0]["Id"])
    assert refused(error) == "ResourceNotFoundException"


def test_a_batch_may_commit_each(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (a INTEGER)", "SELECT b FROM t", ExecutionMode="AUTO_COMMIT")
    assert warehouse.rows("SELECT * FROM t") == []


def test_each_call_is_its_own_session(warehouse: Warehouse) -> None:
    warehouse.done("CREATE TEMPORARY TABLE t (a INTEGER)", "SELECT * FROM t")
    assert 'relation "t" does not exist' in warehouse.error("SELECT * FROM t")


def test_the_limits_of_a_call(warehouse: Warehouse) -> None:
    for texts in (
        ["SELECT 1"] * 41,
        ["SELECT 1", "SELECT '" + "x" * 102_400 + "'"],
        ["SELECT 1", " "],
    ):
        with pytest.raises(ClientError) as error:
            warehouse.start(*texts)
        assert refused(error) == "ValidationException"
    assert warehouse.done(*["SELECT 1"] * 40)["Status"] == "FINISHED"
    assert warehouse.aws.statements() == ["SELECT 1"] * 40


def test_a_token_makes_a_call_once(warehouse: Warehouse) -> None:
    warehouse.done("CREATE TABLE t (a INTEGER)")
    first = warehouse.start("INSERT INTO t VALUES (1)", ClientToken="once")
    assert warehouse.start("INSERT INTO t VALUES (1)", ClientToken="once") == first
    with pytest.raises(ClientError) as error:
        warehouse.start("INSERT INTO t VALUES (2)", ClientToken="once")
    assert refused(error) == "ValidationException"
    warehouse.wait(first)
    assert warehouse.start("INSERT INTO t VALUES (1)", ClientToken="once") == first
    assert warehouse.rows("SELECT a FROM t") == [(1,)]


def test_parameters_are_values(warehouse: Warehouse) -> None:
    parameters = [{"name": "n", "value": "2"}, {"name": "s", "value": "it's \\ :n"}]
    assert warehouse.rows("SELECT 1 + :n, :s AS text, ':n', 1::int", Parameters=parameters) == [
        (3, "it's \\ :n", ":n", 1)
    ]
    for wrong in (
        [{"name": "other", "value": "2"}],
        [{"name": "n", "value": "1"}] * 2 + [parameters[1]],
    ):
        with pytest.raises(ClientError) as error:
            warehouse.start("SELECT :n, 1" if len(wrong) == 1 else "SELECT :n", Parameters=wrong)
        assert refused(error) == "ValidationException"


def test_the_target_must_exist(aws: StandIn, warehouse: Warehouse) -> None:
    with pytest.raises(ClientError, match="endpoint doesn't exist") as error:
        warehouse.start("SELECT 1", WorkgroupName="nowhere")
    assert refused(error) == "ValidationException"
    with pytest.raises(ClientError):
        aws.client("redshift-data", "us-west-2").execute_statement(
            Sql="SELECT 1", WorkgroupName=warehouse.name, Database=DATABASE
        )
    assert warehouse.error("SELECT 1", Database="other") == 'FATAL: database "other" does not exist'
    found = warehouse.run("SELECT 1", "SELECT 2", Database="other")
    assert [one["Status"] for one in found["SubStatements"]] == ["ABORTED"] * 2
    for wrong in ({"DbUser": "me"}, {"ClusterIdentifier": "c"}, {"Database": ""}):
        with pytest.raises(ClientError) as error:
            warehouse.start("SELECT 1", **wrong)
        assert refused(error) == "ValidationException"


def test_what_is_unknown_or_expired_is_not_found(aws: StandIn, warehouse: Warehouse) -> None:
    done = warehouse.done("SELECT 1")["Id"]
    aws.data.expire(done)
    for unknown in (done, "00000000-0000-0000-0000-000000000000"):
        for ask in ("describe_statement", "get_statement_result", "cancel_statement"):
            with pytest.raises(ClientError) as error:
                getattr(warehouse.client, ask)(Id=unknown)
            assert refused(error) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as error:
        warehouse.client.describe_statement(Id="nonsense")
    assert refused(error) == "ValidationException"


def test_a_result_as_csv(warehouse: Warehouse) -> None:
    done = warehouse.done("SELECT 1 AS a, 'x,y' AS b", ResultFormat="CSV")["Id"]
    answer = warehouse.client.get_statement_result_v2(Id=done)
    assert answer["Records"] == [{"CSVRecords": 'a,b\n1,"x,y"\n'}]
    with pytest.raises(ClientError):
        warehouse.client.get_statement_result(Id=done)


def test_statements_are_listed(warehouse: Warehouse) -> None:
    warehouse.done("SELECT 1", StatementName="load 1")
    warehouse.done("SELECT 2", "SELECT 3", StatementName="load 2")
    warehouse.error("SELECT x", StatementName="load 3")
    listed = warehouse.client.list_statements(StatementName="load", Status="ALL")["Statements"]
    assert [one["StatementName"] for one in listed] == ["load 3", "load 2", "load 1"]
    assert [one["IsBatchStatement"] for one in listed] == [False, True, False]
    pages = warehouse.client.get_paginator("list_statements").paginate(
        Status="FINISHED", PaginationConfig={"PageSize": 1}
    )
    assert sum(len(page["Statements"]) for page in pages) == 2


def test_too_many_statements_at_once(aws: StandIn, warehouse: Warehouse) -> None:
    aws.data.most_active = 1
    aws.fault("hang", "statement")
    first = warehouse.start("SELECT 1")
    with pytest.raises(ClientError) as error:
        warehouse.start("SELECT 2")
    assert refused(error) == "ActiveStatementsExceededException"
    warehouse.client.cancel_statement(Id=first)
    assert warehouse.wait(first)["Status"] == "ABORTED"


def test_as_many_run_at_once_as_there_is_room(aws: StandIn, warehouse: Warehouse) -> None:
    fault = aws.fault("hang", "statement", count=16)
    first = [warehouse.start("SELECT 1") for _ in range(16)]
    until(lambda: fault.struck == 16)
    waits = warehouse.start("SELECT 2")
    assert warehouse.client.describe_statement(Id=waits)["Status"] == "SUBMITTED"
    for one in first:
        warehouse.client.cancel_statement(Id=one)
    assert warehouse.wait(waits)["Status"] == "FINISHED"
    assert {warehouse.wait(one)["Status"] for one in first} == {"ABORTED"}


# Cancelling, and two at once


def until(truth: Any) -> None:
    """Wait for something that comes about elsewhere; in vain for a minute is a failure."""
    end = time.monotonic() + 600
    while not truth():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_a_running_query_is_cancelled_where_it_runs(aws: StandIn, warehouse: Warehouse) -> None:
    warehouse.done("CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1)")
    with aws.database() as other:
        other.autocommit = False
        other.execute("LOCK TABLE t")
        waits = warehouse.start("DELETE FROM t", "SELECT 1")
        sql = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        with aws.database() as look:
            until(lambda: look.execute(sql).fetchone() == (1,))
            assert warehouse.client.describe_statement(Id=waits)["Status"] == "STARTED"
            assert aws.running() == [waits]
            assert warehouse.client.cancel_statement(Id=waits)["Status"] is True
            found = warehouse.wait(waits)
            until(lambda: look.execute(sql).fetchone() == (0,))
    assert found["Status"] == "ABORTED"
    assert [one["Status"] for one in found["SubStatements"]] == ["ABORTED", "ABORTED"]
    assert warehouse.rows("SELECT * FROM t") == [(1,)]
    with pytest.raises(ClientError, match="already in ABORTED state") as error:
        warehouse.client.cancel_statement(Id=waits)
    assert refused(error) == "ValidationException"


def test_a_lock_holds_the_second_transaction_back(aws: StandIn, warehouse: Warehouse) -> None:
    warehouse.done("CREATE TABLE t (a INTEGER)")
    aws.fault("hang", "statement", match="SELECT 'wait'")
    first = warehouse.start("LOCK t", "INSERT INTO t VALUES (1)", "SELECT 'wait'")
    insert = f"{first}:2"
    until(lambda: warehouse.client.describe_statement(Id=insert)["Status"] == "FINISHED")
    second = warehouse.start("LOCK TABLE t", "SELECT COUNT(*) FROM t")
    with aws.database() as look:
        sql = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        until(lambda: look.execute(sql).fetchone() == (1,))
    warehouse.client.cancel_statement(Id=first)
    assert warehouse.wait(first)["Status"] == "ABORTED"
    assert warehouse.fetch(warehouse.wait(second)["SubStatements"][1]["Id"]) == [(0,)]


def test_the_snapshot_is_taken_behind_the_lock(aws: StandIn, warehouse: Warehouse) -> None:
    warehouse.done("CREATE TABLE t (a INTEGER)")
    aws.fault(
        "call",
        "statement",
        match="SELECT COUNT",
        call=lambda: warehouse.done("INSERT INTO u VALUES (1)"),
    )
    warehouse.done("CREATE TABLE u (a INTEGER)")
    done = warehouse.done("LOCK t", "SELECT COUNT(*) FROM u", "SELECT COUNT(*) FROM u")
    assert [warehouse.fetch(one["Id"]) for one in done["SubStatements"][1:]] == [[(1,)], [(1,)]]


def test_overlapping_changes_are_a_conflict(aws: StandIn, warehouse: Warehouse) -> None:
    warehouse.done("CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1)")
    change = "UPDATE t SET a = a + 1"
    aws.fault(
        "call", "statement", match="a \\+ 1", call=lambda: warehouse.done("UPDATE t SET a = 9")
    )
    error = warehouse.error("SELECT * FROM t", change)
    assert "1023" in error
    assert "Serializable isolation violation" in error
    assert warehouse.rows("SELECT a FROM t") == [(9,)]


# Faults


def test_throttling_and_errors_come_as_often_as_asked(aws: StandIn, warehouse: Warehouse) -> None:
    aws.fault("throttle", "redshift-data.ExecuteStatement", count=2)
    aws.fault("server_error", "redshift-data.ExecuteStatement", skip=0, status=503)
    for code in ("ThrottlingException", "ThrottlingException"):
        with pytest.raises(ClientError) as error:
            warehouse.start("SELECT 1")
        assert refused(error) == code
    assert len(aws.faults.left()) == 0
    warehouse.done("SELECT 1")
    patient = aws.client("redshift-data", retries={"mode": "standard", "max_attempts": 4})
    aws.fault("throttle", "redshift-data.ListStatements", count=2)
    assert patient.list_statements()["Statements"]


def test_an_expired_token(aws: StandIn, warehouse: Warehouse) -> None:
    aws.fault("expired_token", "redshift-data.*")
    with pytest.raises(ClientError) as error:
        warehouse.start("SELECT 1")
    assert refused(error) == "ExpiredTokenException"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_replies_are_lost_before_and_after(aws: StandIn, warehouse: Warehouse) -> None:
    warehouse.done("CREATE TABLE t (a INTEGER)")
    aws.fault("drop_before", "redshift-data.ExecuteStatement")
    with pytest.raises(HTTPClientError):
        warehouse.start("INSERT INTO t VALUES (1)")
    assert warehouse.rows("SELECT * FROM t") == []
    aws.fault("drop_after", "redshift-data.ExecuteStatement")
    with pytest.raises(HTTPClientError):
        warehouse.start("INSERT INTO t VALUES (2)", ClientToken="again")
    warehouse.wait(warehouse.start("INSERT INTO t VALUES (2)", ClientToken="again"))
    assert warehouse.rows("SELECT * FROM t") == [(2,)]


def test_a_retry_of_boto3_finds_its_first_call(aws: StandIn, warehouse: Warehouse) -> None:
    warehouse.done("CREATE TABLE t (a INTEGER)")
    warehouse.client = aws.client("redshift-data", retries={"mode": "standard"})
    aws.fault("drop_after", "redshift-data.ExecuteStatement")
    warehouse.done("INSERT INTO t VALUES (1)")
    assert warehouse.rows("SELECT * FROM t") == [(1,)]


def test_statements_fail_and_are_aborted_on_demand(aws: StandIn, warehouse: Warehouse) -> None:
    warehouse.done("CREATE TABLE t (a INTEGER)")
    text = "ERROR: 1023\n  Detail: Serializable isolation violation on table - 1"
    aws.fault("fail", "statement", number=1, message=text)
    found = warehouse.run("INSERT INTO t VALUES (1)", "SELECT 1")
    assert (found["Status"], found["Error"]) == ("FAILED", f"Query #2 failed with {text}")
    aws.fault("abort", "statement", match="INSERT")
    assert warehouse.run("INSERT INTO t VALUES (1)")["Status"] == "ABORTED"
    assert warehouse.rows("SELECT * FROM t") == []


def test_a_result_is_lost_or_expired(aws: StandIn, warehouse: Warehouse) -> None:
    done = warehouse.done("SELECT 1")["Id"]
    aws.fault("expired_result", "redshift-data.GetStatementResult")
    with pytest.raises(ClientError) as error:
        warehouse.fetch(done)
    assert refused(error) == "ResourceNotFoundException"
    aws.fault("drop_after", "redshift-data.GetStatementResult")
    with pytest.raises(HTTPClientError):
        warehouse.fetch(done)
    aws.fault("cut_body", "redshift-data.GetStatementResult")
    assert "Records" not in warehouse.client.get_statement_result(Id=done)  # botocore sees no error
    assert warehouse.fetch(done) == [(1,)]


def test_an_unknown_fault_is_refused(aws: StandIn) -> None:
    with pytest.raises(ValueError, match="no such fault"):
        aws.fault("flood", "s3.*")


# The whole

STACK = {
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": TRUST,
                "Policies": [
                    {
                        "PolicyName": "read",
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": may_read("lake", "data/"),
                        },
                    }
                ],
            },
        },
        "Namespace": {
            "Type": "AWS::RedshiftServerless::Namespace",
            "Properties": {
                "NamespaceName": "stacked",
                "DbName": "plays",
                "IamRoles": [{"Fn::GetAtt": ["Role", "Arn"]}],
            },
        },
        "Workgroup": {
            "Type": "AWS::RedshiftServerless::Workgroup",
            "Properties": {
                "WorkgroupName": "stacked",
                "NamespaceName": {"Ref": "Namespace"},
                "BaseCapacity": 8,
            },
        },
    },
    "Outputs": {"Role": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
}


def test_what_a_stack_makes_can_copy(aws: StandIn) -> None:
    stacks = aws.client("cloudformation")
    stacks.create_stack(
        StackName="stacked", TemplateBody=json.dumps(STACK), Capabilities=["CAPABILITY_IAM"]
    )
    stacks.get_waiter("stack_create_complete").wait(StackName="stacked")
    (stack,) = stacks.describe_stacks(StackName="stacked")["Stacks"]
    role = stack["Outputs"][0]["OutputValue"]
    aws.put("lake", "data/a", b'{"n": 1}')
    aws.available("stacked")
    client = aws.client("redshift-data")
    made = client.batch_execute_statement(
        Sqls=[
            "CREATE TABLE t (n INTEGER)",
            f"COPY t FROM 's3://lake/data/' IAM_ROLE '{role}' JSON 'auto'",
        ],
        WorkgroupName="stacked",
        Database="plays",
    )
    found = client.describe_statement(Id=made["Id"], WaitTimeSeconds=30)
    assert found["Status"] == "FINISHED", found
    with aws.database("stacked") as look:
        assert look.execute("SELECT * FROM t").fetchall() == [(1,)]


KINDS: dict[str, type] = {
    "boolean": bool,
    "double": float,
    "integer": int,
    "long": int,
    "string": str,
    "timestamp": float,
}


def unknown_to(shape: Any, value: Any, path: str = "") -> list[str]:
    """What of an answer botocore's model does not know, or knows as another type."""
    if shape.type_name == "structure":
        found = [f"{path}.{key}" for key in value if key not in shape.members]
        for key in value.keys() & shape.members.keys():
            found += unknown_to(shape.members[key], value[key], f"{path}.{key}")
        return found + [f"{path}.{key} lacks" for key in shape.required_members if key not in value]
    if shape.type_name == "list":
        return [one for inside in value for one in unknown_to(shape.member, inside, path + "[]")]
    if allowed := getattr(shape, "enum", None):
        return [] if value in allowed else [f"{path} {value!r}"]
    kind = KINDS[shape.type_name]
    return [] if isinstance(value, kind) else [f"{path} {value!r}"]


def test_answers_have_the_shapes_of_botocore(aws: StandIn, warehouse: Warehouse) -> None:
    answers: list[tuple[str, Any]] = []
    handle = aws.data.handle

    def kept(operation: str, payload: Any, region: str) -> Any:
        answer = handle(operation, payload, region)
        answers.append((operation, answer))
        return answer

    aws.services["redshift-data"] = kept
    warehouse.rows("SELECT 1 AS a, 1.5 AS b, :x AS c", Parameters=[{"name": "x", "value": "y"}])
    warehouse.run("SELECT 1", "SELECT nothing", "SELECT 2")
    csv = warehouse.done("SELECT 1", ResultFormat="CSV")["Id"]
    warehouse.client.get_statement_result_v2(Id=csv)
    aws.fault("hang", "statement")
    hangs = warehouse.start("SELECT 1")
    warehouse.client.cancel_statement(Id=hangs)
    warehouse.wait(hangs)
    warehouse.client.list_statements(Status="ALL")
    model = warehouse.client.meta.service_model
    assert len({operation for operation, _ in answers}) == 7
    for operation, answer in answers:
        shape = model.operation_model(operation).output_shape
        assert unknown_to(shape, answer, operation) == []


def test_ending_it_cancels_what_runs() -> None:
    with standin() as aws:
        warehouse = Warehouse(aws)
        aws.fault("hang", "statement")
        warehouse.start("SELECT 1")
    assert aws.running() == []
    assert not [one for one in threading.enumerate() if one.name.count("-") == 4]


def test_what_fails_in_the_stand_in_itself_is_told() -> None:
    def broken(*_: object) -> dict[str, Any]:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup, match="itself failed"), standin() as aws:
        aws.services["redshift-serverless"] = broken
        with pytest.raises(ClientError) as error:
            aws.client("redshift-serverless").list_workgroups()
        assert refused(error) == "InternalFailure"


def test_it_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "log_data").mkdir()
    (tmp_path / "log_data" / "a.json").write_text('{"a": 1}')
    command = [sys.executable, "-m", "cloud.standin", "--fill", f"lake:us-west-2:{tmp_path}"]
    with subprocess.Popen(
        command, cwd=Path(__file__).parent, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        try:
            script = (
                "import boto3; s3 = boto3.client('s3', region_name='us-west-2')\n"
                "print(s3.get_object(Bucket='lake', Key='log_data/a.json')['Body'].read())"
            )
            environment = {
                "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": "a",
                "AWS_SECRET_ACCESS_KEY": "b",
            }
            rule = json.dumps({"kind": "throttle", "operation": "s3.GetObject"}).encode()
            with urlopen(f"{url}/_faults", rule) as answer:
                assert answer.status == 200
            done = subprocess.run(
                [sys.executable, "-c", script], env=environment, capture_output=True, text=True
            )
            assert done.stdout.strip() == "b'{\"a\": 1}'", done.stderr
            with urlopen(f"{url}/_calls") as answer:
                calls = json.loads(answer.read())["answer"]
            assert [one[1] for one in calls] == ["GetObject", "GetObject"]
        finally:
            process.terminate()
        assert process.wait(600) == 0
