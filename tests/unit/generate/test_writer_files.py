"""What the generated files look like, held against what is known of the real ones."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sparkify.generate import Options, generate
from sparkify.sources.files import Kind
from sparkify.staging.rules import FIELDS
from sparkify.staging.validate import accept, decode

Record = dict[str, Any]

DETAILS = ("firstName", "lastName", "gender", "location", "registration", "userAgent")
OF_PLAYS = ("artist", "song", "length")
EVENT_KEYS = (
    *("artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level"),
    *("location", "method", "page", "registration", "sessionId", "song", "status", "ts"),
    *("userAgent", "userId"),
)
SONG_KEYS = (
    *("artist_id", "artist_latitude", "artist_location", "artist_longitude", "artist_name"),
    *("duration", "num_songs", "song_id", "title", "year"),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    options = Options(songs=5_000, users=300, days=12, growth=5.0, match_share=0.2, seed=9)
    generate(folder, options)
    return folder


@pytest.fixture(scope="module")
def lines(world: Path) -> list[str]:
    files = sorted((world / "log_data").rglob("*.json"))
    return [line for file in files for line in file.read_text("ascii").split("\n")]


@pytest.fixture(scope="module")
def events(lines: list[str]) -> list[Record]:
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def plays(events: list[Record]) -> list[Record]:
    return [event for event in events if event["page"] == "NextSong"]


@pytest.fixture(scope="module")
def sessions(events: list[Record]) -> list[list[Record]]:
    found = defaultdict(list)
    for event in events:
        found[event["sessionId"]].append(event)
    return list(found.values())


@pytest.fixture(scope="module")
def song_texts(world: Path) -> list[str]:
    return [file.read_text("ascii") for file in sorted((world / "song_data").rglob("*.json"))]


@pytest.fixture(scope="module")
def songs(song_texts: list[str]) -> list[Record]:
    return [json.loads(text) for text in song_texts]


# Layout


def test_layout(world: Path, songs: list[Record]) -> None:
    assert {path.name for path in world.iterdir()} == {
        "log_data",
        "log_json_path.json",
        "song_data",
        "truth.json",
    }
    files = [path for path in (world / "song_data").rglob("*") if path.is_file()]
    assert len(files) == len(songs) == 5_000
    for path in files:
        first, second, third = path.relative_to(world / "song_data").parts[:3]
        assert re.fullmatch(r"TR[A-Z]{5}[0-9A-F]{11}\.json", path.name)
        assert path.name.startswith(f"TR{first}{second}{third}")
        assert first == "A"
    assert len({path.parent for path in files}) == 676


def test_log_json_path(world: Path) -> None:
    paths = json.loads((world / "log_json_path.json").read_text("ascii"))
    assert paths == {"jsonpaths": [f"$['{key}']" for key in EVENT_KEYS]}


def test_a_log_file_is_a_utc_day_in_order_of_time_without_a_final_newline(world: Path) -> None:
    files = sorted((world / "log_data").rglob("*.json"))
    assert len(files) == 12
    for file in files:
        day = date.fromisoformat(file.name.removesuffix("-events.json"))
        assert file.relative_to(world / "log_data").parent == Path(f"{day:%Y/%m}")
        text = file.read_text("ascii")
        moments = [json.loads(line)["ts"] for line in text.split("\n")]
        assert moments == sorted(moments)
        assert {datetime.fromtimestamp(ts / 1000, UTC).date() for ts in moments} == {day}


def test_every_record_is_accepted(world: Path) -> None:
    kinds: dict[Kind, str] = {"events": "log_data", "songs": "song_data"}
    for kind, folder in kinds.items():
        for file in (world / folder).rglob("*.json"):
            for line in file.read_bytes().split(b"\n"):
                accept(decode(line, FIELDS[kind]), FIELDS[kind])


# Events


def test_an_event_is_written_as_in_the_real_logs(lines: list[str], events: list[Record]) -> None:
    for line, event in zip(lines, events, strict=True):
        compact = json.dumps(event, separators=(",", ":")).replace("/", "\\/")
        assert line == compact
        assert tuple(event) == EVENT_KEYS
        assert isinstance(event["userId"], str)
        assert isinstance(event["ts"], int)
        assert event["ts"] % 1000 == 796
        if event["registration"] is not None:
            assert re.search(r'"registration":\d{10}796\.0,', line)
            assert event["registration"] < event["ts"]


def test_who_is_not_logged_in_is_not_named(events: list[Record]) -> None:
    kinds = Counter(event["auth"] for event in events)
    assert set(kinds) >= {"Guest", "Logged In", "Logged Out"}
    for event in events:
        named = event["auth"] not in ("Guest", "Logged Out")
        assert (event["userId"] != "") == named
        assert all((event[key] is not None) == named for key in DETAILS)
        assert all((event[key] is not None) == (event["page"] == "NextSong") for key in OF_PLAYS)


def test_status_and_method_follow_from_the_page(events: list[Record]) -> None:
    for event in events:
        page, said = event["page"], (event["method"], event["status"])
        if page.startswith("Submit ") or page in ("Login", "Logout", "Save Settings", "Cancel"):
            assert said == ("PUT", 307)
        elif page == "NextSong":
            assert said == ("PUT", 200)
        else:
            assert said == ("GET", 404 if page == "Error" else 200)


def test_details_of_a_user_never_change(events: list[Record]) -> None:
    found = defaultdict(set)
    for event in events:
        if event["userId"]:
            found[event["userId"]].add(tuple(event[key] for key in DETAILS))
    assert len(found) > 200
    assert all(len(details) == 1 for details in found.values())


def test_items_count_from_zero_and_a_session_has_one_user(sessions: list[list[Record]]) -> None:
    for session in sessions:
        assert [event["itemInSession"] for event in session] == list(range(len(session)))
        assert len({event["userId"] for event in session} - {""}) <= 1


def test_sessions_of_a_user_do_not_overlap(sessions: list[list[Record]]) -> None:
    spans = defaultdict(list)
    for session in sessions:
        users = {event["userId"] for event in session} - {""}
        if users:
            spans[users.pop()].append((session[0]["ts"], session[-1]["ts"]))
    pairs = [pair for found in spans.values() for pair in pairwise(sorted(found))]
    assert len(pairs) > 200
    assert all(after[0] - before[1] >= 1_800_000 for before, after in pairs)


def test_a_song_waits_for_the_end_of_the_song_before(sessions: list[list[Record]]) -> None:
    pairs = [pair for session in sessions for pair in pairwise(session)]
    played = [(a, b) for a, b in pairs if a["page"] == b["page"] == "NextSong"]
    assert len(played) > 1_000
    assert all(b["ts"] - a["ts"] == int(a["length"]) * 1000 for a, b in played)


def test_redirects_come_a_second_later(sessions: list[list[Record]]) -> None:
    pairs = [pair for session in sessions for pair in pairwise(session)]
    assert {b["ts"] - a["ts"] for a, b in pairs if b["status"] == 307} == {1_000}


def test_levels_change_only_behind_a_submit_page(sessions: list[list[Record]]) -> None:
    after = {
        ("free", "paid"): "Submit Upgrade",
        ("paid", "free"): "Submit Downgrade",
    }
    seen: set[tuple[str, str]] = set()
    by_user: dict[str, list[Record]] = defaultdict(list)
    for session in sessions:
        users = {event["userId"] for event in session} - {""}
        if users:
            by_user[users.pop()] += session
    for mine in by_user.values():
        for a, b in pairwise(sorted(mine, key=lambda e: (e["sessionId"], e["itemInSession"]))):
            if a["level"] != b["level"]:
                change = a["level"], b["level"]
                seen.add(change)
                assert a["page"] == after[change]
    assert seen == set(after)


def test_some_plays_of_different_users_start_together(plays: list[Record]) -> None:
    starts = Counter(play["ts"] for play in plays)
    assert starts.most_common(1)[0][1] > 1
    assert len({(play["userId"], play["ts"]) for play in plays}) == len(plays)


def test_user_agents_are_quoted_but_for_firefox_and_explorer(events: list[Record]) -> None:
    agents = {event["userAgent"] for event in events if event["userAgent"]}
    for agent in agents:
        is_bare = any(name in agent for name in ("Firefox", "MSIE", "Trident"))
        assert agent.strip('"') == (agent if is_bare else agent[1:-1])
    assert len(agents) > 10


def test_text_that_is_not_ascii_is_doubly_encoded(plays: list[Record], songs: list[Record]) -> None:
    catalogue = {song["artist_name"] for song in songs} | {song["title"] for song in songs}
    foreign = {
        text for play in plays for text in (play["artist"], play["song"]) if not text.isascii()
    }
    share = sum(not (play["artist"] + play["song"]).isascii() for play in plays) / len(plays)
    assert 0.01 < share < 0.15
    restored = {text.encode("latin-1").decode().encode("latin-1").decode() for text in foreign}
    assert not foreign & catalogue
    assert restored & catalogue


# Songs


def test_a_song_is_written_as_in_the_bucket(song_texts: list[str], songs: list[Record]) -> None:
    for text, song in zip(song_texts, songs, strict=True):
        assert text == json.dumps(song, separators=(",", ":"))
        assert tuple(song) == SONG_KEYS
        assert song["num_songs"] == 1
        assert 150 < len(text) < 1_000


def test_song_ids_are_distinct_and_artists_have_several_songs(songs: list[Record]) -> None:
    assert len({song["song_id"] for song in songs}) == 5_000
    assert 0.60 < len({song["artist_id"] for song in songs}) / 5_000 < 0.68


def test_artists_have_several_names_and_names_several_artists(songs: list[Record]) -> None:
    names, ids = defaultdict(set), defaultdict(set)
    for song in songs:
        names[song["artist_id"]].add(song["artist_name"])
        ids[song["artist_name"]].add(song["artist_id"])
    assert any(len(found) > 1 for found in names.values())
    assert any(len(found) > 1 for found in ids.values())
    assert any("_ " in str(name) for name in ids)


def test_some_songs_are_in_the_catalogue_twice(songs: list[Record]) -> None:
    twins = Counter((song["title"], song["artist_name"], song["duration"]) for song in songs)
    assert len(songs) - len(twins) == 5_000 // 200


def test_some_strings_are_numbers(songs: list[Record]) -> None:
    fields = ("title", "artist_name", "artist_location")
    numbers = {key for song in songs for key in fields if isinstance(song[key], int)}
    share = sum(any(isinstance(song[key], int) for key in fields) for song in songs) / 5_000
    assert numbers == set(fields)
    assert 0.0005 < share < 0.006


def test_years_and_places_are_often_unknown(songs: list[Record]) -> None:
    years = Counter(song["year"] for song in songs)
    assert 0.27 < years.pop(0) / 5_000 < 0.33
    assert min(years) >= 1954
    assert max(years) == 2010
    placeless = sum(song["artist_location"] == "" for song in songs) / 5_000
    nowhere = sum(song["artist_latitude"] is None for song in songs) / 5_000
    assert 0.42 < placeless < 0.48
    assert 0.62 < nowhere < 0.68
    for song in songs:
        assert (song["artist_latitude"] is None) == (song["artist_longitude"] is None)
        assert song["artist_location"] != "" or song["artist_latitude"] is None


def test_odd_texts_are_there(songs: list[Record], plays: list[Record]) -> None:
    titles = {str(song["title"]) for song in songs}
    locations = {str(song["artist_location"]) for song in songs}
    assert any('"' in title for title in titles)
    assert any("/" in title for title in titles)
    assert any(title.endswith(" ") for title in titles)
    assert any(not title.isascii() for title in titles)
    assert any("\ufffd" in location for location in locations)
    assert any(len(location) > 256 for location in locations)


def test_some_plays_nearly_match(plays: list[Record], songs: list[Record]) -> None:
    known = {(str(song["title"]), str(song["artist_name"])): song["duration"] for song in songs}
    lengths = [
        (play["length"], known[play["song"], play["artist"]])
        for play in plays
        if (play["song"], play["artist"]) in known
    ]
    exact = sum(played == in_catalogue for played, in_catalogue in lengths)
    assert 0.17 < exact / len(plays) < 0.23
    assert len(lengths) - exact > 0


# Several servers, several runs


@pytest.fixture(scope="module")
def spread(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """The events of two runs on fifty servers."""
    folder = tmp_path_factory.mktemp("spread")
    options = Options(songs=50, users=120, days=8, servers=50, runs=2, growth=20.0)
    generate(folder, options)
    files = sorted((folder / "log_data").rglob("*.json"))
    found: list[Record] = []
    for file in files:
        lines = [json.loads(line) for line in file.read_text("ascii").split("\n")]
        assert [line["ts"] for line in lines] == sorted(line["ts"] for line in lines)
        found += lines
    return found


def test_listeners_share_session_numbers(spread: list[Record]) -> None:
    users = defaultdict(set)
    for event in spread:
        users[event["sessionId"]].add(event["userId"])
    assert max(len(found - {""}) for found in users.values()) > 20
    assert max(users) < 60


def test_no_event_has_the_identity_of_another(spread: list[Record]) -> None:
    keys = [(e["ts"], e["userId"], e["sessionId"], e["itemInSession"]) for e in spread]
    assert len({*keys}) == len(keys)
    assert len({(session, item) for _, _, session, item in keys}) < len(keys) / 2


def test_a_server_has_its_own_millisecond_and_registers_at_it(spread: list[Record]) -> None:
    for event in spread:
        fraction = event["ts"] % 1_000
        assert 796 <= fraction < 846
        if event["userId"]:
            assert fraction == 796 + (int(event["userId"]) - 1) % 50
            assert event["registration"] % 1_000 == fraction
            assert event["registration"] <= event["ts"]
    assert len({event["ts"] % 1_000 for event in spread if not event["userId"]}) > 5


def test_runs_are_more_than_a_day_apart_and_have_the_same_listeners(spread: list[Record]) -> None:
    end = 1_541_030_400_000 + 8 * 86_400_000
    first = [event for event in spread if event["ts"] < end]
    second = [event for event in spread if event["ts"] >= end]
    assert second[0]["ts"] - first[-1]["ts"] > 86_400_000
    runs = [{(e["userId"], e["firstName"], e["lastName"]) for e in run} for run in (first, second)]
    assert len(runs[0] & runs[1]) > 50
    assert len({user for user, _, _ in runs[0] | runs[1]}) == len(runs[0] | runs[1])
    numbers = [
        {(e["userId"], e["sessionId"]) for e in run if e["userId"]} for run in (first, second)
    ]
    assert len(numbers[0] & numbers[1]) > 20
