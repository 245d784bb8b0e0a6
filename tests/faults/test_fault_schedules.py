"""200 schedules of faults on each engine: nothing is lost, doubled, or left running."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from fault_schedules import ON_DUCKDB, ON_REDSHIFT, Happening, Scene
from oracle import File, Staged, accept, refused, star
from redshift_warehouse import Cloud, cloud
from sparkify import quality
from sparkify.retry import Backoff
from sparkify.sql_queries import STAGING_TABLES, STAR_TABLES
from sparkify.warehouse import open_reader
from sparkify.warehouse.redshift import copy_plan, publish
from worlds import KINDS, Recipe, World, world

SCHEDULES = 200


@pytest.fixture(scope="module")
def one_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud(tmp_path_factory.mktemp("cloud")) as made:
        yield made


@pytest.fixture
def place(one_cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    monkeypatch.setattr(publish, "role_pauses", lambda: Backoff(0.01, factor=1.0, attempts=7))
    monkeypatch.setattr(copy_plan, "MUCH_BYTES", 0)
    monkeypatch.setattr(copy_plan, "LARGE_FILE_BYTES", 0)
    one_cloud.empty_tables()
    return one_cloud


def some_world(seed: int, random: Random) -> World:
    """Two small loads; some are of good records only, which COPY takes by itself."""
    quirks = frozenset(random.sample(("repeats", "bad lines", "unknown fields", "spellings"), 2))
    quirks = quirks if random.random() < 0.7 else frozenset()
    while refused(Staged(), accept((made := world(Recipe(seed, 14, 5, 2, quirks)))[0])):
        seed += SCHEDULES  # none of its songs is good: a load of it would be refused
    return made


def check_nothing_runs(place: Cloud) -> None:
    """A killed load's statement may run to its end, but no longer."""
    for _ in range(6_000):
        if not place.aws.running():
            return
        time.sleep(0.05)
    raise AssertionError(f"still running: {place.aws.running()}")


@pytest.mark.sampled(of=50)
@pytest.mark.parametrize("engine", ["redshift", "duckdb"])
@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_a_schedule(place: Cloud, engine: str, seed: int) -> None:
    random = Random(f"{seed} {engine}")
    kinds: tuple[Happening, ...] = ON_REDSHIFT if engine == "redshift" else ON_DUCKDB
    mode = random.choice(("auto", "compact"))
    settings = place.settings(engine=engine, copy_mode=mode)
    staged, loaded = Staged(), list[File]()
    # time is dear: a third of the schedules has a second load, a third is looked at afterwards
    goes_on, looked_at = seed % 3 == 0, seed % 3 == 1
    for number, files in enumerate(some_world(seed, random)[: 1 + goes_on]):
        place.put(files)
        # each kind comes in turn, so that 200 schedules bring every kind many times
        happens = kinds[seed % len(kinds)] if number == 0 else random.choice(kinds)
        happens(Scene(place, settings, random, files, loaded))
        loaded += files
        place.aws.faults.clear()
        check_nothing_runs(place)
        place.load(engine=engine, copy_mode=mode)
        accept(files, staged)
    if looked_at:
        assert place.load(engine=engine)["files"]["new"] == 0
        with open_reader(settings) as reader:
            assert not {one.name for one in quality.broken(quality.run(reader))}
    held = place.tables() if engine == "redshift" else place.duckdb_tables()
    for kind in KINDS:
        assert held[f"staging_{kind}"] == Counter(staged.rows[kind].values())
    for name, rows in star(staged).items():
        assert held[name] == Counter(rows), name
    assert set(held) > {*STAGING_TABLES, *STAR_TABLES}


def test_every_kind_has_its_turn() -> None:
    assert len(ON_REDSHIFT) >= 12
    assert SCHEDULES // len(ON_REDSHIFT) > 10
