"""Small generated folders, and what is in them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sparkify.generate import Options

SMALL = Options(songs=60, users=25, days=4)
BIGGER = Options(songs=60, users=25, days=5)


def contents(folder: Path) -> dict[str, str]:
    """The digest of each file below a folder."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
