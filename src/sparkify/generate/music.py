"""What can be heard: the songs of the catalogue (song_data), and others that are not in it."""

from __future__ import annotations

from itertools import product
from string import ascii_uppercase
from typing import NamedTuple

import numpy as np

from .options import Options
from .words import (
    BIRTHPLACES,
    TITLES,
    Dice,
    Flags,
    Floats,
    Integers,
    LongTail,
    Names,
    Text,
    digest,
    is_foreign,
    stream,
)

UNITS = 100_000
"""Lengths are counted in units of 1e-5 seconds, so that sums of them are exact."""

NOT_FOUND = -1

_LENGTHS = (
    (0.0, 12.0),
    (0.001, 27.0),
    (0.01, 67.5),
    (0.05, 138.0),
    (0.1, 163.0),
    (0.25, 197.5),
    (0.5, 233.0),
    (0.75, 274.0),
    (0.9, 339.0),
    (0.95, 397.0),
    (0.99, 587.0),
    (0.999, 1300.0),
    (1.0, 2590.0),
)
"""Quantiles of the real songs' lengths, in seconds."""

_REISSUE_EVERY = 200
_BILLED_OTHERWISE = 0.05
_YEAR_UNKNOWN = 0.30
_FIRST_YEAR, _LAST_YEAR = 1954, 2010
_LETTERS = ["".join(three) for three in product(ascii_uppercase, repeat=3)]
_SPREAD = 0x9E3779B1  # odd: multiplying by it modulo a power of two keeps numbers distinct
_OTHERS = 385_000
_OTHER_ARTISTS = 20_000
_NEAR_MISSES = 0.002
_Place = tuple[str, float | None, float | None]


