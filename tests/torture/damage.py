"""Database files of another version, and damaged ones: told, refused, and not made worse."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

import duckdb

import child_loads
from duckdb_warehouse import Place
from small_world import FIRST, SECOND, Prepared
from sparkify.sql_queries import SCHEMA_VERSION, TABLES

from .commands import run_command
from .figures import Figure, Scale, none, tried
from .jobs import digest, held

Words = tuple[str, ...]

READING: tuple[Words, ...] = (
    ("status",),
    ("ask",),
    ("check",),
    ("rejects",),
    ("query", "SELECT * FROM users"),
)
WRITING: tuple[Words, ...] = (
    ("etl",),
    ("etl", "--no-answers"),
    ("etl", "--rebuild"),
    ("create-tables",),
    ("create-tables", "--drop", "--yes"),
)


def run_versions(scale: Scale, folder: Path) -> list[Figure]:
    """Every command, or a sample of them, on a warehouse of a newer version, and of one that no
    program made: refused, byte by byte as it was."""
    family = "another version of the schema"
    prepared = Prepared(folder / "version", FIRST)
    commands = [*READING, *WRITING, ("etl", "--dry-run"), ("export", str(folder / "exported"))]
    commands = [commands[number] for number in scale.numbers(len(commands), len(commands))]
    wrong = []
    for version, word in ((SCHEMA_VERSION + 1, "newer"), (0, "does not know")):
        place = prepared.copy(SECOND)
        with duckdb.connect(str(place.settings.database)) as connection:
            connection.execute(f"UPDATE warehouse_info SET schema_version = {version}")
        before = place.settings.database.read_bytes()
        for words in commands:
            ended = run_command(place.folder, words)
            told = [ended.wrong(5), "" if word in ended.said else f"not told: {ended.said}"]
            if place.settings.database.read_bytes() != before:
                told.append("the file was changed")
            wrong += [f"{word}, {' '.join(words)}: {one}" for one in told if one]
    times = 2 * len(commands)
    return [
        tried(family, "commands", times, times),
        none(family, "not refused, or files changed", wrong),
    ]


def run(scale: Scale, folder: Path) -> list[Figure]:
    """Files with parts flipped, overwritten, cut off, and what commands make of them."""
    family = "damaged files"
    damages = Damages(folder)
    numbers = scale.numbers(8, 160)
    for number in numbers:
        damages.once(number)
    return [
        tried(family, "damages", len(numbers), len(numbers)),
        tried(family, "damages told of", damages.told, len(numbers) // 8),
        none(family, "tracebacks, wrong answers, files made worse", damages.wrong),
    ]


class Damages:
    """Damages a file and runs a command on it. told: how often it said so."""

    def __init__(self, folder: Path) -> None:
        self.prepared = Prepared(folder / "damage", FIRST)
        self._after: dict[Words, tuple[str, str]] = {}
        self._whole = readable(self.prepared.copy(SECOND))
        self._published: dict[Words, dict[str, str]] = {}
        self.told = 0
        self.wrong: list[str] = []

    def _run_undamaged(self, words: Words) -> None:
        """Learn what a command says and leaves where nothing is damaged."""
        if words in self._after:
            return
        place = self.prepared.copy(SECOND)
        ended = run_command(place.folder, words)
        assert ended.code == 0, ended.said
        self._after[words] = (digest(held(place)), ended.said)
        if words in WRITING:
            self._published[words] = readable(place)

    def once(self, number: int) -> None:
        random = Random(f"damage {number}")
        words = random.choice((*WRITING, *READING))
        self._run_undamaged(words)
        place = self.prepared.copy(SECOND)
        how = damage(place.settings.database, random)
        found = readable(place)
        damaged = place.settings.database.read_bytes()
        ended = run_command(place.folder, words)
        self.told += ended.code == 5
        told = [ended.wrong(0, 5)]
        if words in READING:
            if place.settings.database.read_bytes() != damaged:
                told.append("reading changed the file")
            if ended.code == 0 and words[0] != "status" and ended.said != self._after[words][1]:
                told.append(f"answered otherwise: {ended.said[-800:]}")
        elif ended.code == 0:
            told += self._lost(place, words, found)
        else:
            told += self._changed(found, readable(place), words, ended.said)
        self.wrong += [f"{number}, {how}, {' '.join(words)}: {one}" for one in told if one]

    def _lost(
        self, place: Place, words: tuple[str, ...], before: Mapping[str, str]
    ) -> Iterator[str]:
        """Work that succeeded: what it left is right, as far as it was readable before."""
        now = readable(place)
        whole = self._after[words][0]
        if "damaged" not in {*before.values(), *now.values()} and digest(held(place)) != whole:
            yield "the tables differ"
        if "--drop" not in words:
            yield from _made_worse(before, now)

    def _changed(
        self, before: Mapping[str, str], now: Mapping[str, str], words: Words, said: str
    ) -> Iterator[str]:
        """Work that failed: every table is as it was, or, if it says so, as it had to become.

        A table that could not be read may be whole again, but with no other rows than it had: where
        an engine lets a file that was cut grow, zeros take the place of what was cut off, and there
        may have been nothing but zeros at the end of a block.
        """
        yield from _made_worse(before, now)
        published = "was published before" in said
        for table in before:
            allowed = {before[table]}
            if before[table] == "damaged":
                allowed.add(self._whole[table])
            if published:
                allowed.add(self._published[words][table])
            timed = published and table == "etl_runs"  # it holds the time of day
            if now[table] not in allowed and not timed:
                yield f"{table} was {before[table]} before and is {now[table]}"


def _made_worse(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for table in before:
        if before[table] != "damaged" and now[table] == "damaged":
            yield f"{table} was readable before and is damaged"


def damage(path: Path, random: Random) -> str:
    """Damage a file; says how."""
    content = bytearray(path.read_bytes())
    kind = random.choice(("flip", "flip", "flips", "overwrite", "zeros", "cut", "header", "empty"))
    place = random.randrange(len(content))
    match kind:
        case "flip":
            content[place] ^= 1 << random.randrange(8)
        case "flips":
            for _ in range(200):
                content[random.randrange(len(content))] ^= 1 << random.randrange(8)
        case "overwrite":
            content[place : place + 4096] = random.randbytes(min(4096, len(content) - place))
        case "zeros":
            length = random.choice((512, 4096, 262_144))
            content[place : place + length] = bytes(min(length, len(content) - place))
        case "cut":
            del content[place:]
        case "header":
            place = random.randrange(3 * 4096)
            content[place] ^= 1 << random.randrange(8)
        case _:
            content.clear()
    path.write_bytes(content)
    return f"{kind} at {place}"


def readable(place: Place) -> dict[str, str]:
    """What each table holds, as a digest, or that it cannot be read. The engine may crash of it."""
    answer = place.folder.parent / "readable.json"
    answer.unlink(missing_ok=True)
    if child_loads.run(read_tables, place.folder, answer):
        return dict.fromkeys(TABLES, "damaged")
    found: dict[str, str] = json.loads(answer.read_text(encoding="utf-8"))
    return found


def read_tables(folder: Path, answer: Path) -> None:
    """Read every table, in a process of its own."""
    found = {}
    for table in TABLES:
        try:
            with duckdb.connect(str(folder / "sparkify.duckdb"), read_only=True) as connection:
                rows = Counter(connection.execute(f"SELECT * FROM {table}").fetchall())
            found[table] = digest({table: rows})
        except duckdb.Error:
            found[table] = "damaged"
    answer.write_text(json.dumps(found), encoding="utf-8")
