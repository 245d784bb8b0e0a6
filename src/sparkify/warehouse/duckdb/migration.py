"""The tables of an older version brought up to date: the part before the star is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ...sql_queries import Query, folder
from ...sql_queries.migrating import migration_queries
from ...staging.mend import corrections
from ..versions import Migration

_MIGRATION = folder("migration")
_SQL = folder("duckdb/migration")


def migrate(
    run: Callable[[Query, Mapping[str, Any] | None], list[Any]],
    run_id: int,
    from_version: int,
    *,
    mend: bool,
) -> Migration:
    """Make all tables anew, with what is staged and every run; the star stays empty.

    run: runs a statement with its parameters, within a transaction.
    mend: whether texts that were encoded twice are mended.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    values = {"run_id": run_id, "started_at": now, "mend_text": int(mend)}
    run(_SQL["create_migration"], values)
    texts = [text for (text,) in run(_MIGRATION["suspected_texts"], None)] if mend else []
    changed = corrections(texts)
    run(
        _SQL["create_mended_texts"],
        {"texts": list(changed), "mended": list(changed.values())},
    )
    for query in migration_queries:
        run(query, None)
    return Migration.read(from_version, run(_MIGRATION["migrated"], None))
