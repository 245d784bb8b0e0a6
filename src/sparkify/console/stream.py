"""Write to the terminal, or to whatever stands in its place, without ever failing for it.

Data may be hostile or odd: control characters are made visible, characters that the terminal's
encoding lacks are escaped, and a closed pipe (`| head`) is no error.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import errno
import io
import json
import logging
import math
import os
import re
import select
import shutil
import sys
import textwrap
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TextIO

from ..errors import SparkifyError, UsageError
from ..redact import UNSAFE, mask_all

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_UNSAFE_CHARACTER = re.compile(UNSAFE)
_UNSAFE_IN_LINES = re.compile(f"(?!\n){UNSAFE}")
DELAY_SECONDS = 2.0  # before the bar of a step appears
_quiet = False
_held: list[tuple[TextIO | None, str]] | None = None  # what is written meanwhile, for a pager
_PIPE_SECONDS = 10.0
"""How long to wait for an answer by a pipe: one without a writer never becomes ready."""
_STYLES = {"bold": "1", "dim": "2", "red": "1;31", "yellow": "33", "cyan": "36"}


def prepare() -> None:
    """Make the streams escape characters that their encoding lacks, with messages."""
    global _quiet
    _quiet = False
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def hush() -> None:
    """Write no more messages to stderr, and no progress; failures still are."""
    global _quiet
    _quiet = True


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a stream is a terminal."""
    return stream is not None and stream.isatty()


def clean(text: str) -> str:
    """Return a value with every unsafe character made visible, line breaks too."""
    return _UNSAFE_CHARACTER.sub(_escaped, text)


def clean_lines(text: str) -> str:
    """Return a text of several lines with every unsafe character made visible."""
    return _UNSAFE_IN_LINES.sub(_escaped, text)


def styled(text: str, style: str, stream: TextIO | None) -> str:
    """Return a text in colour when the stream is a terminal and NO_COLOR is not set."""
    plain = (
        not is_terminal(stream) or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    )
    return text if plain else f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def wrapped(text: str, stream: TextIO | None, indent: str = "") -> str:
    """Return a text with its lines broken between words at the width of a terminal.

    A line continues at the indent given, or at its own. Elsewhere the text stays as it is.
    """
    if not is_terminal(stream):
        return text
    width = shutil.get_terminal_size().columns
    return "\n".join(
        line
        if len(line) <= width
        else textwrap.fill(
            line,
            width,
            subsequent_indent=indent or line[: len(line) - len(line.lstrip())],
            break_long_words=False,
            break_on_hyphens=False,
            replace_whitespace=False,
        )
        for line in text.split("\n")
    )


def out(text: str) -> None:
    """Write data to stdout, as it is, with a line break."""
    _write(sys.stdout, text)


def prose(text: str, style: str = "", indent: str = "") -> None:
    """Write a line to stdout: unsafe characters made visible, broken where a terminal ends."""
    safe = wrapped(clean(text), sys.stdout, indent)
    out(styled(safe, style, sys.stdout) if style else safe)


@contextmanager
def paged() -> Iterator[None]:
    """Pass what the block writes to stdout to a pager, on a terminal that is too low for it.

    Messages follow it then; elsewhere all comes in its order.
    """
    global _held
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        yield
        return
    held: list[tuple[TextIO | None, str]] = []
    _held = held
    try:
        yield
    finally:
        _held = None
    text = "\n".join(part for stream, part in held if stream is sys.stdout)
    if text.count("\n") + 1 >= shutil.get_terminal_size().lines:
        import click

        click.echo_via_pager(text, color=True)
        held = [one for one in held if one[0] is not sys.stdout]
    for stream, part in held:
        _write(stream, part)


def say(text: str, style: str = "") -> None:
    """Write a message to stderr, unless hushed: unsafe characters made visible, secrets masked."""
    if _quiet:
        return
    safe = wrapped(clean_lines(mask_all(text)), sys.stderr)
    _write(sys.stderr, styled(safe, style, sys.stderr) if style else safe)


def ask(prompt: str, *, piped: bool = False) -> str | None:
    """Ask on stderr and return the line typed; None without a terminal, and when hushed.

    piped: also take a line that comes by a pipe within a few seconds.
    """
    terminal = is_terminal(sys.stdin)
    if _quiet or sys.stdin is None or sys.stdin.closed or not (terminal or piped):
        return None
    say(prompt)
    try:
        ready = terminal or select.select([sys.stdin], [], [], _PIPE_SECONDS)[0]
        return (sys.stdin.readline() or None) if ready else None
    except (OSError, ValueError):  # not a stream of the system's, or closed by the parent process
        return None


