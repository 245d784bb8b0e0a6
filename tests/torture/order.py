"""Order and repetition: whatever way the same records come, the tables are the same.

A delivery is a schedule: loads, each a list of files that are written before it. The same versions
of the same files come in any order, split into any loads, more than once, under other names,
half of a file first, songs after their plays. What no load brought comes with a last one.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from hypothesis import strategies as st

from duckdb_warehouse import Place, Tables
from oracle import File, Row, Staged, accept, star
from small_world import FIRST, SECOND
from sparkify.errors import TooManyRejectedError
from worlds import KINDS, Recipe, world

from .figures import Figure, Scale, exactly, none, tried
from .jobs import digest
from .months import batches

WAYS = ("as it is", "as it is", "renamed", "half of it", "once more")
Step = tuple[int, str]
"""The number of a version of a file, and the way in which it comes."""
Schedule = list[list[Step]]


@cache
def versions() -> list[File]:
    """Every version of some files: plays, songs, conflicts, bad lines, and odd spellings."""
    quirks = frozenset({"repeats", "bad lines", "spellings", "many songs a file", "changed files"})
    odd = [
        File(file.uri.replace("_data/", "_data/odd/", 1), file.kind, file.content)
        for files in world(Recipe(9, 60, 16, 2, quirks))
        for file in files
    ]
    third = list(batches()[2])
    return [*FIRST, *SECOND, *odd, *third[:3], *third[-8:]]


def schedules(number: int) -> st.SearchStrategy[Schedule]:
    """Schedules of a number of versions, as hypothesis likes them."""
    step = st.tuples(st.integers(0, number - 1), st.sampled_from(WAYS))
    return st.lists(st.lists(step, min_size=1, max_size=number), max_size=3)


def schedule(random: Random, number: int) -> Schedule:
    """A permutation of all versions, some of them twice, in up to four loads."""
    steps = [(n, random.choice(WAYS)) for n in range(number)]
    steps += [(random.randrange(number), random.choice(WAYS)) for _ in range(random.randrange(6))]
    random.shuffle(steps)
    cuts = sorted(random.randrange(len(steps)) for _ in range(random.randrange(4)))
    loads = [steps[a:b] for a, b in zip([0, *cuts], [*cuts, len(steps)], strict=True)]
    return [steps for steps in loads if steps]


def files_of(loads: Schedule, known: list[File]) -> Iterator[list[File]]:
    """What is written before each load. Where two versions of a file fall into one, the later one
    of them goes under another name, for a folder holds one of them only."""
    brought: set[int] = set()
    for number, steps in enumerate(loads):
        files: dict[str, File] = {}
        for n, way in steps:
            file = _delivered(known[n], way, f"{number}-{len(files)}")
            if way != "half of it":
                brought.add(n)
            if file.uri in files and files[file.uri] != file:
                file = _renamed(file, f"{number}-{len(files)}-too")
            files[file.uri] = file
        yield list(files.values())
    yield [_renamed(known[n], f"rest-{n}") for n in range(len(known)) if n not in brought]


def _delivered(file: File, way: str, where: str) -> File:
    if way == "renamed":
        return _renamed(file, where)
    if way == "half of it" and file.kind == "events" and file.uri.endswith(".json"):
        lines = file.content.split(b"\n")
        return File(file.uri, file.kind, b"\n".join(lines[: len(lines) // 2]))
    return file


def _renamed(file: File, where: str) -> File:
    folder, _, rest = file.uri.partition("/")
    return File(f"{folder}/copy-{where}/{rest}", file.kind, file.content)


def outcome(place: Place, loads: Schedule, known: list[File]) -> tuple[Tables, frozenset[Row]]:
    """Deliver; returns the tables, and what was rejected for other reasons than its key."""
    for version, files in enumerate(files_of(loads, known)):
        if files or not version:
            place.write([*files, *_needed(place)], version)
            # Half of a file may be one bad record, and the first load then has nothing to stage.
            with suppress(TooManyRejectedError):
                place.load()
    (rejects,) = place.read(
        "SELECT DISTINCT kind, reason, raw_text FROM rejected_records WHERE reason <> 'conflict'"
    )
    return place.state(-1)[0], frozenset(rejects)


def _needed(place: Place) -> list[File]:
    """A load wants at least one file of each kind: an empty one where there is none yet."""
    empty = File("log_data/empty.json", "events", b""), File("song_data/empty.json", "songs", b"")
    return [file for file in empty if not (place.folder / file.uri).exists()]


def wanted(known: list[File]) -> Tables:
    """What the second implementation makes of all versions."""
    staged: Staged = accept(known)
    tables = {f"staging_{kind}": Counter(staged.rows[kind].values()) for kind in KINDS}
    return tables | {name: Counter(rows) for name, rows in star(staged).items()}


@dataclass(frozen=True)
class Known:
    """What must come out of a set of versions."""

    digest: str
    rejects: frozenset[Row]

    @classmethod
    def of(cls, folder: Path, known: list[File]) -> Known:
        """Take the tables from the second implementation, the rejects from one load of all."""
        _, rejects = outcome(Place(folder), [], known)
        return cls(digest(wanted(known)), rejects)


def wrong(place: Place, loads: Schedule, known: list[File], must: Known) -> str:
    """Deliver; what is not as it must be, if anything."""
    tables, rejects = outcome(place, loads, known)
    if digest(tables) != must.digest:
        return "the tables differ"
    if must.rejects - rejects:
        return f"not rejected: {next(iter(must.rejects - rejects))}"
    # half of a file may look like no text at all, which is a reject of its own
    if rejects - must.rejects and not any(way == "half of it" for load in loads for _, way in load):
        return f"rejected besides: {next(iter(rejects - must.rejects))}"
    return ""


def run(scale: Scale, folder: Path) -> list[Figure]:
    """Half of the permutations."""
    return _permutations("order and repetition", scale.numbers(5, 250), folder)


def run_more(scale: Scale, folder: Path) -> list[Figure]:
    """The other half, and files that are changed and changed back."""
    numbers = [250 + number for number in scale.numbers(5, 250)]
    back = scale.numbers(2, 50)
    family = "changed and changed back"
    found = [_back_and_forth(folder / f"back {n}", Random(f"back {n}")) for n in back]
    return [
        *_permutations("order and repetition, more", numbers, folder),
        tried(family, "files", len(found), len(back)),
        none(family, "differences", [f"{n}: {one}" for n, one in enumerate(found) if one]),
    ]


def _permutations(family: str, numbers: list[int], folder: Path) -> list[Figure]:
    known = versions()
    must = Known.of(folder / "all at once", known)
    bad = []
    for number in numbers:
        place = Place(folder / str(number))
        loads = schedule(Random(f"schedule {number}"), len(known))
        if one := wrong(place, loads, known, must):
            bad.append(f"schedule {number}: {one}")
        shutil.rmtree(place.folder)
    digests = 1 + len(bad)
    return [
        tried(family, "permutations", len(numbers), len(numbers)),
        exactly(family, "digests", digests, 1, bad),
    ]


def _back_and_forth(folder: Path, random: Random) -> str:
    """One version, another, the first again: as both of them once, in either order."""
    known = versions()
    one, other = random.sample([file for file in known if file.kind == "events"], 2)
    other = File(one.uri, one.kind, other.content)
    rest = [file for file in known if file.kind == "songs"]
    digests = set()
    for ways in ((one, other, one), (one, other), (other, one), (other, one, other, one)):
        place = Place(folder / str(len(ways)) / str(ways[0] is one))
        place.write(rest)
        for version, file in enumerate(ways):
            place.write([file], version)
            place.load()
        digests.add(digest(place.state(-1)[0]))
    shutil.rmtree(folder)
    return "" if len(digests) == 1 else f"{len(digests)} digests"
