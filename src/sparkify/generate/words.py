"""Random choices by a seed, and the words that names, titles, places and browsers are made of.

The words are invented, or plain facts of geography. `chances` are random numbers in [0, 1).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_T = TypeVar("_T")
_MASK = (1 << 64) - 1


def digest(text: str) -> int:
    """Return 64 bits of a text's hash, the same in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def stream(seed: int, purpose: str) -> np.random.Generator:
    """Return a random generator for one purpose, independent of those for others.

    Use only its `random`: how numpy makes other numbers may change.
    """
    return np.random.Generator(np.random.PCG64(digest(f"{seed} {purpose}")))


def exponential(chances: Floats, means: Floats | float) -> Floats:
    """Turn chances into waiting times with these means."""
    return means * -np.log1p(-chances)


class Dice:
    """Random choices that depend on a number only; good for some 60 bits in all."""

    __slots__ = ("_bits",)

    def __init__(self, number: int) -> None:
        bits = (number + 0x9E3779B97F4A7C15) & _MASK  # splitmix64
        bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
        self._bits = bits ^ (bits >> 31)

    def below(self, size: int) -> int:
        """Return a choice of 0 to size - 1."""
        self._bits, chosen = divmod(self._bits, size)
        return chosen

    def pick(self, choices: Sequence[_T]) -> _T:
        """Return one of the choices."""
        self._bits, chosen = divmod(self._bits, len(choices))
        return choices[chosen]


def weighted(weights: Sequence[float], chances: Floats) -> Integers:
    """Turn chances into the numbers of choices, from 0, that have these weights."""
    shares = np.cumsum(np.asarray(weights, np.float64))
    return np.searchsorted(shares / shares[-1], chances, side="right")


class LongTail:
    """A long-tailed distribution of ranks: each can be drawn, the last hardly ever.

    size: the number of ranks. bend: ranks below it are nearly as popular as the first.
    power: 0 to 1; how flat the tail is.
    """

    def __init__(self, size: int, bend: float, power: float) -> None:
        self._last = size - 1
        self._bend = bend
        self._inverse = 1 / power
        self._low = bend**power
        self._span = (size + bend) ** power - self._low

    def ranks(self, chances: Floats) -> Integers:
        """Turn chances into ranks, 0 being the most popular."""
        exact = (self._low + chances * self._span) ** self._inverse - self._bend
        ranks: Integers = np.minimum(exact, self._last).astype(np.int64)
        return ranks


class Text(NamedTuple):
    """A text of the catalogue, and how the logs write it.

    json: as in the logs, doubly encoded where it is not ASCII. staged: as it is staged from there,
    mended and without trailing blanks.
    """

    original: str
    json: str
    staged: str


def as_logged(text: str) -> Text:
    """Spell a text as the logs do: UTF-8 read as Latin-1, twice; ASCII only; slashes escaped."""
    logged = text
    if not text.isascii():
        for _ in range(2):
            logged = logged.encode().decode("latin-1")
    return Text(text, json.dumps(logged).replace("/", "\\/"), text.rstrip(" "))


def is_foreign(titles: Integers, artists: Integers) -> Flags:
    """Return for numbers of titles and artists whether one is not ASCII: the logs misspell it."""
    foreign: Flags = (titles % _FOREIGN_TITLE == 0) | (artists % _FOREIGN_ARTIST == 0)
    return foreign


# What names and titles are made of


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


