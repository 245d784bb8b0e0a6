"""What the warehouse can cost, and the usage limit."""

from __future__ import annotations

import pytest

from cloudformation_double import (
    SETTINGS,
    Formation,
    refusal,
    up,
)
from sparkify import iac
from sparkify.iac import costs


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
    found = costs.cost(base, most, limit)
    assert (found.busy_hour_at_base, found.busy_hour_at_most) == (hour, at_most)
    assert found.day_at_most == day
