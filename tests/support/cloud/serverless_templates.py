"""Templates of CloudFormation, read as CloudFormation reads them: order, parameters, changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.utilities.utils import get_partition

from .serverless_types import REPLACED_BY, TAGGED

Template = Mapping[str, Any]
LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"


@dataclass
class Kept:
    """A resource of a stack: as describe_stack_resources shows it, and what it was made of."""

    logical_resource_id: str
    cf_resource_type: str
    json: dict[str, Any]
    properties: dict[str, Any] = field(default_factory=dict)
    physical_resource_id: str = ""
    status: str = ""
    reason: str | None = None
    resource: Any = None


@dataclass(frozen=True)
class Planned:
    """What a change does to one resource. changed: the properties that differ."""

    action: str
    logical: str
    type: str
    physical: str | None = None
    replacement: str | None = None
    changed: tuple[str, ...] = ()


class InsufficientCapabilities(CloudFormationError):
    code = "InsufficientCapabilitiesException"


class _Later:
    """Stands for a resource that is not there yet."""

    physical_resource_id = LATER

    def get_cfn_attribute(self, _: str) -> str:
        return LATER


def kept(stack: Any) -> dict[str, Kept]:
    """The resources of a stack, by their logical names."""
    found: dict[str, Kept] = stack.__dict__.setdefault("kept", {})
    return found


def standing(stack: Any) -> dict[str, Kept]:
    """Those of them that are there."""
    return {name: one for name, one in kept(stack).items() if one.resource is not None}


# Order


def references(part: Any) -> Iterator[str]:
    """The logical names that a part of a template refers to, parameters among them."""
    if isinstance(part, list):
        for one in part:
            yield from references(one)
    elif isinstance(part, Mapping):
        for key, value in part.items():
            if key == "Ref":
                yield str(value)
            elif key == "Fn::GetAtt":
                yield value.split(".")[0] if isinstance(value, str) else str(value[0])
            elif key == "Fn::Sub":
                text = value if isinstance(value, str) else value[0]
                yield from (name.split(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", text))
                yield from references([] if isinstance(value, str) else value[1])
            elif key == "DependsOn":
                yield from [value] if isinstance(value, str) else value
            else:
                yield from references(value)


def ordered(template: Template) -> list[str]:
    """The logical names, each behind those that it refers to. Raises ValidationError."""
    resources = template.get("Resources", {})
    known = {*resources, *template.get("Parameters", {})}
    done: dict[str, bool] = {}
    order: list[str] = []

    def visit(name: str) -> None:
        if done.get(name) is False:
            raise ValidationError(message=f"Circular dependency between resources: [{name}]")
        if name in done:
            return
        done[name] = False
        for one in references(resources[name]):
            if one not in known and not one.startswith("AWS::"):
                raise ValidationError(
                    message="Template format error: Unresolved resource dependencies"
                    f" [{one}] in the Resources block of the template"
                )
            if one in resources:
                visit(one)
        done[name] = True
        order.append(name)

    for name in resources:
        visit(name)
    return order


# What a request must hold


def check(template: Template, parameters: Mapping[str, str], capabilities: list[str]) -> None:
    """Refuse what CloudFormation refuses before it begins. Raises CloudFormationError."""
    types = {one["Type"] for one in template.get("Resources", {}).values()}
    known = parsing.get_model_map()
    if unknown := sorted(one for one in types if one not in known):
        raise ValidationError(
            message=f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]"
        )
    _check_parameters(template.get("Parameters", {}), parameters)
    _check_capabilities(template.get("Resources", {}), set(capabilities))
    ordered(template)


def _check_parameters(slots: Template, given: Mapping[str, str]) -> None:
    if unknown := [one for one in given if one not in slots]:
        text = f"Parameters: [{', '.join(unknown)}] do not exist in the template"
        raise ValidationError(message=text)
    if missing := [one for one in slots if one not in given and "Default" not in slots[one]]:
        raise ValidationError(message=f"Parameters: [{', '.join(missing)}] must have values")
    for name, slot in slots.items():
        value = str(given.get(name, slot.get("Default")))
        wrong = None
        if slot["Type"] == "Number" and not re.fullmatch(r"-?\d+(\.\d+)?", value):
            wrong = "must be a number"
        elif "AllowedValues" in slot and value not in map(str, slot["AllowedValues"]):
            wrong = "must be one of AllowedValues"
        elif "AllowedPattern" in slot and not re.fullmatch(str(slot["AllowedPattern"]), value):
            wrong = f"must match pattern {slot['AllowedPattern']}"
        elif float(slot.get("MinValue", "-inf")) > _number(slot, value):
            wrong = f"must be a number not less than {slot['MinValue']}"
        elif float(slot.get("MaxValue", "inf")) < _number(slot, value):
            wrong = f"must be a number not greater than {slot['MaxValue']}"
        if wrong:
            raise ValidationError(message=f"Parameter '{name}' {wrong}")


def _number(slot: Template, value: str) -> float:
    return float(value) if slot["Type"] == "Number" else 0.0


def _check_capabilities(resources: Template, given: set[str]) -> None:
    """A role or policy needs CAPABILITY_IAM; with a name of its own, CAPABILITY_NAMED_IAM."""
    iam = [one for one in resources.values() if one["Type"].startswith("AWS::IAM::")]
    named = any("RoleName" in one.get("Properties", {}) for one in iam)
    needed = "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"
    if iam and not given & {needed, "CAPABILITY_NAMED_IAM"}:
        raise InsufficientCapabilities(f"Requires capabilities : [{needed}]")


# Values


def wanted(stack: Any, resources: Any, logical: str, tags: Mapping[str, str]) -> dict[str, Any]:
    """The properties that a resource shall have: every function called, the stack's tags added.

    resources: where references are looked up, which may make what they refer to.
    """
    found = resources._resource_json_map[logical]
    for name in references({"DependsOn": found.get("DependsOn", [])}):
        resources[name]
    cleaned = parsing.clean_json({"Properties": found.get("Properties", {})}, resources)
    properties: dict[str, Any] = _valued(cleaned["Properties"])
    system = TAGGED.get(found["Type"])
    if system is not None:
        all_tags = {one["Key"]: one["Value"] for one in properties.get("Tags", [])}
        all_tags = {**tags, **all_tags}
        if system:
            all_tags |= {
                "aws:cloudformation:stack-name": stack.name,
                "aws:cloudformation:stack-id": stack.stack_id,
                "aws:cloudformation:logical-id": logical,
            }
        properties["Tags"] = [{"Key": key, "Value": value} for key, value in all_tags.items()]
    return properties


def _valued(value: Any) -> Any:
    """Leave out what is AWS::NoValue; moto leaves it in lists."""
    if isinstance(value, list):
        return [_valued(one) for one in value if one is not None]
    if isinstance(value, Mapping):
        return {key: _valued(one) for key, one in value.items()}
    return value


def included(resources: Any, logical: str) -> bool:
    """Whether the condition of a resource holds."""
    condition = resources._resource_json_map[logical].get("Condition")
    return condition is None or bool(resources.lazy_condition_map[condition])


def fresh(stack: Any, template: Template, parameters: Mapping[str, str]) -> Any:
    """A map of a template's resources in which those of the stack are there already."""
    resources = parsing.ResourceMap(
        stack.stack_id,
        stack.name,
        dict(parameters),
        dict(stack.tags),
        account_id=stack.account_id,
        region_name=stack.region_name,
        template=dict(template),
        cross_stack_resources=stack.cross_stack_resources,
    )
    # Moto says aws in every Region.
    resources._parsed_resources["AWS::Partition"] = get_partition(stack.region_name)
    resources.load()
    for logical, one in standing(stack).items():
        if logical in template.get("Resources", {}):
            resources._parsed_resources[logical] = one.resource
    return resources


