"""The quality checks: what must hold of the whole warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .sql_queries import Query, quality_checks
from .warehouse import Reader

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


def run(reader: Reader, checks: Mapping[str, Query] = quality_checks) -> list[CheckResult]:
    """Return what every check finds in the whole warehouse. Raises WarehouseError."""
    found = reader.read_all([query.sql for query in checks.values()])
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