class Recordings(NamedTuple):
    """Songs as columns of one size, each song known by its number from 0.

    titles, artists, billings: numbers of `Names`. lengths: in units of 1e-5 s.
    """

    titles: Integers
    artists: Integers
    billings: Integers
    lengths: Integers

    def take(self, numbers: Integers) -> Recordings:
        """Return some of the songs, numbered from 0."""
        return Recordings(*(column[numbers] for column in self))

    def name(self, names: Names, number: int) -> tuple[Text, Text]:
        """Return title and artist of a song."""
        title = names.title(int(self.titles[number]))
        return title, names.artist(int(self.artists[number]), int(self.billings[number]))


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
    """The songs of song_data, numbered from 0, the most popular first.

    Every 200th is a reissue: the song before it once more, under ids of its own.
    recordings: what is heard of the songs. plain: the numbers of those that the logs spell as the
    catalogue does; foreign: of the others.
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
            lengths=_even_lengths(chances(size)),
        ).take(heard)
        misspelled: Flags = is_foreign(self.recordings.titles, self.recordings.artists)
        self.plain, self.foreign = np.flatnonzero(~misspelled), np.flatnonzero(misspelled)

    def count_artists(self) -> int:
        """Return the number of artists, by artist_id."""
        return len(np.unique(self._artists))

    def song(self, number: int) -> Song:
        """Return a song, 0 to size - 1."""
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
        """Return the year of a song; 0 when unknown."""
        return int(self._years[number])

    def matched(self, number: int) -> int:
        """Return the number of the song that a play of this song is matched to.

        Of the songs with the same title, artist name and length, that is the one with the smallest
        song_id: this one, its reissue, or what it is a reissue of. (That two others agree in all
        three by chance, down to 1e-5 s, happens less than once in a million seeds.)
        """
        twin = number - 1 if _is_reissue(number) else number + 1
        if twin == self.size or _is_reissue(number) == _is_reissue(twin):
            return number
        return min(number, twin, key=self._song_id)

    def _song_id(self, number: int) -> str:
        return f"SO{self._letters(number, 5)}12A8{_distinct(number, 7)}"

    def _letters(self, number: int, count: int) -> str:
        """Return up to six random letters."""
        dice = Dice(self._ids + number)
        return (dice.pick(_LETTERS) + dice.pick(_LETTERS))[:count]

    def _place(self, artist: int) -> _Place:
        """Return where an artist is from: mostly unknown, often without coordinates."""
        dice = Dice(self._places + artist)
        known, place = dice.below(1000), dice.pick(BIRTHPLACES)
        if known < 450:
            return "", None, None
        if known == 450:
            return str(1 + dice.below(500)), None, None
        return place if known >= 650 else (place[0], None, None)


class Music:
    """Everything that can be played.

    recordings: the songs of the catalogue, which keep their numbers, then all others. found: the
    number of the catalogue's song that each of them is, or NOT_FOUND.
    """

    def __init__(self, options: Options) -> None:
        self.names = Names(options.seed)
        self.catalogue = Catalogue(options, self.names)
        others, found = _others(options.seed, self.catalogue)
        both = zip(self.catalogue.recordings, others, strict=True)
        self.recordings = Recordings(*map(np.concatenate, both))
        self.found = np.append(np.arange(options.songs), found)
        self._match_share = options.match_share
        self._songs = self.catalogue.plain if len(self.catalogue.plain) else self.catalogue.foreign
        self._song_tail = LongTail(len(self._songs), bend=12, power=0.1)
        self._other_tail = LongTail(_OTHERS, bend=12, power=0.1)

    def choose(self, chances: Floats) -> Integers:
        """Turn chances into the numbers of songs that are played."""
        share = self._match_share
        known = chances < share
        chosen = np.empty(len(chances), np.int64)
        chosen[known] = self._songs[self._song_tail.ranks(chances[known] / share)]
        others = (chances[~known] - share) / (1 - share)
        chosen[~known] = self.catalogue.size + self._other_tail.ranks(others)
        return chosen


def _others(seed: int, catalogue: Catalogue) -> tuple[Recordings, Integers]:
    """Return songs that are not in the catalogue, the most popular first, and what they are in it.

    A few are in it: half of them of another length, so that their plays do not match, half of them
    misspelled in the logs, so that theirs match as soon as text encoded twice is mended. The second
    value has the numbers of the latter in the catalogue, NOT_FOUND for all others.
    """
    chances = stream(seed, "others").random
    artists = LongTail(_OTHER_ARTISTS, bend=20, power=0.05)
    others = Recordings(
        titles=(chances(_OTHERS) * TITLES).astype(np.int64),
        artists=artists.ranks(chances(_OTHERS)),
        billings=np.zeros(_OTHERS, np.int64),
        lengths=_even_lengths(chances(_OTHERS)) | 1,  # odd: none of them matches by chance
    )
    kind, which = chances(_OTHERS), chances(_OTHERS)
    plain, foreign = kind < _NEAR_MISSES / 2, kind > 1 - _NEAR_MISSES / 2
    found = np.full(_OTHERS, NOT_FOUND)
    for numbers, songs in ((plain, catalogue.plain), (foreign, catalogue.foreign)):
        if len(songs):
            chosen = songs[(which[numbers] * len(songs)).astype(np.int64)]
            near = catalogue.recordings.take(chosen)
            others.titles[numbers] = near.titles
            others.artists[numbers] = near.artists
            others.billings[numbers] = near.billings
            if numbers is foreign:
                others.lengths[numbers] = near.lengths
                found[numbers] = chosen
    return others, found


def _even_lengths(chances: Floats) -> Integers:
    """Turn chances into lengths of songs as in the real catalogue, all of them even numbers."""
    shares, seconds = np.array(_LENGTHS).T
    lengths: Integers = np.interp(chances, shares, seconds * UNITS).astype(np.int64)
    return lengths & ~1


def _years(known: Floats, late: Floats) -> Integers:
    """Turn two series of chances into years: most of them late, 30 % unknown."""
    years = _LAST_YEAR - (late**2 * (_LAST_YEAR + 1 - _FIRST_YEAR)).astype(np.int64)
    return np.where(known < _YEAR_UNKNOWN, 0, years)


def _is_reissue(number: int) -> bool:
    return number % _REISSUE_EVERY == _REISSUE_EVERY - 1


def _distinct(number: int, digits: int) -> str:
    """Return hexadecimal digits without visible order, distinct for numbers below 16 ** digits."""
    return f"{number * _SPREAD % 16**digits:0{digits}X}"
