"""What `sparkify serve` answers: who may ask, which figures come, what own SQL may do."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import report_world
from child_loads import holding
from command_line import PROGRAM, answer, call, failure, process, write_sources
from report_page import Page
from served_pages import Served, served
from sparkify.analysis import questions
from sparkify.config import Settings
from sparkify.report import snapshot
from sparkify.warehouse import open_warehouse

PAGES = ("", "question/top_songs", "listener/999001", "search?q=left", "sql", "quality")
FILTERS: tuple[dict[str, str], ...] = (
    {},
    {"since": "2018-11-05", "until": "2018-11-12"},
    {"since": "7d", "level": "paid"},
    {"until": "2018-11-10", "level": "free"},
)


@pytest.fixture(scope="module")
def site(database: Path) -> Iterator[Served]:
    with served(Settings(database=database)) as found:
        yield found


@pytest.fixture(scope="module")
def named(database: Path) -> Iterator[Served]:
    with served(Settings(database=database), names=True) as found:
        yield found


def rows(site: Served, sql: str) -> list[list[Any]]:
    """The rows of own SQL."""
    found: list[list[Any]] = site.json("sql", sql=sql)["rows"]
    return found


def refused(site: Served, sql: str) -> str:
    """Why own SQL is refused."""
    reply = site.get(f"api/sql.json?{urllib.parse.urlencode({'sql': sql})}")
    assert reply.status == 400, reply.text
    told = json.loads(reply.text)
    assert told["ok"] is False
    return f"{told['error']['reason']} {told['error']['next_step']}"


# Who may ask


def test_without_the_token_nothing_is_read(site: Served) -> None:
    root = site.address.rsplit("/", 2)[0]
    for path in ("/", "/x/", f"/{'x' * 32}/", "/api/status.json", "//"):
        reply = site.get(path, at=root)
        assert reply.status == 404
        assert "sparkify serve" in reply.text
        assert "user" not in reply.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Host": "localhost:1", "Origin": "http://localhost:2"},
    ],
    ids=str,
)
def test_another_host_or_origin_is_refused(site: Served, headers: dict[str, str]) -> None:
    reply = site.get("api/status.json", headers=headers)
    assert (reply.status, "engine" in reply.text) == (403, False)


def test_this_machine_is_let_in_by_either_name(site: Served) -> None:
    for host in ("127.0.0.1:1", "localhost:9000", "localhost"):
        headers = {"Host": host, "Origin": f"http://{host}"}
        assert site.get("api/status.json", headers=headers).status == 200


def test_every_answer_is_for_this_origin_alone_and_is_kept_nowhere(site: Served) -> None:
    for path in (*PAGES, "api/status.json", "nothing", "?level=all", "assets/page.css"):
        headers = site.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert "Access-Control-Allow-Origin" not in headers
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] == "no-referrer"
        if not path.startswith(("assets", "nothing")):
            assert headers["Cache-Control"] == "no-store"


def test_no_script_or_style_is_in_a_page_and_nothing_comes_from_elsewhere(site: Served) -> None:
    for path in PAGES:
        html = site.get(path).text
        assert set(re.findall(r"<script(?! src=)[^>]*>", html)) == {
            '<script type="application/json" id="data">'
        }
        page = Page(html)
        assert page.styles == []
        assert not [name for _, name, _ in page.attributes if re.match("on|style$", name)]
        for _, name, address in page.attributes:
            if name in ("src", "href", "action"):
                assert re.match(r"/[\w-]{32}/|#|data:,$", address), address


# The figures


@pytest.mark.sampled(of=2)
@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_the_figures_are_those_of_ask(
    named: Served, database: Path, filters: dict[str, str]
) -> None:
    words = [word for name, text in filters.items() for word in (f"--{name}", text)]
    assert named.json("questions", **filters) == answer("ask", *words, "--database", str(database))


def test_one_question_is_as_it_is_among_all(site: Served) -> None:
    filters = {"since": "2018-11-05", "level": "paid"}
    found = {one["name"]: one for one in site.json("questions", **filters)}
    for name in ("top_songs", "leaving_listeners"):
        assert site.json(f"question/{name}", **filters) == found[name]
    part = json.loads(site.get("part/question/top_songs?since=2018-11-05&level=paid").text)
    assert part["tables"]["top_songs"]["rows"] == found["top_songs"]["rows"]
    assert "Asked without --since" in site.get("question/leaving_listeners?since=2018-11-05").text


def test_the_index_has_every_question_and_takes_the_filters_along(site: Served) -> None:
    html = site.get("?since=2018-11-05&level=paid").text
    for name in questions():
        address = rf'href="[^"]*/question/{name}\?since=2018-11-05&amp;level=paid"'
        assert re.search(address, html), name
    assert [one["name"] for one in site.json("index")] == [*questions()]
    tiles = json.loads(site.get("part/tiles?level=paid").text)
    assert "tile-plays" in tiles["charts"]


def test_questions_and_checks_of_the_users_own_are_there(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "questions"
    words = ("--questions", str(folder))
    assert call("new", "question", "late_listeners", *words).exit_code == 0
    check = (
        "-- name: no_plays\n-- severity: warn\n-- purpose: None played.\nSELECT user_id FROM plays"
    )
    (folder / "no_plays.sql").write_text(check, encoding="utf-8")
    asked = ("ask", "late_listeners", *words, "--database", str(database), "--since", "7d")
    with served(Settings(database=database, questions=folder)) as site:
        assert [site.json("question/late_listeners", since="7d")] == answer(*asked)
        assert site.json("index")[-1]["name"] == "late_listeners"
        assert site.json("quality")[-1]["name"] == "no_plays"


def test_a_listener_an_artist_and_a_song_have_a_page(site: Served, database: Path) -> None:
    title, artist = report_world.TITLE, report_world.ARTIST
    for path, query, where in (
        ("listener/999001", {}, "user_id = 999001"),
        ("artist", {"artist": artist}, f"artist = '{artist}'"),
        ("song", {"song": title, "artist": artist}, f"song = '{title}'"),
    ):
        sql = f"SELECT COUNT(*), COUNT(DISTINCT user_id) FROM plays WHERE {where}"
        asked = answer("query", sql, "--database", str(database))["rows"][0]
        found = {one["name"]: one for one in site.json(path, **query)}
        summary = dict(
            zip(found["plays_summary"]["columns"], found["plays_summary"]["rows"][0], strict=True)
        )
        assert [summary["plays"], summary["listeners"]] == asked
        assert sum(row[1] for row in found["plays_by_day"]["rows"]) == asked[0]
        html = site.get(f"{path}?{urllib.parse.urlencode(query)}").text
        assert title not in html
        assert "/song?song=" in html or path == "artist"
    paid = site.json("listener/999001", level="free")
    assert all(one["rows"] == [] for one in paid)
    assert "Nothing was found" in site.get("listener/424242").text


def test_search_finds_questions_artists_songs_and_listeners(site: Served, named: Served) -> None:
    found = site.json("search", q="most played artist")
    assert found["questions"][0]["name"] == "top_artists"
    found = site.json("search", q="hyperlink EVIL")["found"]
    assert found[0]["rows"][0][0] == report_world.ARTIST
    assert site.json("search", q="999001")["found"][0]["rows"][0][0] == 999001
    assert site.json("search", q="Zebulon")["found"] == []
    assert named.json("search", q="quartermain")["found"][0]["rows"][0][0] == 999001
    for nothing in ("", "'", "%_", "\\"):
        assert site.json("search", q=nothing) == {"questions": [], "found": []}


@pytest.mark.parametrize(
    "query",
    [
        "since=2018-12-01&until=2018-11-01",
        "since=yesterday",
        "level=' OR 1=1",
        "until=2018-11-31",
    ],
)
def test_a_filter_that_cannot_be_is_told(site: Served, query: str) -> None:
    for path in ("", "question/top_songs", "api/questions.json"):
        assert site.get(f"{path}?{query.replace(' ', '+')}").status == 400


def test_what_is_not_there_is_told(site: Served) -> None:
    reply = site.get("question/xyzzy")
    assert (reply.status, "xyzzy" in reply.text) == (400, True)
    assert site.get("api/question/xyzzy.json").status == 400
    assert site.get("nothing").status == 404


# Names


def test_nobody_is_named_unless_asked_for(site: Served, named: Served) -> None:
    first, last = "Zebulon", report_world.LAST_NAME
    paths = (*PAGES, "question/loyal_listeners", "listener/999001", "api/questions.json")
    own = "SELECT * FROM users WHERE user_id = 999001"
    text = "".join(site.get(path).text for path in paths) + str(rows(site, own))
    text += str(rows(site, "SELECT firstname, lastname FROM staging_events"))
    text += str(rows(site, "SELECT * FROM rejected_records")) + str(rows(site, "FROM plays"))
    assert (first in text, last in text) == (False, False)
    assert last in str(rows(named, own))
    assert last in named.get("listener/999001").text


# Own SQL


def test_own_sql_is_answered_as_table_chart_and_json(site: Served, database: Path) -> None:
    sql = "SELECT CAST(start_time AS DATE) AS day, COUNT(*) AS plays, 1 AS x, 2 AS x FROM songplays"
    sql += " GROUP BY 1 ORDER BY 1"
    found = site.json("sql", sql=sql)
    assert found["columns"] == ["day", "plays", "x", "x #2"]
    assert found["rows"] == answer("query", sql, "--database", str(database))["rows"]
    html = site.get(f"sql?{urllib.parse.urlencode({'sql': sql})}").text
    assert 'data-chart="own"' in html
    assert 'data-csv="own"' in html
    assert f"{len(found['rows'])} rows" in html
    assert '?since=2018-11-01&amp;until=2018-11-02"' in html


def test_own_sql_shows_so_many_rows(site: Served) -> None:
    found = site.json("sql", sql="SELECT * FROM range(100000000)")
    assert (len(found["rows"]), found["more"]) == (snapshot.MAX_ROWS, True)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM songplays",
        "CREATE TABLE x (i INTEGER)",
        "UPDATE users SET level = 'paid'",
        "ATTACH '{folder}/other.duckdb'",
        "COPY songplays TO '{folder}/x.csv'",
        "COPY (SELECT 1) TO '{folder}/copy.duckdb.wal'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('{database}')",
        "SELECT * FROM '{folder}/x.parquet'",
        "SELECT 1; DROP TABLE users",
        "SET enable_external_access = true",
        "PRAGMA database_list",
        "INSTALL httpfs",
        "EXPORT DATABASE '{folder}/all'",
        "CHECKPOINT",
        "WITH x AS (SELECT 1) INSERT INTO time SELECT 1",
        "nonsense",
    ],
)
@pytest.mark.sampled(of=6)
def test_own_sql_can_only_read(site: Served, database: Path, tmp_path: Path, sql: str) -> None:
    before = {file: file.read_bytes() for file in database.parent.glob("*.duckdb*")}
    assert refused(site, sql.format(folder=tmp_path, database=database))
    assert [*tmp_path.iterdir()] == []
    assert {file: file.read_bytes() for file in database.parent.glob("*.duckdb*")} == before


def test_own_sql_that_runs_for_ever_is_stopped(
    site: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = (
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 0 FROM n) SELECT MAX(i) FROM n"
    )
    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "MAX_SECONDS", 2.0)
        assert "longer than 2 seconds and was stopped" in refused(site, endless)
    assert rows(site, "SELECT 1") == [[1]]


# Loads


@pytest.fixture
def own_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A warehouse that may be changed, the current folder's."""
    monkeypatch.chdir(tmp_path)
    write_sources(tmp_path)
    assert call("etl", "--no-answers").exit_code == 0
    return Settings(database=tmp_path / "sparkify.duckdb", questions=tmp_path / "questions")


