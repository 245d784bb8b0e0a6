"""Whether IAM policies allow what COPY and UNLOAD do: a small evaluator, strict where unsure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from . import objects

Document = Mapping[str, Any]


def allowed(role: str, action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether a role may do an action on a resource (an S3 ARN).

    Its own policies must allow it; neither these nor the bucket's may deny it.
    """
    own = list(objects.role_policies(role))
    name = resource.split(":::")[1].split("/")[0]
    of_bucket = objects.policy(name)
    context = {
        "aws:SecureTransport": "true",
        "aws:PrincipalArn": role,
        "aws:PrincipalAccount": objects.ACCOUNT,
        "aws:ResourceAccount": objects.ACCOUNT,
        "s3:ResourceAccount": objects.ACCOUNT,
        **context,
    }
    denied = any(
        _applies(one, "Deny", role, action, resource, context) for one in _statements([of_bucket])
    )
    return not denied and granted(own, role, action, resource, context)


def granted(
    documents: Iterable[Document],
    caller: str,
    action: str,
    resource: str,
    context: Mapping[str, str],
) -> bool:
    """Whether policies allow an action and do not deny it."""
    statements = _statements(documents)
    request = (caller, action, resource, context)
    if any(_applies(one, "Deny", *request) for one in statements):
        return False
    return any(_applies(one, "Allow", *request) for one in statements)


def assumable(role: str, service: str, namespace_arn: str) -> bool:
    """Whether the trust policy of a role lets a service of this account assume it."""
    context = {"aws:SourceAccount": objects.ACCOUNT, "aws:SourceArn": namespace_arn}
    granted = False
    for one in _statements([objects.trust(role)]):
        services = _many(dict(one.get("Principal", {})).get("Service", []))
        applies = service in services and "sts:AssumeRole" in _many(one.get("Action", []))
        if applies and _conditions(one.get("Condition", {}), context):
            if one["Effect"] == "Deny":
                return False
            granted = True
    return granted


def _statements(documents: Iterable[Document]) -> list[Document]:
    found: list[Document] = []
    for document in documents:
        inside = document.get("Statement", [])
        found += [inside] if isinstance(inside, Mapping) else list(inside)
    return found


def _applies(
    one: Document, effect: str, role: str, action: str, resource: str, context: Mapping[str, str]
) -> bool:
    if one["Effect"] != effect:
        return False
    if "Principal" in one and not _names(one["Principal"], role):
        return False
    for key in ("NotPrincipal", "NotAction", "NotResource"):
        if key in one:
            raise NotImplementedError(f"the stand-in does not know {key}")
    return (
        any(_like(action.lower(), pattern.lower()) for pattern in _many(one["Action"]))
        and any(_like(resource, pattern) for pattern in _many(one["Resource"]))
        and _conditions(one.get("Condition", {}), context)
    )


def _names(principal: Any, role: str) -> bool:
    if principal == "*":
        return True
    accounts = _many(dict(principal).get("AWS", []))
    own = {"*", role, objects.ACCOUNT, f"arn:aws:iam::{objects.ACCOUNT}:root"}
    return bool(own.intersection(accounts))


def _conditions(conditions: Document, context: Mapping[str, str]) -> bool:
    return all(
        _condition(operator, context.get(key), _many(wanted))
        for operator, tests in conditions.items()
        for key, wanted in tests.items()
    )


def _condition(operator: str, value: str | None, wanted: list[str]) -> bool:
    if operator.endswith("IfExists"):
        if value is None:
            return True
        operator = operator.removesuffix("IfExists")
    if operator == "Null":
        return (value is None) == (wanted[0].lower() == "true")
    found = False if value is None else any(_test(operator, value, one) for one in wanted)
    return not found if "Not" in operator else found


def _test(operator: str, value: str, wanted: str) -> bool:
    match operator.replace("Not", ""):
        case "StringEquals":
            return value == wanted
        case "Bool":
            return value.lower() == wanted.lower()
        case "StringLike" | "ArnLike" | "ArnEquals":
            return _like(value, wanted)
    raise NotImplementedError(f"the stand-in does not know the condition {operator}")


def _like(value: str, pattern: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _many(value: Any) -> list[str]:
    return [str(value)] if isinstance(value, str | bool) else [str(one) for one in value]
