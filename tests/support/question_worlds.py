"""Small random warehouses for the business questions: staging invented, the star derived."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

from naive_tables import Row, Tables, heard

FIRST_MOMENT = datetime(2018, 11, 1)
AGENTS = (
    "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:31.0) Gecko/20100101 Firefox/31.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 7_1_2 like Mac OS X)",
    "Mozilla/5.0 (iPad; CPU OS 7_1_2 like Mac OS X)",
    "Mozilla/5.0 (X11; Linux x86_64)",
    "Mozilla/5.0 (Linux; Android 4.4; Nexus 5) Mobile Safari",
    "Mozilla/5.0 (Linux; Android 4.4; Nexus 7) Safari",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4) Chrome/37.0.2062.94 Safari/537.36",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/113.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0) Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763",
    "Mozilla/5.0 (Windows NT 6.1) Chrome/35.0 Safari/537.36 OPR/22.0",
    "Mozilla/5.0 (Mobile; Windows Phone 8.1; Android 4.0; Trident/7.0) like iPhone OS Safari",
    "Lynx",
    None,
)
PLACES = (
    *("Portland, OR", "Portland, OR", "Åre", "Åre, SE", "New York, NY-NJ-PA", "Washington, DC-VA"),
    *("Augusta, GA-SC", "a, b, CA", ", TX", "Juneau,AK", None, None),
)
SECOND = timedelta(milliseconds=1_001)
DAY = timedelta(days=1)
LATER = (DAY, DAY + timedelta(milliseconds=1), 20 * DAY, timedelta(hours=20), timedelta(hours=2))
PAGES = (
    *("Home", "Home", "Home", "Home", "Help", "Error", "Submit Upgrade", "Thumbs Up", "Thumbs Up"),
    *("Thumbs Down", "Roll Advert", "Add Friend", "Add to Playlist", "Settings"),
)
"""What is visited besides songs; of a world some only. Cancellations are rarer."""
TEXTS = ("Björk", "Zoë's", "a b", "a", "B", "ÅÄ", "Coldplay", "x 'y' \"z\"", "ab", "_", "Zz", "é")


def world(seed: int) -> Tables:
    """A random warehouse: few songs, so that many are tied, or many; over days or over months."""
    random = Random(seed)
    songs = catalogue(random)
    listeners = [listener(random, number) for number in range(1, random.choice((2, 6, 15, 40, 40)))]
    moment_range = random.choice((1, 6, 25, 70, 100, 400)) * 86_400_000
    gap = random.choice((1, 100, 300))
    pages = random.choice((PAGES, PAGES, PAGES[:8], PAGES[:1]))
    events: list[Row] = []
    shared = random.choice((1, 1, 4))
    for session in range(random.choice((1, 8, 40, 90, 90))):
        start = FIRST_MOMENT + timedelta(milliseconds=random.randrange(moment_range))
        user = random.choice(listeners)
        events += session_events(random, user, session // shared, start, gap, songs, pages)
        if random.random() < 0.1:  # the number is counted anew, or somebody comes back late
            start = events[-1]["ts"] + random.choice(LATER)
            events += session_events(random, user, session // shared, start, gap, songs, pages)
    return warehouse(known_once(events), songs)


def known_once(events: list[Row]) -> list[Row]:
    """Leave out what has the key of another event."""
    keys = ("ts", "userid", "sessionid", "iteminsession")
    return list({tuple(event[key] for key in keys): event for event in events}.values())


def catalogue(random: Random) -> list[Row]:
    return [
        {
            "song_id": f"SO{number}",
            "title": random.choice(TEXTS),
            "artist_id": f"AR{number % 7}",
            "artist_name": random.choice((*TEXTS, f"Artist {number}", f"artist {number}")),
            "duration": random.randrange(0, 400_00000) / 100_000,
            "year": random.choice((None, None, 1969, 1990, 1999, 2000, 2010)),
        }
        for number in range(random.choice((1, 3, 80, 300, 300)))
    ]


def listener(random: Random, number: int) -> Row:
    return {
        "userid": number,
        "firstname": random.choice(("Ann", "Bob", None)),
        "lastname": random.choice(("Lee", "Ödman", None)),
        "gender": random.choice(("F", "M", None)),
        "level": random.choice(("free", "paid")),
        "location": random.choice((*PLACES, *[f"City {number}, MI"] * 4)),
        "registration": random.choice((None, FIRST_MOMENT - random.randrange(100_000) * SECOND)),
    }


def session_events(
    random: Random,
    user: Row,
    session: int,
    start: datetime,
    gap: int,
    songs: list[Row],
    pages: tuple[str, ...],
) -> list[Row]:
    """Events of one session; the listener may change level on the way (in place)."""
    events = []
    length = random.choice((1, 1, 1, 2, 4, 8, 35))
    for item in range(0, length * 2, random.choice((1, 2))):
        if random.random() < 0.02:
            user["level"] = "paid" if user["level"] == "free" else "free"
        song = random.choice(songs)
        plays = random.random() < 0.8
        missing = random.random() < 0.05
        anonymous = not plays and random.random() < 0.1
        page = random.choice(pages)
        if page == "Settings" and random.random() < 0.3:
            page = "Cancellation Confirmation"
        events.append(
            user
            | {
                "userid": None if anonymous else user["userid"],
                "page": "NextSong" if plays else page,
                "level": user["level"] if plays or random.random() > 0.05 else None,
                "sessionid": session,
                "iteminsession": item,
                "ts": start,
                "song": song["title"] if plays and random.random() > 0.02 else None,
                "artist": None if missing or not plays else song["artist_name"],
                "length": song["duration"] if plays and random.random() > 0.05 else None,
                "useragent": random.choice(AGENTS),
            }
        )
        start += timedelta(milliseconds=random.randrange(-gap * 50, gap * 2_000))  # clocks err
    return events


def warehouse(events: Iterable[Row], songs: Iterable[Row] = ()) -> Tables:
    """All tables that belong to staged events and songs."""
    songs = list(songs)
    events = [event | {"event_ms": milliseconds(event["ts"])} for event in events]
    tables: dict[str, list[Row]] = {"staging_events": events}
    plays = heard(tables)
    keys = {(song["title"], song["artist_name"], song["duration"]): song for song in songs[::-1]}
    tables["songplays"] = [play(event, keys) for event in plays]
    tables["users"] = users(plays)
    tables["songs"] = [
        {name: song[name] for name in ("song_id", "title", "artist_id", "year", "duration")}
        for song in songs
    ]
    tables["artists"] = [
        {"artist_id": artist_id} for artist_id in sorted({song["artist_id"] for song in songs})
    ]
    return tables


def milliseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1)) // timedelta(milliseconds=1)


def play(event: Row, songs: dict[tuple[str, str, float], Row]) -> Row:
    song = songs.get((event["song"], event["artist"], event["length"]), {})
    return {
        "songplay_id": "{event_ms}-{userid}-{sessionid}-{iteminsession}".format(**event),
        "start_time": event["ts"],
        "user_id": event["userid"],
        "level": event["level"],
        "song_id": song.get("song_id"),
        "artist_id": song.get("artist_id"),
        "session_id": event["sessionid"],
        "location": event["location"],
        "user_agent": event["useragent"],
    }


def users(plays: Iterable[Row]) -> list[Row]:
    found = {
        (event["userid"], event["level"]): {
            "user_id": event["userid"],
            "first_name": event["firstname"],
            "last_name": event["lastname"],
            "gender": event["gender"],
            "level": event["level"],
        }
        for event in plays
    }
    return list(found.values())
