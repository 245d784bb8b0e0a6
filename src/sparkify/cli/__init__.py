"""The command line: parse, call one function, hand the result to the console."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from .. import __version__, console
from . import asking, clouding, failures, inspecting, interrupts, loading, operating, reporting
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


class _Application(OrderedGroup):
    """The group of all commands: what goes wrong in any of them ends in `failures`."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run one command line and exit with its code."""
        console.prepare()
        words = list(sys.argv[1:] if args is None else args)
        run = super().main
        with interrupts.heeded():
            code = failures.exit_code(
                lambda: run(words, "sparkify", complete_var, standalone_mode=False, obj=Call()),
                as_json="--json" in words,  # known before the words are understood
                debug="--debug" in words,
            )
        console.finish()
        sys.exit(code)


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
    loading.generate,
    inspecting.inspect,
    loading.create_tables,
    loading.etl,
    asking.ask,
    asking.check,
    asking.query,
    asking.rejects,
    asking.status,
    asking.export,
    reporting.report,
    clouding.iac,
    operating.sql,
    operating.doctor,
):
    application.add_command(_command)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line, by default the one that this process was started with."""
    try:
        application.main(args)
    finally:
        interrupts.let_end()
