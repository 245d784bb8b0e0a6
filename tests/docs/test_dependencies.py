"""What the project installs is what it was tested with: every version is pinned, and allowed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = [
    line
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
PINNED: dict[str, str] = {
    canonicalize_name(name): version for name, _, version in (p.partition("==") for p in PINS)
}
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
DIRECT = [
    *PROJECT["build-system"]["requires"],
    *PROJECT["project"]["dependencies"],
    *(one for extra in EXTRAS.values() for one in extra if not one.startswith("sparkify[")),
]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def required(python: str = "") -> dict[str, str]:
    """All that the project, its build and its extra `dev` need, and what these need, and so on.

    python: the version of Python to ask for, else the one that runs. Returns name -> the version
    that is installed, or nothing where it is not.
    """
    environment = {"python_version": python, "python_full_version": f"{python}.0"} if python else {}
    installed: dict[str, str] = {}
    done: set[tuple[str, str]] = set()
    waiting = [*map(Requirement, [*PROJECT["project"]["dependencies"], *EXTRAS["dev"]])]
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        for extra in ("", *one.extras):
            if (name, extra) in done:
                continue
            done.add((name, extra))
            try:
                found = distribution(name)
            except PackageNotFoundError:
                installed[name] = ""
                continue
            installed[name] = found.version
            waiting += _needed(found.requires or (), environment | {"extra": extra})
    del installed["sparkify"]  # its extra `dev` asks for its extra `all`
    return installed


def _needed(requirements: Iterable[str], environment: dict[str, str]) -> Iterator[Requirement]:
    for one in map(Requirement, requirements):
        if one.marker is None or one.marker.evaluate(environment):
            yield one


def test_every_installed_version_is_pinned() -> None:
    installed = required()
    assert len(installed) > 60
    other = {
        name: f"{version or 'nothing'} is installed, {PINNED.get(name, 'nothing')} is pinned"
        for name, version in installed.items()
        if version != PINNED.get(name)
    }
    assert other == {}


@pytest.mark.parametrize("python", PYTHONS)
def test_what_another_python_needs_is_pinned(python: str) -> None:
    assert sorted(required(python).keys() - PINNED.keys()) == []


@pytest.mark.parametrize("requirement", DIRECT)
def test_a_range_has_both_ends_and_admits_what_is_pinned(requirement: str) -> None:
    one = Requirement(requirement)
    version = PINNED[canonicalize_name(one.name)]
    assert one.specifier.contains(version), f"{requirement} does not admit {version}"
    assert any(part.operator == ">=" for part in one.specifier)


def test_pins_are_exact_and_stand_once() -> None:
    assert all(pin.count("==") == 1 and set(pin).isdisjoint("<>~!*;, ") for pin in PINS)
    assert len(PINNED) == len(PINS)
