"""Run the benchmarks of a size: `python -m benchmarks SIZE`."""

from __future__ import annotations

import argparse
import fcntl
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from . import datasets, environments, machine, measures
from .contenders import PEERS, chosen
from .measures import Session
from .places import BUILD, DATA
from .rounds import Results
from .tables import every
from .terminal import say, show

USUAL = {
    "S": "load,variants,shared,everyday",
    "M": "load,variants,shared,everyday,growth",
    "L": "bounded",
}


def main() -> None:
    """Measure, print the tables, and leave the figures in build/bench/SIZE.json."""
    options = _options()
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit("another benchmark runs here: wait for its end") from None
        _run(options)


def _run(options: argparse.Namespace) -> None:
    file = BUILD / f"{options.size}.json"
    results = Results(file)
    if options.go_on and file.exists():
        results.values = json.loads(file.read_bytes())
        results.values.pop("failures", None)
    data = datasets.generated(options.size, datasets.SIZES[options.size], options.data)
    results.values |= {
        "size": options.size,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine.described(),
        "data": data.described(),
        "rounds": max(options.rounds, results.values.get("rounds", 0)),
    }
    work = BUILD / "work"
    shutil.rmtree(work, ignore_errors=True)
    histories = tuple(int(one) for one in options.histories.split(","))
    session = Session(data, options.rounds, work, results, histories)
    for name in options.only.split(","):
        try:
            _measure(name, session, options)
        except (OSError, subprocess.CalledProcessError) as error:
            results.part("failures", name)["all"] = str(error)
            say(f"  {name} broke off: {error}")
        results.save()
    shutil.rmtree(work, ignore_errors=True)
    for table in every(results.values):
        show(table.title, table.heads, table.rows)
    say(f"\nThe figures are in {file}")


def _measure(name: str, session: Session, options: argparse.Namespace) -> None:
    if name == "load":
        names = chosen(options.size, options.peers)
        pinned = {one: environments.versions(one) for one in names}
        session.results.part("versions").update(
            {one: known for one, known in pinned.items() if known}
        )
        failures = environments.set_up(names)
        session.results.part("failures", "load").update(failures)
        measures.load(session, names)
    elif name == "bounded":
        smaller = datasets.generated("M", datasets.SIZES["M"], options.data)
        measures.bounded(session, smaller)
    else:
        measures.MEASURES[name](session)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("size", choices=sorted(datasets.SIZES))
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run (3)")
    parser.add_argument(
        "--peers", default="", help=f"of {', '.join(PEERS)}; without it those usual at the size"
    )
    parser.add_argument(
        "--only",
        default="",
        help=f"of load, bounded, {', '.join(measures.MEASURES)}; without it the usual",
    )
    parser.add_argument(
        "--histories", default="1,3,10,30", help="of growth, in millions of events (1,3,10,30)"
    )
    parser.add_argument(
        "--continue", dest="go_on", action="store_true", help="keep the rounds that are there"
    )
    parser.add_argument("--data", type=Path, default=DATA, help="where the data is kept")
    options = parser.parse_args()
    options.only = options.only or USUAL[options.size]
    if strange := {*options.only.split(",")} - {"load", "bounded", *measures.MEASURES}:
        parser.error(f"there is no measure {', '.join(sorted(strange))}")
    return options


if __name__ == "__main__":
    main()
