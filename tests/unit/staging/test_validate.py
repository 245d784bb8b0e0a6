"""The strict path, rule by rule; and the bulk path, which stages nothing that differs from it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulk_and_strict import (
    BASE,
    DOUBTED,
    KEYS,
    ODD_NUMBERS,
    ODD_TEXTS,
    TEXTS,
    BulkPath,
    line,
    strict,
)
from mutants import mutant
from sampling import chosen
from sparkify.sources.files import Kind, SourceFile
from sparkify.staging.rules import (
    EVENT_FIELDS,
    FIELDS,
    RAW_TEXT_BYTES,
    SONG_FIELDS,
    Field,
    Type,
    fields_of,
)
from sparkify.staging.split import head_of
from sparkify.staging.validate import (
    LineJudge,
    Rejection,
    accept,
    as_json,
    as_staged,
    decode,
    raw_text,
)

KINDS: tuple[Kind, ...] = ("events", "songs")
EACH_FIELD = [(kind, field) for kind in KINDS for field in FIELDS[kind]]
each_field = pytest.mark.parametrize(
    ("kind", "field"), EACH_FIELD, ids=[f"{kind}-{field.column}" for kind, field in EACH_FIELD]
)


def field_of(kind: Kind, column: str) -> tuple[int, Field]:
    return next((n, field) for n, field in enumerate(FIELDS[kind]) if field.column == column)


def outcome(kind: Kind, column: str, text: str) -> Any:
    """What is staged of one field, given as JSON text, or the reason of a rejection."""
    position, field = field_of(kind, column)
    found = strict(kind, line(kind, {field.key: text}))
    return found.reason if isinstance(found, Rejection) else found[position]


# The strict path


@pytest.mark.parametrize(
    ("kind", "column", "text", "expected"),
    [
        ("events", "ts", "1542837407796", datetime(2018, 11, 21, 21, 56, 47, 796000)),
        ("events", "ts", "1542837407796.0", datetime(2018, 11, 21, 21, 56, 47, 796000)),
        ("events", "ts", "946684800000", datetime(2000, 1, 1)),
        ("events", "ts", "4133980799999", datetime(2100, 12, 31, 23, 59, 59, 999000)),
        ("events", "ts", "4133980800000", "range"),
        ("events", "ts", "1542837407", "range"),
        ("events", "ts", "1542837407796.5", "type"),
        ("events", "ts", '"1542837407796"', "type"),
        ("events", "ts", "null", "missing"),
        ("events", "registration", "null", None),
        ("events", "registration", "1.540919166796e12", datetime(2018, 10, 30, 17, 6, 6, 796000)),
        ("events", "sessionid", "7.0", 7),
        ("events", "sessionid", "9e12", 9_000_000_000_000),
        ("events", "sessionid", "9000000000001", "range"),
        ("events", "sessionid", "-1", "range"),
        ("events", "sessionid", "1e999", "range"),
        ("events", "sessionid", "1e-400", 0),
        ("events", "sessionid", "7.00000000000000000001", 7),
        ("events", "sessionid", "6.99999999999999999999", 7),
        ("events", "sessionid", "7.000000000000001", "type"),
        ("events", "sessionid", "9000000000000.0001", 9_000_000_000_000),
        ("events", "ts", "1e-400", "range"),
        ("events", "sessionid", "true", "type"),
        ("events", "sessionid", "7.5", "type"),
        ("events", "iteminsession", "-0", 0),
        ("events", "iteminsession", "-0.0", 0),
        ("events", "status", "1" * 5000, "range"),
        ("events", "status", "-" + "1" * 5000, "range"),
        ("events", "userid", '"15"', 15),
        ("events", "userid", "15", 15),
        ("events", "userid", '"015  "', 15),
        ("events", "userid", '"000"', 0),
        ("events", "userid", f'"{"0" * 500}15"', 15),
        ("events", "userid", f'"{"1" * 500}"', "range"),
        ("events", "userid", '"-15"', "type"),
        ("events", "userid", '"1_5"', "type"),
        ("events", "userid", '"\u0661"', "type"),
        ("events", "userid", '" 15"', "type"),
        ("events", "userid", '"15.0"', "type"),
        ("events", "userid", "15.0", 15),
        ("events", "userid", "false", "type"),
        ("events", "userid", '""', "missing"),  # a play needs one
        ("events", "userid", '"  "', "missing"),
        ("events", "level", "null", "missing"),
        ("events", "level", '"paid  "', "paid"),
        ("events", "level", '"gold"', "range"),
        ("events", "level", '""', "range"),
        ("events", "page", '"NextSong "', "NextSong"),
        ("events", "page", '"  "', "missing"),
        ("events", "page", "7", "type"),
        ("events", "auth", '" Logged In "', " Logged In"),
        ("events", "auth", '""', ""),
        ("events", "artist", "112", "112"),
        ("events", "artist", "-112", "-112"),
        ("events", "artist", "-0", "-0"),
        ("events", "artist", "1" * 1024, "1" * 1024),
        ("events", "artist", "1" * 1025, "too_long"),
        ("events", "artist", "112.0", "112.0"),
        ("events", "song", "1.50", "1.50"),
        ("events", "location", "1E5", "1E5"),
        ("events", "lastname", "1e400", "1e400"),
        ("songs", "title", "4.6", "4.6"),
        ("songs", "artist_name", "-0.0", "-0.0"),
        ("songs", "artist_id", "4.6", "type"),
        ("events", "length", "NaN", "type"),
        ("events", "song", "-inf", "type"),
        ("events", "artist", "true", "type"),
        ("events", "artist", '["Elena"]', "type"),
        ("events", "artist", '"a\\u0000"', "encoding"),
        ("events", "artist", '"\\ud800"', "encoding"),
        ("events", "artist", '"\\ud83c\\udfa7"', "\U0001f3a7"),
        ("events", "artist", '"\\u00e9   "', "\u00e9"),
        ("events", "length", "0", 0.0),
        ("events", "length", "86400", 86400.0),
        ("events", "length", "86400.00001", "range"),
        ("events", "length", "1e999", "range"),
        ("events", "length", '"269.5"', "type"),
        ("events", "useragent", "7", "type"),
        ("songs", "title", "1999", "1999"),
        ("songs", "title", '""', "missing"),
        ("songs", "song_id", "7", "type"),
        ("songs", "artist_latitude", "-90", -90.0),
        ("songs", "artist_latitude", "-90.00001", "range"),
        ("songs", "artist_longitude", "180.00001", "range"),
        ("songs", "duration", "null", "missing"),
        ("songs", "year", "0", 0),
        ("songs", "year", "10000", "range"),
    ],
)
def test_one_field(kind: Kind, column: str, text: str, expected: object) -> None:
    found = outcome(kind, column, text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("literal", ["1e5", "1.50e3", "1000", "-0.10"])
def test_message_shows_a_number_as_the_file_writes_it(literal: str) -> None:
    why = strict("events", line("events", {"status": literal}))
    assert isinstance(why, Rejection)
    assert why.message.endswith(f": {literal}")


@each_field
def test_message_names_the_field_and_shows_the_value(kind: Kind, field: Field) -> None:
    why = strict(kind, line(kind, {field.key: '{"a": ["' + "x" * 200 + '"]}'}))
    assert isinstance(why, Rejection)
    assert why.reason == "type"
    assert why.message.startswith(f"field '{field.key}' must be {field.type.value}: {{")
    assert why.message.endswith("...")
    assert len(why.message) < 200


@pytest.mark.parametrize(
    ("record", "reason", "words"),
    [
        (b'{"ts": 1', "not_json", "not JSON: "),
        (b"", "not_json", "not JSON: "),
        (b'{"ts": 1,,}', "not_json", "not JSON: "),
        (b"{,}", "not_json", "not JSON: "),
        (b'{"x": [,]}', "not_json", "not JSON: "),
        (b'{"x": +inf}', "not_json", "not JSON: "),
        (b'{"x": xNaN}', "not_json", "not JSON: "),
        (b'{"x": infinit}', "not_json", "not JSON: "),
        (b"{'ts': 1}", "not_json", "not JSON: "),
        (b'{"a": "\t"}', "not_json", "not JSON: "),
        (b'{"ts": 1} {"ts": 1}', "not_json", "Extra data"),
        (b"null", "not_json", "not a JSON object: null"),
        (b'["ts"]', "not_json", 'not a JSON object: ["ts"]'),
        (b"7", "not_json", "not a JSON object: 7"),
        (b'{"ts": 1, "x": 2, "ts": 1}', "not_json", "field 'ts' stands twice"),
        (b'{"ts": 1, "\\u0074s": 1}', "not_json", "field 'ts' stands twice"),
        (b'{"x":' * 5000, "not_json", "not JSON: "),
        (b'{"x":' + b"[" * 5000 + b",]" + b"]" * 4999 + b"}", "not_json", "not JSON: "),
        (b'{"x":' + b"[" * 5000 + b"]" * 4999 + b"}}", "not_json", "not JSON: "),
        (b'{"x":' + b"[" * 200 + b"2[]" + b"]" * 200 + b"}", "not_json", "not JSON: "),
        (b'{"ts": "\xff"}', "encoding", "not UTF-8: byte 9 of the record"),
        (b'{"ts": "\xed\xa0\x80"}', "encoding", "not UTF-8"),
    ],
)
def test_what_is_no_record(record: bytes, reason: str, words: str) -> None:
    with pytest.raises(Rejection, match=re.escape(words)) as caught:
        decode(record, EVENT_FIELDS)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "value",
    ["NaN", "-inf", "[1,]", '{"a": [nan, {"b": 1,},],}', "[" * 100_000 + '"]"' + "]" * 100_000],
    ids=["NaN", "-inf", "comma", "both", "deep"],
)
def test_what_is_let_through_in_unknown_fields(value: str) -> None:
    assert strict("events", line("events", {"unknown": value})) == strict("events", line("events"))


@pytest.mark.parametrize("around", [b"\x0c%s", b"%s\x0b", b" %s\x0c\r"])
def test_blanks_around_a_record(around: bytes) -> None:
    assert strict("events", around % line("events")) == strict("events", line("events"))


def test_only_known_fields_of_the_record_itself_may_not_stand_twice() -> None:
    record = b'{"x": 1, "x": 2, "y": {"ts": 1, "ts": 2}, "TS": 1}'
    assert decode(record, EVENT_FIELDS) == {"x": 2, "y": {"ts": 2}, "TS": 1}


def test_unknown_fields_are_left_out() -> None:
    record = line("songs", {"extra": '{"a": [1, null, "\\ud800"]}', "TITLE": "7"})
    assert strict("songs", record) == strict("songs", line("songs"))


def test_keys_may_be_spelled_otherwise_by_the_jsonpaths_file() -> None:
    fields = tuple(replace(field, key=field.key.upper()) for field in EVENT_FIELDS)
    shouted = {key.upper(): value for key, value in BASE["events"].items()}
    assert accept(shouted, fields)["sessionid"] == 818
    with pytest.raises(Rejection, match="'ITEMINSESSION' is required"):
        accept(BASE["events"], fields)


def test_field_without_a_path_is_null() -> None:
    fields = tuple(
        replace(field, key="") if field.column == "gender" else field for field in EVENT_FIELDS
    )
    assert accept(BASE["events"], fields)["gender"] is None


def test_what_a_play_requires_other_pages_do_not() -> None:
    for key in ("userId", "level"):
        home = line("events", {key: "null"}, page="Home")
        assert not isinstance(strict("events", home), Rejection)
        play = strict("events", line("events", {key: "null"}))
        assert isinstance(play, Rejection)
        assert play.message == f"field '{key}' is required when page is NextSong"


def test_raw_text_is_cut_at_a_character_and_free_of_what_no_table_takes() -> None:
    assert raw_text(b"a\0b\xffc") == "a\ufffdb\ufffdc"
    for start in range(4):
        text = raw_text(b"x" * start + "\U0001f3a7".encode() * 5000)
        assert RAW_TEXT_BYTES - 4 < len(text.encode()) <= RAW_TEXT_BYTES
        assert set(text) <= {"x", "\U0001f3a7"}
    assert len(raw_text(b"\xff" * 20_000).encode()) <= RAW_TEXT_BYTES


# The bulk path


@pytest.fixture(scope="module")
def bulk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BulkPath]:
    way = BulkPath(tmp_path_factory.mktemp("bulk"))
    yield way
    way.close()


def disagreements(bulk: BulkPath, kind: Kind, records: list[bytes]) -> list[tuple[object, ...]]:
    """Records of which the two paths make something else, or the typed decoder and the validator.

    What the bulk path stages, the strict path stages alike; and what the strict path hands on as a
    line, the bulk path reads to what the validator says.
    """
    judge = LineJudge(FIELDS[kind])
    expected = [strict(kind, record) for record in records]
    handed = [judge(record) for record in records]
    lines = [line for line in handed if isinstance(line, bytes)]
    read_again = iter(bulk.judge(kind, lines))
    # repr tells 0.0 from -0.0
    wrong: list[tuple[object, ...]] = [
        (record, verdict, row)
        for record, verdict, row in zip(records, bulk.judge(kind, records), expected, strict=True)
        if isinstance(verdict, tuple) and repr(verdict) != repr(row)
    ]
    for record, line_, row in zip(records, handed, expected, strict=True):
        if isinstance(line_, bytes):
            verdict = next(read_again)
            if isinstance(row, Rejection) or (isinstance(verdict, tuple) and verdict != row):
                wrong.append((record, line_, verdict, row))
        elif not isinstance(row, Rejection):
            wrong.append((record, line_, row))
    return wrong


@pytest.mark.parametrize("kind", KINDS)
def test_good_records_are_staged_in_bulk(bulk: BulkPath, kind: Kind) -> None:
    records = [line(kind), line(kind, {"unknown": "7"}), line(kind).replace(b',"', b' ,\t"')]
    if kind == "events":
        records += [line("events", {"userId": '""'}, page="Home"), line("events", {"userId": "7"})]
    assert bulk.judge(kind, records) == [strict(kind, record) for record in records]


@pytest.mark.parametrize("kind", KINDS)
def test_minus_zero_is_zero(bulk: BulkPath, kind: Kind) -> None:
    doubles = [field.key for field in FIELDS[kind] if field.type is Type.DOUBLE]
    records = [line(kind, {key: text}) for key in doubles for text in ("-0.0", "-0", "-1e-400")]
    # equal, so repr: which of the two is staged would hang on which came first
    assert "-0.0" not in repr(bulk.judge(kind, records))
    assert "-0.0" not in repr([strict(kind, record) for record in records])


def boundaries(field: Field) -> list[tuple[str, bool]]:
    """JSON texts at and beyond the ends of what a field takes, and whether it takes them."""
    if field.values:
        return [(json.dumps(text), text in field.values) for text in (*field.values, "gold", "")]
    if field.type in TEXTS:
        return wide_texts(field.width)
    step = 0.001 if field.type is Type.DOUBLE else 1
    low, high = field.low, field.high
    cases = [(repr(n), low <= n <= high) for n in (low - step, low, high, high + step)]
    if field.type is Type.USER_ID:
        return cases + [(f'"{text}"', taken) for text, taken in cases]
    return [*cases, (repr(float(low)), True), (repr(float(high)), True)]


def wide_texts(width: int) -> list[tuple[str, bool]]:
    """Texts of about as many bytes of UTF-8 as a field may take."""
    return [
        (json.dumps(letter * (size // len(letter.encode()))), size <= width)
        for size in (width - 4, width, width + 4)
        for letter in ("e", "\u00e9", "\U0001f3a7")
    ] + [
        (json.dumps("e" * width + "   "), True),
        (json.dumps("e" * (width + 1)), False),
        (json.dumps("\u00e9" * (width // 2) + "e", ensure_ascii=False), False),
    ]


@each_field
def test_rules_in_sql_are_the_rules(bulk: BulkPath, kind: Kind, field: Field) -> None:
    cases = boundaries(field)
    records = [line(kind, {field.key: text}) for text, _ in cases]
    verdicts = bulk.judge(kind, records)
    for (text, taken), record, verdict in zip(cases, records, verdicts, strict=True):
        found = strict(kind, record)
        assert isinstance(found, Rejection) is not taken, text
        assert verdict == (found if taken else DOUBTED), text


@each_field
def test_required_fields_in_sql_are_those_of_the_rules(
    bulk: BulkPath, kind: Kind, field: Field
) -> None:
    absent = dict(BASE[kind])
    del absent[field.key]
    home = {"page": "Home"} if kind == "events" and field.column != "page" else {}
    records = [
        json.dumps(absent).encode(),
        json.dumps(absent | home).encode(),
        line(kind, {field.key: "null"}, **home),
        line(kind, {field.key: '""'}, **home),
    ]
    for record, verdict in zip(records, bulk.judge(kind, records), strict=True):
        found = strict(kind, record)
        assert verdict == (DOUBTED if isinstance(found, Rejection) else found)


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        pytest.param(kind, field, id=f"{kind}-{field.column}")
        for kind, field in EACH_FIELD
        if field.type in (Type.INTEGER, Type.DOUBLE)
    ],
)
def test_a_number_is_the_nearest_double_on_both_paths(
    bulk: BulkPath, kind: Kind, field: Field
) -> None:
    for text, double in (("1e-400", "0"), (f"{field.high - 1}.{'0' * 20}1", f"{field.high - 1}")):
        record, plain = (line(kind, {field.key: written}) for written in (text, double))
        assert bulk.judge(kind, [record]) == [strict(kind, record)] == [strict(kind, plain)]


@pytest.mark.parametrize("kind", KINDS)
def test_odd_values_of_every_field(bulk: BulkPath, kind: Kind) -> None:
    fields = [field.key for field in FIELDS[kind]]
    records = [
        line(kind, {key: text})
        for key in (*fields, "unknown")
        for text in (*ODD_NUMBERS, *ODD_TEXTS)
    ]
    if kind == "events":
        records += [
            line(kind, {"userId": text}, page="Home") for text in (*ODD_NUMBERS, *ODD_TEXTS)
        ]
    assert disagreements(bulk, kind, records) == []


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_records(bulk: BulkPath, kind: Kind, seed: int | None) -> None:
    random = Random(f"mutants of {kind}")
    records = [mutant(kind, random) for _ in range(4000)]
    assert disagreements(bulk, kind, chosen(records, 4, seed, kind)) == []


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-1, 10**13)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["free", "paid ", "NextSong", "7", "-0", "true", "[1]", "{}", "é" * 33])
)
values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=3), scalars)


def changed(kind: Kind) -> st.SearchStrategy[dict[str, object]]:
    """Good records with some fields changed, left out or added."""
    keys = [field.key for field in FIELDS[kind]] + ["unknown"]
    return st.builds(
        lambda changes, without: {
            key: value for key, value in (BASE[kind] | changes).items() if key not in without
        },
        st.dictionaries(st.sampled_from(keys), values, max_size=3),
        st.sets(st.sampled_from(keys), max_size=1),
    )


def test_records_of_hypothesis(bulk: BulkPath, seed: int | None) -> None:
    @settings(
        max_examples=20 if seed is None else 5,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(
        events=st.lists(changed("events"), min_size=10, max_size=30),
        songs=st.lists(changed("songs"), min_size=10, max_size=30),
        plain=st.booleans(),
    )
    def check(events: list[dict[str, object]], songs: list[dict[str, object]], plain: bool) -> None:
        found: dict[Kind, list[dict[str, object]]] = {"events": events, "songs": songs}
        for kind, ones in found.items():
            records = [
                json.dumps(one, ensure_ascii=plain).encode("utf-8", "surrogatepass") for one in ones
            ]
            assert disagreements(bulk, kind, records) == []
            for record in records:
                check_written_again(kind, record)

    check()


def check_written_again(kind: Kind, record: bytes) -> None:
    """A staged row written as JSON is staged as the same row."""
    row = strict(kind, record)
    if not isinstance(row, Rejection):
        assert repr(strict(kind, as_json(row, FIELDS[kind]).encode())) == repr(row)


@pytest.mark.parametrize(
    "text", ["NaN", "nan", "-nan", "Inf", "inf", "-inf", "Infinity", "-Infinity"]
)
def test_no_number_is_staged_in_a_known_field(bulk: BulkPath, text: str) -> None:
    """DuckDB's reader takes NaN and Infinity, bare, for texts; as strings they are good names."""
    for kind in KINDS:
        records = [line(kind, {field.key: text}) for field in FIELDS[kind]]
        assert bulk.judge(kind, records) == [DOUBTED] * len(records)
    named = line("events", artist=text)
    assert isinstance(strict("events", named), tuple)
    assert disagreements(bulk, "events", [named]) == []


