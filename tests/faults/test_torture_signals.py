"""SIGTERM, SIGINT and SIGHUP: exit 130, nothing published, nothing left."""

from __future__ import annotations

from pathlib import Path

from torture import signals
from torture.figures import Scale, hold


def test_signals_on_duckdb(scale: Scale, tmp_path: Path) -> None:
    hold(signals.run(scale, tmp_path))


def test_signals_on_redshift(scale: Scale, tmp_path: Path) -> None:
    hold(signals.run_redshift(scale, tmp_path))
