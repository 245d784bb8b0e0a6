"""What the design asks of the speed, beside what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .contenders import FLOOR, OURS, PEERS
from .figures import middle, ratio, runs_of

FASTER: Mapping[str, Mapping[str, float]] = {
    "S": {"duckdb": 7, "polars": 3, "pandas": 2.5, "dbt": 10, "dlt": 12, "pyspark": 100},
    "M": {"duckdb": 6, "polars": 1.8, "pandas": 5},
}
"""How many times as long as ours a peer must take at the least."""

FLOOR_TIMES: Mapping[str, float] = {"S": 2, "M": 1.4}
NEW_DAY_SHARE, NOTHING_NEW_SHARE = 10, 12
LIMITED_PEAK_MB = 350
BAD_LINE_TIMES = 1.3
QUESTION_SECONDS = 1.0
LARGER_TIMES = 1.3
SAME_DAY_TIMES = 1.2
SPARSE_TIMES = 1.2


@dataclass(frozen=True)
class Verdict:
    """A target, what was measured, and whether it is reached."""

    what: str
    target: str
    measured: str
    reached: bool


def verdicts(results: Mapping[str, Any]) -> list[Verdict]:
    """Judge the targets of a size that its results can tell of; the others are left out."""
    judged = [*_peers(results), *_floor(results)]
    if results["size"] == "M":
        judged += [*_variants(results), *_everyday(results), *_growth(results)]
    return judged + list(_bounded(results))


def _peers(results: Mapping[str, Any]) -> Iterator[Verdict]:
    ours = runs_of(results, "load", OURS)
    for name, times in FASTER.get(results["size"], {}).items():
        runs = runs_of(results, "load", name)
        if ours and runs:
            found = ratio(runs, ours)
            what = f"{PEERS[name].title} takes times ours"
            yield Verdict(what, f"at least {times:g}", f"{found.value:.2f}", found.value >= times)


def _floor(results: Mapping[str, Any]) -> Iterator[Verdict]:
    ours, floor = runs_of(results, "load", OURS), runs_of(results, "load", FLOOR)
    limit = FLOOR_TIMES.get(results["size"])
    if ours and floor and limit:
        found = ratio(ours, floor).value
        yield _at_most("a load takes times the floor", limit, found)


def _variants(results: Mapping[str, Any]) -> Iterator[Verdict]:
    if limited := runs_of(results, "variants", "limited"):
        peak = middle(limited, "peak")
        yield _at_most("peak at memory_limit 128 MB", LIMITED_PEAK_MB, peak, " MB", 0)
    clean, bad = runs_of(results, "variants", "clean"), runs_of(results, "variants", "bad line")
    if clean and bad:
        found = ratio(bad, clean).value
        yield _at_most("one bad line costs times the clean load", BAD_LINE_TIMES, found)
    if clean and (sparse := runs_of(results, "variants", "sparse")):
        found = ratio(sparse, clean).value
        yield _at_most("NULLs left out cost times the load with them", SPARSE_TIMES, found)


def _everyday(results: Mapping[str, Any]) -> Iterator[Verdict]:
    first = runs_of(results, "everyday", "first load")
    for name, share in (("new day", NEW_DAY_SHARE), ("nothing new", NOTHING_NEW_SHARE)):
        runs = runs_of(results, "everyday", name)
        if first and runs:
            found = ratio(first, runs).value
            yield Verdict(
                f"{name}: share of the first load",
                f"at most 1/{share}",
                f"1/{found:.1f}",
                found >= share,
            )
    asked = {
        name: middle(runs)
        for name, runs in results.get("runs", {}).get("everyday", {}).items()
        if name.startswith("ask ") and runs
    }
    if asked:
        slowest = max(asked, key=lambda name: asked[name])
        what = f"the slowest question ({slowest.removeprefix('ask ')})"
        yield _at_most(what, QUESTION_SECONDS, asked[slowest], " s")


def _growth(results: Mapping[str, Any]) -> Iterator[Verdict]:
    histories = results.get("histories", {})
    days = {name: runs_of(results, "growth", f"a day on {name}") for name in histories}
    for name, larger in ((one, f"{int(one.split()[0]) * 10} million") for one in histories):
        if days[name] and days.get(larger):
            found = ratio(days[larger], days[name]).value
            what = f"a day on {larger}: times the same day on {name}"
            yield _at_most(what, SAME_DAY_TIMES, found)


def _bounded(results: Mapping[str, Any]) -> Iterator[Verdict]:
    this, smaller = (runs_of(results, "bounded", name) for name in ("this", "smaller"))
    if not this or not smaller:
        return
    events = results["data"]["events"] / results["smaller"]["events"]
    peak, wall = ratio(this, smaller, "peak").value, ratio(this, smaller).value / events
    yield _at_most("peak at memory_limit 128 MB, times that of M", LARGER_TIMES, peak)
    yield _at_most("time per event at memory_limit 128 MB, times that of M", LARGER_TIMES, wall)


def _at_most(what: str, limit: float, found: float, unit: str = "", digits: int = 2) -> Verdict:
    target = f"at most {limit:g}{unit}"
    return Verdict(what, target, f"{found:.{digits}f}{unit}", found <= limit)
