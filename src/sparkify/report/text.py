"""Texts from outside, so that they cannot disturb the page."""

from __future__ import annotations

import re
from typing import Any

# C0 and C1 controls and marks that turn the direction of text or break lines unseen.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def visible(value: Any) -> Any:
    """Show what a text would do unseen as a replacement character; what is no text stays.

    Text that is marked as safe is the page's own, and stays as well.
    """
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return _UNSEEN.sub("\ufffd", value)
    return value


def one_line(value: str) -> str:
    """Show a text on one line, for labels and tooltips, whose lines and tabs have a meaning."""
    return str(visible(value.replace("\n", "\ufffd").replace("\t", "\ufffd")))
