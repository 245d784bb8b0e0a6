"""The second implementation against the published figures of the real data.

The data stands beside the project, at ../shared/data/sparkify; where it is not, these are skipped.
"""

from __future__ import annotations

import gzip
import itertools
from collections import Counter
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from oracle import (
    COLUMNS,
    File,
    Staged,
    Star,
    accept,
    is_listed,
    newest_plays,
    pieces,
    refused,
    sessions,
    star,
    totals,
)
from oracle_fields import Kind, mended

REAL = Path(__file__).parents[3] / "shared" / "data" / "sparkify"
here = pytest.mark.skipif(not REAL.exists(), reason="the real data is not beside the project")


def real_files() -> list[File]:
    kinds: dict[str, Kind] = {"log_data": "events", "song_data": "songs"}
    return [
        File(str(path), kind, path.read_bytes())
        for folder, kind in kinds.items()
        for path in sorted((REAL / folder).rglob("*.json"))
    ]


@pytest.fixture(scope="module")
def staged() -> Staged:
    return accept(real_files())


@pytest.fixture(scope="module")
def tables(staged: Staged) -> Star:
    return star(staged)


@here
def test_real_rows(staged: Staged, tables: Star) -> None:
    assert len(staged.rows["events"]) == 8056
    assert {name: len(rows) for name, rows in tables.items()} == {
        "songplays": 6820,
        "users": 104,
        "songs": 71,
        "artists": 69,
        "time": 6813,
    }
    assert not staged.rejects
    assert totals(staged) == (8056, 71, 6820, 6820)
    assert len(newest_plays(staged)) == 104
    assert [row[:6] for row in tables["songplays"] if row[4]] == [
        (
            *("1542837407796-15-818-5", datetime(2018, 11, 21, 21, 56, 47, 796000)),
            *(15, "paid", "SOZCTXZ12AB0182364", "AR5KOSW1187FB35FF4"),
        )
    ]


@here
def test_real_counts_by_hour_weekday_week_level_and_place(tables: Star) -> None:
    times = {row[0]: row for row in tables["time"]}
    plays = [(play, times[play[1]]) for play in tables["songplays"]]
    assert [Counter(time[1] for _, time in plays)[hour] for hour in range(24)] == [
        *(155, 154, 117, 109, 136, 162, 183, 179, 207, 270, 312, 336),
        *(308, 324, 432, 477, 542, 494, 498, 367, 360, 280, 217, 201),
    ]
    assert [Counter(time[6] for _, time in plays)[day] for day in range(7)] == [
        *(396, 1014, 1071, 1364, 1052, 1295, 628),
    ]
    assert Counter(time[3] for _, time in plays) == {
        44: 410,
        45: 1257,
        46: 1958,
        47: 1711,
        48: 1484,
    }
    assert Counter(play[3] for play, _ in plays) == {"paid": 5591, "free": 1229}
    assert Counter(play[7] for play, _ in plays).most_common(3) == [
        ("San Francisco-Oakland-Hayward, CA", 691),
        ("Portland-South Portland, ME", 665),
        ("Lansing-East Lansing, MI", 557),
    ]
    assert Counter(play[2] for play, _ in plays).most_common(3) == [(49, 689), (80, 665), (97, 557)]
    assert len({play[6] for play, _ in plays}) == 776
    assert sum(play[8].startswith("Mozilla") for play, _ in plays) == 6820


@here
def test_real_pages_and_genders(staged: Staged) -> None:
    events = [
        dict(zip(COLUMNS["events"], row, strict=True)) for row in staged.rows["events"].values()
    ]
    plays = [event for event in events if event["page"] == "NextSong"]
    assert Counter(event["page"] for event in events).most_common(4) == [
        ("NextSong", 6820),
        ("Home", 806),
        ("Login", 92),
        ("Logout", 90),
    ]
    assert sum(event["userid"] is None for event in events) == 286
    assert Counter(play["gender"] for play in plays) == {"F": 4887, "M": 1933}
    assert round(sum(play["length"] for play in plays), 5) == 1684759.74663


@here
def test_real_files_in_any_order_twice(staged: Staged) -> None:
    files = real_files() * 2
    Random(5).shuffle(files)
    again = accept(files)
    assert again.rows == staged.rows
    assert again.tally["events"].repeated == 8056
    assert again.conflicts("events") == (0, 0)


