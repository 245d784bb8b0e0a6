"""The sample of `make test`: of many like cases those that a seed chooses.

`@pytest.mark.sampled(of=N)` marks a test function of whose cases (parameters) one N-th is enough
for one run. A test that loops over its cases takes `chosen(cases, N, seed)`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import TypeVar

import pytest

COLLECTED = pytest.StashKey[list[pytest.Item]]()
"""All tests that were collected, before the sample was taken."""

Case = TypeVar("Case")


def seed_of_today() -> int:
    """Return a number that is one higher each day, in UTC."""
    return datetime.now(UTC).toordinal()


def seed_of(config: pytest.Config) -> int | None:
    """Return the seed of a run; None with --all, and when tests are named (`file::test`)."""
    everything = config.option.all or any("::" in name for name in config.args)
    seed: int | None = None if everything else config.option.seed
    return seed


def chosen(cases: Sequence[Case], of: int, seed: int | None, name: str = "") -> list[Case]:
    """Return one of `of` parts of the cases, in their order, or all of them where seed is None.

    Parts are disjoint and never empty, and seeds in a row bring one part after the other: `of`
    days bring every case. name: of the family; each is dealt into parts in a way of its own.
    """
    if seed is None or not cases:
        return [*cases]
    dealt = [*range(len(cases))]
    Random(name).shuffle(dealt)
    parts = min(of, len(cases))
    return [cases[n] for n in sorted(dealt[seed % parts :: parts])]


def sample(items: Iterable[pytest.Item], seed: int | None) -> set[pytest.Item]:
    """Return the tests to run: one part of the cases of each marked function, all others whole."""
    functions: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        functions[item.nodeid.partition("[")[0]].append(item)
    kept: set[pytest.Item] = set()
    for name, cases in functions.items():
        mark = cases[0].get_closest_marker("sampled")
        kept.update(chosen(cases, mark.kwargs["of"], seed, name) if mark else cases)
    return kept
