"""Whole files, staged: bad lines among many, several bad files, songs in parts, odd forms."""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from bulk_and_strict import BASE, KEYS, line
from sparkify import processes
from sparkify.errors import SourceError
from sparkify.progress import silent
from sparkify.sources import join
from sparkify.sources.files import Kind, SourceFile, SourceFiles
from sparkify.staging import split
from sparkify.staging.rejects import RejectLog, reject_losers
from sparkify.staging.rules import EVENT_FIELDS, SONG_FIELDS, Field, fields_of
from sparkify.staging.validate import Rejection, accept, as_staged, decode, judge
from sparkify.warehouse.duckdb import event_loader, song_loader, strict_path
from sparkify.warehouse.duckdb.loader import Stager
from staged_files import check, expected, source_files, stage, stage_files

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


@pytest.mark.sampled(of=4)
@pytest.mark.parametrize("bad", BAD_LINES)
@pytest.mark.parametrize("place", [0, 2345])
def test_bad_line_in_a_long_log(tmp_path: Path, bad: str, place: int) -> None:
    """The validator judges that line and no other."""
    record, reason = BAD_LINES[bad]
    lines = _LONG[:4000]
    lines.insert(place, record)
    staged = stage(tmp_path, {"day.json": b"\n".join(lines)})
    assert staged.rejects == {"day.json": [(place + 1, reason)]}
    assert staged.rows["day.json"].total() == 4000
    assert staged.read == {"day.json": 4001}
    assert staged.judged <= 1


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "BLOCK_BYTES", 700)


@pytest.mark.usefixtures("small_blocks")
def test_bad_lines_at_every_edge(tmp_path: Path) -> None:
    """In the first line and the last, which has no end, in a row, and where blocks meet."""
    lines = _LONG[:3000]
    places = sorted({0, 1, *range(5, 30), 1500, 1501, len(lines) - 1})
    for number in places:
        lines[number] = b"\xff" if number % 2 else b'{"page": 7'
    staged = stage(tmp_path, {"day.json": b"\r\n".join(lines)})
    reasons = [(number + 1, "encoding" if number % 2 else "not_json") for number in places]
    assert staged.rejects["day.json"] == reasons
    assert staged.rows["day.json"].total() == len(lines) - len(places)


LENIENT = [
    line("events", {"unknown": "NaN"}),
    line("events", {"unknown": "[1,]"}),
    line("events", {"unknown": "[" * 600 + "]" * 600}),
    line("events")[:-1] + b",}",
    b"\x0b" + line("events") + b"\x0c",
    line("events") + b" " + line("events", itemInSession=99),
    b"\xef\xbb\xbf" + line("events"),
    line("events", {"artist": "1.50"}),
    line("events", {"userId": '"007"'}),
    line("events", {"unknown": '"\\ud800"'}),
]


@pytest.mark.sampled(of=5)
@pytest.mark.parametrize("record", LENIENT)
@pytest.mark.parametrize("others", [[], [b'{"x'], [b"\xff"]], ids=["alone", "broken", "no text"])
def test_a_record_has_the_same_fate_everywhere(
    tmp_path: Path, record: bytes, others: list[bytes]
) -> None:
    long = [*_LONG[:1500], record, *_LONG[1500:1600]]
    contents = {
        "first.json": b"\n".join([record, *_LONG[:3], *others]),
        "late.json": b"\n".join([*long, *others]),
        "packed.json.gz": gzip.compress(b"\n".join([*long, *others])),
        "mate.json": b"\n".join([_LONG[0] + record, *others]),
    }
    staged = stage(tmp_path, contents)
    expected_rows, rejects = expected("events", record)
    assert rejects == []
    for name in contents:
        assert expected_rows <= staged.rows[name], name
        assert len(staged.rejects.get(name, [])) == len(others), name


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
    content = b"\n \n" + good + b"\n\r\n\t\n\x0c\nbad\n\n" + good.replace(b"818", b"819") + b"\n"
    staged = stage(tmp_path, {"day.json": content})
    assert staged.rejects == {"day.json": [(7, "not_json")]}
    assert staged.rows["day.json"].total() == 2


