"""The truth about a generated world: what every table must hold, and what the answers are."""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import accumulate
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .chance import Integers, digest
from .music import NOT_FOUND, Music
from .options import Options
from .people import People, User
from .rhythm import DAY, EPOCH
from .tally import NEVER, Tally

_TOP = 10
_AWAY = 7 * DAY * 1_000
_LEVELS = ("free", "paid")
_BILLING_BITS = 30
_ODD = 0x9E3779B97F4A7C15

_Digests = NDArray[np.uint64]
_Name = TypeVar("_Name", bound=tuple[str, ...])


def truth(options: Options, music: Music, people: People, tally: Tally) -> dict[str, Any]:
    """Say what is known of a world, loaded with the default settings.

    generator, options: which world it is. tables: rows by table; `matched` are the songplays with a
    song_id. answers: by the name of the question; lengths are in units of 1e-5 s, so that they are
    whole numbers; lists are ordered, ties by name.
    """
    matched = _matched(music, tally)
    return {
        **options.identity(),
        "tables": _tables(music, tally, matched),
        "answers": {
            **_songs(music, tally),
            **_catalogue(music, tally, matched),
            **_times(options, tally),
            **_levels(tally),
            **_sessions(tally),
            **_listeners(tally),
            **_groups(people, tally),
            "returning_listeners": _returning(tally),
        },
    }


def _matched(music: Music, tally: Tally) -> Counter[int]:
    """Count the plays that are matched, by number of the song that they are matched to."""
    found: Counter[int] = Counter()
    for number in np.flatnonzero((tally.songs > 0) & (music.found != NOT_FOUND)):
        found[music.catalogue.matched(int(music.found[number]))] += int(tally.songs[number])
    return found


def _tables(music: Music, tally: Tally, matched: Counter[int]) -> dict[str, int]:
    return {
        "staging_events": tally.events,
        "staging_songs": music.catalogue.size,
        "songplays": tally.hours.total(),
        "matched": matched.total(),
        "users": int((tally.plays > 0).sum()),
        "songs": music.catalogue.size,
        "artists": music.catalogue.count_artists(),
        "time": tally.starts,
    }


def _songs(music: Music, tally: Tally) -> dict[str, Any]:
    """Find the songs and artists with the most plays, as they are staged from the logs.

    To count, a name is known by 64 bits of its digest: all names would take too much memory.
    """
    played = np.flatnonzero(tally.songs)
    plays, heard = tally.songs[played], music.recordings.take(played)
    titles = _digests(heard.titles, lambda title: music.names.title(title).staged)
    artists = _digests(
        heard.artists << _BILLING_BITS | heard.billings,
        lambda both: music.names.artist(*divmod(both, 1 << _BILLING_BITS)).staged,
    )

    def name(place: int) -> tuple[str, str]:
        title, artist = heard.name(music.names, place)
        return title.staged, artist.staged

    songs = _top(plays, titles * np.uint64(_ODD) + artists, name)
    singers = _top(plays, artists, lambda place: name(place)[1:])
    return {
        "top_songs": [{"song": s, "artist": a, "plays": count} for (s, a), count in songs],
        "top_artists": [{"artist": a, "plays": count} for (a,), count in singers],
    }


def _digests(numbers: Integers, name: Callable[[int], str]) -> _Digests:
    """Give the digests of the names of numbers, of which many occur more than once."""
    known, which = np.unique(numbers, return_inverse=True)
    digests = (digest(name(number)) for number in known.tolist())
    return np.fromiter(digests, np.uint64, len(known))[which]


def _top(plays: Integers, keys: _Digests, name: Callable[[int], _Name]) -> list[tuple[_Name, int]]:
    """Find the names with the most plays, given columns with plays and with keys of the names.

    name: tells the name of a place in these columns.
    """
    if not len(plays):
        return []
    _, which = np.unique(keys, return_inverse=True)
    totals = np.zeros(which.max() + 1, np.int64)
    np.add.at(totals, which, plays)
    least = np.sort(totals)[-_TOP:][0]
    found = Counter[_Name]()
    for place in np.flatnonzero(totals[which] >= least).tolist():
        found[name(place)] += int(plays[place])
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_TOP]


