"""Names of artists and titles of songs, by number."""

from __future__ import annotations

from . import words
from .chance import Dice

_FIRST_NAMES = tuple(words.WOMEN + words.MEN)
_BILLINGS = ("{0} & The {1}", "{0} with The {1}", "{0} / The {1}", "The {1}")
_INITIALS = "ABCDEFGHJKLMNPRSTW"


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2] not in "aeo":
        return f"{noun[:-1]}ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch")) else "s")


_PLURALS = tuple(_plural(noun) for noun in words.NOUNS)


def artist(number: int) -> str:
    """Name an artist; one in a thousand is a bare number."""
    dice = Dice(number)
    form = dice.pick(words.ARTIST_FORMS)
    if dice.below(1000) == 0:
        return str(1 + dice.below(2999))
    return form.format(
        adjective=dice.pick(words.ADJECTIVES),
        noun=dice.pick(words.NOUNS),
        nouns=dice.pick(_PLURALS),
        other=dice.pick(words.NOUNS),
        first=dice.pick(_FIRST_NAMES),
        initial=dice.pick(_INITIALS),
        last=dice.pick(words.LAST_NAMES),
        foreign=dice.pick(words.FOREIGN_NAMES),
    )


def billed(name: str, dice: Dice) -> str:
    """Name an artist in another way, as one artist_id may be billed."""
    if ", " in name:
        return name.replace(", ", "_ ")
    return dice.pick(_BILLINGS).format(name, dice.pick(_PLURALS))


def title(number: int) -> str:
    """Name a song; one in a thousand is a bare number, a few have quotes or an outer blank."""
    dice = Dice(number)
    ending = dice.pick(words.TITLE_ENDINGS)
    if dice.below(1000) == 0:
        return str(1 + dice.below(2999))
    name = dice.pick(words.TITLE_FORMS).format(
        adjective=dice.pick(words.ADJECTIVES),
        noun=dice.pick(words.NOUNS),
        noun2=dice.pick(words.NOUNS),
        verb=dice.pick(words.VERBS),
        verb2=dice.pick(words.VERBS),
        foreign=dice.pick(words.FOREIGN_WORDS),
    )
    return name + ending


def misread(text: str) -> str:
    """Read UTF-8 as ISO-8859-1, twice: what the logs make of a name that is not ASCII."""
    for _ in range(2):
        text = text.encode().decode("latin-1")
    return text
