"""What a family of torture tests tells: figures, each with what it must be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sampling import chosen

_SHOWN_NOTES = 5


@dataclass(frozen=True)
class Scale:
    """How much is done: all in `make torture`, a little in the tests, a sample of it by a seed."""

    name: str
    seed: int | None = None

    def of(self, quick: int, full: int) -> int:
        """Choose between the number of times in the tests and in the torture."""
        return full if self.name == "full" else quick

    def numbers(self, quick: int, full: int) -> list[int]:
        """Return the numbers of the cases, from 0; with a seed, one in six."""
        return chosen(range(self.of(quick, full)), 6, self.seed)


QUICK, FULL = Scale("quick"), Scale("full")


@dataclass(frozen=True)
class Figure:
    """One line of the table at the end.

    family: the tests that it comes from. name: what was counted, such as `differences`.
    least, most: between which the value must be; None: no bound.
    notes: what was wrong, one sentence each with what repeats it (a seed, a number).
    """

    family: str
    name: str
    value: float
    least: float | None = None
    most: float | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether the value is what it must be."""
        return (self.least is None or self.value >= self.least) and (
            self.most is None or self.value <= self.most
        )

    @property
    def must(self) -> str:
        """What the value must be, in words."""
        if self.least is None and self.most is None:
            return ""
        if self.least == self.most:
            return f"{self.least:,g}"
        if self.most is None:
            return f"at least {self.least:,g}"
        if self.least is None:
            return f"at most {self.most:,g}"
        return f"{self.least:,g} to {self.most:,g}"

    def as_json(self) -> dict[str, Any]:
        """Show the figure in JSON values: what was counted, and what it must be, in words."""
        return {
            "family": self.family,
            "name": self.name,
            "value": self.value,
            "must": self.must,
            "good": self.good,
        }


Run = Callable[[Scale, Path], list[Figure]]
"""Runs a family. The folder is its own, empty, and removed afterwards by whoever made it."""


def tried(family: str, name: str, value: float, least: float) -> Figure:
    """How often something was done: no less than was meant."""
    return Figure(family, name, value, least=least)


def none(family: str, name: str, wrong: Iterable[str]) -> Figure:
    """How often something went wrong, which must be never. wrong: a sentence for each time."""
    notes = list(wrong)
    return Figure(family, name, len(notes), least=0, most=0, notes=notes[:_SHOWN_NOTES])


def exactly(family: str, name: str, value: float, must: float, notes: Iterable[str] = ()) -> Figure:
    """A number that has to come out."""
    return Figure(family, name, value, least=must, most=must, notes=[*notes][:_SHOWN_NOTES])


def joined(figures: Iterable[Figure]) -> list[Figure]:
    """Add up what halves of a family tell under the same name."""
    found: dict[tuple[str, str], Figure] = {}
    for one in figures:
        known = found.get((one.family, one.name))
        found[one.family, one.name] = one if known is None else _sum(known, one)
    return list(found.values())


def _sum(one: Figure, other: Figure) -> Figure:
    return replace(
        one,
        value=one.value + other.value,
        least=_bound(one.least, other.least),
        most=_bound(one.most, other.most),
        notes=[*one.notes, *other.notes],
    )


def _bound(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def hold(figures: Iterable[Figure]) -> None:
    """Assert that all figures are what they must be, for pytest."""
    bad = [figure for figure in figures if not figure.good]
    told = [f"{one.family}: {one.value:,g} {one.name}; {'; '.join(one.notes)}" for one in bad]
    assert not bad, "\n".join(told)
