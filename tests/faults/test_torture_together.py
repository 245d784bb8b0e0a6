"""Several processes at one warehouse."""

from __future__ import annotations

from pathlib import Path

from torture import together
from torture.figures import QUICK, hold


def test_several_at_once(tmp_path: Path) -> None:
    hold(together.run(QUICK, tmp_path))
