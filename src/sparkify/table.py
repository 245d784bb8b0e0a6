"""The result of a query, on either engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """Column names and rows of Python values (None for NULL)."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
