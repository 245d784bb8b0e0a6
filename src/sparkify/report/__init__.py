"""The report: the answers, the quality and the runs of a warehouse as one page with charts.

    findings = report.gather(reader)      what is told, read from the warehouse
    html = report.page(findings, now)     the page, which asks nobody for anything

Neither writes a file nor prints. The libraries that draw are imported by whoever asks for a page.
"""

from __future__ import annotations

from datetime import datetime

from .findings import Findings, gather
from .runtime import some_home

__all__ = ["Findings", "gather", "page"]


def page(findings: Findings, made_at: datetime) -> str:
    """Write the page as HTML. made_at: when, UTC.

    Raises HeaderError when a question's header declares a chart that cannot be.
    """
    with some_home():
        from .writing import page as written

    return written(findings, made_at)