WOMEN = _words(
    "Abigail Ada Alice Amber Anna Ariana Aurora Beatrice Bella Brianna Camila Cecilia Chloe Clara"
    " Daisy Diana Edith Elena Elise Ella Emma Esther Eva Faith Fiona Freya Grace Hannah Hazel"
    " Helen Ida Irene Isabel Ivy Jada Jane Josephine Julia Kate Kayla Laura Layla Leah Lena Lily"
    " Lucy Maya Megan Mia Molly Naomi Nina Nora Olive Paige Rachel Rosa Ruby Sara Sofia Stella"
    " Tessa Valerie Vera Willow Zoe"
)
MEN = _words(
    "Aaron Adam Alan Albert Andre Anton Arthur Austin Ben Bruno Caleb Carl Cedric Colin Curtis"
    " Daniel David Dylan Edgar Eli Elliot Ethan Felix Finn Frank Gavin George Grant Hector Henry"
    " Hugo Ian Isaac Ivan Jack Jacob James Jasper Joel Jonas Julian Karl Kevin Leo Liam Logan"
    " Louis Lucas Marcus Martin Max Miles Nathan Noah Oscar Owen Paul Peter Quinn Ray Robert Ryan"
    " Samuel Simon Theo Victor Walter"
)
LAST_NAMES = _words(
    "Adams Allen Anderson Bailey Baker Barnes Bell Bennett Brooks Brown Bryant Burke Butler"
    " Campbell Carter Chen Clark Cole Collins Cook Cooper Cox Cruz Davis Diaz Dixon Duncan Edwards"
    " Ellis Evans Fisher Flores Ford Foster Fox Garcia Gibson Gomez Gray Green Griffin Hall"
    " Hamilton Harris Hayes Henderson Hill Holmes Howard Hughes Hunt Jackson James Jenkins Johnson"
    " Jones Jordan Kelly Kennedy Kim King Knight Lane Lee Lewis Long Lopez Marshall Martin Mason"
    " Miller Mills Mitchell Moore Morgan Morris Murphy Murray Myers Nelson Nguyen Ortiz Owens"
    " Palmer Parker Patel Perez Perry Porter Powell Price Reed Reyes Reynolds Rice Rivera Roberts"
    " Robinson Rogers Rose Ross Ruiz Russell Sanders Scott Shaw Silva Simmons Smith Spencer"
    " Stevens Stewart Stone Sullivan Taylor Thomas Thompson Torres Tucker Turner Walker Wallace"
    " Ward Warren Watson Webb West White Williams Wilson Wood Wright Young"
)
_FOREIGN_NAMES = _words(
    "Björnsdóttir Müller Peña Ibáñez Çelik Dvořák Sjöberg Gómez Lindström Noël Ångström Łukasik"
    " Françoise Grønvold Jürgens Núñez Sørensen Žižka Čapek Éluard"
)

_ADJECTIVES = _words(
    "Amber Ancient Blind Blue Bitter Black Brave Bright Broken Burning Calm Clever Cold Crimson"
    " Crooked Dark Dear Distant Electric Empty Endless Faded Falling Fearless Final Foolish Frozen"
    " Gentle Golden Grand Hidden Hollow Holy Honest Hungry Idle Infinite Last Lazy Little Lonely"
    " Lost Lucky Midnight Modern Naked New Northern Old Open Pale Perfect Quiet Restless Rising"
    " Rolling Sacred Scarlet Second Secret Silent Silver Simple Sleepless Slow Southern Strange"
    " Sudden Sweet Tender Tiny Total Twisted Velvet Violent Wandering Warm Wasted White Wicked"
    " Wild Wooden Young"
)
_NOUNS = _words(
    "Anchor Angel Animal Arrow Autumn Avenue Bell Bird Boat Bone Bridge Candle Canyon Castle"
    " Circle City Cloud Coast Compass Corner Country Crow Crown Dance Dawn Desert Diamond Door"
    " Dream Drum Dust Echo Engine Eye Feather Fever Field Fire Flower Forest Fountain Garden Ghost"
    " Giant Glass Harbor Heart Highway Hill Holiday Horizon Horse House Island Jungle Kingdom"
    " Ladder Lantern Lamp Letter Light Lion Machine Map Mask Meadow Memory Mirror Moon Morning"
    " Motel Mountain Ocean Orchard Paper Parade Phantom Photograph Pilot Planet Prayer Queen Radio"
    " Railroad Rain Rebel River Rocket Rose Sailor Satellite Shadow Ship Signal Sister Sky Smoke"
    " Soldier Song Sparrow Spring Star Stone Storm Story Stranger Street Summer Sunday Swan"
    " Thunderbird Thunder Tide Tiger Tower Train Tree Valley Village Voice Wall Water Wave Weekend"
    " Whale Whisper Window Winter Willow World"
)
_VERBS = _words(
    "Believe Bring Build Burn Carry Catch Chase Cross Dance Draw Drive Fight Find Follow Forget"
    " Give Hear Hold Keep Kiss Know Leave Love Make Meet Miss Move Need Paint Play Remember Ride"
    " Run Save See Sell Send Show Sing Steal Stop Take Teach Tell Touch Trust Turn Wait Wake Walk"
    " Want Watch"
)
_FOREIGN_WORDS = _words(
    "Café Corazón Été Mañana Señorita Über Fjäril Canção Déjà Façade Höst Niño Søndag Naïve Ré"
)

