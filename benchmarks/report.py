"""The tables of a run on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .comparing import same
from .contenders import OURS, PEERS
from .figures import middle, ratio, runs_of
from .terminal import show


def show_all(results: Mapping[str, Any]) -> None:
    """Print one table a measure, what failed, and where a peer's tables differ from ours."""
    for group in results.get("runs", {}):
        _show_group(results, group)
    for name, tables in results.get("differences", {}).items():
        if "failed" in tables:
            print(f"{name}: its tables cannot be compared: {tables['failed']}")
            continue
        for table, found in tables.items():
            if not same(found):
                print(f"{name}: {table}: {found}")
    for group, failed in results.get("failures", {}).items():
        for name, why in failed.items():
            print(f"{group}: {name}: {why}")


def _show_group(results: Mapping[str, Any], group: str) -> None:
    names = [name for name in results["runs"][group] if runs_of(results, group, name)]
    if not names:
        return
    base = names[0]
    rows = []
    for name in names:
        runs = runs_of(results, group, name)
        title = PEERS[name].title if name in PEERS else name
        rows.append(
            (
                title,
                f"{middle(runs):.2f}",
                f"{middle(runs, 'cpu'):.2f}",
                f"{middle(runs, 'peak'):.0f}",
                str(ratio(runs, runs_of(results, group, base))),
                str(len(runs)),
            )
        )
    heads = ("", "wall s", "CPU s", "peak MB", f"times {OURS if group == 'load' else base}", "runs")
    show(f"{group}, size {results['size']}", heads, rows)
