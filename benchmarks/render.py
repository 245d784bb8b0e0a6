"""The generated parts of docs/performance.md, from the results in benchmarks/results/.

`python -m benchmarks.render` takes over the results of build/bench/, then `make docs` writes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .environments import versions
from .places import BUILD, RESULTS
from .tables import Table, differing, failed, grown, judged, measured
from .terminal import say

_NOT_MEASURED = "Not measured yet."


def kept(size: str) -> dict[str, Any] | None:
    """Return the results of a size that the document shows; None where there are none."""
    file = RESULTS / f"{size}.json"
    return json.loads(file.read_bytes()) if file.exists() else None


def markdown(table: Table) -> str:
    """Write a table in Markdown; nothing where it has no rows."""
    if not table.rows:
        return ""
    heads = "| " + " | ".join(table.heads) + " |"
    line = "| --- |" + " ---: |" * (len(table.heads) - 1)
    rows = [
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table.rows
    ]
    return "\n".join([heads, line, *rows])


def _each(make: Callable[[Mapping[str, Any]], Table], *sizes: str) -> str:
    """Write a table of each size that has results, under its title."""
    tables = [make(results) for size in sizes if (results := kept(size))]
    if not tables:
        return _NOT_MEASURED
    shown = [f"**{table.title}**\n\n{markdown(table)}" for table in tables if table.rows]
    return "\n\n".join(shown) or "None."


def _group(group: str) -> Callable[[Mapping[str, Any]], Table]:
    return lambda results: measured(results, group)


def _machine() -> str:
    rows = []
    for size in "SML":
        if results := kept(size):
            machine, data = results["machine"], results["data"]
            cores = f"{machine['cores']} cores, {machine['memory_gib']} GiB"
            rows.append(
                (
                    size,
                    results["date"],
                    f"{data['song_files']:,}",
                    f"{data['events']:,} in {data['log_files']} files",
                    f"{data['log_bytes'] / 1e6:,.0f} MB",
                    str(results["rounds"]),
                    f"{machine['processor']}, {cores}",
                    f"Python {machine['python']}, DuckDB {machine['duckdb']}",
                    machine["commit"],
                )
            )
    heads = ("size", "date", "song files", "events", "logs", "rounds", "machine", "with", "commit")
    return markdown(Table("", heads, rows)) or _NOT_MEASURED


def _versions() -> str:
    from .contenders import PEERS

    direct = {name: versions(name) for name, peer in PEERS.items() if peer.own}
    rows = [
        (PEERS[name].title, ", ".join(f"{one} {number}" for one, number in pinned.items()))
        for name, pinned in direct.items()
    ]
    return markdown(Table("", ("peer", "versions"), rows))


PARTS: Mapping[str, Callable[[], str]] = {
    "benchmark machine": _machine,
    "benchmark versions": _versions,
    "benchmark targets": lambda: _each(judged, *"SML"),
    "benchmark load": lambda: _each(_group("load"), *"SM"),
    "benchmark differences": lambda: _each(differing, *"SM"),
    "benchmark variants": lambda: _each(_group("variants"), *"SM"),
    "benchmark shared": lambda: _each(_group("shared"), *"SM"),
    "benchmark growth": lambda: _each(grown, "M"),
    "benchmark everyday": lambda: _each(_group("everyday"), "M"),
    "benchmark bounded": lambda: _each(_group("bounded"), "L"),
    "benchmark failures": lambda: _each(failed, *"SML"),
}


def main() -> None:
    """Take over the newest results of every size."""
    RESULTS.mkdir(exist_ok=True)
    for file in sorted(BUILD.glob("[SML].json")):
        shutil.copyfile(file, RESULTS / file.name)
        say(f"{Path('benchmarks/results') / file.name} is that of the newest run")


if __name__ == "__main__":
    main()
