"""Options of the generator: bounds, and what follows from them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sparkify.errors import UsageError
from sparkify.generate import Options, generate


@pytest.mark.parametrize(
    "wrong",
    [
        {"songs": 0},
        {"users": 0},
        {"events": 0},
        {"days": 0},
        {"days": 3_661},
        {"match_share": -0.01},
        {"match_share": 1.01},
        {"match_share": float("nan")},
        {"growth": -0.1},
        {"growth": float("inf")},
        {"start": date(2005, 12, 31)},
        {"start": date(2099, 12, 31), "days": 2},
        {"servers": 0},
        {"servers": 1_001},
        {"runs": 0},
        {"runs": 101},
        {"start": date(2099, 12, 29), "days": 1, "runs": 3},
        {"users": 10, "events": 1_000},
    ],
    ids=str,
)
def test_options_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        Options(**wrong)
    assert next(iter(wrong)) in caught.value.reason or "last day" in caught.value.reason
    assert caught.value.next_step


def test_limits_are_within_the_bounds() -> None:
    Options(songs=1, users=1, days=1, match_share=0, growth=0, start=date(2099, 12, 31))
    Options(start=date(2099, 12, 29), days=1, runs=2, servers=1_000)
    Options(songs=10_000_000, days=3_660, match_share=1, growth=100, start=date(2006, 1, 1))


def test_users_follow_from_events() -> None:
    assert Options().first_users == 100
    assert Options(users=7).first_users == 7
    assert Options(events=1).first_users == 1
    assert Options(events=2_000_000).first_users == pytest.approx(
        2 * Options(events=1_000_000).first_users, abs=1
    )


def test_about_as_many_events_come_as_were_asked_for(tmp_path: Path) -> None:
    truth = generate(tmp_path / "world", Options(songs=10, events=60_000, days=10))
    assert truth["tables"]["staging_events"] == pytest.approx(60_000, rel=0.1)


def test_growth_brings_new_users(tmp_path: Path) -> None:
    still = generate(tmp_path / "still", Options(songs=10, users=50, days=20, growth=0))
    growing = generate(tmp_path / "growing", Options(songs=10, users=50, days=20, growth=50))
    assert still["answers"]["paying_listeners"]["listeners"] <= 50
    assert growing["answers"]["paying_listeners"]["listeners"] > 60


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_match_share_is_met(tmp_path: Path, share: float) -> None:
    options = Options(songs=300, users=80, days=10, match_share=share)
    found = generate(tmp_path / "world", options)["answers"]["catalogue_match"]
    assert found["plays"] > 500
    most_misspelled = 0.005  # are of the catalogue, too
    assert found["matched"] / found["plays"] == pytest.approx(
        share, abs=0.08 if 0 < share < 1 else most_misspelled
    )
