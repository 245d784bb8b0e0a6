"""What COPY by itself lets pass that the rules reject, and what it does not (docs/cloud.md)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from oracle import File
from redshift_warehouse import Cloud, cloud
from sparkify import warehouse
from sparkify.errors import SettingsError, SourceError, UsageError, WarehouseError
from sparkify.sql_queries import STAGING_TABLES, STAR_TABLES, folder
from sparkify.warehouse.redshift import copy_plan, statements
from sparkify.warehouse.redshift.publish import Publication

pytestmark = pytest.mark.sampled(of=4)
HOME = {"sessionId": 1, "itemInSession": 2, "page": "Home", "ts": 1541116800000}
SONG = {"song_id": "SO1", "artist_id": "AR1", "title": "One", "duration": 1.5}


@pytest.fixture(scope="module")
def one_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud(tmp_path_factory.mktemp("cloud")) as made:
        yield made


@pytest.fixture
def place(one_cloud: Cloud) -> Cloud:
    one_cloud.empty_tables()
    return one_cloud


def put(place: Cloud, event: str, song: str) -> None:
    place.put(
        [
            File("log_data/1.json", "events", event.encode()),
            File("song_data/1.json", "songs", song.encode()),
        ]
    )


def rows(place: Cloud, sql: str) -> list[tuple[Any, ...]]:
    connection = place.aws.database()
    try:
        return list(connection.execute(sql.encode()).fetchall())
    finally:
        connection.close()


LET_PASS = [
    ("length", "7.5", 7.5),
    ("status", "200", 200),
    ("status", "", None),
    ("sessionId", "17", 17),
]
"""What nobody can tell once COPY has taken it."""


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The beginnings of files are not looked at, as if it all stood further behind."""
    monkeypatch.setattr(copy_plan, "first_unfit_head", lambda *_: None)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of any size are large enough for COPY."""
    monkeypatch.setattr(copy_plan, "MUCH_BYTES", 0)
    monkeypatch.setattr(copy_plan, "LARGE_FILE_BYTES", 0)


@pytest.mark.usefixtures("unseen")
@pytest.mark.parametrize(("field", "value", "loaded"), LET_PASS)
def test_copy_lets_pass_what_the_rules_reject(
    place: Cloud, field: str, value: object, loaded: object
) -> None:
    put(place, json.dumps(HOME | {field: value}), json.dumps(SONG))
    assert place.load(copy_mode="direct")["events"]["staged"] == 1
    assert rows(place, f"SELECT {field.lower()} FROM staging_events") == [(loaded,)]


TWICE = json.dumps(HOME)[:-1] + ', "page": "Help"}'
IN_CAPITALS = json.dumps(HOME | {"ARTIST": "Two"})


@pytest.mark.usefixtures("unseen")
def test_a_key_that_stands_twice(place: Cloud) -> None:
    put(place, TWICE, json.dumps(SONG))
    assert place.load(copy_mode="direct")["events"]["staged"] == 1


@pytest.mark.usefixtures("unseen")
def test_a_key_in_another_case(place: Cloud) -> None:
    put(place, IN_CAPITALS, json.dumps(SONG))
    place.load(copy_mode="direct")
    assert rows(place, "SELECT artist FROM staging_events") == [("Two",)]


@pytest.mark.usefixtures("large")
def test_a_key_in_another_case_is_seen_where_files_begin(place: Cloud) -> None:
    put(place, IN_CAPITALS, json.dumps(SONG))
    with pytest.raises(SourceError, match=r"log_data/1\.json, line 1: field 'ARTIST'"):
        place.load(copy_mode="direct")
    place.load(copy_mode="auto")
    assert rows(place, "SELECT artist FROM staging_events") == [(None,)]


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    "record",
    [
        *(json.dumps(HOME | {field: value}) for field, value, _ in LET_PASS),
        TWICE,
    ],
)
def test_what_copy_lets_pass_is_seen_where_files_begin(place: Cloud, record: str) -> None:
    good = json.dumps(HOME | {"itemInSession": 1})
    put(place, f"{good}\n{record}", json.dumps(SONG))
    with pytest.raises(SourceError, match=r"log_data/1\.json, line 2: field") as caught:
        place.load(copy_mode="direct")
    assert "COPY_MODE = auto" in caught.value.next_step
    before = len(place.aws.statements())
    report = place.load(copy_mode="auto")["events"]
    assert (report["staged"], report["rejected"]) == (1, 1)
    assert sent(place, before) == []


NOT_FOR_COPY = [
    ("auth", {"a": [1]}),
    ("location", [1, "x"]),
    ("location", {}),
    ("song", ["x"]),
    ("artist", True),
    ("method", False),
    ("page", 5),
    ("gender", 1.5),
    ("userAgent", 1e300),
    ("userId", "1e3"),
    ("userId", 7.5),
    ("sessionId", 7.5),
    ("itemInSession", 0.5),
    ("status", 200.5),
]
"""What is a reject in compact, and shows once COPY has taken it."""
OTHERWISE = [
    ("artist", "4.6", "4.6"),
    ("song", "1.50", "1.50"),
    ("location", "1E5", "1E5"),
    ("firstName", "12345678901234567890", "12345678901234567890"),
    ("lastName", '"Bj\u00c3\u00b6rk"', "Bj\u00f6rk"),
    ("artist", '"Sigur R\u00c3\u00b3s \u00e2\u0099\u00a5"', "Sigur R\u00f3s \u2665"),
    ("userId", "7.0", 7),
]
"""What is staged in compact, and COPY may stage otherwise: field, as it is written, as staged."""


@pytest.mark.sampled(of=8)
@pytest.mark.usefixtures("large", "unseen")
@pytest.mark.parametrize(("field", "value"), NOT_FOR_COPY)
def test_what_shows_afterwards_is_handed_over(place: Cloud, field: str, value: object) -> None:
    good = HOME | {"itemInSession": 1}
    put(place, f"{json.dumps(good)}\n{json.dumps(HOME | {field: value})}", json.dumps(SONG))
    with pytest.raises(SourceError, match=rf"log_data/1\.json, line 2: field '{field}'"):
        place.load(copy_mode="direct")
    assert rows(place, "SELECT COUNT(*) FROM staging_events") == [(0,)]
    before = len(place.aws.statements())
    assert place.load(copy_mode="auto")["events"]["rejected"] == 1
    assert len(sent(place, before)) == 1


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("seen", [False, True])
def test_what_is_handed_over_has_a_limit(
    place: Cloud, monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    if not seen:
        monkeypatch.setattr(copy_plan, "first_unfit_head", lambda *_: None)
    events = f"{json.dumps(HOME)}\n{json.dumps(HOME | {'page': 5})}"
    put(place, events, json.dumps(SONG))
    size = len(events) if seen else len(events) + len(json.dumps(SONG))
    with pytest.raises(SourceError, match=f" {size} bytes would .* = {size - 1}; nothing") as found:
        place.load(compact_max_bytes=size - 1)
    assert found.value.exit_code == 4
    assert ("cannot be copied as they are" in found.value.reason) == (not seen)
    asked = {"bytes_through_here": size, "copy_mode": "auto" if seen else "compact"}
    assert found.value.details == asked
    assert place.tables()["etl_runs"].total() == 0
    if seen:
        assert place.load(compact_max_bytes=size)["events"]["rejected"] == 1
    else:
        assert place.load(copy_mode="compact", compact_max_bytes=0)["events"]["rejected"] == 1


@pytest.mark.sampled(of=8)
@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize(("field", "written", "staged"), OTHERWISE)
def test_what_copy_may_write_otherwise_is_handed_over(
    place: Cloud,
    monkeypatch: pytest.MonkeyPatch,
    seen: bool,
    field: str,
    written: str,
    staged: object,
) -> None:
    if not seen:
        monkeypatch.setattr(copy_plan, "first_unfit_head", lambda *_: None)
    put(place, f'{json.dumps(HOME)[:-1]}, "{field}": {written}}}', json.dumps(SONG))
    with pytest.raises(SourceError, match=field):
        place.load(copy_mode="direct")
    before = len(place.aws.statements())
    place.load(copy_mode="auto")
    assert rows(place, f"SELECT {field.lower()} FROM staging_events") == [(staged,)]
    assert len(sent(place, before)) == (0 if seen else 1)


@pytest.mark.usefixtures("unseen")
@pytest.mark.parametrize(
    "name",
    [
        "311",
        "1979",
        "[untitled]",
        "[Interlude]",
        "{x",
        "4.6 miles",
        "Bj\u00f6rk",
        "\u00c9toile",
        "",
    ],
)
def test_most_names_are_for_copy(place: Cloud, name: str) -> None:
    put(place, json.dumps(HOME | {"song": name}), json.dumps(SONG | {"title": name or "x"}))
    assert place.load(copy_mode="direct")["events"]["staged"] == 1
    assert rows(place, "SELECT song FROM staging_events") == [(name,)]


@pytest.mark.usefixtures("unseen")
def test_what_is_not_mended_is_for_copy(place: Cloud) -> None:
    put(place, json.dumps(HOME | {"artist": "Bj\u00c3\u00b6rk"}), json.dumps(SONG))
    assert place.load(copy_mode="direct", mend_text=False)["events"]["staged"] == 1


@pytest.mark.usefixtures("large", "unseen")
@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("title", "4.6"),
        ("artist_name", '"Bj\u00c3\u00b6rk"'),
        ("artist_id", "5"),
        ("year", "1999.5"),
    ],
)
def test_a_song_that_is_not_for_copy_is_handed_over(place: Cloud, field: str, written: str) -> None:
    record = {key: value for key, value in SONG.items() if key != field}
    put(place, json.dumps(HOME), f'{json.dumps(record)[:-1]}, "{field}": {written}}}')
    place.put([song(3)])
    with pytest.raises(SourceError, match=field):
        place.load(copy_mode="direct")
    place.load(copy_mode="auto")
    place.load_duckdb()
    assert place.tables()["staging_songs"] == place.duckdb_tables()["staging_songs"]


def both_ways(place: Cloud) -> None:
    """COPY tries, and what comes of it is what DuckDB makes of the same files."""
    before = len(place.aws.statements())
    place.load(copy_mode="auto")
    assert any("COPY copied_events" in sql for sql in place.aws.statements()[before:])
    place.load_duckdb()
    ours, theirs = place.tables(), place.duckdb_tables()
    for name in (*STAGING_TABLES, *STAR_TABLES):
        assert ours[name] == theirs[name], name


FIRST, SECOND, THIRD = (json.dumps(HOME | {"itemInSession": n}).encode() for n in range(3))
FORMS = {
    "several on a line": FIRST + SECOND + b" " + THIRD,
    "whole numbers with a point": FIRST.replace(b"1, ", b"1.0, ").replace(b"800000", b"800000.0"),
    "a mark before a record": FIRST + b"\n\xef\xbb\xbf" + SECOND,
    "a mark at the beginning": b"\xef\xbb\xbf" + FIRST + b"\n" + SECOND,
    "a comma too many": FIRST + b"\n" + SECOND[:-1] + b",}",
    "damage": FIRST + b"\n{broken\n" + SECOND,
    "holes": FIRST + b"\n" + b"\0" * 100 + b"\n" + SECOND,
    "an array behind": FIRST + b"\n[" + SECOND + b"]",
}


@pytest.mark.sampled(of=8)
@pytest.mark.usefixtures("large", "unseen")
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_whatever_the_form_both_ways_agree(place: Cloud, form: str, packed: bool) -> None:
    name = "log_data/1.json.gz" if packed else "log_data/1.json"
    content = pack(FORMS[form]) if packed else FORMS[form]
    place.put([File(name, "events", content), song(1)])
    both_ways(place)


@pytest.mark.usefixtures("large", "unseen")
@pytest.mark.parametrize("change", ["cut", "sum", "tail", "zeros"])
def test_a_damaged_gzip_is_handed_over(place: Cloud, change: str) -> None:
    whole = pack(b"\n".join([FIRST, SECOND, THIRD] * 50))
    content = {
        "cut": whole[:-12],
        "sum": whole[:-8] + b"\1\2\3\4" + whole[-4:],
        "tail": whole + b"tail",
        "zeros": whole + b"\0" * 512,
    }[change]
    place.put([File("log_data/1.json.gz", "events", content), day(1, packed=True), song(1)])
    both_ways(place)


@pytest.mark.usefixtures("unseen")
def test_copy_takes_no_name_that_is_passed_over(place: Cloud) -> None:
    """Unfinished and hidden files, and other endings, stand between those that are loaded."""
    place.put([day(1), song(1), File("log_data/2018/12/a.jsonl", "events", SECOND)])
    place.put([File("log_data/b.ndjson", "events", THIRD)])
    broken = b"no record"
    for name in ("_temporary/0/1.json", "2018/.1.json", "2018/11/_SUCCESS", "b.txt", "_x/2.json"):
        place.put([File(f"log_data/{name}", "events", broken)])
    place.put(
        [File("log_data/_x=1/3.json", "events", json.dumps(HOME | {"ts": 1541116800009}).encode())]
    )
    assert place.load(copy_mode="direct")["events"]["staged"] == 4
    assert len(rows(place, "SELECT uri FROM loaded_files WHERE kind = 'events'")) == 4
    both = place.load_duckdb()["events"]
    assert both["staged"] == 4
    assert place.tables()["staging_events"] == place.duckdb_tables()["staging_events"]


FAILS = [
    ("ts", 5),
    ("ts", 1541116800000.5),
    ("ts", None),
    ("registration", 9999999999999),
    ("sessionId", -1),
    ("itemInSession", 1_000_000),
    ("status", 1000),
    ("userId", "x"),
    ("level", "gold"),
    ("page", ""),
    ("page", "  "),
    ("page", None),
    ("length", 86_400.5),
    ("artist", "x" * 1025),
]


@pytest.mark.sampled(of=8)
@pytest.mark.parametrize(("field", "value"), FAILS)
def test_what_breaks_a_rule_fails_and_is_named(place: Cloud, field: str, value: object) -> None:
    good = HOME | {"itemInSession": 1}
    put(place, f"{json.dumps(good)}\n{json.dumps(HOME | {field: value})}", json.dumps(SONG))
    with pytest.raises(SourceError) as caught:
        place.load(copy_mode="direct")
    assert "line 2" in caught.value.reason
    assert field.lower() in caught.value.reason.lower()
    assert rows(place, "SELECT COUNT(*) FROM staging_events") == [(0,)]
    assert place.load(copy_mode="auto")["events"]["rejected"] == 1


def test_a_play_needs_its_listener(place: Cloud) -> None:
    put(place, json.dumps(HOME | {"page": "NextSong", "level": "free"}), json.dumps(SONG))
    with pytest.raises(SourceError, match="userId"):
        place.load(copy_mode="direct")


@pytest.mark.parametrize(("field", "value"), [("year", 10_000), ("duration", None), ("title", "")])
def test_a_song_that_breaks_a_rule_fails(place: Cloud, field: str, value: object) -> None:
    put(place, json.dumps(HOME), json.dumps(SONG | {field: value}))
    with pytest.raises(SourceError, match=field):
        place.load(copy_mode="direct")


def test_texts_lose_their_trailing_blanks(place: Cloud) -> None:
    put(place, json.dumps(HOME | {"artist": " A  "}), json.dumps(SONG | {"title": "One "}))
    place.load(copy_mode="direct")
    assert rows(place, "SELECT artist FROM staging_events") == [(" A",)]
    assert rows(place, "SELECT title FROM songs") == [("One",)]


def test_a_text_that_keeps_its_blanks_is_noticed(
    place: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in compares with them, Redshift does not: so none may be stored."""
    convert = folder("redshift/direct")["convert_events"]
    keeps = replace(convert, sql=convert.sql.replace("RTRIM(artist)", "artist"))
    monkeypatch.setattr(statements, "_DIRECT", {**statements._DIRECT, "convert_events": keeps})
    put(place, json.dumps(HOME | {"artist": "A  "}), json.dumps(SONG))
    with pytest.raises(AssertionError, match=r"a blank: \['staging_events\.artist'\]"):
        place.load(copy_mode="direct")


