"""Torture of the whole program, family by family: `make torture`.

Each module but `figures`, `families` and `__main__` is a family or two: functions that take a scale
and a folder and return figures. `families` lists them.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))  # also where it runs by itself
