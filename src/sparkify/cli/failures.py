"""From whatever ends a command to an exit code: the one place that catches everything."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import click

from .. import console
from ..errors import SparkifyError, UsageError


class _InterruptedError(SparkifyError):
    exit_code = 130
    code = "interrupted"


class _SystemError(SparkifyError):
    code = "system"


class _BugError(SparkifyError):
    code = "bug"


def exit_code(action: Callable[[], object], *, as_json: bool, debug: bool) -> int:
    """Run a command to its end, tell of its failure if it fails, and give the exit code.

    as_json: a failure goes to stdout as JSON, too. debug: with the traceback.
    """
    try:
        action()
    except SystemExit:  # click's answer to a reader of the help who went away
        return 0
    except click.exceptions.NoArgsIsHelpError as error:
        console.say(error.format_message())
        return error.exit_code
    except (Exception, KeyboardInterrupt) as error:
        if debug:
            console.say(traceback.format_exc())
        failure = _failure(error)
        console.failure(failure, as_json=as_json)
        return failure.exit_code
    return 0


def _failure(error: BaseException) -> SparkifyError:
    if isinstance(error, SparkifyError):
        return error
    if isinstance(error, click.ClickException):
        return UsageError(_sentence(error.format_message()), _help(error))
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return _InterruptedError("interrupted; what was not finished is not published")
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        what = f"{where}{error.strerror or error}"
        return _SystemError(what, "Correct that and run the command again; --debug tells where.")
    return _bug(error)


def _bug(error: BaseException) -> SparkifyError:
    where = traceback.extract_tb(error.__traceback__)[-1]
    what = traceback.format_exception_only(error)[-1].strip()
    return _BugError(
        f"{what} ({Path(where.filename).name}, line {where.lineno}): this is a bug in sparkify",
        "Run the command again with --debug, and report the traceback.",
    )


def _help(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "sparkify"
    return f"Run `{path} --help` to see what is possible."


def _sentence(message: str) -> str:
    """Write click's sentences as ours: `No such option: --x.` becomes `no such option: --x`."""
    return message[:1].lower() + message[1:].removesuffix(".")
