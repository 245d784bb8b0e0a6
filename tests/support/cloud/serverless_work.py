"""What CloudFormation does to a stack, with its events: create, update, delete, and undo these.

Moto stops in the middle of a failure and forgets a stack whose deletion fails. Here a failure ends
as it does on AWS (AWSCloudFormation/latest/UserGuide, stack-failure-options and
using-cfn-describing-stacks). Nothing takes time: a request is answered when all is done.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable, Collection, Mapping
from contextvars import ContextVar
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.models import Event
from moto.core.exceptions import ServiceException

from .serverless_calls import ServiceError
from .serverless_templates import (
    Kept,
    Template,
    differing,
    fresh,
    included,
    kept,
    ordered,
    references,
    standing,
    wanted,
)
from .serverless_types import REPLACED_BY

CURRENT: ContextVar[Work | None] = ContextVar("work", default=None)
_STACK = "AWS::CloudFormation::Stack"
_HANDLER_CODES = {
    "ValidationException": "InvalidRequest",
    "InsufficientCapacityException": "ResourceConflict",
    "ResourceNotFoundException": "NotFound",
    "NoSuchEntity": "NotFound",
    "ServiceQuotaExceededException": "ServiceLimitExceeded",
    "LimitExceeded": "ServiceLimitExceeded",
    "AccessDeniedException": "AccessDenied",
    "ThrottlingException": "Throttling",
    "InternalServerException": "ServiceInternalError",
    "EntityAlreadyExists": "AlreadyExists",
    "BucketAlreadyExists": "AlreadyExists",
    "BucketAlreadyOwnedByYou": "AlreadyExists",
}


class FailedError(Exception):
    """A resource failed; its event is told. The stack is next."""

    def __init__(self, logical: str) -> None:
        super().__init__(logical)
        self.logical = logical


def reason(error: Exception) -> str:
    """What an event says of a handler's failure. Raises the error when no handler raised it."""
    if isinstance(error, ServiceError):
        service, status = "RedshiftServerless", error.status
    elif isinstance(error, ServiceException):
        short = type(error).__module__.split(".")[1]
        service, status = {"s3": "S3", "iam": "Iam"}.get(short, "S3"), 409
    else:
        raise error
    taken = "already exists" in error.message.lower()
    code = _HANDLER_CODES.get(error.code, "GeneralServiceException")
    if error.code == "ConflictException":
        code = "AlreadyExists" if taken else "ResourceConflict"
    return (
        f'Resource handler returned message: "{error.message} (Service: {service}, Status Code:'
        f' {status}, Request ID: {uuid.uuid4()})" (RequestToken: {uuid.uuid4()},'
        f" HandlerErrorCode: {code})"
    )


