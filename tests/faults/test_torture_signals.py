"""SIGTERM, SIGINT and SIGHUP: exit 130, nothing published, nothing left."""

from __future__ import annotations

from pathlib import Path

from torture import signals
from torture.figures import QUICK, hold


def test_signals_on_duckdb(tmp_path: Path) -> None:
    hold(signals.run(QUICK, tmp_path))


def test_signals_on_redshift(tmp_path: Path) -> None:
    hold(signals.run_redshift(QUICK, tmp_path))