def test_milliseconds_are_kept(place: Cloud) -> None:
    put(place, json.dumps(HOME | {"ts": 1540344794796.0}), json.dumps(SONG))
    place.load(copy_mode="direct")
    [(moment,)] = rows(place, "SELECT ts FROM staging_events")
    assert moment.isoformat() == "2018-10-24T01:33:14.796000"


# Which files COPY is given


def day(number: int, *, packed: bool = False) -> File:
    text = json.dumps(HOME | {"sessionId": number, "ts": 1541116800000 + number}).encode()
    name = f"log_data/2018/11/2018-11-{number:02}-events.json"
    return File(name + ".gz", "events", pack(text)) if packed else File(name, "events", text)


def song(number: int) -> File:
    text = json.dumps(SONG | {"song_id": f"SO{number}"}).encode()
    return File(f"song_data/{number % 9}/{number}.json", "songs", text)


def pack(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def sent(place: Cloud, before: int) -> list[str]:
    """The prefixes of events that COPY read; it may do so once before, to learn their days."""
    found = [
        sql.split("\n")[1].removeprefix("FROM ")
        for sql in place.aws.statements()[before:]
        if sql.startswith("COPY copied_events")
    ]
    return [*dict.fromkeys(found)]


def test_a_new_day_is_one_prefix(place: Cloud) -> None:
    place.put([*map(day, range(1, 29)), song(1)])
    place.load(copy_mode="direct")
    place.put([day(29), day(30)])
    before = len(place.aws.statements())
    assert place.load(copy_mode="direct")["events"]["staged"] == 2
    found = sent(place, before)
    assert found == [
        "'s3://sparkify-source/log_data/2018/11/2018-11-29'",
        "'s3://sparkify-source/log_data/2018/11/2018-11-3'",
    ]


def test_what_takes_many_prefixes_is_put_together(place: Cloud) -> None:
    place.put([*map(day, range(1, 30, 2)), song(1)])
    place.load(copy_mode="direct")
    place.put(map(day, range(2, 30, 2)))
    before = len(place.aws.statements())
    assert place.load(copy_mode="direct")["events"]["staged"] == 14
    assert sent(place, before) == []


def test_what_takes_many_statements_is_put_together(place: Cloud) -> None:
    place.put([day(1), day(11), day(21), song(1)])
    place.load(copy_mode="direct")
    place.put([day(2), day(12), day(22), *(song(n) for n in range(2, 10))])
    before = len(place.aws.statements())
    report = place.load(copy_mode="direct")
    assert (report["events"]["staged"], report["songs"]["staged"]) == (3, 8)
    assert sent(place, before) == []


@pytest.mark.parametrize("mixed", [False, True])
def test_packed_files(place: Cloud, mixed: bool) -> None:
    place.put([day(1, packed=True), day(2, packed=not mixed), song(1)])
    before = len(place.aws.statements())
    assert place.load(copy_mode="direct")["events"]["staged"] == 2
    assert len(sent(place, before)) == (0 if mixed else 1)


def test_a_jsonpaths_file_says_which_column_is_which(place: Cloud) -> None:
    """COPY fills columns by position: the paths of this file stand in another order."""
    paths = [f"$['{key}']" for key in reversed([*HOME, "song"])]
    place.put([day(1), song(1)])
    place.aws.put("sparkify-source", "log_json_path.json", paths_file(paths), "us-west-2")
    place.load(copy_mode="direct", log_jsonpath="s3://sparkify-source/log_json_path.json")
    assert rows(place, "SELECT sessionid, page, artist FROM staging_events") == [(1, "Home", None)]
    assert any("JSON 's3://sparkify-source/log_json" in sql for sql in place.aws.statements())


def paths_file(paths: list[str]) -> bytes:
    return json.dumps({"jsonpaths": paths}).encode()


def test_direct_needs_files_in_s3(place: Cloud, tmp_path: Path) -> None:
    place.put([song(1)])
    (tmp_path / "1.json").write_bytes(day(1).content)
    with pytest.raises(SettingsError, match="not in S3"):
        place.load(copy_mode="direct", log_data=str(tmp_path))
    assert place.load(copy_mode="auto", log_data=str(tmp_path))["events"]["staged"] == 1


# Days


def dated(name: str, *moments: datetime) -> File:
    """A log file with a play at each moment."""
    play = HOME | {"page": "NextSong", "userId": "7", "level": "free"}
    stamps = [int(moment.replace(tzinfo=UTC).timestamp() * 1000) for moment in moments]
    lines = [json.dumps(play | {"ts": stamp}) for stamp in stamps]
    return File(f"log_data/{name}.json", "events", "\n".join(lines).encode())


def judging(place: Cloud, before: int) -> list[str]:
    """The statements that looked for repetitions."""
    statements = place.aws.statements()[before:]
    return [sql for sql in statements if sql.startswith("CREATE TEMPORARY TABLE ranked_events")]


def test_a_later_load_reads_the_days_of_its_events_alone(place: Cloud) -> None:
    """Also where one event's clock was ten years off."""
    noon = datetime(2018, 11, 2, 12)
    place.put([dated("1", *(noon + timedelta(minutes=n) for n in range(20))), song(1)])
    before = len(place.aws.statements())
    place.load(copy_mode="direct")
    assert len(sent(place, before)) == 1
    [judged] = judging(place, before)
    assert "TIMESTAMP '2100-12-31 23:59:59.999'" in judged  # there was no history to read
    again = [noon, datetime(2018, 11, 3), datetime(2008, 11, 3, 1)]
    place.put([dated("2", *again)])
    before = len(place.aws.statements())
    report = place.load(copy_mode="direct")["events"]
    assert (report["staged"], report["duplicates"]) == (2, 1)
    [judged] = judging(place, before)
    assert "2100-12-31" not in judged
    for first, after in (("2008-11-03", "2008-11-04"), ("2018-11-02", "2018-11-04")):
        assert f"ts >= TIMESTAMP '{first} 00:00:00'" in judged
        assert f"ts < TIMESTAMP '{after} 00:00:00'" in judged


def test_a_file_that_comes_after_the_days_were_asked_for(
    place: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its day is asked for, too: what it repeats is a duplicate."""
    noon = datetime(2018, 11, 2, 12)
    place.put([dated("1", *(noon + timedelta(minutes=n) for n in range(20))), song(1)])
    place.load(copy_mode="direct")
    place.put([dated("2", datetime(2018, 11, 5))])
    before, asked = len(place.aws.statements()), Publication._find_days

    def asked_too_early(publication: Publication) -> None:
        asked(publication)
        place.put([dated("2-later", noon)])

    monkeypatch.setattr(Publication, "_find_days", asked_too_early)
    report = place.load(copy_mode="direct")["events"]
    assert (report["staged"], report["duplicates"]) == (1, 1)
    assert ["2018-11-02" in judged for judged in judging(place, before)] == [False, True]
    assert rows(place, "SELECT COUNT(*) FROM songplays") == [(21,)]


# What changes while it is loaded


def test_a_file_that_vanished_before_copy_looked_is_loaded_when_it_is_back(place: Cloud) -> None:
    place.put([day(1), day(2), song(1)])
    gone = f"s3://sparkify-source/{day(2).uri}"
    place.aws.fault("delete_object", "s3.ListObjectsV2", match="log_data", address=gone)
    assert place.load(copy_mode="direct")["events"]["staged"] == 1
    place.aws.faults.clear()
    assert rows(place, f"SELECT COUNT(*) FROM loaded_files WHERE uri = '{gone}'") == [(0,)]
    place.put([day(2)])
    assert place.load(copy_mode="direct")["events"]["staged"] == 1


def test_a_part_that_cannot_be_copied_is_told(place: Cloud) -> None:
    place.put([day(1), song(1)])
    place.aws.fault("fail", "statement", match="COPY new_events", message="ERROR: out of luck")
    with pytest.raises(WarehouseError, match=r"out of luck.*nothing was published") as caught:
        place.load(copy_mode="compact")
    assert caught.value.next_step


def test_an_export_of_empty_tables_writes_what_there_is(place: Cloud, tmp_path: Path) -> None:
    place.put([day(1), song(1)])
    place.load()
    done = warehouse.export(place.settings(), tmp_path / "out")
    assert set(done["files"]) == {"songs", "artists"}
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError):
        warehouse.export(place.settings(), tmp_path / "file" / "out")