def test_a_load_is_seen_and_its_publication_taken(own_warehouse: Settings) -> None:
    (own_warehouse.questions / "mine.sql").parent.mkdir()
    (own_warehouse.questions / "mine.sql").write_text(
        "-- name: mine\n-- question: How many?\n-- level: yes\nSELECT COUNT(*) AS n FROM songplays"
    )
    with served(own_warehouse) as site:
        live = site.live
        assert site.json("question/mine", level="free")["rows"] == [[2]]
        assert "/question/mine" in site.get("").text
        live.renew()
        first = live.snapshot
        assert (site.json("status")["run_id"], live.loading) == (1, False)
        folder = own_warehouse.database.parent
        with holding(open_warehouse, folder):
            os.utime(own_warehouse.database)
            live.renew()
            assert site.json("status")["loading"] is True
            assert "A load is running" in site.get("").text
            assert site.json("question/top_songs")["rows"][0][2] == 2
        play = {"ts": 1541121999999, "sessionId": 9, "itemInSession": 7, "page": "NextSong"}
        play |= {"userId": "7", "level": "free", "song": "Setanta matins", "artist": "Elena"}
        (folder / "data/log_data/2018-11-03-events.json").write_text(json.dumps(play))
        assert call("etl", "--no-answers").exit_code == 0
        live.renew()
        assert site.json("status") | {"run_id": 2, "loading": False} == site.json("status")
        assert site.json("question/top_songs")["rows"][0][2] == 3
        assert live.snapshot is not first