@pytest.mark.parametrize("block_bytes", [1, 7, 100, KIB, 1 << 20])
def test_lines_are_taken_apart_whatever_the_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr(split, "BLOCK_BYTES", block_bytes)
    wide = line("events", {"unknown": '"' + "x" * 5 * KIB + '"'}, itemInSession=6)
    several = b" ,".join(log(2, 3)) + b"\xef\xbb\xbf" + b"".join(log(3, 3)) + b'{"x": {"y": {}, '
    content = b"\n".join([line("events"), wide, b"bad", wide[:-1], several, *log(1)])
    staged = stage(tmp_path, {"day.json": content})
    assert staged.rejects == {"day.json": [(n, "not_json") for n in (3, 4, 5, 5, 5)]}
    assert staged.rows["day.json"].total() == 2 + 6 + 5


def test_reject_shows_the_line(tmp_path: Path) -> None:
    long = b'{"x": "' + "\u00e9".encode() * 20_000
    staged = stage(tmp_path, {"day.json": line("events") + b"\n  bad \xff \r\n" + long + b"\n"})
    assert staged.raw_texts["day.json"] == ["bad \ufffd", '{"x": "' + "\u00e9" * 8188]


def test_record_longer_than_duckdb_takes(tmp_path: Path) -> None:
    wide = line("events", {"artist": '"' + "x" * (17 << 20) + '"'})
    strange = line("events", {"unknown": '"' + "x" * (17 << 20) + '"'}, itemInSession=6)
    most = line("events", {"unknown": '"%s"'}, itemInSession=8)
    most %= b"x" * (split.MAX_RECORD_BYTES - len(most) + 2)
    content = b"\n".join([line("events"), wide, strange, line("events", itemInSession=7)])
    staged = stage(tmp_path, {"day.json": content, "most.json": most, "more.json": most + b" {}"})
    assert staged.rejects == {
        "day.json": [(2, "too_long"), (3, "too_long")],
        "more.json": [(1, "missing")],
    }
    assert sorted(row[4] for row in staged.rows["day.json"]) == [5, 7]
    assert [row[4] for row in staged.rows["most.json"]] == [8]


def refuse(record: bytes) -> Rejection:
    return Rejection("missing", f"no field in {record!r}")


@pytest.mark.parametrize(
    "hostile",
    [b"{", b'{"a":"', b'{"a":{', b'[{"a":1},', b'{"', b'{"a":nan ]}', b"\0"],
)
def test_hostile_line_is_one_reject_before_long(hostile: bytes) -> None:
    content = hostile * (1_000_000 // len(hostile))
    found: tuple[object, ...]
    (found,) = split.records([content], refuse)
    assert found[:2] == (1, 1)


def test_unpacking_bytes_behind_a_member() -> None:
    file = SourceFile("events", "a.json.gz", 1 << 20, "", "a.json.gz")
    packed = gzip.compress(b"a\n") + gzip.compress(b"b")
    notes: list[str] = []
    assert b"".join(split.blocks(file, notes, packed + b"\0" * 40_000)) == b"a\nb"
    assert notes == [
        "a.json.gz: ignored 40,000 bytes of padding after a gzip member.",
    ]
    with pytest.raises(split.Damage, match="behind the last gzip member") as caught:
        list(split.blocks(file, notes, packed + b"x"))
    assert caught.value.whole


# Several files


@pytest.mark.parametrize(("group_files", "broken"), [(200, 1), (200, 2), (200, 5), (3, 5)])
def test_bad_files_among_good_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_files: int, broken: int
) -> None:
    monkeypatch.setattr(event_loader, "_GROUP_FILES", group_files)
    monkeypatch.setattr(event_loader, "HEAD_RECORDS", 2)
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
    monkeypatch.setattr(event_loader, "_GROUP_BYTES", 3 * len(b"\n".join(log(1))))
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


