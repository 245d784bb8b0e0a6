"""The questions about what listeners do besides playing, in naive plain Python."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from naive_tables import WEEK, Row, Tables, by, distinct, heard, ranked, share, whole_seconds
from naive_tables import sessions as all_sessions

DAY = 86_400
GENDERS = {"F": "women", "M": "men"}


def of(tables: Tables, *pages: str) -> list[Row]:
    """The events of these pages, whoever they are of."""
    return [event for event in tables["staging_events"] if event["page"] in pages]


def named(events: Iterable[Row]) -> list[Row]:
    return [event for event in events if event["userid"] is not None]


def levels(events: Iterable[Row]) -> dict[str, list[Row]]:
    """Events by their level, in its order."""
    rows = [event | {"level": event["level"] or "unknown"} for event in events]
    return dict(sorted(by(rows, "level").items()))


def cancelled(tables: Tables) -> set[int]:
    return {event["userid"] for event in of(tables, "Cancellation Confirmation")} - {None}


def tenure(tables: Tables) -> list[Row]:
    newest = max((event["ts"] for event in tables["staging_events"]), default=None)
    gone = cancelled(tables)
    found: list[Row] = []
    for user, events in by(named(tables["staging_events"]), "userid").items():
        moments = [event["registration"] for event in events if event["registration"] is not None]
        if not moments or newest is None:
            continue
        last = max(event["ts"] for event in events)
        standing = "silent" if last < newest - WEEK else "staying"
        found.append(
            {
                "standing": "cancelled" if user in gone else standing,
                "seconds": whole_seconds(last) - whole_seconds(min(moments)),
            }
        )
    groups = by(found, "standing")
    medians = {
        standing: statistics.median([row["seconds"] for row in rows]) / DAY
        for standing, rows in [*groups.items(), ("all", found)]
        if rows
    }
    return [
        {
            "standing": standing,
            "listeners": len(groups[standing]),
            "share": len(groups[standing]) / len(found),
            "median_days": medians[standing],
            "mean_days": sum(row["seconds"] for row in groups[standing])
            / (DAY * len(groups[standing])),
            "all_listeners": len(found),
        }
        | {
            f"median_{name}": medians.get(name)
            for name in ("all", "staying", "silent", "cancelled")
        }
        for standing in ("staying", "silent", "cancelled")
        if standing in groups
    ]


def cancellations(tables: Tables) -> list[Row]:
    gone = cancelled(tables)
    found: list[Row] = []
    for user, events in by(named(tables["staging_events"]), "userid").items():
        # of events at the same moment the paid one counts; of several genders the last in M, F
        dated = [(event["ts"], event["level"]) for event in events if event["level"] is not None]
        genders = {event["gender"] for event in events}
        gender = next((name for name in ("M", "F") if name in genders), None)
        found.append(
            {
                "level": max(dated)[1] if dated else "unknown",
                "gender": GENDERS.get(gender or "", "others"),
                "cancelled": user in gone,
            }
        )
    total = sum(row["cancelled"] for row in found)
    return [
        {
            "level": level,
            "gender": gender,
            "listeners": len(rows),
            "cancelled": (number := sum(row["cancelled"] for row in rows)),
            "cancelled_share": number / len(rows),
            "all_cancelled": total,
            "all_listeners": len(found),
            "all_share": total / len(found),
        }
        for (level, gender), rows in sorted(by(found, "level", "gender").items())
    ]


def errors_and_help(tables: Tables) -> list[Row]:
    events = tables["staging_events"]
    everybody, plays = distinct(named(events), "userid"), len(heard(tables))
    pages = {page: of(tables, page) for page in ("Error", "Help")}
    visitors = {page: distinct(named(visits), "userid") for page, visits in pages.items()}
    common: Row = {"all_events": len(events)}
    for page, (visits, listeners) in {
        "Error": ("errors", "error"),
        "Help": ("helps", "help"),
    }.items():
        common[visits] = len(pages[page])
        common[f"{listeners}_listeners"] = visitors[page]
        common[f"{listeners}_share"] = share(visitors[page], everybody)
    names = ("errors", "error_listeners", "error_share", "helps", "help_listeners", "help_share")
    return [
        {
            "page": page,
            "visits": len(pages[page]),
            "listeners": visitors[page],
            "listener_share": share(visitors[page], everybody),
            "per_1000_plays": share(1000 * len(pages[page]), plays),
        }
        | {name: common[name] for name in (*names, "all_events")}
        for page in pages
    ]


def before_upgrading(tables: Tables) -> list[Row]:
    sizes = ((0, "none"), (10, "1 to 10"), (50, "11 to 50"), (100, "51 to 100"))
    upgraded = {
        user: min(event["ts"] for event in events)
        for user, events in by(named(of(tables, "Submit Upgrade")), "userid").items()
    }
    plays = dict.fromkeys(upgraded, 0)
    for event in heard(tables):
        if event["userid"] in upgraded:
            plays[event["userid"]] += event["ts"] < upgraded[event["userid"]]
    visits = dict.fromkeys(upgraded, 0)
    for events in all_sessions(tables):
        if (user := events[0]["userid"]) in upgraded:
            visits[user] += events[0]["ts"] <= upgraded[user]
    found: list[Row] = [
        {
            "songs": next((name for most, name in sizes if plays[user] <= most), "more than 100"),
            "visits": visits[user],
        }
        for user in upgraded
    ]
    groups = by(found, "songs")
    return [
        {
            "songs": songs,
            "listeners": len(groups[songs]),
            "share": len(groups[songs]) / len(found),
            "mean_sessions": sum(row["visits"] for row in groups[songs]) / len(groups[songs]),
            "upgraded": len(found),
            "median_plays": float(statistics.median(plays.values())),
            "median_sessions": float(statistics.median(visits.values())),
        }
        for songs in [*(name for _, name in sizes), "more than 100"]
        if songs in groups
    ]


def songs_between_homes(tables: Tables) -> list[Row]:
    sizes = ((5, "1 to 5"), (10, "5 to 10"), (20, "10 to 20"))
    plays = by(heard(tables), "userid")
    found: list[Row] = []
    for user, visits in by(named(of(tables, "Home")), "userid").items():
        moments = sorted(event["ts"] for event in visits)
        if len(moments) < 2:
            continue
        between = sum(moments[0] < play["ts"] < moments[-1] for play in plays.get(user, ()))
        mean = between / (len(moments) - 1)
        songs = next((name for most, name in sizes if mean < most), "20 or more")
        songs = "none" if mean == 0 else "less than 1" if mean < 1 else songs
        found.append({"songs": songs, "stretches": len(moments) - 1, "plays": between})
    groups = by(found, "songs")
    total = {name: sum(row[name] for row in found) for name in ("stretches", "plays")}
    return [
        {
            "songs": songs,
            "listeners": len(groups[songs]),
            "share": len(groups[songs]) / len(found),
            "stretches": sum(row["stretches"] for row in groups[songs]),
            "plays": sum(row["plays"] for row in groups[songs]),
            "mean_songs": total["plays"] / total["stretches"],
            "all_plays": total["plays"],
            "all_stretches": total["stretches"],
            "all_listeners": len(found),
        }
        for songs in ["none", "less than 1", *(name for _, name in sizes), "20 or more"]
        if songs in groups
    ]


def artists_by_gender(tables: Tables) -> list[Row]:
    events = [event for event in heard(tables) if event["artist"] is not None]
    rows: list[Row] = []
    said = dict.fromkeys(
        f"{name}_{what}" for name in GENDERS.values() for what in ("artist", "plays", "ties")
    )
    for gender, name in GENDERS.items():
        artists = by((event for event in events if event["gender"] == gender), "artist")
        best = ranked({artist: len(found) for artist, found in artists.items()})
        total = sum(plays for _, plays in best)
        if best:
            is_tied = [plays for _, plays in best].count(best[0][1]) > 1
            said[f"{name}_artist"], said[f"{name}_plays"] = best[0]
            said[f"{name}_ties"] = ", tied with others" if is_tied else ""
        rows += [
            {"gender": name, "place": place, "artist": artist, "plays": plays}
            | {"share": plays / total}
            for place, (artist, plays) in enumerate(best[:5], start=1)
        ]
    return [row | said for row in rows]


def thumbs(tables: Tables) -> list[Row]:
    events = of(tables, "Thumbs Up", "Thumbs Down")

    def ups(rows: list[Row]) -> int:
        return sum(row["page"] == "Thumbs Up" for row in rows)

    return [
        {
            "level": level,
            "thumbs_up": ups(found),
            "thumbs_down": len(found) - ups(found),
            "up_share": ups(found) / len(found),
            "listeners": distinct(named(found), "userid"),
            "ups": ups(events),
            "downs": len(events) - ups(events),
            "all_up_share": ups(events) / len(events),
            "all_listeners": distinct(named(events), "userid"),
        }
        for level, found in levels(events).items()
    ]


def adverts(tables: Tables) -> list[Row]:
    events = of(tables, "Roll Advert")
    plays = levels(heard(tables))
    return [
        {
            "level": level,
            "adverts": len(found),
            "listeners": distinct(named(found), "userid"),
            "plays": len(plays.get(level, ())),
            "plays_per_advert": len(plays[level]) / len(found) if level in plays else None,
            "all_adverts": len(events),
            "all_listeners": distinct(named(events), "userid"),
        }
        for level, found in levels(events).items()
    ]


def friends_and_playlists(tables: Tables) -> list[Row]:
    pages = {page: of(tables, page) for page in ("Add Friend", "Add to Playlist")}
    adders = {page: distinct(named(found), "userid") for page, found in pages.items()}
    friends, songs = pages
    return [
        {
            "page": page,
            "additions": len(found),
            "listeners": adders[page],
            "per_100_plays": share(100 * len(found), len(heard(tables))),
            "friends": len(pages[friends]),
            "friend_listeners": adders[friends],
            "songs": len(pages[songs]),
            "song_listeners": adders[songs],
            "all_additions": sum(map(len, pages.values())),
        }
        for page, found in pages.items()
    ]
