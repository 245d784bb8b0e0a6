"""Every state that a stack can be in, and everything that can go wrong, on a double of AWS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

from cloudformation_double import Bucket, Formation, Stack, refusal
from sparkify import iac
from sparkify.config import Settings
from sparkify.errors import BusyError, SettingsError, SparkifyError, UsageError, WarehouseError
from sparkify.iac import (
    account,
    clearing,
    declaration,
    looking,
    lookup,
    operation,
    spending,
    waiting,
)
from sparkify.iac import stack as stacks
from sparkify.progress import silent

SETTINGS = Settings(
    engine="redshift",
    log_data="s3://source/log_data",
    log_jsonpath="",
    song_data="data/song_data",
)
QUOTA = (
    'Resource handler returned message: "You have reached the quota of 25 workgroups. (Service:'
    ' RedshiftServerless, Status Code: 400, Request ID: 1)" (RequestToken: 2, HandlerErrorCode:'
    " ServiceLimitExceeded)"
)
CAPACITY = (
    'Resource handler returned message: "Insufficient capacity in us-east-1. (Service:'
    ' RedshiftServerless, Status Code: 400)" (RequestToken: 2, HandlerErrorCode: ResourceConflict)'
)


class Sleeper:
    """Stands for time.sleep. interrupt: after how many naps Ctrl-C is pressed, once."""

    def __init__(self) -> None:
        self.naps: list[float] = []
        self.interrupt = 0

    def __call__(self, seconds: float) -> None:
        self.naps.append(seconds)
        if self.interrupt and len(self.naps) == self.interrupt:
            raise KeyboardInterrupt


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Formation:
    formation = Formation()
    monkeypatch.setattr(account.Account, "_client", lambda self, name: formation.client(name))
    for module in (clearing, looking):
        monkeypatch.setattr(module, "S3", lambda *_: Bucket(formation))
    return formation


@pytest.fixture(autouse=True)
def sleeper(monkeypatch: pytest.MonkeyPatch) -> Sleeper:
    sleeper = Sleeper()
    monkeypatch.setattr(time, "sleep", sleeper)
    return sleeper


def refused(action: Callable[[], object], kind: type[SparkifyError]) -> SparkifyError:
    with pytest.raises(SparkifyError) as caught:
        action()
    assert type(caught.value) is kind
    assert caught.value.next_step
    return caught.value


def up(**changes: object) -> iac.Built:
    return iac.up(replace(SETTINGS, **changes))  # type: ignore[arg-type]


# The four commands, each twice


def test_up_twice(aws: Formation) -> None:
    first, second = up(), up()
    assert (first.action, first.usage_limit) == ("created", "created")
    assert (second.action, second.usage_limit) == ("unchanged", "unchanged")
    assert first.resources == second.resources == iac.resources(SETTINGS)
    assert len(aws.asked("create_stack")) == 1
    assert aws.asked("update_stack") == []
    assert aws.sets == {}


def test_up_sends_every_parameter_and_the_tags_each_time(aws: Formation) -> None:
    up()
    up(redshift_base_capacity=16, redshift_max_capacity=32)
    for sent in (*aws.asked("create_stack"), *aws.asked("update_stack")):
        names = {one["ParameterKey"] for one in sent["Parameters"]}
        assert {"NamespaceName", "BaseCapacity", "MaxCapacity", "SongDataBucket"} <= names
        assert sent["Tags"] == [{"Key": "project", "Value": "sparkify"}]
        assert sent["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    tokens = {one["ClientRequestToken"] for one in aws.asked("create_stack")}
    assert tokens.isdisjoint(one["ClientRequestToken"] for one in aws.asked("update_stack"))


def test_up_brings_up_to_date(aws: Formation) -> None:
    aws.stand(SETTINGS)
    built = up(redshift_base_capacity=16, redshift_max_capacity=32)
    assert built.action == "updated"
    assert aws.alive()[0].parameters["BaseCapacity"] == "16"
    assert aws.alive()[0].state == "UPDATE_COMPLETE"


def test_progress_names_each_resource_and_counts_them(aws: Formation) -> None:
    told: list[tuple[str, int, int | None]] = []
    iac.up(SETTINGS, progress=lambda step, done, total, unit: told.append((step, done, total)))
    assert ("creating Role", 0, 6) in told
    assert ("creating Workgroup", 5, 6) in told
    iac.down(SETTINGS, progress=lambda step, done, total, unit: told.append((step, done, total)))
    assert ("removing Workgroup", 0, 6) in told


def test_plan_twice_leaves_nothing_behind(aws: Formation) -> None:
    first, second = iac.plan(SETTINGS), iac.plan(SETTINGS)
    assert first == second
    assert [one.action for one in first.changes] == ["Add"] * 6
    assert first.usage_limit == (0, 16)
    assert (aws.sets, aws.alive()) == ({}, [])


def test_plan_of_what_is_there_says_so(aws: Formation) -> None:
    up()
    assert iac.plan(SETTINGS).nothing
    plan = iac.plan(replace(SETTINGS, redshift_base_capacity=16))
    assert not plan.nothing
    assert plan.parameters == {"BaseCapacity": ("8", "16")}
    assert not plan.loses_data
    assert aws.alive()[0].state == "CREATE_COMPLETE"
    assert aws.sets == {}


def test_plan_removes_what_it_made_when_it_is_interrupted(aws: Formation, sleeper: Sleeper) -> None:
    sleeper.interrupt = 1
    with pytest.raises(KeyboardInterrupt):
        iac.plan(SETTINGS)
    assert (aws.sets, aws.alive()) == ({}, [])


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


def test_down_twice(aws: Formation) -> None:
    up()
    aws.objects = 5
    first, second = iac.down(SETTINGS), iac.down(SETTINGS)
    assert (first.state, first.objects) == ("CREATE_COMPLETE", 5)
    assert [one.kind for one in first.proof] == [
        *("stack", "workgroup", "namespace", "role", "bucket"),
    ]
    assert all(one.gone and one.ours for one in first.proof)
    assert (second.state, second.objects) == (None, 0)
    assert all(one.gone for one in second.proof)
    assert aws.limits == {}
    assert len(aws.asked("delete_stack")) == 1


# States of the stack


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


def test_plan_accepts_what_a_plan_left(aws: Formation) -> None:
    aws.stand(SETTINGS, "REVIEW_IN_PROGRESS", tags={})
    plan = iac.plan(SETTINGS)
    assert (plan.state, len(plan.changes)) == (None, 6)
    assert aws.alive() == []


def test_plan_of_an_undoing_that_failed_says_what_up_would_do(aws: Formation) -> None:
    aws.stand(SETTINGS, "UPDATE_ROLLBACK_FAILED")
    assert "would repair it" in iac.plan(SETTINGS).notes[0]
    assert aws.asked("create_change_set") == []


def test_plan_of_what_is_under_way_waits_for_nothing(aws: Formation) -> None:
    aws.stand(SETTINGS, "UPDATE_IN_PROGRESS")
    assert "would wait" in iac.plan(SETTINGS).notes[0]


def test_plan_of_a_dead_stack_says_what_up_would_do(aws: Formation) -> None:
    aws.stand(SETTINGS, "ROLLBACK_COMPLETE")
    plan = iac.plan(SETTINGS)
    assert "remove it and create everything anew" in plan.notes[0]
    assert aws.alive()[0].state == "ROLLBACK_COMPLETE"


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


# Interruptions and lost replies


def test_up_goes_on_after_ctrl_c(aws: Formation, sleeper: Sleeper) -> None:
    sleeper.interrupt = 2
    with pytest.raises(SparkifyError) as caught:
        up()
    assert caught.value.exit_code == 130
    assert "goes on" in caught.value.reason
    assert "python3 iac.py down" in caught.value.next_step
    assert up().usage_limit == "created"
    assert len(aws.asked("create_stack")) == 1
    assert [one.state for one in aws.alive()] == ["CREATE_COMPLETE"]


def test_down_ends_an_up_that_was_interrupted(aws: Formation, sleeper: Sleeper) -> None:
    sleeper.interrupt = 3
    with pytest.raises(SparkifyError):
        up()
    assert aws.alive()[0].resources["WorkBucket"] == "CREATE_IN_PROGRESS"
    removed = iac.down(SETTINGS)
    assert removed.state == "CREATE_IN_PROGRESS"
    assert all(one.gone for one in removed.proof)
    assert {one.kind for one in removed.proof if one.ours} == {"stack", "role", "bucket"}
    assert aws.alive() == []


def test_down_goes_on_after_ctrl_c(aws: Formation, sleeper: Sleeper) -> None:
    up()
    sleeper.interrupt = len(sleeper.naps) + 2
    with pytest.raises(SparkifyError):
        iac.down(SETTINGS)
    assert all(one.gone for one in iac.down(SETTINGS).proof)
    assert aws.alive() == []


@pytest.mark.parametrize("naps", range(1, 10))
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
    ["create_stack", "create_change_set", "update_stack", "delete_stack", "create_usage_limit"],
)
def test_a_lost_reply_does_no_harm(aws: Formation, operation: str) -> None:
    aws.lose = [operation]
    assert up().action == "created"
    assert up(redshift_base_capacity=16).action == "updated"
    assert aws.limits["1"]["amount"] == 16
    assert all(one.gone for one in iac.down(SETTINGS).proof)
    assert aws.lose == []


def test_a_limit_that_meets_a_busy_workgroup_is_set_later(aws: Formation) -> None:
    aws.refuse["create_usage_limit"] = [refusal("ConflictException", "Workgroup is busy.")]
    assert up().usage_limit == "created"
    assert aws.limits["1"]["amount"] == 16


# Failures, with their causes


@pytest.mark.parametrize(
    ("resource", "reason", "said", "advice"),
    [
        ("Workgroup", QUOTA, "reached the quota of 25 workgroups", "Service Quotas"),
        ("Workgroup", CAPACITY, "Insufficient capacity in us-east-1", "BASE_CAPACITY"),
        ("Role", "sparkify-x already exists (Service: Iam)", "sparkify-x already", "[IAM_ROLE]"),
        ("Namespace", "Namespace sparkify already exists", "already exists", "NAMESPACE"),
        ("Workgroup", "must have 3 subnets in a VPC", "3 subnets", "create-default-vpc"),
        ("Workgroup", "Not authorized to assume role", "assume role", "python3 iac.py"),
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


def test_early_validation_is_asked_what_it_found(aws: Formation) -> None:
    aws.stand(SETTINGS)
    aws.validation = "12 is no multiple of 8"
    for action in (lambda: iac.plan(SETTINGS), lambda: up(redshift_base_capacity=16)):
        assert "12 is no multiple of 8" in refused(action, WarehouseError).reason
    assert aws.sets == {}


def test_early_validation_that_ends_a_creation(
    aws: Formation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_early(stack: Stack) -> Iterator[None]:
        aws._set(stack, "CREATE_FAILED", "The following hook(s)/validation failed: [X]")
        yield

    monkeypatch.setattr(aws, "_creating", fail_early)
    aws.validation = "the name is taken"
    assert "the name is taken" in refused(up, WarehouseError).reason


def test_events_of_somebody_elses_operation_are_no_cause(aws: Formation) -> None:
    stack = aws.stand(SETTINGS)
    watched = operation.Operation(account.Account(SETTINGS), stack.id)
    stack.token = "of somebody else"
    aws._resource(stack, "Role", "UPDATE_FAILED", "theirs")
    stack.token = watched.token
    aws._resource(stack, "Namespace", "UPDATE_FAILED", "ours")
    watched.wait(silent)
    assert (watched.cause() or {})["ResourceStatusReason"] == "ours"


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
        ("InsufficientCapabilitiesException", "Requires", SettingsError, "refuses to make a role"),
        ("ValidationError", "Template error: x", WarehouseError, "Template error: x"),
    ],
)
def test_a_refused_request_says_why(
    aws: Formation, code: str, text: str, kind: type[SparkifyError], said: str
) -> None:
    aws.refuse["create_stack"] = [refusal(code, text)]
    assert said in refused(up, kind).reason


def test_no_key_is_in_a_message(aws: Formation) -> None:
    aws.refuse["create_stack"] = [refusal("AccessDenied", "AKIAKEY may not, said SeCrEt")]
    error = refused(lambda: up(aws_key="AKIAKEY", aws_secret="SeCrEt"), SettingsError)
    assert "AKIAKEY" not in error.reason
    assert "SeCrEt" not in error.reason


def test_no_key_of_the_environment_is_in_a_message(
    aws: Formation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SeCrEt")
    aws.refuse["create_stack"] = [refusal("AccessDenied", "not with SeCrEt")]
    assert "SeCrEt" not in refused(up, SettingsError).reason


@pytest.mark.parametrize("operation", ["describe_stacks", "get_workgroup", "delete_stack"])
def test_what_nobody_foresaw_is_told_as_aws_says_it(aws: Formation, operation: str) -> None:
    """It is no bug of this program."""
    aws.stand(SETTINGS)
    aws.refuse[operation] = [refusal("OddException", "the moon is full")]
    action = iac.down if operation == "delete_stack" else iac.status
    assert "the moon is full" in refused(partial(action, SETTINGS), WarehouseError).reason


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


def test_down_goes_on_where_the_usage_limit_cannot_be_removed(aws: Formation) -> None:
    up()
    aws.refuse["list_usage_limits"] = [refusal("OddException", "no limits here")]
    assert iac.down(SETTINGS).as_json()["nothing_left"] is True


# What is not ours, and what would lose data


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


@pytest.mark.parametrize("replacement", ["True", "Conditional"])
def test_a_change_that_loses_the_tables_needs_consent(aws: Formation, replacement: str) -> None:
    stack = aws.stand(SETTINGS, template="an older one")
    aws.replacement = replacement
    assert "nothing was changed" in refused(up, UsageError).reason
    assert aws.asked("update_stack") == []
    assert iac.plan(SETTINGS).loses_data
    stack.parameters["BaseCapacity"] = "32"
    assert iac.up(SETTINGS, confirmed=True).action == "updated"


def test_another_namespace_needs_consent(aws: Formation) -> None:
    aws.stand(SETTINGS)
    other = replace(SETTINGS, redshift_namespace="other")
    assert "new, empty warehouse" in refused(lambda: iac.up(other), UsageError).reason
    assert iac.plan(other).loses_data
    assert aws.asked("update_stack") == []


def test_a_database_cannot_be_renamed(aws: Formation) -> None:
    aws.stand(SETTINGS)
    other = replace(SETTINGS, redshift_database="other")
    assert "cannot be renamed" in refused(lambda: iac.up(other), SettingsError).reason
    assert "would be refused" in iac.plan(other).notes[0]


def test_down_leaves_alone_what_the_stack_did_not_make(aws: Formation) -> None:
    aws.others = {"sparkify"}
    assert "did not make" in refused(up, SettingsError).reason
    removed = iac.down(SETTINGS)
    left = {one.kind: one for one in removed.proof if not one.gone}
    assert set(left) == {"workgroup", "namespace"}
    assert all("not touched" in one.note and not one.ours for one in left.values())
    assert "did not make" in iac.status(SETTINGS).notes[0]


def test_down_does_not_claim_what_stood_in_the_way(aws: Formation) -> None:
    aws.others = {"sparkify"}
    made = {"Role": "CREATE_COMPLETE", "Namespace": "CREATE_FAILED"}
    aws.stand(SETTINGS, "ROLLBACK_FAILED", resources=made)
    removed = iac.down(SETTINGS)
    assert {one.kind: one.ours for one in removed.proof if not one.gone} == {
        "workgroup": False,
        "namespace": False,
    }


# Removing


def test_a_bucket_that_fills_up_again_is_emptied_again(aws: Formation) -> None:
    up()
    aws.objects, aws.writes = 1, 1
    removed = iac.down(SETTINGS)
    assert removed.objects == 2
    assert aws.alive() == []
    assert len(aws.asked("delete_stack")) == 2


def test_a_bucket_that_never_stays_empty_is_told_of(aws: Formation) -> None:
    up()
    aws.writes = 9
    error = refused(lambda: iac.down(SETTINGS), WarehouseError)
    assert "WorkBucket (AWS::S3::Bucket): The bucket you tried to delete is not empty" in (
        error.reason
    )
    assert "Something writes" in error.next_step
    aws.writes = 0
    assert all(one.gone for one in iac.down(SETTINGS).proof)


def test_a_protected_stack_says_how_to_unprotect_it(aws: Formation) -> None:
    aws.stand(SETTINGS, protected=True)
    error = refused(lambda: iac.down(SETTINGS), WarehouseError)
    assert "--no-enable-termination-protection" in error.next_step


def test_what_is_left_fails_the_removal(aws: Formation, monkeypatch: pytest.MonkeyPatch) -> None:
    up()
    monkeypatch.setattr(aws, "_get_role", lambda **_: {"Role": {"Arn": "x"}})
    error = refused(lambda: iac.down(SETTINGS), WarehouseError)
    assert "role sparkify-Role-1" in error.reason
    assert error.details["nothing_left"] is False


def test_what_may_not_be_asked_for_is_unknown(aws: Formation) -> None:
    up()
    aws.refuse["get_role"] = [refusal("AccessDenied", "no")]
    removed = iac.down(SETTINGS)
    assert {one.kind: one.gone for one in removed.proof}["role"] is None
    assert removed.as_json()["nothing_left"] is False


def test_a_snapshot_is_whole_before_anything_is_removed(aws: Formation) -> None:
    up()
    removed = iac.down(SETTINGS, keep_snapshot=True)
    names = [name for name, _ in aws.calls]
    assert removed.snapshot in aws.snapshots
    assert names.index("get_snapshot") < names.index("delete_stack")
    assert aws.snapshots[str(removed.snapshot)]["status"] == "AVAILABLE"


def test_without_a_snapshot_nothing_is_removed(aws: Formation) -> None:
    up()
    aws.refuse["create_snapshot"] = [refusal("ConflictException", "The namespace is busy.")]
    error = refused(lambda: iac.down(SETTINGS, keep_snapshot=True), WarehouseError)
    assert "nothing was removed" in error.reason
    assert aws.asked("delete_stack") == []


# The usage limit and the capacity


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


# Resources


@pytest.mark.parametrize("state", ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_FAILED"])
def test_resources_of_no_usable_stack(aws: Formation, state: str) -> None:
    assert "python3 iac.py" in refused(lambda: iac.resources(SETTINGS), SettingsError).next_step
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
    outputs = dict.fromkeys(declaration.OUTPUTS, "x")
    found = replace(stacks.Stack.gone("x"), state=state, outputs=outputs)
    assert (lookup.resources_of(found, "us-east-1") is not None) is usable
    assert lookup.resources_of(replace(found, outputs={}), "us-east-1") is None


# What it costs


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
    found = spending.cost(base, most, limit)
    assert (found.busy_hour_at_base, found.busy_hour_at_most) == (hour, at_most)
    assert found.day_at_most == day


# Waiting


def test_pauses_grow_and_are_short_at_first(aws: Formation, sleeper: Sleeper) -> None:
    pauses = waiting.Pauses(1e9)
    assert all(pauses.wait() for _ in range(30))
    assert sleeper.naps == sorted(sleeper.naps)
    assert sleeper.naps[0] <= 0.1
    assert sum(sleeper.naps[:4]) < 1
    assert sleeper.naps[-1] == waiting.LONGEST_SECONDS


def test_the_double_itself_refuses_a_second_stack_of_a_name(aws: Formation) -> None:
    """Otherwise the tests above would not see a stack made twice."""
    stack = aws.stand(SETTINGS)
    assert isinstance(stack, Stack)
    with pytest.raises(Exception, match="already exists"):
        aws.handle("create_stack", {"StackName": "sparkify", "ClientRequestToken": "x"})
