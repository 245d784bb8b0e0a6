"""Running SQL by the Data API: what is sent, what comes of it, what a failure says."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from scripted_data_api import (
    BATCH,
    NAMES,
    RUNNING,
    SECRET,
    DataApi,
    FakeClock,
    Heard,
    Meagre,
    Ran,
    Refused,
    Untold,
)
from sparkify.boto3_sql_util import Statement, StatementError, execute
from sparkify.errors import WarehouseError


@pytest.fixture
def api() -> DataApi:
    return DataApi()


# One statement, one batch


def test_a_statement_that_finishes(api: DataApi) -> None:
    api.will_run(Ran(states=(*RUNNING, "FINISHED"), rows=7))
    done = execute(api.connection(), "DELETE FROM a", names=["empty_a"])
    assert done == Statement("statement-1", ("DELETE FROM a",), (False,), (7,), ("statement-1",))
    [sent] = api.asked("ExecuteStatement")
    assert len(sent.pop("ClientToken")) == 32
    assert sent.pop("StatementName").startswith("sparkify: empty_a by ")
    assert sent == {
        "Sql": "DELETE FROM a",
        "WorkgroupName": "sparkify",
        "Database": "sparkify",
    }


def test_parameters_are_sent_as_text(api: DataApi) -> None:
    api.will_run(Ran())
    execute(api.connection(), "SELECT :a, :b", parameters={"a": 1, "b": "x'y"})
    [sent] = api.asked("ExecuteStatement")
    assert sent["Parameters"] == [{"name": "a", "value": "1"}, {"name": "b", "value": "x'y"}]


@pytest.mark.parametrize(("sql", "value"), [("SELECT :a", None), ("SELECT :a", ""), (BATCH, "1")])
def test_parameters_that_the_service_does_not_take(api: DataApi, sql: Any, value: Any) -> None:
    with pytest.raises(WarehouseError, match="parameter a is"):
        execute(api.connection(), sql, parameters={"a": value})
    assert not api.asked("ExecuteStatement")


def test_a_batch_is_one_call_and_one_transaction(api: DataApi) -> None:
    api.will_run(Ran(columns=[{"name": "a"}]))
    done = execute(api.connection(), BATCH, token="given")
    [sent] = api.asked("BatchExecuteStatement")
    assert sent["Sqls"] == BATCH
    assert sent["ClientToken"] == "given"
    assert "ExecutionMode" not in sent  # a transaction is what is meant without a word
    assert done.rows == (0, 1, 2)
    assert done.has_result == (True,) * 3
    assert [*done.parts] == [f"statement-1:{n}" for n in (1, 2, 3)]


def test_a_batch_of_one_is_a_batch(api: DataApi) -> None:
    done = execute(api.connection(), ["SELECT 1"])
    assert len(api.asked("BatchExecuteStatement")) == 1
    assert done.parts[0] == "statement-1:1"


def test_a_batch_whose_parts_are_not_told(api: DataApi) -> None:
    api.will_run(Ran(told_parts=False, columns=[{"name": "a"}]))
    done = execute(api.connection(), BATCH)
    assert done.rows == (-1,) * 3
    assert done.has_result == (None,) * 3
    assert done.parts[2] == "statement-1:3"


def test_calls_without_a_token_have_different_tokens(api: DataApi) -> None:
    for _ in range(3):
        execute(api.connection(), "SELECT 1")
    assert len({sent["ClientToken"] for sent in api.asked("ExecuteStatement")}) == 3


def test_progress_names_what_is_under_way(api: DataApi) -> None:
    api.will_run(Ran(states=("STARTED",) * 4 + ("FINISHED",), finished_parts=(0, 1, 1, 2, 3)))
    heard = Heard()
    execute(api.connection(), BATCH, names=NAMES, progress=heard)
    assert heard.told == [
        ("empty_a", 0, 3, "statements"),
        ("fill_a", 1, 3, "statements"),
        ("fill_a", 1, 3, "statements"),
        ("look", 2, 3, "statements"),
    ]


def test_the_looks_become_rarer(api: DataApi) -> None:
    clock = FakeClock()
    api.will_run(Ran(states=("STARTED",) * 60 + ("FINISHED",)))
    execute(api.connection(clock), "SELECT 1")
    assert clock.slept[0] <= 0.1
    assert all(2.7 <= pause <= 3.0 for pause in clock.slept[-30:])
    shares = [later / earlier for earlier, later in itertools.pairwise(clock.slept)]
    assert max(shares) <= 1.25 / 0.9


@pytest.mark.parametrize(
    ("sql", "options", "words"),
    [
        ([], {}, "no statement"),
        (["SELECT 1"] * 41, {}, "41 statements are too many"),
        ("  \n", {}, "is empty"),
        (["SELECT 1", ""], {}, "statement 2 of 2 is empty"),
        ("é" * 50_001, {}, "100,002 bytes"),
        (["SELECT 1", "x" * 100_001], {"names": ["a", "big"]}, "big has 100,001 bytes"),
        ("SELECT 1", {"token": ""}, "client token"),
        ("SELECT 1", {"token": "x" * 65}, "client token"),
    ],
)
def test_what_the_service_would_refuse_is_not_sent(
    api: DataApi, sql: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(WarehouseError, match=words) as caught:
        execute(api.connection(), sql, **options)
    assert api.log == []
    assert len(caught.value.reason) < 400


@pytest.mark.parametrize("sql", [["SELECT 1"] * 40, "é" * 50_000, ["x" * 100_000]])
def test_the_limits_themselves_are_sent(api: DataApi, sql: Any) -> None:
    execute(api.connection(), sql, token="x" * 64)
    assert len(api.asked("ExecuteStatement")) + len(api.asked("BatchExecuteStatement")) == 1


def test_names_must_fit(api: DataApi) -> None:
    with pytest.raises(ValueError, match="2 names for 3"):
        execute(api.connection(), BATCH, names=NAMES[:2])


# Failures of statements


def failure(api: DataApi, ran: Ran, sql: Any = "SELECT 1", **options: Any) -> StatementError:
    api.will_run(ran)
    with pytest.raises(StatementError) as caught:
        execute(api.connection(), sql, **options)
    assert caught.value.exit_code == 5
    assert api.cancelled == []
    return caught.value


def test_a_statement_that_fails(api: DataApi) -> None:
    error = failure(
        api, Ran(states=("STARTED", "FAILED"), error="ERROR: division by zero", query_id=77)
    )
    assert error.reason == "the statement failed: division by zero"
    assert (error.status, error.number, error.statement_id) == ("FAILED", 0, "statement-1")
    assert (error.message, error.sql, error.query_id) == ("division by zero", "SELECT 1", 77)
    assert not (error.conflict or error.role_not_ready or error.in_doubt)
    assert error.details["statement_id"] == "statement-1"


@pytest.mark.parametrize("names", [NAMES, []])
def test_the_statement_of_a_batch_that_failed_is_named(api: DataApi, names: list[str]) -> None:
    error = failure(
        api,
        Ran(states=("FAILED",), error="ERROR: no", failed_part=1, finished_parts=(1,), query_id=5),
        BATCH,
        names=names,
    )
    named = "fill_a (statement 2 of 3)" if names else "statement 2 of 3"
    assert error.reason == f"{named} failed: no"
    assert (error.number, error.sql, error.query_id) == (1, BATCH[1], 5)
    assert error.name == ("fill_a" if names else "statement 2 of 3")


def test_a_batch_that_fails_as_a_whole(api: DataApi) -> None:
    """As when its commit meets a conflict: every statement of it had finished."""
    text = "ERROR: 1023 DETAIL: Serializable isolation violation on table - 1, transactions ..."
    error = failure(api, Ran(states=("FAILED",), error=text, finished_parts=(3,)), BATCH)
    assert error.number == -1
    assert error.reason.startswith("the batch of 3 statements failed: 1023")
    assert error.conflict
    assert error.sql == ""
    assert error.next_step == "Run the command again."


def test_the_number_is_in_the_text_of_the_failure(api: DataApi) -> None:
    text = 'Query #2 failed with ERROR: relation "a" does not exist'
    error = failure(api, Ran(states=("FAILED",), error=text), BATCH, names=NAMES)
    assert error.number == 1
    assert error.message == 'relation "a" does not exist'
    assert "create-tables" in error.next_step


def test_the_number_in_the_text_of_the_failure_is_odd(api: DataApi) -> None:
    error = failure(api, Ran(states=("FAILED",), error="Query #9 failed with ERROR: x"), BATCH)
    assert error.number == -1


@pytest.mark.parametrize("sql", ["SELECT 1", BATCH])
def test_a_statement_that_somebody_cancelled(api: DataApi, sql: Any) -> None:
    error = failure(api, Ran(states=("STARTED", "ABORTED")), sql)
    assert error.status == "ABORTED"
    assert "was cancelled in the warehouse" in error.reason


@pytest.mark.parametrize("sql", ["SELECT 1", BATCH])
def test_a_statement_that_failed_before_it_was_answered(api: DataApi, sql: Any) -> None:
    operation = "ExecuteStatement" if sql == "SELECT 1" else "BatchExecuteStatement"
    api.fail(
        operation, Refused(f"{operation}Exception", message="broken", more={"StatementId": "s"})
    )
    error = failure(api, Ran(), sql)
    assert (error.status, error.statement_id, error.message) == ("FAILED", "s", "broken")
    assert len(api.log) == 1


@pytest.mark.parametrize(
    ("text", "conflict", "role"),
    [
        ("ERROR: 1023 DETAIL: Serializable isolation violation on table - 37", True, False),
        ("ERROR: 1018\n  Detail: Relation does not exist.", True, False),
        ("ERROR: could not serialize access due to concurrent update", True, False),
        ("ERROR: deadlock detected", True, False),
        ("could not complete because of conflict with concurrent transaction", True, False),
        ('ERROR: invalid input syntax for integer: "1023 plays"', False, False),
        ('ERROR: invalid input syntax for integer: "Deadlock"', False, False),
        ("ERROR: User arn:x is not authorized to assume IAM Role arn:y", False, True),
        ("ERROR: User is not authorized to perform s3:GetObject", False, False),
    ],
)
def test_what_may_be_run_again_is_known(
    api: DataApi, text: str, conflict: bool, role: bool
) -> None:
    error = failure(api, Ran(states=("FAILED",), error=text))
    assert (error.conflict, error.role_not_ready) == (conflict, role)


def test_the_block_of_a_compute_node_becomes_a_sentence(api: DataApi) -> None:
    text = (
        "ERROR: Problem reading manifest file\n  Detail: \n  -------------------\n"
        "  error:  Problem reading manifest file\n  code:      8001\n  context:   s3://b/m\n"
        "  query:     4711\n  location:  s3_utility.cpp:1\n  process:   padbmaster [pid=1]\n  ---\n"
    )
    error = failure(api, Ran(states=("FAILED",), error=text))
    assert error.message == "Problem reading manifest file; context: s3://b/m"
    assert error.query_id == 4711


def test_a_compute_node_that_says_something_else_in_its_block(api: DataApi) -> None:
    text = (
        "ERROR:  Detail: \n  -----\n  error:  Spectrum Scan Error\n  code:  15007\n  context:\n"
        "  query:     0\n  -----"
    )
    error = failure(api, Ran(states=("FAILED",), error=text))
    assert (error.message, error.query_id) == ("Spectrum Scan Error", None)


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


# Errors show no secrets


@pytest.mark.parametrize(
    "secret",
    [
        "aws_access_key_id=ASIAABCDEFGHIJKLMNOP;aws_secret_access_key=abc/def+ghi;token",
        "ACCESS_KEY_ID 'AKIAABCDEFGHIJKLMNOP' SECRET_ACCESS_KEY 'abc/def+ghi'",
        f"with {SECRET} inside",
        "x-amz-security-token:IQoJb3JpZ2luX2VjEJabc/def+ghi==",
        '"SecretAccessKey": "abc/def+ghi"',
        "SESSION_TOKEN 'abc/def+ghi'",
        "https://b/?X-Amz-Credential=AKIAABCDEFGHIJKLMNOP%2F1&X-Amz-Signature=abc/def+ghi",
        "CREATE USER a PASSWORD 'abc/def+ghi'",
        "FwoGZXIvYXdzEabc/def+ghi",
    ],
)
def test_no_secret_is_shown(api: DataApi, secret: str) -> None:
    error = failure(api, Ran(states=("FAILED",), error=f"ERROR: near {secret}"), f"x {secret}")
    shown = f"{error} {error.reason} {error.sql} {error.message} {error.details} {error.next_step}"
    assert "****" in shown
    for hidden in ("abc/def+ghi", "ABCDEFGHIJ", SECRET):
        assert hidden not in shown


def test_words_about_passwords_stay(api: DataApi) -> None:
    text = "password authentication failed for user x"
    assert failure(api, Ran(states=("FAILED",), error=text)).message == text


def test_messages_are_short(api: DataApi) -> None:
    error = failure(api, Ran(states=("FAILED",), error="long " * 5_000), "SELECT " + "x" * 90_000)
    assert len(error.reason) < 1_100
    assert len(error.sql) <= 500
    assert len(str(error.details)) < 2_500
