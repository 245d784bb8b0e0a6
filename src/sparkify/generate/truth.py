"""The truth about a generated world: what every table must hold and what the answers are."""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import accumulate
from statistics import median
from typing import Any

import numpy as np

from .chance import digest
from .music import Music
from .options import Options
from .pages import Level
from .rhythm import DAY
from .tally import Listener, Tally, week
from .tracks import Track

_TOP = 10
_AWAY = 7 * DAY
_EPOCH = date(1970, 1, 1)
_LEVELS: tuple[Level, Level] = ("free", "paid")


def truth(options: Options, music: Music, tally: Tally) -> dict[str, Any]:
    """Say what is known of a world: its options, the rows of its tables, its answers."""
    matched = _matched(music, tally)
    return {
        "options": options.as_json(),
        "tables": _tables(music, tally, matched),
        "answers": {
            **_songs(music, tally),
            **_catalogue(music, tally, matched),
            **_times(options, tally),
            **_levels(tally),
            **_listeners(tally),
            **_returning(tally),
        },
    }


def _matched(music: Music, tally: Tally) -> Counter[int]:
    """Count the plays that are matched, by number of the song that they are matched to."""
    found: Counter[int] = Counter()
    for number in range(music.catalogue.size):
        if (plays := tally.plays[number]) and music.track(number).is_ascii:
            found[music.catalogue.matched(number)] += plays
    return found


def _tables(music: Music, tally: Tally, matched: Counter[int]) -> dict[str, int]:
    everybody = tally.listeners.values()
    return {
        "staging_events": tally.events,
        "staging_songs": music.catalogue.size,
        "songplays": tally.hourly.total(),
        "matched": matched.total(),
        "users": sum((one.free > 0) + (one.paid > 0) for one in everybody),
        "songs": music.catalogue.size,
        "artists": music.catalogue.count_artists(),
        "time": tally.starts,
    }


def _songs(music: Music, tally: Tally) -> dict[str, Any]:
    return {
        "top_songs": [
            {"song": song, "artist": artist, "plays": plays}
            for (song, artist), plays in _top(
                music, tally, lambda track: (track.title.staged, track.artist.staged)
            )
        ],
        "top_artists": [
            {"artist": artist, "plays": plays}
            for (artist,), plays in _top(music, tally, lambda track: (track.artist.staged,))
        ],
    }


def _top(
    music: Music, tally: Tally, name: Callable[[Track], tuple[str, ...]]
) -> list[tuple[tuple[str, ...], int]]:
    """Find the names with the most plays, ties by name.

    To count, a name is known by 64 bits of its digest: all names would take too much memory.
    """
    plays = np.frombuffer(tally.plays, dtype=np.int64)
    played = np.flatnonzero(plays)
    if not len(played):
        return []
    digests = (digest("\0".join(name(music.track(int(number))))) for number in played)
    _, which = np.unique(np.fromiter(digests, np.uint64, len(played)), return_inverse=True)
    totals = np.zeros(which.max() + 1, np.int64)
    np.add.at(totals, which, plays[played])
    least = np.sort(totals)[-_TOP:][0]
    found = Counter[tuple[str, ...]]()
    for number in played[totals[which] >= least]:
        found[name(music.track(int(number)))] += int(plays[number])
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_TOP]


