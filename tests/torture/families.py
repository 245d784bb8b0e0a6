"""The families of torture tests, the longest first: two run at a time, each in a process."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from .figures import Run

FAMILIES: Mapping[str, str] = {
    "faults put in": "on_purpose:run",
    "order": "order:run",
    "order, more": "order:run_more",
    "kills": "kills:run",
    "kills at any moment": "kills:run_moments",
    "mutants": "mutants:run",
    "more mutants": "mutants:run_more",
    "signals": "signals:run",
    "damage": "damage:run",
    "together": "together:run",
    "full disk": "disk:run",
    "signals, Redshift": "signals:run_redshift",
    "moving files": "moving:run",
    "guided": "guided:run",
    "leniencies": "leniencies:run",
    "clock": "moving:run_clock",
    "permissions": "rights:run",
    "kills of create-tables --drop": "kills:run_destruction",
    "versions": "damage:run_versions",
}
"""Name -> `module:function`; imported where it is run, so that one broken family stops no other."""


def family(name: str) -> Run:
    """The function that runs a family."""
    module, _, function = FAMILIES[name].partition(":")
    return cast("Run", getattr(import_module(f"{__package__}.{module}"), function))
