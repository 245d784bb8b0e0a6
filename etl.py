"""Load what is new and answer the questions: `python3 etl.py` is `sparkify etl`."""

from pathlib import Path

from src.sparkify.launcher import launch

if __name__ == "__main__":
    launch(Path(__file__).resolve().parent, "etl")
