"""Source files into a few packed NDJSON parts for COPY, validated as for a load on DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any, get_args

import duckdb

from ...config import Settings
from ...ledger import Plan
from ...progress import Progress
from ...sources.download import SourceFetch
from ...sources.files import Kind
from ...sql_queries import folder
from ...staging.rejects import RejectLog
from .connection import closing, failures, options
from .loader import Stager

PART_BYTES = 32 << 20
"""About how large a part is, packed: COPY likes files of 1 MB to 1 GB
(dg/c_best-practices-use-multiple-files)."""

_SQL = folder("duckdb")


class Parts:
    """What the files of a load came to.

    files: kind -> its parts, only for kinds with accepted records. records_read: how many
    records each file of the plan (by its number) had. rejects: what was rejected. days: those of
    the accepted events.
    """

    def __init__(self, stager: Stager, plan: Plan) -> None:
        self._stager = stager
        self.files: dict[str, list[Path]] = {}
        self.records_read = stager.records_read
        self.rejects: RejectLog = stager.rejects
        self.report = stager.report()
        self.days: set[date] = set()

    def reject_conflicts(self, kind: Kind, rows: Sequence[tuple[Any, ...]]) -> None:
        """Reject the records that lost their key.

        rows: what the conflicts query of a kind returned.
        Raises SourceError when a file no longer holds what was read from it.
        """
        self._stager.reject_conflicts(kind, rows)


@contextmanager
def stage_parts(
    settings: Settings, plan: Plan, keys: Sequence[str], workspace: Path, progress: Progress
) -> Iterator[Parts]:
    """Read and validate the files of a plan, and write what is accepted as parts.

    keys: the JSON key of each column of staging_events. workspace: an empty folder; it holds the
    parts, and for a while the records in a database.
    Raises SourceError when a file cannot be read.
    """
    with ExitStack() as opened, failures("preparing the parts"):
        connection = duckdb.connect(str(workspace / "parts.duckdb"), config=options(settings))
        with closing(connection):
            fetch = SourceFetch(settings, workspace)
            mend_text = settings.mend_text
            stager = Stager(connection, keys, workspace, progress, fetch, mend_text=mend_text)
            opened.callback(stager.rejects.close)
            stager.stage(plan.files)
            parts = Parts(stager, plan)
            days = connection.execute(_SQL["batch_days"].sql).fetchall()
            parts.days = {day for (day,) in days}
            for kind in get_args(Kind):
                if parts.report.read[kind] > parts.report.rejected[kind]:
                    target = workspace / kind
                    parameters = {"folder": str(target), "size": PART_BYTES}
                    connection.execute(_SQL[f"write_{kind}_part"].sql, parameters)
                    parts.files[kind] = sorted(target.iterdir())
        opened = opened.pop_all()
    with opened:
        yield parts
