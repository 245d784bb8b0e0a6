"""What listeners do: sessions of pages and songs, in the manner of Interana's eventsim."""

from __future__ import annotations

from calendar import timegm
from collections import defaultdict
from collections.abc import Iterator
from random import Random

from .lengths import UNITS
from .music import Music
from .options import DAYS_PER_YEAR, Options
from .pages import FIRST_PAGES, STATES, State
from .people import People, User
from .rhythm import DAY, HOUR, drop, warp
from .tracks import Track

Event = tuple[int, int, int, User, State, Track | None]
"""When (whole seconds since 1970), session, item in session, who, what, and which track."""

_REST_AT_LEAST = 1_800
_ATTRITION = 0.1
_YEAR = DAYS_PER_YEAR * DAY


class Sessions:
    """All events of a world, hour by hour.

    Nothing here depends on how many days are asked for: a longer world begins like a shorter one.
    Memory grows with the number of users and with what they do in the busiest hour.
    """

    def __init__(self, options: Options, music: Music) -> None:
        self._music = music
        self._start = timegm(options.start.timetuple())
        self._end = self._start + options.days * DAY
        self._random = Random(f"{options.seed} sessions")
        self._arrivals = Random(f"{options.seed} arrivals")
        self._people = People(options.seed)
        self._first_users = options.first_users
        self._new_users_per_second = options.first_users * options.growth / _YEAR
        self._next_arrival = self._start + self._until_arrival()
        self._sessions = 0
        self._due: defaultdict[int, list[User]] = defaultdict(list)

    def hours(self) -> Iterator[tuple[int, list[Event]]]:
        """Yield each hour (when it begins) and its events, ordered by time; 24 hours a day.

        Events of one session at the same second are in the order of their items.
        """
        self._gather()
        for hour in range(self._start, self._end, HOUR):
            self._arrive(hour + HOUR)
            events: list[Event] = []
            while due := self._due.pop(hour // HOUR, None):  # some come back within the hour
                for user in due:
                    self._advance(user, hour + HOUR, events)
            events.sort()  # no two are equal in their first three: users are never compared
            yield hour, events

    def _gather(self) -> None:
        """Let the first users rest; they have been listening for a while."""
        for number in range(self._first_users):
            user = self._people.member(self._start)
            if number == 0:  # comes on the first day, so that no world is empty
                self._enter(user, self._start + self._random.random() * DAY)
            else:
                self._rest(user, self._start - 2 * user.rest, self._start)

    def _arrive(self, until: float) -> None:
        """Let new users come who arrive before `until`."""
        while self._next_arrival < until:
            self._enter(self._people.guest(), self._next_arrival)
            self._next_arrival += self._until_arrival()

    def _until_arrival(self) -> float:
        rate = self._new_users_per_second
        return self._arrivals.expovariate(rate) if rate else float("inf")

    def _rest(self, user: User, since: float, earliest: float) -> None:
        """Let a user rest from `since` and come back, but not before `earliest`."""
        moment = since
        while True:
            moment += self._random.expovariate(1 / user.rest)
            back = warp(moment)
            if back >= earliest and self._random.random() >= drop(back):
                break
        self._enter(user, back)

    def _enter(self, user: User, moment: float) -> None:
        """Prepare a user's next session."""
        self._sessions += 1
        user.state, user.item, user.song_ends = None, 0, 0
        user.at, user.session = int(moment), self._sessions
        self._await(user)

    def _await(self, user: User) -> None:
        if user.at < self._end:
            self._due[user.at // HOUR].append(user)

    def _advance(self, user: User, until: int, events: list[Event]) -> None:
        """Let a user do what is to be done before `until`."""
        chance, draw = self._random.random, self._music.draw
        state, at = user.state or self._first_page(user), user.at
        while at < until:
            track = None
            if state.is_play:
                track = draw(self._random)
                user.song_ends = at + track.length // UNITS
            elif state.page == "Submit Registration":
                user.registered = at
            events.append((at, user.session, user.item, user, state, track))
            following = state.follow(chance())
            if following is None:
                self._leave(user, state, at)
                return
            user.item += 1
            at += self._pause(user, following, at)
            state = following
        user.state, user.at = state, at
        self._await(user)

    def _first_page(self, user: User) -> State:
        names, weights = FIRST_PAGES[user.auth, user.level]
        (name,) = self._random.choices(names, cum_weights=weights)
        return STATES[user.auth, user.level, name]

    def _pause(self, user: User, following: State, at: int) -> int:
        """Say how many seconds after `at` the following page comes: a song waits for the last."""
        if following.status == 307:
            return 1
        if following.is_play and user.song_ends > at:
            return user.song_ends - at
        return 1 + int(self._random.expovariate(1 / user.gap))

    def _leave(self, user: User, state: State, at: int) -> None:
        """End a session with the page of a moment; perhaps it was the user's last one."""
        user.auth, user.level = state.after
        gone = self._random.random() < _ATTRITION * user.rest / _YEAR
        if user.auth != "Cancelled" and not gone:
            self._rest(user, at + _REST_AT_LEAST, at + _REST_AT_LEAST)
