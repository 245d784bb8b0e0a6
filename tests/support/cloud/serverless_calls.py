"""One call of the Redshift Serverless API: who asks where, for what; and how it is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .serverless import ServerlessService

Answer = dict[str, Any]
Payload = Mapping[str, Any]
Key = tuple[str, str, str]
_PAGE = 100


class ServiceError(Exception):
    """An error as the API words it. status: of HTTP."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class Call:
    """One call, with what all operations need."""

    def __init__(
        self, service: ServerlessService, payload: Payload, region: str, account: str
    ) -> None:
        self.service = service
        self.payload = payload
        self.region = region
        self.account = account

    def key(self, name: str) -> Key:
        """Under what a thing of this account and Region is kept."""
        return (self.account, self.region, name)

    def arn(self, kind: str, identity: str) -> str:
        """Name a thing as AWS does, in the partition of the Region."""
        partition = "aws-cn" if self.region.startswith("cn-") else "aws"
        if self.region.startswith("us-gov-"):
            partition = "aws-us-gov"
        where = f"{self.region}:{self.account}"
        return f"arn:{partition}:redshift-serverless:{where}:{kind}/{identity}"

    def tag(self, arn: str) -> None:
        """Keep the tags of the request."""
        self.service.tags[arn] = {
            str(one["key"]): str(one["value"]) for one in self.payload.get("tags", [])
        }

    def mine(self, things: Mapping[Key, Answer]) -> list[Answer]:
        """What is of this account and Region."""
        return [
            thing
            for (account, region, _), thing in things.items()
            if (account, region) == (self.account, self.region)
        ]

    def page(self, label: str, things: list[Answer]) -> Answer:
        """Give the page that was asked for. The token is where it begins."""
        token = str(self.payload.get("nextToken") or "0")
        if not token.isdecimal():
            raise invalid("The nextToken is not valid.")
        start = int(token)
        size = int(self.payload.get("maxResults") or _PAGE)
        answer: Answer = {label: [shown(one) for one in things[start : start + size]]}
        if start + size < len(things):
            answer["nextToken"] = str(start + size)
        return answer

    # What changes slowly

    def changing(self, thing: Answer, status: str) -> None:
        """Begin a change, which ends after some looks."""
        thing["status"] = status
        thing["_looks"] = self.service.steps

    def look(self, things: dict[Key, Answer], key: Key) -> Answer | None:
        """Look at a thing once, which is what time is here; None when it is not there, or gone."""
        thing = things.get(key)
        if thing is None:
            return None
        if thing.get("_looks", 0) > 0:
            thing["_looks"] -= 1
        elif thing["status"] == "DELETING":
            self.forget(things, key)
            return None
        elif thing["status"] in ("CREATING", "MODIFYING"):
            thing["status"] = "AVAILABLE"
        return thing

    def look_at_all(self, things: dict[Key, Answer]) -> list[Answer]:
        """Look at everything of this account and Region."""
        keys = [key for key in things if key[:2] == (self.account, self.region)]
        return [thing for key in keys if (thing := self.look(things, key)) is not None]

    def found(self, things: dict[Key, Answer], what: str, name: str) -> Answer:
        """Look at a thing; raises ServiceError when it is not there."""
        thing = self.look(things, self.key(name))
        if thing is None:
            raise missing(what, name)
        return thing

    def free(self, things: dict[Key, Answer], what: str, name: str) -> Answer:
        """Find what is to be changed; raises ServiceError when something else goes on with it.

        To be refused counts as a look, so that trying again gets there.
        """
        thing = things.get(self.key(name))
        if thing is None:
            raise missing(what, name)
        if thing["status"] != "AVAILABLE":
            self.look(things, self.key(name))
            raise conflict(f"There is an operation running on the {what.lower()} {name}.")
        return thing

    def forget(self, things: dict[Key, Answer], key: Key) -> None:
        """Remove a thing, its tags and the usage limits that were on it."""
        gone = things.pop(key)
        arn = str(gone.get("workgroupArn") or gone.get("namespaceArn"))
        self.service.tags.pop(arn, None)
        limits = self.service.limits
        for one in [one for one, limit in limits.items() if limit["resourceArn"] == arn]:
            del limits[one]

    def workgroup_of(self, namespace: str) -> Answer | None:
        """The workgroup of a namespace, also one that is being deleted."""
        groups = self.mine(self.service.workgroups)
        return next((one for one in groups if one["namespaceName"] == namespace), None)


def shown(thing: Answer) -> Answer:
    """Give a thing as a client sees it."""
    seen = {key: value for key, value in thing.items() if not key.startswith("_")}
    if "endpoint" in seen and seen["status"] == "CREATING":  # no address before it can be reached
        seen["endpoint"] = {"port": seen["endpoint"]["port"]}
    return seen


def now() -> str:
    """The time as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def missing(what: str, name: str) -> ServiceError:
    return ServiceError(
        "ResourceNotFoundException", f"The specified {what.lower()} {name} was not found."
    )


def conflict(message: str) -> ServiceError:
    return ServiceError("ConflictException", message)


def invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


@cache
def _model() -> Any:
    from botocore.session import Session

    return Session().get_service_model("redshift-serverless")


def check(operation: str, payload: Payload) -> None:
    """Hold a request against botocore's model of the service. Raises ServiceError."""
    shape = _model().operation_model(operation).input_shape
    found = list(_wrong(shape, payload, "")) if shape else []
    if found:
        one = "1 validation error" if len(found) == 1 else f"{len(found)} validation errors"
        raise invalid(f"{one} detected: {'; '.join(found)}")


_KINDS: dict[str, type] = {
    "structure": Mapping,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
}


def _wrong(shape: Any, value: Any, path: str) -> list[str]:
    at = f"Value at '{path}' failed to satisfy constraint: Member must"
    limits = shape.metadata
    kind = _KINDS.get(shape.type_name, object)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return [f"{at} be of type {shape.type_name}"]
    if shape.type_name == "structure":
        found = [
            f"Value at '{_under(path, name)}' failed to satisfy constraint: Member must not be null"
            for name in shape.required_members
            if value.get(name) is None
        ]
        for name, member in shape.members.items():
            if value.get(name) is not None:
                found += _wrong(member, value[name], _under(path, name))
        return found
    if shape.type_name == "list":
        if not limits.get("min", 0) <= len(value) <= limits.get("max", len(value)):
            return [f"{at} have length less than or equal to {limits.get('max')}"]
        inside = [_wrong(shape.member, one, f"{path}.{n}") for n, one in enumerate(value, 1)]
        return [one for each in inside for one in each]
    if shape.type_name == "string":
        if enum := getattr(shape, "enum", None):
            return [] if value in enum else [f"{at} satisfy enum value set: [{', '.join(enum)}]"]
        if not limits.get("min", 0) <= len(value) <= limits.get("max", len(value)):
            return [f"{at} have length between {limits.get('min')} and {limits.get('max')}"]
        if "pattern" in limits and not re.fullmatch(limits["pattern"], value):
            return [f"{at} satisfy regular expression pattern: {limits['pattern']}"]
    if shape.type_name in ("integer", "long") and not (
        limits.get("min", value) <= value <= limits.get("max", value)
    ):
        return [f"{at} be between {limits.get('min')} and {limits.get('max')}"]
    return []


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
