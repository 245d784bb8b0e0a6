"""The log files, as eventsim wrote them: a file a UTC day, a line an event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from . import lengths
from .music import Music
from .people import People
from .sessions import NO_SONG, Events
from .states import STATES

KEYS = (
    *("artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level"),
    *("location", "method", "page", "registration", "sessionId", "song", "status", "ts"),
    *("userAgent", "userId"),
)
"""The keys of an event, in the order of log_json_path.json."""

_MILLISECONDS = "796"
"""The constant part of a second that every moment in the real logs has."""

_LINES_REMEMBERED = 1 << 13


def write_jsonpaths(path: Path) -> None:
    """Write log_json_path.json."""
    paths = ",\n".join(f"\"$['{key}']\"" for key in KEYS)
    path.write_bytes(f'{{\n"jsonpaths": [\n{paths}\n]\n}}'.encode())


class LogFiles:
    """The log files of a new folder, written from the first hour to the last."""

    def __init__(self, folder: Path, music: Music, people: People) -> None:
        folder.mkdir()
        self._folder = folder
        self._music = music
        self._people = people
        self._pieces = lru_cache(_LINES_REMEMBERED)(self._line_pieces)

    def append(self, hour: int, events: Events) -> None:
        """Append the events of an hour (which begins so many seconds after 1970) to its day."""
        text = "\n".join(self._lines(events))
        if not text:
            return
        path = self._folder / f"{datetime.fromtimestamp(hour, UTC):%Y/%m/%Y-%m-%d}-events.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            if file.tell():
                file.write(b"\n")
            file.write(text.encode("ascii"))

    def _lines(self, events: Events) -> Iterator[str]:
        names, pieces, as_json = self._music.names, self._pieces, lengths.as_json
        is_play = (events.song != NO_SONG).tolist()
        heard = self._music.recordings.take(events.song)
        for at, session, item, user, state, plays, title, artist, billing, length in zip(
            *(column.tolist() for column in events[:5]),
            is_play,
            *(column.tolist() for column in heard),
            strict=True,
        ):
            a, b, c, d, e, f, g = pieces(user, state)
            if plays:
                yield (
                    f"{a}{names.artist(artist, billing).json}{b}{item}{c}{as_json(length)}"
                    f"{d}{session}{e}{names.title(title).json}{f}{at}{g}"
                )
            else:
                yield f"{a}null{b}{item}{c}null{d}{session}{e}null{f}{at}{g}"

    def _line_pieces(self, user: int, state: int) -> list[str]:
        """Write the line of a user in a state, cut in seven where other things are to be put.

        These are artist, itemInSession, length, sessionId, song and ts.
        """
        seen, who = STATES[state], self._people.user(user)
        first_name = last_name = gender = place = agent = registered = "null"
        number = ""
        if not seen.is_anonymous:
            first_name, last_name = f'"{who.first_name}"', f'"{who.last_name}"'
            gender, place, agent = f'"{who.gender}"', who.place.json, who.agent.json
            registered, number = f"{who.registered}{_MILLISECONDS}.0", str(who.number)
        return [
            '{"artist":',
            f',"auth":"{seen.auth}","firstName":{first_name},"gender":{gender},"itemInSession":',
            f',"lastName":{last_name},"length":',
            f',"level":"{seen.level}","location":{place},"method":"{seen.method}"'
            f',"page":"{seen.page}","registration":{registered},"sessionId":',
            ',"song":',
            f',"status":{seen.status},"ts":',
            f'{_MILLISECONDS},"userAgent":{agent},"userId":"{number}"}}',
        ]
