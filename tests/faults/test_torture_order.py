"""Files in any order, split, repeated, renamed: one digest."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from duckdb_warehouse import Place
from small_world import FIRST, SECOND
from torture import order
from torture.figures import Scale, hold

FEW = [*FIRST, *SECOND]


@pytest.fixture(scope="module")
def must(tmp_path_factory: pytest.TempPathFactory) -> order.Known:
    return order.Known.of(tmp_path_factory.mktemp("must"), FEW)


def test_any_delivery_makes_the_same_tables(must: order.Known, seed: int | None) -> None:
    @hypothesis_settings(
        max_examples=20 if seed is None else 2,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(loads=order.schedules(len(FEW)))
    def check(loads: order.Schedule) -> None:
        with tempfile.TemporaryDirectory() as folder:
            assert order.wrong(Place(Path(folder)), loads, FEW, must) == ""

    check()


def test_permutations(scale: Scale, tmp_path: Path) -> None:
    hold(order.run(scale, tmp_path))


def test_permutations_and_files_that_are_changed_back(scale: Scale, tmp_path: Path) -> None:
    hold(order.run_more(scale, tmp_path))


def test_a_schedule_brings_every_version() -> None:
    known = order.versions()
    for files in order.files_of([[(0, "half of it"), (1, "as it is"), (1, "renamed")]], known):
        last = files
    assert len(last) == len(known) - 1
    assert {file.content for file in last} >= {file.content for file in known[2:]}
