"""The recipes of docs/analysts.md and its notebook run, and find what the program finds."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from command_line import PROGRAM
from sparkify import analysis
from sparkify.sql_queries import STAR_TABLES

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))
examples: Any = importlib.import_module("examples")
run_notebook: Any = importlib.import_module("run_notebook")

BLOCKS: list[tuple[str, str]] = re.findall(
    r"^```(python|sh)\n(.*?)^```$",
    (ROOT / "docs/analysts.md").read_text(encoding="utf-8"),
    re.DOTALL | re.MULTILINE,
)
WORLD = "generate data --songs 400 --users 50 --days 24 --match-share 0.3 --servers 20"
HOLD = """
import duckdb
held = duckdb.connect("sparkify.duckdb", read_only={})
print("held", flush=True)
input()
"""


class Desk:
    """An analyst's folder with a warehouse, after all recipes have run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, Any] = {"__name__": "__main__"}

    def run(self, *words: str, allowed: int = 0) -> str:
        done = subprocess.run(
            [*PROGRAM, *words], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == allowed, done.stderr
        return done.stdout

    def ask(self, name: str) -> list[dict[str, Any]]:
        (answer,) = json.loads(self.run("ask", name, "--json"))
        return [dict(zip(answer["columns"], row, strict=True)) for row in answer["rows"]]

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in json.loads(self.run("query", sql, "--json"))["rows"]]

    @contextlib.contextmanager
    def holding(self, *, read_only: bool) -> Iterator[int]:
        """Somebody else's process that has the warehouse open; gives its number."""
        command = [sys.executable, "-c", HOLD.format(read_only)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=self.folder, stdin=pipe, stdout=pipe) as holder:
            assert holder.stdout
            assert holder.stdout.readline() == b"held\n"
            yield holder.pid
            holder.communicate(b"\n")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Not to be changed."""
    desk = Desk(tmp_path_factory.mktemp("analysts"))
    desk.run(*WORLD.split())
    desk.run("etl", "--no-answers")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(desk.folder)
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        for language, block in BLOCKS:
            if language == "python":
                exec(compile(block, "docs/analysts.md", "exec"), desk.names)
            else:
                subprocess.run(["sh", "-e", "-c", block], check=True, capture_output=True)
    return desk


def test_there_are_recipes_and_their_shell_only_calls_the_program() -> None:
    assert Counter(language for language, _ in BLOCKS).keys() == {"python", "sh"}
    assert len(BLOCKS) > 10
    for language, block in BLOCKS:
        if language == "sh":
            assert {shlex.split(line)[0] for line in block.splitlines()} == {"sparkify"}


def test_the_tables_are_those_of_the_warehouse(desk: Desk) -> None:
    for name in ("songplays", "users", "songs"):
        frame = desk.names[name].astype(object)
        rows = frame.where(frame.notna(), None).itertuples(index=False)
        plain = [
            tuple(one.isoformat() if isinstance(one, datetime) else one for one in row)
            for row in rows
        ]
        assert Counter(plain) == Counter(desk.query(f"SELECT * FROM {name}"))
    assert str(desk.names["songplays"].dtypes["start_time"]) == "datetime64[us]"
    assert str(desk.names["songs"].dtypes["year"]) == "Int32"


def test_plays_by_day(desk: Desk) -> None:
    daily = [(str(row.day)[:10], row.plays) for row in desk.names["daily"].itertuples()]
    assert daily[-31:] == [(row["day"], row["plays"]) for row in desk.ask("daily_plays")]


def test_plays_with_their_listeners(desk: Desk) -> None:
    names = {"F": "women", "M": "men"}
    found = {
        names[gender]: (row.listeners, row.plays)
        for gender, row in desk.names["by_gender"].iterrows()
    }
    assert found == {row["gender"]: (row["listeners"], row["plays"]) for row in desk.ask("gender")}
    assert len(desk.names["listening"]) == len(desk.names["songplays"])


def test_the_join_on_one_column_is_refused(desk: Desk) -> None:
    songplays, users = desk.names["songplays"], desk.names["users"]
    with pytest.raises(ValueError, match="not a many-to-one merge"):
        songplays.merge(users, on="user_id", how="left", validate="many_to_one")


def test_top_songs_by_region(desk: Desk) -> None:
    assert [tuple(row) for row in desk.names["top_by_region"].to_numpy().tolist()] == desk.query("""
        SELECT region, song, artist, plays FROM (
            SELECT *, row_number() OVER (
                PARTITION BY region ORDER BY plays DESC, song, artist
            ) AS place FROM (
                SELECT split_part(location, ', ', -1) AS region, song, artist, count(*) AS plays
                FROM staging_events WHERE page = 'NextSong' AND song IS NOT NULL
                GROUP BY region, song, artist
            ) AS counted
        ) AS ranked WHERE place <= 3 ORDER BY region, place
    """)


def test_retention_by_week(desk: Desk) -> None:
    retention = desk.names["retention"]
    asked = desk.ask("returning_listeners")
    assert [row["first_week"] for row in asked] == [str(week)[:10] for week in retention.index]
    assert sum(row["listeners"] for row in asked) == desk.names["cohorts"][0].sum()
    compared = 0
    for row in asked:
        for later in range(1, 9):
            if row[f"week_{later}"] is not None:
                compared += 1
                found = retention.loc[row["first_week"]].get(later, 0)
                assert found == pytest.approx(row[f"week_{later}"])
    assert compared > 3


def test_plays_by_the_hour_of_new_york(desk: Desk) -> None:
    there = ZoneInfo("America/New_York")
    moments = [
        datetime.fromisoformat(one) for (one,) in desk.query("SELECT start_time FROM songplays")
    ]
    hours = Counter(one.replace(tzinfo=UTC).astimezone(there).hour for one in moments)
    assert dict(desk.names["plays_by_local_hour"]) == hours


def test_plays_without_a_match(desk: Desk) -> None:
    unmatched = desk.names["unmatched"]
    ((missing, songs),) = desk.query("""
        SELECT count(*), count(DISTINCT (song, artist)) FROM staging_events AS events
        JOIN songplays
            ON songplay_id = format('{}-{}-{}-{}', epoch_ms(ts), userid, sessionid, iteminsession)
        WHERE song_id IS NULL
    """)
    assert (unmatched["plays"].sum(), len(unmatched)) == (missing, songs)
    shares = {row["where_found"]: row["plays"] for row in desk.ask("catalogue_match")}
    assert missing in shares.values()
    known = {tuple(row) for row in desk.query("SELECT title, artist_name FROM staging_songs")}
    assert all(row.near == ((row.song, row.artist) in known) for row in unmatched.itertuples())


def test_an_export_follows_the_newest_run(desk: Desk) -> None:
    assert (desk.folder / "star/run.txt").read_text() == "1"
    days = {path.name.removeprefix("day=") for path in (desk.folder / "by_day").iterdir()}
    assert days == {
        date.fromisoformat(str(day)[:10]).isoformat() for day in desk.names["daily"]["day"]
    }
    every = f"'{desk.folder}/by_day/*/*.parquet'"
    rows = duckdb.execute(f"SELECT count(*) FROM {every}").fetchall()
    assert rows == [(len(desk.names["songplays"]),)]


def test_a_table_of_ones_own_as_csv(desk: Desk) -> None:
    lines = (desk.folder / "users.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "user_id,first_name,last_name,gender,level"
    assert len(lines) == 1 + len(desk.names["users"])


# What the page says of BI tools


def looked_at(path: Path) -> dict[str, int]:
    """What a tool sees that opens a file of views, in this process."""
    with duckdb.connect(str(path), read_only=True) as tool:
        counts = {}
        for table in STAR_TABLES:
            ((counts[table],),) = tool.execute(f"SELECT count(*) FROM {table}").fetchall()
        return counts


def test_readers_share_the_file_and_keep_a_load_waiting(desk: Desk) -> None:
    with desk.holding(read_only=True) as pid:
        with duckdb.connect(str(desk.folder / "sparkify.duckdb"), read_only=True) as second:
            assert second.execute("SELECT count(*) > 0 FROM songplays").fetchall() == [(True,)]
        told = json.loads(desk.run("etl", "--wait", "0", "--json", allowed=7))
        assert told["error"]["code"] == "busy"
        assert told["error"]["details"]["process"] == pid


def test_a_load_keeps_readers_out_and_a_file_of_views_open(desk: Desk) -> None:
    before = looked_at(desk.folder / "bi.duckdb")
    assert before["songplays"] == len(desk.names["songplays"])
    with desk.holding(read_only=False):
        with pytest.raises(duckdb.IOException, match="lock"):
            duckdb.connect(str(desk.folder / "sparkify.duckdb"), read_only=True)
        assert looked_at(desk.folder / "bi.duckdb") == before


def test_a_file_of_views_shows_the_rows_of_the_newest_export(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.run(*WORLD.replace("24", "2").split())
    *_, newest = sorted((tmp_path / "data/log_data").rglob("*.json"))
    aside = newest.rename(tmp_path / newest.name)
    views = next(block for _, block in BLOCKS if "CREATE OR REPLACE VIEW" in block)
    desk.run("etl", "--no-answers")
    desk.run("export", "star")
    with contextlib.chdir(tmp_path):
        exec(f"import duckdb, pathlib\n{views}", {})
    before = looked_at(tmp_path / "bi.duckdb")
    aside.rename(newest)
    desk.run("etl", "--no-answers")
    desk.run("export", "star")
    after = looked_at(tmp_path / "bi.duckdb")
    assert 0 < before["songplays"] < after["songplays"]
    assert [(after["songplays"],)] == desk.query("SELECT count(*) FROM songplays")


# The notebook


def test_the_notebook_shows_what_its_cells_give() -> None:
    """Else: `make docs` writes its outputs again."""
    assert examples.notebook() == run_notebook.read()


def test_the_notebook_is_one() -> None:
    notebook = run_notebook.read()
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in notebook["cells"]:
        code = {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
        assert set(cell) == {"cell_type", "id", "metadata", "source"} | code
    assert all(line.startswith("sparkify ") for line in run_notebook.world(notebook))
    assert len(run_notebook.world(notebook)) == 3


def test_sessions_are_told_apart(desk: Desk) -> None:
    found = {int(row.user_id): int(row.sessions) for row in desk.names["sessions"].itertuples()}
    asked = {row["user_id"]: row["sessions"] for row in desk.ask("loyal_listeners")}
    assert asked.items() <= found.items()
    (session_length, *_) = desk.query(analysis.questions()["session_length"].sql)
    assert sum(found.values()) == session_length[4]
