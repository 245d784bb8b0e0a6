"""`up`: from every state that a stack can be in, interrupted and failing, on a double of AWS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cloudformation_double import (
    CAPACITY,
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
from sparkify.errors import BusyError, SettingsError, SparkifyError, UsageError, WarehouseError


def test_up_twice(aws: Formation) -> None:
    first, second = up(), up()
    assert (first.action, first.usage_limit) == ("created", "created")
    assert (second.action, second.usage_limit) == ("unchanged", "unchanged")
    assert first.resources == second.resources == iac.resources(SETTINGS)
    assert len(aws.asked("create_stack")) == 1
    assert aws.asked("execute_change_set") == []
    assert aws.sets == {}


def test_up_sends_every_parameter_and_the_tags_each_time(aws: Formation) -> None:
    up()
    up(redshift_base_capacity=16, redshift_max_capacity=32)
    for sent in (*aws.asked("create_stack"), *aws.asked("create_change_set")):
        names = {one["ParameterKey"] for one in sent["Parameters"]}
        assert {"NamespaceName", "BaseCapacity", "MaxCapacity", "SongDataBucket"} <= names
        assert sent["Tags"] == [{"Key": "project", "Value": "sparkify"}]
        assert sent["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    tokens = {one["ClientRequestToken"] for one in aws.asked("create_stack")}
    assert tokens.isdisjoint(one["ClientRequestToken"] for one in aws.asked("execute_change_set"))


def test_up_brings_up_to_date(aws: Formation) -> None:
    aws.stand(SETTINGS)
    built = up(redshift_base_capacity=16, redshift_max_capacity=32)
    assert built.action == "updated"
    assert aws.alive()[0].parameters["BaseCapacity"] == "16"
    assert aws.alive()[0].state == "UPDATE_COMPLETE"


def test_progress_names_each_resource_and_counts_them(aws: Formation) -> None:
    told: list[tuple[str, int, int | None]] = []
    iac.up(SETTINGS, progress=lambda step, done, total, unit: told.append((step, done, total)))
    assert ("creating WorkBucket", 0, 4) in told
    assert ("creating Workgroup", 3, 4) in told
    iac.down(SETTINGS, progress=lambda step, done, total, unit: told.append((step, done, total)))
    assert ("removing Workgroup", 0, 4) in told


@pytest.mark.parametrize("state", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"])
def test_up_removes_a_dead_stack_and_makes_a_new_one(aws: Formation, state: str) -> None:
    aws.stand(SETTINGS, state)
    aws.objects = 2
    built = up()
    assert (built.action, built.cleared) == ("created", [state])
    assert [one.state for one in aws.alive()] == ["CREATE_COMPLETE"]


@pytest.mark.parametrize("state", ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED"])
def test_up_goes_on_after_an_update_that_failed(aws: Formation, state: str) -> None:
    aws.stand(SETTINGS, state)
    assert up(redshift_base_capacity=16).action == "updated"


def test_up_repairs_an_undoing_that_failed(aws: Formation) -> None:
    aws.stand(SETTINGS, "UPDATE_ROLLBACK_FAILED")
    assert up().action == "unchanged"
    assert len(aws.asked("continue_update_rollback")) == 1


def test_up_says_why_an_undoing_cannot_be_repaired(aws: Formation) -> None:
    aws.stand(SETTINGS, "UPDATE_ROLLBACK_FAILED")
    aws.fail["Namespace"] = "Somebody removed it by hand"
    error = refused(up, WarehouseError)
    assert "Namespace (AWS::RedshiftServerless::Namespace): Somebody removed it" in error.reason


@pytest.mark.parametrize("tags", [{}, {"project": "sparkify"}])
def test_up_accepts_what_a_plan_left(aws: Formation, tags: dict[str, str]) -> None:
    aws.stand(SETTINGS, "REVIEW_IN_PROGRESS", tags=tags)
    aws.sets["sparkify-plan-1"] = {"StackName": "sparkify"}
    built = up()
    assert (built.action, built.cleared) == ("created", [])


def test_up_waits_for_what_is_under_way(aws: Formation) -> None:
    stack = aws.stand(SETTINGS)
    aws._begin(stack, "of somebody else", "UPDATE_IN_PROGRESS", aws._updating)
    assert up().action == "unchanged"
    assert stack.state == "UPDATE_COMPLETE"


def test_a_state_that_nobody_knows_is_refused(aws: Formation) -> None:
    aws.stand(SETTINGS, "IMPORT_ROLLBACK_FAILED")
    assert "IMPORT_ROLLBACK_FAILED" in refused(up, SettingsError).reason


def test_what_never_ends_is_given_up(aws: Formation, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.stand(SETTINGS, "UPDATE_IN_PROGRESS")
    now = iter(range(0, 10**9, 3600))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(now)))
    assert "still UPDATE_IN_PROGRESS" in refused(up, BusyError).reason


def test_up_goes_on_after_ctrl_c(aws: Formation, sleeper: Sleeper) -> None:
    sleeper.interrupt = 2
    with pytest.raises(SparkifyError) as caught:
        up()
    assert caught.value.exit_code == 130
    assert "continues" in caught.value.reason
    assert "sparkify iac down" in caught.value.next_step
    assert up().usage_limit == "created"
    assert len(aws.asked("create_stack")) == 1
    assert [one.state for one in aws.alive()] == ["CREATE_COMPLETE"]


@pytest.mark.parametrize("naps", range(1, 9))
def test_ctrl_c_at_any_moment_then_up(aws: Formation, sleeper: Sleeper, naps: int) -> None:
    aws.workgroup_polls = 5
    sleeper.interrupt = naps
    with pytest.raises(SparkifyError) as caught:
        up()
    assert caught.value.exit_code == 130
    assert up().resources == iac.resources(SETTINGS)
    assert len(aws.asked("create_stack")) == 1
    assert aws.limits["1"]["amount"] == 16


@pytest.mark.parametrize(
    "operation",
    [
        "create_stack",
        "create_change_set",
        "execute_change_set",
        "delete_stack",
        "create_usage_limit",
    ],
)
def test_a_lost_reply_does_no_harm(aws: Formation, operation: str) -> None:
    aws.lose = [operation]
    assert up().action == "created"
    assert up(redshift_base_capacity=16).action == "updated"
    assert aws.limits["1"]["amount"] == 16
    assert all(one.gone for one in iac.down(SETTINGS).proof)
    assert aws.lose == []


@pytest.mark.parametrize(
    ("resource", "reason", "said", "advice"),
    [
        ("Workgroup", QUOTA, "reached the quota of 25 workgroups", "Service Quotas"),
        ("Workgroup", CAPACITY, "Insufficient capacity in us-east-1", "BASE_CAPACITY"),
        ("Role", "sparkify-x already exists (Service: Iam)", "sparkify-x already", "[IAM_ROLE]"),
        ("Namespace", "Namespace sparkify already exists", "already exists", "NAMESPACE"),
        ("Workgroup", "must have 3 subnets in a VPC", "3 subnets", "create-default-vpc"),
        ("Workgroup", "Not authorized to assume role", "assume role", "sparkify iac up"),
        ("Namespace", "Something odd", "Something odd", "sparkify iac down"),
    ],
)
def test_a_failed_creation_tells_its_cause_and_the_next_up_works(
    aws: Formation, resource: str, reason: str, said: str, advice: str
) -> None:
    aws.fail[resource] = reason
    error = refused(up, WarehouseError)
    assert f"{resource} (AWS::" in error.reason
    assert said in error.reason
    assert "HandlerErrorCode" not in error.reason
    assert "Service:" not in error.reason
    assert advice in error.next_step
    assert error.details["resource"] == resource
    assert up().cleared == ["ROLLBACK_COMPLETE"]
    assert [one.state for one in aws.alive()] == ["CREATE_COMPLETE"]


def test_a_failed_creation_can_be_removed(aws: Formation) -> None:
    aws.fail["Workgroup"] = QUOTA
    refused(up, WarehouseError)
    assert all(one.gone for one in iac.down(SETTINGS).proof)
    assert aws.alive() == []


def test_a_failed_update_tells_its_cause_not_an_older_one(aws: Formation) -> None:
    stack = aws.stand(SETTINGS)
    aws._resource(stack, "Role", "UPDATE_FAILED", "of long ago")
    aws.fail["Workgroup"] = CAPACITY
    error = refused(lambda: up(redshift_base_capacity=16), WarehouseError)
    assert "Insufficient capacity" in error.reason
    assert "long ago" not in error.reason
    assert error.details["state"] == "UPDATE_ROLLBACK_COMPLETE"


def test_a_resource_that_the_credentials_may_not_make_names_the_action(aws: Formation) -> None:
    aws.fail["Role"] = "User: arn:x is not authorized to perform: iam:CreateRole on resource: y"
    error = refused(up, SettingsError)
    assert error.details["action"] == "iam:CreateRole"
    assert "sparkify iac policy" in error.next_step


def test_early_validation_that_ends_a_creation(
    aws: Formation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_early(stack: Stack) -> Iterator[None]:
        aws._set(stack, "CREATE_FAILED", "The following hook(s)/validation failed: [X]")
        yield

    monkeypatch.setattr(aws, "_creating", fail_early)
    aws.validation = "the name is taken"
    assert "the name is taken" in refused(up, WarehouseError).reason


def test_early_validation_of_a_creation(aws: Formation) -> None:
    aws.validation = "the name is taken"
    early = "The following hook(s)/validation failed: [AWS::EarlyValidation::X]"
    aws.refuse["create_stack"] = [refusal("ValidationError", early)]
    assert "the name is taken" in refused(up, WarehouseError).reason


@pytest.mark.parametrize(
    ("code", "text", "kind", "said"),
    [
        ("ExpiredToken", "expired", SettingsError, "have expired"),
        ("InvalidClientTokenId", "invalid", SettingsError, "does not accept the credentials"),
        ("Throttling", "Rate exceeded", WarehouseError, "Rate exceeded"),
        ("LimitExceededException", "2000 stacks", WarehouseError, "too many stacks"),
        (
            "AccessDenied",
            "User: x is not authorized to perform: cloudformation:CreateStack on resource: y",
            SettingsError,
            "may not call cloudformation:CreateStack",
        ),
        ("AccessDenied", "", SettingsError, "may not call cloudformation:CreateStack"),
        ("ValidationError", "Template error: x", WarehouseError, "Template error: x"),
    ],
)
def test_a_refused_request_says_why(
    aws: Formation, code: str, text: str, kind: type[SparkifyError], said: str
) -> None:
    aws.refuse["create_stack"] = [refusal(code, text)]
    assert said in refused(up, kind).reason


@pytest.mark.parametrize("replacement", ["True", "Conditional"])
def test_a_change_that_loses_the_tables_needs_consent(aws: Formation, replacement: str) -> None:
    stack = aws.stand(SETTINGS, template="an older one")
    aws.replacement = replacement
    assert "nothing was changed" in refused(up, UsageError).reason
    assert aws.asked("execute_change_set") == []
    assert iac.plan(SETTINGS).loses_data
    stack.parameters["BaseCapacity"] = "32"
    assert iac.up(SETTINGS, confirmed=True).action == "updated"


def test_another_namespace_needs_consent(aws: Formation) -> None:
    aws.stand(SETTINGS)
    other = replace(SETTINGS, redshift_namespace="other")
    assert "new, empty warehouse" in refused(lambda: iac.up(other), UsageError).reason
    assert iac.plan(other).loses_data
    assert aws.asked("execute_change_set") == []


def test_a_database_cannot_be_renamed(aws: Formation) -> None:
    aws.stand(SETTINGS)
    other = replace(SETTINGS, redshift_database="other")
    assert "cannot be renamed" in refused(lambda: iac.up(other), SettingsError).reason
    assert "would be refused" in iac.plan(other).notes[0]


def test_the_most_rpus_can_be_taken_away(aws: Formation) -> None:
    up()
    assert up(redshift_max_capacity=0).notes == []
    assert aws.asked("update_workgroup") == [
        {"workgroupName": "sparkify", "maxCapacity": -1},
    ]
    up(redshift_max_capacity=0)
    assert len(aws.asked("update_workgroup")) == 1


def test_up_waits_until_the_workgroup_is_available(aws: Formation) -> None:
    aws.workgroup_polls = 5
    up()
    assert len(aws.asked("get_workgroup")) >= 5


def test_a_workgroup_that_vanishes_is_told_of(aws: Formation) -> None:
    stack = aws.stand(SETTINGS)
    del stack.resources["Workgroup"]
    assert "is gone, not available" in refused(up, WarehouseError).reason


# The usage limit as early as there is a workgroup


def test_the_usage_limit_is_set_before_the_stack_is_complete(aws: Formation) -> None:
    assert up().usage_limit == "created"
    names = [name for name, _ in aws.calls]
    assert "describe_stacks" in names[names.index("create_usage_limit") :]
    assert aws.limits["1"]["amount"] == 16


def test_an_early_limit_that_fails_is_set_at_the_end(aws: Formation) -> None:
    aws.refuse["list_usage_limits"] = [refusal("OddException", "not now")]
    assert up().usage_limit == "created"
    assert aws.limits["1"]["amount"] == 16


def test_up_sets_the_limit_that_an_interrupted_up_left_out(
    aws: Formation, sleeper: Sleeper
) -> None:
    sleeper.interrupt = 2
    with pytest.raises(SparkifyError, match="interrupted") as caught:
        up()
    assert "sets the usage limit" in caught.value.next_step
    assert aws.limits == {}
    assert up().usage_limit == "created"


class CtrlC:
    """Presses Ctrl-C at a call to AWS, the left-th from now; answered: behind its answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answered: bool) -> None:
        self.left = 10**9
        handle = Formation.handle

        def interrupted(formation: Formation, operation: str, parameters: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not answered:
                raise KeyboardInterrupt
            try:
                return handle(formation, operation, parameters)
            finally:
                if self.left == 0:
                    raise KeyboardInterrupt

        monkeypatch.setattr(Formation, "handle", interrupted)

    def each(self, calls: int) -> Iterator[int]:
        for number in range(1, calls + 1):
            self.left = number
            yield number


@pytest.fixture(params=[False, True], ids=["asked", "answered"])
def ctrl_c(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> CtrlC:
    return CtrlC(monkeypatch, request.param)


def test_up_interrupted_at_each_of_its_calls_then_a_load_says_that_the_limit_is_missing(
    aws: Formation, ctrl_c: CtrlC
) -> None:
    """AWS goes on with what it was asked for."""
    up()
    warnings = []
    for number in ctrl_c.each(len(aws.calls)):
        aws.__init__()  # type: ignore[misc]
        with pytest.raises(SparkifyError, match="interrupted"):
            up()
        for _ in (step for stack in aws.alive() for step in stack.steps):
            pass
        warned = iac.limit_warning(SETTINGS)
        assert bool(warned) == (bool(aws.alive()) and not aws.limits), number
        warnings.append(bool(warned))
    assert True in warnings
    assert False in warnings


def test_an_update_interrupted_at_each_of_its_calls_is_continued(
    aws: Formation, ctrl_c: CtrlC
) -> None:
    up()
    before = len(aws.calls)
    up(redshift_base_capacity=16)
    for number in ctrl_c.each(len(aws.calls) - before):
        ctrl_c.left = 10**9
        aws.__init__()  # type: ignore[misc]
        up()
        ctrl_c.left = number
        with pytest.raises(SparkifyError, match="interrupted"):
            up(redshift_base_capacity=16)
        assert up(redshift_base_capacity=16).action in ("updated", "unchanged")
        assert aws.alive()[0].parameters["BaseCapacity"] == "16", number
