"""Create the tables that are missing: `python3 create_tables.py` is `sparkify create-tables`."""

from pathlib import Path

from src.sparkify.launcher import launch

if __name__ == "__main__":
    launch(Path(__file__).resolve().parent, "create-tables")
