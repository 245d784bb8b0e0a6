"""The log files, as eventsim wrote them: a file a UTC day, a line an event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from . import lengths
from .chance import Integers
from .music import Music
from .people import People
from .rhythm import millisecond
from .sessions import NO_SONG, Events
from .states import IS_ANONYMOUS, STATES, State

KEYS = (
    *("artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level"),
    *("location", "method", "page", "registration", "sessionId", "song", "status", "ts"),
    *("userAgent", "userId"),
)
"""The keys of an event, in the order of log_json_path.json."""

_LINES_AT_ONCE = 4_096
_USERS_REMEMBERED = 1 << 13
_Numbers = TypeVar("_Numbers", int, Integers)


class _UserPieces(NamedTuple):
    """What a line holds of a user, between what else it holds."""

    until_item: str
    until_length: str
    place: str
    registered: str
    end: str


class _StatePieces(NamedTuple):
    """What a line holds of a state, between what else it holds."""

    auth: str
    level: str
    page: str
    status: str


def write_jsonpaths(path: Path) -> None:
    """Write log_json_path.json."""
    paths = ",\n".join(f"\"$['{key}']\"" for key in KEYS)
    path.write_bytes(f'{{\n"jsonpaths": [\n{paths}\n]\n}}'.encode())


class LogFiles:
    """The log files of a new folder, written from the first event to the last."""

    def __init__(self, folder: Path, music: Music, people: People) -> None:
        self._folder = folder
        self._music = music
        self._people = people
        self._user_pieces = lru_cache(_USERS_REMEMBERED)(self._pieces_of_user)
        self._state_pieces = [_pieces_of_state(state) for state in STATES]

    def append(self, events: Events) -> None:
        """Append events of one day to its file, in their order."""
        if not len(events.at):
            return
        day = datetime.fromtimestamp(int(events.at[0]), UTC)
        path = self._folder / f"{day:%Y/%m/%Y-%m-%d}-events.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            for first in range(0, len(events.at), _LINES_AT_ONCE):
                some = slice(first, first + _LINES_AT_ONCE)
                lines = self._lines(Events(*(column[some] for column in events)))
                separator = b"\n" if file.tell() else b""
                file.write(separator + "\n".join(lines).encode("ascii"))

    def _lines(self, events: Events) -> Iterator[str]:
        names, heard = self._music.names, self._music.recordings.take(events.song)
        for at, session, item, song, user, state, title, artist, length in zip(
            events.at.tolist(),
            events.session.tolist(),
            events.item.tolist(),
            events.song.tolist(),
            map(self._user_pieces, self._named(events).tolist()),
            map(self._state_pieces.__getitem__, events.state.tolist()),
            map(names.title, heard.titles.tolist()),
            map(names.artist, heard.artists.tolist(), heard.billings.tolist()),
            lengths.in_seconds(heard.lengths),
            strict=True,
        ):
            if song == NO_SONG:
                yield (
                    f'{{"artist":null{state.auth}{user.until_item}{item}{user.until_length}null'
                    f'{state.level}{user.place}{state.page}{user.registered},"sessionId":{session}'
                    f',"song":null{state.status}{at}{user.end}'
                )
            else:
                yield (
                    f'{{"artist":{artist.json}{state.auth}{user.until_item}{item}'
                    f"{user.until_length}{length!r}{state.level}{user.place}{state.page}"
                    f'{user.registered},"sessionId":{session},"song":{title.json}{state.status}'
                    f"{at}{user.end}"
                )

    def _named(self, events: Events) -> Integers:
        """Return whom the logs name: where nobody is logged in, a nobody of the server."""
        nobody = _nobody(self._people.server[events.user])
        return np.where(IS_ANONYMOUS[events.state], nobody, events.user)

    def _pieces_of_user(self, user: int) -> _UserPieces:
        first_name = last_name = gender = place = agent = registered = "null"
        number, fraction = "", f"{millisecond(_nobody(user)):03}"
        if user >= 0:
            who = self._people.user(user)
            first_name, last_name = f'"{who.first_name}"', f'"{who.last_name}"'
            gender, place, agent = f'"{who.gender}"', who.place.json, who.agent.json
            fraction = f"{millisecond(who.server):03}"
            registered, number = f"{who.registered}{fraction}.0", str(who.number)
        return _UserPieces(
            until_item=f',"firstName":{first_name},"gender":{gender},"itemInSession":',
            until_length=f',"lastName":{last_name},"length":',
            place=f',"location":{place}',
            registered=f',"registration":{registered}',
            end=f'{fraction},"userAgent":{agent},"userId":"{number}"}}',
        )


def _pieces_of_state(state: State) -> _StatePieces:
    return _StatePieces(
        auth=f',"auth":"{state.auth}"',
        level=f',"level":"{state.level}"',
        page=f',"method":"{state.method}","page":"{state.page}"',
        status=f',"status":{state.status},"ts":',
    )


def _nobody(server: _Numbers) -> _Numbers:
    """Turn servers into the numbers of those who are nobody there, below 0, and these back."""
    return -1 - server
