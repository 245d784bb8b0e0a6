"""A few kills of every kind; `make torture` does ten times as many."""

from __future__ import annotations

from pathlib import Path

from torture import kills
from torture.figures import Scale, hold


def test_kills_at_boundaries_calls_and_writes(scale: Scale, tmp_path: Path) -> None:
    hold(kills.run(scale, tmp_path))


def test_kills_at_any_moment(scale: Scale, tmp_path: Path) -> None:
    hold(kills.run_moments(scale, tmp_path))


def test_destruction_killed_at_every_call(scale: Scale, tmp_path: Path) -> None:
    hold(kills.run_destruction(scale, tmp_path))
