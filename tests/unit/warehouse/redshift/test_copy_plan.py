"""The fewest prefixes that name some keys and no others."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkify.warehouse.redshift.copy_plan import fewest_prefixes

ROOT = "s3://b/log_data/"


def days(*numbers: int) -> list[str]:
    return [f"{ROOT}2018/11/2018-11-{number:02}-events.json" for number in numbers]


@pytest.mark.parametrize(
    ("wanted", "others", "found"),
    [
        (days(*range(1, 31)), [], [ROOT]),
        (days(30), days(*range(1, 30)), [f"{ROOT}2018/11/2018-11-3"]),
        (days(*range(20, 31)), days(*range(1, 20)), [f"{ROOT}2018/11/2018-11-{n}" for n in "23"]),
        (days(1), [ROOT + "2018/11/2018-11-01-events.json.bak"], None),
        (days(1), [f"{ROOT}.hidden", f"{ROOT}_SUCCESS"], [f"{ROOT}2"]),
        ([ROOT + "a.json"], [ROOT + "b.json"], [ROOT + "a"]),
        ([ROOT + "ä.json"], [ROOT + "a.json"], [ROOT + "ä"]),
        ([], days(1), []),
    ],
)
def test_examples(wanted: list[str], others: list[str], found: list[str] | None) -> None:
    assert fewest_prefixes(wanted, others, ROOT) == found


KEYS = st.sets(st.text("ab/", min_size=1, max_size=5), max_size=12)


@given(KEYS, KEYS)
def test_they_name_what_is_wanted_and_nothing_else_and_are_the_fewest(
    wanted: set[str], others: set[str]
) -> None:
    others -= wanted
    found = fewest_prefixes([ROOT + key for key in wanted], [ROOT + key for key in others], ROOT)
    impossible = any(other.startswith(key) for key in wanted for other in others)
    assert (found is None) == impossible
    if found is None:
        return
    prefixes = [prefix.removeprefix(ROOT) for prefix in found]
    assert all(prefix.startswith(ROOT) for prefix in found)
    assert {key for key in wanted | others if key.startswith(tuple(prefixes))} == (
        wanted if prefixes else set()
    )
    assert len({prefix for key in wanted for prefix in prefixes if key.startswith(prefix)}) == len(
        prefixes
    )
    assert all(sum(key.startswith(prefix) for prefix in prefixes) == 1 for key in wanted)
    clean = {
        key[:end]
        for key in wanted
        for end in range(len(key) + 1)
        if not any(other.startswith(key[:end]) for other in others)
    }
    fewer = combinations(sorted(clean), max(len(prefixes) - 1, 0))
    if len(clean) <= 14 and prefixes:
        assert not any(all(key.startswith(some) for key in wanted) for some in fewer)
