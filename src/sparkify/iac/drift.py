"""Drift: what was changed or removed by hand, as CloudFormation's drift detection finds it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..errors import SparkifyError, WarehouseError
from ..progress import Progress
from .errors import RefusedError
from .stack import Account, Stack, backoff

_SECONDS = 600.0  # "up to several minutes" (APIReference/API_DetectStackDrift)
_VERBS = {"ADD": "added", "REMOVE": "removed", "NOT_EQUAL": "changed"}


@dataclass(frozen=True)
class Drift:
    """A resource that is no longer as the stack made it. name: the resource's own.

    changes: what is not as it was, such as `policy reads-log-data removed`; `removed` is all of it.
    """

    resource: str
    type: str
    name: str
    changes: list[str]

    def __str__(self) -> str:
        return f"{self.resource} {self.name}: {', '.join(self.changes)}"


def drifts(account: Account, stack: Stack, progress: Progress) -> list[Drift] | None:
    """Return what drift detection finds; None where the service has none (not AWS).

    Raises SettingsError, WarehouseError.
    """
    progress("looking for what was changed by hand", 0, None, "")
    try:
        found = account.call("cloudformation", "detect_stack_drift", StackName=stack.id)
    except RefusedError as error:
        if error.unsupported:
            return None
        raise
    made = {"StackDriftDetectionId": found["StackDriftDetectionId"]}
    pauses = backoff(_SECONDS)
    while True:
        state = account.call("cloudformation", "describe_stack_drift_detection_status", **made)
        if state["DetectionStatus"] == "DETECTION_COMPLETE":
            break
        if state["DetectionStatus"] == "DETECTION_FAILED" or not pauses.wait():
            said = state.get("DetectionStatusReason") or "it takes too long"
            raise WarehouseError(
                f"CloudFormation could not look for drift of the stack {stack.name}: {said}",
                "Run the command again; `sparkify iac up` also finds and reverts drift.",
            )
    answer = account.call(
        "cloudformation",
        "describe_stack_resource_drifts",
        StackName=stack.id,
        StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
    )
    return [
        Drift(
            one["LogicalResourceId"],
            one["ResourceType"],
            one.get("PhysicalResourceId", ""),
            ["removed"] if one["StackResourceDriftStatus"] == "DELETED" else _changes(one),
        )
        for one in answer["StackResourceDrifts"]
    ]


def drift_warning(account: Account, stack: Stack, progress: Progress) -> tuple[list[Drift], str]:
    """Return the drift of a stack, and what to know about it in a sentence; '' when it has none."""
    try:
        found = drifts(account, stack, progress) or []
    except SparkifyError as error:
        return [], f"Whether anything was changed by hand is not known: {error.reason}."
    told = "; ".join(map(str, found))
    return found, told and f"Changed by hand: {told}. `sparkify iac up` puts it right."


def _changes(drift: dict[str, Any]) -> list[str]:
    """Return what differs: policies and tags by their names, other properties by theirs."""
    found: dict[str, None] = {}
    for one in drift.get("PropertyDifferences", ()):
        side = "Actual" if one["DifferenceType"] == "ADD" else "Expected"
        name, _, rest = one["PropertyPath"].strip("/").partition("/")
        index, _, inside = rest.partition("/")
        listed = json.loads(drift.get(f"{side}Properties") or "{}").get(name)
        label, verb = name, _VERBS[one["DifferenceType"]]
        if isinstance(listed, list) and index.isdigit() and int(index) < len(listed):
            entry = listed[int(index)]
            key = {"Tags": "Key", "Policies": "PolicyName"}.get(name, "")
            if key in entry:
                label = f"{'tag' if name == 'Tags' else 'policy'} {entry[key]}"
        found[f"{label} {'changed' if inside or rest != index else verb}"] = None
    return list(found)
