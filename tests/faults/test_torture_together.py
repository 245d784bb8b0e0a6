"""Several processes at one warehouse."""

from __future__ import annotations

from pathlib import Path

from torture import together
from torture.figures import Scale, hold


def test_several_at_once(scale: Scale, tmp_path: Path) -> None:
    hold(together.run(scale, tmp_path))
