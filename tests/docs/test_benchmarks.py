"""The benchmarks measure, compare and judge rightly, and keep what a broken run has measured."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from benchmarks import contenders, datasets, environments, measures, tables
from benchmarks.comparing import SQLITE, WAREHOUSE, compare, same
from benchmarks.contenders import FLOOR, OURS, PEERS
from benchmarks.datasets import Size
from benchmarks.figures import middle, ratio
from benchmarks.measures import Session
from benchmarks.measuring import FailedRun, measure
from benchmarks.places import HERE, ROOT
from benchmarks.rounds import Job, Results, interleave
from benchmarks.targets import verdicts

STAR = """
CREATE TABLE songplays AS SELECT 1000001::BIGINT AS songplay_id,
    TIMESTAMP '2018-11-01 10:00:00.796' AS start_time, 7::BIGINT AS user_id, 'free' AS level,
    'SO1' AS song_id, 'AR1' AS artist_id, 1::BIGINT AS session_id, 'Town' AS location,
    'Agent' AS user_agent;
CREATE TABLE users AS SELECT 7::BIGINT AS user_id, 'Ada' AS first_name, NULL AS last_name,
    'F' AS gender, 'free' AS level;
CREATE TABLE songs AS SELECT 'SO1' AS song_id, 'One' AS title, 'AR1' AS artist_id,
    NULL::INTEGER AS year, 269.58322::DOUBLE AS duration;
CREATE TABLE artists AS SELECT 'AR1' AS artist_id, 'Elena' AS name, NULL::VARCHAR AS location,
    1.5::DOUBLE AS latitude, NULL::DOUBLE AS longitude;
CREATE TABLE time AS SELECT TIMESTAMP '2018-11-01 10:00:00.796' AS start_time, 10 AS hour,
    1 AS day, 44 AS week, 11 AS month, 2018 AS year, 4 AS weekday;
