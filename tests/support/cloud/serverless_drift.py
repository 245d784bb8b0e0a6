"""Drift detection: what there is of a stack's resources, beside what their template says.

It compares what can be changed by hand: existence, tags, a role's policies, trust, description.
`AWS::IAM::Policy` is not looked at, as on AWS (its reference page: "does not support drift
detection").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from .serverless import ServerlessService, ServiceError
from .serverless_templates import Kept, differing, standing

Properties = dict[str, Any]
_LISTS = {"Tags": "Key", "Policies": "PolicyName"}


def actual(stack: Any, one: Kept) -> Properties | None:
    """The properties of a resource as it is; None: it is gone."""
    read = _READERS.get(one.cf_resource_type)
    found = read(stack, one.physical_resource_id) if read else {}
    return None if found is None else one.properties | found


def _role(stack: Any, name: str) -> Properties | None:
    try:
        role = iam_backends[stack.account_id][get_partition(stack.region_name)].get_role(name)
    except NotFoundException:
        return None
    policies = [
        {"PolicyName": policy, "PolicyDocument": json.loads(text)}
        for policy, text in role.policies.items()
    ]
    return {
        "AssumeRolePolicyDocument": json.loads(role.assume_role_policy_document),
        "Description": role.description,
        "Policies": policies,
        "Tags": list(role.tags),
    }


def _bucket(stack: Any, name: str) -> Properties | None:
    backend = s3_backends[stack.account_id][get_partition(stack.region_name)]
    if name not in backend.buckets:
        return None
    return {"Tags": backend.get_bucket_tagging(name)["Tags"]}


def _serverless(what: str) -> Callable[[Any, str], Properties | None]:
    def read(stack: Any, name: str) -> Properties | None:
        def ask(operation: str, **payload: str) -> Any:
            where = (stack.region_name, stack.account_id)
            return ServerlessService.newest.handle(operation, payload, *where)

        try:
            found = ask(f"Get{what.capitalize()}", **{f"{what}Name": name})[what]
        except ServiceError as error:
            if error.code == "ResourceNotFoundException":
                return None
            raise
        tags = ask("ListTagsForResource", resourceArn=found[f"{what}Arn"])["tags"]
        return {"Tags": [{"Key": one["key"], "Value": one["value"]} for one in tags]}

    return read


_READERS: dict[str, Callable[[Any, str], Properties | None]] = {
    "AWS::IAM::Role": _role,
    "AWS::S3::Bucket": _bucket,
    "AWS::RedshiftServerless::Namespace": _serverless("namespace"),
    "AWS::RedshiftServerless::Workgroup": _serverless("workgroup"),
}


def drift(stack: Any) -> dict[str, dict[str, Any]]:
    """Each resource that can be compared, as describe_stack_resource_drifts has it."""
    found = {}
    for logical, one in standing(stack).items():
        if one.cf_resource_type not in _READERS:
            continue
        now = actual(stack, one)
        differences = [] if now is None else list(_differences(one.properties, now))
        state = "DELETED" if now is None else "MODIFIED" if differences else "IN_SYNC"
        found[logical] = {
            "StackId": stack.stack_id,
            "LogicalResourceId": logical,
            "PhysicalResourceId": one.physical_resource_id,
            "ResourceType": one.cf_resource_type,
            "ExpectedProperties": json.dumps(one.properties, default=str),
            "ActualProperties": json.dumps(now or {}, default=str),
            "PropertyDifferences": differences,
            "StackResourceDriftStatus": state,
            "Timestamp": stack.creation_time,
        }
    return found


def _differences(expected: Properties, now: Properties) -> Iterator[dict[str, str]]:
    for name in sorted(differing(expected, now)):
        before, after = expected.get(name), now.get(name)
        if key := _LISTS.get(name):
            yield from _of_lists(f"/{name}", key, before or [], after or [])
        else:
            yield _difference("NOT_EQUAL", f"/{name}", before, after)


def _of_lists(path: str, key: str, before: list[Any], after: list[Any]) -> Iterator[dict[str, str]]:
    """Lists whose order says nothing. Of a resource's tags AWS's own are left out."""
    old = {one[key]: (place, one) for place, one in enumerate(before)}
    new = {one[key]: (place, one) for place, one in enumerate(after)}
    for name in [one for one in {**old, **new} if not one.startswith("aws:")]:
        if name not in new:
            yield _difference("REMOVE", f"{path}/{old[name][0]}", old[name][1], None)
        elif name not in old:
            yield _difference("ADD", f"{path}/{new[name][0]}", None, new[name][1])
        elif old[name][1] != new[name][1]:
            (inside,) = differing(old[name][1], new[name][1])
            values = (old[name][1][inside], new[name][1][inside])
            yield _difference("NOT_EQUAL", f"{path}/{old[name][0]}/{inside}", *values)


def _difference(kind: str, path: str, before: Any, after: Any) -> dict[str, str]:
    expected, now = json.dumps(before, default=str), json.dumps(after, default=str)
    found = {"PropertyPath": path, "ExpectedValue": expected, "ActualValue": now}
    return found | {"DifferenceType": kind}


# Change sets that revert it


@contextmanager
def as_it_is(stack: Any) -> Iterator[None]:
    """Let a plan compare with what there is, not with what the last deployment said."""
    before = {name: (one, one.properties, one.resource) for name, one in standing(stack).items()}
    adopt(stack)
    try:
        yield
    finally:
        for one, properties, resource in before.values():
            one.properties, one.resource = properties, resource


def adopt(stack: Any) -> None:
    """Take what there is for what the stack has."""
    found = drift(stack)
    for logical, one in [*standing(stack).items()]:
        state = found.get(logical, {}).get("StackResourceDriftStatus")
        if state == "DELETED":
            one.resource = None
        elif state == "MODIFIED":
            one.properties = actual(stack, one) or {}


# Requests


def detected(stack: Any) -> str:
    """Begin a detection; returns its id. The first look at it finds it at work."""
    if stack.status.endswith("_IN_PROGRESS"):
        text = f"Drift detection cannot be performed on stack [{stack.name}] in {stack.status}"
        raise ValidationError(message=text)
    stack.drift, stack.drift_looks = drift(stack), 0
    return str(stack.stack_id)


def progress_of(stack: Any) -> dict[str, Any]:
    """What describe_stack_drift_detection_status answers."""
    stack.drift_looks += 1
    done = stack.drift_looks > 1
    drifted = [one for one in stack.drift.values() if one["StackResourceDriftStatus"] != "IN_SYNC"]
    answer = {
        "StackId": stack.stack_id,
        "StackDriftDetectionId": stack.stack_id,
        "DetectionStatus": "DETECTION_COMPLETE" if done else "DETECTION_IN_PROGRESS",
        "Timestamp": stack.creation_time,
    }
    state = {
        "StackDriftStatus": "DRIFTED" if drifted else "IN_SYNC",
        "DriftedStackResourceCount": len(drifted),
    }
    return answer | (state if done else {})
