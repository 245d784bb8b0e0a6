"""The peer "dbt-duckdb": `dbt run` on the project in this folder.

Usage: with_dbt.py DATA OUTPUT
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main(data: str, output: str) -> None:
    """Load the data folder into the database `warehouse.duckdb` in the output folder."""
    here = Path(__file__).parent
    dbt = Path(sys.executable).with_name("dbt")
    places = {
        "SPARKIFY_DATA": data,
        "SPARKIFY_OUTPUT": output,
        "DBT_TARGET_PATH": f"{output}/target",
        "DBT_LOG_PATH": f"{output}/logs",
    }
    command = [str(dbt), "run", "--project-dir", str(here), "--profiles-dir", str(here)]
    os.execve(dbt, command, {**os.environ, **places})  # noqa: S606 - dbt is what we measure


if __name__ == "__main__":
    main(*sys.argv[1:])
