"""Source files as a few gzipped NDJSON files for COPY, validated as in a load on DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import get_args

import duckdb

from ...config import Settings
from ...ledger import Plan
from ...progress import Progress
from ...sources.files import Kind
from .. import StageReport
from .connection import closing, failures, options
from .file_loaders import SQL
from .loader import Stager

PART_BYTES = 32 << 20
"""About the size of a file, gzipped: COPY likes 1 MB to 1 GB
(dg/c_best-practices-use-multiple-files)."""


class Parts(Stager):
    """The accepted records of a load as files for COPY.

    files: kind -> its parts, where there are accepted records. days: of the accepted events.
    report: what came of reading the sources.
    """

    files: dict[str, list[Path]]
    days: set[date]
    report: StageReport


@contextmanager
def stage_parts(
    settings: Settings, plan: Plan, keys: Sequence[str], workspace: Path, progress: Progress
) -> Iterator[Parts]:
    """Validate the files of a plan, and write what is accepted as files for COPY.

    keys: the JSON key of each column of staging_events. workspace: an empty folder for them, and
    meanwhile for a database.
    Raises SourceError when a file cannot be read.
    """
    with ExitStack() as opened, failures("preparing the parts"):
        connection = duckdb.connect(str(workspace / "parts.duckdb"), config=options(settings))
        with closing(connection):
            parts = Parts(connection, keys, workspace, progress, settings)
            opened.callback(parts.rejects.close)
            parts.report = parts.stage(plan.files)
            parts.days = {day for (day,) in connection.execute(SQL["batch_days"].sql).fetchall()}
            parts.files = {}
            for kind in get_args(Kind):
                if parts.report.read[kind] > parts.report.rejected[kind]:
                    target = workspace / kind
                    parameters = {"folder": str(target), "size": PART_BYTES}
                    connection.execute(SQL[f"write_{kind}_part"].sql, parameters)
                    parts.files[kind] = sorted(target.iterdir())
        opened = opened.pop_all()
    with opened:
        yield parts
