"""Names of artists and titles of songs, by number."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import NamedTuple

from . import words
from .chance import Dice, digest

TITLES = 130_000
"""How many titles there are; a song is not the only one of its title when there are many songs."""

_FIRST_NAMES = tuple(words.WOMEN + words.MEN)
_INITIALS = "ABCDEFGHJKLMNPRSTW"
_BILLINGS = ("{0} & The {1}", "{0} with The {1}", "{0} / The {1}", "The {1}")
_REMEMBERED = 1 << 16


class Text(NamedTuple):
    """A text, and how the logs write it.

    plain: as it is staged from there: doubly encoded where it is not ASCII. json: as it stands in
    the file. original: as the catalogue has it.
    """

    plain: str
    json: str
    original: str


def as_logged(text: str) -> Text:
    """Spell a text as the logs do: UTF-8 read as ISO-8859-1, twice; ASCII only; slashes escaped."""
    plain = text
    if not text.isascii():
        for _ in range(2):
            plain = plain.encode().decode("latin-1")
    return Text(plain, json.dumps(plain).replace("/", "\\/"), text)


class Names:
    """The titles and artists of a world."""

    def __init__(self, seed: int) -> None:
        self._titles = digest(f"{seed} titles")
        self._artists = digest(f"{seed} artists")
        self.title = lru_cache(TITLES)(self._title)
        self.artist = lru_cache(_REMEMBERED)(self._artist)

    def _title(self, number: int) -> Text:
        """Name a song, 0 to TITLES - 1: some bare numbers, some with quotes or an outer blank."""
        dice = Dice(self._titles + number)
        ending = dice.pick(words.TITLE_ENDINGS)
        if dice.below(1000) == 0:
            return as_logged(str(1 + dice.below(2999)))
        title = dice.pick(words.TITLE_FORMS).format(
            adjective=dice.pick(words.ADJECTIVES),
            noun=dice.pick(words.NOUNS),
            noun2=dice.pick(words.NOUNS),
            verb=dice.pick(words.VERBS),
            verb2=dice.pick(words.VERBS),
            foreign=dice.pick(words.FOREIGN_WORDS),
        )
        return as_logged(title + ending)

    def _artist(self, number: int, billing: int = 0) -> Text:
        """Name an artist, some of them by a bare number.

        billing: 0, or another number for another way to name the same artist.
        """
        dice = Dice(self._artists + number)
        form = dice.pick(words.ARTIST_FORMS)
        if dice.below(1000) == 0:
            return as_logged(str(1 + dice.below(2999)))
        name = form.format(
            adjective=dice.pick(words.ADJECTIVES),
            noun=dice.pick(words.NOUNS),
            nouns=dice.pick(_PLURALS),
            other=dice.pick(words.NOUNS),
            first=dice.pick(_FIRST_NAMES),
            initial=dice.pick(_INITIALS),
            last=dice.pick(words.LAST_NAMES),
            foreign=dice.pick(words.FOREIGN_NAMES),
        )
        return as_logged(_billed(name, Dice(billing)) if billing else name)


def _billed(name: str, dice: Dice) -> str:
    if ", " in name:
        return name.replace(", ", "_ ")
    return dice.pick(_BILLINGS).format(name, dice.pick(_PLURALS))


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2] not in "aeo":
        return f"{noun[:-1]}ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch")) else "s")


_PLURALS = tuple(_plural(noun) for noun in words.NOUNS)
