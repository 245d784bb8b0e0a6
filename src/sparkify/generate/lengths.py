"""Lengths of songs."""

from __future__ import annotations

from itertools import pairwise

from .chance import Dice

UNITS = 100_000
"""Lengths are counted in units of 1e-5 seconds, so that sums of them are exact."""

_QUANTILES = (
    (0.0, 12.0),
    (0.001, 27.0),
    (0.01, 67.5),
    (0.05, 138.0),
    (0.1, 163.0),
    (0.25, 197.5),
    (0.5, 233.0),
    (0.75, 274.0),
    (0.9, 339.0),
    (0.95, 397.0),
    (0.99, 587.0),
    (0.999, 1300.0),
    (1.0, 2590.0),
)
"""Share of the plays, and the seconds that they are shorter than."""
_STEPS = 4096


def _table() -> list[int]:
    """Cut the lengths into _STEPS ranges that are equally likely; in units."""
    table = []
    for (low, shorter), (high, longer) in pairwise(_QUANTILES):
        first, last = round(low * _STEPS), round(high * _STEPS)
        step = (longer - shorter) / max(1, last - first)
        table += [round((shorter + step * n) * UNITS) for n in range(last - first)]
    return [*table, round(_QUANTILES[-1][1] * UNITS)]


_TABLE = _table()


def in_catalogue(dice: Dice) -> int:
    """Choose a length for a song of the catalogue, in units: an even number."""
    step = dice.below(_STEPS)
    low, high = _TABLE[step], _TABLE[step + 1]
    return low + dice.below(high - low) & ~1


def elsewhere(dice: Dice) -> int:
    """Choose a length for any other song: an odd number, so that it never matches by chance."""
    return in_catalogue(dice) | 1


def as_json(length: int) -> str:
    """Write a length in seconds, as briefly as it can be read back: 200.72444, 231.0."""
    return repr(length / UNITS)
