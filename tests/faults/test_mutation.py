"""The tool of `make mutation`: which faults it makes, and what is kept of its last run."""

from __future__ import annotations

import importlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from mutation.operators import mutants
from mutation.selection import called_lines
from mutation.targets import TARGETS

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "docs"))
EXPLAINED: dict[tuple[str, str], str] = importlib.import_module("mutations").explanations()
RESULTS: dict[str, Any] = json.loads(
    (ROOT / "tests/mutation/results.json").read_text(encoding="utf-8")
)
LEAST_SEEN = 0.9

SMALL = '''
def least(values, limit=3):
    """Words that are no code."""
    if not values:
        raise ValueError("of what is nothing")
    return [one for one in values if one < limit and one != "x"][:limit]
'''


def test_faults_of_a_small_function() -> None:
    made = [mutant.change.removeprefix("least: ") for mutant in mutants(SMALL)]
    condition = "one < limit and one != 'x'"
    assert sorted(made) == sorted(
        [
            "'x' -> 'xXX'",
            "3 -> 4",
            ":limit -> :",
            "not values -> values",
            "one != 'x' -> one == 'x'",
            "one < limit -> one <= limit",
            f"{condition} -> one < limit or one != 'x'",
            f"for one in values if {condition} -> for one in values if not ({condition})",
            "raise ValueError('of what is nothing') -> nothing",
            f"return [one for one in values if {condition}][:limit] -> return None",
        ]
    )


def test_each_fault_is_one_change_and_no_error_of_syntax() -> None:
    for mutant in mutants(SMALL):
        compile(mutant.source, "mutant", "exec")
        assert mutant.source != SMALL
        assert 2 <= mutant.first <= mutant.last


def test_lines_that_run_when_a_module_is_loaded_are_for_no_single_test() -> None:
    assert called_lines(f"LIMIT = 3\n{SMALL}\nclass Many:\n    most = 7\n") == {4, 5, 6, 7}


def test_kept_results_are_of_the_modules_that_get_faults() -> None:
    modules = [module for target in TARGETS for module in target.modules]
    assert list(RESULTS) == [module for module in modules if module in RESULTS]
    for found in RESULTS.values():
        assert found["seen"] + len(found["survivors"]) == found["tried"] <= found["faults"]


def test_nine_of_ten_faults_were_seen() -> None:
    """Of the ledger, of staging, and of the warehouse, as far as results are kept."""
    tried: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for module, found in RESULTS.items():
        group = module.rpartition("/")[0]
        tried[group] += found["tried"]
        seen[group] += found["seen"]
    assert tried
    for group, count in tried.items():
        assert seen[group] >= LEAST_SEEN * count, group


def test_every_survivor_is_explained_and_nothing_else() -> None:
    survived = {
        (module, one["change"]) for module, found in RESULTS.items() for one in found["survivors"]
    }
    assert survived == EXPLAINED.keys()
