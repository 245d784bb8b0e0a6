"""The questions about listeners and what they pay, in naive plain Python."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from math import floor

from naive_tables import (
    WEEK,
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


def newest_levels(tables: Tables) -> dict[int, Row]:
    """For each listener: level and moment of the newest play, number of plays, and the names."""
    names = {(user["user_id"], user["level"]): user for user in tables["users"]}
    found = {}
    for user_id, plays in by(tables["songplays"], "user_id").items():
        last = max(plays, key=lambda play: (play["start_time"], play["level"]))
        user = names[user_id, last["level"]]
        found[user_id] = {
            "user_id": user_id,
            "first_name": user["first_name"],
            "last_name": user["last_name"],
            "level": last["level"],
            "last_play": last["start_time"],
            "plays": len(plays),
        }
    return found


def level_switches(tables: Tables) -> list[tuple[int, str]]:
    """(listener, new level) for each play at another level than the listener's play before."""
    found = []
    for user_id, plays in by(heard(tables), "userid").items():
        plays.sort(key=lambda play: (play["ts"], play["sessionid"], play["iteminsession"]))
        steps = pairwise(play["level"] for play in plays)
        found += [(user_id, after) for before, after in steps if before != after]
    return found


def paying_listeners(tables: Tables) -> list[Row]:
    plays = [play | {"day": play["start_time"].date()} for play in tables["songplays"]]
    everybody = distinct(plays, "user_id")
    payers = distinct((play for play in plays if play["level"] == "paid"), "user_id")
    rows = []
    for day, day_plays in sorted(by(plays, "day").items())[-31:]:
        listeners = distinct(day_plays, "user_id")
        paying = distinct((play for play in day_plays if play["level"] == "paid"), "user_id")
        rows.append(
            {
                "day": day,
                "listeners": listeners,
                "paying": paying,
                "paying_share": paying / listeners,
                "all_listeners": everybody,
                "all_paying": payers,
                "all_share": payers / everybody,
            }
        )
    return rows


def level_changes(tables: Tables) -> list[Row]:
    switches = level_switches(tables)
    upgraded = {user for user, level in switches if level == "paid"}
    downgraded = {user for user, level in switches if level == "free"}
    played_free = {play["user_id"] for play in tables["songplays"] if play["level"] == "free"}
    levels = {(play["user_id"], play["level"]) for play in tables["songplays"]}
    common = {
        "upgraded": len(upgraded),
        "downgraded": len(downgraded),
        "upgraded_share": share(len(upgraded), len(played_free)),
        "all_listeners": len(levels),
    }
    changes = Counter(level for _, level in switches)
    return [
        {"level_change": "free to paid", "changes": changes["paid"], "listeners": len(upgraded)}
        | common,
        {"level_change": "paid to free", "changes": changes["free"], "listeners": len(downgraded)}
        | common,
    ]


def returning_listeners(tables: Tables) -> list[Row]:
    weeks = defaultdict(set)
    for play in tables["songplays"]:
        weeks[play["user_id"]].add(monday(play["start_time"]))
    newest = max((week for visited in weeks.values() for week in visited), default=None)
    followed = [visited for visited in weeks.values() if min(visited) != newest]
    came_back = sum(min(visited) + WEEK in visited for visited in followed)
    came_later = sum(len(visited) > 1 for visited in followed)
    cohorts = defaultdict(list)
    for visited in weeks.values():
        cohorts[min(visited)].append(visited)
    rows = []
    for first_week, members in sorted(cohorts.items())[-12:]:
        row: Row = {"first_week": first_week, "listeners": len(members)}
        for later in range(1, 9):
            week = first_week + later * WEEK
            back = sum(week in visited for visited in members)
            row[f"week_{later}"] = back / len(members) if newest and week <= newest else None
        row["followed"] = len(followed)
        row["came_back"] = came_back
        row["came_later"] = came_later
        row["came_back_share"] = share(came_back, len(followed))
        row["came_later_share"] = share(came_later, len(followed))
        rows.append(row)
    return rows