@pytest.mark.parametrize("record", [b"[" + line("events") + b"]", b"\xa0", line("events") + b"x"])
def test_head_of_a_log_is_doubtful(tmp_path: Path, record: bytes) -> None:
    assert is_doubtful(tmp_path, b"\n".join([line("events"), record, line("events")]))


def test_head_of_a_good_log_is_not_doubtful(tmp_path: Path) -> None:
    lines = [line("events"), b"", b" \t\r", line("events", {"unknown": '"NaN,}"'}), b"{}"]
    assert not is_doubtful(tmp_path, b"\n".join(lines))
    assert not is_doubtful(tmp_path, b"")


def is_doubtful(folder: Path, content: bytes) -> bool:
    path = folder / "day.json"
    path.write_bytes(content)
    file = SourceFile("events", str(path), len(content), "", str(path))
    return head_of(file, EVENT_FIELDS)[0]


def test_rules_cover_the_fields_in_their_order() -> None:
    assert tuple(BASE["events"]) == KEYS
    assert tuple(BASE["songs"]) == tuple(field.key for field in SONG_FIELDS)
    row = strict("events", line("events"))
    assert isinstance(row, tuple)
    assert as_staged(accept(BASE["events"], EVENT_FIELDS), EVENT_FIELDS) == row
    assert math.isclose(row[6], 269.58322)


def test_keys_name_the_fields_of_events_only() -> None:
    keys = [f"my {field.key}" for field in EVENT_FIELDS]
    assert fields_of("songs", keys, mend_text=False) == SONG_FIELDS
    assert fields_of("events", keys, mend_text=False) == tuple(
        replace(field, key=key) for field, key in zip(EVENT_FIELDS, keys, strict=True)
    )
