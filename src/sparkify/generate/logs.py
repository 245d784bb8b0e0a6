"""The log files, as eventsim wrote them: a file a UTC day, a line an event."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from . import lengths
from .people import MILLISECONDS
from .sessions import Event

JSONPATHS = (
    *("artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level"),
    *("location", "method", "page", "registration", "sessionId", "song", "status", "ts"),
    *("userAgent", "userId"),
)
"""The keys of an event, in the order in which log_json_path.json names them."""


def write_jsonpaths(path: Path) -> None:
    """Write log_json_path.json."""
    paths = ",\n".join(f"\"$['{key}']\"" for key in JSONPATHS)
    path.write_bytes(f'{{\n"jsonpaths": [\n{paths}\n]\n}}'.encode())


class LogFiles:
    """The log files of a folder, written from the first hour to the last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()

    def append(self, hour: int, events: Iterable[Event]) -> None:
        """Append the events of an hour (which begins so many seconds after 1970) to its day."""
        text = "\n".join([line(event) for event in events])
        if not text:
            return
        path = self._folder / f"{datetime.fromtimestamp(hour, UTC):%Y/%m/%Y-%m-%d}-events.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            if file.tell():
                file.write(b"\n")
            file.write(text.encode("ascii"))


def line(event: Event) -> str:
    """Write an event as JSON; who is not logged in is not named."""
    at, session, item, user, state, track = event
    if state.is_anonymous:
        return (
            f'{{"artist":null,"auth":"{state.auth}","firstName":null,"gender":null'
            f',"itemInSession":{item},"lastName":null,"length":null,"level":"{state.level}"'
            f',"location":null,"method":"{state.method}","page":"{state.page}"'
            f',"registration":null,"sessionId":{session},"song":null,"status":{state.status}'
            f',"ts":{at}{MILLISECONDS},"userAgent":null,"userId":""}}'
        )
    artist, length, song = "null", "null", "null"
    if track is not None:
        artist, length, song = track.artist.json, lengths.as_json(track.length), track.title.json
    return (
        f'{{"artist":{artist},"auth":"{state.auth}","firstName":"{user.first_name}"'
        f',"gender":"{user.gender}","itemInSession":{item},"lastName":"{user.last_name}"'
        f',"length":{length},"level":"{state.level}","location":{user.place.json}'
        f',"method":"{state.method}","page":"{state.page}"'
        f',"registration":{user.registered}{MILLISECONDS}.0,"sessionId":{session},"song":{song}'
        f',"status":{state.status},"ts":{at}{MILLISECONDS},"userAgent":{user.agent.json}'
        f',"userId":"{user.number}"}}'
    )
