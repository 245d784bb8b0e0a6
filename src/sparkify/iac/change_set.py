"""`plan`: what `up` would change, and what the result can cost, without changing anything.

CloudFormation works it out: a change set is created, read and deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ..errors import SettingsError, SparkifyError, WarehouseError
from ..progress import Progress, silent
from .errors import RefusedError, handler_message, stack_error
from .stack import (
    DEAD,
    PLAN_PREFIX,
    REVIEW,
    Account,
    Stack,
    backoff,
    find,
    refuse_foreign,
    validation_errors,
)
from .status import Cost, cost_of, limit_hours, workgroup
from .template import CAPABILITIES, RESOURCES, TAGS, declared, parameters, stack_name, template

if TYPE_CHECKING:
    from ..config import Settings

_CHANGE_SET_SECONDS = 900.0
_NO_CHANGES = ("didn't contain changes", "no updates are to be performed")


@dataclass(frozen=True)
class Change:
    """One resource that would change. action: Add, Modify or Remove.

    replacement: whether it would be deleted and created again, with nothing in it: True, False, or
    Conditional (CloudFormation decides later).
    """

    action: str
    resource: str
    type: str
    replacement: str = "False"

    @property
    def replaces(self) -> bool:
        """Whether what is there now may be lost."""
        return self.action == "Remove" or self.replacement in ("True", "Conditional")

    @property
    def loses_tables(self) -> bool:
        """Whether the namespace may be replaced, and all tables with it."""
        return self.replaces and self.type == "AWS::RedshiftServerless::Namespace"


@dataclass(frozen=True)
class Plan:
    """What would change. state: the stack's, None where there is none.

    parameters: what differs, name -> [now, then]. usage_limit: [now, then] in RPU-hours a day, 0
    for none. loses_data: whether the tables would be lost. notes: what else to know, in sentences.
    """

    stack: str
    region: str
    state: str | None
    changes: list[Change]
    parameters: dict[str, tuple[str, str]]
    usage_limit: tuple[int, int]
    cost: Cost
    loses_data: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """Whether everything is as the settings want it."""
        now, then = self.usage_limit
        return not (self.changes or self.parameters or self.notes or now != then)

    def as_json(self) -> dict[str, Any]:
        """Return the plan in JSON values."""
        return asdict(self) | {"nothing_to_change": self.nothing}


def plan(settings: Settings, progress: Progress = silent) -> Plan:
    """Return what `up` would do. Nothing is changed, and the change set is removed again.

    Raises SettingsError, WarehouseError.
    """
    account = Account(settings)
    stack = find(account)
    notes: list[str] = []
    changes: list[Change] = []
    if stack:
        refuse_foreign(account, stack)
    if stack and stack.in_progress:
        notes.append(f"The stack is {stack.state}: `sparkify iac up` would wait, then continue.")
    elif stack and stack.state in DEAD:
        notes.append(
            f"The stack is {stack.state}, left over from an attempt that failed: `sparkify iac up`"
            " would remove it and create everything again."
        )
        changes = creation(settings)
    elif stack and stack.state == "UPDATE_ROLLBACK_FAILED":
        notes.append(
            "The stack is UPDATE_ROLLBACK_FAILED: `sparkify iac up` would repair it, then continue."
        )
    else:
        changes = preview(account, stack, progress) or []
    there = stack if stack and stack.state != REVIEW else None
    differing = different(account, there) if there and there.state not in DEAD else {}
    if "DatabaseName" in differing:
        now, then = differing["DatabaseName"]
        notes.append(f"The database {now} cannot be renamed to {then}: this would be refused.")
    limit = limit_hours(account, workgroup(account, settings.redshift_workgroup))
    return Plan(
        stack=stack_name(settings),
        region=account.region,
        state=there.state if there else None,
        changes=changes,
        parameters=differing,
        usage_limit=(limit or 0, settings.redshift_usage_limit_rpu_hours),
        cost=cost_of(settings),
        loses_data="NamespaceName" in differing or any(one.loses_tables for one in changes),
        notes=notes,
    )


def different(account: Account, stack: Stack) -> dict[str, tuple[str, str]]:
    """Return the parameters in which the stack and the settings differ: name -> (now, then)."""
    if not stack.parameters:  # not shown; an update finds out whether it changes something
        return {}
    return {
        name: (stack.parameters.get(name, ""), value)
        for name, value in parameters(account.settings).items()
        if stack.parameters.get(name, "") != value
    }


def creation(settings: Settings) -> list[Change]:
    """Return the changes that create the stack."""
    return [Change("Add", *one) for one in declared(settings).items()]


def request(account: Account) -> dict[str, Any]:
    """Return what every request to create or change the stack says."""
    return {
        "StackName": stack_name(account.settings),
        "TemplateBody": template(),
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in parameters(account.settings).items()
        ],
        "Capabilities": list(CAPABILITIES),
        "Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()],
    }


def is_no_change(text: str) -> bool:
    """Return whether CloudFormation's error means that there is nothing to change."""
    return any(words in text.lower() for words in _NO_CHANGES)


