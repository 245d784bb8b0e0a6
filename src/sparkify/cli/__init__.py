"""The command line: parse, call one function, pass the result to the console."""

from __future__ import annotations

import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from .. import __version__, console
from ..errors import SparkifyError, UsageError
from . import admin, ask, cloud, load
from .options import Call, OrderedGroup, common_options

_EPILOG = """\b
First steps:
  sparkify generate data    make a month of realistic data
  sparkify etl              load it and read the answers
  sparkify report --open    look at them, with charts
  sparkify doctor           when something is wrong

\b
Completion in the shell, for this session or in ~/.bashrc, ~/.zshrc:
  eval "$(_SPARKIFY_COMPLETE=bash_source sparkify)"     (or zsh_source)

Exit codes: 0 ok, 1 bug, 2 usage, 3 settings or credentials, 4 source unreadable or too much
rejected, 5 warehouse failed, 6 a quality check failed, 7 busy, 130 interrupted.
"""

_DEBOUNCE_SECONDS = 1.0
"""Signals within this time count as one interrupt: a shell, a scheduler and a terminal may all send
one, and the second would interrupt the cleanup."""
_INTERRUPTING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _InterruptedError(SparkifyError):
    exit_code = 130
    code = "interrupted"


class _SystemError(SparkifyError):
    code = "system"


class _BugError(SparkifyError):
    code = "bug"


class _Application(OrderedGroup):
    """The group of all commands, which turns every exception into a message and an exit code."""

    def main(self, args: Sequence[str] | None = None, *_: Any, **__: Any) -> NoReturn:
        """Run one command line and exit with its code."""
        console.prepare()
        with as_interrupts():
            code = self._exit_code(list(sys.argv[1:] if args is None else args))
        console.finish()
        sys.exit(code)

    def _exit_code(self, words: list[str]) -> int:
        """Run one command line, report its failure if it fails, and return its exit code."""
        try:
            super().main(words, "sparkify", standalone_mode=False, obj=Call())
        except SystemExit:  # click exits so when the pipe that reads the help is closed
            return 0
        except click.exceptions.NoArgsIsHelpError as error:
            console.say(error.format_message())
            return error.exit_code
        except (Exception, KeyboardInterrupt) as error:
            if "--debug" in words:
                console.say(traceback.format_exc())
            failure = _failure(error)
            console.failure(failure, as_json="--json" in words)  # also before they are parsed
            return failure.exit_code
        return 0


def _failure(error: BaseException) -> SparkifyError:
    """Return the error to report for any exception."""
    if isinstance(error, SparkifyError):
        return error
    if isinstance(error, click.ClickException):  # `No such option: --x.` -> `no such option: --x`
        message = error.format_message()
        context = getattr(error, "ctx", None)
        return UsageError(
            message[:1].lower() + message[1:].removesuffix("."),
            f"Run `{context.command_path if context else 'sparkify'} --help` to see what is"
            " possible.",
        )
    if isinstance(error, click.Abort | KeyboardInterrupt):
        by = error.__cause__ or error  # click raises Abort from what it caught
        told = getattr(by, "__notes__", ["what was not finished is not published"])
        return _InterruptedError(f"interrupted; {'; '.join(told)}")
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        what = f"{where}{error.strerror or error}"
        return _SystemError(what, "Correct that and run the command again; --debug shows where.")
    last = traceback.extract_tb(error.__traceback__)[-1]
    what = traceback.format_exception_only(error)[-1].strip()
    return _BugError(
        f"{what} ({Path(last.filename).name}, line {last.lineno}): this is a bug in sparkify",
        "Run the command again with --debug, and report the traceback.",
    )


@contextmanager
def as_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGINT, SIGTERM and SIGHUP within this block.

    So a scheduler, a closed terminal and a container's end leave nothing half done. An ignored
    signal (`nohup`, a background job) stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set signal handlers
        return
    last = -_DEBOUNCE_SECONDS

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _DEBOUNCE_SECONDS:
            last = now
            raise KeyboardInterrupt

    ordinary = (signal.SIG_DFL, signal.default_int_handler)
    before = {number: signal.getsignal(number) for number in _INTERRUPTING}
    ours = {number: handler for number, handler in before.items() if handler in ordinary}
    for number in ours:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)


def restore() -> None:
    """Let SIGINT end the process at once: there is nothing left to clean up or to report."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


@click.group(
    cls=_Application,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="sparkify", message="%(prog)s %(version)s")
def application() -> None:
    """Sparkify's data warehouse: activity logs and song files become answered questions."""


application.params += common_options()
for _command in (
    load.generate,
    ask.inspect,
    admin.create_tables,
    admin.grant,
    load.etl,
    ask.ask,
    ask.check,
    ask.query,
    admin.rejects,
    admin.status,
    ask.export,
    admin.restore,
    ask.report,
    ask.serve,
    cloud.iac,
    ask.new,
    ask.sql,
    admin.doctor,
):
    application.add_command(_command)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line, by default that of this process."""
    try:
        application.main(args)
    finally:
        restore()
