"""Lengths of songs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

UNITS = 100_000
"""Lengths are counted in units of 1e-5 seconds, so that sums of them are exact."""

CHOICES = 1 << 30
"""How many numbers a length can be chosen by."""

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

_LOWS = [round(share * CHOICES) for share, _ in _QUANTILES]
_UNITS = [round(seconds * UNITS) for _, seconds in _QUANTILES]


def choose(choices: NDArray[np.int64]) -> NDArray[np.int64]:
    """Turn numbers from 0 to CHOICES - 1 into lengths, in units, as real songs have them."""
    exact = np.interp(choices, _LOWS, _UNITS)
    return exact.astype(np.int64)
