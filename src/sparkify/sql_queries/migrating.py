"""The statements that bring a warehouse of version 1 up to date, and that read it until then."""

from __future__ import annotations

from . import (
    TABLES,
    create_table_queries,
    create_view_queries,
    drops,
    folder,
    rebuild_queries,
    view_bodies,
    with_expressions,
)

_SQL = folder("migration")
RECREATED = tuple(table for table in TABLES if table != "staging_songs")
RETIRED = ("staging_events", "etl_runs")
"""Of the tables that a migration creates again, those whose rows it takes over."""

retire_queries = (_SQL["retire_events"], _SQL["retire_runs"])
"""A migration puts aside what it takes over, ..."""

drop_derived_queries = drops(table for table in RECREATED if table not in RETIRED)
"""... removes what follows from staging, and the ledger and the rejects, ..."""

recreate_queries = (
    *(query for query in create_table_queries if query.name in RECREATED),
    *create_view_queries,
)
fill_queries = (_SQL["migrate_events"], _SQL["migrate_runs"], _SQL["migrate_songs"])
"""... makes the tables of this version, and fills them with what was put aside."""

migration_queries = (*retire_queries, *drop_derived_queries, *recreate_queries, *fill_queries)
"""All of that, in its order. Then the star and the totals are computed from staging."""

derive_queries = (
    *(query for query in rebuild_queries if query.name.startswith("insert_")),
    _SQL["insert_info"],
)

scratch_queries = drops(
    ("older_events", "older_runs", "mended_texts", "migration", "ranked_events", "ranked_songs")
)
"""In the end what was put aside goes, and what the session would keep."""


def as_now(sql: str) -> str:
    """Return a SELECT of ours as it reads a warehouse of version 1.

    Tables that have changed since, and the views, stand before it as common table expressions.
    """
    bodies = {name: query.sql for name, query in folder("migration/older").items()} | view_bodies()
    missing = {name: body for name, body in bodies.items() if f"{name} AS (" not in sql}
    return with_expressions(missing, sql)
