"""A few kills of every kind; `make torture` does ten times as many."""

from __future__ import annotations

from pathlib import Path

from torture import kills
from torture.figures import QUICK, hold


def test_kills_at_boundaries_calls_and_writes(tmp_path: Path) -> None:
    hold(kills.run(QUICK, tmp_path))


def test_kills_at_any_moment(tmp_path: Path) -> None:
    hold(kills.run_moments(QUICK, tmp_path))


def test_destruction_killed_at_every_call(tmp_path: Path) -> None:
    hold(kills.run_destruction(QUICK, tmp_path))
