"""The frame of the torture: figures, the table, families that break off, faults put in."""

from __future__ import annotations

from pathlib import Path

import pytest

import sparkify
from torture import on_purpose
from torture.__main__ import as_json, table
from torture.families import FAMILIES, family
from torture.figures import FULL, QUICK, Figure, Scale, exactly, hold, joined, none, tried
from torture.put_in import FAULTS, Change, Fault


def test_a_figure_is_good_between_its_bounds() -> None:
    assert tried("f", "kills", 500, 500).good
    assert not tried("f", "kills", 499, 500).good
    assert none("f", "differences", []).good
    assert not none("f", "differences", ["seed 7: a row too many"]).good
    assert not exactly("f", "digests", 2, 1).good
    assert Figure("f", "seconds", 7).good


def test_what_is_not_as_it_must_be_is_told() -> None:
    figures = [tried("f", "kills", 5, 5), none("f", "differences", ["seed 7: a row too many"])]
    with pytest.raises(AssertionError, match="f: 1 differences; seed 7: a row too many"):
        hold(figures)
    lines = table(figures).splitlines()
    assert [line for line in lines if "WRONG" in line] == [
        line for line in lines if "differences" in line and "seed" not in line
    ]
    assert "f, differences: seed 7: a row too many" in lines
    assert '"value": 1' in as_json(figures, FULL, 2.5)


def test_halves_of_a_family_are_told_as_one() -> None:
    halves = [
        *(tried("mutants", "mutants loaded", 70, 50), none("mutants", "crashes", [])),
        *(tried("mutants", "mutants loaded", 40, 50), none("mutants", "crashes", ["in the rain"])),
        exactly("order", "digests", 1, 1),
    ]
    loaded, crashes, digests = joined(halves)
    assert (loaded.value, loaded.must, loaded.good) == (110, "at least 100", True)
    assert (crashes.value, crashes.must, crashes.good) == (1, "0", False)
    assert crashes.notes == ["in the rain"]
    assert digests == halves[-1]


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_is_there(name: str) -> None:
    assert callable(family(name))


def test_scales() -> None:
    assert (QUICK.of(50, 500), FULL.of(50, 500)) == (50, 500)
    assert (QUICK.numbers(3, 5), FULL.numbers(3, 5)) == ([*range(3)], [*range(5)])
    samples = [Scale("quick", seed).numbers(50, 500) for seed in range(7, 13)]
    assert sorted(number for sample in samples for number in sample) == [*range(50)]


# Faults put in on purpose


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_fits_the_program_as_it_is(fault: Fault) -> None:
    package = Path(sparkify.__file__).parent
    for change in fault.changes:
        text = (package / change.path).read_text(encoding="utf-8")
        assert on_purpose.changed(change, text) != text


def test_faults_are_enough_and_their_tests_are_there() -> None:
    assert len(FAULTS) >= 15
    for fault in FAULTS:
        name, _, test = fault.test.partition("::")
        text = (on_purpose.TESTS / name).read_text(encoding="utf-8")
        assert f"def {test.partition('[')[0]}(" in text


def test_a_fault_is_found(tmp_path: Path) -> None:
    [fault] = [one for one in FAULTS if one.changes[0].path == "ledger.py"]
    assert on_purpose.found(fault, tmp_path / "with") == ""
    harmless = Fault("none", (Change("ledger.py", "Decide which", "Say which"),), fault.test)
    assert "ended with 0" in on_purpose.found(harmless, tmp_path / "without")
