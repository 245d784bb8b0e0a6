"""What can be heard, in a few bytes a song; names are made when they are needed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .chance import Flags, Integers
from .names import Names, Text, is_foreign


class Recordings(NamedTuple):
    """Songs as columns of one size, each song known by its number from 0.

    titles, artists, billings: numbers of `Names`. lengths: in units of 1e-5 s.
    """

    titles: Integers
    artists: Integers
    billings: Integers
    lengths: Integers

    def take(self, numbers: Integers) -> Recordings:
        """Pick songs; they are numbered anew."""
        return Recordings(*(column[numbers] for column in self))

    def then(self, others: Recordings) -> Recordings:
        """Append other songs."""
        return Recordings(*map(np.concatenate, zip(self, others, strict=True)))

    def is_foreign(self) -> Flags:
        """Tell which songs the logs misspell."""
        return is_foreign(self.titles, self.artists)

    def name(self, names: Names, number: int) -> tuple[Text, Text]:
        """Tell title and artist of a song."""
        title = names.title(int(self.titles[number]))
        return title, names.artist(int(self.artists[number]), int(self.billings[number]))
