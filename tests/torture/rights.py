"""Folders that are read-only, files that may not be read: told what and where; nothing changed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from duckdb_warehouse import Place
from small_world import FIRST, SECOND, Prepared

from .commands import WORDS, run_command
from .figures import Figure, Scale, none, tried
from .jobs import difference, held

_NOBODY = 65534


@dataclass(frozen=True)
class Case:
    """What is forbidden, the command, its exit code, and what it must name."""

    forbid: Callable[[Place], object]
    words: Sequence[str]
    code: int
    told: str


def _set(place: Place, name: str, mode: int) -> None:
    (place.folder / name).chmod(mode)


def _mode(name: str, mode: int) -> Callable[[Place], object]:
    return partial(_set, name=name, mode=mode)


def _no_database(place: Place) -> None:
    place.settings.database.unlink()
    place.folder.chmod(0o555)


ETL, ASK = ("etl", "--no-answers"), ("ask",)
_OPEN = "cannot be opened"
CASES = {
    "the folder of the warehouse is read-only": Case(_mode("", 0o555), ETL, 5, "permissions"),
    "the same, asking": Case(_mode("", 0o555), ASK, 0, ""),
    "the same, and no warehouse yet": Case(_no_database, ETL, 5, _OPEN),
    "the warehouse is read-only": Case(_mode("sparkify.duckdb", 0o444), ETL, 5, _OPEN),
    "the same, checking": Case(_mode("sparkify.duckdb", 0o444), ("check",), 0, ""),
    "the same, destroying": Case(
        _mode("sparkify.duckdb", 0o444), WORDS["create-tables --drop"], 5, _OPEN
    ),
    "the warehouse may not be read": Case(_mode("sparkify.duckdb", 0), ETL, 5, _OPEN),
    "the same, asking for it": Case(_mode("sparkify.duckdb", 0), ASK, 5, _OPEN),
    "a log file may not be read": Case(_mode("log_data/3.json", 0), ETL, 4, "3.json"),
    "a song file may not be read": Case(_mode("song_data/5.json", 0), ETL, 4, "5.json"),
    "the same, with --verify": Case(_mode("song_data/5.json", 0), WORDS["--verify"], 4, "5.json"),
    "a folder of the sources may not be read": Case(_mode("log_data", 0), ETL, 4, "log_data"),
    "no folder for temporary files": Case(_mode("../temporary", 0o555), ETL, 5, "TMPDIR"),
}


def forbidden(case: Case, place: Place) -> None:
    """In the child: load what a command may need, then forbid, then become who is bound by it."""
    from sparkify import analysis, cli, quality, sql_queries, status  # noqa: F401

    sql_queries.catalogue()
    for words in (["etl", "--dry-run"], ["status"], ["ask", "--list"]):
        with contextlib.suppress(SystemExit):
            cli.main(words)
    os.ftruncate(1, 0)
    os.lseek(1, 0, os.SEEK_SET)
    case.forbid(place)
    if os.getuid() == 0:  # permissions do not bind root
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)


def run(scale: Scale, folder: Path) -> list[Figure]:
    """Every case, whatever the scale, or a sample of them."""
    family = "permissions"
    wrong: list[str] = []
    cases = [[*CASES.items()][number] for number in scale.numbers(len(CASES), len(CASES))]
    # nobody can pass the folders that tests are given
    with tempfile.TemporaryDirectory(prefix="torture-rights-") as name:
        Path(name).chmod(0o755)
        for number, (what, case) in enumerate(cases):
            wrong += [f"{what}: {one}" for one in _case(case, Path(name) / str(number))]
    return [
        tried(family, "cases", len(cases), len(cases)),
        none(family, "differences, other exit codes", wrong),
    ]


def _case(case: Case, folder: Path) -> list[str]:
    prepared = Prepared(folder, FIRST)
    place = prepared.copy(SECOND)
    (folder / "said").touch()
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777)
    (folder / "temporary").mkdir(mode=0o777)
    (folder / "temporary").chmod(0o777)
    before = held(place)
    ended = run_command(place.folder, case.words, partial(forbidden, case, place), saying=folder)
    for path in (place.folder, *place.folder.iterdir(), folder / "temporary"):
        path.chmod(0o777)
    told = [ended.wrong(case.code)]
    if case.told not in ended.said:
        told.append(f"not told {case.told}: {ended.said[-500:]}")
    if case.forbid is not _no_database:
        told.append(difference(held(place), before))
    place.load()
    return [one for one in told if one]
