"""The template as CloudFormation would resolve it, by a small reading of its own."""

from __future__ import annotations

import re
from typing import Any

import yaml  # type: ignore[import-untyped]

from sparkify import aws
from sparkify.config import Settings
from sparkify.iac.template import parameters, template

_ABSENT = object()


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Reads CloudFormation's short tags as {tag: value}."""


def _tagged(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    assert isinstance(node, yaml.SequenceNode)
    return {tag: loader.construct_sequence(node, deep=True)}


_Loader.add_multi_constructor("!", _tagged)


def read() -> dict[str, Any]:
    """The template, its short tags as {tag: value}."""
    found: dict[str, Any] = yaml.load(template(), _Loader)
    return found


def resolved(settings: Settings, region: str) -> dict[str, Any]:
    """The resources that would be made. A resource's Ref is its name, a bucket's Arn its ARN."""
    whole = read()
    values = {name: one.get("Default") for name, one in whole["Parameters"].items()}
    values |= parameters(settings)
    resolver = _Resolver(whole, values, region)
    return {
        name: resolver.value(one)
        for name, one in whole["Resources"].items()
        if "Condition" not in one or resolver.condition(one["Condition"])
    }


class _Resolver:
    def __init__(self, whole: dict[str, Any], values: dict[str, Any], region: str) -> None:
        self._template = whole
        self._values = values
        self._region = region

    def condition(self, name: str) -> bool:
        return bool(self.value(self._template["Conditions"][name]))

    def value(self, given: Any) -> Any:
        if isinstance(given, list):
            return [one for each in given if (one := self.value(each)) is not _ABSENT]
        if not isinstance(given, dict):
            return given
        if len(given) == 1:
            tag, what = next(iter(given.items()))
            if found := getattr(self, f"_{tag}", None):
                return found(what)
        found = {key: self.value(one) for key, one in given.items()}
        return {key: one for key, one in found.items() if one is not _ABSENT}

    def _Ref(self, name: str) -> Any:  # noqa: N802
        if name == "AWS::NoValue":
            return _ABSENT
        if name == "AWS::Partition":
            return aws.partition(self._region)
        if name in self._template["Resources"]:
            return name
        return self._values[name]

    def _GetAtt(self, path: str) -> str:  # noqa: N802
        name, attribute = path.split(".", 1)
        assert attribute == "Arn"
        if self._template["Resources"][name]["Type"] == "AWS::S3::Bucket":
            return f"arn:{aws.partition(self._region)}:s3:::{name}"
        return f"arn of {name}"

    def _Sub(self, text: str) -> str:  # noqa: N802
        def filled(match: re.Match[str]) -> str:
            name = match[1]
            return str(self._GetAtt(name) if "." in name else self._Ref(name))

        return re.sub(r"\$\{([A-Za-z0-9:.]+)\}", filled, text)

    def _If(self, parts: list[Any]) -> Any:  # noqa: N802
        name, then, otherwise = parts
        return self.value(then if self.condition(name) else otherwise)

    def _Equals(self, parts: list[Any]) -> bool:  # noqa: N802
        one, other = (str(self.value(part)) for part in parts)
        return one == other

    def _Not(self, parts: list[Any]) -> bool:  # noqa: N802
        return not self.value(parts[0])
