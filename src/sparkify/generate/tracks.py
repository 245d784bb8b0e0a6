"""Title, artist and length of many tracks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .chance import Integers
from .names import Names, Text


class Track(NamedTuple):
    """Something that can be played. length: in units of 1e-5 s."""

    number: int
    title: Text
    artist: Text
    length: int

    @property
    def is_ascii(self) -> bool:
        """Whether the logs spell it as it is."""
        return self.title.original.isascii() and self.artist.original.isascii()


class Tracks:
    """Tracks by number, from `first` on, in a few bytes each; their names are made when needed.

    titles, artists, billings: numbers of `names`. lengths: in units. All of the same shape (n,).
    """

    def __init__(
        self,
        names: Names,
        first: int,
        *,
        titles: Integers,
        artists: Integers,
        billings: Integers,
        lengths: Integers,
    ) -> None:
        self._names = names
        self._first = first
        self._titles, self._artists, self._billings, self._lengths = (
            memoryview(column.astype(np.uint32).data)
            for column in (titles, artists, billings, lengths)
        )

    def track(self, number: int) -> Track:
        """Make a track."""
        index = number - self._first
        artist, billing = self._artists[index], self._billings[index]
        return Track(
            number,
            self._names.title(self._titles[index]),
            self._names.billed(artist, billing) if billing else self._names.artist(artist),
            self._lengths[index],
        )
