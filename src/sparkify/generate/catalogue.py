"""The catalogue: every song is a pure function of the seed and its number."""

from __future__ import annotations

from dataclasses import dataclass, replace

from . import lengths, names
from .chance import Dice, digest
from .options import Options
from .words import BIRTHPLACES

REISSUE_EVERY = 200
"""Every so many songs, one is the song before it once more, under ids of its own."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SPREAD = 0x9E3779B1  # odd: multiplying by it modulo a power of two keeps numbers distinct
_Place = tuple[str, float | None, float | None]


@dataclass(frozen=True, slots=True)
class Song:
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

    @property
    def is_ascii(self) -> bool:
        """Whether the logs spell it as the catalogue does."""
        return self.title.isascii() and self.artist_name.isascii()


class Catalogue:
    """The songs of a world, numbered from 0, the most popular first."""

    def __init__(self, options: Options) -> None:
        self.size = options.songs
        self.artists = options.songs + options.songs // 50
        self._ids = digest(f"{options.seed} ids")
        self._songs = digest(f"{options.seed} songs")
        self._titles = digest(f"{options.seed} titles")
        self._artists = digest(f"{options.seed} artists")
        self._places = digest(f"{options.seed} places")

    def song(self, number: int) -> Song:
        """Make up the song of a number, 0 to size - 1."""
        song = self._original(number)
        if not _is_reissue(number):
            return song
        before = self._original(number - 1)
        return replace(
            song, title=before.title, artist_name=before.artist_name, length=before.length
        )

    def matched(self, number: int) -> int:
        """Tell the number of the song that a play of this song is matched to.

        Of the songs with the same title, artist name and length, that is the one with the smallest
        song_id: this one, its reissue, or what it is a reissue of. (That two others agree in all
        three by chance, down to 1e-5 s, happens in less than one world in a million.)
        """
        twin = number - 1 if _is_reissue(number) else number + 1
        if twin == self.size or _is_reissue(number) == _is_reissue(twin):
            return number
        return min(number, twin, key=lambda one: self._original(one).song_id)

    def spelled(self, number: int, *, plainly: bool) -> int:
        """Find the first song from this one on that the logs spell as the catalogue does, or not.

        Returns the number itself where there is no such song.
        """
        for step in range(self.size):
            found = (number + step) % self.size
            if self.song(found).is_ascii == plainly:
                return found
        return number

    def artist_name(self, artist: int) -> str:
        """Name an artist; those numbered from 0 to artists - 1 may have songs in the catalogue."""
        return names.artist(self._artists + artist)

    def _original(self, number: int) -> Song:
        dice = Dice(self._songs + number)
        artist = dice.below(self.artists)
        location, latitude, longitude = self._place(artist)
        name = self.artist_name(artist)
        return Song(
            track_id=f"TRA{self._id(4 * number, 4)}128F{_distinct(number, 7)}",
            song_id=f"SO{self._id(4 * number + 1, 5)}12A8{_distinct(number, 7)}",
            title=names.title(self._titles + number),
            artist_id=f"AR{self._id(4 * artist + 2, 5)}1187{_distinct(artist, 6)}",
            artist_name=names.billed(name, dice) if dice.below(20) == 0 else name,
            location=location,
            latitude=latitude,
            longitude=longitude,
            length=lengths.in_catalogue(dice),
            year=_year(dice),
        )

    def _id(self, number: int, letters: int) -> str:
        dice = Dice(self._ids + number)
        return "".join([dice.pick(_LETTERS) for _ in range(letters)])

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


def _year(dice: Dice) -> int:
    """Choose a year: 30 % unknown, else 1954 to 2010, most of them late."""
    if dice.below(10) < 3:
        return 0
    return 2010 - dice.below(57) * dice.below(57) // 57
