"""Loads as the tests of `etl` make them, and what they look at."""

from __future__ import annotations

from typing import Any

from duckdb_warehouse import Place
from sparkify import etl
from sparkify.etl import LoadReport


def load(place: Place, **options: Any) -> LoadReport:
    return etl.load(place.settings, answers=False, **options)


def counts(report: LoadReport, kind: str) -> tuple[int, ...]:
    """read, staged, duplicates, rejected."""
    return tuple(report.as_json()[kind].values())[:4]


def files(report: LoadReport) -> tuple[int, ...]:
    """new, changed, skipped."""
    return tuple(report.as_json()["files"].values())


def read(place: Place, sql: str) -> list[tuple[Any, ...]]:
    (rows,) = place.read(sql)
    return rows
