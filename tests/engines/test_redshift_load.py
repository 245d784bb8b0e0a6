"""Loads on Redshift, against the stand-in: row by row what DuckDB makes of the same files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from broken_rules import AUDITED, LOADS
from cloud.ddl import attributes
from oracle import File
from redshift_warehouse import SOURCE, Cloud, cloud
from sparkify import analysis, create_tables, etl, generate, quality, sql_queries, status, warehouse
from sparkify.analysis import Filters
from sparkify.errors import (
    QualityError,
    SettingsError,
    SourceError,
    SparkifyError,
    TooManyRejectedError,
    UsageError,
    WarehouseError,
)
from sparkify.sql_queries import (
    STAR_TABLES,
    VIEWS,
    drop_table_queries,
    drop_view_queries,
)
from sparkify.warehouse import open_reader, read_ledger
from sparkify.warehouse.redshift import loader
from worlds import QUIRKS, Recipe, world

SHARED = Path(__file__).parents[3] / "shared" / "data" / "sparkify"
pytestmark = pytest.mark.sampled(of=3)
COUNTED_BY_FILE = ("loaded_files",)


@pytest.fixture(scope="module")
def one_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud(tmp_path_factory.mktemp("cloud")) as made:
        yield made


@pytest.fixture
def place(one_cloud: Cloud) -> Cloud:
    one_cloud.empty_tables()
    return one_cloud


@pytest.fixture
def remade(place: Cloud) -> Iterator[None]:
    """The tables are made anew after a test that drops them."""
    yield
    place.empty()


def files_of(folder: Path) -> list[File]:
    return [
        File(
            path.relative_to(folder).as_posix(),
            "events" if path.is_relative_to(folder / "log_data") else "songs",
            path.read_bytes(),
        )
        for path in sorted(folder.rglob("*.json"))
        if path.parent != folder
    ]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> list[File]:
    """A small generated month."""
    folder = tmp_path_factory.mktemp("generated")
    generate.generate(folder, generate.Options(songs=120, users=12, days=9, seed=5))
    return files_of(folder)


def same(place: Cloud, *, by_file: bool = True) -> None:
    """Both engines hold the same rows; by_file: also how many each file had."""
    ours, theirs = place.tables(), place.duckdb_tables()
    for name, rows in theirs.items():
        if by_file or name not in COUNTED_BY_FILE:
            assert ours[name] == rows, name


def same_report(place: Cloud, **changes: Any) -> dict[str, object]:
    """Load both; what is told of it is the same."""
    rules = {key: value for key, value in changes.items() if key == "mend_text"}
    ours, theirs = place.load(**changes), place.load_duckdb(**rules)
    for key in ("run_id", "files", "events", "songs", "tables", "plays", "checks"):
        assert ours[key] == theirs[key], key
    return ours


# Compact


@pytest.mark.sampled(of=8)
@pytest.mark.parametrize("seed", range(8))
def test_worlds_become_the_same_tables(place: Cloud, seed: int) -> None:
    quirks = frozenset(Random(seed).sample(QUIRKS, 10)) | {"repeats"}
    for files in world(Recipe(seed, 40, 15, 3, quirks)):
        place.put(files)
        same_report(place, copy_mode="compact")
        same(place)


def test_a_generated_month_in_increments(place: Cloud, generated: list[File]) -> None:
    for start in (0, 1, 2):
        place.put(generated[start::3])
        same_report(place)
    same(place)
    assert same_report(place)["files"] == {"new": 0, "changed": 0, "skipped": len(generated)}


def test_conflicts_are_told_with_their_lines(place: Cloud) -> None:
    for files in (*LOADS, AUDITED):
        place.put(files)
        same_report(place)
    same(place)
    reasons = [row[6] for row in place.tables()["rejected_records"]]
    assert reasons.count("conflict") == 3


# Direct


@pytest.mark.parametrize("increments", [1, 3])
def test_copy_reads_the_files_itself(place: Cloud, generated: list[File], increments: int) -> None:
    events = [file for file in generated if file.kind == "events"]
    songs = [file for file in generated if file.kind == "songs"]
    for number in range(increments):
        place.put(events[number::increments])
        share = len(songs) // increments
        place.put(songs[share * number : share * (number + 1)])
        same_report(place, copy_mode="direct", mend_text=False)
    same(place, by_file=False)
    if increments == 1:
        assert {row[5:] for row in place.tables()["loaded_files"]} == {(None,) * 4}
        assert not any("copy_new_" in sql for sql in place.aws.statements()[-60:])


def test_auto_falls_back_to_parts_when_copy_fails(
    place: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sparkify.warehouse.redshift import copy_plan

    monkeypatch.setattr(copy_plan, "MUCH_BYTES", 0)
    monkeypatch.setattr(copy_plan, "LARGE_FILE_BYTES", 0)
    monkeypatch.setattr(copy_plan, "first_unfit_head", lambda *_: None)
    place.put(LOADS[0])
    place.put(LOADS[1])
    before = len(place.aws.statements())
    same_report(place, copy_mode="auto")
    same(place)
    sent = place.aws.statements()[before:]
    assert any("COPY copied_events" in sql for sql in sent)
    assert any("COPY new_events" in sql for sql in sent)


def seventeenth_line_is(text: str) -> File:
    lines = [
        json.dumps({"sessionId": 1, "itemInSession": n, "page": "Home", "ts": 1541116800000 + n})
        for n in range(30)
    ]
    lines[16] = text
    return File("log_data/2018/11/1.json", "events", "\n".join(lines).encode())


@pytest.mark.parametrize(
    ("line", "column", "value"),
    [
        (
            '{"sessionId": "x7", "itemInSession": 3, "page": "Home", "ts": 1541116800000}',
            "sessionid",
            '"x7"',
        ),
        (
            '{"sessionId": 7, "itemInSession": 3, "page": "Home", "ts": 5}',
            "ts",
            "5",
        ),
    ],
)
def test_a_bad_line_is_told_with_its_value(
    place: Cloud, line: str, column: str, value: str
) -> None:
    place.put([seventeenth_line_is(line), *LOADS[0][1:]])
    with pytest.raises(SourceError) as caught:
        place.load(copy_mode="direct")
    told = caught.value.reason
    assert f"s3://{SOURCE}/log_data/2018/11/1.json" in told
    assert "line 17" in told
    assert column in told.lower()
    assert value in told
    assert "COPY_MODE" in caught.value.next_step
    assert not any(place.tables()["loaded_files"])
    assert place.load(copy_mode="auto")["events"]["rejected"] == 1


def test_direct_is_strict_about_contradictions(place: Cloud) -> None:
    place.put(LOADS[0])
    place.load()
    place.put(LOADS[1])
    with pytest.raises(SourceError, match=r"contradict|line"):
        place.load(copy_mode="direct")


# Refused, rebuilt, audited


def test_too_many_rejects_are_refused_and_told(place: Cloud) -> None:
    place.put(LOADS[0])
    place.load()
    place.put([File("log_data/bad.json", "events", b"x\ny\n")])
    with pytest.raises(TooManyRejectedError):
        place.load(max_rejected_rows=1, max_rejected_share=0.0)
    with pytest.raises(TooManyRejectedError):
        place.load_duckdb(max_rejected_rows=1, max_rejected_share=0.0)
    assert place.tables()["etl_runs"].total() == 2
    place.load()
    assert {row[0] for row in place.tables()["rejected_records"]} == {3}


def test_the_longest_load_has_36_statements(place: Cloud) -> None:
    """Both kinds displace, after a refused load, with a late song and a changed file."""
    event: dict[str, object] = {"sessionId": 1, "itemInSession": 1, "page": "NextSong"}
    event |= {"ts": 1541116800000, "userId": "7", "level": "free", "artist": "A", "length": 1.5}
    song = {"song_id": "S1", "artist_id": "R1", "artist_name": "A", "title": "O", "duration": 1.5}

    def put(*records: tuple[str, dict[str, object]]) -> None:
        for name, record in records:
            place.put([File(name, "events", json.dumps(record).encode())])

    put(("log_data/1.json", event | {"song": "O"}), ("song_data/1.json", song | {"year": 2000}))
    same_report(place)
    put(("log_data/2.json", {}), ("song_data/2.json", {}))
    for load in (place.load, place.load_duckdb):
        with pytest.raises(TooManyRejectedError):
            load(max_rejected_rows=0, max_rejected_share=0.0)
    put(("log_data/1.json", event | {"song": "P"}), ("song_data/1.json", song | {"year": 2001}))
    put(("song_data/3.json", song | {"song_id": "S2", "title": "P"}))
    before = len(place.aws.statements())
    report = same_report(place)
    same(place)
    assert report["files"] == {"new": 3, "changed": 2, "skipped": 0}
    assert {row[0] for row in place.tables()["rejected_records"]} == {3}
    sent = place.aws.statements()[before:]
    first = max(n for n, sql in enumerate(sent) if sql == "LOCK load_lock")
    last = max(n for n, sql in enumerate(sent) if "AS failures" in sql)
    assert last - first + 1 == 36
    assert any(sql.startswith("DELETE FROM staging_songs") for sql in sent[first:])


def test_rebuild_changes_nothing(place: Cloud, generated: list[File]) -> None:
    place.put(generated)
    place.load()
    before = place.tables()
    report = etl.load(place.settings(), rebuild=True, answers=False)
    assert report.rebuilt
    assert place.tables() == before


def test_a_broken_audit_publishes_nothing(
    place: Cloud, generated: list[File], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put(generated)
    before = place.tables()
    left_out = [query for query in sql_queries.insert_table_queries if query.name != "insert_time"]
    monkeypatch.setattr(sql_queries, "insert_table_queries", left_out)
    with pytest.raises(QualityError) as caught:
        place.load()
    assert caught.value.details["check"] == "plays_described"
    assert place.tables() == before


@pytest.mark.parametrize(
    ("statement", "said", "exit_code", "next_step"),
    [
        ("AS failures", "ERROR: Disk Full", 5, "BASE_CAPACITY"),
        ("INSERT INTO songplays", "ERROR: permission denied for relation songs", 5, "owner"),
        ("LOCK", 'FATAL: connection limit "500" exceeded', 7, "later"),
    ],
)
def test_a_failure_of_the_engine_is_told_in_its_words(
    place: Cloud, statement: str, said: str, exit_code: int, next_step: str
) -> None:
    place.put(LOADS[0])
    fault = place.aws.fault("fail", "statement", match=statement, message=said)
    with pytest.raises(SparkifyError, match=said.partition(": ")[2]) as caught:
        place.load()
    assert fault.struck == 1
    assert "nothing was published" in caught.value.reason
    assert caught.value.exit_code == exit_code
    assert next_step in caught.value.next_step
    assert not any(place.tables()["etl_runs"])


@pytest.mark.parametrize("mode", ["direct", "auto"])
def test_a_source_in_another_region_is_told_before_anything_is_copied(
    place: Cloud, mode: str
) -> None:
    place.put(LOADS[0])
    before = len(place.aws.statements())
    with pytest.raises(SettingsError, match=r"us-west-2") as caught:
        place.load(copy_mode=mode, mend_text=False, s3_region="eu-west-1")
    assert "REGION" in caught.value.next_step
    assert not any("COPY" in sql for sql in place.aws.statements()[before:])


def no_room(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device", "/tmp/files.json.gz")


@pytest.mark.parametrize(
    "change",
    [("gzip.open", no_room), ("tempfile.tempdir", "/nothing"), ("pathlib.Path.mkdir", no_room)],
    ids=lambda change: change[0],
)
def test_no_room_for_temporary_files_publishes_nothing(
    place: Cloud, monkeypatch: pytest.MonkeyPatch, change: tuple[str, object]
) -> None:
    place.put(LOADS[0])
    settings = place.settings(copy_mode="compact")
    create_tables.create(settings)
    before = place.tables()
    with monkeypatch.context() as patch:
        patch.setattr(*change)
        with pytest.raises(WarehouseError, match=r"No space left|No such file") as caught:
            etl.load(settings, answers=False)
    assert "TMPDIR" in caught.value.next_step
    assert place.tables() == before


# Other people's tables


@pytest.mark.usefixtures("remade")
@pytest.mark.parametrize("made", ["TABLE users (x INTEGER)", "VIEW songs AS SELECT 7 AS x"])
def test_tables_of_our_names_are_left_alone(place: Cloud, made: str) -> None:
    place.put(LOADS[0])
    settings = place.settings()
    connection = place.aws.database()
    names = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    try:
        for query in (*drop_view_queries, *drop_table_queries):
            connection.execute(query.sql)
        connection.execute(f"CREATE {made}")
        before = connection.execute(names).fetchall()
        for act in (etl.load, etl.plan, create_tables.create, create_tables.drop):
            with pytest.raises(WarehouseError, match=f"needs: {made.split()[1]};") as caught:
                act(settings)
            assert "DATABASE in [REDSHIFT]" in caught.value.next_step
        assert connection.execute(names).fetchall() == before
    finally:
        connection.execute(f"DROP {' '.join(made.split()[:2])}")
        connection.close()


# Asked


def test_every_command_answers_as_duckdb_does(
    place: Cloud, generated: list[File], tmp_path: Path
) -> None:
    import duckdb

    place.put([*generated, File("log_data/bad.json", "events", b"x\n")])
    same_report(place)
    both = [place.settings(), place.settings(engine="duckdb")]
    with open_reader(both[0]) as ours, open_reader(both[1]) as theirs:
        assert [one.as_json() for one in analysis.ask(ours)] == [
            one.as_json() for one in analysis.ask(theirs)
        ]
        for filters in (
            Filters(since=date(2018, 11, 3), level="paid"),
            Filters(until=date(2018, 11, 4)),
        ):
            assert [one.as_json() for one in analysis.ask(ours, filters=filters)] == [
                one.as_json() for one in analysis.ask(theirs, filters=filters)
            ]
        for our, their in zip(quality.run(ours), quality.run(theirs), strict=True):
            assert (our.name, our.failures) == (their.name, their.failures)
            assert our.name == "freshness" or our.as_json() == their.as_json()
        assert status.rejects(ours) == status.rejects(theirs)
        found, expected = status.status(ours), status.status(theirs)
        for key in ("tables", "freshness", "rejects"):
            assert found[key] == expected[key]
    with open_reader(both[0], for_user_sql=True) as asked:
        assert asked.read("SELECT COUNT(*) AS n FROM songs;").rows == [(120,)]
        for wrong in ("DELETE FROM songs", "SELECT 1; SELECT 2", "SELECT 1 INTO x", "", "SELECT x"):
            with pytest.raises(UsageError):
                asked.read(wrong)
    assert read_ledger(both[0]) == read_ledger(both[1])
    done = warehouse.export(both[0], tmp_path / "out")
    tables = place.duckdb_tables()
    for table in STAR_TABLES:
        rows = duckdb.execute(f"SELECT * FROM '{done['files'][table]}'").fetchall()
        assert Counter(rows) == tables[table]
    for view in VIEWS:
        rows = duckdb.execute(f"SELECT * FROM '{done['files'][view]}'").fetchall()
        with open_reader(both[1]) as theirs:
            assert Counter(rows) == Counter(theirs.read(f"SELECT * FROM {view}").rows)


def test_a_large_ledger_comes_by_unload(
    place: Cloud, generated: list[File], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sparkify.warehouse.redshift import reader

    place.put(generated)
    place.load()
    known = read_ledger(place.settings())
    monkeypatch.setattr(reader, "MANY_FILES", 10)
    assert read_ledger(place.settings()) == known
    assert "UNLOAD" in place.aws.statements()[-1]


@pytest.mark.usefixtures("remade")
@pytest.mark.parametrize("trouble", [False, True])
def test_new_tables_have_their_keys_and_their_layout(place: Cloud, trouble: bool) -> None:
    """Also where a transaction would not have the layout: then each statement runs alone."""
    if trouble:
        place.aws.fault("fail", "statement", match="SORTKEY", message="ERROR: not in a transaction")
    create_tables.drop(place.settings())
    connection = place.aws.database()
    try:
        found = attributes(connection, "songplays")
        assert "start_time" in repr(found)
        assert "user_id" in repr(found)
        assert "songplay_id" in repr(found)
    finally:
        connection.close()


@pytest.mark.usefixtures("remade")
@pytest.mark.parametrize("refused", ["FOREIGN KEY", "SORTKEY|DISTSTYLE"])
def test_a_warehouse_without_keys_or_layout_is_slower_not_wrong(place: Cloud, refused: str) -> None:
    fault = place.aws.fault("fail", "statement", match=refused, message="ERROR: no such thing")
    fault.count = 1_000
    told: list[str] = []
    create_tables.drop(place.settings(), progress=lambda step, *_: told.append(step))
    left_out = [step for step in told if "is left out, questions may be slower" in step]
    assert len(left_out) == (5 if refused == "FOREIGN KEY" else 7)
    assert "no such thing" in left_out[0]
    before = fault.struck
    for files in (*LOADS, AUDITED):
        place.put(files)
        same_report(place)
    same(place)
    assert fault.struck == before


def test_a_dry_run_changes_nothing(place: Cloud, generated: list[File]) -> None:
    place.put(generated)
    before = place.tables()
    plan = etl.plan(place.settings())
    assert len(plan.new) == len(generated)
    assert place.tables() == before


def test_a_load_makes_few_calls(place: Cloud, generated: list[File]) -> None:
    place.put(generated)
    before = len(place.aws.calls)
    place.load()
    counted = Counter(f"{one[0]}.{one[1]}" for one in place.aws.calls[before:])
    free = ("ListObjects", "GetObject", "HeadObject", "DescribeStatement", "GetStatementResult")
    paid = {name: n for name, n in counted.items() if not name.split(".")[1].startswith(free)}
    assert sum(paid.values()) < 40, counted
    assert counted["redshift-data.BatchExecuteStatement"] >= 1


def test_nothing_stays_in_the_work_bucket(place: Cloud, generated: list[File]) -> None:
    place.put(generated)
    place.load()
    s3 = place.aws.client("s3")
    [work] = [one["Name"] for one in s3.list_buckets()["Buckets"] if one["Name"] != SOURCE]
    assert "Contents" not in s3.list_objects_v2(Bucket=work)


def test_two_loads_side_by_side_publish_once(place: Cloud, generated: list[File]) -> None:
    """The second one plans again from what the first has published."""
    place.put(generated)
    sent: list[dict[str, object]] = []

    def first_comes_another() -> None:
        if not sent:
            sent.append({})
            sent[0] = place.load()

    original = loader.RedshiftWarehouse.publish

    def publish(self: loader.RedshiftWarehouse, *arguments: object) -> None:
        first_comes_another()
        original(self, *arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader.RedshiftWarehouse, "publish", publish)
        report = place.load()
    assert sent[0]["files"] == {"new": len(generated), "changed": 0, "skipped": 0}
    assert report["files"] == {"new": 0, "changed": 0, "skipped": len(generated)}
    place.load_duckdb()
    same(place)


@pytest.mark.sampled(of=3)
@pytest.mark.parametrize("order", ["as made", "backwards", "at once"])
def test_shared_session_numbers_are_no_conflicts(place: Cloud, tmp_path: Path, order: str) -> None:
    """Servers count sessions by themselves, and runs with the same listeners begin anew."""
    options = generate.Options(songs=40, users=20, days=3, servers=10, runs=2, seed=3)
    generate.generate(tmp_path / "data", options)
    files = files_of(tmp_path / "data")
    truth = json.loads((tmp_path / "data" / "truth.json").read_text())
    steps = {"as made": (0, 1, 2), "backwards": (2, 1, 0), "at once": (0,)}[order]
    parts = [files[number :: len(steps)] for number in steps]
    for files in parts:
        place.put(files)
        same_report(place)
    same(place)
    found = place.tables()
    matched = truth["tables"].pop("matched")
    assert {name: found[name].total() for name in truth["tables"]} == truth["tables"]
    assert sum(row[4] is not None for row in found["songplays"].elements()) == matched
    assert not found["rejected_records"]


REAL = [("direct", False), ("auto", False), ("compact", False), ("auto", True), ("compact", True)]
"""Some of the real texts were encoded twice, which COPY does not mend."""


@pytest.mark.sampled(of=10)
@pytest.mark.skipif(not SHARED.exists(), reason="the real data are not beside the project")
@pytest.mark.parametrize(("mode", "mend_text"), REAL)
@pytest.mark.parametrize("increments", [1, 2])
def test_the_real_data(place: Cloud, mode: str, mend_text: bool, increments: int) -> None:
    files = files_of(SHARED)
    for number in range(increments):
        place.put(files[number::increments])
        place.load(copy_mode=mode, mend_text=mend_text)
    place.load_duckdb(mend_text=mend_text)
    ours, theirs = place.tables(), place.duckdb_tables()
    for name in ("staging_events", "staging_songs", *STAR_TABLES):
        assert ours[name] == theirs[name]
    assert ours["songplays"].total() == 6820
    assert sum(row[4] is not None for row in ours["songplays"].elements()) == 1


@pytest.mark.skipif(not SHARED.exists(), reason="the real data are not beside the project")
def test_the_real_data_are_mended_before_copy_or_not_copied(place: Cloud) -> None:
    place.put(files_of(SHARED))
    with pytest.raises(SourceError, match="encoded twice, which COPY does not mend"):
        place.load(copy_mode="direct")
