"""Bytes split into records and damage; packed files, and files that are no logs."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bulk_and_strict import BASE, line
from sparkify.sources.files import SourceFile
from sparkify.staging import split
from sparkify.staging.rules import EVENT_FIELDS
from sparkify.staging.validate import Rejection, judge
from staged_files import check, expected, log, stage

KIB = 1 << 10


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


def test_each_damage_of_a_line_is_shown_as_it_stands(tmp_path: Path) -> None:
    one, two, three = log(1, 3)
    staged = stage(tmp_path, {"day.json": b"a" + one + b" bc " + two + b'{"d": ' + three})
    assert staged.raw_texts == {"day.json": ["a", "bc", '{"d":']}
    assert staged.rows["day.json"].total() == 3


def test_unpacking_bytes_behind_a_member() -> None:
    file = SourceFile("events", "a.json.gz", 1 << 20, "", "a.json.gz")
    packed = gzip.compress(b"a\n") + gzip.compress(b"b")
    notes: list[str] = []
    assert b"".join(split.blocks(file, notes, packed + b"\0" * 40_000)) == b"a\nb"
    assert notes == [
        "a.json.gz: ignored 40,000 bytes of padding after a gzip member.",
    ]
    with pytest.raises(split.Damage, match="after the last gzip member") as caught:
        list(split.blocks(file, notes, packed + b"x"))
    assert caught.value.whole


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


@pytest.mark.sampled(of=4)
@pytest.mark.parametrize("cut", range(20, len(_PACKED), 97))
def test_packed_log_is_staged_up_to_its_cut(cut: int) -> None:
    file = SourceFile("events", "a.json.gz", cut, "", "a.json.gz")
    content = split.blocks(file, [], _PACKED[:cut])
    found = list(split.records(content, partial(judge, fields=EVENT_FIELDS)))
    whole = zlib.decompressobj(31).decompress(_PACKED[:cut]).count(b"\n")
    assert [isinstance(one[3], Rejection) for one in found] == [False] * whole + [True]


@pytest.mark.parametrize("before", [b"", b"\n", b"x" * 77 + b"\n", b"x\n" * 4000])
@pytest.mark.parametrize("behind", [b"", b"\n", b"\nx\n"])
@pytest.mark.parametrize("name", ["day.json", "day.json.gz"])
def test_file_with_a_line_longer_than_a_record_is_not_tried_in_bulk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, before: bytes, behind: bytes
) -> None:
    longest = 5000
    for constant, value in (
        *(("MAX_RECORD_BYTES", longest), ("HEAD_RECORDS", 0)),
        *(("BLOCK_BYTES", 90), ("_PACKED_BYTES", 90), ("_NEAR_BYTES", 90)),
    ):
        monkeypatch.setattr(split, constant, value)
    found = {}
    for size in (longest - 1, longest + 1):
        content = before + b"x" * size + behind
        path = tmp_path / name
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        file = SourceFile("events", str(path), path.stat().st_size, "", str(path))
        found[size - longest], _ = split.head_of(file, EVENT_FIELDS)
    assert found == {-1: False, 1: True}


def test_song_that_damage_cuts_is_lost_as_a_whole() -> None:
    whole, cut = b'{"song_id": 1}\n', b'{"song_id": {"a": 2}'

    def unpacked() -> Iterator[bytes]:
        yield whole + cut
        raise split.Damage("cut")

    first: Any
    last: Any
    first, last = split.song_records(unpacked(), refuse)
    assert first[:3] == (1, 1, whole.rstrip())
    assert last[:3] == (2, 1, cut)
    assert isinstance(last[3], Rejection)
    assert last[3].reason == "encoding"


def test_files_that_are_no_logs_are_one_reject_each(tmp_path: Path) -> None:
    text = b"\n".join(log(1, 30))
    contents = {
        "binary.json": (bytes(range(256)) * 300, "not text"),
        "gzip.json": (gzip.compress(text), "packed by gzip"),
        "zip.json": (b"PK\x03\x04" + text, "packed by zip"),
        "nul.json": (b"\0", "not text"),
        "parquet.json": (b"PAR1" + text, "Parquet"),
        "sqlite.json": (b"SQLite format 3\0" + text, "SQLite"),
        "utf16.json": (text.decode().encode("utf-16"), "iconv -f UTF-16 "),
        "utf16le.json": (text.decode().encode("utf-16-le"), "iconv -f UTF-16LE "),
        "blank.json": (f"\r\n {text.decode()}".encode("utf-16-be"), "iconv -f UTF-16BE "),
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