def event(ts: int, song: str, user: str = "7", session: int = 1, item: int = 0) -> bytes:
    return (
        b'{"sessionId": %d, "itemInSession": %d, "page": "NextSong", "userId": "%s",'
        b'"level": "free", "ts": %d, "song": "%s", "artist": "A", "length": 1.5}\n'
    ) % (session, item, user.encode(), ts, song.encode())


MOMENT = 1541105830796


def test_the_greatest_record_stays_in_every_order() -> None:
    later, more, less = event(MOMENT, "b"), event(MOMENT, "a"), event(0, "never")
    files = [
        File(f"log_data/{n}.json", "events", text)
        for n, text in enumerate((later, more, less, later))
    ]
    for order in itertools.permutations(files):
        staged = accept(order)
        (row,) = staged.rows["events"].values()
        assert row[COLUMNS["events"].index("song")] == "b"
        assert (staged.tally["events"].read, staged.tally["events"].repeated) == (4, 2)
        assert [reject.reasons for reject in staged.rejects] == [{"range"}]
        assert staged.conflicts("events") == (1, 2)


def log(content: bytes, name: str = "a.json") -> Staged:
    """What is made of one log file."""
    return accept([File(f"log_data/{name}", "events", content)])


def test_listeners_share_a_session_number_and_one_has_it_twice() -> None:
    day = 86_400_000
    staged = log(
        event(MOMENT, "a")
        + event(MOMENT, "a", user="8")
        + event(MOMENT + day, "a", item=1)
        + event(MOMENT + 2 * day + 1, "a", item=2)
    )
    assert [play[0] for play in star(staged)["songplays"]] == [
        *(f"{MOMENT}-7-1-0", f"{MOMENT}-8-1-0"),
        *(f"{MOMENT + day}-7-1-1", f"{MOMENT + 2 * day + 1}-7-1-2"),
    ]
    assert [(*one[:5], *one[-2:]) for one in sessions(staged)] == [
        (7, 1, 1, MOMENT, MOMENT + day, 2, 2),
        (7, 1, 2, MOMENT + 2 * day + 1, MOMENT + 2 * day + 1, 1, 1),
        (8, 1, 1, MOMENT, MOMENT, 1, 1),
    ]
    assert newest_plays(staged) == [
        (7, "free", MOMENT + 2 * day + 1, 1, 2),
        (8, "free", MOMENT, 1, 0),
    ]


A, B = event(MOMENT, "a").strip(), event(MOMENT + 1, "b").strip()
BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("content", "records", "damage"),
    [
        (A + B, [(1, 1), (1, len(A) + 1)], []),
        (A + b" " + B + b"\r\n\n", [(1, 1), (1, len(A) + 2)], []),
        (BOM + A + b"\n" + BOM + B, [(1, 4), (2, 4)], []),
        (b"x y " + A + b"z\n" + B, [(2, 1)], [(1, 1)]),
        (b"x y " + A + b"\n" + B, [(1, 5), (2, 1)], [(1, 1)]),
        (A + b" x\n" + B, [(1, 1), (2, 1)], [(1, len(A) + 2)]),
        (A + b"x\n" + B + b",", [(1, 1), (2, 1)], [(1, len(A) + 1), (2, len(B) + 1)]),
        (b'{"a": ' + A + b"}", [(1, 1)], []),  # a record, though one that lacks everything
        (b'{"a": ' + A + b"\n" + B, [(1, 7), (2, 1)], [(1, 1)]),
        (b'{"a": [' + A + b",\n" + B, [(2, 1)], [(1, 1)]),
        (A[:-9] + b"\n" + A[-9:] + b"\n" + B, [(3, 1)], [(1, 1), (2, 1)]),
        (A[:-9] + B, [(1, len(A) - 8)], [(1, 1)]),
        (b"\0" * 70_000 + b"\n" + A, [(2, 1)], [(1, 1)]),
        (b"{" * 50 + A, [(1, 51)], [(1, 1)]),
        (b" \n\t\r\n", [], []),
    ],
)
def test_records_and_damage_of_a_log(
    content: bytes, records: list[tuple[int, int]], damage: list[tuple[int, int]]
) -> None:
    found = pieces(File("log_data/a.json", "events", content))
    assert [(one.line, one.place) for one in found if not one.wrong] == records
    assert [(one.line, one.place) for one in found if one.wrong] == damage
    assert sum(one.weight for one in found) == len(found)


