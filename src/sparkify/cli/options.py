"""What all commands share: options, settings, replies, confirmation."""

from __future__ import annotations

import functools
import importlib.util
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .. import config, console
from ..config.keys import SETTINGS
from ..errors import SettingsError, SparkifyError, UsageError
from ..redact import remember
from ..temporary import written_whole

if TYPE_CHECKING:
    from ..warehouse import Reader

_Result = TypeVar("_Result")

WAREHOUSE = ("engine", "database", "memory_limit", "threads")
OWN = "questions"
SOURCES = ("log_data", "log_jsonpath", "song_data")
LIMITS = ("max_rejected_share", "max_rejected_rows")
EXTRAS = {
    **dict.fromkeys(("boto3", "obstore"), "aws"),
    **dict.fromkeys(("altair", "jinja2", "vl_convert"), "report"),
    **dict.fromkeys(("starlette", "uvicorn"), "serve"),
    "numpy": "generate",
}
"""The libraries that commands may need, and the extra that installs each."""
_LOG = logging.getLogger("sparkify")


@dataclass
class Call:
    """The options of one call of the command line, besides the command's own."""

    config_file: Path | None = None
    flags: dict[str, str] = field(default_factory=dict)
    as_json: bool = False
    quiet: bool = False
    log_file: Path | None = None
    debug: bool = False

    def load_settings(
        self, wrong: list[SettingsError] | None = None
    ) -> tuple[config.Settings, dict[str, str]]:
        """Return the settings and the origin of each; warn of exposed secrets.

        wrong: where errors are collected, instead of the first one raised.
        """
        settings, origins = config.load(self.config_file, os.environ, self.flags, wrong)
        remember(settings.aws_key, settings.aws_secret)
        if warning := config.exposed_secret(self.config_file, origins):
            console.say(f"Warning: {warning}", "yellow")
        return settings, origins

    def settings(self) -> config.Settings:
        """Return the settings, loaded once. Raises SettingsError."""
        return self._settings

    @functools.cached_property
    def _settings(self) -> config.Settings:
        return self.load_settings()[0]

    @contextmanager
    def reader(
        self, wait: float, *, for_user_sql: bool = False, limit: int | None = None
    ) -> Iterator[Reader]:
        """Open the warehouse for reading, showing what it waits for."""
        from .. import warehouse

        with (
            console.ProgressBar() as progress,
            warehouse.open_reader(
                self.settings(),
                wait=wait,
                progress=progress,
                for_user_sql=for_user_sql,
                limit=limit,
            ) as reader,
        ):
            progress.finish()
            yield reader

    def reply(
        self,
        result: _Result,
        show: Callable[[_Result], None],
        encode: Callable[[_Result], Any] = console.plain,
        *,
        paged: bool = True,
    ) -> None:
        """Pass a result to the console: as JSON with --json, else as `show` does, unless --quiet.

        paged: whether a long one goes to a pager.
        """
        if self.as_json:
            console.json_out(encode(result))
        elif not self.quiet:
            with console.paged() if paged else nullcontext():
                show(result)


def confirm(prompt: str, *, piped: bool = False, **doomed: Any) -> None:
    """Ask before destroying. Raises UsageError, with what was doomed, unless the answer is yes.

    piped: whether an answer may come by a pipe.
    """
    answer = console.ask(prompt, piped=piped)
    if answer is None:
        why = (
            "--quiet asks nothing"
            if click.get_current_context().obj.quiet
            else "there is no terminal"
        )
        raise UsageError(
            f"confirmation needed, but {why}; nothing was destroyed",
            "Add --yes if you mean it.",
            **doomed,
        )
    if answer.strip().lower() not in ("yes", "y"):
        raise UsageError("nothing was destroyed", "Type yes, or add --yes, if you mean it.")


