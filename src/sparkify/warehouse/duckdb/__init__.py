"""The warehouse on one machine: an embedded DuckDB database in one file.

What loads is imported by whoever loads, so that a question does not wait for it.
"""

from .reader import DuckDBReader

__all__ = ["DuckDBReader"]
