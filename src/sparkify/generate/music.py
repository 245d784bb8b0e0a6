"""What is played: now and then a song of the catalogue, mostly one of all the others."""

from __future__ import annotations

from random import Random

import numpy as np

from . import lengths
from .catalogue import Catalogue
from .chance import LongTail, ManyDice, digest
from .names import TITLES, Names
from .options import Options
from .tracks import Track, Tracks

_OTHERS = 385_000
_OTHER_ARTISTS = 20_000


class Music:
    """Everything that can be played in a world: the catalogue's songs, then all others."""

    def __init__(self, options: Options) -> None:
        names = Names(options.seed)
        self.catalogue = Catalogue(options, names)
        self.size = self.catalogue.size + _OTHERS
        self._match_share = options.match_share
        self._song_ranks = LongTail(self.catalogue.size, bend=12, power=0.1)
        self._other_ranks = LongTail(_OTHERS, bend=12, power=0.1)
        dice = ManyDice(digest(f"{options.seed} others"), _OTHERS)
        near = dice.below(500)
        self._near = {self.catalogue.size + int(number) for number in np.flatnonzero(near == 0)}
        self._others = Tracks(
            names,
            self.catalogue.size,
            titles=dice.below(TITLES),
            artists=LongTail(_OTHER_ARTISTS, bend=20, power=0.05).ranks(dice.share()),
            billings=np.zeros(_OTHERS, np.int64),
            lengths=lengths.odd(ManyDice(digest(f"{options.seed} other lengths"), _OTHERS)),
        )

    def draw(self, random: Random) -> Track:
        """Choose what is played next."""
        chance, share = random.random(), self._match_share
        if chance < share:
            return self.catalogue.spelled(self._song_ranks.rank(chance / share), plainly=True)
        other = self._other_ranks.rank((chance - share) / (1 - share))
        return self.track(self.catalogue.size + other)

    def track(self, number: int) -> Track:
        """Make the track of a number, 0 to size - 1."""
        if number < self.catalogue.size:
            return self.catalogue.track(number)
        track = self._others.track(number)
        return self._almost(track) if number in self._near else track

    def _almost(self, track: Track) -> Track:
        """Put a song of the catalogue in a track's place, but so that no play of it matches.

        Half of them are of another length, half of them are spelled in another way.
        """
        number = track.number
        near = self.catalogue.spelled(number % self.catalogue.size, plainly=number % 2 == 0)
        length = track.length if near.is_ascii else near.length
        return Track(number, near.title, near.artist, length)