def failure(error: SparkifyError, *, as_json: bool) -> None:
    """Write an error and its next step to stderr; as_json: to stdout as well.

    The one shape of failure: `{"ok": false, "error": {"code", "exit_code", "reason",
    "next_step", "details"}}`.
    """
    _say_after("Error:", "red", error.reason)
    if error.next_step:
        _say_after("Next:", "bold", error.next_step)
    if as_json:
        shown = {
            "code": error.code,
            "exit_code": error.exit_code,
            "reason": mask_all(error.reason),
            "next_step": mask_all(error.next_step),
            "details": _masked(plain(error.details)),
        }
        json_out({"ok": False, "error": shown})


@contextmanager
def logging_to(path: Path | None, *, debug: bool) -> Iterator[None]:
    """Write the program's log to the end of a file, and with `debug` to stderr.

    A line is a time in UTC, a level and a message, secrets masked. Raises UsageError when the file
    cannot be opened; what cannot be written later is lost.
    """
    line = "%(asctime)s.%(msecs)03dZ %(levelname)s %(run)s%(message)s"
    formatter = logging.Formatter(line, defaults={"run": ""})
    formatter.converter, formatter.default_time_format = time.gmtime, "%Y-%m-%dT%H:%M:%S"
    formatter.default_msec_format = None
    handlers: list[logging.Handler] = [_Messages()] if debug else []
    try:
        if path:
            handlers.append(_LogFile(path, encoding="utf-8", errors="backslashreplace"))
    except OSError as error:
        raise UsageError(
            f"the log file {path} cannot be written: {error.strerror}",
            "Name a file that you may write to.",
        ) from None
    logger = logging.getLogger("sparkify")
    for handler in handlers:
        handler.setFormatter(formatter)
        logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.DEBUG if handlers else level)
    try:
        yield
    finally:
        logger.setLevel(level)
        for handler in handlers:
            logger.removeHandler(handler)
            with suppress(OSError):
                handler.close()


class _Messages(logging.Handler):
    """Writes the log to stderr, as messages."""

    def emit(self, record: logging.LogRecord) -> None:
        say(self.format(record), "dim")


class _LogFile(logging.FileHandler):
    """Writes the log to a file."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(mask_all(super().format(record)))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Go on without a log when the disk is full."""


def json_out(value: Any) -> None:
    """Write a value as JSON to stdout: the one shape of success."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    only_ascii = encoding.lower().replace("-", "") != "utf8"
    text = json.dumps(plain(value), ensure_ascii=only_ascii, allow_nan=False, indent=2)
    # Outside strings JSON has no unsafe characters but line breaks; in them an escape is the same.
    out(_UNSAFE_IN_LINES.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


def plain(value: Any) -> Any:
    """Return a Python value in JSON types; times in ISO 8601, not-a-number as null."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if hasattr(value, "as_json"):
        return plain(value.as_json())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, decimal.Decimal):
        return plain(float(value))
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    return str(value)


def _say_after(word: str, style: str, text: str) -> None:
    safe = wrapped(f"{word} {clean_lines(mask_all(text))}", sys.stderr).removeprefix(word)
    _write(sys.stderr, styled(word, style, sys.stderr) + safe)


def _masked(value: Any) -> Any:
    """Return a JSON value with the secrets in every text masked."""
    if isinstance(value, str):
        return mask_all(value)
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list) else value


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _write(stream: TextIO | None, text: str) -> None:
    if _held is not None:
        _held.append((stream, text))
        return
    if stream is None:  # closed by the parent process
        return
    try:
        stream.write(text + "\n")
        stream.flush()
    except OSError as error:
        _discard(stream)
        if error.errno != errno.EPIPE:
            raise SparkifyError(
                f"the output cannot be written: {error.strerror}",
                "Make room or choose another place for it, then run the command again.",
            ) from None


def finish() -> None:
    """Flush the streams; a failure to write has been reported before."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            _discard(stream)


def _discard(stream: TextIO) -> None:
    """Redirect a stream to the null device, so that closing it cannot fail again."""
    with open(os.devnull, "wb") as null:  # noqa: PTH123
        os.dup2(null.fileno(), stream.fileno())


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

    def __exit__(self, *_: object) -> None:
        self.finish()

    def __call__(self, step: str, done: int, total: int | None, unit: str) -> None:
        """Update the state of a step (see `sparkify.progress.Progress`)."""
        if self._step != (step, unit):
            self.finish()
            self._step = (step, unit)
            # A timer, because a step that computes in one go never calls again.
            self._timer = threading.Timer(self._delay, self._appear)
            self._timer.daemon = True
            self._timer.start()
        with self._lock:
            self._done, self._total = done, total
            if self._bar is not None and self._task is not None:
                self._bar.update(self._task, completed=done, total=total)

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
            if _quiet or not is_terminal(sys.stderr):
                say(f"{step} ...")
                return
            self._bar = _new_bar(unit)
            self._task = self._bar.add_task(clean(step), completed=self._done, total=self._total)
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
