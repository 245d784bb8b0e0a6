"""Which modules get faults, and which files of tests have to see them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """Modules below src/sparkify, and the files of tests that must see every fault in them."""

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]


TARGETS = (
    Target("sources", ("sources/listing.py",), ("tests/unit/sources/test_listing.py",)),
    Target(
        "the JSONPaths file", ("sources/jsonpaths.py",), ("tests/unit/sources/test_jsonpaths.py",)
    ),
    Target(
        "lists of files",
        ("sources/files.py",),
        (
            "tests/unit/sources/test_files.py",
            "tests/unit/sources/test_join.py",
            "tests/unit/sources/test_listing.py",
            "tests/unit/sources/test_moving_files.py",
            "tests/unit/test_ledger.py",
            "tests/unit/warehouse/duckdb/test_file_loaders_events.py",
        ),
    ),
    Target("the ledger", ("ledger.py",), ("tests/unit/test_ledger.py",)),
    Target(
        "single records",
        ("staging/rules.py", "staging/validate.py"),
        (
            "tests/unit/staging/test_rejects.py",
            "tests/unit/staging/test_rules.py",
            "tests/unit/staging/test_validate.py",
            "tests/unit/staging/test_validate_mending.py",
            "tests/unit/sql_queries/test_sql_files.py",
            "tests/unit/warehouse/duckdb/test_file_loaders_events.py",
            "tests/unit/warehouse/duckdb/test_file_loaders_songs.py",
            "tests/faults/test_torture_guided.py",
        ),
    ),
    Target("joined files", ("sources/join.py",), ("tests/unit/sources/test_join.py",)),
    Target(
        "files",
        (
            "staging/rejects.py",
            "staging/split.py",
            "warehouse/duckdb/file_loaders.py",
        ),
        (
            "tests/unit/staging/test_rejects.py",
            "tests/unit/staging/test_split.py",
            "tests/unit/warehouse/duckdb/test_copy_files.py",
            "tests/unit/warehouse/duckdb/test_file_loaders_events.py",
            "tests/unit/warehouse/duckdb/test_file_loaders_songs.py",
            "tests/unit/sources/test_inspect.py",
            "tests/unit/sources/test_join.py",
            "tests/unit/sources/test_moving_files.py",
        ),
    ),
    Target(
        "files for COPY",
        ("warehouse/duckdb/copy_files.py",),
        ("tests/unit/warehouse/duckdb/test_copy_files.py",),
    ),
    Target(
        "readers",
        ("warehouse/duckdb/connection.py", "warehouse/duckdb/reader.py"),
        (
            "tests/unit/warehouse/duckdb/test_reader.py",
            "tests/unit/warehouse/duckdb/test_reader_user_sql.py",
            "tests/unit/warehouse/duckdb/test_reader_values.py",
            "tests/unit/cli/test_ask.py",
            "tests/report/test_serve.py",
            "tests/unit/warehouse/test_export.py",
            "tests/faults/test_concurrency.py",
        ),
    ),
    Target(
        "whole loads",
        ("warehouse/duckdb/loader.py",),
        (
            "tests/unit/warehouse/duckdb/test_loader.py",
            "tests/unit/test_etl.py",
            "tests/unit/test_etl_refused.py",
            "tests/unit/test_etl_real.py",
            "tests/unit/test_quality.py",
            "tests/unit/test_backup.py",
            "tests/unit/sql_queries/test_comments.py",
            "tests/unit/staging/test_validate_mending.py",
            "tests/engines/test_migration.py",
            "tests/engines/test_views.py",
            "tests/faults/test_concurrency.py",
        ),
    ),
)
