"""The stack: whose it is, its outputs, the events of an operation, and how failures read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

from cloudformation_double import (
    QUOTA,
    SETTINGS,
    Formation,
    Sleeper,
    Stack,
    refusal,
    refused,
    up,
)
from sparkify import iac
from sparkify.errors import SettingsError, WarehouseError
from sparkify.iac import template
from sparkify.iac.errors import RefusedError
from sparkify.iac.stack import Account, Operation, backoff, resources_of
from sparkify.iac.stack import Stack as FoundStack
from sparkify.progress import silent


def test_events_of_somebody_elses_operation_are_no_cause(aws: Formation) -> None:
    stack = aws.stand(SETTINGS)
    watched = Operation(Account(SETTINGS), stack.id)
    stack.token = "of somebody else"
    aws._resource(stack, "Role", "UPDATE_FAILED", "theirs")
    stack.token = watched.token
    aws._resource(stack, "Namespace", "UPDATE_FAILED", "ours")
    watched.wait(silent)
    assert watched._cause()["ResourceStatusReason"] == "ours"


def test_no_key_is_in_a_message(aws: Formation) -> None:
    aws.refuse["create_stack"] = [refusal("AccessDenied", "not AKIAOFTESTS, said SeCrEtOfTests")]
    error = refused(lambda: up(aws_key="AKIAOFTESTS", aws_secret="SeCrEtOfTests"), SettingsError)
    assert "AKIAOFTESTS" not in error.reason
    assert "SeCrEtOfTests" not in error.reason


def test_no_key_of_the_environment_is_in_a_message(
    aws: Formation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SeCrEtOfTests")
    aws.refuse["create_stack"] = [refusal("AccessDenied", "not with SeCrEtOfTests")]
    assert "SeCrEtOfTests" not in refused(up, SettingsError).reason


@pytest.mark.parametrize("operation", ["describe_stacks", "get_workgroup", "delete_stack"])
def test_what_nobody_foresaw_is_told_as_aws_says_it(aws: Formation, operation: str) -> None:
    """It is no bug of this program."""
    aws.stand(SETTINGS)
    aws.refuse[operation] = [refusal("OddException", "the moon is full")]
    action = iac.down if operation == "delete_stack" else iac.status
    kind = WarehouseError if operation == "delete_stack" else RefusedError
    assert "the moon is full" in refused(partial(action, SETTINGS), kind).reason


@pytest.mark.parametrize("oldest_first", [True, False])
def test_the_cause_is_found_in_whatever_order_events_come(
    aws: Formation, oldest_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS gives the newest first; not every stand-in does."""

    def described(StackName: str, NextToken: str = "0") -> dict[str, object]:  # noqa: N803
        events = [
            {**one, "Timestamp": datetime.fromtimestamp(number, UTC)}
            for number, one in enumerate(aws._find(StackName).events)
        ]
        events = events if oldest_first else events[::-1]
        start = int(NextToken)
        more = {"NextToken": str(start + 3)} if start + 3 < len(events) else {}
        return {"StackEvents": events[start : start + 3], **more}

    monkeypatch.setattr(aws, "_describe_stack_events", described)
    aws.fail["Workgroup"] = QUOTA
    assert "quota of 25 workgroups" in refused(up, WarehouseError).reason
    assert up().action == "created"


def test_a_foreign_stack_is_not_touched(aws: Formation) -> None:
    aws.stand(SETTINGS, tags={"project": "other"})
    for action in (iac.up, iac.plan, iac.down, iac.status):
        assert "did not make" in refused(partial(action, SETTINGS), SettingsError).reason
    assert {name for name, _ in aws.calls} == {"describe_stacks"}


def test_a_foreign_plan_is_not_touched(aws: Formation) -> None:
    aws.stand(SETTINGS, "REVIEW_IN_PROGRESS", tags={})
    aws.sets["somebody-elses"] = {"StackName": "sparkify"}
    refused(up, SettingsError)
    assert aws.asked("delete_stack") == []


def test_the_stack_of_another_workgroup_is_not_touched(aws: Formation) -> None:
    aws.stand(replace(SETTINGS, redshift_workgroup="sparkify-x"))
    other = {"redshift_workgroup": "x"}
    assert "workgroup sparkify-x" in refused(lambda: up(**other), SettingsError).reason


@pytest.mark.parametrize("state", ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_FAILED"])
def test_resources_of_no_usable_stack(aws: Formation, state: str) -> None:
    assert "sparkify iac up" in refused(lambda: iac.resources(SETTINGS), SettingsError).next_step
    aws.stand(SETTINGS, state)
    assert state in refused(lambda: iac.resources(SETTINGS), SettingsError).reason


def test_resources_are_one_call(aws: Formation) -> None:
    aws.stand(SETTINGS)
    assert iac.resources(SETTINGS).work_bucket == "sparkify-workbucket-1"
    assert [name for name, _ in aws.calls] == ["describe_stacks"]


@pytest.mark.parametrize(
    ("state", "usable"),
    [
        ("CREATE_COMPLETE", True),
        ("UPDATE_IN_PROGRESS", True),
        ("UPDATE_ROLLBACK_FAILED", True),
        ("DELETE_IN_PROGRESS", False),
        ("DELETE_FAILED", False),
        ("ROLLBACK_IN_PROGRESS", False),
    ],
)
def test_outputs_count_only_where_the_warehouse_stands(state: str, usable: bool) -> None:
    outputs = dict.fromkeys(template.OUTPUTS, "x")
    found = FoundStack("x", "x", state, outputs=outputs)
    assert (resources_of(found, "us-east-1") is not None) is usable
    assert resources_of(replace(found, outputs={}), "us-east-1") is None


def test_pauses_grow_and_are_short_at_first(aws: Formation, sleeper: Sleeper) -> None:
    pauses = backoff(1e9)
    assert all(pauses.wait() for _ in range(30))
    assert sleeper.naps == sorted(sleeper.naps)
    assert sleeper.naps[0] <= 0.1
    assert sum(sleeper.naps[:4]) < 1
    assert sleeper.naps[-1] == 5.0


def test_the_double_itself_refuses_a_second_stack_of_a_name(aws: Formation) -> None:
    """Otherwise the tests above would not see a stack made twice."""
    stack = aws.stand(SETTINGS)
    assert isinstance(stack, Stack)
    with pytest.raises(Exception, match="already exists"):
        aws.handle("create_stack", {"StackName": "sparkify", "ClientRequestToken": "x"})
