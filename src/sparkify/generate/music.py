"""What is played: now and then a song of the catalogue, mostly one of all the others."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

import numpy as np

from . import lengths
from .catalogue import Catalogue
from .chance import Dice, LongTail, digest
from .names import TITLES, Names, Text
from .options import Options

_OTHERS = 385_000
_OTHER_ARTISTS = 20_000


class Track(NamedTuple):
    """Something that is played.

    number: of the catalogue's songs first, then of all others. length: in units of 1e-5 s.
    """

    number: int
    title: Text
    artist: Text
    length: int


class Music:
    """Everything that can be played in a world, by number."""

    def __init__(self, options: Options) -> None:
        self.names = Names(options.seed)
        self.catalogue = Catalogue(options, self.names)
        self.size = self.catalogue.size + _OTHERS
        self._match_share = options.match_share
        self._seed = digest(f"{options.seed} music")
        self._songs = LongTail(self.catalogue.size, bend=12, power=0.1)
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

    def track(self, number: int) -> Track:
        """Make up the track of a number, 0 to size - 1."""
        if number < self.catalogue.size:
            return Track(number, *self.catalogue.recording(number))
        dice = Dice(self._seed + number)
        kind = dice.below(1000)
        length = lengths.elsewhere(dice)
        if kind < 4:  # in the catalogue, but of another length, or spelled in another way
            near = dice.below(self.catalogue.size)
            found = self.catalogue.recording(self.catalogue.spelled(near, plainly=kind < 2))
            if not found.is_ascii:
                length = found.length
            return Track(number, found.title, found.artist, length)
        title = self.names.title(dice.below(TITLES))
        artist = self.names.artist(self._artists.rank(dice.share()))
        return Track(number, title, artist, length)
