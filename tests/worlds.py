"""Small adversarial worlds: log and song files with every quirk of the real ones and some more.

A world follows from its recipe alone. hypothesis draws recipes (and shrinks them: fewer records,
fewer quirks); `recipe(number)` gives the same worlds again without it.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from random import Random

from hypothesis import strategies as st

from oracle import File
from oracle_fields import Kind
from world_records import Record, bad_line, event, repeated, song, spelled, spoiled

KINDS: tuple[Kind, ...] = ("events", "songs")
World = list[list[File]]
"""Loads, each the files that are written before it; uri: a path below the folder of the world."""

QUIRKS = (
    "bad fields",  # a field that breaks a rule, in a record that is JSON
    "bad lines",  # lines that are no record at all
    "repeats",  # the same key again, with equal or other content
    "missing fields",
    "unknown fields",
    "spellings",  # 7.0 and 7e0, escapes, keys in any order, blanks
    "wide texts",  # at and around the widths in bytes
    "extremes",  # both ends of the ranges
    "line ends",  # CRLF, blank lines, no newline at the end
    "byte order mark",
    "gzip",
    "pretty songs",  # a song over several lines
    "many songs a file",
    "empty files",
    "changed files",  # a file grows, shrinks, or is written again as it was
)


@dataclass(frozen=True)
class Recipe:
    """All that a world depends on. events, songs: records to make; loads: batches of files."""

    seed: int
    events: int
    songs: int
    loads: int
    quirks: frozenset[str]


def recipes(most_events: int = 40, most_songs: int = 10) -> st.SearchStrategy[Recipe]:
    """Recipes as hypothesis likes them."""
    return st.builds(
        Recipe,
        seed=st.integers(0, 2**32),
        events=st.integers(1, most_events),
        songs=st.integers(1, most_songs),
        loads=st.integers(1, 3),
        quirks=st.frozensets(st.sampled_from(QUIRKS)),
    )


def recipe(number: int) -> Recipe:
    """The recipe with this number: always the same."""
    random = Random(f"recipe {number}")
    return Recipe(
        seed=number,
        events=random.randint(1, 50),
        songs=random.randint(1, 12),
        loads=random.choice((1, 1, 1, 2, 2, 3)),
        quirks=frozenset(quirk for quirk in QUIRKS if random.random() < 0.6),
    )


def world(recipe: Recipe) -> World:
    """Make the world of a recipe. The first load has at least one file of each kind."""
    random = Random(f"{recipe.seed} files")
    loads: World = [[] for _ in range(recipe.loads)]
    for kind in KINDS:
        lines = [line(recipe, kind, n) for n in range(getattr(recipe, kind))]
        files = in_files(recipe, kind, lines, random)
        for file in files[1:]:
            random.choice(loads).append(file)
        loads[0].append(files[0])
    if "changed files" in recipe.quirks:
        change(recipe, loads, random)
    for files in loads:
        random.shuffle(files)
    return loads


def line(recipe: Recipe, kind: Kind, number: int) -> bytes:
    """One record of a log or song file, good or bad; the same however many come after it."""

    def made(n: int) -> Record:
        random = Random(f"{recipe.seed} {kind} {n}")
        record = (event if kind == "events" else song)(random, recipe.quirks)
        if n and "repeats" in recipe.quirks and random.random() < 0.3:
            record = repeated(kind, made(random.randrange(n)), record, random)
        return record

    random = Random(f"{recipe.seed} {kind} {number} spelled")
    record = made(number)
    if "bad lines" in recipe.quirks and random.random() < 0.15:
        return bad_line(kind, record, random)
    if "bad fields" in recipe.quirks and random.random() < 0.2:
        record = spoiled(kind, record, random)
    return spelled(record, random, recipe.quirks)


def in_files(recipe: Recipe, kind: Kind, lines: list[bytes], random: Random) -> list[File]:
    """Share lines out to files."""
    most = 20 if kind == "events" else 4 if "many songs a file" in recipe.quirks else 1
    files: list[File] = []
    while lines:
        size = random.randint(1, most)
        files.append(file(recipe, kind, len(files), lines[:size], random))
        lines = lines[size:]
    if "empty files" in recipe.quirks:
        empty = random.choice((b"", b"\n", b" \r\n\t\n"))
        files.insert(random.randrange(2), File(path(kind, len(files), ".json"), kind, empty))
    return files


def path(kind: Kind, number: int, ending: str) -> str:
    if kind == "events":
        return f"log_data/2018/{number % 3 + 10}/day {number}-events{ending}"
    return f"song_data/A/{'BC'[number % 2]}/TR{number}{ending}"


def file(recipe: Recipe, kind: Kind, number: int, lines: list[bytes], random: Random) -> File:
    quirks = recipe.quirks
    if kind == "songs" and len(lines) > 1:
        # among lines that are no objects nobody can tell where a song begins: one is a good one
        lines = [*lines, spelled(song(random, frozenset()), random, frozenset())]
    newline, end = b"\n", random.choice((b"", b"\n"))
    if "line ends" in quirks:
        newline = random.choice((b"\n", b"\r\n", b"\n\n", b"\n \t\n"))
        end = random.choice((b"", b"\n", b"\r\n", b"\n\n\n"))
    content = newline.join(lines) + end
    if kind == "songs" and len(lines) == 1 and "pretty songs" in quirks and random.random() < 0.5:
        content = content.replace(b"{", b"{" + newline + b"  ", 1).replace(b',"', b',\n "')
    if "byte order mark" in quirks and random.random() < 0.3:
        content = b"\xef\xbb\xbf" + content
    if "gzip" in quirks and random.random() < 0.3:
        return File(path(kind, number, ".json.gz"), kind, gzip.compress(content, mtime=0))
    if "gzip" in quirks and random.random() < 0.1:
        content = gzip.compress(content, mtime=0)  # by mistake, under the name of a text
    return File(path(kind, number, ".json"), kind, content)


def change(recipe: Recipe, loads: World, random: Random) -> None:
    """Write some files again in later loads: longer, shorter, or as they were."""
    for number, files in enumerate(loads[:-1]):
        for old in files:
            plain = old.uri.endswith(".json") and not old.content.startswith(b"\x1f\x8b")
            if random.random() < 0.6 or not plain:
                continue
            more = line(recipe, old.kind, random.randrange(1000, 1100))
            if old.kind == "songs":
                more = spelled(song(random, frozenset()), random, frozenset())
            content = random.choice((old.content, old.content + b"\n" + more, more))
            later = loads[random.randrange(number + 1, len(loads))]
            if old.uri not in {file.uri for file in later}:
                later.append(File(old.uri, old.kind, content))
