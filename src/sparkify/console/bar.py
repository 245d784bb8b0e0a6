"""What a progress bar looks like. Imported only when one appears, for rich takes a while."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text


class _RateColumn(ProgressColumn):
    """Says `1,234 files/s`."""

    def render(self, task: Task) -> Text:
        unit = task.fields["unit"]
        return Text(f"{task.speed:,.0f} {unit}/s" if task.speed else unit)


def new_bar(unit: str) -> Progress:
    """Make a bar for a step that counts in `unit`: amount, rate, time passed and time left."""
    amount: tuple[ProgressColumn, ...]
    if unit == "bytes":
        amount = (DownloadColumn(), TransferSpeedColumn())
    else:
        amount = (MofNCompleteColumn(), _RateColumn())
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        *amount,
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr, highlight=False),
        transient=True,
    )
