"""Whole files, staged: bad lines among many, several bad files, songs in parts, odd forms."""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import duckdb
import pytest

from both_ways import BASE, KEYS, line
from sparkify import processes
from sparkify.errors import SourceError
from sparkify.progress import silent
from sparkify.source_file import SourceFile
from sparkify.staging import joining, reading
from sparkify.staging.conflicts import Ranked, reject_losers
from sparkify.staging.reading import Numbered
from sparkify.staging.rejects import RejectLog
from sparkify.staging.rules import SONG_FIELDS, Kind, fields_of
from sparkify.staging.validate import Rejection, accept, as_staged, decode
from sparkify.warehouse.duckdb import event_lane, lane, song_lane
from sparkify.warehouse.duckdb.staging import Stager
from stagers import check, expected, source_files, stage, stage_files

KIB = 1 << 10


def log(session: int, items: int = 5) -> list[bytes]:
    """The lines of a good log, each with a key of its own."""
    return [line("events", sessionId=session, itemInSession=item) for item in range(items)]


def songs(count: int, first: int = 0) -> dict[str, bytes]:
    """Good song files."""
    return {
        f"TR{number:05}.json": line("songs", song_id=f"SO{number}")
        for number in range(first, first + count)
    }


# One bad line among many

_LONG = [
    b'{"sessionId":%d,"itemInSession":%d,"ts":1542837407796,"page":"Home","artist":"%s"}'
    % (n // 1000, n % 1000, b"x" * (n % 50))
    for n in range(21_000)
]
BAD_LINES = {
    "broken": (b'{"ts": 1542837407796', "not_json"),
    "of a wrong type": (line("events", {"status": '"200"'}), "type"),
    "with a number as a text": (line("events", {"auth": "7"}), "type"),
    "with a nested text": (line("events", {"song": "[1]"}), "type"),
    "out of range": (line("events", {"ts": "7"}), "range"),
    "too wide": (line("events", {"userAgent": '"' + "x" * 2049 + '"'}), "too_long"),
    "not in UTF-8": (line("events").replace(b"Elena", b"\xff"), "encoding"),
    "with U+0000": (line("events", {"artist": '"a\\u0000b"'}), "encoding"),
    "with a field twice": (line("events", {"\\u0074s": "1542837407796"}), "not_json"),
}


@pytest.mark.parametrize(
    ("module", "size", "length", "most_judged"),
    [(reading, "PIECE_BYTES", 128 * KIB, 2000), (event_lane, "_PART_BYTES", 64 * KIB, 1000)],
    ids=["one piece, not the whole file", "one part, not the whole piece"],
)
@pytest.mark.parametrize("bad", BAD_LINES)
def test_bad_line_in_a_long_log(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    bad: str,
    module: ModuleType,
    size: str,
    length: int,
    most_judged: int,
) -> None:
    monkeypatch.setattr(module, size, length)
    record, reason = BAD_LINES[bad]
    lines = _LONG[:4000]
    lines.insert(2345, record)
    staged = stage(tmp_path, {"day.json": b"\n".join(lines)})
    assert staged.rejects == {"day.json": [(2346, reason)]}
    assert staged.rows["day.json"].total() == 4000
    assert staged.read == {"day.json": 4001}
    assert 0 < staged.judged < most_judged


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", 512 * KIB)
    monkeypatch.setattr(event_lane, "_PART_BYTES", 32 * KIB)
    monkeypatch.setattr(event_lane, "_SMALL_PIECE_BYTES", 64)


@pytest.mark.usefixtures("small_pieces")
def test_bad_lines_at_every_edge(tmp_path: Path) -> None:
    """In the first line and the last, which has no end, in a row, and where pieces meet."""
    lines = [*_LONG]
    size = 0
    edges = set()
    for number, one in enumerate(lines):
        if size // (512 * KIB) != (size + len(one) + 1) // (512 * KIB):
            edges |= {number - 1, number, number + 1}
        size += len(one) + 1
    places = sorted({0, 1, *edges, 7000, 7001, len(lines) - 1} - {len(lines)})
    for number in places:
        lines[number] = b"\xff" if number % 2 else b'{"page": 7'
    staged = stage(tmp_path, {"day.json": b"\r\n".join(lines)})
    reasons = [(number + 1, "encoding" if number % 2 else "not_json") for number in places]
    assert staged.rejects["day.json"] == reasons
    assert staged.rows["day.json"].total() == len(lines) - len(places)


@pytest.mark.parametrize(
    "record",
    [
        line("events", {"unknown": "NaN"}),
        line("events", {"artist": "nan"}),
        line("events")[:-1] + b",}",
        line("events") + b"\x0c",
    ],
)
def test_line_in_the_head_that_duckdb_would_forgive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: bytes
) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", 128 * KIB)
    lines = _LONG[:5000]
    lines.insert(900, record)
    staged = stage(tmp_path, {"day.json": b"\n".join(lines)})
    assert staged.rejects == {"day.json": [(901, "not_json")]}
    assert staged.rows["day.json"].total() == 5000
    assert staged.judged < 3000


