"""What is played: now and then a song of the catalogue, mostly one of all the others."""

from __future__ import annotations

import numpy as np

from . import lengths
from .catalogue import Catalogue
from .chance import Floats, Integers, LongTail, stream
from .names import TITLES, Names
from .options import Options
from .recordings import Recordings

NOT_FOUND = -1
_OTHERS = 385_000
_OTHER_ARTISTS = 20_000
_NEAR_MISSES = 0.002


class Music:
    """Everything that can be played in a world.

    recordings: the songs of the catalogue, which keep their numbers, then all others. found: the
    number of the catalogue's song that each of them is, or NOT_FOUND.
    """

    def __init__(self, options: Options) -> None:
        self.names = Names(options.seed)
        self.catalogue = Catalogue(options, self.names)
        others, found = _others(options.seed, self.catalogue)
        self.recordings = self.catalogue.recordings.then(others)
        self.found = np.append(np.arange(options.songs), found)
        self.size = options.songs + _OTHERS
        self._match_share = options.match_share
        self._songs = self.catalogue.plain if len(self.catalogue.plain) else self.catalogue.foreign
        self._song_tail = LongTail(len(self._songs), bend=12, power=0.1)
        self._other_tail = LongTail(_OTHERS, bend=12, power=0.1)

    def choose(self, chances: Floats) -> Integers:
        """Turn numbers from 0 up to 1 into the numbers of songs that are played."""
        share = self._match_share
        known = chances < share
        chosen = np.empty(len(chances), np.int64)
        chosen[known] = self._songs[self._song_tail.ranks(chances[known] / share)]
        others = (chances[~known] - share) / (1 - share)
        chosen[~known] = self.catalogue.size + self._other_tail.ranks(others)
        return chosen


def _others(seed: int, catalogue: Catalogue) -> tuple[Recordings, Integers]:
    """Make up the songs that are not in the catalogue, the most popular first.

    A few are in it: half of them of another length, so that their plays do not match, half of them
    misspelled in the logs, so that theirs match as soon as text encoded twice is mended. Returned
    as well are the numbers of the latter in the catalogue, NOT_FOUND for all others.
    """
    chances = stream(seed, "others").random
    artists = LongTail(_OTHER_ARTISTS, bend=20, power=0.05)
    others = Recordings(
        titles=(chances(_OTHERS) * TITLES).astype(np.int64),
        artists=artists.ranks(chances(_OTHERS)),
        billings=np.zeros(_OTHERS, np.int64),
        lengths=lengths.odd(chances(_OTHERS)),
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
