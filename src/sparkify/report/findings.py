"""What the report tells, read from a warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import analysis, quality, status
from ..analysis import Answer
from ..quality import CheckResult
from ..sql_queries import report_queries
from ..table import Table
from ..warehouse import Reader


@dataclass(frozen=True)
class Findings:
    """Everything that the page is made from; nothing is computed a second time.

    names: whether people are named. days, hours: the rows of `listening_days`, `listening_hours`;
    rejects: samples of what was rejected. state: as `status.status` gives it.
    """

    names: bool
    state: Mapping[str, Any]
    answers: tuple[Answer, ...]
    checks: tuple[CheckResult, ...]
    days: Table
    hours: Table
    rejects: Table

    @property
    def empty(self) -> bool:
        """Whether nothing was loaded: neither an event nor a song."""
        tables = self.state["tables"]
        return not tables["staging_events"] and not tables["staging_songs"]


def gather(reader: Reader, *, names: bool = False) -> Findings:
    """Ask the warehouse all that the report tells.

    names: whether the report may name people. Raises WarehouseError when a statement fails.
    """
    days, hours, rejects = reader.read_all([query.sql for query in report_queries.values()])
    return Findings(
        names=names,
        state=status.status(reader),
        answers=tuple(analysis.ask(reader, personal=names)),
        checks=tuple(quality.run(reader)),
        days=days,
        hours=hours,
        rejects=rejects,
    )
