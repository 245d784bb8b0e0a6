"""The song files, as S3 has them: one tiny file a song, spread over 676 folders."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from . import lengths
from .catalogue import Catalogue, Song

_encode = json.JSONEncoder(separators=(",", ":")).encode


class SongFiles:
    """The song files of a folder."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self._folder = folder
        self._catalogue = catalogue
        self._places: set[str] = set()

    def write(self, numbers: Iterable[int]) -> None:
        """Write the files of songs, given by number."""
        for number in numbers:
            song = self._catalogue.song(number)
            place = "/".join(song.track_id[2:5])
            if place not in self._places:
                (self._folder / place).mkdir(parents=True, exist_ok=True)
                self._places.add(place)
            _write(f"{self._folder}/{place}/{song.track_id}.json", as_json(song).encode("ascii"))


def _write(path: str, content: bytes) -> None:
    # Not Path.write_bytes: it takes twice as long, and there may be a million files.
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        os.write(file, content)
    finally:
        os.close(file)


def as_json(song: Song) -> str:
    """Write a song as S3 has it: keys in alphabetical order, compact, ASCII."""
    return _encode(
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
        }
    )


def _text(text: str) -> str | int:
    """Write a text of digits as a bare number, as some real files do."""
    return int(text) if text.isdigit() else text
