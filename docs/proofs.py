"""What `make torture` found out, as tables for docs/reliability.md."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reference import table

_TESTS = Path(__file__).resolve().parent.parent / "tests"
_RESULTS = _TESTS / "torture" / "results.json"


def _figures() -> str:
    """Lay out the table at the end of the last run that was kept."""
    if not _RESULTS.exists():
        return "No run is kept here yet: `make torture` writes one."
    kept: dict[str, Any] = json.loads(_RESULTS.read_text(encoding="utf-8"))
    ran = f"{kept['minutes']:g} minutes on {kept['processors']} processors."
    return f"{table(('Family', 'Figure', 'Value', 'Must be'), map(_row, kept['figures']))}\n\n{ran}"


def _row(figure: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return figure["family"], figure["name"], f"{figure['value']:,g}", figure["must"]


def _faults() -> str:
    """List the faults that are put in on purpose, each with the test that finds it."""
    if str(_TESTS) not in sys.path:
        sys.path.append(str(_TESTS))
    from torture.put_in import FAULTS

    rows = ((fault.name, f"`{fault.test}`") for fault in FAULTS)
    return table(("Put in on purpose", "Found by (in `tests/`)"), rows)


PARTS: Mapping[str, Callable[[], str]] = {
    "figures of the torture": _figures,
    "faults put in": _faults,
}