def preview(account: Account, stack: Stack | None, progress: Progress) -> list[Change] | None:
    """Return what creating or changing the stack would do; nothing is left behind.

    stack: as it is; None: there is none. Returns None when there is nothing to change. A service
    without change sets (not AWS) is taken to create what the template declares, or to change
    nothing but parameters.
    Raises WarehouseError when CloudFormation finds something wrong.
    """
    progress("asking what would change", 0, None, "")
    kind = "UPDATE" if stack and stack.state != REVIEW else "CREATE"
    changes: list[Change] | None = []
    try:
        with _change_set(account, kind) as made:
            changes = None if made is None else _described(account, made)
    except RefusedError as error:
        if not error.unsupported:
            raise
    if kind == "CREATE" and not changes:
        return creation(account.settings)
    return changes


@contextmanager
def _change_set(account: Account, kind: str) -> Iterator[dict[str, str] | None]:
    """Create a change set; remove it afterwards, with the empty stack that it may have made."""
    name = f"{PLAN_PREFIX}{uuid4().hex}"
    body = request(account) | {"ChangeSetName": name, "ChangeSetType": kind}
    try:
        account.call("cloudformation", "create_change_set", **body)
    except RefusedError as error:
        if is_no_change(error.said):
            yield None
            return
        if error.unsupported:
            raise
        if error.aws_code != "AlreadyExistsException":  # a lost reply: the name is new
            raise request_error(account, error) from None
    made = {"ChangeSetName": name, "StackName": body["StackName"]}
    try:
        yield made
    finally:
        account.look("cloudformation", "delete_change_set", **made)
        stack = find(account) if kind == "CREATE" else None
        if stack and stack.state == REVIEW:
            account.call("cloudformation", "delete_stack", StackName=stack.id)
            pauses = backoff(_CHANGE_SET_SECONDS)
            while (left := find(account, stack.id)) and not left.deleted and pauses.wait():
                pass


def _described(account: Account, made: dict[str, str]) -> list[Change] | None:
    pauses = backoff(_CHANGE_SET_SECONDS)
    while True:
        answer = account.call("cloudformation", "describe_change_set", **made)
        state = answer.get("Status", "")
        if state == "CREATE_COMPLETE":
            break
        reason = str(answer.get("StatusReason") or "")
        if state == "FAILED":
            if is_no_change(reason):
                return None
            said = validation_errors(account, **made) or handler_message(reason)
            raise stack_error(f"CloudFormation refuses what the settings ask for: {said}", said)
        if not pauses.wait():
            raise WarehouseError(
                f"CloudFormation has not worked out what would change (state {state})",
                "Run the command again later.",
            )
    changes = list(answer.get("Changes") or ())
    while token := answer.get("NextToken"):
        answer = account.call("cloudformation", "describe_change_set", **made, NextToken=token)
        changes += answer.get("Changes") or ()
    found = [one.get("ResourceChange") or {} for one in changes]
    return [
        Change(
            action=one.get("Action", ""),
            resource=one.get("LogicalResourceId", ""),
            type=one.get("ResourceType", ""),
            replacement=str(one.get("Replacement") or "False"),
        )
        for one in found
    ]


def request_error(account: Account, error: RefusedError) -> SparkifyError:
    """Return the error for a request that CloudFormation refused at once."""
    said = handler_message(error.said)
    name = stack_name(account.settings)
    if "validation failed" in said.lower() or "earlyvalidation" in said.lower():
        said = validation_errors(account, name) or said
    if error.missing:
        return WarehouseError(
            f"the stack {name} no longer exists: {said}", "Run the command again."
        )
    if error.aws_code == "LimitExceededException":
        return WarehouseError(
            f"this account has too many stacks: {said}",
            "Delete some, or ask for a higher quota (Service Quotas, AWS CloudFormation).",
        )
    if "capabilit" in error.aws_code.lower():
        return SettingsError(
            f"CloudFormation refuses to make a role: {said}",
            "Report this: the capability is sent with every request.",
        )
    logical = next((one for one in RESOURCES if one.lower() in said.lower()), "")
    return stack_error(f"CloudFormation refuses the stack {name}: {said}", said, logical)
