"""Lengths of songs."""

from __future__ import annotations

import numpy as np

from .chance import Integers, ManyDice

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
"""Shares of the songs, and the seconds that they are shorter than."""

_SHARES = [share for share, _ in _QUANTILES]
_LENGTHS = [seconds * UNITS for _, seconds in _QUANTILES]


def even(dice: ManyDice) -> Integers:
    """Choose lengths for the songs of the catalogue, in units: even numbers."""
    return np.interp(dice.share(), _SHARES, _LENGTHS).astype(np.int64) & ~1


def odd(dice: ManyDice) -> Integers:
    """Choose lengths for all other songs, in units: odd, so that none ever matches by chance."""
    return even(dice) | 1


def as_json(length: int) -> str:
    """Write a length in seconds, as briefly as it can be read back: 200.72444, 231.0."""
    return repr(length / UNITS)
