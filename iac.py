"""The warehouse in the cloud: `python3 iac.py` is `sparkify iac up`, `iac.py down` ends it."""

from pathlib import Path

from src.sparkify.launcher import default_word, launch

if __name__ == "__main__":
    launch(Path(__file__).resolve().parent, "iac", *default_word("up"))
