"""The sample of `make test`: repeatable, with every test function, and complete after some days."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import sampling
from sampling import COLLECTED, chosen, sample

CASES = [*range(23)]
SEED = 739_218


@pytest.fixture
def collected(pytestconfig: pytest.Config) -> list[pytest.Item]:
    """All tests of this run, the ones outside of the sample included."""
    return pytestconfig.stash[COLLECTED]


@pytest.mark.parametrize("of", [1, 4, 23, 50])
def test_seeds_in_a_row_bring_every_case_once(of: int) -> None:
    parts = [chosen(CASES, of, SEED + day) for day in range(min(of, len(CASES)))]
    assert Counter(case for part in parts for case in part) == Counter(CASES)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert chosen(CASES, of, SEED) == sorted(parts[0])


def test_another_seed_and_another_name_choose_others() -> None:
    assert chosen(CASES, 4, SEED, "x") == chosen(CASES, 4, SEED, "x")
    assert chosen(CASES, 4, SEED, "x") != chosen(CASES, 4, SEED + 1, "x")
    assert chosen(CASES, 4, SEED, "x") != chosen(CASES, 4, SEED, "y")


def test_without_a_seed_every_case_is_chosen() -> None:
    assert chosen(CASES, 4, None) == CASES
    assert chosen([], 4, SEED) == []


@pytest.mark.sampled(of=5)
@pytest.mark.parametrize("case", CASES)
def test_a_sampled_function(case: int) -> None:
    """Something to choose from, when this file runs by itself."""
    assert case in CASES


@pytest.mark.parametrize("day", range(3))
def test_every_test_function_is_in_the_sample(collected: list[pytest.Item], day: int) -> None:
    kept = sample(collected, SEED + day)
    assert kept == sample(collected, SEED + day)
    assert {function(item) for item in kept} == {function(item) for item in collected}
    assert kept < {*collected} == sample(collected, None)


def test_some_days_bring_every_case_of_every_test(collected: list[pytest.Item]) -> None:
    marks = [item.get_closest_marker("sampled") for item in collected]
    days = max(mark.kwargs["of"] for mark in marks if mark)
    kept = set[pytest.Item]()
    for day in range(days):
        kept |= sample(collected, SEED + day)
    assert kept == {*collected}


def function(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


MANY = """
import pytest

@pytest.mark.sampled(of=10)
@pytest.mark.parametrize("n", range(20))
def test_many(n): ...

def test_one(): ...
"""


@pytest.mark.parametrize(
    ("words", "header", "outcome"),
    [
        (["--seed", "7"], "sample: --seed 7", "3 passed, 18 deselected"),
        (["--all"], "sample: none, every case", "21 passed"),
        (["test_many.py::test_many"], "sample: none, every case", "20 passed"),
    ],
)
def test_options(tmp_path: Path, words: list[str], header: str, outcome: str) -> None:
    support = Path(sampling.__file__).parent
    (tmp_path / "conftest.py").write_bytes((support.parent / "conftest.py").read_bytes())
    (tmp_path / "test_many.py").write_text(MANY)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:cov", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(support)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    lines = done.stdout.splitlines()
    assert header in lines
    assert outcome in lines[-1]
