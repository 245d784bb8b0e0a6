"""The catalogue: every song is a pure function of the seed and its number."""

from __future__ import annotations

from typing import NamedTuple

from . import lengths
from .chance import Dice, digest
from .names import TITLES, Names, Text
from .options import Options
from .words import BIRTHPLACES

REISSUE_EVERY = 200
"""Every so many songs, one is the song before it once more, under ids of its own."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SPREAD = 0x9E3779B1  # odd: multiplying by it modulo a power of two keeps numbers distinct
_Place = tuple[str, float | None, float | None]


class Recording(NamedTuple):
    """What a play can be known by. length: in units of 1e-5 s."""

    title: Text
    artist: Text
    length: int

    @property
    def is_ascii(self) -> bool:
        """Whether the logs spell it as the catalogue does."""
        return self.title.original.isascii() and self.artist.original.isascii()


class Song(NamedTuple):
    """A song of the catalogue. year: 0 when unknown."""

    track_id: str
    song_id: str
    artist_id: str
    recording: Recording
    location: str
    latitude: float | None
    longitude: float | None
    year: int


class Catalogue:
    """The songs of a world, numbered from 0, the most popular first."""

    def __init__(self, options: Options, names: Names) -> None:
        self.size = options.songs
        self._artists = options.songs + options.songs // 50
        self._names = names
        self._songs = digest(f"{options.seed} songs")
        self._ids = digest(f"{options.seed} ids")
        self._years = digest(f"{options.seed} years")
        self._places = digest(f"{options.seed} places")

    def recording(self, number: int) -> Recording:
        """Tell what is heard of a song, 0 to size - 1."""
        dice = Dice(self._songs + (number - 1 if _is_reissue(number) else number))
        artist = dice.below(self._artists)
        title = self._names.title(dice.below(TITLES))
        billing = 0 if dice.below(20) else number
        return Recording(title, self._names.artist(artist, billing), lengths.in_catalogue(dice))

    def song(self, number: int) -> Song:
        """Tell all about a song, 0 to size - 1."""
        artist = self._artist_of(number)
        location, latitude, longitude = self._place(artist)
        return Song(
            track_id=f"TRA{self._letters(number, 4)}128F{_distinct(number, 7)}",
            song_id=self._song_id(number),
            artist_id=f"AR{self._letters(-artist, 5)}1187{_distinct(artist, 6)}",
            recording=self.recording(number),
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

    def spelled(self, number: int, *, plainly: bool) -> int:
        """Find the first song from this one on that the logs spell as the catalogue does, or not.

        Returns the number itself where there is no such song.
        """
        for step in range(self.size):
            found = (number + step) % self.size
            if self.recording(found).is_ascii == plainly:
                return found
        return number

    def _artist_of(self, number: int) -> int:
        return Dice(self._songs + number).below(self._artists)

    def _song_id(self, number: int) -> str:
        return f"SO{self._letters(number, 5)}12A8{_distinct(number, 7)}"

    def _letters(self, number: int, count: int) -> str:
        dice = Dice(self._ids + number)
        return "".join([dice.pick(_LETTERS) for _ in range(count)])

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
    return number % REISSUE_EVERY == REISSUE_EVERY - 1


def _distinct(number: int, digits: int) -> str:
    """Write a number as hexadecimal digits without visible order, distinct below 16 ** digits."""
    return f"{number * _SPREAD % 16**digits:0{digits}X}"