@pytest.mark.parametrize("shift", [0, 1])
def test_message_of_the_engine_that_cuts_a_character(tmp_path: Path, shift: int) -> None:
    """DuckDB quotes the beginning of a record; its client fails where that is no UTF-8."""
    wide = "x" * shift + "\u00e9" * 60
    bad = b'{"song":"%s","song":"b",' % wide.encode() + line("events")[1:]
    staged = stage(tmp_path, {"day.json": b"\n".join([*log(1), bad, *log(2)])})
    assert staged.rejects == {"day.json": [(6, "not_json")]}
    assert staged.rows["day.json"].total() == 10


def test_blank_lines_count_as_lines_and_are_no_records(tmp_path: Path) -> None:
    good = line("events")
    content = b"\n \n" + good + b"\n\r\n\t\nbad\n\n" + good.replace(b"818", b"819") + b"\n\n"
    staged = stage(tmp_path, {"day.json": content})
    assert staged.rejects == {"day.json": [(6, "not_json")]}
    assert staged.rows["day.json"].total() == 2


def test_line_longer_than_a_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", KIB)
    wide = line("events", {"unknown": '"' + "x" * 5 * KIB + '"'}, itemInSession=6)
    content = b"\n".join([line("events"), wide, b"bad", wide[:-1], *log(1)])
    staged = stage(tmp_path, {"day.json": content})
    assert staged.rejects == {"day.json": [(3, "not_json"), (4, "not_json")]}
    assert staged.rows["day.json"].total() == 7


@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 7, 100])
def test_pieces_are_the_file_in_whole_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece_bytes: int
) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", piece_bytes)
    content = b"\na\nbcdefg\n\nhij\r\nk\nno end"
    [file] = source_files(tmp_path, "events", {"day.json": content})
    found = list(reading.pieces(file))
    assert b"".join(piece.data for piece in found) == content
    assert all(piece.data.endswith(b"\n") for piece in found[:-1])
    next_lines = [one.next_line for one in found]
    assert [one.first_line for one in found] == [1, *next_lines[:-1]]
    assert next_lines[-1] == content.count(b"\n") + 2


@pytest.mark.parametrize("part_bytes", [1, 2, 3, 7, 100])
def test_parts_are_the_piece_in_whole_lines(part_bytes: int) -> None:
    piece = reading.Piece(7, b"\na\nbcdefg\n\nhij\r\nk\nno end", "damage")
    found = list(reading.parts(piece, part_bytes))
    assert b"".join(part.data for part in found) == piece.data
    assert all(part.data.endswith(b"\n") for part in found[:-1])
    assert all(len(part.data) >= part_bytes for part in found[:-1])
    assert [part.first_line for part in found] == [
        7,
        *(part.first_line + part.data.count(b"\n") for part in found[:-1]),
    ]
    assert {part.damage for part in found} == {""}  # the piece has it, and no part once more


def test_small_log_costs_one_statement_however_bad_it_is(tmp_path: Path) -> None:
    staged = stage(tmp_path, {"day.json": b"x\n" * 50 + line("events")})
    assert staged.judged == 1
    assert [number for number, _ in staged.rejects["day.json"]] == list(range(1, 51))


def test_reject_shows_the_line(tmp_path: Path) -> None:
    long = b'{"x": "' + "\u00e9".encode() * 20_000
    staged = stage(tmp_path, {"day.json": line("events") + b"\n  bad \xff \r\n" + long + b"\n"})
    assert staged.raw_texts["day.json"] == ["bad \ufffd", '{"x": "' + "\u00e9" * 8188]


def test_line_longer_than_duckdb_takes(tmp_path: Path) -> None:
    wide = line("events", {"artist": '"' + "x" * (17 << 20) + '"'})
    strange = line("events", {"unknown": '"' + "x" * (17 << 20) + '"'}, itemInSession=6)
    content = b"\n".join([line("events"), wide, strange, line("events", itemInSession=7)])
    staged = stage(tmp_path, {"day.json": content})
    assert staged.rejects == {"day.json": [(2, "too_long")]}
    assert sorted(row[4] for row in staged.rows["day.json"]) == [5, 6, 7]


# Several files


