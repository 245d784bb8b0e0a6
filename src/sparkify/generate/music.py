"""What is played: now and then a song of the catalogue, mostly one of all the others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from . import lengths, names
from .catalogue import Catalogue
from .chance import Dice, LongTail, digest
from .options import Options

_OTHERS = 385_000
_OTHER_ARTISTS = 20_000
_REMEMBERED = 1 << 15


@dataclass(frozen=True, slots=True)
class Track:
    """Something that is played.

    number: of the catalogue's songs first, then of all others. length: in units of 1e-5 s.
    seconds: how long it plays, in whole seconds. *_json: as the logs write it.
    """

    number: int
    title: str
    artist: str
    length: int
    seconds: int
    title_json: str
    artist_json: str
    length_json: str


class Music:
    """Everything that can be played in a world, by number."""

    def __init__(self, options: Options, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.size = catalogue.size + _OTHERS
        self.track = lru_cache(_REMEMBERED)(self._track)
        self._match_share = options.match_share
        self._seed = digest(f"{options.seed} music")
        self._titles = digest(f"{options.seed} other titles")
        self._songs = LongTail(catalogue.size, bend=12, power=0.1)
        self._others = LongTail(_OTHERS, bend=12, power=0.1)
        self._artists = LongTail(_OTHER_ARTISTS, bend=20, power=0.05)

    def draw(self, random: Random) -> Track:
        """Choose what is played next."""
        chance = random.random()
        share = self._match_share
        if chance < share:
            song = self._songs.rank(chance / share)
            return self.track(self.catalogue.spelled(song, plainly=True))
        return self.track(self.catalogue.size + self._others.rank((chance - share) / (1 - share)))

    def _track(self, number: int) -> Track:
        """Make up the track of a number, 0 to size - 1."""
        if number < self.catalogue.size:
            song = self.catalogue.song(number)
            return _as_track(number, song.title, song.artist_name, song.length)
        dice = Dice(self._seed + number)
        kind, length = dice.below(1000), lengths.elsewhere(dice)
        if kind < 4:  # in the catalogue, but of another length, or spelled in another way
            near = dice.below(self.catalogue.size)
            song = self.catalogue.song(self.catalogue.spelled(near, plainly=kind < 2))
            return _as_track(
                number, song.title, song.artist_name, length if song.is_ascii else song.length
            )
        artist = self._artists.rank(dice.share())
        title = names.title(self._titles + number)
        return _as_track(number, title, self.catalogue.artist_name(artist), length)


def _as_track(number: int, title: str, artist: str, length: int) -> Track:
    return Track(
        number,
        title := names.misread(title),
        artist := names.misread(artist),
        length,
        length // lengths.UNITS,
        as_json(title),
        as_json(artist),
        lengths.as_json(length),
    )


def as_json(text: str) -> str:
    """Write a text as the logs do: ASCII only, and slashes escaped."""
    return json.dumps(text).replace("/", "\\/")