def test_a_warehouse_without_rows_says_what_to_do_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("create-tables").exit_code == 0
    with served(Settings(database=tmp_path / "sparkify.duckdb")) as site:
        page = Page(site.get("").text)
        assert "Nothing is loaded yet. What to do next" in page.text
        assert "Load it" in page.text
        assert "What it will answer" not in page.text, "a heading over nothing"
        write_sources(tmp_path, *200 * ["bad"])
        assert failure("etl")["code"] == "too_many_rejected"
        site.live.renew()
        page = Page(site.get("").text)
        assert "rejected 200 of 204 records" in page.text
        assert "Load it" not in page.text
        assert "Nothing is loaded yet" not in page.text
        assert site.get("quality").status == 200


def test_without_room_for_a_copy_answers_are_kept(
    own_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "_ROOM", 1e18)
    with served(own_warehouse) as site:
        assert site.json("status")["private"] is False
        kept = site.json("question/top_songs")
        assert "names" in refused(site, "SELECT 1")
        with holding(open_warehouse, own_warehouse.database.parent):
            assert site.json("question/top_songs") == kept
            assert site.get("api/question/top_artists.json").status == 503
            site.live.renew()
            assert site.live.loading or site.live.snapshot.mark
        assert site.get("api/question/top_artists.json").status == 200


