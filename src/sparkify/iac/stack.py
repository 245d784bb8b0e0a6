"""The stack as CloudFormation has it: its state, resources and outputs, and operations on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from .. import aws
from ..errors import BusyError, SettingsError, SparkifyError
from ..progress import Progress
from ..retry import Backoff
from .errors import (
    DOWN_AGAIN,
    UP_AGAIN,
    RefusedError,
    call_error,
    handler_message,
    one_line,
    stack_error,
)
from .template import OUTPUTS, PROJECT, TAGS, declared, stack_name

if TYPE_CHECKING:
    from ..config import Settings

STACK_SECONDS = 3 * 3600.0
"""As long as CloudFormation itself waits for a workgroup (two hours), and an hour for the rest."""
PLAN_PREFIX = f"{PROJECT}-plan-"
"""How the change sets of `plan` are named."""

# AWSCloudFormation/latest/UserGuide/view-stack-events.html
REVIEW = "REVIEW_IN_PROGRESS"
USABLE = frozenset(
    {
        *("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"),
        *("IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"),
    }
)
UPDATABLE = USABLE | {"UPDATE_FAILED"}
DEAD = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "CREATE_FAILED"})
"""What can only be deleted, or is not worth repairing because it never worked."""
ANSWERING = USABLE | {
    *("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_FAILED"),
    *("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
    "UPDATE_ROLLBACK_FAILED",
}
"""States in which the warehouse is there, whatever is being done to it."""

_NOT_OURS = ("DELETE_COMPLETE", "CREATE_FAILED")
"""Gone, or never made: then the name may be that of something which was in the way."""
_STACK_TYPE = "AWS::CloudFormation::Stack"
_CONSEQUENCE = re.compile("cancell?ed", re.IGNORECASE)
_OF = {"CREATE": "be created", "UPDATE": "be changed", "DELETE": "be removed"}
_BEGINNINGS = tuple(f"{verb}_IN_PROGRESS" for verb in _OF)
_VERBS = {"CREATE": "creating", "UPDATE": "changing", "DELETE": "removing", "ROLLBACK": "undoing"}


class Account:
    """The AWS account of the settings, in the Region of the warehouse; nothing is sent yet."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.region = settings.aws_region
        self._clients: dict[str, Any] = {}

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation by boto3's names, such as `cloudformation`, `describe_stacks`.

        Raises RefusedError for an error of the operation itself; SettingsError for missing,
        expired, wrong or too weak credentials; WarehouseError when AWS cannot be reached.
        """
        with self._reported(service, operation):
            answer: dict[str, Any] = getattr(self._client(service), operation)(**parameters)
        return answer

    def pages(self, service: str, operation: str, member: str, **parameters: Any) -> list[Any]:
        """Call an operation that answers in pages; nothing where what it asks about is gone.

        Errors as of `call`. member: what is listed.
        """
        try:
            with self._reported(service, operation):
                pages = self._client(service).get_paginator(operation).paginate(**parameters)
                return [item for page in pages for item in page.get(member) or ()]
        except RefusedError as error:
            if error.missing:
                return []
            raise

    def look(self, service: str, operation: str, **parameters: Any) -> dict[str, Any] | None:
        """Call an operation that asks for one thing; None when there is no such thing."""
        try:
            return self.call(service, operation, **parameters)
        except RefusedError as error:
            if error.missing:
                return None
            raise

    @contextmanager
    def _reported(self, service: str, operation: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            yield
        except (BotoCoreError, ClientError, ResponseParserError, ValueError) as error:
            raise call_error(error, service, operation, self.settings) from None

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = aws.client(self.settings, service, self.region)
        return self._clients[service]


def backoff(seconds: float) -> Backoff:
    """Return the pauses between looks at AWS: short at first, longer later, until a deadline."""
    return Backoff(0.05, factor=1.6, longest=5.0, seconds=seconds)


# The stack


@dataclass(frozen=True)
class Stack:
    """A stack as describe_stacks shows it. since: when it was created; changed: or updated."""

    name: str
    id: str
    state: str
    reason: str = ""
    since: datetime | None = None
    changed: datetime | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    protected: bool = False

    @property
    def in_progress(self) -> bool:
        """Whether CloudFormation is at work on it."""
        return self.state.endswith("_IN_PROGRESS") and self.state != REVIEW

    @property
    def deleted(self) -> bool:
        """Whether it no longer exists."""
        return self.state == "DELETE_COMPLETE"


def find(account: Account, name: str = "") -> Stack | None:
    """Return the stack of the settings, or one by its name or id; None when there is none."""
    wanted = name or stack_name(account.settings)
    answer = account.look("cloudformation", "describe_stacks", StackName=wanted) or {}
    for one in answer.get("Stacks", ()):
        return Stack(
            name=one["StackName"],
            id=one.get("StackId") or one["StackName"],
            state=one["StackStatus"],
            reason=one.get("StackStatusReason") or "",
            since=one.get("CreationTime"),
            changed=one.get("LastUpdatedTime"),
            outputs=_pairs(one, "Output"),
            parameters=_pairs(one, "Parameter"),
            tags={tag["Key"]: tag["Value"] for tag in one.get("Tags") or ()},
            protected=bool(one.get("EnableTerminationProtection")),
        )
    return None


def _pairs(found: dict[str, Any], kind: str) -> dict[str, str]:
    pairs = found.get(f"{kind}s") or ()
    return {one[f"{kind}Key"]: str(one.get(f"{kind}Value", "")) for one in pairs}


def refuse_foreign(account: Account, stack: Stack) -> None:
    """Raise SettingsError unless the stack was made by these commands, for these settings."""
    own = account.settings.redshift_workgroup
    workgroup = stack.parameters.get("WorkgroupName") or own
    if not (TAGS.items() <= stack.tags.items() or _is_plan(account, stack)):
        reason = (
            f"there is a stack {stack.name} in {account.region} that `sparkify iac` did not make"
            f" (it has no tag project={PROJECT}); it was not touched"
        )
    elif workgroup != own:
        reason = (
            f"the stack {stack.name} belongs to workgroup {workgroup}, not to {own}; it was not"
            " touched"
        )
    else:
        return
    next_step = "Choose another name: WORKGROUP in [REDSHIFT]."
    raise SettingsError(reason, next_step, stack=stack.name)


def _is_plan(account: Account, stack: Stack) -> bool:
    """Return whether a stack was never created and holds only change sets of `plan`.

    A stack gets its tags when its change set is executed.
    """
    if stack.state != REVIEW:
        return False
    sets = account.pages("cloudformation", "list_change_sets", "Summaries", StackName=stack.name)
    return all(
        str(one.get("ChangeSetName", "")).startswith(PLAN_PREFIX)
        for one in sets
        if one.get("StackName", stack.name) == stack.name
    )


def physical_names(account: Account, stack: Stack) -> dict[str, str]:
    """Return the names of the stack's resources, by their names in the template.

    Those that are gone, or were never made, are left out.
    """
    if stack.deleted or stack.state == REVIEW:
        return {}
    answer = account.look("cloudformation", "describe_stack_resources", StackName=stack.id) or {}
    return {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in answer.get("StackResources") or ()
        if one.get("PhysicalResourceId") and one.get("ResourceStatus") not in _NOT_OURS
    }


@dataclass(frozen=True)
class Resources:
    """What `up` made: the role's ARN, and the names of the rest."""

    role_arn: str
    work_bucket: str
    workgroup: str
    namespace: str
    database: str
    region: str