@pytest.mark.parametrize(("group_files", "broken"), [(200, 1), (200, 2), (200, 5), (3, 5)])
def test_bad_files_among_good_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_files: int, broken: int
) -> None:
    monkeypatch.setattr(event_lane, "_GROUP_FILES", group_files)
    monkeypatch.setattr(reading, "HEAD_RECORDS", 2)
    contents = {f"{n:02}.json": log(n) for n in range(10)}
    for n in range(broken):
        contents[f"{2 * n:02}.json"].insert(3, b'{"broken')
    contents["05.json"].insert(4, line("events", {"artist": "true"}))
    contents["07.json"].insert(4, line("events", {"itemInSession": "-1"}))
    whole = {name: b"\n".join(lines) for name, lines in contents.items()}
    staged = stage(tmp_path, whole)
    check(staged, "events", whole)
    for name, rows in staged.rows.items():  # each record has the number of its own file
        assert {row[12] for row in rows} == {int(name[:2])}
    bad = {f"{2 * n:02}.json": [(4, "not_json")] for n in range(broken)}
    assert staged.rejects == bad | {"05.json": [(5, "type")], "07.json": [(5, "range")]}


def test_files_are_put_in_groups_by_number_and_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_lane, "_GROUP_BYTES", 3 * len(b"\n".join(log(1))))
    contents = {f"{n}.json": b"\n".join(log(n)) for n in range(8)}
    contents["4.json"] = b"\n".join(log(4, 30))
    staged = stage(tmp_path, contents)
    check(staged, "events", contents)
    assert staged.judged == 0
    assert [done for step, done, _, _ in staged.told] == sorted(
        done for _, done, _, _ in staged.told
    )
    assert staged.told[-1] == ("reading", size := sum(map(len, contents.values())), size, "bytes")
    assert len(staged.told) >= 3


@pytest.mark.parametrize(
    "name", ["a*b.json", "[ab].json", "{a,b}.json", "what?.json", "it's $1; --.json", "a b\tc.json"]
)
def test_hostile_names(tmp_path: Path, name: str) -> None:
    contents = {
        name: b"\n".join(log(1)),
        "a.json": b"\n".join(log(2)),
        "ab.json": b"\n".join(log(3)),
    }
    staged = stage(tmp_path, contents)
    check(staged, "events", contents)


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    (file,) = source_files(tmp_path, "events", {"day.json": b"\n".join(log(1))})
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.json")
    Path(file.path).rename(path)
    staged = stage_files(tmp_path, [file._replace(path=path)])
    assert [rows.total() for rows in staged.rows.values()] == [5]


def test_empty_and_blank_files(tmp_path: Path) -> None:
    contents = {"a.json": b"", "b.json": b"\n", "c.json": b" \t\r\n\n", "d.json": b"\xef\xbb\xbf"}
    contents["e.json"] = b"\n".join(log(1))
    staged = stage(tmp_path, contents, {f"song {name}": one for name, one in contents.items()})
    del contents["e.json"]
    assert staged.read == {
        **dict.fromkeys(contents, 0),
        **dict.fromkeys([f"song {name}" for name in contents], 0),
        "e.json": 5,
        "song e.json": 5,
    }


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n \n"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\n\n"])
def test_line_ends(tmp_path: Path, newline: bytes, end: bytes) -> None:
    contents = {
        "clean.json": newline.join(log(1)) + end,
        "marked.json": b"\xef\xbb\xbf" + newline.join(log(2)) + end,
        "bad.json": newline.join([*log(3), b"}"]) + end,
    }
    staged = stage(tmp_path, contents)
    check(staged, "events", contents)
    assert staged.rows["marked.json"].total() == 5


# Packed files


def test_packed_logs(tmp_path: Path) -> None:
    contents = {
        "clean.json.gz": b"\n".join(log(1)),
        "bad.json.gz": b"\n".join([*log(2), b"}", *log(3)]),
        "two parts.json.gz": b"\n".join(log(4)),
    }
    packed = {name: gzip.compress(content) for name, content in contents.items()}
    contents["two parts.json.gz"] += b"\n".join([b"", *log(5)])
    packed["two parts.json.gz"] += gzip.compress(b"\n".join([b"", *log(5)]))
    packed["empty.json.gz"] = gzip.compress(b"")
    packed["nothing.json.gz"] = b""
    staged = stage(tmp_path, packed)
    check(staged, "events", contents)
    assert staged.rejects == {"bad.json.gz": [(6, "not_json")]}
    assert (staged.read["empty.json.gz"], staged.read["nothing.json.gz"]) == (0, 0)


_PACKED = gzip.compress(b"\n".join(log(1, 500)))


