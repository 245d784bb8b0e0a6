"""The quality checks: what must hold of the whole warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import WarehouseError
from .sql_queries import Query, own_queries, quality_checks
from .warehouse import Reader, own_error

OUTCOMES = ("passed", "warned", "failed")
SAMPLE_ROWS = 10
"""How many offending rows of a check are kept."""


@dataclass(frozen=True)
class CheckResult:
    """What a check found.

    severity: `fail` (the warehouse is wrong) or `warn` (worth a look).
    rows: up to SAMPLE_ROWS of the `failures` offending rows.
    """

    name: str
    severity: str
    purpose: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    failures: int

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return self.failures == 0

    @property
    def outcome(self) -> str:
        """One of OUTCOMES."""
        return "passed" if self.ok else "failed" if self.severity == "fail" else "warned"

    def as_json(self) -> dict[str, Any]:
        """Return the result in JSON values."""
        rows = [[_json_value(value) for value in row] for row in self.rows]
        head = {name: vars(self)[name] for name in ("name", "severity", "purpose", "failures")}
        return head | {"columns": list(self.columns), "rows": rows}


def checks(own: Path | None = None) -> Mapping[str, Query]:
    """Return every check by name. own: the folder of the user's own. Raises HeaderError."""
    found = own_queries(own) if own else {}
    return {**quality_checks, **{n: one for n, one in found.items() if "severity" in one.header}}


def run(reader: Reader, checks: Mapping[str, Query] = quality_checks) -> list[CheckResult]:
    """Return what every check finds in the whole warehouse. Raises WarehouseError."""
    try:
        found = reader.read_all([query.sql for query in checks.values()])
    except WarehouseError as error:
        own = [query for query in checks.values() if query.name not in quality_checks]
        raise own_error(error, reader, own) from None
    return [
        CheckResult(
            query.name,
            query.header["severity"],
            query.purpose,
            table.columns,
            table.rows[:SAMPLE_ROWS],
            len(table.rows),
        )
        for query, table in zip(checks.values(), found, strict=True)
    ]


def broken(results: Sequence[CheckResult], *, warned: bool = False) -> list[CheckResult]:
    """Return the checks of severity fail that found rows; warned: those of severity warn, too."""
    return [one for one in results if one.outcome == "failed" or (warned and not one.ok)]


def _json_value(value: Any) -> Any:
    return value if isinstance(value, int | float | str | bool | None) else str(value)
