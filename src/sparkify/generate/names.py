"""Names of artists and titles of songs, by number."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import NamedTuple

from . import words
from .chance import Dice, Flags, Integers, digest

TITLES = 130_000
"""How many titles there are; a song is not the only one of its title when there are many songs."""

_ARTISTS_REMEMBERED = 1 << 16
_FOREIGN_TITLE, _FOREIGN_ARTIST = 33, 31
"""One title and one artist in so many are not ASCII: those whose numbers these divide."""

_FIRST_NAMES = words.WOMEN + words.MEN
_INITIALS = "ABCDEFGHJKLMNPRSTW"
_BILLINGS = ("{0} & The {1}", "{0} with The {1}", "{0} / The {1}", "The {1}")


class Text(NamedTuple):
    """A text, and how the logs write it.

    original: as the catalogue has it. json: as it stands in the logs, doubly encoded where it is
    not ASCII. staged: as it is staged from there, mended, without trailing blanks.
    """

    original: str
    json: str
    staged: str


def as_logged(text: str) -> Text:
    """Spell a text as the logs do: UTF-8 read as ISO-8859-1, twice; ASCII only; slashes escaped."""
    logged = text
    if not text.isascii():
        for _ in range(2):
            logged = logged.encode().decode("latin-1")
    return Text(text, json.dumps(logged).replace("/", "\\/"), text.rstrip(" "))


def is_foreign(titles: Integers, artists: Integers) -> Flags:
    """Tell by their numbers which titles or artists are not ASCII: the logs misspell them."""
    foreign: Flags = (titles % _FOREIGN_TITLE == 0) | (artists % _FOREIGN_ARTIST == 0)
    return foreign


class Names:
    """The titles and artists of a world."""

    def __init__(self, seed: int) -> None:
        self._titles = digest(f"{seed} titles")
        self._artists = digest(f"{seed} artists")
        self._billings = digest(f"{seed} billings")
        self.title = lru_cache(TITLES)(self._title)
        self.artist = lru_cache(_ARTISTS_REMEMBERED)(self._artist)

    def _title(self, number: int) -> Text:
        """Name a song, 0 to TITLES - 1: some bare numbers, some with quotes or an outer blank."""
        dice = Dice(self._titles + number)
        foreign = number % _FOREIGN_TITLE == 0
        if dice.below(1000) == 0 and not foreign:
            return as_logged(str(1 + dice.below(2999)))
        ending = dice.pick(words.TITLE_ENDINGS)
        title = dice.pick(words.FOREIGN_TITLE_FORMS if foreign else words.TITLE_FORMS).format(
            adjective=dice.pick(words.ADJECTIVES),
            noun=dice.pick(words.NOUNS),
            noun2=dice.pick(words.NOUNS),
            verb=dice.pick(words.VERBS),
            verb2=dice.pick(words.VERBS),
            foreign=dice.pick(words.FOREIGN_WORDS),
        )
        return as_logged(title + ending)

    def _artist(self, number: int, billing: int) -> Text:
        """Name an artist. billing: 0, or another number for another way to name the same artist."""
        name = self._artist_name(number)
        if not billing:
            return as_logged(name)
        if ", " in name:
            return as_logged(name.replace(", ", "_ "))
        dice = Dice(self._billings + billing)
        return as_logged(dice.pick(_BILLINGS).format(name, dice.pick(_PLURALS)))

    def _artist_name(self, number: int) -> str:
        """Make up a name; some are bare numbers."""
        dice = Dice(self._artists + number)
        foreign = number % _FOREIGN_ARTIST == 0
        if dice.below(1000) == 0 and not foreign:
            return str(1 + dice.below(2999))
        return dice.pick(words.FOREIGN_ARTIST_FORMS if foreign else words.ARTIST_FORMS).format(
            adjective=dice.pick(words.ADJECTIVES),
            noun=dice.pick(words.NOUNS),
            nouns=dice.pick(_PLURALS),
            other=dice.pick(words.NOUNS),
            first=dice.pick(_FIRST_NAMES),
            initial=dice.pick(_INITIALS),
            last=dice.pick(words.LAST_NAMES),
            foreign=dice.pick(words.FOREIGN_NAMES),
        )


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2] not in "aeo":
        return f"{noun[:-1]}ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch")) else "s")


_PLURALS = tuple(_plural(noun) for noun in words.NOUNS)