@pytest.mark.parametrize(
    "damaged",
    [
        _PACKED[: len(_PACKED) // 2],
        _PACKED[:-8] + b"\0" * 8,
        _PACKED[:40] + b"\xff" * 8 + _PACKED[48:],
        _PACKED + b"more",
        b"\n".join(log(1)),
    ],
    ids=["cut", "with a wrong sum", "flipped", "with more behind", "not packed"],
)
def test_damaged_packed_files_are_one_reject(tmp_path: Path, damaged: bytes) -> None:
    staged = stage(tmp_path, {"log.json.gz": damaged}, {"song.json.gz": damaged})
    assert staged.rejects == {"log.json.gz": [(1, "encoding")], "song.json.gz": [(1, "encoding")]}
    assert staged.rows["log.json.gz"].total() == 0


@pytest.mark.parametrize("place", [-8, -1], ids=["sum", "length"])
def test_long_packed_log_with_a_wrong_end(tmp_path: Path, place: int) -> None:
    """Longer than what is looked at before DuckDB reads it, which does not check the sum."""
    packed = bytearray(gzip.compress(b"\n".join(log(1, 2 * reading.HEAD_RECORDS))))
    packed[place] ^= 1
    staged = stage(tmp_path, {"log.json.gz": bytes(packed)})
    assert staged.rejects == {"log.json.gz": [(1, "encoding")]}
    assert staged.rows["log.json.gz"].total() == 0


def test_large_packed_log_is_staged_up_to_its_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", 8 * KIB)
    random = Random(5)
    lines = [line("events", itemInSession=n, artist=f"{random.random()}") for n in range(500)]
    packed = gzip.compress(b"\n".join(lines))
    staged = stage(tmp_path, {"log.json.gz": packed[: len(packed) // 2]})
    *_, last = staged.rejects["log.json.gz"]
    rows = staged.rows["log.json.gz"].total()
    assert 50 < rows < 450
    assert last[1] == "encoding"
    assert staged.raw_texts["log.json.gz"][-1] == ""
    assert sorted(row[4] for row in staged.rows["log.json.gz"]) == list(range(rows))


@pytest.mark.parametrize("piece_bytes", [16 << 20, 70_000])
def test_files_that_are_no_text_are_one_reject_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece_bytes: int
) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", piece_bytes)
    binary = bytes(range(256)) * 300
    contents = {"a.json": binary, "b.json": gzip.compress(line("events")), "c.json": b"\0"}
    staged = stage(tmp_path, contents, {f"song {name}": one for name, one in contents.items()})
    assert len(staged.rejects) == 6
    assert set(map(tuple, staged.rejects.values())) == {((1, "encoding"),)}


@pytest.mark.parametrize(
    "head", [b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"BZh9", b"\xfd7zXZ\0"]
)
def test_packed_content_is_no_text_whatever_follows(head: bytes) -> None:
    assert reading.is_no_text(head + b"\n" + line("events"))
    assert not reading.is_no_text(b" " + head + b"\n" + line("events"))


# Songs


def test_one_bad_song_among_many(tmp_path: Path) -> None:
    contents = songs(300)
    bad = {
        "TR00007.json": line("songs", {"year": '"1999"'}),
        "TR00100.json": line("songs", {"title": "true"}),
        "TR00200.json": b"{" + line("songs"),
        "TR00299.json": line("songs").replace(b"Elena", b"\xff"),
    }
    staged = stage(tmp_path, None, contents | bad)
    check(staged, "songs", contents | bad)
    assert sorted(staged.rejects) == sorted(bad)
    assert staged.raw_texts["TR00007.json"] == [bad["TR00007.json"].decode()]


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_character_that_the_first_look_cuts_is_text(cut: int) -> None:
    character = "\N{HEADPHONE}".encode()
    assert len(character) == 4
    look = b"x" * (reading._LOOK_BYTES - cut)
    assert not reading.is_no_text(look + character)
    assert reading.is_no_text(look[: -4 + cut] + b"\xff" + look[:3])


def test_song_that_opens_objects_without_end(tmp_path: Path) -> None:
    contents = {"deep.json": b'{"a":' * 100_000 + b"1}", "good.json": line("songs")}
    staged = stage(tmp_path, None, contents)
    check(staged, "songs", contents)
    assert list(staged.rejects) == ["deep.json"]


def test_songs_come_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "_PART_BYTES", 8 * KIB)
    monkeypatch.setattr(joining, "_FILES_AT_A_TIME", 16)
    monkeypatch.setattr(joining, "_READERS", 2)  # so that there is more to read than they hold
    contents = songs(200)
    contents["TR00050.json"] = line("songs", {"duration": "-1"})
    staged = stage(tmp_path, None, contents)
    check(staged, "songs", contents)
    assert 0 < staged.judged < 100  # one part, not all
    assert len(staged.told) > 5


ODD_SONGS = {
    "pretty": json.dumps(BASE["songs"], indent=1).encode(),
    "pretty with CRLF and BOM": b"\xef\xbb\xbf"
    + json.dumps(BASE["songs"], indent=1).encode().replace(b"\n", b"\r\n"),
    "several": b"\n".join(songs(3).values()),
    "several with a bad one": b"\n".join([*songs(2).values(), b"bad", *songs(1, 7).values()]),
    "two on a line": line("songs") + line("songs"),
    "with blank lines first": b"\n\n" + line("songs"),
    "bad with blank lines first": b"\n \n" + line("songs", {"year": "-1"}),
    "with blanks": b" \t" + line("songs") + b" \r\n",
    "broken": line("songs")[:-1],
    "broken and pretty": json.dumps(BASE["songs"], indent=1).encode()[:-1],
    "an array": b"[" + line("songs") + b"]",
    "nested": line("songs", {"more": '{"a": [1, {"b": "}"}]}'}),
    "with braces": line("songs", title="{a}"),
    "with NaN": line("songs", {"more": "NaN"}),
    "with a text NaN": line("songs", title="NaN, Inf [x]"),
    "with a trailing comma": line("songs")[:-1] + b" , }",
    "with a nested trailing comma": line("songs", {"more": "[1,]"}),
    "an empty object": b"{}",
    "a blank object": b"{ \t}",
    "with a form feed": line("songs") + b"\x0c",
    "with a carriage return": line("songs").replace(b",", b",\r"),
    "null": b"null",
    "with a field twice": line("songs", {"\\u0079ear": "1999"}),
    "with the name in its second half": line("songs", {"title": '"a\\u0000"'}),
}


def test_odd_songs(tmp_path: Path) -> None:
    contents = {f"{name}.json": content for name, content in ODD_SONGS.items()}
    staged = stage(tmp_path, None, contents | songs(50))
    check(staged, "songs", contents | songs(50))
    good = {name for name in contents if not expected("songs", contents[name])[1]}
    assert {name.removesuffix(".json") for name in good} == {
        "pretty",
        "pretty with CRLF and BOM",
        "several",
        "with blank lines first",
        "with blanks",
        "nested",
        "with braces",
        "with a text NaN",
        "with a carriage return",
    }


@pytest.mark.parametrize("name", ODD_SONGS)
def test_odd_song_among_good_ones(tmp_path: Path, name: str) -> None:
    """By itself: among others its part is judged line by line because of one of those."""
    contents = {"odd.json": ODD_SONGS[name]} | songs(3, first=10)
    check(stage(tmp_path, None, contents), "songs", contents)


def test_packed_songs(tmp_path: Path) -> None:
    contents = {
        "one.json.gz": line("songs"),
        "pretty.json.gz": json.dumps(BASE["songs"] | {"song_id": "SO2"}, indent=2).encode(),
        "bad.json.gz": b"{",
    }
    packed = {name: gzip.compress(content) for name, content in contents.items()}
    check(stage(tmp_path, None, packed), "songs", contents)


# What is said of the files


def test_unknown_fields_are_noted_in_the_first_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "HEAD_RECORDS", 3)
    monkeypatch.setattr(song_lane, "_SAMPLED_SONGS", 4)
    lines = log(1)
    lines[0] = line("events", {"mood": "1", "TS": "2"}, itemInSession=90)
    lines[2] = line("events", {"mood": "null"}, itemInSession=91)
    lines[4] = line("events", {"late": "1"}, itemInSession=92)
    contents = songs(3)
    contents["TR00001.json"] = line("songs", {"tempo": "120"})
    staged = stage(tmp_path, {"a.json": b"\n".join(lines), "b.json": lines[0]}, contents)
    assert staged.unknown == {"mood": 3, "TS": 2, "tempo": 1}


def test_reading_is_told_to_its_end(tmp_path: Path) -> None:
    events = {
        "fast.json": b"\n".join(log(1)),
        "like a pattern [1].json": b"\n".join(log(2)),
        "doubtful.json": b"\n".join([*log(3), line("events", {"auth": "7"})]),
        "broken.json": b"\n".join([*log(4), b"}"]),
        "loose.json": b"\n".join([line("events", {"unknown": "NaN"}), *log(5)]),
        "packed.json.gz": gzip.compress(b"\n".join(log(6))),
        "cut.json.gz": gzip.compress(b"\n".join(log(7)))[:-9],
        "no text.json": b"\0",
        "empty.json": b"",
    }
    pretty = json.dumps(BASE["songs"], indent=1).encode()
    odd = {
        "pretty.json": pretty,
        "packed.json.gz": gzip.compress(pretty),
        "cut.json.gz": gzip.compress(pretty)[:-9],
        "no text.json": b"\0",
        "one byte.json": b"{",
    }
    contents = songs(3) | {f"song {name}": content for name, content in odd.items()}
    staged = stage(tmp_path, events, contents)
    total = sum(map(len, (*events.values(), *contents.values())))
    done = [done for _, done, _, _ in staged.told]
    assert {(step, most, unit) for step, _, most, unit in staged.told} == {
        ("reading", total, "bytes")
    }
    assert done == sorted(done)
    assert done[-1] == total


def test_reject_log_keeps_what_every_database_takes(tmp_path: Path) -> None:
    log = RejectLog(tmp_path / "rejects.ndjson")
    log.add(3, 7, Rejection("type", "\ud800 \0 " + "\u00e9" * 2000), b"\0\xff")
    log.close()
    (text,) = log.path.read_text().splitlines()
    reject = json.loads(text)
    assert len(reject["message"].encode()) <= 1024
    assert reject["message"].startswith("\\ud800 \ufffd \u00e9")
    assert (reject["source_file"], reject["line_number"], reject["reason"]) == (3, 7, "type")
    assert reject["raw_text"] == "\ufffd\ufffd"
    assert log.counts == {3: 1}


def test_reject_log_can_be_read_before_it_is_closed(tmp_path: Path) -> None:
    log = RejectLog(tmp_path / "rejects.ndjson")
    log.add(0, 1, Rejection("type", "m"), b"x")
    log.flush()
    assert json.loads(log.path.read_text())["raw_text"] == "x"
    log.close()


def test_reject_log_on_a_full_disk_is_closed_without_another_error() -> None:
    log = RejectLog(Path("/dev/full"))
    log.add(0, 1, Rejection("type", "m"), b"x")
    with pytest.raises(OSError, match="No space left"):
        log.flush()
    log.close()


@pytest.mark.parametrize("piece_bytes", [1, 16 << 20])
def test_unknown_fields_are_noted_in_so_many_songs_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece_bytes: int
) -> None:
    monkeypatch.setattr(joining, "_PART_BYTES", piece_bytes)
    monkeypatch.setattr(joining, "_FILES_AT_A_TIME", 2)
    monkeypatch.setattr(song_lane, "_SAMPLED_SONGS", 3)
    contents = {f"{n}.json": line("songs", {"tempo": "120"}, song_id=f"SO{n}") for n in range(8)}
    assert stage(tmp_path, None, contents).unknown == {"tempo": 3}