def resources(settings: Settings) -> Resources:
    """Return what the stack of the settings holds, by one call.

    Raises SettingsError when there is no stack that can be used, or the credentials are missing,
    expired or too weak; WarehouseError when CloudFormation cannot be reached.
    """
    account = Account(settings)
    stack = find(account)
    found = resources_of(stack, account.region) if stack else None
    if found is None:
        state = f" (the stack {stack.name} is in the state {stack.state})" if stack else ""
        raise SettingsError(
            f"nothing is built in {account.region} for workgroup"
            f" {settings.redshift_workgroup}{state}",
            "Build it with `sparkify iac up`; `sparkify iac status` shows what exists.",
            stack=stack_name(settings),
            state=stack.state if stack else None,
        )
    return found


def resources_of(stack: Stack, region: str) -> Resources | None:
    """Return the outputs of a stack; None when the warehouse is not there."""
    if stack.state not in ANSWERING or not set(OUTPUTS) <= set(stack.outputs):
        return None
    role, bucket, workgroup, namespace, database = (stack.outputs[name] for name in OUTPUTS)
    return Resources(role, bucket, workgroup, namespace, database, region)


# Operations and their events


@dataclass
class Operation:
    """One change of a stack, to be watched.

    token: every event of it carries it, where the service does so
    (AWSCloudFormation/latest/APIReference/API_StackEvent.html, ClientRequestToken); "" for one
    that another process began. seen: ids of events.
    """

    account: Account
    stack_id: str
    token: str = field(default_factory=lambda: f"sparkify-{uuid4()}")
    seen: set[str] = field(default_factory=set)
    events: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def on(cls, account: Account, stack: Stack, *, begun: bool = False) -> Operation:
        """Return an operation on a stack with earlier events. begun: by another process."""
        operation = cls(account, stack.id)
        operation.seen = {one["EventId"] for one in operation._unseen()}
        operation.token = "" if begun else operation.token
        return operation

    def wait(
        self, progress: Progress, created: Callable[[str], object] = lambda logical: None
    ) -> Stack:
        """Wait for the end, reporting each event; return the stack in its last state.

        A stack that is gone counts as DELETE_COMPLETE. created: is called with each resource that
        was created, by its name in the template. Raises BusyError when it takes too long.
        """
        pauses = backoff(STACK_SECONDS)
        while True:
            stack = find(self.account, self.stack_id)
            stack = stack or Stack(self.stack_id, self.stack_id, "DELETE_COMPLETE")
            fresh = self._unseen()
            for one in fresh:
                self.seen.add(one["EventId"])
                if not self.token or one.get("ClientRequestToken") in (None, "", self.token):
                    self.events.append(one)
                    self._report(one, progress)
                    if one.get("ResourceStatus") == "CREATE_COMPLETE":
                        created(one.get("LogicalResourceId", ""))
            if fresh:
                pauses.hurry()
            if not stack.in_progress:
                return stack
            if not pauses.wait():
                raise BusyError(
                    f"the stack {stack.name} is still {stack.state} after"
                    f" {STACK_SECONDS / 3600:g} hours",
                    "Look at its events in the CloudFormation console; `sparkify iac status`"
                    " shows when it is done.",
                )

    def names(self) -> dict[str, str]:
        """Return the names of the resources of its events, by their names in the template."""
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for one in self.events
            if one.get("ResourceType") != _STACK_TYPE and one.get("PhysicalResourceId")
        }

    @classmethod
    def newest(cls, account: Account, stack: Stack) -> Operation:
        """Return the newest operation on a stack, with its events."""
        operation = cls(account, stack.id, "")
        for one in operation._unseen():
            of_stack = one.get("ResourceType") == _STACK_TYPE
            if of_stack and one.get("ResourceStatus") in _BEGINNINGS:
                operation.events.clear()
            operation.events.append(one)
        return operation

    def failure(self, stack: Stack, what: str) -> SparkifyError:
        """Return the error of an operation that failed. what: `be created`, say."""
        event = self._cause()
        logical = event.get("LogicalResourceId", "")
        said = handler_message(event.get("ResourceStatusReason") or stack.reason or stack.state)
        of_stack = logical in ("", stack.name)
        where = "" if of_stack else f"{logical} ({event.get('ResourceType', '')}): "
        if of_stack and "validation" in said.lower():
            said = validation_errors(self.account, stack.id) or said
        return stack_error(
            f"the stack {stack.name} could not {what} in {self.account.region}: {where}{said}",
            said,
            logical,
            DOWN_AGAIN if what == _OF["DELETE"] else UP_AGAIN,
            stack=stack.name,
            state=stack.state,
            resource=None if of_stack else logical,
            cause=said,
        )

    def _cause(self) -> dict[str, Any]:
        """Return the event that shows why it failed: the first that no other caused."""
        failed = [one for one in self.events if str(one.get("ResourceStatus")).endswith("_FAILED")]
        real = [
            one
            for one in failed
            if one.get("ResourceType") != _STACK_TYPE
            and not _CONSEQUENCE.search(str(one.get("ResourceStatusReason")))
        ]
        explained = [one for one in self.events if one.get("ResourceStatusReason")]
        return next(iter([*real, *failed, *explained[-1:]]), {})

    def _report(self, event: dict[str, Any], progress: Progress) -> None:
        verb, _, state = str(event.get("ResourceStatus")).partition("_")
        if state != "IN_PROGRESS" or verb not in _VERBS:
            return
        ended = [one for one in self.events if one.get("ResourceStatus") == f"{verb}_COMPLETE"]
        done = {one["LogicalResourceId"] for one in ended if one.get("ResourceType") != _STACK_TYPE}
        of_stack = event.get("ResourceType") == _STACK_TYPE
        what = "the stack" if of_stack else event.get("LogicalResourceId", "")
        progress(f"{_VERBS[verb]} {what}", len(done), len(declared()), "resources")

    def _unseen(self) -> list[dict[str, Any]]:
        """Return the events that were not seen yet, oldest first; AWS gives the newest first."""
        page = {"StackName": self.stack_id}
        found = self.account.pages("cloudformation", "describe_stack_events", "StackEvents", **page)
        fresh = [one for one in reversed(found) if one["EventId"] not in self.seen]
        return sorted(fresh, key=_moment)


