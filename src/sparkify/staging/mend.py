"""Text that was encoded twice, mended."""

from __future__ import annotations

import re

_SIGN = re.compile("[\u00c2-\u00f4][\u0080-\u00bf]")
_MOST_TIMES = 3


def mended(text: str) -> str:
    """Return a text as it was before it was encoded twice, or more often; else as it is.

    One that holds the sign of it, and can be encoded as Latin-1 and decoded as UTF-8, is, again
    while it can, at most three times.
    """
    for _ in range(_MOST_TIMES):
        if not _SIGN.search(text):
            break
        try:
            text = text.encode("latin-1").decode("utf-8")
        except UnicodeError:
            break
    return text
