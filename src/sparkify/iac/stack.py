"""The stack as CloudFormation has it: its state, its resources, what is said of its failures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..errors import SettingsError
from .account import Account, is_unknown
from .declaration import PROJECT, TAGS, stack_name

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
"""What can only be deleted, or is not worth repairing because it never stood."""
ANSWERING = USABLE | {
    *("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_FAILED"),
    *("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
    "UPDATE_ROLLBACK_FAILED",
}
"""States in which the warehouse is there, whatever is being done to it."""


@dataclass(frozen=True)
class Stack:
    """One stack, as describe_stacks tells of it. since: when it was made; changed: or updated."""

    name: str
    id: str
    state: str
    reason: str
    since: datetime | None
    changed: datetime | None
    outputs: dict[str, str]
    parameters: dict[str, str]
    tags: dict[str, str]
    protected: bool

    @classmethod
    def gone(cls, name: str) -> Stack:
        """Stand for a stack of which CloudFormation knows nothing any more."""
        return cls(name, name, "DELETE_COMPLETE", "", None, None, {}, {}, {}, False)

    @property
    def in_progress(self) -> bool:
        """Whether CloudFormation is at work on it."""
        return self.state.endswith("_IN_PROGRESS") and self.state != REVIEW

    @property
    def deleted(self) -> bool:
        """Whether it is only a memory."""
        return self.state == "DELETE_COMPLETE"


def find(account: Account, name: str = "") -> Stack | None:
    """Look up the stack of the settings, or one by its name or id; None when there is none."""
    wanted = name or stack_name(account.settings)
    answer = account.look("cloudformation", "describe_stacks", StackName=wanted)
    stacks = answer.get("Stacks", []) if answer else []
    return _stack(stacks[0]) if stacks else None


def _stack(found: dict[str, Any]) -> Stack:
    return Stack(
        name=found["StackName"],
        id=found.get("StackId") or found["StackName"],
        state=found["StackStatus"],
        reason=found.get("StackStatusReason") or "",
        since=found.get("CreationTime"),
        changed=found.get("LastUpdatedTime"),
        outputs={
            one["OutputKey"]: one.get("OutputValue", "") for one in found.get("Outputs") or ()
        },
        parameters={
            one["ParameterKey"]: str(one.get("ParameterValue", ""))
            for one in found.get("Parameters") or ()
        },
        tags={one["Key"]: one["Value"] for one in found.get("Tags") or ()},
        protected=bool(found.get("EnableTerminationProtection")),
    )


def refuse_foreign(account: Account, stack: Stack) -> None:
    """Raise SettingsError unless the stack is one that these commands made, for these settings."""
    ours = TAGS.items() <= stack.tags.items()
    if stack.state == REVIEW and not ours:
        ours = _only_plans(account, stack)
    if not ours:
        raise SettingsError(
            f"there is a stack {stack.name} in {account.region} that `sparkify iac` did not make"
            f" (it has no tag project={PROJECT}); it was not touched",
            "Choose another name: WORKGROUP in [REDSHIFT].",
            stack=stack.name,
        )
    workgroup = stack.parameters.get("WorkgroupName") or account.settings.redshift_workgroup
    if workgroup != account.settings.redshift_workgroup:
        raise SettingsError(
            f"the stack {stack.name} is that of workgroup {workgroup}, not of"
            f" {account.settings.redshift_workgroup}; it was not touched",
            "Choose another name: WORKGROUP in [REDSHIFT].",
            stack=stack.name,
        )


def _only_plans(account: Account, stack: Stack) -> bool:
    """Tell whether a stack that was never made holds nothing but plans of ours.

    A stack gets its tags when its change set is executed.
    """
    sets = account.pages("cloudformation", "list_change_sets", "Summaries", StackName=stack.name)
    own = [one for one in sets if one.get("StackName", stack.name) == stack.name]
    return all(str(one.get("ChangeSetName", "")).startswith(PLAN_PREFIX) for one in own)


PLAN_PREFIX = f"{PROJECT}-plan-"
"""How the change sets of `plan` are named."""


def physical_names(account: Account, stack: Stack) -> dict[str, str]:
    """Give what the stack's resources are called, by their names in the template.

    Those that are gone, or were never made, are left out.
    """
    if stack.deleted or stack.state == REVIEW:
        return {}
    found = _listed(account, stack)
    return {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in found
        if one.get("PhysicalResourceId") and one.get("ResourceStatus") not in _NOT_OURS
    }


def _listed(account: Account, stack: Stack) -> list[dict[str, Any]]:
    """List the stack's resources, by the older operation where a stand-in has only that."""
    from botocore.exceptions import ClientError

    try:
        return account.pages(
            "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack.id
        )
    except ClientError as error:
        if not is_unknown(error):
            raise
    answer = account.call("cloudformation", "describe_stack_resources", StackName=stack.id)
    return list(answer.get("StackResources") or ())


_NOT_OURS = ("DELETE_COMPLETE", "CREATE_FAILED")
"""Gone, or never made: then the name may be that of something which stood in the way."""
