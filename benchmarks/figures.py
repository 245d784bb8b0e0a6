"""Medians and ratios of what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Run = Mapping[str, float]


@dataclass(frozen=True)
class Ratio:
    """How many times one figure is another: of the medians, and the least and most of a round."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def middle(runs: Sequence[Run], what: str = "wall") -> float:
    """Return the median of a figure over the rounds.

    Raises StatisticsError when there is none.
    """
    return median(run[what] for run in runs)


def ratio(runs: Sequence[Run], base: Sequence[Run], what: str = "wall") -> Ratio:
    """Compare two contenders: the ratio of their medians, and its range over the rounds.

    Rounds that only one of them has do not count for the range.
    Raises StatisticsError when either has no round.
    """
    rounds = [one[what] / other[what] for one, other in zip(runs, base, strict=False)]
    return Ratio(middle(runs, what) / middle(base, what), min(rounds), max(rounds))


def runs_of(results: Mapping[str, Any], group: str, name: str) -> list[Run]:
    """Return the rounds of one contender; none where it did not run."""
    found: list[Run] = results.get("runs", {}).get(group, {}).get(name, [])
    return found