class Work:
    """One operation on a stack. token: of the request, which every event of it carries."""

    def __init__(self, stack: Any, token: str | None = None) -> None:
        self.stack = stack
        self.token = token
        self.map = stack.resource_map
        self.tags: Mapping[str, str] = stack.tags
        self._undo: list[Callable[[], None]] = stack.__dict__.setdefault("undo", [])
        self._leftovers: list[Kept] = []

    # Telling

    def say(self, status: str, why: str | None = None) -> None:
        """Bring the stack into a state."""
        self.stack.status = status
        self.stack.stack_status_reason = why
        self._event(self.stack.name, self.stack.stack_id, _STACK, status, why)

    def _tell(self, one: Kept, status: str, why: str | None = None) -> None:
        one.status, one.reason = status, why
        kind, physical = one.cf_resource_type, one.physical_resource_id
        self._event(one.logical_resource_id, physical, kind, status, why)

    def _event(self, logical: str, physical: str, kind: str, status: str, why: str | None) -> None:
        stack = self.stack
        event = Event(
            stack.stack_id, stack.name, logical, physical, kind, status, why, resource_properties=""
        )
        event.client_request_token = self.token  # type: ignore[assignment]
        stack.events.append(event)

    # A resource

    def make(self, logical: str) -> Any:
        """Make a resource, behind those that it refers to. Raises FailedError."""
        if not included(self.map, logical):
            return None
        properties = wanted(self.stack, self.map, logical, self.tags)
        return self._made(logical, properties).resource

    def _made(self, logical: str, properties: dict[str, Any]) -> Kept:
        json = self.map._resource_json_map[logical]
        one = Kept(logical, json["Type"], json, properties)
        kept(self.stack)[logical] = one
        self._tell(one, "CREATE_IN_PROGRESS")
        name = _name(self.stack, one)
        where = (self.stack.account_id, self.stack.region_name)
        try:
            one.resource = _class(one).create_from_cloudformation_json(
                name,
                {"Type": json["Type"], "Properties": copy.deepcopy(properties)},
                *where,
                LogicalId=logical,
                StackId=self.stack.stack_id,
                ResourceType=json["Type"],
            )
        except Exception as error:
            self._tell(one, "CREATE_FAILED", reason(error))
            raise FailedError(logical) from error
        one.physical_resource_id = one.resource.physical_resource_id
        one.resource.cf_resource_type = json["Type"]
        one.resource.logical_resource_id = logical
        self.map._parsed_resources[logical] = one.resource
        self._tell(one, "CREATE_IN_PROGRESS", "Resource creation Initiated")
        self._tell(one, "CREATE_COMPLETE")
        return one

    def _remove(self, one: Kept) -> bool:
        """Delete a resource; False when that failed."""
        self._tell(one, "DELETE_IN_PROGRESS")
        where = (self.stack.account_id, self.stack.region_name)
        try:
            if callable(getattr(one.resource, "delete", None)):
                one.resource.delete(*where)
            else:
                json = {"Type": one.cf_resource_type, "Properties": one.properties}
                _class(one).delete_from_cloudformation_json(one.physical_resource_id, json, *where)
        except Exception as error:
            self._tell(one, "DELETE_FAILED", reason(error))
            return False
        one.resource = None
        self._tell(one, "DELETE_COMPLETE")
        return True

    def _change(self, one: Kept, properties: dict[str, Any], json: dict[str, Any]) -> None:
        """Change a resource in place."""
        self._tell(one, "UPDATE_IN_PROGRESS")
        before = {"before": one.properties} if one.cf_resource_type == "AWS::IAM::Role" else {}
        try:
            one.resource = _class(one).update_from_cloudformation_json(
                original_resource=one.resource,
                new_resource_name=one.physical_resource_id,
                cloudformation_json={"Type": json["Type"], "Properties": copy.deepcopy(properties)},
                account_id=self.stack.account_id,
                region_name=self.stack.region_name,
                **before,
            )
        except Exception as error:
            self._tell(one, "UPDATE_FAILED", reason(error))
            raise FailedError(one.logical_resource_id) from error
        one.resource.cf_resource_type = one.cf_resource_type
        one.resource.logical_resource_id = one.logical_resource_id
        one.properties, one.json = properties, json
        self.map._parsed_resources[one.logical_resource_id] = one.resource
        self._tell(one, "UPDATE_COMPLETE")

    def remove_all(self, retain: Collection[str] = (), *, force: bool = False) -> list[str]:
        """Delete every resource, each before those that it refers to; returns which failed.

        What a failed one refers to is not touched; everything independent of it goes.
        """
        failed: list[str] = []
        needed: set[str] = set()
        for logical in reversed(self._order()):
            one = standing(self.stack).get(logical)
            if one is None:
                continue
            policy = one.json.get("DeletionPolicy")
            rolled_back = self.stack.status == "ROLLBACK_IN_PROGRESS"
            keeps = policy == "Retain" or (policy == "RetainExceptOnCreate" and not rolled_back)
            if keeps or logical in retain:
                one.resource = None
                self._tell(one, "DELETE_SKIPPED")
            elif logical in needed:
                needed.update(references(one.json))
            elif not self._remove(one):
                if force:
                    one.resource = None
                    self._tell(one, "DELETE_SKIPPED")
                else:
                    failed.append(logical)
                    needed.update(references(one.json))
        return failed

    def _order(self) -> list[str]:
        parts = {name: one.json for name, one in kept(self.stack).items()}
        names = [name for one in parts.values() for name in references(one)]
        return ordered({"Resources": parts, "Parameters": {name: {} for name in names}})

    # A stack

    def create(self, on_failure: str) -> None:
        """Make everything. on_failure: ROLLBACK, DO_NOTHING or DELETE."""
        self.say("CREATE_IN_PROGRESS", "User Initiated")
        try:
            for logical in ordered(self.stack.template_dict):
                self.map[logical]
        except FailedError as error:
            self._create_failed(error.logical, on_failure)
        else:
            self.say("CREATE_COMPLETE")

    def _create_failed(self, logical: str, on_failure: str) -> None:
        why = f"The following resource(s) failed to create: [{logical}]. "
        if on_failure == "DO_NOTHING":
            self.say("CREATE_FAILED", why)
            return
        verb = "DELETE" if on_failure == "DELETE" else "ROLLBACK"
        self.say(f"{verb}_IN_PROGRESS", f"{why}{verb.capitalize()} requested by user.")
        self._removed(verb)

    def delete(self, retain: Collection[str], *, force: bool) -> None:
        """Delete everything."""
        self.say("DELETE_IN_PROGRESS", "User Initiated")
        self._removed("DELETE", retain, force=force)

    def _removed(self, verb: str, retain: Collection[str] = (), *, force: bool = False) -> None:
        if failed := self.remove_all(retain, force=force):
            self.say(
                f"{verb}_FAILED",
                f"The following resource(s) failed to delete: [{', '.join(failed)}]. ",
            )
        else:
            self.say(f"{verb}_COMPLETE")

    def update(
        self,
        template: Template,
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
        *,
        rollback: bool,
    ) -> None:
        """Bring everything to what a template and parameters say."""
        stack = self.stack
        before = (stack.template_dict, stack.template, stack.parameters, stack.tags, self.map)
        self._undo.clear()
        self.say("UPDATE_IN_PROGRESS", "User Initiated")
        self.tags = tags
        self.map = fresh(stack, template, parameters)
        stack.resource_map, stack.template_dict = self.map, dict(template)
        stack.parameters, stack.tags = dict(parameters), dict(tags)
        try:
            for logical in ordered(template):
                if included(self.map, logical):
                    self._bring(logical)
        except FailedError as error:
            why = f"The following resource(s) failed to update: [{error.logical}]. "
            if not rollback:
                self.say("UPDATE_FAILED", why)
                return
            self.say("UPDATE_ROLLBACK_IN_PROGRESS", why)
            self._undo.insert(0, lambda: self._restore(*before))
            self.undo()
            return
        self.say("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        self._clean_up(template)
        self.say("UPDATE_COMPLETE")

    def _bring(self, logical: str) -> None:
        """Make, change, replace or leave one resource."""
        one = standing(self.stack).get(logical)
        if one is None:
            self._undo.append(lambda: self._unmake(logical))
            self.map[logical]
            return
        properties = wanted(self.stack, self.map, logical, self.tags)
        json = self.map._resource_json_map[logical]
        changed = differing(one.properties, properties)
        replaced_by = changed.intersection(REPLACED_BY.get(json["Type"], ()))
        if json["Type"] != one.cf_resource_type or replaced_by:
            self._replace(one, properties)
        elif changed:
            old, old_json = one.properties, one.json
            self._undo.append(lambda: self._change_back(one, old, old_json))
            self._change(one, properties, json)
        else:
            one.json = json

    def _replace(self, one: Kept, properties: dict[str, Any]) -> None:
        """Make the new one; the old one goes when all is done."""
        logical, kind = one.logical_resource_id, one.cf_resource_type
        name = parsing.resource_name_property_from_type(kind)
        if name and name in properties and properties[name] == one.properties.get(name):
            self._tell(
                one,
                "UPDATE_FAILED",
                "CloudFormation cannot update a stack when a custom-named resource requires"
                f" replacing. Rename {properties[name]} and update the stack again.",
            )
            raise FailedError(logical)
        self._tell(
            one,
            "UPDATE_IN_PROGRESS",
            "Requested update requires the creation of a new physical resource;"
            " hence creating one.",
        )
        self._undo.append(lambda: self._unreplace(one))
        self._made(logical, properties)
        self._leftovers.append(one)

    def _clean_up(self, template: Template) -> None:
        """Delete what was replaced and what is no more in the template; failures are only told."""
        for one in reversed(self._leftovers):
            self._remove(one)
        names = set(template.get("Resources", {}))
        for logical in reversed(self._order()):
            one_kept = kept(self.stack)[logical]
            if logical in names and included(self.map, logical):
                continue
            if one_kept.resource is not None and one_kept.json.get("DeletionPolicy") != "Retain":
                self._remove(one_kept)
            del kept(self.stack)[logical]

    # Undoing an update

    def undo(self) -> None:
        """Take back what an update did, the last first; goes on where it failed before."""
        try:
            while self._undo:
                self._undo[-1]()
                self._undo.pop()
        except FailedError as error:
            why = f"The following resource(s) failed to update: [{error.logical}]. "
            self.say("UPDATE_ROLLBACK_FAILED", why)
            return
        self.say("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        self.say("UPDATE_ROLLBACK_COMPLETE")

    def _restore(
        self, template_dict: Any, template: str, parameters: Any, tags: Any, old: Any
    ) -> None:
        stack = self.stack
        stack.template_dict, stack.template = template_dict, template
        stack.parameters, stack.tags, stack.resource_map = parameters, tags, old
        for logical, one in standing(stack).items():
            old._parsed_resources[logical] = one.resource

    def _unmake(self, logical: str) -> None:
        one = kept(self.stack).get(logical)
        if one is not None and one.resource is not None and not self._remove(one):
            raise FailedError(logical)
        kept(self.stack).pop(logical, None)

    def _change_back(self, one: Kept, properties: dict[str, Any], json: dict[str, Any]) -> None:
        self._change(one, properties, json)

    def _unreplace(self, old: Kept) -> None:
        logical = old.logical_resource_id
        new = kept(self.stack)[logical]
        if new is not old and new.resource is not None and not self._remove(new):
            raise FailedError(logical)
        kept(self.stack)[logical] = old
        self._tell(old, "UPDATE_COMPLETE")


def _class(one: Kept) -> Any:
    return parsing.resource_class_from_type(one.cf_resource_type)


def _name(stack: Any, one: Kept) -> str:
    kind = one.cf_resource_type
    generated = parsing.generate_resource_name(kind, stack.name, one.logical_resource_id)
    name = parsing.resource_name_property_from_type(kind)
    return str(one.properties.get(name, generated)) if name else generated
