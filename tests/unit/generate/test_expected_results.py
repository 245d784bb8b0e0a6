"""The truth that the generator writes, against a recount of its files in plain Python."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from sparkify.generate import Options, generate

Record = dict[str, Any]

WORLDS = {
    "plain": Options(songs=150, users=40, days=6),
    "another seed": Options(songs=150, users=40, days=6, seed=7),
    "smallest": Options(songs=1, users=1, days=1),
    "without a play": Options(songs=1, users=1, days=1, seed=5),
    "all in the catalogue": Options(songs=450, users=30, days=5, match_share=1.0, seed=3),
    "nothing in the catalogue": Options(songs=30, users=30, days=4, match_share=0.0, seed=4),
    "few songs often": Options(songs=3, users=40, days=5, match_share=0.9, seed=5),
    "over new year": Options(songs=20, users=20, days=24, start=date(2019, 12, 25), seed=6),
    "many new users": Options(songs=20, users=15, days=20, growth=40.0, seed=8),
    "many servers": Options(songs=150, users=40, days=6, servers=50),
    "a few servers": Options(songs=20, users=30, days=12, servers=3, seed=2, growth=20.0),
    "several runs": Options(songs=20, users=15, days=10, runs=3, seed=8),
    "runs of new users": Options(songs=20, users=15, days=9, runs=4, servers=7, growth=40.0),
    "misspelled and in the catalogue": Options(songs=200, users=150, days=20, seed=11),
    "asked for by events": Options(songs=450, events=3_000, days=9, match_share=0.5, seed=9),
}


IDENTITY = ("ts", "userId", "sessionId", "itemInSession")


@pytest.fixture(scope="module", params=list(WORLDS.values()), ids=list(WORLDS))
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    generate(folder, request.param)
    return folder


@pytest.fixture(scope="module")
def truth(world: Path) -> Record:
    found: Record = json.loads((world / "truth.json").read_bytes())
    return found


@pytest.fixture(scope="module")
def events(world: Path) -> list[Record]:
    files = sorted((world / "log_data").rglob("*.json"))
    return [json.loads(line) for file in files for line in file.read_text().split("\n")]


def as_meant(text: str) -> str:
    """A name as it was before it was encoded twice too often, without trailing blanks."""
    for _ in range(0 if text.isascii() else 2):
        text = text.encode("latin-1").decode()
    return text.rstrip(" ")


@pytest.fixture(scope="module")
def plays(events: list[Record]) -> list[Record]:
    """The plays, with song, artist and moment as they are staged."""
    found = [dict(event) for event in events if event["page"] == "NextSong"]
    for play in found:
        play["song"], play["artist"] = as_meant(play["song"]), as_meant(play["artist"])
        play["at"] = datetime.fromtimestamp(play["ts"] // 1000, UTC)
        play["userId"] = int(play["userId"])
    return sorted(found, key=lambda play: (play["at"], play["sessionId"], play["itemInSession"]))


@pytest.fixture(scope="module")
def songs(world: Path) -> list[Record]:
    return [json.loads(file.read_text()) for file in (world / "song_data").rglob("*.json")]


@pytest.fixture(scope="module")
def matches(plays: list[Record], songs: list[Record]) -> list[Record]:
    """The songs that plays are matched to, one for each play that is."""
    known: dict[tuple[str, str, float], Record] = {}
    for song in songs:
        key = (
            str(song["title"]).rstrip(" "),
            str(song["artist_name"]).rstrip(" "),
            song["duration"],
        )
        if key not in known or song["song_id"] < known[key]["song_id"]:
            known[key] = song
    keys = [(play["song"], play["artist"], play["length"]) for play in plays]
    return [known[key] for key in keys if key in known]


def by_user(plays: list[Record]) -> dict[int, list[Record]]:
    found = defaultdict(list)
    for play in plays:
        found[play["userId"]].append(play)
    return dict(found)


def session_plays(events: list[Record]) -> list[tuple[int, int]]:
    """For each session with plays: its listener and how many plays it has."""
    moments = defaultdict(list)
    for event in events:
        if event["userId"]:
            is_play = event["page"] == "NextSong"
            moments[event["userId"], event["sessionId"]].append((event["ts"], is_play))
    found = []
    for (user, _), mine in moments.items():
        mine.sort()
        begins = [0, *(n for n in range(1, len(mine)) if mine[n][0] - mine[n - 1][0] > 86_400_000)]
        for first, after in pairwise([*begins, len(mine)]):
            if plays := sum(is_play for _, is_play in mine[first:after]):
                found.append((int(user), plays))
    return found


def units(plays: list[Record]) -> int:
    return sum(round(play["length"] * 100_000) for play in plays)


def grouped(plays: list[Record], name: Callable[[Record], str]) -> dict[str, dict[str, int]]:
    groups = defaultdict(list)
    for play in plays:
        groups[name(play)].append(play)
    return {
        group: {
            "listeners": len({play["userId"] for play in found}),
            "paying": len({play["userId"] for play in found if play["level"] == "paid"}),
            "plays": len(found),
        }
        for group, found in groups.items()
    }


def test_tables(
    truth: Record,
    events: list[Record],
    plays: list[Record],
    songs: list[Record],
    matches: list[Record],
) -> None:
    assert truth["tables"] == {
        "staging_events": len({tuple(event[key] for key in IDENTITY) for event in events}),
        "staging_songs": len({song["song_id"] for song in songs}),
        "songplays": len(plays),
        "matched": len(matches),
        "users": len({(play["userId"], play["level"]) for play in plays}),
        "songs": len({song["song_id"] for song in songs}),
        "artists": len({song["artist_id"] for song in songs}),
        "time": len({play["ts"] for play in plays}),
    }
    assert len(events) == truth["tables"]["staging_events"] > 0
    assert len(songs) == truth["tables"]["staging_songs"] == truth["options"]["songs"]


def test_a_world_may_be_without_a_play(tmp_path: Path) -> None:
    found = generate(tmp_path, WORLDS["without a play"])["tables"]
    assert (found["staging_events"] > 0, found["songplays"]) == (True, 0)


def test_songs_and_artists(truth: Record, plays: list[Record]) -> None:
    by_song = Counter((play["song"], play["artist"]) for play in plays)
    by_artist = Counter(play["artist"] for play in plays)
    assert truth["answers"]["top_songs"] == [
        {"song": song, "artist": artist, "plays": count}
        for (song, artist), count in sorted(by_song.items(), key=lambda i: (-i[1], i[0]))[:10]
    ]
    assert truth["answers"]["top_artists"] == [
        {"artist": artist, "plays": count}
        for artist, count in sorted(by_artist.items(), key=lambda i: (-i[1], i[0]))[:10]
    ]


def test_catalogue(
    truth: Record, plays: list[Record], songs: list[Record], matches: list[Record]
) -> None:
    answers = truth["answers"]
    played = {song["song_id"] for song in matches}
    assert answers["catalogue_match"] == {"plays": len(plays), "matched": len(matches)}
    assert answers["unplayed_songs"] == {
        "songs": len(songs),
        "played": len(played),
        "unplayed": len(songs) - len(played),
    }
    decades = Counter(
        str(song["year"] // 10 * 10) if song["year"] else "unknown" for song in matches
    )
    assert answers["decades"] == dict(decades)
    assert answers["hours_served"] == {"length_1e5": units(plays)}


def test_times(truth: Record, plays: list[Record]) -> None:
    answers, options = truth["answers"], truth["options"]
    hours = Counter(play["at"].hour for play in plays)
    weekdays = Counter(play["at"].isoweekday() % 7 for play in plays)
    daily = Counter(play["at"].date() for play in plays)
    first = date.fromisoformat(options["start"])
    runs = options.get("runs", 1)
    days = [first + timedelta(days=day) for day in range(runs * (options["days"] + 1) - 1)]
    assert answers["busiest_hours"] == [hours[hour] for hour in range(24)]
    assert answers["busiest_weekdays"] == [weekdays[day] for day in range(7)]
    assert answers["daily_plays"] == {day.isoformat(): daily[day] for day in days}
    assert daily.total() == sum(answers["daily_plays"].values())


def test_levels(truth: Record, plays: list[Record]) -> None:
    answers = truth["answers"]
    payers = {play["userId"] for play in plays if play["level"] == "paid"}
    changes = Counter(
        (before["level"], after["level"])
        for mine in by_user(plays).values()
        for before, after in pairwise(mine)
    )
    assert answers["paying_listeners"] == {"listeners": len(by_user(plays)), "paying": len(payers)}
    assert answers["level_changes"] == {
        "free_to_paid": changes["free", "paid"],
        "paid_to_free": changes["paid", "free"],
    }
    assert answers["listening_by_level"] == {
        level: {
            "listeners": len({play["userId"] for play in plays if play["level"] == level}),
            "plays": sum(play["level"] == level for play in plays),
            "length_1e5": units([play for play in plays if play["level"] == level]),
        }
        for level in ("free", "paid")
    }


def test_sessions(truth: Record, events: list[Record]) -> None:
    lengths = [plays for _, plays in session_plays(events)]
    sizes = Counter(lengths)
    assert truth["answers"]["session_length"] == {
        "sessions": len(lengths),
        "median_plays": median(lengths) if lengths else None,
        "sessions_by_plays": {str(size): sizes[size] for size in sorted(sizes)},
    }


def test_listeners(truth: Record, events: list[Record], plays: list[Record]) -> None:
    answers, users = truth["answers"], by_user(plays)
    sessions = Counter(user for user, _ in session_plays(events))
    days = {user: len({play["at"].date() for play in mine}) for user, mine in users.items()}
    newest = max((play["ts"] for play in plays), default=0)
    cancelled = {
        int(event["userId"]) for event in events if event["page"] == "Cancellation Confirmation"
    }
    away = [
        mine[-1]["level"]
        for user, mine in users.items()
        if 7 * 86_400_000 < newest - mine[-1]["ts"] <= 30 * 86_400_000 and user not in cancelled
    ]
    fans = sorted(users, key=lambda user: (-len(users[user]), user))
    top = fans[: (len(fans) + 9) // 10]
    assert answers["stickiness"] == {
        "listeners": len(users),
        "listener_days": sum(days.values()),
    }
    assert answers["leaving_listeners"] == {
        "free": away.count("free"),
        "paid": away.count("paid"),
    }
    assert answers["top_fans_share"] == {
        "listeners": len(users),
        "top_listeners": len(top),
        "top_plays": sum(len(users[user]) for user in top),
    }
    assert answers["loyal_listeners"] == [
        {
            "user_id": user,
            "plays": len(users[user]),
            "sessions": sessions[user],
            "days": days[user],
        }
        for user in fans[:10]
    ]


def test_time_to_paying(truth: Record, plays: list[Record]) -> None:
    waits = []
    for mine in by_user(plays).values():
        paid = [play["at"] for play in mine if play["level"] == "paid"]
        if mine[0]["level"] == "free" and paid:
            waits.append((paid[0] - mine[0]["at"]).total_seconds())
    assert truth["answers"]["time_to_paying"] == {
        "listeners": len(waits),
        "median_seconds": median(waits) if waits else None,
    }


def test_groups(truth: Record, plays: list[Record]) -> None:
    answers = truth["answers"]
    assert answers["gender"] == grouped(plays, lambda play: str(play["gender"]))
    assert answers["listener_places"] == grouped(plays, lambda play: str(play["location"]))
    assert answers["devices"] == grouped(plays, lambda play: str(play["userAgent"]).strip('"'))


def test_returning_listeners(truth: Record, plays: list[Record]) -> None:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for mine in by_user(plays).values():
        mondays = sorted(
            {play["at"].date() - timedelta(days=play["at"].weekday()) for play in mine}
        )
        found[mondays[0].isoformat()].update(
            str((monday - mondays[0]).days // 7) for monday in mondays
        )
    assert truth["answers"]["returning_listeners"] == dict(found)
