"""What every table must hold and every question answer: counted while generating.

Memory does not grow with the number of events.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import accumulate
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .behaviour import DAY, EPOCH, HOUR, IS_CANCELLATION, IS_PAID, millisecond
from .music import NOT_FOUND, Music
from .options import Options
from .people import People, User
from .sessions import NO_SONG, Events
from .words import Flags, Integers, digest

_NEVER = -1
_TOP = 10
_AWAY, _GONE = 7 * DAY * 1_000, 30 * DAY * 1_000
_LEVELS = ("free", "paid")
_BILLING_BITS = 30
_ODD = 0x9E3779B97F4A7C15

_Digests = NDArray[np.uint64]
_Name = TypeVar("_Name", bound=tuple[str, ...])
_Days = TypeVar("_Days", int, Integers)


class Tally:
    """Counts over events, added as they come.

    events, starts: all events; distinct moments, to the millisecond, at which a song starts.
    songs: plays by song.
    hours: plays by hour, counted from 1970. lengths: total length of the free and of the paid
    plays, in units of 1e-5 s. changes: how often a listener's level differs from that of the play
    before: to free, to paid. sessions_by_plays: the number of sessions by their plays.
    cohorts: shape (weeks, weeks), weeks counted from that of the first day: of the listeners whose
    first play was in a week, how many played so many weeks later.

    By user: the milliseconds of their events; plays (free, paid); sessions and days with plays;
    moments of the first, the first paid and the last play, or -1; whether the last play was paid;
    whether they cancelled.
    """

    def __init__(
        self, song_lengths: Integers, servers: Integers, first_day: int, days: int
    ) -> None:
        users = len(servers)
        self.milliseconds = millisecond(servers)
        self.events = self.starts = 0
        self.songs = np.zeros(len(song_lengths), np.int64)
        self.hours: Counter[int] = Counter()
        self.lengths = np.zeros(2, np.int64)
        self.changes = np.zeros(2, np.int64)
        self.sessions_by_plays: Counter[int] = Counter()
        self.first_week = _week_of(first_day)
        weeks = _week_of(first_day + days - 1) - self.first_week + 1
        self.cohorts = np.zeros((weeks, weeks), np.int64)

        self.plays = np.zeros((2, users), np.int64)
        self.sessions, self.days = np.zeros((2, users), np.int64)
        self.first_at, self.first_paid_at, self.last_at = np.full((3, users), _NEVER)
        self.is_paid, self.cancelled = np.zeros((2, users), np.bool_)
        self._song_lengths = song_lengths
        self._session, self._session_plays = np.zeros((2, users), np.int64)

    def add(self, events: Events) -> None:
        """Count events of one day, ordered by time, later than all before."""
        self.events += len(events.at)
        self.cancelled[events.user[IS_CANCELLATION[events.state]]] = True
        plays = np.flatnonzero(events.song != NO_SONG)
        if not len(plays):
            return
        moments = events.at[plays] * 1_000 + self.milliseconds[events.user[plays]]
        self.starts += len(np.unique(moments))
        _count(self.hours, events.at[plays] // HOUR)
        song, is_paid = events.song[plays], IS_PAID[events.state[plays]]
        np.add.at(self.songs, song, 1)
        np.add.at(self.lengths, is_paid.astype(np.int64), self._song_lengths[song])

        by_user = np.argsort(events.user[plays], kind="stable")
        user, at, session = (
            column[plays][by_user] for column in (events.user, events.at, events.session)
        )
        is_paid = is_paid[by_user]
        is_first, is_last = _edges(user)
        np.add.at(self.plays, (is_paid.astype(np.int64), user), 1)
        self._count_sessions(user, session)
        self._count_changes(user[is_first], is_first, is_paid)
        self._count_days(user[is_first], at[is_first], int(at[0]) // DAY)
        paying, index = np.unique(user[is_paid], return_index=True)
        news = self.first_paid_at[paying] == _NEVER
        self.first_paid_at[paying[news]] = at[is_paid][index[news]]
        self.last_at[user[is_last]] = at[is_last]
        self.is_paid[user[is_last]] = is_paid[is_last]

    def end_sessions(self) -> None:
        """Count what waited for the end of a run: the last session of each listener."""
        _count(self.sessions_by_plays, self._session_plays[self._session_plays > 0])
        self._session[:] = self._session_plays[:] = 0

    def _count_sessions(self, user: Integers, session: Integers) -> None:
        """Count sessions by their plays, except each user's last one, which may go on later."""
        is_first, is_last = _edges(user, session)
        user, session = user[is_first], session[is_first]
        plays = 1 + np.flatnonzero(is_last) - np.flatnonzero(is_first)
        goes_on = session == self._session[user]
        plays[goes_on] += self._session_plays[user[goes_on]]
        self._session_plays[user[goes_on]] = 0
        np.add.at(self.sessions, user[~goes_on], 1)
        is_first, is_last = _edges(user)
        ended = np.append(self._session_plays[user[is_first]], plays[~is_last])
        _count(self.sessions_by_plays, ended[ended > 0])
        self._session[user[is_last]] = session[is_last]
        self._session_plays[user[is_last]] = plays[is_last]

    def _count_changes(self, users: Integers, is_first: Flags, is_paid: Flags) -> None:
        """Count plays of another level than the user's play before."""
        before = np.roll(is_paid, 1)
        heard = self.last_at[users] != _NEVER
        before[is_first] = np.where(heard, self.is_paid[users], is_paid[is_first])
        changed = is_paid[is_paid != before]
        self.changes += [len(changed) - changed.sum(), changed.sum()]

    def _count_days(self, users: Integers, at: Integers, day: int) -> None:
        """Count days and weeks of users, each given once, with a play on this day."""
        last_day = self.last_at[users] // DAY
        self.days[users] += last_day != day
        news = self.first_at[users] == _NEVER
        self.first_at[users[news]] = at[news]
        first_week = _week_of(self.first_at[users] // DAY)
        this_week = _week_of(day)
        back = news | (_week_of(last_day) != this_week)
        cohort = first_week[back] - self.first_week
        np.add.at(self.cohorts, (cohort, this_week - first_week[back]), 1)


def _week_of(day: _Days) -> _Days:
    """Return the week (Monday to Sunday) of a day; both are counted from 1970-01-01."""
    return (day + 3) // 7


def _edges(*columns: Integers) -> tuple[Flags, Flags]:
    """Return where runs of rows begin that are equal in all columns, and where they end."""
    changes = np.any([values[1:] != values[:-1] for values in columns], axis=0)
    return np.append(True, changes), np.append(changes, True)


def _count(counter: Counter[int], values: Integers) -> None:
    """Add the number of times that each value occurs."""
    for value, times in zip(*np.unique(values, return_counts=True), strict=True):
        counter[int(value)] += int(times)


def expected_results(
    options: Options, music: Music, people: People, tally: Tally
) -> dict[str, Any]:
    """Return what a load with the default settings must give.

    generator, options: `Options.identity()`. tables: rows by table; `matched` are the songplays
    with a song_id. answers: by the name of the question; lengths are in units of 1e-5 s, so that
    they are whole numbers; lists are ordered, ties by name.
    """
    matched = _matched(music, tally)
    return {
        **options.identity(),
        "tables": {
            "staging_events": tally.events,
            "staging_songs": music.catalogue.size,
            "songplays": tally.hours.total(),
            "matched": matched.total(),
            "users": int((tally.plays > 0).sum()),
            "songs": music.catalogue.size,
            "artists": music.catalogue.count_artists(),
            "time": tally.starts,
        },
        "answers": {
            **_songs(music, tally),
            **_catalogue(music, tally, matched),
            **_times(options, tally),
            **_levels(tally),
            "session_length": {
                "sessions": tally.sessions_by_plays.total(),
                "median_plays": _median(tally.sessions_by_plays),
                "sessions_by_plays": {
                    str(plays): times for plays, times in sorted(tally.sessions_by_plays.items())
                },
            },
            **_listeners(tally),
            **_groups(people, tally),
            "returning_listeners": _returning(tally),
        },
    }


def _matched(music: Music, tally: Tally) -> Counter[int]:
    """Return the matched plays, by number of the song that they are matched to."""
    found: Counter[int] = Counter()
    for number in np.flatnonzero((tally.songs > 0) & (music.found != NOT_FOUND)):
        found[music.catalogue.matched(int(music.found[number]))] += int(tally.songs[number])
    return found


def _songs(music: Music, tally: Tally) -> dict[str, Any]:
    """Return the songs and artists with the most plays, named as they are staged from the logs.

    Names are counted by 64 bits of their digest: all names would take too much memory.
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
    """Return the digests of the names of numbers, many of which occur more than once."""
    known, which = np.unique(numbers, return_inverse=True)
    digests = (digest(name(number)) for number in known.tolist())
    return np.fromiter(digests, np.uint64, len(known))[which]


def _top(plays: Integers, keys: _Digests, name: Callable[[int], _Name]) -> list[tuple[_Name, int]]:
    """Return the names with the most plays, given columns of plays and of keys of the names.

    name: returns the name of a row of these columns.
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


def _listeners(tally: Tally) -> dict[str, Any]:
    listeners = np.flatnonzero(tally.sessions)
    plays = tally.plays.sum(axis=0)
    fans = listeners[np.lexsort((listeners, -plays[listeners]))]
    top_tenth = fans[: -(-len(fans) // 10)]
    first, first_paid, last = (
        moments[listeners] for moments in (tally.first_at, tally.first_paid_at, tally.last_at)
    )
    waits = (first_paid - first)[(first_paid != _NEVER) & (first_paid > first)]
    newest = last * 1_000 + tally.milliseconds[listeners]
    silent = newest.max(initial=0) - newest
    away = (silent > _AWAY) & (silent <= _GONE) & ~tally.cancelled[listeners]
    is_paid = tally.is_paid[listeners]
    return {
        "stickiness": {"listeners": len(listeners), "listener_days": int(tally.days.sum())},
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
    """Return by Monday, for listeners new in that week, how many play how many weeks later."""
    return {
        _date(7 * (tally.first_week + cohort) - 3): {
            str(later): int(listeners) for later, listeners in enumerate(counts) if listeners
        }
        for cohort, counts in enumerate(tally.cohorts)
        if counts.any()
    }


def _median(counts: Counter[int]) -> float | None:
    """Return the median of numbers, given how often each occurs."""
    total = counts.total()
    if not total:
        return None
    numbers = sorted(counts)
    reached = list(accumulate(counts[number] for number in numbers))
    low, high = (numbers[bisect(reached, place)] for place in ((total - 1) // 2, total // 2))
    return (low + high) / 2


def _date(day: int) -> str:
    return (EPOCH + timedelta(days=day)).isoformat()
