"""Song files, staged: in parts, odd forms, one bad among many."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from bulk_and_strict import BASE, line
from sparkify.sources import join
from sparkify.staging.rules import SONG_FIELDS
from sparkify.warehouse.duckdb import file_loaders
from staged_files import check, expected, songs, stage


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
    monkeypatch.setattr(join, "_PART_BYTES", 8 << 10)
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


@pytest.mark.parametrize("piece_bytes", [1, 16 << 20])
def test_unknown_fields_are_noted_in_so_many_songs_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece_bytes: int
) -> None:
    monkeypatch.setattr(join, "_PART_BYTES", piece_bytes)
    monkeypatch.setattr(join, "_FILES_AT_A_TIME", 2)
    monkeypatch.setattr(file_loaders, "_SAMPLED_SONGS", 3)
    contents = {f"{n}.json": line("songs", {"tempo": "120"}, song_id=f"SO{n}") for n in range(8)}
    assert stage(tmp_path, None, contents).unknown == {"tempo": 3}


def test_every_song_field_is_read(tmp_path: Path) -> None:
    staged = stage(tmp_path, None, {"song.json": line("songs")})
    (row,) = staged.rows["song.json"]
    assert row == tuple(BASE["songs"][field.key] for field in SONG_FIELDS)
