"""Chance that can be asked for by number: the same number always falls the same way."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Shares = NDArray[np.float64]
_T = TypeVar("_T")
_MASK = (1 << 64) - 1


def scatter(number: int) -> int:
    """Turn a number into 64 bits without a visible pattern (splitmix64)."""
    bits = (number + 0x9E3779B97F4A7C15) & _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    return bits ^ (bits >> 31)


def scatter_range(first: int, count: int) -> NDArray[np.uint64]:
    """Do what `scatter` does for many numbers in a row, much faster."""
    bits = np.arange(count, dtype=np.uint64) + np.uint64((first + 0x9E3779B97F4A7C15) & _MASK)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def digest(text: str) -> int:
    """Turn a text into 64 bits, the same ones in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


class Dice:
    """One throw that is enough for several choices (some 60 bits in all)."""

    __slots__ = ("_bits",)

    def __init__(self, number: int) -> None:
        self._bits = scatter(number)

    def below(self, size: int) -> int:
        """Choose one of 0 to size - 1."""
        self._bits, chosen = divmod(self._bits, size)
        return chosen

    def pick(self, choices: Sequence[_T]) -> _T:
        """Choose one of them."""
        self._bits, chosen = divmod(self._bits, len(choices))
        return choices[chosen]


class ManyDice:
    """The dice of many numbers in a row, thrown together."""

    def __init__(self, first: int, count: int) -> None:
        self._bits = scatter_range(first, count)

    def below(self, size: int) -> Integers:
        """Choose one of 0 to size - 1 for each number."""
        self._bits, chosen = np.divmod(self._bits, np.uint64(size))
        return chosen.astype(np.int64)

    def share(self) -> Shares:
        """Choose a number from 0 up to 1 (in steps of 2 ** -32) for each number."""
        return self.below(1 << 32) / (1 << 32)


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

    def rank(self, chance: float) -> int:
        """Turn a number from 0 up to 1 into a rank, 0 being the most popular."""
        rank = int((self._low + chance * self._span) ** self._inverse - self._bend)
        return rank if rank < self._last else self._last

    def ranks(self, chances: Shares) -> Integers:
        """Turn many numbers from 0 up to 1 into ranks."""
        exact = (self._low + chances * self._span) ** self._inverse - self._bend
        ranks: Integers = np.minimum(exact, self._last).astype(np.int64)
        return ranks
