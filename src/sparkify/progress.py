"""How long work tells of its progress, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called from time to time during long work, always from the thread that began it."""

    def __call__(self, step: str, done: int, total: int | None, unit: str) -> None:
        """Tell that `done` of `total` (None: unknown) units (`bytes`, `files`, ...) are done.

        step: what is being done, in words, as a user would say it.
        """
        ...


def silent(step: str, done: int, total: int | None, unit: str) -> None:
    """Tell nobody."""