_ARTIST_FORMS = (
    ("{first} {last}",) * 15
    + ("{first} {initial}. {last}",) * 25
    + ("The {adjective} {nouns}",) * 9
    + ("{adjective} {noun} {other}",) * 28
    + ("{first} & The {adjective} {nouns}",) * 12
    + ("{last}, {first} + The {nouns}",) * 5
    + ("{adjective} {noun}/{other}",) * 3
)
_FOREIGN_ARTIST_FORMS = ("{first} {foreign}", "{foreign} {noun}", "{first} & The {foreign} {nouns}")
_TITLE_FORMS = (
    ("{noun}",) * 4
    + ("{adjective} {noun}",) * 18
    + ("{verb} The {adjective} {noun}",) * 16
    + ("{noun} Of The {noun2}",) * 14
    + ("{verb} Me To The {noun}",) * 10
    + ("I {verb} Your {adjective} {noun}",) * 14
    + ("The {noun} Doesn't {verb}",) * 9
    + ("{adjective} {noun} / {noun2}",) * 4
    + ("{verb} & {verb2} (In The {noun})",) * 8
)
_FOREIGN_TITLE_FORMS = ("{foreign}", "{foreign} {noun}", "{verb} The {foreign}", "La {foreign}")
_TITLE_ENDINGS = (
    ("",) * 800
    + (" (Album Version)",) * 110
    + (" (LP Version)",) * 30
    + (" (Live)",) * 25
    + (" (Remastered)",) * 20
    + (" [feat. The Others]",) * 11
    + (' (12" Mix)',) * 2
    + (" ",) * 2
)
"""The last ending is a trailing blank, which some real titles have, too."""

METRO_AREAS = (
    ("New York-Newark-Jersey City, NY-NJ-PA", 19_950),
    ("Los Angeles-Long Beach-Anaheim, CA", 13_131),
    ("Chicago-Naperville-Elgin, IL-IN-WI", 9_537),
    ("Dallas-Fort Worth-Arlington, TX", 6_811),
    ("Houston-The Woodlands-Sugar Land, TX", 6_313),
    ("Philadelphia-Camden-Wilmington, PA-NJ-DE-MD", 6_035),
    ("Washington-Arlington-Alexandria, DC-VA-MD-WV", 5_950),
    ("Miami-Fort Lauderdale-West Palm Beach, FL", 5_828),
    ("Atlanta-Sandy Springs-Roswell, GA", 5_523),
    ("Boston-Cambridge-Newton, MA-NH", 4_684),
    ("San Francisco-Oakland-Hayward, CA", 4_516),
    ("Phoenix-Mesa-Scottsdale, AZ", 4_399),
    ("Riverside-San Bernardino-Ontario, CA", 4_381),
    ("Detroit-Warren-Dearborn, MI", 4_295),
    ("Seattle-Tacoma-Bellevue, WA", 3_610),
    ("Minneapolis-St. Paul-Bloomington, MN-WI", 3_459),
    ("San Diego-Carlsbad, CA", 3_211),
    ("Tampa-St. Petersburg-Clearwater, FL", 2_871),
    ("St. Louis, MO-IL", 2_801),
    ("Baltimore-Columbia-Towson, MD", 2_771),
    ("Denver-Aurora-Lakewood, CO", 2_697),
    ("Pittsburgh, PA", 2_361),
    ("Charlotte-Concord-Gastonia, NC-SC", 2_335),
    ("Portland-Vancouver-Hillsboro, OR-WA", 2_314),
    ("San Antonio-New Braunfels, TX", 2_278),
    ("Orlando-Kissimmee-Sanford, FL", 2_268),
    ("Sacramento--Roseville--Arden-Arcade, CA", 2_216),
    ("Cincinnati, OH-KY-IN", 2_137),
    ("Cleveland-Elyria, OH", 2_065),
    ("Kansas City, MO-KS", 2_055),
    ("Las Vegas-Henderson-Paradise, NV", 2_028),
    ("Columbus, OH", 1_967),
    ("Indianapolis-Carmel-Anderson, IN", 1_954),
    ("San Jose-Sunnyvale-Santa Clara, CA", 1_920),
    ("Austin-Round Rock, TX", 1_883),
    ("Nashville-Davidson--Murfreesboro--Franklin, TN", 1_758),
    ("Virginia Beach-Norfolk-Newport News, VA-NC", 1_707),
    ("Providence-Warwick, RI-MA", 1_604),
    ("Milwaukee-Waukesha-West Allis, WI", 1_570),
    ("Jacksonville, FL", 1_395),
    ("Memphis, TN-MS-AR", 1_342),
    ("Oklahoma City, OK", 1_320),
    ("Louisville/Jefferson County, KY-IN", 1_262),
    ("New Orleans-Metairie, LA", 1_241),
    ("Salt Lake City, UT", 1_140),
    ("Buffalo-Cheektowaga-Niagara Falls, NY", 1_134),
    ("Tucson, AZ", 997),
    ("Honolulu, HI", 983),
    ("Omaha-Council Bluffs, NE-IA", 895),
    ("Albuquerque, NM", 903),
    ("Boise City, ID", 650),
    ("Spokane-Spokane Valley, WA", 536),
    ("Portland-South Portland, ME", 520),
    ("Lansing-East Lansing, MI", 467),
    ("Anchorage, AK", 397),
    ("Burlington-South Burlington, VT", 214),
    ("Waterloo-Cedar Falls, IA", 169),
    ("Missoula, MT", 112),
    ("Traverse City, MI", 147),
    ("Key West, FL", 77),
)
"""Where listeners live; weights: thousands of inhabitants in 2013."""

_CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{} Safari/537.36"
_SAFARI = (
    "Mozilla/5.0 ({}) AppleWebKit/537.77.4 (KHTML, like Gecko) Version/7.0.5 {}Safari/537.77.4"
)
_FIREFOX = "Mozilla/5.0 ({0}; rv:{1}) Gecko/20100101 Firefox/{1}"
_DESKTOPS = (
    ("Windows NT 6.1; WOW64", "Windows NT 6.1; WOW64", 40),
    ("Macintosh; Intel Mac OS X 10_9_4", "Macintosh; Intel Mac OS X 10.9", 35),
    ("Windows NT 6.3; WOW64", "Windows NT 6.3; WOW64", 20),
    ("Windows NT 6.1", "Windows NT 6.1", 10),
    ("Macintosh; Intel Mac OS X 10_8_5", "Macintosh; Intel Mac OS X 10.8", 8),
    ("X11; Linux x86_64", "X11; Ubuntu; Linux x86_64", 7),
    ("Windows NT 5.1", "Windows NT 5.1", 6),
)
USER_AGENTS = (
    *(
        (f'"{_CHROME.format(system, version)}"', weight * popularity)
        for system, _, weight in _DESKTOPS
        for version, popularity in (("36.0.1985.125", 30), ("35.0.1916.153", 5), ("37.0.2062.9", 2))
    ),
    *(
        (_FIREFOX.format(system, version), weight * popularity)
        for _, system, weight in _DESKTOPS
        for version, popularity in (("31.0", 10), ("30.0", 2))
    ),
    (f'"{_SAFARI.format("Macintosh; Intel Mac OS X 10_9_4", "")}"', 900),
    (f'"{_SAFARI.format("iPhone; CPU iPhone OS 7_1_2 like Mac OS X", "Mobile/11D257 ")}"', 700),
    (f'"{_SAFARI.format("iPad; CPU OS 7_1_2 like Mac OS X", "Mobile/11D257 ")}"', 300),
    (f'"{_CHROME.format("Linux; Android 4.4.2; SM-G900V", "36.0.1985.131 Mobile")}"', 150),
    ("Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", 300),
    ("Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; WOW64; Trident/6.0)", 90),
    ("Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)", 110),
)
"""Browsers with weights, quoted or not as in the real logs."""

