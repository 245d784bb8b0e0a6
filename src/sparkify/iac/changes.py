"""What would change: a change set, made to be looked at, and removed again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from ..errors import SettingsError, SparkifyError, WarehouseError
from ..progress import Progress
from . import declaration
from .account import Account, code_of, is_missing, is_unknown, text_of
from .causes import refusal, spoken, validation
from .stack import PLAN_PREFIX, REVIEW, Stack, find
from .waiting import Pauses

_CHANGE_SET_SECONDS = 900.0
_NOTHING = ("didn't contain changes", "no updates are to be performed")


@dataclass(frozen=True)
class Change:
    """One resource that would change. action: Add, Modify or Remove.

    replacement: whether it would be deleted and made anew, with nothing in it: True, False, or
    Conditional (CloudFormation will see).
    """

    action: str
    resource: str
    type: str
    replacement: str = "False"

    @property
    def replaces(self) -> bool:
        """Whether what is there now may be lost."""
        return self.action == "Remove" or self.replacement in ("True", "Conditional")


def request(account: Account) -> dict[str, Any]:
    """Give what every request to make or change the stack says."""
    wanted = declaration.parameters(account.settings)
    return {
        "StackName": declaration.stack_name(account.settings),
        "TemplateBody": declaration.template(),
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in wanted.items()
        ],
        "Capabilities": list(declaration.CAPABILITIES),
        "Tags": [{"Key": key, "Value": value} for key, value in declaration.TAGS.items()],
    }


def is_nothing(text: str) -> bool:
    """Tell whether CloudFormation says that there is nothing to change, which it calls an error."""
    return any(words in text.lower() for words in _NOTHING)


def preview(account: Account, stack: Stack | None, progress: Progress) -> list[Change] | None:
    """Ask CloudFormation what making, or changing, the stack would do; nothing is left of it.

    stack: as it is; None: there is none. Returns None when there is nothing to change. A service
    that does not tell (no AWS) is taken to make what the template declares, or to change nothing
    but parameters.
    Raises WarehouseError when CloudFormation finds something wrong.
    """
    from botocore.exceptions import ClientError

    progress("asking what would change", 0, None, "")
    kind = "UPDATE" if stack and stack.state != REVIEW else "CREATE"
    changes: list[Change] | None = []
    try:
        with _change_set(account, kind) as made:
            changes = None if made is None else _described(account, made)
    except ClientError as error:
        if not is_unknown(error):
            raise
    if kind == "CREATE" and not changes:
        return [Change("Add", *one) for one in declaration.declared(account.settings)]
    return changes


@contextmanager
def _change_set(account: Account, kind: str) -> Iterator[dict[str, str] | None]:
    """Make a change set and remove it again, with the empty stack that it may have made."""
    from botocore.exceptions import ClientError

    name = f"{PLAN_PREFIX}{uuid4().hex}"
    body = request(account) | {"ChangeSetName": name, "ChangeSetType": kind}
    try:
        account.call("cloudformation", "create_change_set", **body)
    except ClientError as error:
        if is_nothing(text_of(error)):
            yield None
            return
        if is_unknown(error):
            raise
        if code_of(error) != "AlreadyExistsException":  # then a reply was lost: the name is new
            raise wrong(account, error) from None
    made = {"ChangeSetName": name, "StackName": body["StackName"]}
    try:
        yield made
    finally:
        _remove(account, made, kind)


def _remove(account: Account, made: dict[str, str], kind: str) -> None:
    account.look("cloudformation", "delete_change_set", **made)
    stack = find(account) if kind == "CREATE" else None
    if stack and stack.state == REVIEW:
        account.call("cloudformation", "delete_stack", StackName=stack.id)
        pauses = Pauses(_CHANGE_SET_SECONDS)
        while (left := find(account, stack.id)) and not left.deleted and pauses.wait():
            pass


def _described(account: Account, made: dict[str, str]) -> list[Change] | None:
    pauses = Pauses(_CHANGE_SET_SECONDS)
    while True:
        answer = account.call("cloudformation", "describe_change_set", **made)
        state = answer.get("Status", "")
        if state == "CREATE_COMPLETE":
            break
        reason = str(answer.get("StatusReason") or "")
        if state == "FAILED":
            if is_nothing(reason):
                return None
            said = validation(account, **made)
            said = said or spoken(reason)
            refused = f"CloudFormation refuses what the settings ask for: {said}"
            raise refusal(account, refused, said)
        if not pauses.wait():
            raise WarehouseError(
                f"CloudFormation has not worked out what would change (state {state})",
                "Run the command again later.",
            )
    changes = list(answer.get("Changes") or ())
    while answer.get("NextToken"):
        answer = account.call(
            "cloudformation", "describe_change_set", **made, NextToken=answer["NextToken"]
        )
        changes += answer.get("Changes") or ()
    return [_change(one.get("ResourceChange") or {}) for one in changes]


def _change(found: dict[str, Any]) -> Change:
    return Change(
        action=found.get("Action", ""),
        resource=found.get("LogicalResourceId", ""),
        type=found.get("ResourceType", ""),
        replacement=str(found.get("Replacement") or "False"),
    )


def wrong(account: Account, error: Any) -> SparkifyError:
    """Make the error of a request that CloudFormation refused at once."""
    said = spoken(text_of(error))
    name = declaration.stack_name(account.settings)
    if "validation failed" in said.lower() or "earlyvalidation" in said.lower():
        said = validation(account, name) or said
    if is_missing(error):
        return WarehouseError(
            f"the stack {name} is not there any more: {said}", "Run the command again."
        )
    if code_of(error) == "LimitExceededException":
        return WarehouseError(
            f"this account has too many stacks: {said}",
            "Delete some, or ask for a higher quota (Service Quotas, AWS CloudFormation).",
        )
    if "capabilit" in code_of(error).lower():
        return SettingsError(
            f"CloudFormation refuses to make a role: {said}",
            "Report this: the capability is sent with every request.",
        )
    logical = next((one for one in declaration.RESOURCES if one.lower() in said.lower()), "")
    return refusal(account, f"CloudFormation refuses the stack {name}: {said}", said, logical)
