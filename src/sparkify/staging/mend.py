"""Mend text that was encoded twice: UTF-8 whose bytes were taken for Latin-1 and encoded again."""

from __future__ import annotations

import re
from collections.abc import Iterable

SIGN = re.compile("[\u00c2-\u00f4][\u0080-\u00bf]")
_MOST_TIMES = 3


def mended(text: str) -> str:
    """Return a text as it was before it was encoded twice, up to three times: `BjÃ¶rk` is `Björk`.

    A text without the sign of that (the first two bytes of a character, as two characters), or
    whose bytes are no UTF-8, is returned as it is. Trailing blanks neither come nor go, so a text
    may be stripped before or after.
    """
    for _ in range(_MOST_TIMES):
        if not SIGN.search(text):
            break
        try:
            text = text.encode("latin-1").decode("utf-8")
        except UnicodeError:
            break
    return text


def corrections(texts: Iterable[str]) -> dict[str, str]:
    """Return text -> mended text, for those texts that were encoded twice."""
    return {text: better for text in texts if (better := mended(text)) != text}
