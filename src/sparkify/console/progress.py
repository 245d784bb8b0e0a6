"""Progress on stderr of what takes longer than two seconds: a bar on a terminal, else a line."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from . import stream

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 2.0  # seconds that a step may take before its bar appears


class ProgressBar:
    """Takes what long work tells (see `sparkify.progress`) and shows it while the work lasts.

    Use it as a context manager, and give the object itself to the work.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
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
        """Take the state of a step (see `sparkify.progress.Progress`)."""
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
        self._timer = threading.Timer(self._patience, self._appear)
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
            assert self._step is not None  # finish() waits for the timer before it forgets the step
            step, unit = self._step
            if not stream.is_terminal(sys.stderr):
                stream.say(f"{step} ...")
                return
            from .bar import new_bar  # only now: rich takes a while to import

            self._bar = new_bar(unit)
            self._task = self._bar.add_task(
                stream.clean(step), completed=self._done, total=self._total, unit=unit
            )
            self._bar.start()
