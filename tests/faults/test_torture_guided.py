"""The judge of the guided fuzz, on the lines that it begins with; `make torture` does the rest."""

from __future__ import annotations

import pytest

from sparkify.staging import validate
from torture.guided import difference, seed_lines


def test_the_validator_judges_the_corpus_as_the_reference_does() -> None:
    lines = seed_lines()
    assert len(lines) > 300
    assert [told for told in map(difference, lines) if told] == []


def test_a_fault_in_the_validator_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validate, "PLAY_REQUIRES", ("userid",))
    assert any(difference(line) for line in seed_lines())
