"""The loader against the second implementation, on generated worlds, after every load."""

from __future__ import annotations

import copy
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from loading import Place, Rejected, Tables
from oracle import File, Staged, accept, star
from worlds import KINDS, QUIRKS, Recipe, World, recipe, recipes, world

WORLDS, PARTS = 200, 10


def expected(staged: Staged) -> Tables:
    """The tables that the second implementation makes."""
    staging = {f"staging_{kind}": Counter(staged.rows[kind].values()) for kind in KINDS}
    return staging | {name: Counter(rows) for name, rows in star(staged).items()}


def check_load(place: Place, files: list[File], staged: Staged, conflicts: Counter[str]) -> None:
    """Load files that were just written; compare counts, rejects and tables.

    staged, conflicts: what the loads before it left; brought up to date.
    """
    before = copy.deepcopy(staged)
    accept(files, staged)
    report = place.load()
    tables, rejects = place.state(report["run_id"] if files else -1)
    clashes = Counter(path.split("_")[0] for path, _, reason in rejects if reason == "conflict")
    for kind in KINDS:
        folder = "log" if kind == "events" else "song"
        counts, old, new = report[kind], before.tally[kind], staged.tally[kind]
        bad = new.rejected - old.rejected
        assert counts["read"] == new.read - old.read
        assert counts["staged"] == len(staged.rows[kind]) - len(before.rows[kind])
        assert counts["rejected"] == bad + clashes[folder]
        assert counts["duplicates"] == new.repeated - old.repeated - clashes[folder]
        assert counts["read"] == counts["staged"] + counts["duplicates"] + counts["rejected"]
        conflicts[kind] += clashes[folder]
        least, most = staged.conflicts(kind)
        assert least <= conflicts[kind] <= most
    check_reasons(rejects, staged, len(before.rejects))
    assert tables == expected(staged)


def check_reasons(rejects: list[Rejected], staged: Staged, known: int) -> None:
    """Each bad record is rejected once, at its line, for one of the things wrong with it."""
    allowed = {(bad.uri, bad.line): bad.reasons for bad in staged.rejects[known:]}
    found = [(path, line, reason) for path, line, reason in rejects if reason != "conflict"]
    assert sorted(allowed) == sorted((path, line) for path, line, _ in found)
    assert [one for one in found if one[2] not in allowed[one[0], one[1]]] == []


def check_world(loads: World, folder: Path, *, thorough: bool = True) -> Tables:
    """Load a world batch by batch; thorough: then once more with nothing new, then rebuild."""
    place, staged, conflicts = Place(folder), Staged(), Counter[str]()
    for number, files in enumerate(loads):
        place.write(files, number)
        check_load(place, files, staged, conflicts)
    if thorough:
        check_load(place, [], staged, conflicts)
        place.load(rebuild=True)
        assert place.state(-1) == (expected(staged), [])
    return expected(staged)


def at_once(loads: World) -> World:
    """The same records as one load; each version of a file under a name of its own, backwards."""
    versions = [
        File(file.uri.replace("_data/", f"_data/{number}/", 1), file.kind, file.content)
        for number, files in enumerate(loads)
        for file in files
    ]
    return [versions[::-1]]


@pytest.mark.parametrize("part", range(PARTS))
def test_worlds_load_as_the_rules_say(part: int, tmp_path: Path) -> None:
    for number in range(part, WORLDS, PARTS):
        check_world(world(recipe(number)), tmp_path / str(number), thorough=number % 7 == 0)


@pytest.mark.parametrize("number", range(0, WORLDS, 40))
def test_batches_and_order_do_not_matter(number: int, tmp_path: Path) -> None:
    loads = world(recipe(number))
    in_batches = accept(file for files in loads for file in files)
    assert check_world(at_once(loads), tmp_path) == expected(in_batches)


@hypothesis_settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(recipe=recipes())
def test_worlds_of_hypothesis_load_as_the_rules_say(recipe: Recipe) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_world(world(recipe), Path(folder))


def test_the_worlds_have_what_they_are_made_for() -> None:
    def all_worlds() -> Iterator[Staged]:
        for number in range(WORLDS):
            yield accept(file for files in world(recipe(number)) for file in files)

    reasons: Counter[str] = Counter()
    matched = conflicts = twice = 0
    for staged in all_worlds():
        reasons.update(reason for reject in staged.rejects for reason in reject.reasons)
        tables = star(staged)
        matched += sum(play[4] is not None for play in tables["songplays"])
        twice += max(Counter(user[0] for user in tables["users"]).values(), default=0) > 1
        conflicts += sum(staged.conflicts(kind)[0] for kind in KINDS)
    assert set(reasons) == {"not_json", "encoding", "missing", "type", "range", "too_long"}
    assert min(reasons.values()) > 50
    assert matched > 200
    assert conflicts > 1000
    assert twice > 50
    assert {quirk for number in range(WORLDS) for quirk in recipe(number).quirks} == set(QUIRKS)