@pytest.mark.parametrize(("kept_bytes", "least", "most"), [(900, 5, 11), (1 << 20, 1, 1)])
def test_judged_records_are_read_together_but_not_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept_bytes: int, least: int, most: int
) -> None:
    """A statement for each file takes long; all at once may not fit into memory."""
    assert 1 << 20 <= lane._KEPT_BYTES <= 64 << 20
    monkeypatch.setattr(lane, "_KEPT_BYTES", kept_bytes)
    written = Counter[str]()
    write = lane.Lane._write

    def count(one: lane.Lane, data: bytes | bytearray) -> Path:
        written[one._path.name] += 1
        return write(one, data)

    monkeypatch.setattr(lane.Lane, "_write", count)
    contents = {f"{n:02}.json": b"\n".join([*log(n, 1), b"}"]) for n in range(20)}
    staged = stage(tmp_path, contents)
    check(staged, "events", contents)
    assert least <= written["piece-events.ndjson"] <= most


# Songs beside events


def read_beside(
    folder: Path,
    threads: int,
    read_events: Callable[[Stager], None],
    read_songs: Callable[[threading.Event], None],
) -> None:
    """Stage nothing, with something else in the place of both lanes."""
    with (
        duckdb.connect(config={"threads": threads}) as connection,
        pytest.MonkeyPatch.context() as patch,
    ):
        stager = Stager(connection, KEYS, folder, silent)
        patch.setattr(event_lane.EventLane, "stage", lambda *_: read_events(stager))
        patch.setattr(song_lane.SongLane, "stage", lambda *given: read_songs(given[-1]))
        with closing(stager.rejects):
            stager.stage([])


