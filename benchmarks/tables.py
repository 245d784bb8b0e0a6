"""The tables of a report, from the results of a size; for the terminal and for the document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .comparing import same
from .contenders import OURS, PEERS
from .figures import Run, middle, ratio, runs_of
from .targets import verdicts

TITLES: Mapping[str, str] = {
    OURS: "sparkify etl",
    "clean": "as it is",
    "limited": "memory_limit 128 MB",
    "bad line": "one bad line in one of the log files",
    "sparse": "NULLs left out of the records",
    "packed": "logs as .json.gz",
    "new day": "one new day",
    "help": "--help",
    "smaller": "M, memory_limit 128 MB",
    "this": "L, memory_limit 128 MB",
}
"""How the tables call what was measured, where its name does not say it."""

GROUPS: Mapping[str, tuple[str, str]] = {
    "load": ("A whole load", OURS),
    "variants": ("A whole load under other conditions", "clean"),
    "shared": ("Session numbers that listeners and runs share", OURS),
    "everyday": ("Every day, on a loaded warehouse", "first load"),
    "bounded": ("Little memory", "smaller"),
}
"""What a group of measures is called, and against which of them the others are held."""


@dataclass(frozen=True)
class Table:
    """A table of texts; its first column is of words, the others mostly of figures."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def measured(results: Mapping[str, Any], group: str) -> Table:
    """Show what a group of measures cost: medians, and ratios to one of them."""
    title, base = GROUPS[group]
    against = runs_of(results, group, base)
    heads = ("", "wall s", "from to", "CPU s", "peak MB", f"wall / {titled(base)}", "rounds")
    names = results.get("runs", {}).get(group, {})
    rows = [
        _row(titled(name), runs, against)
        for name in names
        if (runs := runs_of(results, group, name))
    ]
    return Table(f"{title}, size {results['size']}", heads, rows)


def _row(title: str, runs: Sequence[Run], against: Sequence[Run]) -> tuple[str, ...]:
    walls = [run["wall"] for run in runs]
    return (
        title,
        f"{middle(runs):.2f}",
        f"{min(walls):.2f} to {max(walls):.2f}",
        f"{middle(runs, 'cpu'):.2f}",
        f"{middle(runs, 'peak'):.0f}",
        str(ratio(runs, against)) if against else "-",
        str(len(runs)),
    )


def grown(results: Mapping[str, Any]) -> Table:
    """Show what a load costs as history grows, for each event, and a day on top of it."""
    heads = ("history", "events", "first load s", "µs an event", "peak MB", "a day s", "its CPU s")
    rows = []
    for name, events in results.get("histories", {}).items():
        first, day = (runs_of(results, "growth", one) for one in (name, f"a day on {name}"))
        if first and day:
            costs = (middle(first), middle(first) / events * 1e6, middle(first, "peak"))
            shown = (f"{costs[0]:.2f}", f"{costs[1]:.2f}", f"{costs[2]:.0f}")
            rows.append(
                (name, f"{events:,}", *shown, f"{middle(day):.2f}", f"{middle(day, 'cpu'):.2f}")
            )
    return Table("As history grows", heads, rows)


def titled(name: str) -> str:
    """Return what the tables call something measured."""
    return PEERS[name].title if name in PEERS else TITLES.get(name, name)


def judged(results: Mapping[str, Any]) -> Table:
    """Show the targets of the design beside what was measured."""
    rows = [
        (one.what, one.target, one.measured, "yes" if one.reached else "no")
        for one in verdicts(results)
    ]
    return Table(f"Targets, size {results['size']}", ("", "target", "measured", "reached"), rows)


def differing(results: Mapping[str, Any]) -> Table:
    """Show which of the peers' tables are not row by row as ours, and why."""
    heads = ("", "table", "rows of ours", "of theirs", "lacking", "extra", "in columns", "why")
    rows = [row for name in results.get("differences", {}) for row in _differing(results, name)]
    return Table(f"Tables that differ, size {results['size']}", heads, rows)


def _differing(results: Mapping[str, Any], name: str) -> Iterator[tuple[str, ...]]:
    found = results["differences"][name]
    if "failed" in found:
        yield (titled(name), "-", "-", "-", "-", "-", "-", found["failed"])
        return
    for table, one in found.items():
        if not same(one):
            columns = ", ".join(f"{column} {count:,}" for column, count in one["columns"].items())
            counts = (one["rows"], one["their_rows"], one["missing"], one["extra"])
            yield (titled(name), table, *(f"{n:,}" for n in counts), columns, why(name, one))


def why(name: str, difference: Mapping[str, Any]) -> str:
    """Say why a table differs: what was measured, then what an experiment told."""
    explained = difference["missing"]
    causes = [
        f"{explained - left:,}: {cause}"
        for cause, left in difference.get("apart_from", {}).items()
        if left < explained
    ]
    unexplained = min([explained, *difference.get("apart_from", {}).values()])
    if unexplained and name in PEERS and PEERS[name].differs:
        causes.append(PEERS[name].differs)
    return "; ".join(causes)


def failed(results: Mapping[str, Any]) -> Table:
    """Show what did not run, and why."""
    rows = [
        (titled(name), group, _gist(reason))
        for group, names in results.get("failures", {}).items()
        for name, reason in names.items()
    ]
    return Table(f"Not measured, size {results['size']}", ("", "in", "why"), rows)


def _gist(reason: str) -> str:
    """Pick the line of what a program said that names the error."""
    lines = reason.splitlines() or [""]
    return next((line for line in reversed(lines) if "Error" in line), lines[-1]).strip()


def every(results: Mapping[str, Any]) -> list[Table]:
    """Return all tables of a size that have rows."""
    groups = [measured(results, group) for group in GROUPS if group in results.get("runs", {})]
    tables = [*groups, grown(results), differing(results), failed(results), judged(results)]
    return [table for table in tables if table.rows]
