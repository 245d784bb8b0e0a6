"""The folders that tests of `etl` load from."""

from __future__ import annotations

from pathlib import Path

import pytest

from duckdb_warehouse import Place
from small_world import FIRST, Prepared


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder with the files of the first load, not loaded yet."""
    place = Place(tmp_path)
    place.write(FIRST)
    return place


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return Prepared(tmp_path_factory.mktemp("etl"), FIRST)


@pytest.fixture
def loaded(prepared: Prepared) -> Place:
    """A folder with the files of the first load, loaded."""
    return prepared.copy()
