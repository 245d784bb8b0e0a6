"""What all commands share: options, settings, replies, confirmation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .. import config, console
from ..config.keys import SETTINGS, Setting
from ..errors import UsageError
from ..redact import remember

if TYPE_CHECKING:
    from ..warehouse import Reader

_Result = TypeVar("_Result")

WAREHOUSE = ("engine", "database", "memory_limit", "threads")
SOURCES = ("log_data", "log_jsonpath", "song_data")
LIMITS = ("max_rejected_share", "max_rejected_rows")


@dataclass
class Call:
    """The options of one call of the command line, besides the command's own."""

    config_file: Path | None = None
    flags: dict[str, str] = field(default_factory=dict)
    as_json: bool = False

    def load_settings(self) -> tuple[config.Settings, dict[str, str]]:
        """Return the settings and the origin of each; warn of exposed secrets."""
        settings, origins = config.load(self.config_file, os.environ, self.flags)
        remember(settings.aws_key, settings.aws_secret)
        if warning := config.exposed_secret(self.config_file, origins):
            console.say(f"Warning: {warning}", "yellow")
        return settings, origins

    def settings(self) -> config.Settings:
        """Return the settings. Raises SettingsError."""
        return self.load_settings()[0]

    @contextmanager
    def reader(self, wait: float, *, for_user_sql: bool = False) -> Iterator[Reader]:
        """Open the warehouse for reading, showing what it waits for."""
        from .. import warehouse

        with (
            console.ProgressBar() as progress,
            warehouse.open_reader(
                self.settings(), wait=wait, progress=progress, for_user_sql=for_user_sql
            ) as reader,
        ):
            progress.finish()
            yield reader

    def reply(
        self,
        result: _Result,
        show: Callable[[_Result], None],
        encode: Callable[[_Result], Any] = console.plain,
    ) -> None:
        """Pass a result to the console: as JSON with --json, else as `show` does."""
        if self.as_json:
            console.json_out(encode(result))
        else:
            show(result)


def confirm(prompt: str, *, piped: bool = False, **doomed: Any) -> None:
    """Ask before destroying. Raises UsageError, with what was doomed, unless the answer is yes.

    piped: whether an answer may come by a pipe.
    """
    answer = console.ask(prompt, piped=piped)
    if answer is None:
        raise UsageError(
            "confirmation needed, but there is no terminal; nothing was destroyed",
            "Add --yes if you mean it.",
            **doomed,
        )
    if answer.strip().lower() not in ("yes", "y"):
        raise UsageError("nothing was destroyed", "Type yes, or add --yes, if you mean it.")


class OrderedGroup(click.Group):
    """A group that lists its commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in that order."""
        return list(self.commands)


def command(name: str, *setting_names: str) -> Callable[[Callable[..., None]], click.Command]:
    """Declare a command that takes a Call, its own options, and flags for the settings named."""

    def declare(function: Callable[..., None]) -> click.Command:
        made = click.command(name)(click.pass_obj(function))
        made.params += [_flag(SETTINGS[name]) for name in setting_names]
        made.params += common_options()
        return made

    return declare


def common_options() -> list[click.Parameter]:
    """Return the options that may stand before or after any command's name."""
    return [
        click.Option(
            ["--config", "config_file"],
            type=click.Path(path_type=Path),
            metavar="FILE",
            expose_value=False,
            callback=_remember,
            help="The settings file; without it ./dwh.cfg, if there is one.",
        ),
        click.Option(
            ["--json", "as_json"],
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="Answer in JSON, failures too.",
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,  # looked for before the words are parsed
            help="Show the traceback of an error.",
        ),
    ]


wait_option = click.option(
    "--wait",
    type=click.IntRange(min=0),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait while another process holds the warehouse.",
)


def _flag(setting: Setting) -> click.Option:
    return click.Option(
        [setting.flag],
        metavar="VALUE",
        expose_value=False,
        callback=_remember_flag,
        help=f"{setting.label}: {setting.meaning}.",
    )


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value and parameter.name:
        setattr(context.obj, parameter.name, value)


def _remember_flag(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None and parameter.name:
        context.obj.flags[parameter.name] = value
