"""The report: the answers, the quality and the runs of a warehouse as one page with charts.

    data = report.gather(reader)        everything on the page, read from the warehouse
    html = report.render(data, now)     the page, which needs no network

Neither writes a file nor prints. The libraries that draw are imported by `render` only.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from .data import ReportData, gather

__all__ = ["ReportData", "gather", "render"]


def render(data: ReportData, made_at: datetime) -> str:
    """Return the page as HTML. made_at: when, UTC.

    Raises HeaderError when a question's header declares a chart that cannot be drawn.
    """
    home = {}
    try:
        Path.home()  # Altair asks for it on import
    except RuntimeError:  # neither HOME nor an entry in the passwd file
        home = {"HOME": os.devnull}
    os.environ.update(home)
    try:
        from .page import render as rendered

        return rendered(data, made_at)
    finally:
        for name in home:
            del os.environ[name]
