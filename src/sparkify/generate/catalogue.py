"""The catalogue: which songs there are, all of it decided by the seed and the song's number."""

from __future__ import annotations

from itertools import product
from string import ascii_uppercase
from typing import NamedTuple

import numpy as np

from . import lengths
from .chance import Dice, ManyDice, digest
from .names import TITLES, Names
from .options import Options
from .tracks import Track, Tracks
from .words import BIRTHPLACES

_REISSUE_EVERY = 200
_LETTERS = ["".join(three) for three in product(ascii_uppercase, repeat=3)]
_SPREAD = 0x9E3779B1  # odd: multiplying by it modulo a power of two keeps numbers distinct
_Place = tuple[str, float | None, float | None]


class Song(NamedTuple):
    """A song of the catalogue. year: 0 when unknown."""

    track_id: str
    song_id: str
    artist_id: str
    track: Track
    location: str
    latitude: float | None
    longitude: float | None
    year: int


class Catalogue:
    """The songs of a world, numbered from 0, the most popular first.

    Every 200th is a reissue: the song before it once more, under ids of its own.
    """

    def __init__(self, options: Options, names: Names) -> None:
        self.size = size = options.songs
        self._ids = digest(f"{options.seed} ids")
        self._years = digest(f"{options.seed} years")
        self._places = digest(f"{options.seed} places")
        dice = ManyDice(digest(f"{options.seed} songs"), size)
        self._artists = artists = dice.below(size + size // 50)
        heard = np.arange(size)
        heard[_REISSUE_EVERY - 1 :: _REISSUE_EVERY] -= 1
        self._tracks = Tracks(
            names,
            0,
            titles=dice.below(TITLES)[heard],
            artists=artists[heard],
            billings=np.where(dice.below(20) == 0, heard, 0),
            lengths=lengths.even(ManyDice(digest(f"{options.seed} lengths"), size))[heard],
        )
        self.track = self._tracks.track

    def count_artists(self) -> int:
        """Count the artists who have a song in the catalogue, by artist_id."""
        return len(np.unique(self._artists))

    def song(self, number: int) -> Song:
        """Tell all about a song, 0 to size - 1."""
        artist = int(self._artists[number])
        location, latitude, longitude = self._place(artist)
        return Song(
            track_id=f"TRA{self._letters(number, 4)}128F{_distinct(number, 7)}",
            song_id=self._song_id(number),
            artist_id=f"AR{self._letters(-artist, 5)}1187{_distinct(artist, 6)}",
            track=self.track(number),
            location=location,
            latitude=latitude,
            longitude=longitude,
            year=self.year(number),
        )

    def year(self, number: int) -> int:
        """Tell a song's year: 30 % are unknown (0), the others 1954 to 2010, most of them late."""
        dice = Dice(self._years + number)
        return 0 if dice.below(10) < 3 else 2010 - dice.below(57) * dice.below(57) // 56

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

    def spelled(self, number: int, *, plainly: bool) -> Track:
        """Find the first song from this one on that the logs spell as it is, or do not.

        Returns the song itself where there is no such song.
        """
        for step in range(self.size):
            found = self.track((number + step) % self.size)
            if found.is_ascii == plainly:
                return found
        return self.track(number)

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


def _is_reissue(number: int) -> bool:
    return number % _REISSUE_EVERY == _REISSUE_EVERY - 1


def _distinct(number: int, digits: int) -> str:
    """Write a number as hexadecimal digits without visible order, distinct below 16 ** digits."""
    return f"{number * _SPREAD % 16**digits:0{digits}X}"