@pytest.mark.parametrize("threads", [1, 2])
def test_songs_are_read_beside_events_where_there_are_threads_for_both(
    tmp_path: Path, threads: int
) -> None:
    begun = threading.Event()
    found: dict[str, bool] = {}

    def read_events(stager: Stager) -> None:
        begun.set()
        found["processes live"] = processes._pool is not None

    def read_songs(_: threading.Event) -> None:
        found["beside"] = begun.wait(0.5 if threads == 1 else 60)

    with processes.ended():
        processes.start()
        read_beside(tmp_path, threads, read_events, read_songs)
    beside = threads > 1
    assert found == {"beside": beside, "processes live": beside}


def test_songs_are_not_read_to_their_end_when_events_cannot_be(tmp_path: Path) -> None:
    stopped: list[bool] = []

    def read_events(stager: Stager) -> None:
        raise SourceError("no events")

    with pytest.raises(SourceError, match="no events"):
        read_beside(tmp_path, 2, read_events, lambda stop: stopped.append(stop.wait(60)))
    assert stopped == [True]


def test_events_are_not_read_to_their_end_when_songs_cannot_be(tmp_path: Path) -> None:
    went_on: list[bool] = []

    def read_events(stager: Stager) -> None:
        wait([stager._songs])
        stager._read(1)
        went_on.append(True)

    def read_songs(_: threading.Event) -> None:
        raise SourceError("no songs")

    with pytest.raises(SourceError, match="no songs"):
        read_beside(tmp_path, 2, read_events, read_songs)
    assert went_on == []


