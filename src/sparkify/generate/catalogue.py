"""The catalogue: the songs of song_data."""

from __future__ import annotations

from itertools import product
from string import ascii_uppercase
from typing import NamedTuple

import numpy as np

from . import lengths
from .chance import Dice, Floats, Integers, digest, stream
from .names import TITLES, Names
from .options import Options
from .recordings import Recordings
from .words import BIRTHPLACES

_REISSUE_EVERY = 200
_BILLED_OTHERWISE = 0.05
_YEAR_UNKNOWN = 0.30
_FIRST_YEAR, _LAST_YEAR = 1954, 2010
_LETTERS = ["".join(three) for three in product(ascii_uppercase, repeat=3)]
_SPREAD = 0x9E3779B1  # odd: multiplying by it modulo a power of two keeps numbers distinct
_Place = tuple[str, float | None, float | None]


class Song(NamedTuple):
    """A song of the catalogue. length: in units of 1e-5 s; year: 0 when unknown."""

    track_id: str
    song_id: str
    title: str
    artist_id: str
    artist_name: str
    location: str
    latitude: float | None
    longitude: float | None
    length: int
    year: int


class Catalogue:
    """The songs of a world, numbered from 0, the most popular first.

    Every 200th is a reissue: the song before it once more, under ids of its own.
    recordings: what is heard of the songs. plain: the numbers of those that the logs spell as the
    catalogue does, foreign: of the others.
    """

    def __init__(self, options: Options, names: Names) -> None:
        self.size = size = options.songs
        self._names = names
        self._ids = digest(f"{options.seed} ids")
        self._places = digest(f"{options.seed} places")
        chances = stream(options.seed, "songs").random
        self._artists = (chances(size) * (size + size // 50)).astype(np.int64)
        self._years = _years(chances(size), chances(size))
        heard = np.arange(size)
        heard[_REISSUE_EVERY - 1 :: _REISSUE_EVERY] -= 1
        self.recordings = Recordings(
            titles=(chances(size) * TITLES).astype(np.int64),
            artists=self._artists,
            billings=np.where(chances(size) < _BILLED_OTHERWISE, heard, 0),
            lengths=lengths.even(chances(size)),
        ).take(heard)
        is_foreign = self.recordings.is_foreign()
        self.plain, self.foreign = np.flatnonzero(~is_foreign), np.flatnonzero(is_foreign)

    def count_artists(self) -> int:
        """Count the artists who have a song in the catalogue, by artist_id."""
        return len(np.unique(self._artists))

    def song(self, number: int) -> Song:
        """Tell all about a song, 0 to size - 1."""
        title, name = self.recordings.name(self._names, number)
        artist = int(self._artists[number])
        location, latitude, longitude = self._place(artist)
        return Song(
            track_id=f"TRA{self._letters(number, 4)}128F{_distinct(number, 7)}",
            song_id=self._song_id(number),
            title=title.original,
            artist_id=f"AR{self._letters(-artist, 5)}1187{_distinct(artist, 6)}",
            artist_name=name.original,
            location=location,
            latitude=latitude,
            longitude=longitude,
            length=int(self.recordings.lengths[number]),
            year=self.year(number),
        )

    def year(self, number: int) -> int:
        """Tell the year of a song; 0 when unknown."""
        return int(self._years[number])

    def matched(self, number: int) -> int:
        """Tell the number of the song that a play of this song is matched to.

        Of the songs with the same title, artist name and length, that is the one with the smallest
        song_id: this one, its reissue, or what it is a reissue of. (That two others agree in all
        three by chance, down to 1e-5 s, happens in less than one world in a million.)
        """
        twin = number - 1 if _is_reissue(number) else number + 1
        if twin == self.size or _is_reissue(number) == _is_reissue(twin):
            return number
        return min(number, twin, key=self._song_id)

    def _song_id(self, number: int) -> str:
        return f"SO{self._letters(number, 5)}12A8{_distinct(number, 7)}"

    def _letters(self, number: int, count: int) -> str:
        """Choose up to six letters."""
        dice = Dice(self._ids + number)
        return (dice.pick(_LETTERS) + dice.pick(_LETTERS))[:count]

    def _place(self, artist: int) -> _Place:
        """Say where an artist is from: mostly unknown, often without coordinates."""
        dice = Dice(self._places + artist)
        known, place = dice.below(1000), dice.pick(BIRTHPLACES)
        if known < 450:
            return "", None, None
        if known == 450:
            return str(1 + dice.below(500)), None, None
        return place if known >= 650 else (place[0], None, None)


def _years(known: Floats, late: Floats) -> Integers:
    """Turn two series of numbers from 0 up to 1 into years: most of them late, 30 % unknown."""
    years = _LAST_YEAR - (late**2 * (_LAST_YEAR + 1 - _FIRST_YEAR)).astype(np.int64)
    return np.where(known < _YEAR_UNKNOWN, 0, years)


def _is_reissue(number: int) -> bool:
    return number % _REISSUE_EVERY == _REISSUE_EVERY - 1


def _distinct(number: int, digits: int) -> str:
    """Write a number as hexadecimal digits without visible order, distinct below 16 ** digits."""
    return f"{number * _SPREAD % 16**digits:0{digits}X}"