@pytest.mark.parametrize("folder", ["level=paid", "source_file=5", "page=%20", "a=1/artist=X"])
def test_no_value_comes_from_the_name_of_a_folder(tmp_path: Path, folder: str) -> None:
    """Neither of a source's, nor of the one for our own temporary files."""
    root = tmp_path / folder
    root.mkdir(parents=True)
    good = b"\n".join([line("events", level="free"), _LONG[0]])
    events = {f"{folder}/a.json": good, f"{folder}/b.json": good + b'\n{"x', "c.json": good}
    found = {f"{folder}/s.json": line("songs"), f"{folder}/t.json": line("songs") + b" {"}
    staged = stage(root, events, found)
    rows, _ = expected("events", good)
    assert [staged.rows[name] for name in ("a.json", "b.json", "c.json")] == [rows] * 3
    songs_found, _ = expected("songs", line("songs"))
    assert [staged.rows[name] for name in ("s.json", "t.json")] == [songs_found] * 2


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
    ("damaged", "rows", "line_number"),
    [
        (_PACKED[:-8] + b"\0" * 8, 499, 500),
        (_PACKED[:-1] + b"\7", 499, 500),
        (_PACKED + b"more", 500, 501),
        (_PACKED[:40] + b"\xff" * 8 + _PACKED[48:], 0, 1),
        (b"\n".join(log(1)), 0, 1),
    ],
    ids=["with a wrong sum", "with a wrong length", "with more behind", "flipped", "not packed"],
)
def test_whole_lines_before_damage_count(
    tmp_path: Path, damaged: bytes, rows: int, line_number: int
) -> None:
    staged = stage(tmp_path, {"log.json.gz": damaged})
    assert staged.rejects == {"log.json.gz": [(line_number, "encoding")]}
    assert staged.rows["log.json.gz"].total() == rows


def test_damage_far_behind_the_head_is_found(tmp_path: Path) -> None:
    lines = log(1, 3 * event_loader.HEAD_RECORDS)
    packed = gzip.compress(b"".join(line + b"\n" for line in lines))
    staged = stage(tmp_path, {"log.json.gz": packed[:-8] + b"\0" * 4 + packed[-4:]})
    assert staged.rejects == {"log.json.gz": [(len(lines) + 1, "encoding")]}
    assert staged.rows["log.json.gz"].total() == len(lines)


@pytest.mark.sampled(of=4)
@pytest.mark.parametrize("cut", range(20, len(_PACKED), 97))
def test_packed_log_is_staged_up_to_its_cut(cut: int) -> None:
    file = SourceFile("events", "a.json.gz", cut, "", "a.json.gz")
    content = split.blocks(file, [], _PACKED[:cut])
    found = list(split.records(content, partial(judge, fields=EVENT_FIELDS)))
    whole = zlib.decompressobj(31).decompress(_PACKED[:cut]).count(b"\n")
    assert [isinstance(one[3], Rejection) for one in found] == [False] * whole + [True]


