"""`status`: what exists and what does not, what it can cost, and the usage limit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudformation_double import CAPACITY, QUOTA, SETTINGS, Formation, refusal, refused, up
from sparkify import iac
from sparkify.errors import WarehouseError
from sparkify.iac.status import cost


def test_status_says_what_is_there_and_what_is_not(aws: Formation) -> None:
    assert iac.status(SETTINGS).nothing
    up()
    aws.objects = 3
    found = iac.status(SETTINGS)
    assert not found.nothing
    assert (found.state, found.since is not None) == ("CREATE_COMPLETE", True)
    assert found.workgroup and found.namespace and found.bucket and found.cost
    assert (found.workgroup.base, found.workgroup.most, found.workgroup.limit) == (8, 16, 16)
    assert (found.bucket.objects, found.bucket.bytes, found.bucket.exports) == (3, 30, 3)
    assert found.cost.busy_hour_at_most == 6.0
    assert found.role == "arn:aws:iam::1:role/sparkify-Role-1"


@pytest.mark.parametrize("resource", ["Workgroup", "Namespace"])
def test_after_a_rollback_status_says_the_cause_and_the_step(aws: Formation, resource: str) -> None:
    aws.fail[resource] = QUOTA
    refused(up, WarehouseError)
    (note,) = iac.status(SETTINGS).notes
    assert f"could not be created in us-east-1: {resource} (AWS::" in note
    assert "quota of 25 workgroups" in note
    assert "run `sparkify iac up` again" in note


def test_after_an_update_that_failed_status_says_the_cause(aws: Formation) -> None:
    up()
    aws.fail["Workgroup"] = CAPACITY
    refused(lambda: up(redshift_base_capacity=16), WarehouseError)
    (note,) = iac.status(SETTINGS).notes
    assert "could not be changed in us-east-1: Workgroup" in note
    assert "Insufficient capacity" in note
    assert up(redshift_base_capacity=16).action == "updated"
    assert iac.status(SETTINGS).notes == []


def test_after_a_down_that_failed_status_says_the_cause(aws: Formation) -> None:
    up()
    aws.fail["-Role"] = "Something odd"
    refused(lambda: iac.down(SETTINGS), WarehouseError)
    (note,) = iac.status(SETTINGS).notes
    assert "could not be removed in us-east-1: Role (AWS::IAM::Role): Something odd" in note
    assert "run `sparkify iac down` again" in note


def test_a_missing_usage_limit_is_a_warning_with_the_cost_at_risk(aws: Formation) -> None:
    assert iac.limit_warning(SETTINGS) == ""  # there is no workgroup
    up()
    assert iac.limit_warning(SETTINGS) == ""
    aws.limits.clear()
    warning = iac.limit_warning(SETTINGS)
    assert "sparkify has no usage limit, but USAGE_LIMIT_RPU_HOURS is 16" in warning
    assert "up to 144.00 dollars" in warning
    assert "`sparkify iac up`" in warning
    assert warning in iac.status(SETTINGS).notes
    assert iac.limit_warning(replace(SETTINGS, redshift_usage_limit_rpu_hours=0)) == ""
    aws.maximum = None
    assert "a day can cost any amount" in iac.limit_warning(SETTINGS)


@pytest.mark.parametrize("code", ["AccessDenied", "UnknownOperationException", "OddException"])
def test_a_usage_limit_that_cannot_be_looked_up_is_no_warning(aws: Formation, code: str) -> None:
    up()
    aws.limits.clear()
    aws.refuse["list_usage_limits"] = [refusal(code, "no")]
    assert iac.limit_warning(SETTINGS) == ""


def test_a_limit_that_meets_a_busy_workgroup_is_set_later(aws: Formation) -> None:
    aws.refuse["create_usage_limit"] = [refusal("ConflictException", "Workgroup is busy.")]
    assert up().usage_limit == "created"
    assert aws.limits["1"]["amount"] == 16


def test_the_usage_limit_follows_the_settings(aws: Formation) -> None:
    assert up().usage_limit == "created"
    assert (aws.limits["1"]["period"], aws.limits["1"]["breachAction"]) == ("daily", "deactivate")
    assert up(redshift_usage_limit_rpu_hours=4).usage_limit == "changed"
    assert aws.limits["1"]["amount"] == 4
    assert iac.plan(SETTINGS).usage_limit == (4, 16)
    assert up(redshift_usage_limit_rpu_hours=0).usage_limit == "removed"
    assert aws.limits == {}
    assert up(redshift_usage_limit_rpu_hours=0).usage_limit == "unchanged"


def test_a_weekly_limit_is_somebody_elses(aws: Formation) -> None:
    aws.limits["7"] = {"usageLimitId": "7", "amount": 99, "period": "weekly"}
    up(redshift_usage_limit_rpu_hours=0)
    assert [*aws.limits] == ["7"]


@pytest.mark.parametrize(
    ("base", "most", "limit", "hour", "at_most", "day"),
    [
        (8, 16, 16, 3.0, 6.0, 6.0),
        (8, 16, None, 3.0, 6.0, 144.0),
        (8, None, 16, 3.0, None, 6.0),
        (4, 0, 0, 1.5, None, None),
        (8, 8, 1_000, 3.0, 3.0, 72.0),
    ],
)
def test_what_it_can_cost(
    base: int,
    most: int | None,
    limit: int | None,
    hour: float,
    at_most: float | None,
    day: float | None,
) -> None:
    found = cost(base, most, limit)
    assert (found.busy_hour_at_base, found.busy_hour_at_most) == (hour, at_most)
    assert found.day_at_most == day
