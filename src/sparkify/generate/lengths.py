"""Lengths of songs."""

from __future__ import annotations

import numpy as np

from .chance import Floats, Integers

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
"""Shares of the real songs, and the seconds that they are shorter than."""

_SHARES = [share for share, _ in _QUANTILES]
_LENGTHS = [seconds * UNITS for _, seconds in _QUANTILES]


def even(chances: Floats) -> Integers:
    """Turn numbers from 0 up to 1 into lengths of songs of the catalogue, in units: even ones."""
    lengths: Integers = np.interp(chances, _SHARES, _LENGTHS).astype(np.int64)
    return lengths & ~1


def odd(chances: Floats) -> Integers:
    """Turn them into lengths of other songs: odd, so that none of them matches by chance."""
    return even(chances) | 1


def in_seconds(lengths: Integers) -> list[float]:
    """Give lengths in seconds: the doubles that are closest to them."""
    seconds: list[float] = (lengths / UNITS).tolist()
    return seconds