def test_files_that_are_no_logs_are_one_reject_each(tmp_path: Path) -> None:
    text = b"\n".join(log(1, 30))
    contents = {
        "binary.json": (bytes(range(256)) * 300, "no text"),
        "gzip.json": (gzip.compress(text), "packed by gzip"),
        "zip.json": (b"PK\x03\x04" + text, "packed by zip"),
        "nul.json": (b"\0", "no text"),
        "parquet.json": (b"PAR1" + text, "Parquet"),
        "sqlite.json": (b"SQLite format 3\0" + text, "SQLite"),
        "utf16.json": (text.decode().encode("utf-16"), "iconv -f UTF-16 "),
        "utf16le.json": (text.decode().encode("utf-16-le"), "iconv -f UTF-16LE "),
        "utf32be.json": (text.decode().encode("utf-32-be"), "iconv -f UTF-32BE "),
        "array.json": (b"[" + b",".join(log(1, 30)) + b"]", "jq -c '.[]'"),
        "lines.json": (b"[" + b",\n".join(log(1, 30)) + b"\n]\n", "jq -c '.[]'"),
        "pretty.json": (json.dumps(BASE["events"], indent=2).encode(), "jq -c . "),
        "pointer.json": (b"version https://git-lfs.github.com/spec/v1\noid x\n", "git lfs pull"),
        "page.json": (b"\n<!DOCTYPE html>\n<p>404</p>", "a web page"),
        "table.json": (b"artist,auth,firstName,gender,level\nA,B,C,D,E\n", "CSV"),
        "named.json.gz": (text, "take that off"),
    }
    staged = stage(tmp_path, {name: content for name, (content, _) in contents.items()})
    for name, (content, words) in contents.items():
        assert [line_number for line_number, _ in staged.rejects[name]] == [1], name
        assert words in staged.messages[name][0]
        assert staged.weights[name] == max(1, len(content) // 500) or name == "named.json.gz"


@pytest.mark.parametrize(
    "head", [b"[1]", b'[{"ts":', b"<p>", b"\0" * 70_000, b"\xff", b"a,b,c,d,e", b"{\0\0\0\0"]
)
def test_what_only_begins_like_no_log_is_one(tmp_path: Path, head: bytes) -> None:
    staged = stage(tmp_path, {"day.json": b"\n".join([head, *log(1)])})
    assert len(staged.rejects["day.json"]) == 1
    assert staged.rows["day.json"].total() == 5


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


def test_song_that_opens_objects_without_end(tmp_path: Path) -> None:
    contents = {"deep.json": b'{"a":' * 100_000 + b"1}", "good.json": line("songs")}
    staged = stage(tmp_path, None, contents)
    check(staged, "songs", contents)
    assert list(staged.rejects) == ["deep.json"]


def test_songs_come_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(join, "_PART_BYTES", 8 * KIB)
    monkeypatch.setattr(join, "_FILES_AT_A_TIME", 16)
    monkeypatch.setattr(join, "_READERS", 2)  # so that there is more to read than they hold
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
        "two on a line",
        "with NaN",
        "with a trailing comma",
        "with a nested trailing comma",
        "with a form feed",
    }


@pytest.mark.sampled(of=4)
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
    monkeypatch.setattr(event_loader, "HEAD_RECORDS", 3)
    monkeypatch.setattr(song_loader, "_SAMPLED_SONGS", 4)
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
    monkeypatch.setattr(join, "_PART_BYTES", piece_bytes)
    monkeypatch.setattr(join, "_FILES_AT_A_TIME", 2)
    monkeypatch.setattr(song_loader, "_SAMPLED_SONGS", 3)
    contents = {f"{n}.json": line("songs", {"tempo": "120"}, song_id=f"SO{n}") for n in range(8)}
    assert stage(tmp_path, None, contents).unknown == {"tempo": 3}


@pytest.mark.parametrize(("spool_bytes", "statements"), [(700, 20), (1 << 20, 1)])
def test_accepted_records_are_read_together_but_not_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spool_bytes: int, statements: int
) -> None:
    """A statement for each file takes long; all at once may not fit onto the disk."""
    monkeypatch.setattr(strict_path, "_SPOOL_BYTES", spool_bytes)
    read: list[str] = []
    read_bulk = event_loader.EventLoader._read

    def count(loader: event_loader.EventLoader, paths: list[str], *numbers: list[int]) -> None:
        read.extend(path for path in paths if "spool" in path)
        read_bulk(loader, paths, *numbers)

    monkeypatch.setattr(event_loader.EventLoader, "_read", count)
    contents = {f"{n:02}.json": b"\n".join([*log(n, 2), b"}"]) for n in range(20)}
    staged = stage(tmp_path, contents)
    check(staged, "events", contents)
    assert len(read) == statements


# Songs beside events