def test_the_command_tells_its_address_and_ends_by_an_interrupt(own_warehouse: Settings) -> None:
    folder = own_warehouse.database.parent
    temporary = folder / "temporary"
    temporary.mkdir()
    server = subprocess.Popen(
        [*PROGRAM, "serve", "--port", "0"],
        cwd=folder,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout
    address = server.stdout.readline().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", address)
    (copies,) = temporary.iterdir()
    assert copies.stat().st_mode & 0o077 == 0
    site = Served(address, None)  # type: ignore[arg-type]
    assert site.json("status")["tables"]["songplays"] == 2
    server.send_signal(signal.SIGINT)
    told = server.communicate(timeout=60)[1]
    assert server.returncode == 0
    assert "Stopped." in told
    assert [*temporary.iterdir()] == []


def test_a_taken_port_and_a_missing_warehouse_are_told(site: Served, database: Path) -> None:
    port = urllib.parse.urlsplit(site.address).port
    words = ("serve", "--database", str(database))
    told = process(*words, "--port", str(port), cwd=database.parent)
    assert told.returncode == 2
    assert f"port {port} of 127.0.0.1 cannot be used" in told.stderr.decode()
    missing = failure("serve", "--database", str(database.parent / "none.duckdb"))
    assert "there is no warehouse" in missing["reason"]
