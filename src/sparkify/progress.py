"""The callback by which long work reports progress."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Is called from time to time, always from the thread that began the work."""

    def __call__(self, step: str, done: int, total: int | None, unit: str) -> None:
        """Report that `done` of `total` (None: unknown) units (`bytes`, `files`, ...) are done.

        step: what is being done, in a user's words.
        """
        ...


def silent(step: str, done: int, total: int | None, unit: str) -> None:
    """Ignore it."""