def last_failure(account: Account, stack: Stack) -> SparkifyError | None:
    """Return the error with which the newest operation on a stack failed; None: it did not."""
    verb, _, end = stack.state.partition("_")
    if stack.in_progress or (verb != "ROLLBACK" and "ROLLBACK" not in end and end != "FAILED"):
        return None
    return Operation.newest(account, stack).failure(stack, _OF.get(verb, _OF["CREATE"]))


def validation_errors(account: Account, StackName: str, **of: str) -> str:  # noqa: N803
    """Return what early validation found wrong, which is shown nowhere else; '' if not known.

    of: ChangeSetName, where it was a change set.
    (AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html)
    """
    failed = {"FailedEvents": True}
    try:
        answer = account.call(
            "cloudformation", "describe_events", StackName=StackName, Filters=failed, **of
        )
    except SparkifyError:  # the caller is about to raise an error of its own
        return ""
    told = ("ValidationPath", "ValidationStatusReason")
    found = [
        ": ".join(one_line(one[key]) for key in told if one.get(key))
        for one in answer.get("OperationEvents", ())
        if one.get("ValidationStatus") == "FAILED" or one.get("EventType") == "VALIDATION_ERROR"
    ]
    return "; ".join(dict.fromkeys(filter(None, found)))


def _moment(event: dict[str, Any]) -> float:
    """Return when an event happened; 0 where that is not known."""
    moment = event.get("Timestamp")
    return moment.timestamp() if isinstance(moment, datetime) else 0.0
