"""CloudFormation's requests, where moto's do too little; `register()` puts these in their place.

Moto has no rollback, no events of resources, no capabilities, no checks of parameters and no
protection against deletion, and its change sets know neither conditions nor replacements.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from moto.cloudformation import models, parsing, responses
from moto.cloudformation.exceptions import AlreadyExistsException, CloudFormationError
from moto.cloudformation.exceptions import ValidationError as Refused
from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Stack
from moto.cloudformation.utils import (
    generate_changeset_id,
    generate_stack_id,
    validate_create_change_set,
)
from moto.core.responses import ActionResult, EmptyResult

from . import serverless_drift
from .serverless_templates import Planned, check, fresh, kept, plan
from .serverless_types import OWN
from .serverless_work import CURRENT, Work

Tags = Mapping[str, str]
_NOTHING = "No updates are to be performed."
_NO_CHANGES = (
    "The submitted information didn't contain changes. Submit different information to create a"
    " change set."
)
_UPDATABLE = {
    *("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"),
    *("CREATE_FAILED", "UPDATE_FAILED"),
}
_REVIEW = "REVIEW_IN_PROGRESS"


class ChangeSetMissing(CloudFormationError):
    code = "ChangeSetNotFoundException"


class InvalidChangeSetStatus(CloudFormationError):
    code = "InvalidChangeSetStatusException"


def register() -> None:
    """Put everything in its place; may be called again."""
    for cache in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        cache.cache_clear()
    parsing.get_model_map().update(OWN)
    _patch(parsing, parse_and_create_resource=_made)
    _patch(
        Stack,
        _create_resource_map=lambda self: fresh(self, self.template_dict, self.parameters),
        outputs=property(_outputs),
        stack_resources=property(lambda self: list(kept(self).values())),
        stack_status_reason=None,
    )
    _patch(ChangeSet, diff=_diff)
    _patch(
        CloudFormationBackend,
        create_change_set=_create_change_set,
        describe_change_set=_change_set,
        delete_change_set=_delete_change_set,
        execute_change_set=_execute_change_set,
    )
    _patch(
        responses.CloudFormationResponse,
        create_stack=_create_stack,
        update_stack=_update_stack,
        delete_stack=_delete_stack,
        create_change_set=_asked_change_set,
        describe_change_set=_asked_of_change_set,
        delete_change_set=_asked_no_change_set,
        execute_change_set=_asked_to_execute,
        list_change_sets=_list_change_sets,
        list_stack_resources=_list_stack_resources,
        continue_update_rollback=_continue_update_rollback,
        update_termination_protection=_update_termination_protection,
        describe_events=_describe_events,
        detect_stack_drift=_detect_stack_drift,
        describe_stack_drift_detection_status=_drift_status,
        describe_stack_resource_drifts=_resource_drifts,
    )
    _patch(responses, StackResourceDTO=_Shown)


def _patch(thing: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(thing, name, value)


# What moto asks while it works


_moto_made = parsing.parse_and_create_resource


def _made(
    logical_id: str, resource_json: Any, resources_map: Any, account_id: str, region_name: str
) -> Any:
    """Make a resource where an operation is at work; a look at a stack makes none."""
    work = CURRENT.get()
    if work is not None and work.map is resources_map:
        return work.make(logical_id)
    stacks = models.cloudformation_backends[account_id][region_name].stacks
    if resources_map.stack_id in stacks:
        return None
    return _moto_made(logical_id, resource_json, resources_map, account_id, region_name)


def _outputs(stack: Stack) -> list[dict[str, Any]] | None:
    """Only a stack that stands has outputs; moto would make what is missing to show them."""
    if stack.status not in _UPDATABLE - {"CREATE_FAILED"}:
        return None
    shown = [one for one in stack._create_output_map().values() if one]
    found = [
        {"OutputKey": one.key, "OutputValue": one.value, "Description": one.description}
        for one in shown
    ]
    return found or None


class _Shown:
    """A resource as describe_stack_resource and describe_stack_resources show it."""

    def __init__(self, stack: Stack, one: Any) -> None:
        self.stack_id = stack.stack_id
        self.stack_name = stack.name
        self.logical_resource_id = one.logical_resource_id
        self.physical_resource_id = one.physical_resource_id or None
        self.resource_type = one.cf_resource_type
        self.resource_status = one.status
        self.resource_status_reason = one.reason
        self.timestamp = self.last_updated_timestamp = stack.creation_time


def _list_stack_resources(self: Any) -> ActionResult:
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    return ActionResult(
        {"StackResourceSummaries": [_Shown(stack, one) for one in kept(stack).values()]}
    )


# Stacks


def _named(backend: CloudFormationBackend, name: str) -> Stack | None:
    """Find a stack that is not deleted, by name or id."""
    stacks = backend.stacks.values()
    return next((one for one in stacks if name in (one.name, one.stack_id)), None)


def _there(backend: CloudFormationBackend, name: str) -> Stack:
    stack = _named(backend, name)
    if stack is None:
        raise Refused(message=f"Stack [{name}] does not exist")
    return stack


def _updatable(backend: CloudFormationBackend, name: str) -> Stack:
    stack = _there(backend, name)
    if stack.status not in _UPDATABLE:
        text = f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
        raise Refused(message=text)
    return stack


def _template(asked: Any, stack: Stack | None = None) -> str:
    """The template of a request."""
    if asked._get_bool_param("UsePreviousTemplate", False) and stack is not None:
        return str(stack.template)
    if url := asked._get_param("TemplateURL"):
        return str(asked._get_stack_from_s3_url(url))
    if not (body := asked._get_param("TemplateBody")):
        raise Refused(message="Either Template URL or Template Body must be specified.")
    return str(body)


def _parameters(asked: Any, stack: Stack | None = None) -> dict[str, str]:
    """The parameters of a request; those that it leaves out take the template's default."""
    before = stack.stack_parameters if stack else {}
    return {
        one["ParameterKey"]: (
            str(before[one["ParameterKey"]])
            if one.get("UsePreviousValue")
            else str(one.get("ParameterValue", ""))
        )
        for one in asked._get_param("Parameters", [])
    }


