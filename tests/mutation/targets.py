"""Which modules get faults, and which files of tests have to see them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """Modules below src/sparkify, and the tests that hold them.

    tests: those of which the ones that run a line are tried first. more: those that a fault meets,
    all of them, when it survives these.
    """

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    more: tuple[str, ...]


TARGETS = (
    Target(
        "ledger and staging",
        (
            "ledger.py",
            "staging/conflicts.py",
            "staging/reading.py",
            "staging/rejects.py",
            "staging/rules.py",
            "staging/validate.py",
        ),
        (
            "tests/test_ledger.py",
            "tests/test_validate.py",
            "tests/test_staging.py",
        ),
        ("tests/test_etl.py", "tests/test_corpus.py", "tests/test_worlds.py"),
    ),
    Target(
        "the warehouse on DuckDB",
        (
            "warehouse/duckdb/asking.py",
            "warehouse/duckdb/loading.py",
            "warehouse/duckdb/parts.py",
            "warehouse/duckdb/reading.py",
            "warehouse/duckdb/staging.py",
        ),
        (
            "tests/test_reading.py",
            "tests/test_user_sql.py",
            "tests/test_export.py",
            "tests/test_staging.py",
            "tests/test_etl.py",
            "tests/test_concurrency.py",
        ),
        ("tests/test_faults.py", "tests/test_corpus.py", "tests/test_redshift_load.py"),
    ),
)
