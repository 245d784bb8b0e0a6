"""The command that serves the report's pages: serve."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from .. import console
from ..config.keys import SETTINGS
from ..console import results
from ..temporary import temporary_folder
from .options import OWN, WAREHOUSE, Call, command, opened_in_browser, require, wait_option


@command("serve", *WAREHOUSE, OWN)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="The port on 127.0.0.1; 0 takes a free one.",
)
@click.option("--open", "open_page", is_flag=True, help="Open the page in the browser.")
@click.option("--names", is_flag=True, help="Name listeners; without it they appear by number.")
@wait_option
def serve(call: Call, port: int, open_page: bool, names: bool, wait: int) -> None:
    """Serve the report live on this machine.

    Questions of any period and level, search, a page for each listener, artist and song, and your
    own read-only SQL. The address has a token: without it other accounts of this machine read
    nothing. Pages read a copy of the DuckDB file, made again after each load.
    """
    require("altair", "jinja2", "vl_convert", "starlette", "uvicorn")
    from ..report.serve import serve as serve_pages
    from ..report.snapshot import Live

    def ready(address: str, stop: Callable[[], None]) -> None:
        progress.finish()
        call.reply({"address": address, "names": names}, results.show_served)
        if open_page and not opened_in_browser(address):
            console.say("No browser could be opened; open the address in one yourself.", "yellow")

    with temporary_folder() as folder, console.ProgressBar() as progress:
        live = Live(call.settings(), folder, names=names, wait=wait, progress=progress)
        try:
            serve_pages(live, port=port, query=_query_command(call), ready=ready)
        except KeyboardInterrupt:
            console.say("Stopped.")
        finally:
            live.close()  # before its folder goes


def _query_command(call: Call) -> list[str]:
    """Return the command that runs SQL from its input on the same warehouse."""
    words = [sys.executable, "-m", "sparkify", "query", "-", "--json", "--wait", "5"]
    if call.config_file:
        words += ["--config", str(call.config_file)]
    flags = {name: value for name, value in call.flags.items() if name in WAREHOUSE}
    return words + [word for name, value in flags.items() for word in (SETTINGS[name].flag, value)]
