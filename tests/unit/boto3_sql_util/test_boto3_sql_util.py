"""The Data API module as a whole: its names, its client, its quoting, and what it loads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postgres import Connection as Postgres
from postgres import postgres_database
from scripted_data_api import SETTINGS, DataApi, FakeClock, Lost, Ran, Refused, column
from sparkify import boto3_sql_util
from sparkify.boto3_sql_util import connect, execute, fetch, quote_literal, quote_name
from sparkify.boto3_sql_util.pace import SystemClock
from sparkify.boto3_sql_util.quoting import LONGEST_NAME
from sparkify.config import Settings
from sparkify.errors import SettingsError, WarehouseError
from sparkify.sql_queries import folder

AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """A machine without any configuration of AWS."""
    for name in AWS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


# What is offered, and when it is loaded


def test_every_public_name_is_exported() -> None:
    here = {
        name
        for name, value in vars(boto3_sql_util).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert here == {*boto3_sql_util.__all__}


def loaded_by(program: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{program}\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    return {*done.stdout.split()}


HEAVY = {"boto3", "botocore", "pandas", "numpy", "duckdb"}


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    loaded = loaded_by(
        "from sparkify.config import Settings\n"
        "import sparkify.boto3_sql_util as util\n"
        "util.connect(Settings())"
    )
    assert "sparkify.boto3_sql_util.frames" in loaded
    assert not loaded & HEAVY


def test_rows_are_fetched_without_pandas() -> None:
    loaded = loaded_by(
        "from sparkify.config import Settings\n"
        "from sparkify.boto3_sql_util import connect\n"
        "connect(Settings(aws_key='a', aws_secret='b')).client"
    )
    assert "botocore" in loaded
    assert "pandas" not in loaded


# The client


def test_the_client_takes_region_and_keys_from_the_settings(nowhere: None) -> None:
    connection = connect(Settings(aws_key="k", aws_secret="s", aws_region="eu-west-1"))
    client = connection.client
    assert client is connection.client
    assert client.meta.region_name == connection.region == "eu-west-1"
    assert client._request_signer._credentials.access_key == "k"
    assert client.meta.endpoint_url == "https://redshift-data.eu-west-1.amazonaws.com"
    config = client.meta.config
    assert config.retries["mode"] == "adaptive"
    assert config.retries["total_max_attempts"] == 9
    assert (config.connect_timeout, config.read_timeout) == (10, 30)


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_REDSHIFT_DATA"])
def test_the_client_goes_where_the_environment_says(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    assert connect(SETTINGS).client.meta.endpoint_url == "http://127.0.0.1:9"


def test_the_standard_chain_is_used_without_keys(
    nowhere: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "from-the-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    client = connect(Settings()).client
    assert client._request_signer._credentials.access_key == "from-the-environment"


def test_no_credentials_at_all(nowhere: None) -> None:
    with pytest.raises(SettingsError, match="NoCredentialsError") as caught:
        execute(connect(Settings()), "SELECT 1")
    assert "KEY and SECRET" in caught.value.next_step


def test_a_profile_that_does_not_exist(nowhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SettingsError, match="ProfileNotFound"):
        execute(connect(Settings()), "SELECT 1")


def test_a_region_that_cannot_be_one() -> None:
    with pytest.raises(SettingsError, match="boto3 cannot call redshift-data"):
        execute(connect(Settings(aws_key="k", aws_secret="s", aws_region="no where!")), "SELECT 1")


def test_a_workgroup_that_boto3_does_not_take() -> None:
    api = DataApi()
    connection = boto3_sql_util.Connection(
        Settings(aws_key="k", aws_secret="s", redshift_workgroup="ab"), client=api.client()
    )
    with pytest.raises(SettingsError, match="WorkgroupName"):
        execute(connection, "SELECT 1")
    assert api.log == []


def test_the_calls_are_counted() -> None:
    api = DataApi()
    api.will_run(Ran(states=("STARTED", "FINISHED"), columns=[column("a", "int4")]))
    api.fail("ExecuteStatement", Refused("ThrottlingException"), Lost(accepted=True))
    connection = api.connection()
    fetch(connection, execute(connection, "SELECT 1"))
    assert connection.calls == {
        "ExecuteStatement": 3,
        "DescribeStatement": 2,
        "GetStatementResult": 1,
    }
    assert sum(connection.calls.values()) == len(api.log)


def test_boto3_tries_again_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its attempts are counted, carry one token, and are not multiplied by ours."""
    slept: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", slept.append)
    api, clock = DataApi(), FakeClock()
    client = api.client(retries={"mode": "standard", "max_attempts": 8})
    connection = boto3_sql_util.Connection(SETTINGS, client=client, clock=clock)
    for _ in range(3):
        api.fail("ExecuteStatement", Lost(accepted=True), Refused("Odd", 500))
    execute(connection, "SELECT 1")
    assert connection.calls["ExecuteStatement"] == 7
    assert len({sent["ClientToken"] for sent in api.asked("ExecuteStatement")}) == 1
    assert len(api.statements) == 1
    assert len(slept) == 6
    assert len(clock.slept) == 1, "only the one look was ours"