# JSONPaths


def test_keys_of_the_jsonpaths_file(tmp_path: Path) -> None:
    keys = tuple("" if key == "gender" else key.upper() for key in KEYS)
    shouted = {key.upper(): value for key, value in BASE["events"].items()}
    lines = [
        json.dumps(shouted | {"ITEMINSESSION": 1}),
        json.dumps(shouted | {"ITEMINSESSION": 2, "gender": 7, "ts": "no"}),
        json.dumps(BASE["events"]),
        json.dumps(shouted | {"ITEMINSESSION": 3, "AUTH": 7}),
        json.dumps(shouted | {"ITEMINSESSION": 4}),
    ]
    content = "\n".join(lines).encode()
    staged = stage(tmp_path, {"day.json": content, "good.json": lines[0].encode()}, keys=keys)
    assert staged.rejects == {"day.json": [(3, "missing"), (4, "type")]}
    assert staged.rows["day.json"] == expected("events", content, keys)[0]
    assert [row[3] for row in staged.rows["good.json"]] == [None]


# Files that do not stay as they were


def test_log_that_vanishes_behind_its_head_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = source_files(tmp_path, "events", {"a.json": b"\n".join(log(1)), "b.json": b"{}"})
    look = reading.head_is_strict

    def look_and_remove(file: SourceFile, *rest: object) -> bool:
        found = look(file, *rest)  # type: ignore[arg-type]
        Path(file.path).unlink()
        return found

    monkeypatch.setattr(reading, "head_is_strict", look_and_remove)
    with pytest.raises(SourceError, match=r"a\.json cannot be read: No such file"):
        stage_files(tmp_path, files)


