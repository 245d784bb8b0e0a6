"""Who runs: ours, the floor, and the peers; each a command that loads a folder into an output."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .places import BIN, ENVIRONMENTS, HERE

OURS, FLOOR = "ours", "floor"
_NOT_MENDED = "text that was encoded twice is not mended, so such plays do not match"


@dataclass(frozen=True)
class Peer:
    """One way to load the data.

    title: how the report calls it. sizes: where it runs unless it is asked for by name.
    own: it has a virtual environment of its own. needs: a program without which it is left out.
    own_numbers: its songplay_id is its own, a number, which costs it less than our text.
    differs: why its tables differ from ours; found by experiment.
    """

    title: str
    script: str
    sizes: str = "S"
    own: bool = True
    needs: str = ""
    own_numbers: bool = True
    differs: str = _NOT_MENDED


PEERS: Mapping[str, Peer] = {
    FLOOR: Peer("the floor", "floor/load.py", "SM", own=False, own_numbers=False),
    "duckdb": Peer("plain DuckDB", "peers/duckdb/with_duckdb.py", "SM", own=False),
    "polars": Peer("Polars", "peers/polars/with_polars.py", "SM"),
    "pandas": Peer(
        "pandas",
        "peers/pandas/with_pandas.py",
        "SM",
        differs=f"{_NOT_MENDED}; read_json parses numbers inexactly unless told otherwise",
    ),
    "dbt": Peer("dbt-duckdb", "peers/dbt/with_dbt.py"),
    "dlt": Peer("dlt", "peers/dlt/with_dlt.py"),
    "pyspark": Peer("PySpark", "peers/pyspark/with_pyspark.py", needs="java"),
    "classroom": Peer("classroom: pandas and SQLite", "peers/classroom/with_sqlite.py"),
}


def chosen(size: str, names: str) -> list[str]:
    """Pick the contenders of a size; names: separated by commas, empty for the usual ones.

    Raises SystemExit for a name that nobody has.
    """
    if names:
        wanted = [name.strip() for name in names.split(",")]
        if strange := [name for name in wanted if name not in PEERS]:
            raise SystemExit(f"there is no peer {strange[0]}: {', '.join(PEERS)}")
        return [OURS, *wanted]
    return [OURS, *(name for name, peer in PEERS.items() if size in peer.sizes)]


def missing(name: str) -> str:
    """Say in a sentence why a peer cannot run here; empty when it can."""
    needs = PEERS[name].needs if name in PEERS else ""
    return "" if not needs or shutil.which(needs) else f"left out: {needs} is not installed"


def python(name: str) -> Path:
    """Return the interpreter that runs a peer."""
    if name in PEERS and PEERS[name].own:
        return ENVIRONMENTS / name / "bin" / "python"
    return Path(sys.executable)


def command(name: str, data: Path, output: Path) -> list[str | Path]:
    """Build the command that loads a data folder."""
    if name == OURS:
        return [BIN / "sparkify", "etl", "--no-answers"]
    return [python(name), HERE / PEERS[name].script, data, output]


def environ(data: Path, output: Path, **more: str) -> dict[str, str]:
    """Build the environment of a contender: nothing of the user's, and nobody phones home."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(output),
        "TMPDIR": str(output),
        "LANG": "C.UTF-8",
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "SPARKIFY_DUCKDB_DATABASE": str(output / "warehouse.duckdb"),
        "SPARKIFY_S3_LOG_DATA": str(data / "log_data"),
        "SPARKIFY_S3_LOG_JSONPATH": str(data / "log_json_path.json"),
        "SPARKIFY_S3_SONG_DATA": str(data / "song_data"),
        **more,
    }