def _catalogue(music: Music, tally: Tally, matched: Counter[int]) -> dict[str, Any]:
    decades: Counter[str] = Counter()
    for number, plays in matched.items():
        year = music.catalogue.year(number)
        decades[str(year // 10 * 10) if year else "unknown"] += plays
    return {
        "catalogue_match": {"plays": tally.hourly.total(), "matched": matched.total()},
        "decades": dict(sorted(decades.items())),
        "unplayed_songs": {
            "songs": music.catalogue.size,
            "played": len(matched),
            "unplayed": music.catalogue.size - len(matched),
        },
        "hours_served": {"length_1e5": sum(tally.lengths.values())},
    }


def _times(options: Options, tally: Tally) -> dict[str, Any]:
    first = (options.start - _EPOCH).days
    daily = dict.fromkeys(range(first, first + options.days), 0)
    hours, weekdays = [0] * 24, [0] * 7
    for hour, plays in tally.hourly.items():
        daily[hour // 24] += plays
        hours[hour % 24] += plays
        weekdays[(hour // 24 + 4) % 7] += plays
    return {
        "busiest_hours": hours,
        "busiest_weekdays": weekdays,
        "daily_plays": {_date(day): plays for day, plays in daily.items()},
    }


def _levels(tally: Tally) -> dict[str, Any]:
    everybody = tally.listeners.values()
    plays = {"free": 0, "paid": 0}
    people = {"free": 0, "paid": 0}
    for one in everybody:
        for level, count in (("free", one.free), ("paid", one.paid)):
            plays[level] += count
            people[level] += count > 0
    return {
        "paying_listeners": {"listeners": len(everybody), "paying": people["paid"]},
        "level_changes": {"free_to_paid": tally.upgrades, "paid_to_free": tally.downgrades},
        "listening_by_level": {
            level: {
                "listeners": people[level],
                "plays": plays[level],
                "length_1e5": tally.lengths[level],
            }
            for level in _LEVELS
        },
    }


def _listeners(tally: Tally) -> dict[str, Any]:
    everybody = tally.listeners.values()
    by_plays = sorted(everybody, key=lambda one: (-one.plays, one.user.number))
    waits = [
        one.first_paid_at - one.first_at
        for one in everybody
        if one.first_paid_at is not None and one.first_paid_at > one.first_at
    ]
    newest = max((one.last_at for one in everybody), default=0)
    away = [one for one in everybody if newest - one.last_at > _AWAY]
    top_tenth = by_plays[: -(-len(by_plays) // _TOP)]
    return {
        "stickiness": {
            "listeners": len(everybody),
            "listener_days": sum(one.days for one in everybody),
        },
        "session_length": {
            "sessions": tally.session_sizes.total(),
            "median_plays": _median(tally.session_sizes),
            "sessions_by_plays": {str(n): c for n, c in sorted(tally.session_sizes.items())},
        },
        "leaving_listeners": {level: sum(one.level == level for one in away) for level in _LEVELS},
        "top_fans_share": {
            "listeners": len(everybody),
            "top_listeners": len(top_tenth),
            "top_plays": sum(one.plays for one in top_tenth),
        },
        "loyal_listeners": [
            {
                "user_id": one.user.number,
                "plays": one.plays,
                "sessions": one.sessions,
                "days": one.days,
            }
            for one in by_plays[:_TOP]
        ],
        "time_to_paying": {
            "listeners": len(waits),
            "median_seconds": median(waits) if waits else None,
        },
        "listener_places": _grouped(everybody, lambda one: one.user.place.original),
        "devices": _grouped(everybody, lambda one: one.user.agent.original.strip('"')),
        "gender": _grouped(everybody, lambda one: one.user.gender),
    }


def _grouped(
    everybody: Iterable[Listener], name: Callable[[Listener], str]
) -> dict[str, dict[str, int]]:
    """Count listeners and plays by something that does not change about a listener."""
    found: dict[str, dict[str, int]] = {}
    for one in everybody:
        group = found.setdefault(name(one), {"listeners": 0, "plays": 0, "paying": 0})
        group["listeners"] += 1
        group["plays"] += one.plays
        group["paying"] += one.paid > 0
    return dict(sorted(found.items()))


def _returning(tally: Tally) -> dict[str, Any]:
    """Count, for the listeners of each first week, who listen so many weeks later."""
    cohorts: dict[int, Counter[int]] = {}
    for one in tally.listeners.values():
        cohorts.setdefault(week(one.first_at), Counter()).update(_bits(one.weeks))
    return {
        "returning_listeners": {
            _date(7 * first - 3): {str(after): n for after, n in sorted(counts.items())}
            for first, counts in sorted(cohorts.items())
        }
    }


def _bits(mask: int) -> Iterator[int]:
    return (bit for bit in range(mask.bit_length()) if mask >> bit & 1)


def _median(counts: Counter[int]) -> float | None:
    """Find the median of numbers of which it is known how often each occurs."""
    total = counts.total()
    if not total:
        return None
    numbers = sorted(counts)
    reached = list(accumulate(counts[number] for number in numbers))
    low, high = (numbers[bisect(reached, place)] for place in ((total - 1) // 2, total // 2))
    return (low + high) / 2


def _date(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()