def read_beside(
    folder: Path,
    threads: int,
    read_events: Callable[[Stager], None],
    read_songs: Callable[[threading.Event], None],
) -> None:
    """Stage nothing, with something else in place of both loaders."""
    with (
        duckdb.connect(config={"threads": threads}) as connection,
        pytest.MonkeyPatch.context() as patch,
    ):
        stager = Stager(connection, KEYS, folder, silent)
        patch.setattr(event_loader.EventLoader, "stage", lambda *_: read_events(stager))
        patch.setattr(song_loader.SongLoader, "stage", lambda *given: read_songs(given[-1]))
        with closing(stager.rejects):
            stager.stage(SourceFiles())


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
    look = event_loader.head_of

    def look_and_remove(file: SourceFile, fields: Sequence[Field]) -> event_loader.Head:
        found = look(file, fields)
        Path(file.path).unlink()
        return found

    monkeypatch.setattr("sparkify.warehouse.duckdb.event_loader.head_of", look_and_remove)
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
    folder: Path, kind: Kind, contents: Sequence[bytes], *ranked: tuple[Any, ...]
) -> list[tuple[int, int, str, str]]:
    """Reject what lost in files; returns file, line, message and text of each reject."""
    files = source_files(folder, kind, {f"{n}.json": one for n, one in enumerate(contents)})
    log = RejectLog(folder / "rejects.ndjson")
    with closing(log):
        reject_losers(ranked, kind, fields_of(kind, KEYS), files, log)
    rows = [json.loads(one) for one in log.path.read_text().splitlines()]
    assert {row["reason"] for row in rows} == {"conflict"}
    names = "source_file", "line_number", "message", "raw_text"
    return [tuple(row[name] for name in names) for row in rows]


def test_losers_of_a_key_are_found_in_their_files(tmp_path: Path) -> None:
    """As often as they lost; what was staged before stands where its winner does."""
    a, b, c = (line("events", itemInSession=1, artist=name) for name in "ABC")
    old, new = (line("events", itemInSession=2, artist=name) for name in "ON")
    ranked = [(*staged_row("events", old), None, "displaced")]
    ranked += [(*staged_row("events", a), 0, "conflict")] * 2
    ranked += [(*staged_row("events", b), 2, "conflict")]
    ranked += [(*staged_row("events", new), 1, "kept")]
    contents = [b"\n".join([c, a, b"{", a, a]), b"\n".join([new, new]), b]
    first, second, displaced, last = reject_in(tmp_path, "events", contents, *ranked)
    stays = (
        "a greater record of itemInSession 1, sessionId 818, ts 2018-11-21 21:56:47.796000, "
        "userId 15 stays"
    )
    assert first == (0, 2, stays, a.decode())
    assert second == (0, 4, stays, a.decode())
    assert last == (2, 1, stays, b.decode())
    assert displaced[:2] == (1, 1)
    assert displaced[2] == (
        "was staged before; the greater record of itemInSession 2, sessionId 818, "
        "ts 2018-11-21 21:56:47.796000, userId 15 here displaced it"
    )
    assert staged_row("events", displaced[3].encode()) == staged_row("events", old)


def test_song_on_several_lines_loses_its_key(tmp_path: Path) -> None:
    pretty = json.dumps(BASE["songs"], indent=1).encode()
    lost = (*staged_row("songs", pretty), 0, "conflict")
    ((*place, _, text),) = reject_in(tmp_path, "songs", [pretty], lost)
    assert (place, text) == ([0, 1], pretty.decode())


@pytest.mark.parametrize("outcome", ["conflict", "kept"])
def test_loser_or_winner_that_is_no_longer_there(tmp_path: Path, outcome: str) -> None:
    old, new = line("events", artist="A"), line("events", artist="B")
    ranked = [(*staged_row("events", new), 0, outcome)]
    ranked.append((*staged_row("events", old), None, "displaced"))
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


@pytest.mark.parametrize("block_bytes", [1 << 20, 700])
def test_spoiled_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int) -> None:
    random = Random(block_bytes)
    contents = {f"{n:03}.json": spoiled(random) for n in range(60)}
    wanted = {name: expected("events", content) for name, content in contents.items()}
    monkeypatch.setattr(split, "BLOCK_BYTES", block_bytes)
    staged = stage(tmp_path, contents)
    for name, (rows, rejects) in wanted.items():
        assert staged.rejects.get(name, []) == rejects, name
        assert staged.rows[name] == rows, name
    reasons = Counter(reason for rejects in staged.rejects.values() for _, reason in rejects)
    assert reasons["not_json"] > 10


def test_every_song_field_is_read(tmp_path: Path) -> None:
    staged = stage(tmp_path, None, {"song.json": line("songs")})
    (row,) = staged.rows["song.json"]
    assert row == tuple(BASE["songs"][field.key] for field in SONG_FIELDS)
