"""Log files, staged: bad lines among many, bad files among good ones, hostile names."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from bulk_and_strict import line
from sparkify.errors import SourceError
from sparkify.sources import download
from sparkify.sources.files import SourceFile
from sparkify.staging import split
from sparkify.staging.rules import Field
from sparkify.warehouse.duckdb import file_loaders
from staged_files import check, expected, log, songs, source_files, stage, stage_files

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


@pytest.mark.parametrize(("group_files", "broken"), [(200, 1), (200, 2), (200, 5), (3, 5)])
def test_bad_files_among_good_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_files: int, broken: int
) -> None:
    monkeypatch.setattr(download, "GROUP_FILES", group_files)
    monkeypatch.setattr(split, "HEAD_RECORDS", 2)
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
    monkeypatch.setattr(download, "GROUP_BYTES", 3 * len(b"\n".join(log(1))))
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


def test_damage_far_behind_the_head_is_found(tmp_path: Path) -> None:
    lines = log(1, 3 * split.HEAD_RECORDS)
    packed = gzip.compress(b"".join(line + b"\n" for line in lines))
    staged = stage(tmp_path, {"log.json.gz": packed[:-8] + b"\0" * 4 + packed[-4:]})
    assert staged.rejects == {"log.json.gz": [(len(lines) + 1, "encoding")]}
    assert staged.rows["log.json.gz"].total() == len(lines)


def test_unknown_fields_are_noted_in_the_first_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(split, "HEAD_RECORDS", 3)
    monkeypatch.setattr(file_loaders, "_SAMPLED_SONGS", 4)
    lines = log(1)
    lines[0] = line("events", {"mood": "1", "TS": "2"}, itemInSession=90)
    lines[2] = line("events", {"mood": "null"}, itemInSession=91)
    lines[4] = line("events", {"late": "1"}, itemInSession=92)
    contents = songs(3)
    contents["TR00001.json"] = line("songs", {"tempo": "120"})
    staged = stage(tmp_path, {"a.json": b"\n".join(lines), "b.json": lines[0]}, contents)
    assert staged.unknown == {"mood": 3, "TS": 2, "tempo": 1}


@pytest.mark.parametrize(("spool_bytes", "statements"), [(700, 20), (1 << 20, 1)])
def test_accepted_records_are_read_together_but_not_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spool_bytes: int, statements: int
) -> None:
    """A statement for each file takes long; all at once may not fit onto the disk."""
    monkeypatch.setattr(file_loaders, "_SPOOL_BYTES", spool_bytes)
    read: list[str] = []
    read_bulk = file_loaders.EventLoader._read

    def count(loader: file_loaders.EventLoader, paths: list[str], *numbers: list[int]) -> None:
        read.extend(path for path in paths if "spool" in path)
        read_bulk(loader, paths, *numbers)

    monkeypatch.setattr(file_loaders.EventLoader, "_read", count)
    contents = {f"{n:02}.json": b"\n".join([*log(n, 2 + n % 2), b"}"]) for n in range(20)}
    staged = stage(tmp_path, contents)
    check(staged, "events", contents)
    assert len(read) == statements


def test_log_that_vanishes_behind_its_head_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = source_files(tmp_path, "events", {"a.json": b"\n".join(log(1)), "b.json": b"{}"})
    look = split.head_of

    def look_and_remove(file: SourceFile, fields: Sequence[Field]) -> tuple[bool, Counter[str]]:
        found = look(file, fields)
        Path(file.path).unlink()
        return found

    monkeypatch.setattr("sparkify.staging.split.head_of", look_and_remove)
    with pytest.raises(SourceError, match=r"a\.json cannot be read: No such file"):
        stage_files(tmp_path, files)