"""


def star(folder: Path, *changes: str) -> Path:
    """A database with a small star, changed by statements."""
    folder.mkdir()
    with duckdb.connect(folder / WAREHOUSE) as connection:
        connection.execute(STAR)
        for change in changes:
            connection.execute(change)
    return folder


def runs(*walls: float, peak: float = 100) -> list[dict[str, float]]:
    return [{"wall": wall, "cpu": wall, "peak": peak} for wall in walls]


# Figures and targets


def test_a_ratio_is_that_of_the_medians() -> None:
    assert middle(runs(5, 1, 2)) == 2
    found = ratio(runs(10, 30, 12), runs(1, 2, 4))
    assert (found.value, found.low, found.high) == (6, 3, 15)
    assert str(ratio(runs(3, 3), runs(2))) == "1.50 (1.50 to 1.50)"


def results(size: str = "M", **groups: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    return {"size": size, "runs": groups, "data": {"events": 10}, "smaller": {"events": 5}}


def test_targets_are_judged() -> None:
    load = {OURS: runs(2), "duckdb": runs(18), "polars": runs(3.5), FLOOR: runs(1.5)}
    variants = {
        "clean": runs(2),
        "limited": runs(3, peak=351),
        "bad line": runs(2.6),
        "sparse": runs(2.6),
    }
    everyday = {
        "first load": runs(8),
        "new day": runs(0.8),
        "nothing new": runs(0.7),
        "ask": runs(9),
        "ask a": runs(0.5),
        "ask b": runs(1.5),
    }
    judged = verdicts(results(load=load, variants=variants, everyday=everyday))
    assert [(one.measured, one.reached) for one in judged] == [
        ("9.00", True),
        ("1.75", False),
        ("1.33", True),
        ("351 MB", False),
        ("1.30", True),
        ("1.30", False),
        ("1/10.0", True),
        ("1/11.4", False),
        ("1.50 s", False),
    ]
    assert "(b)" in judged[-1].what


def test_the_same_day_is_held_against_ten_times_the_history() -> None:
    growth = {
        "a day on 1 million": runs(1),
        "a day on 3 million": runs(1.1),
        "a day on 10 million": runs(1.3),
        "10 million": runs(20),
        "1 million": runs(4),
    }
    histories = {"1 million": 1_000_000, "3 million": 3_000_000, "10 million": 10_000_000}
    found = results(growth=growth) | {"histories": histories}
    (judged,) = verdicts(found)
    assert (judged.measured, judged.reached) == ("1.30", False)
    assert [row[:4] for row in tables.grown(found).rows] == [
        ("1 million", "1,000,000", "4.00", "4.00"),
        ("10 million", "10,000,000", "20.00", "2.00"),
    ]


def test_the_largest_size_is_judged_by_the_event() -> None:
    bounded = {"smaller": runs(1, peak=100), "this": runs(2.8, peak=120)}
    assert [(one.measured, one.reached) for one in verdicts(results("L", bounded=bounded))] == [
        ("1.20", True),
        ("1.40", False),
    ]


def test_what_was_not_measured_is_not_judged() -> None:
    assert verdicts(results(load={OURS: runs(1), "polars": []})) == []


def test_the_targets_are_those_of_the_design() -> None:
    design = ROOT.parent / "shared/design.md"
    if not design.exists():
        pytest.skip("the design is not beside the project")
    text = design.read_text(encoding="utf-8")
    asked = {
        "plain DuckDB (read_json globs) | 7 times as fast | 6 times": ("duckdb", 7, 6),
        "Polars (which keeps no staging) | 3 times | 1.8 times": ("polars", 3, 1.8),
        "pandas | 2.5 times | 5 times": ("pandas", 2.5, 5),
    }
    for line, (name, small, medium) in asked.items():
        assert line in text
        load = {OURS: runs(1), name: runs(1)}
        for size, times in (("S", small), ("M", medium)):
            (verdict,) = verdicts(results(size, load=load))
            assert verdict.target == f"at least {times:g}"


# Comparing


def test_equal_tables_are_the_same(tmp_path: Path) -> None:
    ours, theirs = star(tmp_path / "a"), star(tmp_path / "b")
    found = compare(ours / WAREHOUSE, theirs)
    assert all(same(one) and one["rows"] == one["their_rows"] == 1 for one in found.values())


@pytest.mark.parametrize(
    ("change", "table", "counts", "columns"),
    [
        ("UPDATE songplays SET song_id = NULL", "songplays", (1, 1), {"song_id": 1}),
        ("INSERT INTO users FROM users", "users", (0, 1), {}),
        ("DELETE FROM artists", "artists", (1, 0), None),
        ("UPDATE time SET week = 43", "time", (1, 1), {"week": 1}),
        ("UPDATE songs SET year = 0", "songs", (1, 1), {"year": 1}),
        ("ALTER TABLE users ALTER user_id TYPE VARCHAR", "users", (0, 0), {}),
    ],
)
def test_a_difference_is_found(
    tmp_path: Path, change: str, table: str, counts: tuple[int, int], columns: dict[str, int] | None
) -> None:
    found = compare(star(tmp_path / "a") / WAREHOUSE, star(tmp_path / "b", change))
    assert (found[table]["missing"], found[table]["extra"]) == counts
    if columns is not None:
        assert found[table]["columns"] == columns
    assert all(same(one) for name, one in found.items() if name != table)


def test_common_causes_are_told_apart(tmp_path: Path) -> None:
    blank = "UPDATE songs SET title = 'One  '"
    digit = "UPDATE songs SET duration = duration + 5e-14"
    for number, (change, cause) in enumerate(((blank, "blanks"), (digit, "digits"))):
        theirs = star(tmp_path / str(number), change)
        ours = star(tmp_path / f"{number} ours")
        found = compare(ours / WAREHOUSE, theirs)["songs"]
        without = {name: left for name, left in found["apart_from"].items() if cause in name}
        assert (found["missing"], list(without.values())) == (1, [0])
        assert sum(found["apart_from"].values()) == 1
        assert tables.why("polars", found).startswith("1: ")


def test_other_kinds_of_output_are_compared(tmp_path: Path) -> None:
    ours = star(tmp_path / "ours") / WAREHOUSE
    parquet, lite = tmp_path / "parquet", tmp_path / "lite"
    parquet.mkdir()
    lite.mkdir()
    target = sqlite3.connect(lite / SQLITE)
    with duckdb.connect(ours, read_only=True) as connection:
        for (table,) in connection.execute("SHOW TABLES").fetchall():
            connection.execute(f"COPY {table} TO '{parquet / table}.parquet'")
            rows = connection.execute(f"FROM {table}")
            names = [name for name, *_ in rows.description]
            target.execute(f"CREATE TABLE {table} ({', '.join(names)})")
            for row in rows.fetchall():
                values = [one if one is None or type(one) is float else str(one) for one in row]
                target.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", values)
    target.execute("UPDATE songplays SET songplay_id = 1")
    target.commit()
    target.close()
    assert all(same(one) for one in compare(ours, parquet).values())
    assert all(same(one) for one in compare(ours, lite, own_numbers=True).values())
    assert not same(compare(ours, lite)["songplays"])


# Measuring


def python(code: str) -> list[str | Path]:
    return [sys.executable, "-c", code]


def test_a_process_is_measured_with_its_children(tmp_path: Path) -> None:
    child = "x = bytearray(b'1') * 90_000_000; sum(range(10**6))"
    alone = measure(python("pass"), tmp_path, {})
    cost = measure(
        python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"),
        tmp_path,
        {},
    )
    assert cost.peak > 90 > alone.peak
    assert cost.wall > 0
    assert cost.cpu > 0


def test_a_failure_says_why(tmp_path: Path) -> None:
    with pytest.raises(FailedRun, match=r"exit 3: .*no such thing"):
        measure(python("print('no such thing'); raise SystemExit(3)"), tmp_path, {})


def test_what_does_not_end_is_ended(tmp_path: Path) -> None:
    with pytest.raises(FailedRun, match="not done after 0 s"):
        measure(python("import time; time.sleep(600)"), tmp_path, {}, limit=0.2)


def test_rounds_are_interleaved_and_kept(tmp_path: Path) -> None:
    order: list[str] = []

    def job(name: str, code: str) -> Job:
        return Job(name, python(code), {}, after=lambda folder: order.append(folder.name))

    file = tmp_path / "S.json"
    results = Results(file)
    jobs = [job("a", "pass"), job("broken", "1 / 0"), job("b", "pass")]
    interleave("load", jobs, 2, results, tmp_path, lambda: order.append("round"))
    assert order == ["round", "a", "b", "round", "a", "b"]
    kept = json.loads(file.read_bytes())
    assert {name: len(done) for name, done in kept["runs"]["load"].items()} == {
        "a": 2,
        "broken": 0,
        "b": 2,
    }
    assert "ZeroDivisionError" in kept["failures"]["load"]["broken"]
    (row,) = tables.failed(kept | {"size": "S"}).rows
    assert row == ("broken", "load", "ZeroDivisionError: division by zero")

    order.clear()
    interleave("load", jobs, 3, Results(file, kept), tmp_path, lambda: order.append("round"))
    assert order == ["round", "a", "b"]


# The peers


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_is_complete(name: str) -> None:
    script = HERE / PEERS[name].script
    compile(script.read_text(encoding="utf-8"), script, "exec")
    assert "Usage: " in script.read_text(encoding="utf-8")
    if PEERS[name].own:
        lines = (HERE / "peers" / name / "requirements.txt").read_text("utf-8").splitlines()
        assert lines
        odd = [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)]
        assert odd in ([], ["# and what they need"])
        assert environments.versions(name)


def test_peers_are_chosen() -> None:
    assert contenders.chosen("M", "") == [OURS, FLOOR, "duckdb", "polars", "pandas"]
    assert contenders.chosen("S", "") == [OURS, *PEERS]
    assert contenders.chosen("M", "dbt, polars") == [OURS, "dbt", "polars"]
    with pytest.raises(SystemExit, match="spark"):
        contenders.chosen("S", "spark")


# A whole run, on a small world


def test_a_run_of_a_small_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = datasets.generated("tiny", Size(200, ("--users", "3")), tmp_path)
    results = Results(tmp_path / "tiny.json")
    results.values |= {"size": "S", "data": data.described()}
    session = Session(data, 1, tmp_path / "work", results, (1,))
    monkeypatch.setattr(measures, "_questions", lambda _: ["devices"])
    monkeypatch.setitem(datasets.SIZES, "S", Size(200, ("--users", "3")))
    monkeypatch.setattr(datasets, "history", lambda millions: Size(200, ("--users", f"{millions}")))
    monkeypatch.setattr(datasets, "A_DAY", Size(30, ("--users", "3"), 2019, days=1))

    measures.load(session, [OURS, FLOOR, "duckdb"])
    measures.variants(session)
    measures.shared(session)
    measures.everyday(session)
    measures.growth(session)

    values = json.loads((tmp_path / "tiny.json").read_bytes())
    assert not any(values["failures"].values())
    expected = data.counts
    for name in (FLOOR, "duckdb"):
        for table, found in values["differences"][name].items():
            assert found["rows"] == found["their_rows"] == expected[table]
            assert min([found["missing"], *found["apart_from"].values()]) == 0
    assert {table.title for table in tables.every(values)} >= {
        "A whole load, size S",
        "A whole load under other conditions, size S",
        "Session numbers that listeners and runs share, size S",
        "Every day, on a loaded warehouse, size S",
        "As history grows",
    }
    assert set(values["runs"]["everyday"]) >= {"new day", "nothing new", "ask devices", "status"}
