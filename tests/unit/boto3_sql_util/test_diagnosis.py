"""Why a statement failed, in words: load errors with file, line, column, value and next step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from postgres import Connection as Postgres
from postgres import postgres_database
from scripted_data_api import BATCH, NAMES, SECRET, DataApi, FakeClock, Lost, Ran, Refused, column
from sparkify.boto3_sql_util import (
    Diagnosis,
    LoadError,
    StatementError,
    debug,
    execute,
    quote_literal,
)
from sparkify.boto3_sql_util.diagnosis import CODES
from sparkify.errors import SourceError, WarehouseError
from sparkify.sql_queries import folder

FILE = "s3://udacity-dend/log_data/2018/11/2018-11-05-events.json"
COPY = "COPY new_events FROM 's3://udacity-dend/log_data/' IAM_ROLE 'arn:r' JSON 'auto'"
FAILED = "ERROR: Load into table 'new_events' failed.  Check 'sys_load_error_detail' system table"
COLUMNS = [
    column("file_name", "bpchar"),
    column("line_number", "int8"),
    column("column_name", "bpchar"),
    column("column_type", "bpchar"),
    column("column_length", "bpchar"),
    column("position", "int4"),
    column("error_code", "int4"),
    column("error_message", "bpchar"),
]
ROW = (FILE, 17, "sessionid", "int8", "0", 0, 1207, "Invalid digit, Value 'a', Pos 0, Type: Long")


def fields(*values: Any) -> list[dict[str, Any]]:
    """A row as the view has it: texts padded with blanks."""
    kinds = {int: "longValue", str: "stringValue"}
    return [
        {"isNull": True}
        if value is None
        else {kinds[type(value)]: value.ljust(40) if isinstance(value, str) else value}
        for value in values
    ]


def found(*rows: tuple[Any, ...]) -> Ran:
    return Ran(columns=COLUMNS, pages=[[fields(*row) for row in rows]])


@pytest.fixture
def api() -> DataApi:
    return DataApi()


def failing(api: DataApi, sql: Any = COPY, **ran: Any) -> StatementError:
    """Run what fails, in the middle of a batch if sql is a list."""
    options = {"states": ("STARTED", "FAILED"), "error": FAILED, "query_id": 4711, **ran}
    api.will_run(Ran(**options))
    with pytest.raises(StatementError) as caught:
        names = ["lock_ledger", "copy_new_events", "insert_songs"] if len(sql) == 3 else []
        execute(api.connection(), sql, names=names)
    return caught.value


def test_a_copy_that_fails_on_line_17(api: DataApi) -> None:
    error = failing(api, ["LOCK loaded_files", COPY, "SELECT 1"], failed_part=1)
    api.will_run(found(ROW))
    diagnosis = debug(api.connection(), error)
    assert str(diagnosis) == (
        f"the COPY into new_events failed: {FILE}, line 17, column sessionid (int8): Invalid"
        " digit, Value 'a', Pos 0, Type: Long (not a whole number: a character is not a digit);"
        f" next: Correct line 17 of {FILE}, or set COPY_MODE = compact, which rejects such records"
        " and loads the rest; then run the command again."
    )
    assert (error.number, error.name, error.sql) == (1, "copy_new_events", COPY)
    assert error.message.startswith("Load into table 'new_events' failed")
    assert diagnosis.cause == CODES[1207]
    [sent] = api.asked("ExecuteStatement")
    assert "CAST('4711' AS BIGINT)" in sent["Sql"]
    assert ":query_id" not in sent["Sql"]


def test_with_the_value(api: DataApi) -> None:
    error = failing(api)
    api.will_run(found(ROW))
    diagnosis = debug(api.connection(), error).with_values(lambda one: f"{one.column}=abc")
    assert diagnosis.text.endswith("; the value is 'sessionid=abc'")


def test_values_that_cannot_be_read(api: DataApi) -> None:
    error = failing(api)
    api.will_run(found(ROW, ROW, ROW))
    diagnosis = debug(api.connection(), error)
    answers = iter(["x" * 5_000, None])

    def read(_: LoadError) -> str | None:
        try:
            return next(answers)
        except StopIteration:
            raise SourceError("gone") from None

    with_values = diagnosis.with_values(read)
    assert [one.value for one in with_values.load_errors] == ["x" * 5_000, None, None]
    assert len(with_values.text) < 2_000


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            (FILE, 3, "artist", "varchar", "1024", 0, 1204, "String length exceeds DDL length"),
            "column artist (varchar(1024)): String length exceeds DDL length (the value is out",
        ),
        ((FILE, 3, "", "", "", 0, 1216, "Invalid JSON"), "line 3: Invalid JSON (the line is not"),
        ((FILE, 3, "ts", "int8", "", None, 4242, "New error"), "(int8): New error"),
        ((FILE, 3, "ts", "int8", "", None, 1222, ""), "(int8): the whole number is too large"),
        ((FILE, 3, "ts", "int8", "", None, None, None), "(int8): load error 0"),
        (
            (None, None, None, None, None, None, 1212, "gone"),
            "failed: gone (the file is not there)",
        ),
        ((FILE, 3, "ts", "", "", 0, 1207, f"x {SECRET}"), "column ts: x ****"),
    ],
)
def test_what_a_load_error_says(api: DataApi, row: tuple[Any, ...], words: str) -> None:
    error = failing(api)
    api.will_run(found(row))
    assert words in debug(api.connection(), error).text


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_words_and_a_next_step(api: DataApi, code: int) -> None:
    error = failing(api)
    api.will_run(found((*ROW[:6], code, "it said so")))
    [one] = debug(api.connection(), error).load_errors
    assert one.code == code
    assert one.cause == CODES[code]
    assert one.cause in one.text
    assert debug(api.connection(), error).next_step


def test_many_load_errors(api: DataApi) -> None:
    error = failing(api)
    api.will_run(found(*((FILE, n, *ROW[2:]) for n in range(1, 21))))
    diagnosis = debug(api.connection(), error)
    assert len(diagnosis.load_errors) == 20
    assert "line 3," in diagnosis.text
    assert "line 4," not in diagnosis.text
    assert diagnosis.text.endswith("; and 17 more")


def test_the_view_is_late(api: DataApi) -> None:
    error = failing(api)
    api.will_run(found(), found(), found(ROW))
    clock = FakeClock()
    assert debug(api.connection(clock), error).load_errors[0].line == 17
    assert len(api.asked("ExecuteStatement")) == 1 + 3
    assert 0.5 in clock.slept and 1.0 in clock.slept


def test_the_view_stays_empty(api: DataApi) -> None:
    error = failing(api)
    api.will_run(*(found() for _ in range(4)))
    diagnosis = debug(api.connection(), error)
    assert diagnosis.load_errors == ()
    assert str(diagnosis) == (
        "the statement failed: Load into table 'new_events' failed. Check 'sys_load_error_detail'"
        " system table; likely, a record does not fit its column; next: Correct the file, or set"
        " COPY_MODE = compact, which rejects such records one by one."
    )
    assert len(api.asked("ExecuteStatement")) == 1 + 4


def test_a_copy_that_failed_for_another_reason_is_looked_at_once(api: DataApi) -> None:
    error = failing(api, error="ERROR: User x is not authorized to assume IAM Role y")
    api.will_run(found())
    assert "30 seconds" in debug(api.connection(), error).text
    assert len(api.asked("ExecuteStatement")) == 1 + 1


def test_load_errors_that_cannot_be_read_are_no_error(api: DataApi) -> None:
    error = failing(api)
    api.will_run(Ran(states=("FAILED",), error="ERROR: permission denied for relation"))
    diagnosis = debug(api.connection(), error)
    assert "; what could not be loaded is not known: the statement failed: permission" in (
        diagnosis.text
    )
    assert diagnosis.load_errors == ()
    assert diagnosis.next_step


@pytest.mark.parametrize("sql", ["INSERT INTO songs SELECT 1", "SELECT 'copy x'"])
def test_only_copy_has_load_errors(api: DataApi, sql: str) -> None:
    error = failing(api, sql, error="ERROR: division by zero")
    diagnosis = debug(api.connection(), error)
    assert diagnosis.text == str(diagnosis) == "the statement failed: division by zero"
    assert len(api.asked("ExecuteStatement")) == 1


def test_a_copy_behind_comments_is_a_copy(api: DataApi) -> None:
    error = failing(api, f"-- name: load\n  {COPY.lower()}")
    api.will_run(found(ROW))
    assert debug(api.connection(), error).text.startswith("the COPY into new_events failed: s3:")


def test_the_number_of_the_query_is_asked_for(api: DataApi) -> None:
    error = failing(api)
    error.query_id = None
    api.will_run(found(ROW))
    assert debug(api.connection(), error).load_errors[0].line == 17


def test_a_query_without_a_number(api: DataApi) -> None:
    error = failing(api, query_id=0)
    assert error.query_id is None
    assert debug(api.connection(), error).load_errors == ()
    assert len(api.asked("ExecuteStatement")) == 1


def test_a_statement_without_an_id(api: DataApi) -> None:
    api.fail("ExecuteStatement", Refused("ExecuteStatementException", message=FAILED))
    error = failing(api)
    assert error.statement_id is None
    assert debug(api.connection(), error).load_errors == ()


def test_a_statement_by_its_id(api: DataApi) -> None:
    failing(api, ["LOCK loaded_files", COPY, "SELECT 1"], failed_part=1)
    api.will_run(found(ROW))
    api.fail("DescribeStatement", Lost(accepted=False), Refused("ThrottlingException"))
    diagnosis = debug(api.connection(), "statement-1")
    assert (diagnosis.error.number, diagnosis.error.name) == (1, "statement 2 of 3")
    assert diagnosis.load_errors[0].file == FILE
    single = failing(api)
    api.will_run(found(ROW))
    assert debug(api.connection(), str(single.statement_id)).load_errors[0].line == 17


def test_a_statement_that_did_not_fail(api: DataApi) -> None:
    execute(api.connection(), "SELECT 1")
    with pytest.raises(WarehouseError, match="statement-1 has not failed: it is FINISHED"):
        debug(api.connection(), "statement-1")


def test_a_statement_that_is_unknown(api: DataApi) -> None:
    with pytest.raises(WarehouseError, match="24 hours"):
        debug(api.connection(), "statement-9")


def test_a_statement_that_cannot_be_looked_up(api: DataApi) -> None:
    api.always["DescribeStatement"] = Lost(accepted=False)
    with pytest.raises(WarehouseError, match="cannot be looked up"):
        debug(api.connection(), "statement-9")


def test_what_ran_out_of_time_has_no_load_errors(api: DataApi) -> None:
    api.will_run(Ran(states=("STARTED",)))
    with pytest.raises(StatementError) as caught:
        execute(api.connection(), COPY, deadline=1)
    diagnosis = debug(api.connection(), caught.value)
    assert diagnosis.error.status == "TIMEOUT"
    assert diagnosis.text.startswith("the statement did not end within 1 seconds")


@pytest.mark.parametrize(
    ("text", "cause", "next_step"),
    [
        ("ERROR: User arn:x is not authorized to assume IAM Role arn:y", "30 seconds", "doctor"),
        (
            "S3ServiceException:The bucket you are attempting to access must be addressed using the"
            " specified endpoint.,Status 301,Error PermanentRedirect",
            "another Region",
            "[S3] REGION",
        ),
        ("S3ServiceException:Access Denied,Status 403,Error AccessDenied", "role", "iac up"),
        (
            "S3ServiceException:User: x is not authorized to perform: kms:Decrypt,Status 403",
            "KMS key",
            "KMS_KEY",
        ),
        ("The specified S3 prefix 'log_data/x' does not exist", "was removed", "lists the source"),
        ("ERROR: permission denied for relation songs", "another database user", "owner"),
        ("ERROR: must be owner of relation songs", "another database user", "owner"),
        ('FATAL: database "dev2" does not exist', "no such database", "DATABASE"),
        ('ERROR: relation "songs" does not exist', "missing", "create-tables"),
        ("Query reached usage limit", "limit of RPU-hours", "USAGE_LIMIT_RPU_HOURS"),
        ("ERROR: Disk Full", "more space", "BASE_CAPACITY"),
        ("Database response exceeded size limit", "larger than", "fewer rows"),
        ("ERROR: Query (1) cancelled on user's request", "cancelled it", "again"),
    ],
)
def test_likely_causes(api: DataApi, text: str, cause: str, next_step: str) -> None:
    error = failing(api, "UNLOAD ('SELECT 1') TO 's3://b/x'", error=text)
    diagnosis = debug(api.connection(), error)
    assert cause in diagnosis.cause
    assert f"; likely, {diagnosis.cause}" in diagnosis.text
    assert next_step in diagnosis.next_step
    assert next_step in error.next_step


def test_a_load_error_as_the_view_tells_it(api: DataApi) -> None:
    error = failing(api)
    api.will_run(found(ROW))
    diagnosis = debug(api.connection(), error)
    assert isinstance(diagnosis, Diagnosis)
    [found_error] = diagnosis.load_errors
    assert found_error == LoadError(
        file=FILE,
        line=17,
        column="sessionid",
        type="int8",
        code=1207,
        cause=CODES[1207],
        message="Invalid digit, Value 'a', Pos 0, Type: Long",
        length=found_error.length,
        position=0,
    )
    assert diagnosis.error.statement_id == "statement-1"


def test_load_errors_are_looked_for_though_nobody_tells_which_statement_failed(
    api: DataApi,
) -> None:
    names = ("file_name", "line_number", "column_name", "column_type", "column_length", "position")
    columns = [column(name, "varchar") for name in (*names, "error_code", "error_message")]
    row = ("s3://b/1.json", "17", "ts", "int8", "0", "0", "1207", "Invalid digit")
    failed = Ran(states=("FAILED",), error=FAILED, told_parts=False, query_id=5, batch=True)
    plain = failed.look

    def look() -> dict[str, Any]:
        return {**plain(), "RedshiftQueryId": 5}

    failed.look = look  # type: ignore[method-assign]
    api.will_run(failed, Ran(columns=columns, pages=[[[{"stringValue": one} for one in row]]]))
    with pytest.raises(StatementError) as caught:
        execute(api.connection(), BATCH, names=NAMES)
    said = debug(api.connection(), caught.value).text
    assert "COPY into new_events failed: s3://b/1.json, line 17, column ts" in said


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that reads literals as Redshift does."""
    with postgres_database() as connection:
        yield connection


def test_load_errors_is_a_statement_of_the_view(postgres: Postgres) -> None:
    """As far as PostgreSQL can tell, which has no such view of its own."""
    postgres.execute(
        "CREATE TABLE sys_load_error_detail (query_id bigint, start_time timestamp,"
        " file_name char(256), line_number bigint, column_name char(127), column_type char(10),"
        " column_length char(10), position integer, error_code integer, error_message char(512))"
    )
    for number in range(30):
        postgres.execute(
            "INSERT INTO sys_load_error_detail VALUES (%s, now(), 's3://b/k', %s, 'a', 'int8',"
            " '0', 0, 1207, 'Invalid digit')",
            [number % 3, number],
        )
    sql = folder("redshift")["load_errors"].sql.replace(":query_id", quote_literal("2"))
    rows = postgres.execute(sql.encode()).fetchall()
    assert rows[0] == ("s3://b/k", 2, "a", "int8", "0", 0, 1207, "Invalid digit")
    assert [row[1] for row in rows] == list(range(2, 30, 3))