def leaving_listeners(tables: Tables) -> list[Row]:
    listeners = newest_levels(tables)
    newest = max((play["start_time"] for play in tables["songplays"]), default=None)
    if newest is None:
        return []
    cancelled = {
        event["userid"]
        for event in tables["staging_events"]
        if event["page"] == "Cancellation Confirmation"
    }
    left = [row for row in listeners.values() if row["user_id"] in cancelled]
    silent = [
        row
        for row in listeners.values()
        if row["last_play"] < newest - WEEK and row["user_id"] not in cancelled
    ]
    gone = [row for row in silent if row["last_play"] < newest - timedelta(days=30)]
    leaving = [row for row in silent if row not in gone]
    leaving.sort(key=lambda row: (-row["plays"], row["user_id"]))
    names = ("user_id", "first_name", "last_name", "level", "last_play")
    return [
        {name: row[name] for name in names}
        | {
            "days_silent": (newest.date() - row["last_play"].date()).days,
            "plays": row["plays"],
            "newest_play": newest,
            "leaving": len(leaving),
            "leaving_paying": sum(other["level"] == "paid" for other in leaving),
            "gone": len(gone) or None,
            "cancelled": len(left) or None,
            "all_listeners": len(listeners),
            "leaving_share": len(leaving) / len(listeners),
        }
        for row in leaving[:10]
    ]


def stickiness(tables: Tables) -> list[Row]:
    visits = {(play["start_time"].date(), play["user_id"]) for play in tables["songplays"]}
    newest = max((day for day, _ in visits), default=date.min)
    recent = {(day, user) for day, user in visits if (newest - day).days < 30}
    recent_days, recent_users = ({visit[part] for visit in recent} for part in (0, 1))
    rows = []
    for month in sorted({day.replace(day=1) for day, _ in visits})[-12:]:
        inside = {(day, user) for day, user in visits if day.replace(day=1) == month}
        days, users = ({visit[part] for visit in inside} for part in (0, 1))
        rows.append(
            {
                "month": month,
                "days": len(days),
                "listeners_a_day": len(inside) / len(days),
                "listeners": len(users),
                "stickiness": len(inside) / (len(days) * len(users)),
                "newest_day": newest,
                "recent_a_day": len(recent) / len(recent_days),
                "recent_listeners": len(recent_users),
                "recent_stickiness": len(recent) / (len(recent_days) * len(recent_users)),
            }
        )
    return rows


def session_length(tables: Tables) -> list[Row]:
    sizes = ((1, "1"), (5, "2 to 5"), (10, "6 to 10"), (20, "11 to 20"), (50, "21 to 50"))
    found: list[Row] = []
    for plays in session_plays(tables):
        seconds = whole_seconds(plays[-1]["ts"]) - whole_seconds(plays[0]["ts"])
        seconds += floor(plays[-1]["length"] or 0)
        size = next((name for most, name in sizes if len(plays) <= most), "more than 50")
        found.append({"plays": len(plays), "seconds": seconds, "songs": size})
    groups = by(found, "songs")
    return [
        {
            "songs": songs,
            "sessions": len(groups[songs]),
            "share": len(groups[songs]) / len(found),
            "mean_minutes": sum(row["seconds"] for row in groups[songs])
            / (60 * len(groups[songs])),
            "all_sessions": len(found),
            "mean_plays": sum(row["plays"] for row in found) / len(found),
            "mean_seconds": sum(row["seconds"] for row in found) / len(found),
            "median_plays": float(statistics.median(row["plays"] for row in found)),
            "median_seconds": float(statistics.median(row["seconds"] for row in found)),
        }
        for songs in [*(name for _, name in sizes), "more than 50"]
        if songs in groups
    ]


def listening_by_level(tables: Tables) -> list[Row]:
    rows = []
    for level, events in sorted(by(heard(tables), "level").items()):
        listeners = distinct(events, "userid")
        rows.append(
            {
                "level": level,
                "listeners": listeners,
                "plays": len(events),
                "plays_per_listener": len(events) / listeners,
                "minutes_per_listener": seconds_of(events) / (60 * listeners),
            }
        )
    return rows


def top_fans_share(tables: Tables) -> list[Row]:
    counts = [
        plays for _, plays in ranked(Counter(play["user_id"] for play in tables["songplays"]))
    ]
    small, larger = divmod(len(counts), 10)
    rows = []
    for tenth in range(1, min(10, len(counts)) + 1):
        start = (tenth - 1) * small + min(tenth - 1, larger)
        group = counts[start : start + small + (tenth <= larger)]
        rows.append(
            {
                "tenth": tenth,
                "listeners": len(group),
                "plays": sum(group),
                "share": sum(group) / sum(counts),
                "all_listeners": len(counts),
            }
        )
    return rows


def loyal_listeners(tables: Tables) -> list[Row]:
    listeners = newest_levels(tables)
    plays = by(tables["songplays"], "user_id")
    counts = {user_id: row["plays"] for user_id, row in listeners.items()}
    visits = Counter(found[0]["userid"] for found in session_plays(tables))
    names = ("user_id", "first_name", "last_name", "level", "plays")
    return [
        {name: listeners[user_id][name] for name in names}
        | {
            "sessions": visits[user_id],
            "active_days": len({play["start_time"].date() for play in plays[user_id]}),
            "tied": tied(counts),
        }
        for user_id, _ in ranked(counts)[:10]
    ]