def test_two_threads_may_reject_at_once(
    tmp_path: Path,
) -> None:
    """Songs are read beside events; a stream of text is not made for that."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        log = RejectLog(tmp_path / "rejects.ndjson")

        def reject(number: int) -> None:
            for line_number in range(2000):
                log.add(
                    number, line_number, Rejection("type", "m" * 60), b"x" * (line_number % 300)
                )

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(reject, range(2)))
        log.close()
    finally:
        sys.setswitchinterval(interval)
    rows = [json.loads(line) for line in log.path.read_text().splitlines()]
    found = sorted((row["source_file"], row["line_number"]) for row in rows)
    assert found == [(number, line) for number in range(2) for line in range(2000)]
    assert log.counts == {0: 2000, 1: 2000}


# Losers of a key, found again in their files


def staged_row(kind: Kind, record: bytes) -> tuple[Any, ...]:
    fields = fields_of(kind, KEYS)
    return as_staged(accept(decode(record, fields), fields), fields)


def reject_in(
    folder: Path, kind: Kind, contents: Sequence[bytes], *ranked: Ranked
) -> list[tuple[int, int, str, str]]:
    """Reject what lost in files; returns file, line, message and text of each reject."""
    files = source_files(folder, kind, {f"{n}.json": one for n, one in enumerate(contents)})
    log = RejectLog(folder / "rejects.ndjson")
    key = {"events": ("sessionid", "iteminsession"), "songs": ("song_id",)}[kind]
    with closing(log):
        numbered = {n: Numbered(n, file) for n, file in enumerate(files)}
        reject_losers(ranked, key, fields_of(kind, KEYS), numbered, log)
    rows = [json.loads(one) for one in log.path.read_text().splitlines()]
    assert {row["reason"] for row in rows} == {"conflict"}
    names = "source_file", "line_number", "message", "raw_text"
    return [tuple(row[name] for name in names) for row in rows]


def test_losers_of_a_key_are_found_in_their_files(tmp_path: Path) -> None:
    """As often as they lost; what was staged before stands where its winner does."""
    a, b, c = (line("events", itemInSession=1, artist=name) for name in "ABC")
    old, new = (line("events", itemInSession=2, artist=name) for name in "ON")
    ranked = [Ranked(staged_row("events", old), None, "displaced")]
    ranked += [Ranked(staged_row("events", a), 0, "conflict")] * 2
    ranked += [Ranked(staged_row("events", b), 2, "conflict")]
    ranked += [Ranked(staged_row("events", new), 1, "kept")]
    contents = [b"\n".join([c, a, b"{", a, a]), b"\n".join([new, new]), b]
    first, second, displaced, last = reject_in(tmp_path, "events", contents, *ranked)
    stays = "a greater record of itemInSession 1, sessionId 818 stays"
    assert first == (0, 2, stays, a.decode())
    assert second == (0, 4, stays, a.decode())
    assert last == (2, 1, stays, b.decode())
    assert displaced[:2] == (1, 1)
    assert displaced[2] == (
        "was staged before; the greater record of itemInSession 2, sessionId 818 here displaced it"
    )
    assert staged_row("events", displaced[3].encode()) == staged_row("events", old)


def test_song_on_several_lines_loses_its_key(tmp_path: Path) -> None:
    pretty = json.dumps(BASE["songs"], indent=1).encode()
    lost = Ranked(staged_row("songs", pretty), 0, "conflict")
    ((*place, _, text),) = reject_in(tmp_path, "songs", [pretty], lost)
    assert (place, text) == ([0, 1], pretty.decode())


@pytest.mark.parametrize("outcome", ["conflict", "kept"])
def test_loser_or_winner_that_is_no_longer_there(tmp_path: Path, outcome: str) -> None:
    old, new = line("events", artist="A"), line("events", artist="B")
    ranked = [Ranked(staged_row("events", new), 0, outcome)]
    ranked.append(Ranked(staged_row("events", old), None, "displaced"))
    with pytest.raises(SourceError, match=r"0\.json changed while it was read") as caught:
        reject_in(tmp_path, "events", [line("events", artist="C")], *ranked)
    assert caught.value.details == {"uri": str(tmp_path / "0.json")}


# Anything


_INSERTED = (
    *(b"\n", b"\r", b"\r\n", b"\n\n", b"\n \n", b"\x0b", b"\x0c", b"\x0c\n", b"\n\x0c\n", b"\0"),
    *(
        b"\n\0\n",
        b"\xef\xbb\xbf",
        b"\x1a",
        b"}{",
        b"} {",
        b"},{",
        b"}\r{",
        b"\xe2\x80\xa8",
        b"\xa0",
    ),
    *(
        b"[",
        b"]",
        b",",
        b"{}\n",
        b"null\n",
        b"\n7",
        b'"x"\n',
        b"[]\n",
        b"{",
        b"}",
        b"//\n",
        b"\xff",
    ),
    *(b"\n{", b"\n}", b'{"a":\n1}', b"\x1c", b"\xc2\x85", b"NaN", b" ", b"\t"),
)


def spoiled(random: Random) -> bytes:
    """A log with something put between its lines, or into them."""
    lines = log(random.randrange(5), random.choice((1, 2, 5, 12)))
    content = b"\n".join(lines) + random.choice((b"", b"\n"))
    for _ in range(random.choice((1, 1, 2))):
        ends = [place.start() for place in re.finditer(rb"\n|^|$", content)]
        place = random.choice(ends) + random.randrange(2)
        if random.random() < 0.2:
            place = random.randrange(len(content))
        content = content[:place] + random.choice(_INSERTED) + content[place:]
    return content


def is_text(content: bytes) -> bool:
    return b"\0" not in content and content.decode("utf-8", "ignore").encode() == content


@pytest.mark.parametrize("piece_bytes", [16 << 20, 700])
def test_spoiled_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece_bytes: int) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", piece_bytes)
    monkeypatch.setattr(event_lane, "_SMALL_PIECE_BYTES", 600)
    random = Random(piece_bytes)
    contents = {f"{n:03}.json": spoiled(random) for n in range(40 if piece_bytes > KIB else 20)}
    if piece_bytes < reading._LOOK_BYTES:  # whether a file is text is seen in its first piece
        contents = {name: one for name, one in contents.items() if is_text(one)}
    staged = stage(tmp_path, contents)
    check(staged, "events", contents)
    reasons = Counter(reason for rejects in staged.rejects.values() for _, reason in rejects)
    assert reasons["not_json"] > 10


def test_every_song_field_is_read(tmp_path: Path) -> None:
    staged = stage(tmp_path, None, {"song.json": line("songs")})
    (row,) = staged.rows["song.json"]
    assert row == tuple(BASE["songs"][field.key] for field in SONG_FIELDS)
