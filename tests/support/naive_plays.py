"""The questions about songs, times, places and the catalogue, in naive plain Python."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import combinations, pairwise

from naive_tables import (
    WEEK,
    WEEKDAYS,
    Row,
    Tables,
    by,
    distinct,
    heard,
    monday,
    ranked,
    seconds_of,
    session_plays,
    share,
    tied,
    whole_seconds,
)


def top_songs(tables: Tables) -> list[Row]:
    events = [event for event in heard(tables) if event["song"] is not None]
    counts = Counter((event["song"], event["artist"]) for event in events)
    return [
        {
            "song": song,
            "artist": artist,
            "plays": plays,
            "share": plays / len(tables["songplays"]),
            "tied": tied(counts),
        }
        for (song, artist), plays in ranked(counts)[:10]
    ]


def busiest_hours(tables: Tables) -> list[Row]:
    counts = Counter(play["start_time"].hour for play in tables["songplays"])
    return [
        {"hour": hour, "plays": plays, "share": plays / len(tables["songplays"])}
        for hour, plays in sorted(counts.items())
    ]


def top_artists(tables: Tables) -> list[Row]:
    artists = by((event for event in heard(tables) if event["artist"] is not None), "artist")
    counts = {artist: len(events) for artist, events in artists.items()}
    return [
        {
            "artist": artist,
            "plays": plays,
            "listeners": distinct(artists[artist], "userid"),
            "tied": tied(counts),
        }
        for artist, plays in ranked(counts)[:10]
    ]


def listener_places(tables: Tables) -> list[Row]:
    plays = tables["songplays"]
    places = by((play for play in plays if play["location"] is not None), "location")
    counts = {location: len(found) for location, found in places.items()}
    return [
        {
            "location": location,
            "plays": number,
            "listeners": distinct(places[location], "user_id"),
            "share": number / len(plays),
            "tied": tied(counts),
        }
        for location, number in ranked(counts)[:10]
    ]


def busiest_weekdays(tables: Tables) -> list[Row]:
    days = Counter(play["start_time"].date() for play in tables["songplays"])
    groups = [
        (name, [plays for day, plays in days.items() if day.weekday() == (number - 1) % 7])
        for number, name in enumerate(WEEKDAYS)
    ]
    return [
        {
            "weekday": name,
            "days": len(found),
            "plays": sum(found),
            "plays_per_day": sum(found) / len(found),
        }
        for name, found in groups
        if found
    ]


def catalogue_match(tables: Tables) -> list[Row]:
    total = len(tables["songplays"])
    matched = sum(play["song_id"] is not None for play in tables["songplays"])
    common = {
        "matched": matched,
        "all_plays": total,
        "matched_share": share(matched, total),
    }
    return [
        {"where_found": where, "plays": plays, "share": share(plays, total)} | common
        for where, plays in (
            ("in the catalogue", matched),
            ("not in the catalogue", total - matched),
        )
    ]


def device(agent: str | None) -> str:
    agent = agent or ""
    if "iPad" in agent:
        return "tablet"
    if "iPhone" in agent or "Windows Phone" in agent:
        return "phone"
    if "Android" in agent:
        return "phone" if "Mobile" in agent[agent.index("Android") :] else "tablet"
    if any(system in agent for system in ("Windows", "Macintosh", "X11")):
        return "computer"
    return "device of unknown kind"


def devices(tables: Tables) -> list[Row]:
    plays = [play | {"device": device(play["user_agent"])} for play in tables["songplays"]]
    groups = by(plays, "device")
    return [
        {
            "device": kind,
            "listeners": distinct(groups[kind], "user_id"),
            "plays": number,
            "share": number / len(plays),
            "paid_share": sum(play["level"] == "paid" for play in groups[kind]) / number,
        }
        for kind, number in ranked({kind: len(found) for kind, found in groups.items()})
    ]


BROWSERS = (
    *(("Edg", "Edge"), ("OPR/", "Opera"), ("Opera", "Opera"), ("Firefox", "Firefox")),
    *(("FxiOS", "Firefox"), ("MSIE", "Internet Explorer"), ("Trident", "Internet Explorer")),
    *(("Chrom", "Chrome"), ("CriOS", "Chrome"), ("Safari", "Safari")),
)
SYSTEMS = (
    *(("Windows Phone", "Windows Phone"), ("iPhone", "iOS"), ("iPad", "iOS")),
    *(("Android", "Android"), ("Windows", "Windows"), ("Macintosh", "macOS")),
    *(("CrOS", "ChromeOS"), ("Linux", "Linux"), ("X11", "Linux")),
)


def agents(tables: Tables, column: str, signs: tuple[tuple[str, str], ...]) -> list[Row]:
    """Plays by the first of the signs that is in the user agent."""
    plays = [
        play
        | {
            column: next(
                (name for sign, name in signs if sign in (play["user_agent"] or "")),
                f"an unknown {column.split('_')[-1]}",
            )
        }
        for play in tables["songplays"]
    ]
    groups = by(plays, column)
    return [
        {
            column: name,
            "listeners": distinct(groups[name], "user_id"),
            "plays": number,
            "share": number / len(plays),
            "paid_share": sum(play["level"] == "paid" for play in groups[name]) / number,
        }
        for name, number in ranked({name: len(found) for name, found in groups.items()})
    ]


def browsers(tables: Tables) -> list[Row]:
    return agents(tables, "browser", BROWSERS)


def operating_systems(tables: Tables) -> list[Row]:
    return agents(tables, "operating_system", SYSTEMS)


REGIONS = {
    "the Northeast": "CT MA ME NH NJ NY PA RI VT",
    "the Midwest": "IA IL IN KS MI MN MO ND NE OH SD WI",
    "the South": "AL AR DC DE FL GA KY LA MD MS NC OK SC TN TX VA WV",
    "the West": "AK AZ CA CO HI ID MT NM NV OR UT WA WY",
}


def region(location: str) -> str:
    state = [*location.split(", "), ""][1][:2]
    return next(
        (name for name, all_of in REGIONS.items() if state in all_of.split()), "other places"
    )


def regions(tables: Tables) -> list[Row]:
    plays = [
        play | {"region": region(play["location"])}
        for play in tables["songplays"]
        if play["location"] is not None
    ]
    groups = by(plays, "region")
    return [
        {
            "region": name,
            "listeners": (listeners := distinct(groups[name], "user_id")),
            "plays": number,
            "share": number / len(tables["songplays"]),
            "plays_per_listener": number / listeners,
        }
        for name, number in ranked({name: len(found) for name, found in groups.items()})
    ]


def decades(tables: Tables) -> list[Row]:
    years = {song["song_id"]: song["year"] for song in tables["songs"]}
    found = [years[play["song_id"]] for play in tables["songplays"] if play["song_id"] is not None]
    counts = Counter(year // 10 * 10 for year in found if year is not None)
    dated, total = sum(counts.values()), len(tables["songplays"])
    return [
        {
            "decade": decade,
            "plays": plays,
            "share": plays / dated,
            "dated": dated,
            "all_plays": total,
            "dated_share": dated / total,
        }
        for decade, plays in sorted(counts.items())
    ]


def daily_plays(tables: Tables) -> list[Row]:
    counts = sorted(Counter(play["start_time"].date() for play in tables["songplays"]).items())
    recent = [plays for _, plays in counts[-7:]]
    earlier = [plays for _, plays in counts[-14:-7]]
    before = sum(earlier) if len(earlier) == 7 else None
    rows = []
    for place, (day, plays) in enumerate(counts):
        week = [number for _, number in counts[max(0, place - 6) : place + 1]]
        rows.append(
            {
                "day": day,
                "plays": plays,
                "seven_day_mean": sum(week) / len(week),
                "recent": sum(recent),
                "recent_days": len(recent),
                "before": before,
                "growth": (sum(recent) - before) / before if before else None,
            }
        )
    return rows[-31:]


def replays(tables: Tables) -> list[Row]:
    events = heard(tables)
    discovered = len(by(events, "userid", "song", "artist"))
    repeated = len(events) - discovered
    common = {
        "all_plays": len(events),
        "replays": repeated,
        "replay_share": share(repeated, len(events)),
    }
    return [
        {"kind": kind, "plays": plays, "share": share(plays, len(events))} | common
        for kind, plays in (("discovery", discovered), ("replay", repeated))
    ]


def unplayed_songs(tables: Tables) -> list[Row]:
    total = len(tables["songs"])
    played = len({play["song_id"] for play in tables["songplays"]} - {None})
    common = {
        "all_songs": total,
        "unplayed": total - played,
        "unplayed_share": share(total - played, total),
    }
    return [
        {"state": state, "songs": songs, "share": share(songs, total)} | common
        for state, songs in (("never played", total - played), ("played", played))
    ]


def hours_served(tables: Tables) -> list[Row]:
    events = [event | {"week": monday(event["ts"])} for event in heard(tables)]
    everybody, everything = distinct(events, "userid"), seconds_of(events)
    rows = []
    for week, found in sorted(by(events, "week").items())[-12:]:
        listeners, seconds = distinct(found, "userid"), seconds_of(found)
        rows.append(
            {
                "week": week,
                "plays": len(found),
                "listeners": listeners,
                "hours": seconds / 3600,
                "hours_per_listener": seconds / (3600 * listeners),
                "days": len({event["ts"].date() for event in found}),
                "all_listeners": everybody,
                "all_hours": everything / 3600,
                "all_hours_each": everything / (3600 * everybody),
                "unknown": sum(event["length"] is None for event in events) or None,
            }
        )
    return rows


def skips(tables: Tables) -> list[Row]:
    judged = defaultdict(list)
    for plays in session_plays(tables):
        for event, following in pairwise(plays):
            gap = whole_seconds(following["ts"]) - whole_seconds(event["ts"])
            within = following["ts"] - event["ts"] <= timedelta(days=1)
            if event["length"] is not None and within:
                judged[event["level"]].append(2 * gap < event["length"])
    everything = [skipped for found in judged.values() for skipped in found]
    total = len(tables["songplays"])
    return [
        {
            "level": level,
            "judged": len(found),
            "skips": sum(found),
            "skip_share": sum(found) / len(found),
            "all_skips": sum(everything),
            "all_judged": len(everything),
            "all_share": sum(everything) / len(everything),
            "all_plays": total,
            "judged_share": len(everything) / total,
        }
        for level, found in sorted(judged.items())
    ]


def shared_listeners(tables: Tables) -> list[Row]:
    artists = by((event for event in heard(tables) if event["artist"] is not None), "artist")
    leading = ranked({artist: len(events) for artist, events in artists.items()})[:50]
    fans = {artist: {event["userid"] for event in artists[artist]} for artist, _ in leading}
    pairs = {pair: len(fans[pair[0]] & fans[pair[1]]) for pair in combinations(sorted(fans), 2)}
    counts = {pair: shared for pair, shared in pairs.items() if shared}
    return [
        {
            "artist": artist,
            "other_artist": other,
            "shared_listeners": shared,
            "artist_listeners": len(fans[artist]),
            "other_artist_listeners": len(fans[other]),
            "tied": tied(counts),
        }
        for (artist, other), shared in ranked(counts)[:10]
    ]


def first_songs(tables: Tables) -> list[Row]:
    opening = [plays[0] for plays in session_plays(tables)]
    counts = Counter(
        (event["song"], event["artist"]) for event in opening if event["song"] is not None
    )
    return [
        {
            "song": song,
            "artist": artist,
            "sessions": number,
            "share": number / len(opening),
            "tied": tied(counts),
        }
        for (song, artist), number in ranked(counts)[:10]
    ]


def rising_artists(tables: Tables) -> list[Row]:
    events = heard(tables)
    moments = [event["ts"] for event in events]
    if not moments or min(moments) > (newest := max(moments)) - 2 * WEEK:
        return []
    week, week_before = Counter[str](), Counter[str]()
    for event in events:
        if event["artist"] is not None:
            if event["ts"] > newest - WEEK:
                week[event["artist"]] += 1
            elif event["ts"] > newest - 2 * WEEK:
                week_before[event["artist"]] += 1
    gains = {artist: plays - week_before[artist] for artist, plays in week.items()}
    counts = {artist: gain for artist, gain in gains.items() if gain > 0}
    return [
        {
            "artist": artist,
            "plays": week[artist],
            "plays_before": week_before[artist],
            "gain": gain,
            "newest_play": newest,
            "tied": tied(counts),
        }
        for artist, gain in ranked(counts)[:10]
    ]


def listening_week(tables: Tables) -> list[Row]:
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    counts = Counter(
        (play["start_time"].weekday(), play["start_time"].hour) for play in tables["songplays"]
    )
    if not counts:
        return []
    (weekday, hour), plays = min(counts.items(), key=lambda item: (-item[1], item[0]))
    best = {
        "best_weekday": names[weekday],
        "best_hour": hour,
        "best_plays": plays,
        "best_share": plays / len(tables["songplays"]),
    }
    return [
        {"hour": hour}
        | {name.lower(): counts[number, hour] for number, name in enumerate(names)}
        | best
        for hour in sorted({hour for _, hour in counts})
    ]
