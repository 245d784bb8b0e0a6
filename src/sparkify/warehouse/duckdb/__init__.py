"""The warehouse on one machine: an embedded DuckDB database in one file."""
