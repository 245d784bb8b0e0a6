"""`status`: what exists and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudformation_double import SETTINGS, Formation, refusal, up
from sparkify import iac


def test_status_says_what_is_there_and_what_is_not(aws: Formation) -> None:
    assert iac.status(SETTINGS).nothing
    up()
    aws.objects = 3
    found = iac.status(SETTINGS)
    assert not found.nothing
    assert (found.state, found.since is not None) == ("CREATE_COMPLETE", True)
    assert found.workgroup and found.namespace and found.bucket and found.cost
    assert (found.workgroup.base, found.workgroup.most, found.workgroup.limit) == (8, 16, 16)
    assert (found.bucket.objects, found.bucket.bytes) == (3, 30)
    assert found.cost.busy_hour_at_most == 6.0
    assert found.role == "arn:aws:iam::1:role/sparkify-Role-1"


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
