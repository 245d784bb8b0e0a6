"""Text that was encoded twice, and how it reads."""

from __future__ import annotations


def mended(text: str) -> str:
    """Stand-in until the real one lands."""
    for _ in range(3):
        try:
            text = text.encode("latin-1").decode("utf-8")
        except UnicodeError:
            break
    return text