def _tags(asked: Any) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in asked._get_param("Tags", [])}


def _checked(asked: Any, template: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    parsed: dict[str, Any] = Stack.parse_template(template)
    check(parsed, parameters, asked._get_param("Capabilities", []))
    return parsed


def _settled(stack: Stack, backend: CloudFormationBackend) -> None:
    """What follows from the state that an operation ended in."""
    stack.output_map = stack._create_output_map()
    if stack.status == "DELETE_COMPLETE":
        backend.stacks.pop(stack.stack_id, None)
        backend.deleted_stacks[stack.stack_id] = stack
        _forget_change_sets(backend, stack)


class _Working:
    """While an operation works, what it refers to may be made."""

    def __init__(self, asked: Any, stack: Stack, backend: CloudFormationBackend) -> None:
        self._work = Work(stack, asked._get_param("ClientRequestToken"))
        self._stack = stack
        self._backend = backend

    def __enter__(self) -> Work:
        self._before = CURRENT.set(self._work)
        return self._work

    def __exit__(self, *_: object) -> None:
        CURRENT.reset(self._before)
        _settled(self._stack, self._backend)


def _create_stack(self: Any) -> ActionResult:
    backend, name = self.cloudformation_backend, self._get_param("StackName")
    token = self._get_param("ClientRequestToken")
    if stack := _named(backend, name):
        if token and token == getattr(stack, "token", None):  # the same request, sent again
            return ActionResult({"StackId": stack.stack_id})
        raise AlreadyExistsException(f"Stack [{name}] already exists")
    template, parameters = _template(self), _parameters(self)
    _checked(self, template, parameters)
    stack = Stack(
        stack_id=generate_stack_id(name, backend.region_name, backend.account_id),
        name=name,
        template=template,
        parameters=parameters,
        account_id=backend.account_id,
        region_name=backend.region_name,
        notification_arns=self._get_param("NotificationARNs", []),
        tags=_tags(self),
        role_arn=self._get_param("RoleARN"),
        cross_stack_resources=backend.exports,
        enable_termination_protection=self._get_bool_param("EnableTerminationProtection", False),
    )
    stack.disable_rollback = self._get_bool_param("DisableRollback", False)
    stack.token = token
    backend.stacks[stack.stack_id] = stack
    with _Working(self, stack, backend) as work:
        work.create(_on_failure(self, "OnFailure"))
    return ActionResult({"StackId": stack.stack_id})


def _on_failure(asked: Any, field: str) -> str:
    nothing = asked._get_bool_param("DisableRollback", False)
    return str(asked._get_param(field) or ("DO_NOTHING" if nothing else "ROLLBACK"))


def _update_stack(self: Any) -> ActionResult:
    backend = self.cloudformation_backend
    stack = _updatable(backend, self._get_param("StackName"))
    token = self._get_param("ClientRequestToken")
    if token and token == getattr(stack, "token", None):
        return ActionResult({"StackId": stack.stack_id})
    template, parameters = _template(self, stack), _parameters(self, stack)
    parsed = _checked(self, template, parameters)
    tags = _tags(self) or dict(stack.tags)
    if _same(stack, parsed, parameters, tags):
        raise Refused(message=_NOTHING)
    stack.token = token
    _updated(self, stack, template, parsed, parameters, tags)
    return ActionResult({"StackId": stack.stack_id})


def _same(stack: Stack, parsed: dict[str, Any], parameters: Tags, tags: Tags) -> bool:
    """Whether an update would change nothing: no resource, output, parameter or tag."""
    return (
        not plan(stack, parsed, parameters, tags)
        and parsed.get("Outputs") == stack.template_dict.get("Outputs")
        and fresh(stack, parsed, parameters).resolved_parameters == stack.stack_parameters
        and dict(tags) == dict(stack.tags)
    )


def _updated(
    asked: Any, stack: Stack, template: str, parsed: Any, parameters: Tags, tags: Tags
) -> None:
    rollback = not asked._get_bool_param("DisableRollback", False)
    with _Working(asked, stack, asked.cloudformation_backend) as work:
        work.update(parsed, parameters, tags, rollback=rollback)
    if "ROLLBACK" not in stack.status:
        stack.template, stack.description = template, parsed.get("Description")


def _delete_stack(self: Any) -> EmptyResult:
    backend = self.cloudformation_backend
    stack = _named(backend, self._get_param("StackName"))
    if stack is None:  # no error: it is gone, as was wanted
        return EmptyResult()
    if stack.enable_termination_protection:
        text = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        raise Refused(message=text)
    retain = self._get_param("RetainResources", [])
    if retain and stack.status != "DELETE_FAILED":
        raise Refused(
            message="Invalid operation on stack. RetainResources is only allowed for stacks in"
            " DELETE_FAILED state"
        )
    with _Working(self, stack, backend) as work:
        work.delete(retain, force=self._get_param("DeletionMode") == "FORCE_DELETE_STACK")
    return EmptyResult()


def _continue_update_rollback(self: Any) -> EmptyResult:
    backend = self.cloudformation_backend
    stack = _there(backend, self._get_param("StackName"))
    if stack.status != "UPDATE_ROLLBACK_FAILED":
        raise Refused(
            message=f"Stack:{stack.stack_id} is in {stack.status} state"
            " and can not continue rollback."
        )
    with _Working(self, stack, backend) as work:
        work.say("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")
        work.undo()
    return EmptyResult()


def _update_termination_protection(self: Any) -> ActionResult:
    stack = _there(self.cloudformation_backend, self._get_param("StackName"))
    wanted = self._get_bool_param("EnableTerminationProtection", False)
    stack.enable_termination_protection = wanted
    return ActionResult({"StackId": stack.stack_id})


def _describe_events(self: Any) -> ActionResult:
    """What early validation found: nothing, for there is none here."""
    return ActionResult({"OperationEvents": []})


def _detect_stack_drift(self: Any) -> ActionResult:
    stack = _there(self.cloudformation_backend, self._get_param("StackName"))
    return ActionResult({"StackDriftDetectionId": serverless_drift.detected(stack)})


def _drift_status(self: Any) -> ActionResult:
    stack = _there(self.cloudformation_backend, self._get_param("StackDriftDetectionId"))
    return ActionResult(serverless_drift.progress_of(stack))


def _resource_drifts(self: Any) -> ActionResult:
    stack = _there(self.cloudformation_backend, self._get_param("StackName"))
    wanted = self._get_param("StackResourceDriftStatusFilters", [])
    found = [
        one
        for one in getattr(stack, "drift", {}).values()
        if not wanted or one["StackResourceDriftStatus"] in wanted
    ]
    return ActionResult({"StackResourceDrifts": found})


# Change sets


def _diff(change_set: ChangeSet) -> list[models.Change]:
    found = plan(
        change_set.stack,
        change_set.template_dict,
        change_set.parameters,
        change_set.tags or change_set.stack.tags,
    )
    return [_shown_change(one) for one in found]


def _shown_change(one: Planned) -> models.Change:
    change: Any = models.Change(one.action, one.logical, one.type)
    change.physical_resource_id = one.physical
    change.replacement = one.replacement
    change.scope = ["Tags" if name == "Tags" else "Properties" for name in one.changed[:1]]
    change.details = [
        {
            "Target": {
                "Attribute": "Tags" if name == "Tags" else "Properties",
                **({} if name == "Tags" else {"Name": name}),
            }
        }
        for name in one.changed
    ]
    return change  # type: ignore[no-any-return]


def _asked_change_set(self: Any) -> ActionResult:
    backend, name = self.cloudformation_backend, self._get_param("StackName")
    kind = self._get_param("ChangeSetType", "UPDATE")
    stack = _named(backend, name)
    template, parameters = _template(self, stack), _parameters(self, stack)
    _checked(self, template, parameters)
    reverts = self._get_param("DeploymentMode") == "REVERT_DRIFT" and stack is not None
    drift = serverless_drift.drift(stack) if reverts else {}
    with serverless_drift.as_it_is(stack) if reverts else nullcontext():
        made, stack_id = backend.create_change_set(
            stack_name=name,
            change_set_name=self._get_param("ChangeSetName"),
            template=template,
            parameters=parameters,
            description=self._get_param("Description"),
            change_set_type=kind,
            notification_arns=self._get_param("NotificationARNs", []),
            tags=_tags(self),
            role_arn=self._get_param("RoleARN"),
        )
    change_set: Any = backend.change_sets[made]
    change_set.on_failure = _on_failure(self, "OnStackFailure")
    change_set.reverts = reverts
    for one in change_set.changes:
        if one.logical_resource_id in drift:
            one.resource_drift_status = drift[one.logical_resource_id]["StackResourceDriftStatus"]
    return ActionResult({"Id": made, "StackId": stack_id})


def _create_change_set(
    self: CloudFormationBackend,
    stack_name: str,
    change_set_name: str,
    template: str,
    parameters: dict[str, str],
    description: str,
    change_set_type: str,
    notification_arns: list[str] | None = None,
    tags: dict[str, str] | None = None,
    role_arn: str | None = None,
) -> tuple[str, str]:
    validate_create_change_set(change_set_name)
    stack = _named(self, stack_name)
    if stack and any(
        one.change_set_name == change_set_name and one.stack_id == stack.stack_id
        for one in self.change_sets.values()
    ):
        raise AlreadyExistsException(f"ChangeSet {change_set_name} already exists")
    if change_set_type == "UPDATE":
        stack = _updatable(self, stack_name)
    elif stack is None:
        stack = _reviewed(self, stack_name)
    elif stack.status != _REVIEW:
        raise Refused(
            message=f"Stack [{stack_name}] already exists and cannot be created again with the"
            f" changeSet [{change_set_name}]."
        )
    identity = generate_changeset_id(change_set_name, self.region_name, self.account_id)
    made = ChangeSet(
        change_set_type=change_set_type,
        change_set_id=identity,
        change_set_name=change_set_name,
        stack=stack,
        template=template,
        parameters=parameters,
        description=description,
        notification_arns=notification_arns,
        tags=tags,
        role_arn=role_arn,
    )
    made.status, made.execution_status = "CREATE_COMPLETE", "AVAILABLE"
    if change_set_type == "UPDATE" and _same(
        stack, made.template_dict, parameters, tags or stack.tags
    ):
        made.status, made.execution_status = "FAILED", "UNAVAILABLE"
        made.status_reason = _NO_CHANGES
    self.change_sets[identity] = made
    return identity, stack.stack_id


def _reviewed(backend: CloudFormationBackend, name: str) -> Stack:
    """Make the stack that has only change sets yet. Its tags come when one is executed."""
    stack = Stack(
        stack_id=generate_stack_id(name, backend.region_name, backend.account_id),
        name=name,
        template={},
        parameters={},
        account_id=backend.account_id,
        region_name=backend.region_name,
    )
    backend.stacks[stack.stack_id] = stack
    Work(stack).say(_REVIEW, "User Initiated")
    return stack


def _found_change_set(backend: CloudFormationBackend, name: str, stack: str | None) -> Any:
    for one in backend.change_sets.values():
        of_stack = stack in (None, one.stack_name, one.stack_id)
        if name == one.change_set_id or (name == one.change_set_name and of_stack):
            return one
    return None


def _change_set(
    self: CloudFormationBackend, change_set_name: str, stack_name: str | None = None
) -> Any:
    found = _found_change_set(self, change_set_name, stack_name)
    if found is None:
        raise ChangeSetMissing(f"ChangeSet [{change_set_name}] does not exist")
    return found


def _delete_change_set(
    self: CloudFormationBackend, change_set_name: str, stack_name: str | None = None
) -> None:
    found = _found_change_set(self, change_set_name, stack_name)
    if found is not None:
        del self.change_sets[found.change_set_id]


def _forget_change_sets(backend: CloudFormationBackend, stack: Stack) -> None:
    for identity, one in list(backend.change_sets.items()):
        if one.stack_id == stack.stack_id:
            del backend.change_sets[identity]


def _asked_of_change_set(self: Any) -> ActionResult:
    return ActionResult(
        self.cloudformation_backend.describe_change_set(
            self._get_param("ChangeSetName"), self._get_param("StackName")
        )
    )


def _asked_no_change_set(self: Any) -> EmptyResult:
    self.cloudformation_backend.delete_change_set(
        self._get_param("ChangeSetName"), self._get_param("StackName")
    )
    return EmptyResult()


def _list_change_sets(self: Any) -> ActionResult:
    """Moto lists those of every stack."""
    backend = self.cloudformation_backend
    stack = _there(backend, self._get_param("StackName"))
    sets = [one for one in backend.change_sets.values() if one.stack_id == stack.stack_id]
    return ActionResult({"Summaries": sets})


def _asked_to_execute(self: Any) -> EmptyResult:
    self.cloudformation_backend.execute_change_set(self)
    return EmptyResult()


def _execute_change_set(self: CloudFormationBackend, asked: Any) -> None:
    """Do what a change set says; all those of the stack go with it."""
    made = self.describe_change_set(
        asked._get_param("ChangeSetName"), asked._get_param("StackName")
    )
    if made.execution_status != "AVAILABLE":
        raise InvalidChangeSetStatus(
            f"ChangeSet [{made.change_set_id}] cannot be executed in its current status of"
            f" [{made.status}]"
        )
    stack = made.stack
    tags = made.tags or dict(stack.tags)
    _forget_change_sets(self, stack)
    if made.change_set_type == "UPDATE":
        if made.reverts:
            serverless_drift.adopt(stack)
        _updated(asked, stack, made.template, made.template_dict, made.parameters, tags)
        return
    stack.template, stack.template_dict = made.template, made.template_dict
    stack.description = made.template_dict.get("Description")
    stack.parameters, stack.tags = made.parameters, tags
    stack.resource_map = stack._create_resource_map()
    with _Working(asked, stack, self) as work:
        work.create(made.on_failure)
