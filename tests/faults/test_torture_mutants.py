"""Some hundred spoiled files, as `make torture` loads thousands."""

from __future__ import annotations

from pathlib import Path

from torture import mutants
from torture.bad_files import BYTES, PACKED, TOKENS, mutant
from torture.figures import Scale, hold


def test_mutants(scale: Scale, tmp_path: Path) -> None:
    hold(mutants.run(scale, tmp_path))


def test_mutants_are_of_every_kind_and_always_the_same() -> None:
    made = [mutant(number) for number in range(1000)]
    done = {name for one in made for name in one.done}
    assert done == {name for names in (BYTES, TOKENS, PACKED) for name, _ in names}
    assert {one.file.kind for one in made} == {"events", "songs"}
    assert any(one.file.content.count(b"\n") > 1000 for one in made)
    assert made[:50] == [mutant(number) for number in range(50)]
