"""Fixtures of the tests of faults."""

from __future__ import annotations

import pytest

from torture.figures import Scale


@pytest.fixture
def scale(seed: int | None) -> Scale:
    """How much of each family of torture tests is run: a little, or a sample of that."""
    return Scale("quick", seed)
