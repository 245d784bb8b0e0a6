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
        self._form = lru_cache(_LINES_REMEMBERED)(self._line_form)

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
        recordings, names, form = self._music.recordings, self._music.names, self._form
        length_of = recordings.lengths
        for at, session, item, user, state, song in zip(
            *(column.tolist() for column in events), strict=True
        ):
            if song == NO_SONG:
                yield form(user, state) % ("null", item, "null", session, "null", at)
            else:
                title, artist = recordings.name(names, song)
                length = lengths.as_json(int(length_of[song]))
                yield form(user, state) % (artist.json, item, length, session, title.json, at)

    def _line_form(self, user: int, state: int) -> str:
        """Write the line of a user in a state, but for artist, item, length, session, song, ts."""
        seen, who = STATES[state], self._people.user(user)
        first_name = last_name = gender = place = agent = registered = "null"
        number = ""
        if not seen.is_anonymous:
            first_name, last_name = f'"{who.first_name}"', f'"{who.last_name}"'
            gender, place, agent = f'"{who.gender}"', who.place.json, who.agent.json
            registered, number = f"{who.registered}{_MILLISECONDS}.0", str(who.number)
        return (
            f'{{"artist":%s,"auth":"{seen.auth}","firstName":{first_name},"gender":{gender}'
            f',"itemInSession":%d,"lastName":{last_name},"length":%s,"level":"{seen.level}"'
            f',"location":{place},"method":"{seen.method}","page":"{seen.page}"'
            f',"registration":{registered},"sessionId":%d,"song":%s,"status":{seen.status}'
            f',"ts":%d{_MILLISECONDS},"userAgent":{agent},"userId":"{number}"}}'
        )
