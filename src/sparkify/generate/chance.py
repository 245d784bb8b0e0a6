"""Chance: the same seed and the same question always give the same answer."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_T = TypeVar("_T")
_MASK = (1 << 64) - 1


def digest(text: str) -> int:
    """Turn a text into 64 bits, the same ones in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def stream(seed: int, purpose: str) -> np.random.Generator:
    """Open a stream of random numbers of its own for a purpose.

    Only `random` is to be used of it: how numpy makes other numbers may change.
    """
    return np.random.Generator(np.random.PCG64(digest(f"{seed} {purpose}")))


def exponential(chances: Floats, means: Floats | float) -> Floats:
    """Turn numbers from 0 up to 1 into waiting times with these means."""
    return means * -np.log1p(-chances)


class Dice:
    """A throw that belongs to a number, enough for several choices (some 60 bits in all)."""

    __slots__ = ("_bits",)

    def __init__(self, number: int) -> None:
        bits = (number + 0x9E3779B97F4A7C15) & _MASK  # splitmix64
        bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
        self._bits = bits ^ (bits >> 31)

    def below(self, size: int) -> int:
        """Choose one of 0 to size - 1."""
        self._bits, chosen = divmod(self._bits, size)
        return chosen

    def pick(self, choices: Sequence[_T]) -> _T:
        """Choose one of them."""
        self._bits, chosen = divmod(self._bits, len(choices))
        return choices[chosen]


class Weighted:
    """Choices of which some are made more often than others."""

    def __init__(self, weights: Sequence[float]) -> None:
        shares = np.cumsum(np.asarray(weights, np.float64))
        self._shares = shares / shares[-1]

    def choose(self, chances: Floats) -> Integers:
        """Turn numbers from 0 up to 1 into choices, 0 being the first."""
        return np.searchsorted(self._shares, chances, side="right")


class LongTail:
    """Ranks of which the first are drawn often and the last hardly ever, none of them never.

    size: how many ranks. bend: up to about which rank all are nearly as popular as the first.
    power: 0 to 1; how flat the tail is.
    """

    def __init__(self, size: int, bend: float, power: float) -> None:
        self._last = size - 1
        self._bend = bend
        self._inverse = 1 / power
        self._low = bend**power
        self._span = (size + bend) ** power - self._low

    def ranks(self, chances: Floats) -> Integers:
        """Turn numbers from 0 up to 1 into ranks, 0 being the most popular."""
        exact = (self._low + chances * self._span) ** self._inverse - self._bend
        ranks: Integers = np.minimum(exact, self._last).astype(np.int64)
        return ranks
