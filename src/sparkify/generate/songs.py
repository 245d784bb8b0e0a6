"""The song files, as S3 has them: one tiny file a song, spread over 676 folders."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from ..progress import Progress
from . import lengths
from .catalogue import Catalogue, Song
from .music import Music
from .options import Options

STEP = "writing the song files"
TELL_EVERY = 1_000
WORTH_A_PROCESS = 50_000
"""From how many songs on a process of their own writes them, while the logs are written."""


class SongFiles:
    """Song files on their way."""

    def __init__(self, total: int, tidings: Iterator[int]) -> None:
        self._total = total
        self._tidings = tidings

    def wait(self, progress: Progress) -> None:
        """Wait until all are written."""
        for done in self._tidings:
            progress(STEP, done, self._total, "files")


@contextmanager
def writing(folder: Path, options: Options, music: Music) -> Iterator[SongFiles]:
    """Write the song files below a new folder; many of them beside the body of the `with`.

    They are there when `wait` of the result has returned. Raises OSError (from `wait`).
    """
    if options.songs < WORTH_A_PROCESS:
        yield SongFiles(options.songs, write(folder, music.catalogue))
        return
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_write_and_tell, args=(folder, options, there), daemon=True)
    process.start()
    there.close()
    try:
        yield SongFiles(options.songs, _listen(here))
    finally:
        process.terminate()
        process.join()
        here.close()


def _write_and_tell(folder: Path, options: Options, tidings: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits
    try:
        for done in write(folder, Music(options).catalogue):
            tidings.send(done)
    except BrokenPipeError:
        return  # nobody waits any more
    except OSError as error:
        tidings.send(error)
    tidings.close()


def _listen(tidings: Connection) -> Iterator[int]:
    while True:
        try:
            heard: int | OSError = tidings.recv()
        except EOFError:
            return
        if isinstance(heard, OSError):
            raise heard
        yield heard


def write(folder: Path, catalogue: Catalogue) -> Iterator[int]:
    """Write all song files below a new folder; yield from time to time how many there are."""
    folder.mkdir()
    made = set()
    for number in range(catalogue.size):
        song = catalogue.song(number)
        place = "/".join(song.track_id[2:5])
        if place not in made:
            (folder / place).mkdir(parents=True)
            made.add(place)
        _write_file(f"{folder}/{place}/{song.track_id}.json", as_json(song).encode("ascii"))
        if (number + 1) % TELL_EVERY == 0:
            yield number + 1
    yield catalogue.size


def _write_file(path: str, content: bytes) -> None:
    # Not Path.write_bytes: it takes twice as long, and there may be a million files.
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        os.write(file, content)
    finally:
        os.close(file)


def as_json(song: Song) -> str:
    """Write a song as S3 has it: keys in alphabetical order, compact, ASCII."""
    return json.dumps(
        {
            "artist_id": song.artist_id,
            "artist_latitude": song.latitude,
            "artist_location": _text(song.location),
            "artist_longitude": song.longitude,
            "artist_name": _text(song.artist_name),
            "duration": song.length / lengths.UNITS,
            "num_songs": 1,
            "song_id": song.song_id,
            "title": _text(song.title),
            "year": song.year,
        },
        separators=(",", ":"),
    )


def _text(text: str) -> str | int:
    """Write a text of digits as a bare number, as the real files do."""
    return int(text) if text.isdigit() else text
