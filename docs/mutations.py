"""What `make mutation` found out, as a table for docs/reliability.md."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reference import table

_MUTATION = Path(__file__).resolve().parent.parent / "tests" / "mutation"
_HEADS = ("Module", "Faults", "Tried", "Seen", "Survived", "of these explained")


def _modules() -> str:
    """Lay out module by module how many faults the tests saw, and why the others survive."""
    results: dict[str, Any] = json.loads((_MUTATION / "results.json").read_text(encoding="utf-8"))
    explained = explanations()
    rows = []
    for module, found in results.items():
        survived = [one["change"] for one in found["survivors"]]
        known = [change for change in survived if (module, change) in explained]
        counts = (found["faults"], found["tried"], found["seen"], len(survived), len(known))
        rows.append((f"`{module}`", *map(str, counts)))
    tried = sum(found["tried"] for found in results.values())
    seen = sum(found["seen"] for found in results.values())
    share = f"{seen:,} of {tried:,} faults tried were seen: {seen / tried:.0%}."
    missing = ", ".join(f"`{one}`" for one in _targets() if one not in results)
    rest = f" Not measured yet: {missing}." if missing else ""
    return f"{table(_HEADS, rows)}\n\n{share}{rest}"


def _targets() -> list[str]:
    if str(_MUTATION.parent) not in sys.path:
        sys.path.append(str(_MUTATION.parent))
    from mutation.targets import TARGETS

    return [module for target in TARGETS for module in target.modules]


def explanations() -> dict[tuple[str, str], str]:
    """Read why faults survive: (module, the fault in one line) -> why."""
    text = (_MUTATION / "explained.toml").read_text(encoding="utf-8")
    listed = tomllib.loads(text).get("survivor", [])
    return {(one["module"], one["change"]): one["why"] for one in listed}


def _reasons() -> str:
    rows = [(f"`{module}`", f"`{change}`", why) for (module, change), why in explanations().items()]
    return table(("Module", "Fault that survives", "Why"), rows) if rows else "None."


PARTS: Mapping[str, Callable[[], str]] = {
    "mutation testing": _modules,
    "faults that survive": _reasons,
}
