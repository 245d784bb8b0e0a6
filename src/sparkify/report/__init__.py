"""The report: the answers, the quality and the runs of a warehouse as one page with charts.

    data = report.gather(reader)        everything on the page, read from the warehouse
    html = report.render(data, now)     the page, which needs no network

Neither writes a file nor prints. The libraries that draw are imported by `render` only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from .data import ReportData, gather

__all__ = ["ReportData", "gather", "render"]


def render(data: ReportData, made_at: datetime) -> str:
    """Return the page as HTML. made_at: when, UTC.

    Raises HeaderError when a question's header declares a chart that cannot be drawn.
    """
    with _home():
        from .page import render as rendered

        return rendered(data, made_at)


@contextmanager
def _home() -> Iterator[None]:
    """Set HOME to where no file can be when there is none: Altair asks for it on import."""
    try:
        Path.home()
    except RuntimeError:  # neither HOME nor an entry in the passwd file
        os.environ["HOME"] = os.devnull
    else:
        yield
        return
    try:
        yield
    finally:
        del os.environ["HOME"]