def _catalogue(music: Music, tally: Tally, matched: Counter[int]) -> dict[str, Any]:
    decades: Counter[str] = Counter()
    for number, plays in matched.items():
        year = music.catalogue.year(number)
        decades[str(year // 10 * 10) if year else "unknown"] += plays
    return {
        "catalogue_match": {"plays": tally.hours.total(), "matched": matched.total()},
        "decades": dict(sorted(decades.items())),
        "unplayed_songs": {
            "songs": music.catalogue.size,
            "played": len(matched),
            "unplayed": music.catalogue.size - len(matched),
        },
        "hours_served": {"length_1e5": int(tally.lengths.sum())},
    }


def _times(options: Options, tally: Tally) -> dict[str, Any]:
    first = (options.start - EPOCH).days
    daily = dict.fromkeys(range(first, first + options.all_days), 0)
    hours, weekdays = [0] * 24, [0] * 7
    for hour, plays in tally.hours.items():
        daily[hour // 24] += plays
        hours[hour % 24] += plays
        weekdays[(hour // 24 + 4) % 7] += plays
    return {
        "busiest_hours": hours,
        "busiest_weekdays": weekdays,
        "daily_plays": {_date(day): plays for day, plays in daily.items()},
    }


def _levels(tally: Tally) -> dict[str, Any]:
    listeners, plays = (tally.plays > 0).sum(axis=1), tally.plays.sum(axis=1)
    return {
        "paying_listeners": {
            "listeners": int((tally.sessions > 0).sum()),
            "paying": int(listeners[1]),
        },
        "level_changes": {
            "free_to_paid": int(tally.changes[1]),
            "paid_to_free": int(tally.changes[0]),
        },
        "listening_by_level": {
            level: {
                "listeners": int(listeners[number]),
                "plays": int(plays[number]),
                "length_1e5": int(tally.lengths[number]),
            }
            for number, level in enumerate(_LEVELS)
        },
    }


def _sessions(tally: Tally) -> dict[str, Any]:
    counts = tally.sessions_by_plays
    return {
        "session_length": {
            "sessions": counts.total(),
            "median_plays": _median(counts),
            "sessions_by_plays": {str(plays): counts[plays] for plays in sorted(counts)},
        }
    }


def _listeners(tally: Tally) -> dict[str, Any]:
    listeners = np.flatnonzero(tally.sessions)
    plays = tally.plays.sum(axis=0)
    fans = listeners[np.lexsort((listeners, -plays[listeners]))]
    top_tenth = fans[: -(-len(fans) // 10)]
    first, first_paid, last = (
        moments[listeners] for moments in (tally.first_at, tally.first_paid_at, tally.last_at)
    )
    waits = (first_paid - first)[(first_paid != NEVER) & (first_paid > first)]
    newest = last * 1_000 + tally.milliseconds[listeners]
    away = newest.max(initial=0) - newest > _AWAY
    is_paid = tally.is_paid[listeners]
    return {
        "stickiness": {
            "listeners": len(listeners),
            "listener_days": int(tally.days.sum()),
        },
        "leaving_listeners": {
            "free": int((away & ~is_paid).sum()),
            "paid": int((away & is_paid).sum()),
        },
        "top_fans_share": {
            "listeners": len(fans),
            "top_listeners": len(top_tenth),
            "top_plays": int(plays[top_tenth].sum()),
        },
        "loyal_listeners": [
            {
                "user_id": int(user) + 1,
                "plays": int(plays[user]),
                "sessions": int(tally.sessions[user]),
                "days": int(tally.days[user]),
            }
            for user in fans[:_TOP]
        ],
        "time_to_paying": {
            "listeners": len(waits),
            "median_seconds": float(np.median(waits)) if len(waits) else None,
        },
    }


def _groups(people: People, tally: Tally) -> dict[str, Any]:
    groupings: dict[str, Callable[[User], str]] = {
        "listener_places": lambda user: user.place.staged,
        "devices": lambda user: user.agent.staged.strip('"'),
        "gender": lambda user: user.gender,
    }
    found: dict[str, dict[str, dict[str, int]]] = {name: {} for name in groupings}
    for number in np.flatnonzero(tally.sessions):
        user = people.user(int(number))
        free, paid = (int(plays) for plays in tally.plays[:, number])
        for name, group_of in groupings.items():
            group = found[name].setdefault(
                group_of(user), {"listeners": 0, "paying": 0, "plays": 0}
            )
            group["listeners"] += 1
            group["paying"] += paid > 0
            group["plays"] += free + paid
    return {name: dict(sorted(groups.items())) for name, groups in found.items()}


def _returning(tally: Tally) -> dict[str, dict[str, int]]:
    """Say by Monday, for the listeners who are new in that week, how many play how much later."""
    return {
        _date(7 * (tally.first_week + cohort) - 3): {
            str(later): int(listeners) for later, listeners in enumerate(counts) if listeners
        }
        for cohort, counts in enumerate(tally.cohorts)
        if counts.any()
    }


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
    return (EPOCH + timedelta(days=day)).isoformat()
