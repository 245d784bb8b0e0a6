"""Small adversarial worlds: log and song files with every quirk of the real ones and some more.

A world follows from its recipe alone. hypothesis draws recipes (and shrinks them: fewer records,
fewer quirks); `recipe(number)` gives the same worlds again without it. `dealt_anew` gives the
records of a world other places and other neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from random import Random

from hypothesis import strategies as st

from oracle import File, is_listed, pieces, record
from oracle_fields import Kind
from oracle_records import is_no_log, packed
from world_records import Record, bad_line, event, lenient, repeated, song, spelled, spoiled

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
    "damaged gzip",  # cut, wrong, or with something behind it
    "several on a line",
    "no log at all",  # arrays, pages, other encodings, archives
    "not by the letter",  # commas before an end, words for numbers: they pass
    "folders that say something",  # level=paid, _x=1, source_file=5
    "not listed",  # names that are passed over
    "shared sessions",  # numbers of several listeners, one listener's number used twice
    "numbers for names",
    "encoded twice",
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
    if "not by the letter" in recipe.quirks and random.random() < 0.2:
        return lenient(record, random)
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
    if "no log at all" in recipe.quirks:
        content = no_log(kind, line(recipe, kind, 0), random)
        files.insert(random.randrange(2), File(path(kind, len(files), ".json"), kind, content))
    if "not listed" in recipe.quirks:
        good = spelled((event if kind == "events" else song)(random, frozenset()), random, NONE)
        name = random.choice(("_temporary/0/a.json", ".a.json", "_a.jsonl", "a.txt", "x/.b/a.json"))
        files.insert(1, File(f"{path(kind, 0, '').split('/')[0]}/{name}", kind, good))
    if "empty files" in recipe.quirks:
        empty = random.choice((b"", b"\n", b" \r\n\t\n"))
        files.insert(random.randrange(2), File(path(kind, len(files), ".json"), kind, empty))
    return files


def path(kind: Kind, number: int, ending: str, folder: str = "") -> str:
    if kind == "events":
        return f"log_data/2018/{folder}{number % 3 + 10}/day {number}-events{ending}"
    return f"song_data/A/{folder}{'BC'[number % 2]}/TR{number}{ending}"


NONE: frozenset[str] = frozenset()
FOLDERS = (
    *(
        "level=paid/",
        "level=free/userid=7/",
        "source_file=5/",
        "_x=1/",
        "event_ms=0/",
        "song_id=SO9/",
    ),
    *("title=x/", "ts=2018-11-01/", "a%20b/", "é 🎧/", "doubt=1/", "filename=x/", "page=Home/"),
)


def file(recipe: Recipe, kind: Kind, number: int, lines: list[bytes], random: Random) -> File:
    quirks = recipe.quirks
    if len(lines) > 1 or not is_object(kind, lines[0]):
        # a file in which nothing is a record may be no log at all, or a song over several lines
        lines = [*lines, spelled((event if kind == "events" else song)(random, NONE), random, NONE)]
    newline, end = b"\n", random.choice((b"", b"\n"))
    if "line ends" in quirks:
        newline = random.choice((b"\n", b"\r\n", b"\n\n", b"\n \t\n"))
        end = random.choice((b"", b"\n", b"\r\n", b"\n\n\n"))
    content = on_lines(kind, lines, newline, random, quirks) + end
    if kind == "songs" and len(lines) == 1 and "pretty songs" in quirks and random.random() < 0.5:
        content = content.replace(b"{", b"{" + newline + b"  ", 1).replace(b',"', b',\n "')
    if "byte order mark" in quirks and random.random() < 0.3:
        content = BYTE_ORDER_MARK + content
    return under_a_name(kind, number, content, random, quirks)


BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@lru_cache(maxsize=10_000)
def is_object(kind: Kind, content: bytes) -> bool:
    """Whether a line is one record and nothing else, good or not."""
    return all(
        one.content == content and not one.wrong for one in pieces(File("a.json", kind, content))
    )


def on_lines(
    kind: Kind, lines: list[bytes], newline: bytes, random: Random, quirks: frozenset[str]
) -> bytes:
    """Records one behind the other: each on a line of its own, or some of them not."""
    content = [lines[0]]
    for before, line in pairwise(lines):
        between = newline
        if "several on a line" in quirks and is_object(kind, line) and random.random() < 0.4:
            between = random.choice((b"", b" ", b"\t"))
            if not between and not is_object(kind, before):
                between = b" "
        elif "byte order mark" in quirks and is_object(kind, line) and random.random() < 0.1:
            between += BYTE_ORDER_MARK
        content += [between, line]
    return b"".join(content)


def under_a_name(
    kind: Kind, number: int, content: bytes, random: Random, quirks: frozenset[str]
) -> File:
    """The file: packed or not, in one piece or not, with any ending and in any folder."""
    folder = random.choice(FOLDERS) if "folders that say something" in quirks else ""
    ending = random.choice((".json", ".jsonl", ".ndjson")) if "not listed" in quirks else ".json"
    if "gzip" in quirks and random.random() < 0.3:
        ending += ".gz"
        if random.random() < 0.3 and (cut := content.rfind(b"\n") + 1):
            content = packed(content[:cut]) + packed(content[cut:])  # two members
        else:
            content = packed(content)
        if "damaged gzip" in quirks and random.random() < 0.5:
            tails = (b"\0\0\0", b"\r\n", b"tail", b"\x1f\x8b\x08 no gzip")
            spoilt = (content[: len(content) * 2 // 3], content[:-8], content[:-4] + b"xxxx")
            content = random.choice((*spoilt, *(content + tail for tail in tails)))
    elif "no log at all" in quirks and random.random() < 0.1:
        content = packed(content)  # by mistake, under the name of a text
    return File(path(kind, number, ending, folder), kind, content)


def no_log(kind: Kind, line: bytes, random: Random) -> bytes:
    """A file that is no log at all."""
    good = spelled((event if kind == "events" else song)(random, NONE), random, NONE)
    kinds = [
        *(b"[" + good + b"]", b"[\n" + good + b",\n" + good + b"\n]\n", b"[]"),
        *(b"<!DOCTYPE html>\n<html>\n</html>\n", b'<?xml version="1.0"?>\n<a/>'),
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        *((good.decode() + "\n").encode(f"utf-{code}") for code in ("16", "16-le", "16-be", "32")),
        *(packed(line), b"PK\x03\x04" + bytes(range(256)), b"PAR1" + bytes(99) + b"PAR1"),
        *(bytes(range(256)) * 3, b"SQLite format 3\0" + bytes(1000)),
    ]
    if kind == "events":
        kinds.append(good.replace(b",", b",\n") + b"\n" + good.replace(b",", b",\n"))
    return random.choice(kinds)


ALL_PLACES = frozenset({"folders that say something", "not listed", "gzip", "several on a line"})


def dealt_anew(files: Iterable[File], random: Random) -> list[File]:
    """The records of files in other files: in any order, at other places, by other neighbours.

    What is wrong with a whole file stays with it, and so does all that is in it.
    """
    dealt: list[File] = []
    for kind in KINDS:
        records: list[bytes] = []
        damage: list[bytes] = []
        for file in files:
            if file.kind != kind or not is_listed(file.uri):
                continue
            found = pieces(file)
            if is_no_log(file) or any(not piece.line for piece in found):
                ending = file.uri[file.uri.index(".") :]
                dealt.append(File(path(kind, len(dealt), ending, "odd/"), kind, file.content))
                continue
            records += [piece.content for piece in found if not piece.wrong]
            damage += [piece.content for piece in found if piece.wrong]
        dealt += _dealt(kind, records, damage, len(dealt), random)
    return dealt


def _dealt(
    kind: Kind, records: list[bytes], damage: list[bytes], first: int, random: Random
) -> list[File]:
    """Share records out, with the damage among them; a file with damage has a record, too."""
    random.shuffle(records)
    on_many_lines = [[one] for one in records if b"\n" in one]
    records = [one for one in records if b"\n" not in one]
    groups: list[list[bytes]] = []
    while records:
        size = random.randint(1, random.choice((2, 9, 99)))
        groups.append(records[:size])
        records = records[size:]
    for one in damage:
        group = random.choice(groups)
        group.insert(random.randint(0, len(group)), one)
    if groups and kind == "events" and random.random() < 0.1:
        group = random.choice(groups)
        group[:0] = [one for one in group if record(kind, one)[0]][:1] * 1_005
    return [
        under_a_name(
            kind, number, on_lines(kind, group, b"\n", random, ALL_PLACES), random, ALL_PLACES
        )
        for number, group in enumerate(groups + on_many_lines, first)
    ]


def change(recipe: Recipe, loads: World, random: Random) -> None:
    """Write some files again in later loads: longer, shorter, or as they were."""
    for number, files in enumerate(loads[:-1]):
        for old in files:
            plain = not old.uri.endswith(".gz") and is_listed(old.uri) and not is_no_log(old)
            if random.random() < 0.6 or not plain:
                continue
            more = line(recipe, old.kind, random.randrange(1000, 1100))
            if old.kind == "songs":
                more = spelled(song(random, NONE), random, NONE)
            elif not is_object(old.kind, more):
                more += b"\n" + spelled(event(random, NONE), random, NONE)
            content = random.choice((old.content, old.content + b"\n" + more, more))
            later = loads[random.randrange(number + 1, len(loads))]
            if old.uri not in {file.uri for file in later}:
                later.append(File(old.uri, old.kind, content))