@contextmanager
def output_file(path: Path) -> Iterator[Path]:
    """Yield a draft to write to, which becomes the file at the end of the block.

    Raises UsageError where it cannot be written, if possible before the block.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "Name a file.")
    if not path.absolute().parent.is_dir():
        raise UsageError(
            f"there is no folder {path.absolute().parent}", "Make it, or name another file."
        )
    try:
        with written_whole(path.absolute()) as draft:
            draft.touch()
            yield draft
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", "Name a file that you may write to."
        ) from None


class OrderedGroup(click.Group):
    """A group that lists its commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in that order."""
        return list(self.commands)


def command(
    name: str, *setting_names: str, cls: type[click.Command] = click.Command
) -> Callable[[Callable[..., None]], click.Command]:
    """Declare a command that takes a Call, its own options, and flags for the settings named."""

    def declare(function: Callable[..., None]) -> click.Command:
        @click.pass_context
        @functools.wraps(function)
        def run(context: click.Context, *arguments: Any, **options: Any) -> None:
            call: Call = context.obj
            if call.quiet:
                console.hush()
            with console.logging_to(call.log_file, debug=call.debug), _logged(context.command_path):
                function(call, *arguments, **options)

        made = click.command(name, cls)(run)
        made.params += [
            click.Option(
                [one.flag],
                metavar="VALUE",
                expose_value=False,
                callback=_remember_flag,
                help=f"{one.label}: {one.meaning}.",
            )
            for one in map(SETTINGS.__getitem__, setting_names)
        ]
        made.params += common_options()
        return made

    return declare


def opened_in_browser(address: str) -> bool:
    """Open an address in the browser; return whether there is one."""
    import webbrowser

    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False


def require(*libraries: str) -> None:
    """Raise ModuleNotFoundError before the work where one of these is not installed."""
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            raise ModuleNotFoundError(name=library)


@contextmanager
def _logged(path: str) -> Iterator[None]:
    """Log the beginning and end of a command; of an error the code only, for it may quote records.

    Raises SettingsError where a library is missing that an extra installs.
    """
    began = time.monotonic()
    _LOG.info("%s: started", path)
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0].replace("botocore", "boto3")
        if library not in EXTRAS:
            raise
        _LOG.error("%s: failed: %s is not installed", path, library)
        raise SettingsError(
            f"`{path}` needs {library}, which is not installed",
            f"Install it: pip install 'sparkify[{EXTRAS[library]}]'",
            extra=EXTRAS[library],
        ) from None
    except SparkifyError as error:
        _LOG.error("%s: failed: %s, exit code %d", path, error.code, error.exit_code)
        raise
    except BaseException as error:
        _LOG.error("%s: ended by %s", path, type(error).__name__)
        raise
    _LOG.info("%s: finished in %.1f s", path, time.monotonic() - began)


def common_options() -> list[click.Parameter]:
    """Return the options that may stand before or after any command's name."""
    file = {"type": click.Path(path_type=Path), "metavar": "FILE"}
    flag = {"is_flag": True}
    options: list[tuple[list[str], dict[str, Any], str]] = [
        (
            ["--config", "config_file"],
            file,
            "The settings file; without it ./dwh.cfg, if there is one.",
        ),
        (["--json", "as_json"], flag, "Answer in JSON, failures too."),
        (["--quiet"], flag, "Show errors only, and what --json or --output asks for."),
        (
            ["--log-file"],
            file,
            "Append the log to a file: a line for each stage, retry, refusal, publication.",
        ),
        (["--debug"], flag, "Show the log, and the traceback of an error."),
    ]
    return [
        click.Option(names, expose_value=False, callback=_remember, help=text, **kind)
        for names, kind, text in options
    ]


wait_option = click.option(
    "--wait",
    type=click.IntRange(min=0),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait while another process holds the warehouse.",
)


def _day(context: click.Context, parameter: click.Parameter, value: str | None) -> Any:
    from ..analysis.period import parsed

    return value if value is None else parsed(value)


def filter_options(function: Callable[..., None]) -> Callable[..., None]:
    """Let a command take --since, --until and --level, as one argument `wanted`."""

    @functools.wraps(function)
    def run(*arguments: Any, since: Any, until: Any, level: str | None, **options: Any) -> None:
        from ..analysis import Wanted

        function(*arguments, wanted=Wanted(since, until, level), **options)

    day = functools.partial(click.option, metavar="DAY", callback=_day)
    since = day("--since", help="Only plays since a day (UTC), or 30d: of the newest 30 days.")
    until = day("--until", help="Only plays before a day (UTC), or 7d: before the newest 7 days.")
    level = click.option(
        "--level", type=click.Choice(["free", "paid"]), help="Only plays at this level."
    )
    return since(until(level(run)))


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value and parameter.name:
        setattr(context.obj, parameter.name, value)


def _remember_flag(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None and parameter.name:
        context.obj.flags[parameter.name] = value
