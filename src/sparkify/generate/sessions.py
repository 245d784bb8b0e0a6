"""Sessions of pages and songs, simulated in the manner of Interana's eventsim."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .behaviour import (
    DAY,
    GONE,
    HOUR,
    IS_PAUSE,
    IS_PLAY,
    IS_REDIRECT,
    REGISTERING,
    Rhythm,
    follow,
    millisecond,
)
from .music import UNITS, Music
from .options import DAYS_PER_YEAR, Options
from .people import People
from .words import Flags, Floats, Integers, exponential, stream

BLOCK = 6 * HOUR
NO_SONG = -1

_REST_AT_LEAST = 1_800
_ATTRITION = 0.1
_YEAR = DAYS_PER_YEAR * DAY
_NEVER = np.iinfo(np.int64).max


class Events(NamedTuple):
    """Events as columns of one size.

    at: whole seconds since 1970. session: its number. item: the event's place in it, from 0.
    user: from 0, as in `People`. state: as in `STATES`. song: as in `Music`, or NO_SONG.
    """

    at: Integers
    session: Integers
    item: Integers
    user: Integers
    state: Integers
    song: Integers


_NONE = Events(*np.zeros((6, 0), np.int64))


class Sessions:
    """All events of a run, block by block; in each, all active users move on together.

    Memory holds the users and the events of one block. Nothing depends on the number of days: more
    days begin like fewer.
    """

    def __init__(self, options: Options, music: Music, people: People, run: int = 0) -> None:
        self._music = music
        self._people = people
        self._rhythm = Rhythm(options.first_day(run))
        self._random = stream(options.seed, f"visits {run}" if run else "visits").random
        self._arrives = people.arrives + (options.first_day(run) - options.start).days * DAY
        self._start = int(self._arrives[0])
        self._end = self._start + options.days * DAY
        self._here = people.members
        self._sessions = np.zeros(options.servers, np.int64)
        # Of each user: the next event's time, state, session and item; when the song ends.
        self._at = np.full(people.size, _NEVER)
        self._state = people.entry.copy()
        self._session, self._item, self._song_ends = np.zeros((3, people.size), np.int64)

    def blocks(self) -> Iterator[Events]:
        """Yield the events of each block of six hours (UTC), empty ones included, by time.

        Events at the same moment are in the order of their sessions and items.
        """
        self._gather()
        for block in range(self._start, self._end, BLOCK):
            self._welcome(block + BLOCK)
            columns = zip(_NONE, *self._waves(block + BLOCK), strict=True)
            waves = Events(*map(np.concatenate, columns))
            within_second = millisecond(self._people.server[waves.user])
            order = np.lexsort((waves.item, waves.session, within_second, waves.at))
            yield Events(*(column[order] for column in waves))

    def _waves(self, until: int) -> Iterator[Events]:
        """Yield all events before `until`, one page of each user at a time."""
        due = np.flatnonzero(self._at < until)
        while len(due):
            left = []
            while len(due):
                events, leaves = self._visit(due)
                yield events
                left.append(due[leaves])
                due = due[~leaves]
                due = due[self._at[due] < until]
            leavers = np.concatenate(left)
            self._leave(leavers)
            due = leavers[self._at[leavers] < until]

    def _gather(self) -> None:
        """Bring the members back from a pause; they have been listening for a while."""
        members = np.arange(self._people.members)
        earliest = np.full(len(members), self._start)
        back = self._back(members, earliest - 2 * self._people.rest[members], earliest)
        back[0] = self._start + self._random() * DAY  # so that there is an event
        self._enter(members, back)

    def _welcome(self, until: int) -> None:
        """Bring in the guests who arrive before `until`."""
        here = int(np.searchsorted(self._arrives, until))
        guests = np.arange(self._here, here)
        self._enter(guests, self._arrives[guests])
        self._here = here

    def _visit(self, users: Integers) -> tuple[Events, Flags]:
        """Return the next event of each user, and who ends the session with it."""
        at, state = self._at[users], self._state[users]
        song = np.full(len(users), NO_SONG)
        plays = np.flatnonzero(IS_PLAY[state])
        song[plays] = self._music.choose(self._random(len(plays)))
        seconds = self._music.recordings.lengths[song[plays]] // UNITS
        self._song_ends[users[plays]] = at[plays] + seconds
        registering = state == REGISTERING
        self._people.registered[users[registering]] = at[registering]
        events = Events(at, self._session[users], self._item[users], users, state, song)

        following = follow(state, self._random(len(users)))
        self._state[users] = following
        leaves = IS_PAUSE[following]
        self._stay(users[~leaves])
        return events, leaves

    def _stay(self, users: Integers) -> None:
        """Schedule the next page of a session: a song waits for the end of the one before."""
        at, state = self._at[users], self._state[users]
        gap = exponential(self._random(len(users)), self._people.gap[users])
        pause = 1 + gap.astype(np.int64)
        ends = self._song_ends[users]
        pause = np.where(IS_PLAY[state] & (ends > at), ends - at, pause)
        self._at[users] = at + np.where(IS_REDIRECT[state], 1, pause)
        self._item[users] += 1

    def _leave(self, users: Integers) -> None:
        """Schedule the next sessions of users who ended one; some never come back."""
        chances = self._random(len(users))
        gone = (chances < _ATTRITION * self._people.rest[users] / _YEAR) | np.isin(
            self._state[users], GONE
        )
        self._at[users[gone]] = _NEVER
        stays = users[~gone]
        earliest = self._at[stays] + _REST_AT_LEAST
        self._enter(stays, self._back(stays, earliest, earliest))

    def _back(self, users: Integers, since: Integers | Floats, earliest: Integers) -> Floats:
        """Return when users come back who rest since a moment, not before the earliest one."""
        moment = since.astype(np.float64)
        back = np.empty(len(users))
        waiting = np.arange(len(users))
        while len(waiting):
            rest = self._people.rest[users[waiting]]
            moment[waiting] += exponential(self._random(len(waiting)), rest)
            back[waiting] = found = self._rhythm.warp(moment[waiting])
            kept = self._random(len(waiting)) >= self._rhythm.drop(found)
            waiting = waiting[(found < earliest[waiting]) | ~kept]
        return back

    def _enter(self, users: Integers, moments: Floats | Integers) -> None:
        """Prepare the next sessions of users who are pausing."""
        self._at[users] = moments.astype(np.int64)
        self._state[users] = follow(self._state[users], self._random(len(users)))
        self._session[users] = self._numbers(self._people.server[users])
        self._item[users] = self._song_ends[users] = 0

    def _numbers(self, servers: Integers) -> Integers:
        """Return the numbers of the next sessions on these servers; each counts its own from 1."""
        numbers = np.empty_like(servers)
        by_server = np.argsort(servers, kind="stable")
        found, first, sessions = np.unique(
            servers[by_server], return_index=True, return_counts=True
        )
        places = np.arange(len(servers)) - np.repeat(first, sessions)
        numbers[by_server] = np.repeat(self._sessions[found], sessions) + 1 + places
        self._sessions[found] += sessions
        return numbers