def plan(
    stack: Any, template: Template, parameters: Mapping[str, str], tags: Mapping[str, str]
) -> list[Planned]:
    """What a change would do to each resource; nothing is made.

    Moto compares texts of the template: a parameter in Fn::Sub, or one that turns a condition,
    changes nothing there. CloudFormation compares the values that come out.
    """
    resources = fresh(stack, template, parameters)
    there = standing(stack)
    order = [one for one in ordered(template) if included(resources, one)]
    for logical in order:
        resources._parsed_resources.setdefault(logical, _Later())
    found: list[Planned] = []
    for logical in order:
        kind = template["Resources"][logical]["Type"]
        now = there.get(logical)
        if now is None:
            found.append(Planned("Add", logical, kind))
            continue
        change = _compared(now, kind, wanted(stack, resources, logical, tags))
        if change:
            found.append(change)
            if change.replacement == "True":
                resources._parsed_resources[logical] = _Later()
    for logical, one in there.items():
        if logical not in order:
            physical = one.physical_resource_id
            found.append(Planned("Remove", logical, one.cf_resource_type, physical))
    return found


def _compared(now: Kept, kind: str, properties: Mapping[str, Any]) -> Planned | None:
    changed = differing(now.properties, properties)
    if not changed and kind == now.cf_resource_type:
        return None
    replacement = "False"
    for name in REPLACED_BY.get(kind, ()):
        if name in changed:
            unsure = LATER in str(properties.get(name))
            replacement = "Conditional" if unsure and replacement == "False" else "True"
    if kind != now.cf_resource_type:
        replacement = "True"
    physical = now.physical_resource_id
    return Planned(
        "Modify", now.logical_resource_id, kind, physical, replacement, tuple(sorted(changed))
    )


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """The properties that are not the same in both."""
    return {one for one in {*before, *after} if before.get(one) != after.get(one)}
