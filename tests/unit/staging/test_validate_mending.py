"""Text that was encoded twice: what is mended, on every path and on both engines."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulk_and_strict import KEYS
from duckdb_warehouse import Place
from oracle import File
from oracle_fields import mended as mended_again
from redshift_warehouse import Cloud, cloud
from small_world import FIRST, log, play, song
from sparkify import etl
from sparkify.errors import SettingsError
from sparkify.staging.validate import mended
from sparkify.warehouse.duckdb.file_loaders import MACROS

SHARED = Path(__file__).parents[4] / "shared" / "data"
real = pytest.mark.skipif(not SHARED.exists(), reason="the real data is not beside the project")


def encoded(text: str, times: int = 2) -> str:
    """A text whose UTF-8 was taken for Latin-1, so often."""
    for _ in range(times):
        text = text.encode().decode("latin-1")
    return text


# The function, and the macro of the bulk path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BjÃ¶rk", "Björk"),
        ("BjÃ\x83Â¶rk", "Björk"),
        ("VÃ\x83Â¥ren", "Våren"),
        (encoded("Våren", 3), "Våren"),
        (encoded("Våren", 4), "VÃ¥ren"),
        (encoded("日本 𝄞"), "日本 𝄞"),
        ("Björk", "Björk"),
        ("Ã", "Ã"),
        ("São Ã¶", "São Ã¶"),  # no UTF-8 as a whole
        ("BjÃ¶rk Łódź", "BjÃ¶rk Łódź"),  # holds what is not in Latin-1
        ("Ã¶" + "\ud800", "Ã¶" + "\ud800"),
        ("\u00c0\u0080", "\u00c0\u0080"),  # no UTF-8: an overlong U+0000
        ("\u00ed\u00a0\u0080", "\u00ed\u00a0\u0080"),  # nor half of a surrogate pair
        ("Ã¶ ", "ö "),
        ("", ""),
    ],
)
def test_texts(text: str, expected: str) -> None:
    assert mended(text) == expected


TEXTS = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("Ã¶Â\x83 ")))
LATIN = st.text(st.characters(max_codepoint=255))


@given(TEXTS, st.integers(1, 3))
def test_what_was_encoded_up_to_three_times_is_as_before(text: str, times: int) -> None:
    before = mended(text)
    if mended(before) == before:
        assert mended(encoded(before, times)) == before
    assert mended(text).rstrip(" ") == mended(text.rstrip(" "))
    assert ("\0" in mended(text)) == ("\0" in text)
    assert len(mended(text).encode()) <= len(text.encode())
    assert mended(text) == mended_again(text)


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for macro in MACROS:
            connection.execute(macro.sql)
        yield connection


def in_sql(connection: duckdb.DuckDBPyConnection, texts: list[str]) -> list[str]:
    query = "SELECT mended(x) FROM (SELECT unnest($texts) AS x)"
    found = connection.execute(query, {"texts": texts}).fetchall()
    return [text for (text,) in found]


@given(st.lists(st.one_of(TEXTS, LATIN, st.builds(encoded, TEXTS, st.integers(1, 5))), min_size=1))
def test_both_paths_mend_alike(engine: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    assert in_sql(engine, texts) == [mended(text) for text in texts]


def test_both_paths_know_the_same_utf8(engine: duckdb.DuckDBPyConnection) -> None:
    """Every beginning of a character with every second byte, and the edges of the others."""
    edges = (0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0)
    texts = [chr(a) + chr(b) for a in range(0xC0, 0x100) for b in range(0x100)]
    texts += [chr(a) + chr(b) + chr(c) for a in range(0xE0, 0xF0) for b in edges for c in edges]
    texts += [
        chr(a) + chr(b) + chr(c) + chr(d)
        for a in range(0xF0, 0xF6)
        for b in edges
        for c in edges
        for d in edges
    ]
    assert in_sql(engine, texts) == [mended(text) for text in texts]


# Loads


GOOD = log("good", play(9, 0, song="Three"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def load(place: Place, mend_text: bool = True) -> dict[str, Any]:
    settings = replace(place.settings, mend_text=mend_text)
    report: dict[str, Any] = etl.load(settings, answers=False).as_json()
    return report


MISSPELLED = [
    log("1", play(1, 0, artist=encoded("Björk"), song=encoded("Våren"))),
    song(1, "Våren", artist_name="Björk"),
]


def test_a_play_is_mended_and_matched(place: Place) -> None:
    place.write(MISSPELLED)
    assert load(place)["events"]["mended"] == 1
    [staged], [matched], runs = place.read(
        "SELECT artist, song FROM staging_events",
        "SELECT song_id FROM songplays",
        "SELECT events_mended, songs_mended FROM etl_runs",
    )
    assert (staged, matched, runs) == (("Björk", "Våren"), ("SO1",), [(1, 0)])


def test_where_it_is_not_wanted_nothing_is_mended(place: Place) -> None:
    place.write(MISSPELLED)
    assert load(place, mend_text=False)["events"]["mended"] == 0
    [staged], [matched] = place.read(
        "SELECT artist, song FROM staging_events", "SELECT song_id FROM songplays"
    )
    assert (staged, matched) == ((encoded("Björk"), encoded("Våren")), (None,))


IN_DOUBT = {
    "in bulk": b"",
    "strictly": b"\nno record",
    "strictly, by a number": b"\n" + play(8, 0, song=1.5),
}


@pytest.mark.parametrize("beside", IN_DOUBT.values(), ids=IN_DOUBT.keys())
def test_names_and_places_are_mended_and_nothing_else(place: Place, beside: bytes) -> None:
    wrong = encoded("Åé")
    names = dict.fromkeys(("artist", "song", "location", "firstName", "lastName"), wrong + "  ")
    others = dict.fromkeys(("auth", "gender", "method", "userAgent"), wrong)
    file = log("1", play(1, 0, **names, **others))
    kept = song(1, wrong, artist_name=wrong, artist_location=wrong, song_id=wrong, artist_id=wrong)
    place.write([replace(file, content=file.content + beside), kept])
    report = load(place)
    assert (report["events"]["mended"], report["songs"]["mended"]) == (1, 1)
    [event], [catalogue] = place.read(
        "SELECT artist, song, location, firstname, lastname, auth, gender, method, useragent"
        " FROM staging_events WHERE sessionid = 1",
        "SELECT title, artist_name, artist_location, song_id, artist_id FROM staging_songs",
    )
    assert event == ("Åé",) * 5 + (wrong,) * 4
    assert catalogue == ("Åé",) * 3 + (wrong,) * 2


@pytest.mark.parametrize("beside", IN_DOUBT.values(), ids=IN_DOUBT.keys())
def test_widths_are_judged_after_mending(place: Place, beside: bytes) -> None:
    fits, too_wide = encoded("é" * 512), encoded("é" * 513)
    file = log("1", play(1, 0, song=fits), play(1, 1, song=too_wide))
    place.write(
        [
            replace(file, content=file.content + beside),
            song(1, fits),
            song(2, too_wide),
            song(3, artist_location=encoded("\u00e9" * 512, 3)),
        ]
    )
    report = load(place)
    assert (report["events"]["mended"], report["songs"]["mended"]) == (1, 2)
    (texts, titles, rejects) = place.read(
        "SELECT song FROM staging_events WHERE sessionid = 1",
        "SELECT title, artist_location FROM staging_songs ORDER BY song_id",
        "SELECT kind, reason FROM rejected_records WHERE reason <> 'not_json' ORDER BY kind",
    )
    assert texts == [("é" * 512,)]
    assert titles == [("é" * 512, None), ("One", "é" * 512)]
    assert rejects == [("events", "too_long"), ("songs", "too_long")]
    assert load(place)["files"]["skipped"] == 4


def test_widths_are_judged_as_they_are_where_nothing_is_mended(place: Place) -> None:
    place.write([log("1", play(1, 0, song=encoded("é" * 512)), play(1, 1)), song(1)])
    assert load(place, mend_text=False)["events"]["rejected"] == 1


def test_what_is_the_same_after_mending_is_a_duplicate(place: Place) -> None:
    right, once, twice = (play(1, 0, song=encoded("Våren", times)) for times in range(3))
    place.write([log("1", right, once), log("2", twice), song(1)])
    report = load(place)
    assert report["events"] == {
        "read": 3, "staged": 1, "duplicates": 2, "rejected": 0, "mended": 2
    }  # fmt: skip
    place.write([log("3", once)])
    assert load(place)["events"]["duplicates"] == 1


def test_what_loses_its_key_is_found_in_its_file(place: Place) -> None:
    less, more = (play(1, 0, song=encoded(name)) for name in ("Våren", "Øen"))
    place.write([log("1", less, b"{", more), song(1)])
    assert load(place)["events"]["rejected"] == 2
    greatest = play(1, 0, song=encoded("ØØ"))
    place.write([log("2", greatest)])
    assert load(place)["events"] == {
        "read": 1, "staged": 0, "duplicates": 0, "rejected": 1, "mended": 1
    }  # fmt: skip
    conflicts, staged = place.read(
        "SELECT line_number, raw_text FROM rejected_records WHERE reason = 'conflict'"
        " ORDER BY run_id",
        "SELECT song FROM staging_events",
    )
    assert conflicts[0] == (1, less.decode())
    assert json.loads(conflicts[1][1])["song"] == "Øen"
    assert staged == [("ØØ",)]


# The settings of the first load


@pytest.mark.parametrize("first", [True, False])
def test_a_load_with_another_setting_is_refused(place: Place, first: bool) -> None:
    place.write(MISSPELLED)
    load(place, mend_text=first)
    before = place.read("SELECT * FROM warehouse_info", "SELECT * FROM etl_runs")
    was, now = str(first).lower(), str(not first).lower()
    for more in ([], [GOOD]):
        place.write(more)
        with pytest.raises(SettingsError) as caught:
            load(place, mend_text=not first)
        assert f"MEND_TEXT is {now}, and this warehouse was loaded with {was}" in str(caught.value)
        assert f"Set MEND_TEXT = {was}" in caught.value.next_step
        assert place.read("SELECT * FROM warehouse_info", "SELECT * FROM etl_runs") == before
    assert load(place, mend_text=first)["events"]["staged"] == 1


def test_a_load_with_other_keys_is_refused(place: Place) -> None:
    place.write(MISSPELLED)
    load(place)
    paths = place.folder / "log_json_path.json"
    paths.write_text(json.dumps({"jsonpaths": [f"$['{key}']" for key in KEYS]}))
    assert load(place)["files"]["skipped"] == 2  # the same keys
    paths.write_text(json.dumps({"jsonpaths": [f"$['{key}']" for key in KEYS[1:]]}))
    place.write([GOOD])
    with pytest.raises(SettingsError, match="LOG_JSONPATH names other fields"):
        load(place)
    paths.unlink()
    assert load(place)["events"]["staged"] == 1


def test_a_warehouse_that_holds_nothing_takes_any_setting(place: Place) -> None:
    place.write([File("log_data/1.json", "events", b""), File("song_data/1.json", "songs", b"")])
    load(place, mend_text=False)
    [kept] = place.read("SELECT mend_text, jsonpaths_hash FROM warehouse_info")
    assert kept == [(None, None)]
    place.write(FIRST, version=1)
    load(place)
    [[(mend_text, digest)]] = place.read("SELECT mend_text, jsonpaths_hash FROM warehouse_info")
    assert (mend_text, len(digest)) == (1, 64)


# The real data


@real
def test_the_real_logs_and_songs() -> None:
    """Each text of the logs with the sign is mended, and none of the songs is touched."""
    texts = set()
    for path in (SHARED / "sparkify" / "log_data").rglob("*.json"):
        for line in path.read_text().splitlines():
            event = json.loads(line)
            texts |= {str(event[key]) for key in ("artist", "song") if event[key]}
    suspects = {text for text in texts if "\u00c3" in text}
    assert len(suspects) == 195
    assert all(mended(text) != text and "\u00c3" not in mended(text) for text in suspects)
    assert all(mended(text) == text for text in texts - suspects)
    with tarfile.open(SHARED / "full" / "song_data.tar.gz") as archive:
        songs = [json.load(archive.extractfile(one)) for one in archive if one.isfile()]  # type: ignore[arg-type]
    assert len(songs) == 14_896
    for record in songs:
        for key in ("title", "artist_name", "artist_location"):
            text = str(record[key])
            assert mended(text) == text


@pytest.mark.sampled(of=2)
@real
@pytest.mark.parametrize(("mend_text", "matched", "events"), [(True, 327, 326), (False, 319, 0)])
def test_the_full_set(place: Place, mend_text: bool, matched: int, events: int) -> None:
    with tarfile.open(SHARED / "full" / "song_data.tar.gz") as archive:
        archive.extractall(place.folder, filter="data")
    (place.folder / "log_data").symlink_to(SHARED / "sparkify" / "log_data")
    report = load(place, mend_text)
    assert report["tables"]["staging_songs"] == 14_896
    assert report["tables"]["artists"] == 9_553
    assert report["tables"]["songplays"] == 6_820
    assert (report["events"]["mended"], report["songs"]["mended"]) == (events, 0)
    [[found]] = place.read("SELECT count(song_id) FROM songplays")
    assert found == (matched,)


# Redshift


@pytest.fixture(scope="module")
def one_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud(tmp_path_factory.mktemp("cloud")) as made:
        yield made


@pytest.mark.sampled(of=2)
@pytest.mark.parametrize("mend_text", [True, False])
def test_both_engines_stage_the_same(one_cloud: Cloud, mend_text: bool) -> None:
    one_cloud.empty_tables()
    twice = encoded("Øen")
    less, more = play(3, 0, song=twice), play(3, 0, song=twice + " live")
    wide = play(2, 0, location=encoded("é" * 512))
    for files in (
        [*MISSPELLED, log("2", wide, b"{", less), song(2, twice)],
        [log("3", more, play(1, 0, artist="Björk", song="Våren"))],
    ):
        one_cloud.put(files)
        ours, theirs = (
            one_cloud.load(copy_mode="compact", mend_text=mend_text),
            one_cloud.load_duckdb(mend_text=mend_text),
        )
        for key in ("events", "songs", "plays", "tables"):
            assert ours[key] == theirs[key], key
    assert one_cloud.tables() == one_cloud.duckdb_tables()
    assert ours["events"]["mended"] == mend_text
    one_cloud.put([GOOD])
    with pytest.raises(SettingsError, match="this warehouse was loaded with"):
        one_cloud.load(mend_text=not mend_text)
    assert one_cloud.load(mend_text=mend_text)["events"]["staged"] == 1
