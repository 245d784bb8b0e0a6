"""Writing the files, alone or in two processes: both simulate everything, each writes a share."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ..progress import Progress, silent
from .behaviour import DAY, EPOCH, IS_ANONYMOUS, STATES, millisecond
from .expected_results import Tally, expected_results
from .folder import EXPECTED_RESULTS, LOG_DATA, LOG_JSONPATHS, SONG_DATA
from .music import UNITS, Music, Song
from .options import Options
from .people import People
from .sessions import BLOCK, NO_SONG, Events, Sessions
from .words import Integers

_KEYS = (
    *("artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level"),
    *("location", "method", "page", "registration", "sessionId", "song", "status", "ts"),
    *("userAgent", "userId"),
)
"""The keys of an event, in the order of log_json_path.json."""

_WORTH_TWO_PROCESSES = 100_000
_SONGS_AT_ONCE = 1_000
_LINES_AT_ONCE = 4_096
_USERS_REMEMBERED = 1 << 13
_Numbers = TypeVar("_Numbers", int, Integers)
_encode = json.JSONEncoder(separators=(",", ":")).encode


def write(folder: Path, options: Options, progress: Progress) -> dict[str, Any]:
    """Write everything into an empty folder and return the expected results. Raises OSError."""
    (folder / LOG_DATA).mkdir()
    (folder / SONG_DATA).mkdir()
    paths = ",\n".join(f"\"$['{key}']\"" for key in _KEYS)
    (folder / LOG_JSONPATHS).write_bytes(f'{{\n"jsonpaths": [\n{paths}\n]\n}}'.encode())
    if options.songs + options.first_users * options.days < _WORTH_TWO_PROCESSES:
        found = _write_share(folder, options, 0, 1, progress)
    else:
        with helping(_help, folder, options):
            found = _write_share(folder, options, 0, 2, progress)
    (folder / EXPECTED_RESULTS).write_text(json.dumps(found, indent=1) + "\n", encoding="ascii")
    return found


def _help(folder: Path, options: Options) -> None:
    """Write the second share of two."""
    writer = _Writer(folder, options, 1, 2)
    for run in range(options.runs):
        for _ in writer.logs(run, silent):
            pass
    writer.songs(silent)


def _write_share(
    folder: Path, options: Options, share: int, shares: int, progress: Progress
) -> dict[str, Any]:
    """Write a share and count everything."""
    writer = _Writer(folder, options, share, shares)
    first_day = (options.start - EPOCH).days
    tally = Tally(
        writer.music.recordings.lengths, writer.people.server, first_day, options.all_days
    )
    for run in range(options.runs):
        for events in writer.logs(run, progress):
            tally.add(events)
        tally.end_sessions()
    writer.songs(progress)
    return expected_results(options, writer.music, writer.people, tally)


class _Writer:
    """Writes every `shares`-th day and song, beginning with number `share`."""

    def __init__(self, folder: Path, options: Options, share: int, shares: int) -> None:
        self.music = Music(options)
        self.people = People(options)
        self._folder = folder
        self._options = options
        self._share = share
        self._shares = shares
        self._song_folders: set[str] = set()

    def logs(self, run: int, progress: Progress) -> Iterator[Events]:
        """Write the logs of this share and a run; yield all events, also of the other share."""
        files = _LogFiles(self._folder / LOG_DATA, self.music, self.people)
        blocks = Sessions(self._options, self.music, self.people, run).blocks()
        days = self._options.days
        for day in range(days):
            for events in islice(blocks, DAY // BLOCK):
                if day % self._shares == self._share:
                    files.append(events)
                yield events
            progress(
                "writing the log files", run * days + day + 1, self._options.runs * days, "days"
            )

    def songs(self, progress: Progress) -> None:
        """Write the song files of this share."""
        total = self._options.songs
        numbers = range(self._share, total, self._shares)
        for first in range(0, len(numbers), _SONGS_AT_ONCE):
            some = numbers[first : first + _SONGS_AT_ONCE]
            for number in some:
                self._write_song(self.music.catalogue.song(number))
            progress("writing the song files", min(some[-1] + self._shares, total), total, "files")

    def _write_song(self, song: Song) -> None:
        """Write a song as S3 has it: a tiny file, in one of 676 folders."""
        folder = f"{self._folder}/{SONG_DATA}/{'/'.join(song.track_id[2:5])}"
        if folder not in self._song_folders:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self._song_folders.add(folder)
        # Not Path.write_bytes: it takes twice as long, and there may be a million files.
        path = f"{folder}/{song.track_id}.json"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            os.write(file, _as_json(song).encode("ascii"))
        finally:
            os.close(file)


# Logs, as eventsim wrote them: a file a UTC day, a line an event


class _UserPieces(NamedTuple):
    until_item: str
    until_length: str
    place: str
    registered: str
    end: str


class _StatePieces(NamedTuple):
    auth: str
    level: str
    page: str
    status: str


class _LogFiles:
    """The log files of a new folder, written from the first event to the last."""

    def __init__(self, folder: Path, music: Music, people: People) -> None:
        self._folder = folder
        self._music = music
        self._people = people
        self._user_pieces = lru_cache(_USERS_REMEMBERED)(self._pieces_of_user)
        self._state_pieces = [
            _StatePieces(
                auth=f',"auth":"{state.auth}"',
                level=f',"level":"{state.level}"',
                page=f',"method":"{state.method}","page":"{state.page}"',
                status=f',"status":{state.status},"ts":',
            )
            for state in STATES
        ]

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
        # Where no user is logged in, the logs name an anonymous user of the server.
        anonymous = _anonymous(self._people.server[events.user])
        users = np.where(IS_ANONYMOUS[events.state], anonymous, events.user)
        for at, session, item, song, user, state, title, artist, length in zip(
            events.at.tolist(),
            events.session.tolist(),
            events.item.tolist(),
            events.song.tolist(),
            map(self._user_pieces, users.tolist()),
            map(self._state_pieces.__getitem__, events.state.tolist()),
            map(names.title, heard.titles.tolist()),
            map(names.artist, heard.artists.tolist(), heard.billings.tolist()),
            (heard.lengths / UNITS).tolist(),
            strict=True,
        ):
            by, seconds, name = "null", "null", "null"
            if song != NO_SONG:
                by, seconds, name = artist.json, repr(length), title.json
            yield (
                f'{{"artist":{by}{state.auth}{user.until_item}{item}{user.until_length}{seconds}'
                f'{state.level}{user.place}{state.page}{user.registered},"sessionId":{session}'
                f',"song":{name}{state.status}{at}{user.end}'
            )

    def _pieces_of_user(self, user: int) -> _UserPieces:
        first_name = last_name = gender = place = agent = registered = "null"
        number, fraction = "", f"{millisecond(_anonymous(user)):03}"
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


def _anonymous(server: _Numbers) -> _Numbers:
    """Turn servers into the numbers of their anonymous users, below 0, and these into servers."""
    return -1 - server


def _as_json(song: Song) -> str:
    """Return a song in compact ASCII, keys in alphabetical order."""
    return _encode(
        {
            "artist_id": song.artist_id,
            "artist_latitude": song.latitude,
            "artist_location": _text(song.location),
            "artist_longitude": song.longitude,
            "artist_name": _text(song.artist_name),
            "duration": song.length / UNITS,
            "num_songs": 1,
            "song_id": song.song_id,
            "title": _text(song.title),
            "year": song.year,
        }
    )


def _text(text: str) -> str | int:
    """Return a text of digits as a bare number, as some real files have it."""
    return int(text) if text.isdigit() else text


# A second process for half of the work


@contextmanager
def helping(work: Callable[..., None], *arguments: Any) -> Iterator[None]:
    """Run `work(*arguments)` in another process beside the body of the `with`; wait for its end.

    The process ends with this one, however that ends. Raises the OSError that `work` raised.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_run, args=(there, work, arguments), daemon=True)
    process.start()
    there.close()
    try:
        yield
        try:
            error: OSError | None = here.recv()
        except EOFError:
            error = ChildProcessError("the helping process ended early")
        if error is not None:
            raise error
        process.join()
    finally:
        process.terminate()
        process.join()
        here.close()


def _run(there: Connection, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent process
    threading.Thread(target=_exit_with, args=(there,), daemon=True).start()
    error = None
    try:
        work(*arguments)
    except OSError as raised:
        error = raised
    there.send(error)


def _exit_with(there: Connection) -> None:
    """Wait for the end of the parent process, then exit at once."""
    try:
        there.recv()
    except (EOFError, OSError):
        os._exit(1)
