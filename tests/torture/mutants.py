"""Bad input at scale: thousands of spoiled files, loaded many at a time, against the reference.

The reference is the second implementation (`oracle`), which reads JSON with `strict_json`. For
each load the staged rows, every reject with its file and line, and all counts must be the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from duckdb_warehouse import Place, other_rejects
from oracle import File, Row, accept
from oracle_fields import Kind

from .bad_files import Mutant, mutant
from .figures import Figure, Scale, none, tried

FAMILY = "mutants"
_AT_A_TIME = 200
_KINDS: tuple[Kind, ...] = ("events", "songs")


class Outcome:
    """What came of all loads. crashes, losses, differences: a sentence for each."""

    def __init__(self) -> None:
        self.files = self.records = self.rejected = 0
        self.crashes: list[str] = []
        self.losses: list[str] = []
        self.differences: list[str] = []


def run(scale: Scale, folder: Path) -> list[Figure]:
    """Load the first half of the mutants, some hundred a load."""
    return run_some(range(scale.of(quick=200, full=5_000)), folder)


def run_more(scale: Scale, folder: Path) -> list[Figure]:
    """Load the second half."""
    return run_some(range(5_000, scale.of(quick=5_100, full=10_000)), folder)


def run_some(numbers: range, folder: Path, at_a_time: int = _AT_A_TIME) -> list[Figure]:
    """Load the mutants with these numbers."""
    outcome = Outcome()
    for first in range(numbers.start, numbers.stop, at_a_time):
        chosen = range(first, min(first + at_a_time, numbers.stop))
        try_load([mutant(number) for number in chosen], folder / str(first), outcome)
    return [
        tried(FAMILY, "mutants loaded", outcome.files, len(numbers)),
        tried(FAMILY, "records in them", outcome.records, 1),
        tried(FAMILY, "records rejected", outcome.rejected, 1),
        none(FAMILY, "crashes", outcome.crashes),
        none(FAMILY, "records lost", outcome.losses),
        none(FAMILY, "differences to the strict reader", outcome.differences),
    ]


def try_load(mutants: list[Mutant], folder: Path, outcome: Outcome) -> None:
    """Load some mutants at once; a load that breaks off is tried again in halves."""
    place = Place(folder)
    place.write([*_company(), *(one.file for one in mutants)])
    try:
        report = place.load()
    except Exception as error:
        if len(mutants) == 1:
            outcome.files += 1
            outcome.crashes.append(f"{mutants[0]}: {type(error).__name__}: {error}")
            return
        half = len(mutants) // 2
        for part in (mutants[:half], mutants[half:]):
            try_load(part, folder / str(part[0].number), outcome)
        return
    outcome.files += len(mutants)
    files = [*_company(), *(one.file for one in mutants)]
    names = {one.file.uri: str(one) for one in mutants}
    compare(place, report, files, names, outcome)


def compare(
    place: Place,
    report: dict[str, Any],
    files: list[File],
    names: dict[str, str],
    outcome: Outcome,
) -> None:
    """Compare a load with the reference. names: uri -> how to name the file in a note."""
    staged = accept(files)
    tables, rejects = place.held(report["run_id"])
    by_file = _read_by_file(place)
    bad = [one for one in rejects if one[3] != "conflict"]
    outcome.differences += other_rejects(bad, staged.rejects, names)
    clashes = Counter(one[0].partition("_")[0] for one in rejects if one[3] == "conflict")
    for kind in _KINDS:
        counts, tally = report[kind], staged.tally[kind]
        outcome.records += counts["read"]
        outcome.rejected += counts["rejected"]
        if counts["read"] != counts["staged"] + counts["duplicates"] + counts["rejected"]:
            outcome.losses.append(f"{place.folder.name}, {kind}: {counts} do not add up")
        conflicts = clashes["log" if kind == "events" else "song"]
        told = (counts["read"], counts["staged"], counts["rejected"], counts["duplicates"])
        least, most = staged.conflicts(kind)
        must = (
            *(tally.read, len(staged.rows[kind])),
            *(tally.rejected + conflicts, tally.repeated - conflicts),
        )
        if told != must or not least <= conflicts <= most:
            outcome.differences.append(
                f"{place.folder.name}, {kind}: read, staged, rejected, duplicates {told}, not "
                f"{must}; conflicts {conflicts} of {least} to {most}"
            )
        found = tables[f"staging_{kind}"]
        outcome.differences += _other_rows(kind, found, Counter(staged.rows[kind].values()))
    for uri, (read, rest) in by_file.items():
        if read != rest:
            outcome.losses.append(f"{names.get(uri, uri)}: {read} read, {rest} accounted for")


def _read_by_file(place: Place) -> dict[str, tuple[int, int]]:
    """For each file in the ledger: records read, and staged, duplicate and rejected ones."""
    (rows,) = place.read(
        "SELECT uri, records_read, records_staged + records_duplicate + records_rejected"
        " FROM loaded_files"
    )
    root = place.folder.resolve()
    return {str(Path(uri).relative_to(root)): (read, rest) for uri, read, rest in rows}


def _other_rows(kind: Kind, found: Counter[Row], must: Counter[Row]) -> Iterable[str]:
    for row in found - must:
        yield f"staging_{kind}: {row} is there and must not be"
    for row in must - found:
        yield f"staging_{kind}: {row} is not there"


def _company() -> list[File]:
    """A good file of each kind: neither source may be without any."""
    return [
        File(
            "log_data/good.json",
            "events",
            b'{"sessionId":1,"itemInSession":0,"ts":1542837407796,"page":"Home"}\n',
        ),
        File(
            "song_data/good.json",
            "songs",
            b'{"song_id":"SO","artist_id":"AR","title":"One","duration":200.5}\n',
        ),
    ]