BIRTHPLACES = (
    ("London, England", 51.50632, -0.12714),
    ("New York, NY", 40.71455, -74.00712),
    ("Los Angeles, CA", 34.05349, -118.24532),
    ("Chicago, IL", 41.88415, -87.63241),
    ("Brooklyn, NY", 40.65507, -73.94888),
    ("Detroit, MI", 42.33168, -83.04792),
    ("Nashville, TN", 36.16778, -86.77836),
    ("Memphis, TN", 35.14968, -90.04892),
    ("Austin, TX", 30.26759, -97.74299),
    ("Seattle, WA", 47.60356, -122.32944),
    ("Toronto, Ontario, Canada", 43.64856, -79.38533),
    ("Montréal, Québec", 45.51228, -73.55439),
    ("Dublin, Ireland", 53.34376, -6.24953),
    ("Glasgow, Scotland", 55.8578, -4.24251),
    ("Manchester, England", 53.4796, -2.24881),
    ("Paris, France", 48.85692, 2.34121),
    ("Berlin, Germany", 52.51607, 13.37698),
    ("Köln, Germany", 50.94168, 6.95517),
    ("M\ufffdnchen, Germany", 48.13641, 11.57753),
    ("Stockholm, Sweden", 59.33217, 18.06243),
    ("Reykjavík, Iceland", 64.14551, -21.93244),
    ("Oslo, Norway", 59.91228, 10.74998),
    ("Madrid, Spain", 40.4203, -3.70577),
    ("São Paulo, Brazil", -23.5629, -46.65473),
    ("Kingston, Jamaica", 17.9927, -76.79203),
    ("Lagos, Nigeria", 6.44095, 3.41729),
    ("Tokyo, Japan", 35.67048, 139.74092),
    ("Melbourne, Australia", -37.81753, 144.96715),
    ("Auckland, New Zealand", -36.84732, 174.76983),
    ("Southern California - somewhere between the desert / the sea", 34.0, -117.5),
    ("<a href='http://example.com/" + "where-we-come-from-" * 14 + "'>our story</a>", 0.0, 0.0),
)
"""Where artists come from, with coordinates. One is longer than 256 bytes, one is damaged."""


# Names of artists and titles of songs

TITLES = 130_000
"""The number of titles; where there are many songs, some share a title."""

_ARTISTS_REMEMBERED = 1 << 16
_FOREIGN_TITLE, _FOREIGN_ARTIST = 33, 31
"""Titles and artists whose numbers these divide are not ASCII."""

_FIRST_NAMES = WOMEN + MEN
_INITIALS = "ABCDEFGHJKLMNPRSTW"
_BILLINGS = ("{0} & The {1}", "{0} with The {1}", "{0} / The {1}", "The {1}")


class Names:
    """The titles and artists of a world."""

    def __init__(self, seed: int) -> None:
        self._titles = digest(f"{seed} titles")
        self._artists = digest(f"{seed} artists")
        self._billings = digest(f"{seed} billings")
        self.title = lru_cache(TITLES)(self._title)
        self.artist = lru_cache(_ARTISTS_REMEMBERED)(self._artist)

    def _title(self, number: int) -> Text:
        """Return a title, number 0 to TITLES - 1; some are digits, some have quotes or a blank."""
        dice = Dice(self._titles + number)
        foreign = number % _FOREIGN_TITLE == 0
        if dice.below(1000) == 0 and not foreign:
            return as_logged(str(1 + dice.below(2999)))
        ending = dice.pick(_TITLE_ENDINGS)
        title = dice.pick(_FOREIGN_TITLE_FORMS if foreign else _TITLE_FORMS).format(
            adjective=dice.pick(_ADJECTIVES),
            noun=dice.pick(_NOUNS),
            noun2=dice.pick(_NOUNS),
            verb=dice.pick(_VERBS),
            verb2=dice.pick(_VERBS),
            foreign=dice.pick(_FOREIGN_WORDS),
        )
        return as_logged(title + ending)

    def _artist(self, number: int, billing: int) -> Text:
        """Return an artist's name. billing: 0, or the number of another name of the same artist."""
        name = self._artist_name(number)
        if not billing:
            return as_logged(name)
        if ", " in name:
            return as_logged(name.replace(", ", "_ "))
        dice = Dice(self._billings + billing)
        return as_logged(dice.pick(_BILLINGS).format(name, dice.pick(_PLURALS)))

    def _artist_name(self, number: int) -> str:
        """Return a name; some are digits."""
        dice = Dice(self._artists + number)
        foreign = number % _FOREIGN_ARTIST == 0
        if dice.below(1000) == 0 and not foreign:
            return str(1 + dice.below(2999))
        return dice.pick(_FOREIGN_ARTIST_FORMS if foreign else _ARTIST_FORMS).format(
            adjective=dice.pick(_ADJECTIVES),
            noun=dice.pick(_NOUNS),
            nouns=dice.pick(_PLURALS),
            other=dice.pick(_NOUNS),
            first=dice.pick(_FIRST_NAMES),
            initial=dice.pick(_INITIALS),
            last=dice.pick(LAST_NAMES),
            foreign=dice.pick(_FOREIGN_NAMES),
        )


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2] not in "aeo":
        return f"{noun[:-1]}ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch")) else "s")


_PLURALS = tuple(_plural(noun) for noun in _NOUNS)
