"""The fewest prefixes that name some keys and no others: what COPY is given as its source.

COPY takes a prefix, not a folder (dg/copy-parameters-data-source-s3): every key that begins with
it is loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import takewhile


def fewest_prefixes(wanted: Collection[str], others: Iterable[str], root: str) -> list[str] | None:
    """Find the shortest list of prefixes that begin every wanted key and none of the others.

    root: what every key begins with; no prefix is shorter than it.
    Returns None when there is no such list: a wanted key itself begins another key.
    """
    everything = sorted({(key, True) for key in wanted} | {(key, False) for key in others})
    # In sorted order, what shares a prefix stands together: only the nearest others matter.
    next_other: list[str | None] = [None] * len(everything)
    following: str | None = None
    for place in range(len(everything) - 1, -1, -1):
        key, is_wanted = everything[place]
        if not is_wanted:
            following = key
        next_other[place] = following
    prefixes: list[str] = []
    previous: str | None = None
    for place, (key, is_wanted) in enumerate(everything):
        if not is_wanted:
            previous = key
        elif not (prefixes and key.startswith(prefixes[-1])):
            shared = max(_shared(key, other) for other in (previous, next_other[place]))
            if shared == len(key):
                return None
            prefixes.append(key[: max(shared + 1, len(root))])
    return prefixes


def _shared(key: str, other: str | None) -> int:
    """Count the characters that both begin with; -1 where there is no other."""
    if other is None:
        return -1
    pairs = zip(key, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
