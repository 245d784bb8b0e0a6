"""The warehouse on one machine: an embedded DuckDB database in one file.

Only what reads is imported here, so that questions need not wait for the modules of a load.
"""

from .reader import DuckDBReader

__all__ = ["DuckDBReader"]