def test_the_clock_of_the_machine_goes_on() -> None:
    clock = SystemClock()
    before = clock.now()
    clock.sleep(0.001)
    assert clock.now() > before


def test_a_short_key_is_not_searched_for_in_messages() -> None:
    api = DataApi()
    settings = Settings(aws_key="e", aws_secret="a secret of 21 letter")
    api.fail("ExecuteStatement", Refused("Odd", message="where a secret of 21 letter is"))
    with pytest.raises(WarehouseError, match=r"where \*\*\*\* is"):
        execute(boto3_sql_util.Connection(settings, client=api.client()), "SELECT 1")


# Quoting


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that reads literals as Redshift does: a backslash escapes."""
    with postgres_database() as connection:
        connection.execute("SET standard_conforming_strings = off")
        connection.execute("SET escape_string_warning = off")
        yield connection


TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")))


@given(TEXTS)
@example("it's \\ \\' '' \\\\ \" $1 :name %s ; -- /* \\n \\x41 \\101 \\u0041")
@example("\\")
@example("'")
@example("")
@example("\u2028 \ufeff \U0001f600 e\u0301 \xa0")
def test_a_literal_is_the_text(postgres: Postgres, text: str) -> None:
    statement = f"SELECT {quote_literal(text)}::text, {quote_literal(text[::-1])}::text"
    assert postgres.execute(statement.encode()).fetchall() == [(text, text[::-1])]


@given(TEXTS.filter(lambda text: 0 < len(text.encode()) <= 63))
@example('a"b')
@example('"')
@example("time")
def test_a_name_is_the_name(postgres: Postgres, name: str) -> None:
    found = postgres.execute(f"SELECT 1 AS {quote_name(name)}".encode())
    assert found.description is not None
    assert found.description[0].name == name


@pytest.mark.parametrize(
    "bad", ["\0", "\n", "\r", "\t", "\x1b", "\x7f", "\x85", "\ud800", "\udfff"]
)
@pytest.mark.parametrize("quote", [quote_literal, quote_name])
def test_what_no_literal_holds_is_refused(quote: Any, bad: str) -> None:
    with pytest.raises(ValueError, match=r"U\+[0-9A-F]{4} at 2 cannot stand in SQL"):
        quote(f"ab{bad}c")


@pytest.mark.parametrize("name", ["", "x" * (LONGEST_NAME + 1), "é" * 64])
def test_names_of_a_wrong_length_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 127 bytes"):
        quote_name(name)


def test_the_longest_name_is_quoted() -> None:
    assert quote_name("x" * LONGEST_NAME) == '"' + "x" * LONGEST_NAME + '"'


# The SQL of the module


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
