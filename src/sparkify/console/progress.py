"""Progress of steps longer than two seconds, on stderr: a bar on a terminal, else a line."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from . import stream

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

DELAY_SECONDS = 2.0  # before the bar of a step appears


class ProgressBar:
    """Shows the progress of long work (see `sparkify.progress`) while it lasts.

    Use it as a context manager, and pass the object itself as the work's `progress`.
    """

    def __init__(self, delay: float = DELAY_SECONDS) -> None:
        self._delay = delay
        self._lock = threading.Lock()
        self._step: tuple[str, str] | None = None
        self._done = 0
        self._total: int | None = None
        self._timer: threading.Timer | None = None
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish()

    def __call__(self, step: str, done: int, total: int | None, unit: str) -> None:
        """Update the state of a step (see `sparkify.progress.Progress`)."""
        if self._step != (step, unit):
            self.finish()
            self._begin(step, unit)
        with self._lock:
            self._done, self._total = done, total
            if self._bar is not None and self._task is not None:
                self._bar.update(self._task, completed=done, total=total)

    def _begin(self, step: str, unit: str) -> None:
        self._step = (step, unit)
        # A timer, because a step that computes in one go never calls again.
        self._timer = threading.Timer(self._delay, self._appear)
        self._timer.daemon = True
        self._timer.start()

    def finish(self) -> None:
        """End the step that is shown, if there is one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        with self._lock:
            if self._bar is not None:
                self._bar.stop()
            self._bar = self._task = self._timer = self._step = None

    def _appear(self) -> None:
        with self._lock:
            assert self._step is not None  # finish() joins the timer before it resets the step
            step, unit = self._step
            if not stream.is_terminal(sys.stderr):
                stream.say(f"{step} ...")
                return
            self._bar = _new_bar(unit)
            self._task = self._bar.add_task(
                stream.clean(step), completed=self._done, total=self._total
            )
            self._bar.start()


def _new_bar(unit: str) -> Progress:
    """Return a bar for a step that counts in `unit`: amount, rate, time elapsed and time left."""
    from rich import progress as rich  # only when a bar appears: rich takes a while to import
    from rich.console import Console
    from rich.text import Text

    class Rate(rich.ProgressColumn):
        def render(self, task: rich.Task) -> Text:
            return Text(f"{task.speed:,.0f} {unit}/s" if task.speed else unit)

    amount: tuple[rich.ProgressColumn, ...] = (rich.MofNCompleteColumn(), Rate())
    if unit == "bytes":
        amount = (rich.DownloadColumn(), rich.TransferSpeedColumn())
    return rich.Progress(
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(bar_width=24),
        *amount,
        rich.TimeElapsedColumn(),
        rich.TextColumn("left"),
        rich.TimeRemainingColumn(),
        console=Console(file=sys.stderr, highlight=False),
        transient=True,
    )
