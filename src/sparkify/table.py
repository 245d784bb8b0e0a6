"""The result of a query, on either engine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """Column names and rows of Python values (None for NULL)."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True)
class Nested:
    """A value with others in it, as JSON. text: with every digit of its numbers."""

    text: str

    def __str__(self) -> str:
        """Return the text."""
        return self.text

    def as_json(self) -> Any:
        """Return the lists and mappings that the text stands for."""
        return json.loads(self.text)
