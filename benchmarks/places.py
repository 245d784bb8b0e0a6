"""Where everything is: the project, its environments, the data, the results."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BIN = Path(sys.executable).parent
ENVIRONMENTS = ROOT / ".venv-bench"
BUILD = ROOT / "build" / "bench"
DATA = Path(os.environ.get("BENCH_DATA") or BUILD / "data").absolute()
"""The generated data: 3 GB for M, 6 GB more for L, and many small files."""
RESULTS = HERE / "results"
"""The results from which docs/performance.md is made."""
