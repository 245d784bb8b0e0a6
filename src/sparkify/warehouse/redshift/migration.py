"""The tables of an older version brought up to date, in one batch, which is one transaction."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

from ...boto3_sql_util import StatementError
from ...errors import BusyError
from ...progress import Progress
from ...sql_queries import SCHEMA_VERSION, folder
from ...staging.mend import corrections
from ..schema_version import Migration
from . import batch
from .cargo import Cargo
from .publishing import ROLE_WAITS_SECONDS
from .reading import RedshiftReader

_ATTEMPTS = 4
_MIGRATION = folder("migration")
_RUNS = folder("bookkeeping")["runs"]


def migrate(
    reader: RedshiftReader, workspace: Path, progress: Progress, *, mend: bool
) -> Migration:
    """Bring the tables up to date: all or nothing.

    workspace: a folder for files. mend: whether texts that were encoded twice are mended.
    Raises BusyError when loads of the older program come first again and again, StatementError.
    """
    version = reader.schema_version()
    waits = iter(ROLE_WAITS_SECONDS)
    attempt = 1
    while True:
        try:
            _migrate(reader, workspace, version, mend=mend)
        except StatementError as error:
            if error.role_not_ready and (wait := next(waits, 0)):
                progress("waiting until the new role can be used", 0, None, "times")
                time.sleep(wait)
                continue
            if not (error.name == batch.OVERTAKEN or error.in_doubt or error.status == "ABORTED"):
                raise
            if reader.schema_version() < SCHEMA_VERSION:
                if attempt == _ATTEMPTS:
                    raise BusyError(
                        "the warehouse could not be brought up to date while others load into it",
                        "Run the command again when they have finished.",
                    ) from None
                attempt += 1
                continue
        reader.schema_version()
        return Migration.read(version, reader.read(_MIGRATION["migrated"].sql).rows)


def _migrate(reader: RedshiftReader, workspace: Path, version: int, *, mend: bool) -> None:
    """Make one attempt, from the newest run that is there now."""
    runs, suspects = reader.read_all([_RUNS.sql, _MIGRATION["suspected_texts"].sql])
    base_run = int(runs.rows[0][0]) if runs.rows else 0
    changed = corrections(str(text) for (text,) in suspects.rows) if mend else {}
    values: dict[str, str | int] = {
        "base_run": base_run,
        "run_id": str(base_run + 1),
        "from_version": version,
        "started_at": datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" "),
        "mend_text": int(mend),
    }
    address = reader.work_address(f"migrations/{secrets.token_hex(16)}")
    cargo = Cargo(reader.work, address, workspace)
    try:
        manifests = cargo.load({"mended": [cargo.mended(changed)] if changed else []})
        reader.run_steps(batch.migration(values, reader.resources.role_arn, manifests))
    finally:
        cargo.clear()
