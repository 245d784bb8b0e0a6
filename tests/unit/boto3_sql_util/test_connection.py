"""The connection: its client, its region, its keys, its calls."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from scripted_data_api import SETTINGS, DataApi, FakeClock, Lost, Ran, Refused, column
from sparkify import boto3_sql_util
from sparkify.boto3_sql_util import StatementError, connect, execute, fetch
from sparkify.boto3_sql_util.connection import MOST_UNANSWERED, MOST_UNCONNECTED
from sparkify.config import Settings
from sparkify.errors import SettingsError, WarehouseError
from sparkify.retry import Clock

AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """A machine without any configuration of AWS."""
    for name in AWS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


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
    assert (config.connect_timeout, config.read_timeout) == (5, 30)


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
    with pytest.raises(SettingsError, match="there are no AWS credentials") as caught:
        execute(connect(Settings()), "SELECT 1")
    assert "KEY and SECRET" in caught.value.next_step


def test_a_profile_that_does_not_exist(nowhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SettingsError, match=r"profile \(nobody\) could not be found"):
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
    clock = Clock()
    before = clock.now()
    clock.sleep(0.001)
    assert clock.now() > before


def test_a_short_key_is_not_searched_for_in_messages() -> None:
    api = DataApi()
    settings = Settings(aws_key="e", aws_secret="a secret of 21 letter")
    api.fail("ExecuteStatement", Refused("Odd", message="where a secret of 21 letter is"))
    with pytest.raises(WarehouseError, match=r"where \*\*\*\* is"):
        execute(boto3_sql_util.Connection(settings, client=api.client()), "SELECT 1")


def test_without_a_network_a_command_ends_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens there: nothing was sent, so nothing is in doubt."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    clock = FakeClock()
    connection = boto3_sql_util.Connection(SETTINGS, clock=clock)
    with pytest.raises(WarehouseError, match="us-east-1 cannot be reached: Could not") as caught:
        execute(connection, "SELECT 1")
    assert "network" in caught.value.next_step
    assert "not known" not in caught.value.reason
    assert clock.time < 1003
    assert connection.calls.total() == 1 + MOST_UNCONNECTED


def test_a_network_that_goes_away_is_waited_for_longer() -> None:
    api, clock = DataApi(), FakeClock()
    connection = api.connection(clock)
    execute(connection, "SELECT 1")
    api.always["ExecuteStatement"] = Lost(accepted=False, how=EndpointConnectionError)
    with pytest.raises(StatementError, match="did not accept the statement \\(Endpoint") as caught:
        execute(connection, "SELECT 1")
    assert connection.calls["ExecuteStatement"] == 1 + 1 + MOST_UNANSWERED
    assert not caught.value.in_doubt