PRETTY = A.replace(b",", b",\n")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[" + A + b"]", "not_json"),
        (b"[" + A + b",\n" + B + b"]\n", "not_json"),
        (b"[\n" + A + b"\n,\n" + B + b"\n]", "not_json"),
        (PRETTY + b"\n" + PRETTY, "not_json"),
        (b"<!DOCTYPE html>\n<html></html>\n", "not_json"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:7\nsize 5\n", "not_json"),
        (A.decode().encode("utf-16"), "encoding"),
        (A.decode().encode("utf-16-be"), "encoding"),
        (A.decode().encode("utf-32"), "encoding"),
        (gzip.compress(A), "encoding"),
        (b"PAR1" + bytes(range(256)), "encoding"),
        (b"[\n" + A[:-1] + b",\n" + B[:-1], "not_json"),
        (b"artist,song,length,ts,page\r\na,b,1,2,c\r\n", "not_json"),
        (b"[" + A + b"]\n{}", "not_json"),
        (b"\xff\0\n{}\n", "encoding"),
    ],
)
def test_what_is_no_log_at_all_is_one_reject_of_the_weight_of_its_bytes(
    content: bytes, reason: str
) -> None:
    for name, packed in (("a.json", content), ("a.jsonl.gz", gzip.compress(content))):
        staged = log(packed, name)
        assert [(one.line, one.reasons) for one in staged.rejects] == [(1, frozenset({reason}))]
        assert staged.tally["events"].weight == 1
        assert refused(Staged(), staged)
    assert log(content + b" " * 50_000).tally["events"].weight >= 100


def test_a_damaged_gzip_keeps_its_whole_lines() -> None:
    lines = b"".join(event(MOMENT + n, f"{n * n}") for n in range(400))
    whole = gzip.compress(lines)
    for packed, records in (
        (whole[: len(whole) // 2], None),
        (whole[:-6] + b"xxxxxx", 400),
        (whole[:-8], 400),
        (whole + gzip.compress(A)[:-1], 400),
        (whole + b"x", 400),
        (lines, 0),
    ):
        tally = log(packed, "a.json.gz").tally["events"]
        assert tally.rejected == 1
        assert records in (None, tally.read - 1)
        assert tally.read > 100 or not records
    for packed in (whole + b"\r\n\0\0 ", whole + gzip.compress(A)):
        assert not log(packed, "a.json.gz").rejects


def test_a_song_may_stand_on_several_lines_and_several_on_one() -> None:
    song = b'{"song_id":"SO1","artist_id":"AR",\n"title":1.50,"duration":1}'
    content = song + song.replace(b"\n", b"") + b"\n" + song
    found = pieces(File("song_data/a.json", "songs", content))
    assert [(one.line, one.place) for one in found] == [(1, 1), (2, 27), (3, 1)]
    staged = accept([File("song_data/a.json", "songs", content)])
    assert [row[7] for row in staged.rows["songs"].values()] == ["1.50"]


def test_what_is_listed() -> None:
    names = ("a.json", "a.jsonl.gz", "level=paid/a.ndjson", "_x=1/a.json", "a b/%20.json.gz")
    others = ("a.txt", ".a.json", "_a.json", "_temporary/a.json", "x/.y/a.json", "a.gz", "a.json~")
    assert all(is_listed(f"log_data/{name}") for name in names)
    assert not any(is_listed(f"log_data/{name}") for name in others)


@pytest.mark.parametrize("text", ["Björk", "Sigur Rós", "Våren", "久石 譲", "a"])
def test_text_encoded_twice_is_mended_up_to_three_times(text: str) -> None:
    wrong = text
    for _ in range(3):
        wrong = wrong.encode().decode("latin-1")
        assert mended(wrong) == text
    if text != "a":
        assert mended(wrong.encode().decode("latin-1")) != text


@pytest.mark.parametrize("text", ["Ã", "Ã¶ \u2013", "Ã\u0080 Ã", "SÃO", "naïve", "Â\u00a0ü"])
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert mended(text) == text


def test_widths_are_judged_after_mending() -> None:
    wide = "é" * 512
    line = event(MOMENT, wide.encode().decode("latin-1"))
    assert log(line).rows["events"]
    staged = accept([File("log_data/a.json", "events", line)], Staged(mend=False))
    assert [one.reasons for one in staged.rejects] == [{"too_long"}]
