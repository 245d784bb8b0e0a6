"""`status`: what exists and what does not."""

from __future__ import annotations

from cloudformation_double import (
    SETTINGS,
    Formation,
    up,
)
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
