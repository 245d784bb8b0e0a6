"""The warehouse on one machine: an embedded DuckDB database in one file."""

from .loading import DuckDBWarehouse
from .reading import DuckDBReader

__all__ = ["DuckDBReader", "DuckDBWarehouse"]
