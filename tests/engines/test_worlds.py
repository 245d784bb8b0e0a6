"""The loader against the second implementation, on generated worlds, after every load.

Each world is loaded twice: in its batches, and at once with every record at another place and
among other neighbours. Nothing but conflicts may come out differently.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from duckdb_warehouse import Place, Tables, other_rejects
from oracle import (
    File,
    Row,
    Staged,
    accept,
    is_listed,
    newest_plays,
    pieces,
    refused,
    sessions,
    star,
    totals,
)
from sampling import chosen
from sparkify.errors import TooManyRejectedError
from worlds import KINDS, QUIRKS, Recipe, World, dealt_anew, recipe, recipes, world

WORLDS, PARTS = 200, 50


def expected(staged: Staged) -> Tables:
    """The tables that the second implementation makes."""
    tables: dict[str, list[Row]] = {
        **{f"staging_{kind}": list(staged.rows[kind].values()) for kind in KINDS},
        **star(staged),
        "newest_plays": newest_plays(staged),
        "sessions": sessions(staged),
        "totals": [totals(staged)],
    }
    return {name: Counter(rows) for name, rows in tables.items()}


EMPTY = [File("log_data/0.json", "events", b""), File("song_data/0.json", "songs", b"")]
"""No source may be without a file."""
GOOD = [
    File(
        "log_data/good.json",
        "events",
        b'{"sessionId":1,"itemInSession":0,"ts":1542837407796,"page":"Home"}',
    ),
    File(
        "song_data/good.json",
        "songs",
        b'{"song_id":"SO","artist_id":"AR","title":"One","duration":200.5}',
    ),
]
"""With them no load is refused for having nothing."""


class Loaded:
    """A place, and what must be in it.

    bad: reason and text of what it rejected, conflicts aside. taken: the files of all loads.
    waiting: files that no load took yet.
    """

    def __init__(self, folder: Path) -> None:
        self.place, self.staged = Place(folder), Staged()
        self.bad: Counter[Row] = Counter()
        self.taken: list[File] = []
        self._conflicts: Counter[str] = Counter()
        self.waiting: dict[str, File] = {}
        self._version = 0

    def load(self, files: list[File]) -> None:
        """Load what is new; compare counts, rejects and tables."""
        self.place.write(files, self._version)
        self._version += 1
        self.waiting |= {file.uri: file for file in files if is_listed(file.uri)}
        after = accept(self.waiting.values(), self.staged.copy())
        if refused(self.staged, after):
            with pytest.raises(TooManyRejectedError):
                self.place.load()
            tables, rejects = self.place.held()
            assert tables == expected(self.staged)
            bad = [one for one in rejects if one[3] != "conflict"]
            assert other_rejects(bad, after.rejects) == []
            return
        report = self.place.load()
        tables, rejects = self.place.held(report["run_id"] if self.waiting else -1)
        clashes = Counter(path.split("_")[0] for path, *_, why, _ in rejects if why == "conflict")
        for kind in KINDS:
            counts, old, new = report[kind], self.staged.tally[kind], after.tally[kind]
            clashed = clashes["log" if kind == "events" else "song"]
            assert counts["read"] == new.read - old.read
            assert counts["staged"] == len(after.rows[kind]) - len(self.staged.rows[kind])
            assert counts["rejected"] == new.rejected - old.rejected + clashed
            assert counts["duplicates"] == new.repeated - old.repeated - clashed
            assert counts["read"] == counts["staged"] + counts["duplicates"] + counts["rejected"]
            assert counts["mended"] == new.mended - old.mended
            self._conflicts[kind] += clashed
            least, most = after.conflicts(kind)
            assert least <= self._conflicts[kind] <= most
        bad = [one for one in rejects if one[3] != "conflict"]
        assert other_rejects(bad, after.rejects[len(self.staged.rejects) :]) == []
        assert tables == expected(after)
        self.bad.update(one[3:] for one in bad)
        self.taken += self.waiting.values()
        self.staged, self.waiting = after, {}


def check_world(loads: World, folder: Path, *, thorough: bool = True) -> None:
    """Load a world batch by batch, and its records dealt anew.

    thorough: then once more with nothing new, then rebuild.
    """
    in_batches, anew = Loaded(folder / "in batches"), Loaded(folder / "anew")
    for files in loads:
        in_batches.load(files)
    if in_batches.waiting:
        in_batches.load(GOOD)
    if thorough:
        in_batches.load([])
        in_batches.place.load(rebuild=True)
        assert in_batches.place.held(-1)[0] == expected(in_batches.staged)
    taken = in_batches.taken
    anew.load([*EMPTY, *dealt_anew(taken, Random(len(taken)))])
    assert anew.staged.rows == in_batches.staged.rows
    assert anew.bad == in_batches.bad


@pytest.mark.sampled(of=50)
@pytest.mark.parametrize("part", range(PARTS))
def test_worlds_load_as_the_rules_say(part: int, tmp_path: Path) -> None:
    for number in range(part, WORLDS, PARTS):
        check_world(world(recipe(number)), tmp_path / str(number), thorough=number % 7 == 0)


def test_worlds_of_hypothesis_load_as_the_rules_say(seed: int | None) -> None:
    @hypothesis_settings(
        max_examples=25 if seed is None else 3,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(recipe=recipes())
    def check(recipe: Recipe) -> None:
        with tempfile.TemporaryDirectory() as folder:
            check_world(world(recipe), Path(folder))

    check()


def every_file(seed: int | None) -> Iterator[list[File]]:
    """The files of each world, or of one in four."""
    for number in chosen(range(WORLDS), 4, seed):
        yield [file for files in world(recipe(number)) for file in files]


def test_the_worlds_have_what_they_are_made_for() -> None:
    reasons: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for files in every_file(seed=None):
        staged = accept(files)
        plain = accept(files, Staged(mend=False))
        reasons.update(reason for reject in staged.rejects for reason in reject.reasons)
        tables = star(staged)
        found["matched"] += sum(play[4] is not None for play in tables["songplays"])
        found["twice"] += max(Counter(user[0] for user in tables["users"]).values(), default=0) > 1
        found["conflicts"] += sum(staged.conflicts(kind)[0] for kind in KINDS)
        found["mended"] += sum(staged.rows[kind] != plain.rows[kind] for kind in KINDS)
        found["later runs"] += sum(session[2] > 1 for session in sessions(staged))
        numbers = {(session[0], session[1]) for session in sessions(staged)}
        found["shared numbers"] += len(numbers) - len({number for _, number in numbers})
        found["within a line"] += sum(reject.place > 1 for reject in staged.rejects)
        found["damaged gzip"] += sum(reject.line == 0 for reject in staged.rejects)
        found["passed over"] += sum(not is_listed(file.uri) for file in files)
    assert set(reasons) == {"not_json", "encoding", "missing", "type", "range", "too_long"}
    assert min(reasons.values()) > 50
    assert {name: times for name, times in found.items() if times <= 50} == {}
    assert {quirk for number in range(WORLDS) for quirk in recipe(number).quirks} == set(QUIRKS)


def test_dealt_anew_every_record_is_there(seed: int | None) -> None:
    for number, files in enumerate(every_file(seed)):
        files = [file for file in files if is_listed(file.uri)]
        dealt = dealt_anew(files, Random(number))
        assert {file.content for file in dealt} != {file.content for file in files}
        before, after = (
            Counter((file.kind, piece.content) for file in some for piece in pieces(file))
            for some in (files, dealt)
        )
        assert not before - after
        assert set(after) == set(before)