def time_to_paying(tables: Tables) -> list[Row]:
    spans = ((1, "less than a day"), (7, "1 to 7 days"), (30, "7 to 30 days"))
    taken = []
    for plays in by(tables["songplays"], "user_id").values():
        starts = {
            level: min(play["start_time"] for play in found)
            for level, found in by(plays, "level").items()
        }
        if len(starts) == 2 and starts["free"] < starts["paid"]:
            taken.append(whole_seconds(starts["paid"]) - whole_seconds(starts["free"]))
    names = [
        next((name for days, name in spans if seconds < days * 86_400), "30 days or more")
        for seconds in taken
    ]
    return [
        {
            "time_taken": name,
            "listeners": names.count(name),
            "share": names.count(name) / len(names),
            "upgraded": len(taken),
            "median_seconds": float(statistics.median(taken)),
            "quickest_seconds": min(taken),
            "slowest_seconds": max(taken),
        }
        for name in ("less than a day", "1 to 7 days", "7 to 30 days", "30 days or more")
        if name in names
    ]


def gender(tables: Tables) -> list[Row]:
    names = {"F": "women", "M": "men"}
    genders = {
        (user["user_id"], user["level"]): names.get(user["gender"], "others")
        for user in tables["users"]
    }
    plays = [
        play | {"gender": genders[play["user_id"], play["level"]]} for play in tables["songplays"]
    ]
    rows = []
    for name, found in sorted(by(plays, "gender").items()):
        listeners = distinct(found, "user_id")
        rows.append(
            {
                "gender": name,
                "listeners": listeners,
                "plays": len(found),
                "share": len(found) / len(plays),
                "plays_per_listener": len(found) / listeners,
                "paid_share": sum(play["level"] == "paid" for play in found) / len(found),
            }
        )
    return rows


def new_listeners(tables: Tables) -> list[Row]:
    seen: set[int] = set()
    plays = [play | {"day": play["start_time"].date()} for play in tables["songplays"]]
    rows = []
    for day, found in sorted(by(plays, "day").items()):
        today = {play["user_id"] for play in found}
        rows.append(
            {
                "day": day,
                "first_timers": len(today - seen),
                "returning_listeners": len(today & seen),
            }
        )
        seen |= today
    return rows[-31:]


def paying_funnel(tables: Tables) -> list[Row]:
    counts = Counter[str]()
    for plays in by(tables["songplays"], "user_id").values():
        first = min(plays, key=lambda play: (play["start_time"], play["level"]))
        last = max(plays, key=lambda play: (play["start_time"], play["level"]))
        if first["level"] != "free":
            continue
        counts["began"] += 1
        if first["start_time"].date() != last["start_time"].date():
            counts["returned"] += 1
            counts["upgraded"] += any(play["level"] == "paid" for play in plays)
            counts["paying"] += last["level"] == "paid"
    stages = {
        "began at the free level": "began",
        "played on another day": "returned",
        "became paying": "upgraded",
        "pay at their newest play": "paying",
    }
    shares = {name: share(counts[name], counts["began"]) for name in stages.values()}
    common = {name: counts[name] for name in stages.values()} | {
        f"{name}_share": shares[name] for name in ("returned", "upgraded", "paying")
    }
    return [
        {"stage": stage, "listeners": counts[name], "share": shares[name]} | common
        for stage, name in stages.items()
    ]


def weekend_listeners(tables: Tables) -> list[Row]:
    found: list[Row] = []
    for plays in by(tables["songplays"], "user_id").values():
        weekend = {play["start_time"].weekday() >= 5 for play in plays}
        name = {(False,): "Monday to Friday only", (True,): "weekends only"}
        found.append({"days_played": name.get(tuple(weekend), "both"), "plays": len(plays)})
    groups = by(found, "days_played")
    names = {
        "weekday_only": "Monday to Friday only",
        "weekend_only": "weekends only",
        "on_both": "both",
    }
    counts = {column: len(groups.get(name, ())) for column, name in names.items()}
    return [
        {
            "days_played": name,
            "listeners": len(groups[name]),
            "share": len(groups[name]) / len(found),
            "plays": sum(row["plays"] for row in groups[name]),
            "plays_per_listener": sum(row["plays"] for row in groups[name]) / len(groups[name]),
            "all_listeners": len(found),
            **counts,
            "weekday_share": counts["weekday_only"] / len(found),
            "weekend_share": counts["weekend_only"] / len(found),
            "both_share": counts["on_both"] / len(found),
        }
        for name in names.values()
        if name in groups
    ]
