"""A double of CloudFormation and its neighbours that takes its time and fails on demand.

Every look at a stack lets one more thing happen, so that tests see each state in between.
"""

# ruff: noqa: N803 - the parameters have the names that boto3 takes

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sparkify import iac
from sparkify.config import Settings
from sparkify.errors import SparkifyError
from sparkify.iac import template

_STACK = "AWS::CloudFormation::Stack"
_TYPES = {
    "WorkBucket": "AWS::S3::Bucket",
    "Role": "AWS::IAM::Role",
    "Namespace": "AWS::RedshiftServerless::Namespace",
    "Workgroup": "AWS::RedshiftServerless::Workgroup",
}
Answer = dict[str, Any]

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


def refusal(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


@dataclass
class Stack:
    name: str
    id: str
    state: str = "CREATE_COMPLETE"
    tags: dict[str, str] = field(default_factory=lambda: dict(template.TAGS))
    parameters: dict[str, str] = field(default_factory=dict)
    template: str = ""
    resources: dict[str, str] = field(default_factory=dict)  # logical name -> state
    events: list[Answer] = field(default_factory=list)  # oldest first
    steps: Iterator[None] = field(default_factory=lambda: iter(()))
    token: str = ""
    protected: bool = False


class Formation:
    """The account. fail: resource -> the reason it fails for, at the next operation on it.

    objects: how many are in the work bucket; writes: how often somebody puts one back meanwhile.
    others: workgroups and namespaces that no stack made. validation: what early validation finds.
    refuse: the errors with which operations are refused. lose: operations whose reply is lost.
    drift: resource -> what a drift detection says of it. loads: the statements that run.
    """

    def __init__(self) -> None:
        self.stacks: dict[str, Stack] = {}
        self.sets: dict[str, Answer] = {}
        self.calls: list[tuple[str, Answer]] = []
        self.fail: dict[str, str] = {}
        self.objects = 0
        self.writes = 0
        self.others: set[str] = set()
        self.replacement = "False"
        self.validation = ""
        self.refuse: dict[str, list[ClientError]] = {}
        self.lose: list[str] = []
        self.limits: dict[str, Answer] = {}
        self.snapshots: dict[str, Answer] = {}
        self.loads: list[Answer] = []
        self.newest_load: tuple[int, datetime] | None = (7, datetime(2026, 1, 2, 3, 4, 5))
        self.maximum: int | None = 16
        self.drift: dict[str, Answer] = {}
        self.workgroup_polls = 0
        self.drift_polls = 3
        self._numbers = itertools.count(1)

    # Preparing and looking

    def stand(self, settings: Any, state: str = "CREATE_COMPLETE", **changes: Any) -> Stack:
        """Put a stack there, with all of its resources unless its state says otherwise."""
        stack = Stack(
            template.stack_name(settings),
            f"arn:aws:cloudformation:us-east-1:1:stack/{template.stack_name(settings)}/x",
            state,
            parameters=template.parameters(settings),
            template=template.template(),
        )
        if state not in ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"):
            stack.resources = dict.fromkeys(_TYPES, "CREATE_COMPLETE")
        for name, value in changes.items():
            setattr(stack, name, value)
        self.stacks[stack.id] = stack
        return stack

    def alive(self) -> list[Stack]:
        return [one for one in self.stacks.values() if one.state != "DELETE_COMPLETE"]

    def asked(self, operation: str) -> list[Answer]:
        return [parameters for name, parameters in self.calls if name == operation]

    def exists(self, logical: str) -> bool:
        gone = ("DELETE_COMPLETE", "CREATE_FAILED", "CREATE_IN_PROGRESS")
        return any(one.resources.get(logical, gone[0]) not in gone for one in self.alive())

    # What boto3 sees

    def client(self, service: str) -> Client:
        return Client(self, service)

    def handle(self, operation: str, parameters: Answer) -> Answer:
        self.calls.append((operation, parameters))
        if self.refuse.get(operation):
            raise self.refuse[operation].pop(0)
        answer: Answer = getattr(self, f"_{operation}")(**parameters)
        if operation in self.lose:  # boto3 then sends it again
            self.lose.remove(operation)
            return self.handle(operation, parameters)
        return answer

    def _find(self, name: str) -> Stack:
        for stack in self.stacks.values():
            if stack.id == name or (stack.name == name and stack.state != "DELETE_COMPLETE"):
                return stack
        raise refusal("ValidationError", f"Stack with id {name} does not exist")

    def _describe_stacks(self, StackName: str) -> Answer:
        stack = self._find(StackName)
        next(stack.steps, None)
        found = {
            "StackName": stack.name,
            "StackId": stack.id,
            "StackStatus": stack.state,
            "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
            "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in stack.parameters.items()
            ],
            "EnableTerminationProtection": stack.protected,
        }
        if stack.state in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
            values = {
                "RoleArn": "arn:aws:iam::1:role/sparkify-Role-1",
                "WorkBucket": "sparkify-workbucket-1",
                "Workgroup": stack.parameters["WorkgroupName"],
                "Namespace": stack.parameters["NamespaceName"],
                "Database": stack.parameters["DatabaseName"],
            }
            found["Outputs"] = [
                {"OutputKey": key, "OutputValue": value} for key, value in values.items()
            ]
        return {"Stacks": [found]}

    def _describe_stack_events(self, StackName: str, NextToken: str = "0") -> Answer:
        events = self._find(StackName).events[::-1]
        start = int(NextToken)
        more = {"NextToken": str(start + 3)} if start + 3 < len(events) else {}
        return {"StackEvents": events[start : start + 3], **more}

    def _describe_stack_resources(self, StackName: str) -> Answer:
        stack = self._find(StackName)
        return {
            "StackResources": [
                {
                    "LogicalResourceId": logical,
                    "ResourceStatus": state,
                    **(
                        {}
                        if state == "CREATE_IN_PROGRESS"
                        else {"PhysicalResourceId": _physical(stack, logical)}
                    ),
                }
                for logical, state in stack.resources.items()
            ]
        }

    def _describe_events(self, **_: Any) -> Answer:
        said = {"ValidationStatus": "FAILED", "ValidationStatusReason": self.validation}
        return {"OperationEvents": [said] if self.validation else []}

    # Change sets

    def _create_change_set(self, StackName: str, ChangeSetType: str, **rest: Any) -> Answer:
        if ChangeSetType == "CREATE":
            try:
                stack = self._find(StackName)
            except ClientError:
                stack = Stack(StackName, f"arn:x:stack/{StackName}/review", "REVIEW_IN_PROGRESS")
                stack.tags = {}
                self.stacks[stack.id] = stack
        else:
            stack = self._find(StackName)
        if rest["ChangeSetName"] in self.sets:
            raise refusal("AlreadyExistsException", "ChangeSet exists")
        wanted = {one["ParameterKey"]: one["ParameterValue"] for one in rest["Parameters"]}
        made: Answer = {"StackName": StackName, "polls": 2, "Status": "CREATE_COMPLETE"}
        if ChangeSetType == "CREATE":
            made["Changes"] = [_changed("Add", logical) for logical in _TYPES]
        else:
            made["Changes"] = self._reverting(rest.get("DeploymentMode"))
            if wanted != stack.parameters or rest["TemplateBody"] != stack.template:
                kind = "Namespace" if self.replacement != "False" else "Workgroup"
                made["Changes"].append(_changed("Modify", kind, self.replacement))
            if not made["Changes"]:
                made["Status"] = "FAILED"
                made["StatusReason"] = "The submitted information didn't contain changes."
        made["wanted"] = wanted
        if self.validation:
            made["Status"] = "FAILED"
            made["StatusReason"] = "The following hook(s)/validation failed: [AWS::Early...]"
        self.sets[rest["ChangeSetName"]] = made
        return {"Id": "arn:x", "StackId": stack.id}

    def _reverting(self, mode: str | None) -> list[Answer]:
        """The changes that revert drift, in a change set that does."""
        if mode != "REVERT_DRIFT":
            return []
        found = []
        for logical, drift in self.drift.items():
            gone = drift["StackResourceDriftStatus"] == "DELETED"
            one = _changed("Add" if gone else "Modify", logical)
            one["ResourceChange"]["ResourceDriftStatus"] = drift["StackResourceDriftStatus"]
            one["ResourceChange"]["Details"] = [{"Target": {"Attribute": "Tags"}}]
            found.append(one)
        return found

    def _execute_change_set(
        self, ChangeSetName: str, StackName: str, ClientRequestToken: str
    ) -> Answer:
        stack = self._find(StackName)
        if stack.token == ClientRequestToken:
            return {}
        made = self.sets.pop(ChangeSetName)
        if "Workgroup" not in self.fail:
            stack.parameters = made["wanted"]
        self.drift.clear()
        self._begin(stack, ClientRequestToken, "UPDATE_IN_PROGRESS", self._updating)
        return {}

    def _detect_stack_drift(self, StackName: str) -> Answer:
        return {"StackDriftDetectionId": self._find(StackName).id}

    def _describe_stack_drift_detection_status(self, StackDriftDetectionId: str) -> Answer:
        self.drift_polls -= 1
        working = self.drift_polls > 0
        return {"DetectionStatus": f"DETECTION_{'IN_PROGRESS' if working else 'COMPLETE'}"}

    def _describe_stack_resource_drifts(
        self, StackName: str, StackResourceDriftStatusFilters: list[str]
    ) -> Answer:
        found = [
            {"LogicalResourceId": logical, "ResourceType": _TYPES[logical], **drift}
            for logical, drift in self.drift.items()
            if drift["StackResourceDriftStatus"] in StackResourceDriftStatusFilters
        ]
        return {"StackResourceDrifts": found}

    def _describe_change_set(
        self, ChangeSetName: str, StackName: str, NextToken: str = ""
    ) -> Answer:
        made = self.sets[ChangeSetName]
        made["polls"] -= 1
        if made["polls"] > 0:
            return {"Status": "CREATE_IN_PROGRESS"}
        changes = made.get("Changes", [])
        if NextToken:
            return {"Status": made["Status"], "Changes": changes[2:]}
        more = {"NextToken": "2"} if len(changes) > 2 else {}
        return {**made, "Changes": changes[:2], **more}

    def _delete_change_set(self, ChangeSetName: str, StackName: str) -> Answer:
        if ChangeSetName not in self.sets:
            raise refusal("InvalidChangeSetStatusException", "It is being executed.")
        del self.sets[ChangeSetName]
        return {}

    def _list_change_sets(self, StackName: str) -> Answer:
        found = [
            {"ChangeSetName": name, "StackName": StackName}
            for name, one in self.sets.items()
            if one["StackName"] == StackName
        ]
        return {"Summaries": found}

    # Operations that take their time

    def _create_stack(self, StackName: str, ClientRequestToken: str, **rest: Any) -> Answer:
        if any(one.name == StackName for one in self.alive()):
            raise refusal("AlreadyExistsException", f"Stack [{StackName}] already exists")
        number = next(self._numbers)
        stack = Stack(StackName, f"arn:aws:cloudformation:us-east-1:1:stack/{StackName}/{number}")
        stack.parameters = {
            one["ParameterKey"]: one["ParameterValue"] for one in rest["Parameters"]
        }
        stack.template = rest["TemplateBody"]
        stack.tags = {one["Key"]: one["Value"] for one in rest["Tags"]}
        self.stacks[stack.id] = stack
        self._begin(stack, ClientRequestToken, "CREATE_IN_PROGRESS", self._creating)
        return {"StackId": stack.id}

    def _continue_update_rollback(self, StackName: str, ClientRequestToken: str) -> Answer:
        stack = self._find(StackName)
        self._begin(stack, ClientRequestToken, "UPDATE_ROLLBACK_IN_PROGRESS", self._rolling_back)
        return {}

    def _delete_stack(self, StackName: str, ClientRequestToken: str = "") -> Answer:
        try:
            stack = self._find(StackName)
        except ClientError:
            return {}
        if stack.protected:
            raise refusal(
                "ValidationError",
                f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled",
            )
        if stack.state not in ("DELETE_IN_PROGRESS", "DELETE_COMPLETE"):
            self._begin(stack, ClientRequestToken, "DELETE_IN_PROGRESS", self._deleting)
        return {}

    def _begin(
        self, stack: Stack, token: str, state: str, how: Callable[[Stack], Iterator[None]]
    ) -> None:
        stack.token = token
        self._set(stack, state)
        stack.steps = how(stack)

    def _set(self, stack: Stack, state: str, reason: str = "") -> None:
        stack.state = state
        self._event(stack, stack.name, _STACK, state, reason)

    def _resource(self, stack: Stack, logical: str, state: str, reason: str = "") -> None:
        stack.resources[logical] = state
        self._event(stack, logical, _TYPES[logical], state, reason)

    def _event(self, stack: Stack, logical: str, kind: str, state: str, reason: str) -> None:
        event = {
            "EventId": str(next(self._numbers)),
            "LogicalResourceId": logical,
            "ResourceType": kind,
            "ResourceStatus": state,
            "ClientRequestToken": stack.token,
            "PhysicalResourceId": _physical(stack, logical),
        }
        stack.events.append(event | ({"ResourceStatusReason": reason} if reason else {}))

    def _creating(self, stack: Stack) -> Iterator[None]:
        for logical in _TYPES:
            self._resource(stack, logical, "CREATE_IN_PROGRESS")
            yield
            if logical in self.fail:
                self._resource(stack, "WorkBucket", "CREATE_FAILED", "Resource creation cancelled")
                self._resource(stack, logical, "CREATE_FAILED", self.fail.pop(logical))
                self._set(
                    stack,
                    "ROLLBACK_IN_PROGRESS",
                    "The following resource(s) failed to create: [X]. Rollback requested by user.",
                )
                yield
                for made in [*stack.resources]:
                    self._resource(stack, made, "DELETE_COMPLETE")
                self._set(stack, "ROLLBACK_COMPLETE")
                return
            self._resource(stack, logical, "CREATE_COMPLETE")
        yield
        self._set(stack, "CREATE_COMPLETE")
        yield

    def _updating(self, stack: Stack) -> Iterator[None]:
        self._resource(stack, "Workgroup", "UPDATE_IN_PROGRESS")
        yield
        if "Workgroup" in self.fail:
            self._resource(stack, "Workgroup", "UPDATE_FAILED", self.fail.pop("Workgroup"))
            self._set(stack, "UPDATE_ROLLBACK_IN_PROGRESS", "The following failed to update")
            yield
            self._resource(stack, "Workgroup", "UPDATE_COMPLETE")
            self._set(stack, "UPDATE_ROLLBACK_COMPLETE")
            return
        self._resource(stack, "Workgroup", "UPDATE_COMPLETE")
        self._set(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        yield
        self._set(stack, "UPDATE_COMPLETE")

    def _rolling_back(self, stack: Stack) -> Iterator[None]:
        yield
        if "Namespace" in self.fail:
            self._resource(stack, "Namespace", "UPDATE_FAILED", self.fail["Namespace"])
            self._set(stack, "UPDATE_ROLLBACK_FAILED", "The following failed to update")
        else:
            self._set(stack, "UPDATE_ROLLBACK_COMPLETE")

    def _deleting(self, stack: Stack) -> Iterator[None]:
        bucket = "WorkBucket" in stack.resources
        if bucket and stack.resources["WorkBucket"] != "DELETE_COMPLETE" and self.writes:
            self.writes -= 1
            self.objects += 1
        for logical, state in [*stack.resources.items()][::-1]:
            if state == "DELETE_COMPLETE":
                continue
            self._resource(stack, logical, "DELETE_IN_PROGRESS")
            yield
            full = logical == "WorkBucket" and self.objects
            reason = self.fail.get(f"-{logical}", "")
            if full:
                reason = (
                    'Resource handler returned message: "The bucket you tried to delete is not'
                    ' empty (Service: S3, Status Code: 409)" (RequestToken: 1, HandlerErrorCode: X)'
                )
            self._resource(stack, logical, "DELETE_FAILED" if reason else "DELETE_COMPLETE", reason)
        failed = [one for one, state in stack.resources.items() if state == "DELETE_FAILED"]
        if failed:
            self._set(stack, "DELETE_FAILED", f"The following failed to delete: {failed}")
        else:
            self._set(stack, "DELETE_COMPLETE")

    # The neighbours

    def _get_workgroup(self, workgroupName: str) -> Answer:
        if not (self.exists("Workgroup") or workgroupName in self.others):
            raise refusal("ResourceNotFoundException", "no workgroup")
        self.workgroup_polls -= 1
        found = {
            "workgroupName": workgroupName,
            "workgroupArn": f"arn:{workgroupName}",
            "status": "MODIFYING" if self.workgroup_polls > 0 else "AVAILABLE",
            "baseCapacity": 8,
        }
        return {"workgroup": found | ({"maxCapacity": self.maximum} if self.maximum else {})}

    def _update_workgroup(self, workgroupName: str, maxCapacity: int) -> Answer:
        self.maximum = None if maxCapacity == -1 else maxCapacity
        self.workgroup_polls = 3
        return {}

    def _get_namespace(self, namespaceName: str) -> Answer:
        if not (self.exists("Namespace") or namespaceName in self.others):
            raise refusal("ResourceNotFoundException", "no namespace")
        found = {"namespaceName": namespaceName, "status": "AVAILABLE", "dbName": "sparkify"}
        return {"namespace": found | {"namespaceArn": "arn:namespace"}}

    def _get_role(self, RoleName: str) -> Answer:
        if not self.exists("Role"):
            raise refusal("NoSuchEntity", f"The role with name {RoleName} cannot be found.")
        return {"Role": {"Arn": f"arn:aws:iam::1:role/{RoleName}"}}

    def _head_bucket(self, Bucket: str) -> Answer:
        if not self.exists("WorkBucket"):
            raise refusal("404", "Not Found")
        return {}

    def _list_usage_limits(self, resourceArn: str, usageType: str) -> Answer:
        return {"usageLimits": [*self.limits.values()]}

    def _create_usage_limit(self, **wanted: Any) -> Answer:
        if self.limits:
            raise refusal("ConflictException", "There is one already.")
        self.limits["1"] = wanted | {"usageLimitId": "1"}
        return {}

    def _update_usage_limit(self, usageLimitId: str, **wanted: Any) -> Answer:
        self.limits[usageLimitId] |= wanted
        return {}

    def _delete_usage_limit(self, usageLimitId: str) -> Answer:
        if usageLimitId not in self.limits:
            raise refusal("ResourceNotFoundException", "no usage limit")
        del self.limits[usageLimitId]
        return {}

    def _create_snapshot(self, namespaceName: str, snapshotName: str) -> Answer:
        if snapshotName in self.snapshots:
            raise refusal("ConflictException", "The snapshot already exists.")
        self.snapshots[snapshotName] = {
            "snapshotName": snapshotName,
            "namespaceArn": "arn:namespace",
            "snapshotCreateTime": datetime(2026, 1, 1, tzinfo=UTC),
            "status": "CREATING",
            "polls": 2,
        }
        return {}

    def _list_snapshots(self, namespaceName: str) -> Answer:
        return {"snapshots": [*self.snapshots.values()]}

    def _list_statements(self, Status: str, WorkgroupName: str, StatementName: str) -> Answer:
        assert (Status, WorkgroupName) == ("STARTED", "sparkify")
        found = [one for one in self.loads if one["StatementName"].startswith(StatementName)]
        return {"Statements": found}

    def _get_snapshot(self, snapshotName: str) -> Answer:
        if snapshotName not in self.snapshots:
            raise refusal("ResourceNotFoundException", "no snapshot")
        one = self.snapshots[snapshotName]
        one["polls"] -= 1
        if not one["polls"]:
            one["status"] = "AVAILABLE"
        return {"snapshot": one}


def _physical(stack: Stack, logical: str) -> str:
    names = {
        "Role": "sparkify-Role-1",
        "WorkBucket": "sparkify-workbucket-1",
        "Workgroup": stack.parameters.get("WorkgroupName", ""),
        "Namespace": stack.parameters.get("NamespaceName", ""),
    }
    return names.get(logical, logical.lower())


def _changed(action: str, logical: str, replacement: str = "False") -> Answer:
    changed = {"Action": action, "LogicalResourceId": logical, "ResourceType": _TYPES[logical]}
    return {"ResourceChange": changed | {"Replacement": replacement}}


class Client:
    """A client of boto3, as far as the program uses one."""

    def __init__(self, formation: Formation, service: str) -> None:
        self._formation = formation
        self._service = service

    def __getattr__(self, operation: str) -> Callable[..., Answer]:
        return lambda **parameters: self._formation.handle(operation, parameters)

    def get_paginator(self, operation: str) -> Pages:
        return Pages(self._formation, operation)


class Pages:
    def __init__(self, formation: Formation, operation: str) -> None:
        self._formation = formation
        self._operation = operation

    def paginate(self, **parameters: Any) -> list[Answer]:
        pages = [self._formation.handle(self._operation, parameters)]
        while token := pages[-1].get("NextToken"):
            more = parameters | {"NextToken": token}
            pages.append(self._formation.handle(self._operation, more))
        return pages


class Bucket:
    """What stands for util_s3.S3 before the work bucket."""

    def __init__(self, formation: Formation) -> None:
        self._formation = formation

    def delete_all(self, address: str) -> int:
        assert address == "s3://sparkify-workbucket-1"
        count, self._formation.objects = self._formation.objects, 0
        return count

    def list(self, address: str) -> list[Any]:
        return [type("One", (), {"size": 10, "key": "exports/x"})] * self._formation.objects


class Sleeper:
    """Stands for time.sleep. interrupt: after how many naps Ctrl-C is pressed, once."""

    def __init__(self) -> None:
        self.naps: list[float] = []
        self.interrupt = 0

    def __call__(self, seconds: float) -> None:
        self.naps.append(seconds)
        if self.interrupt and len(self.naps) == self.interrupt:
            raise KeyboardInterrupt


def refused(action: Callable[[], object], kind: type[SparkifyError]) -> SparkifyError:
    with pytest.raises(SparkifyError) as caught:
        action()
    assert type(caught.value) is kind
    assert caught.value.next_step
    return caught.value


def up(**changes: object) -> iac.Built:
    return iac.up(replace(SETTINGS, **changes))  # type: ignore[arg-type]
