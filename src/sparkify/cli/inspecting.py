"""The command that looks at sources: inspect."""

from __future__ import annotations

import click

from .. import console
from ..console.inspected import show_inspected
from .options import SOURCES, Call, command


@command("inspect", *SOURCES)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
def inspect(call: Call, sources: tuple[str, ...]) -> None:
    """Show what is in the sources, without loading it.

    SOURCE is an s3:// address, a folder or a file; without any, LOG_DATA and SONG_DATA are looked
    at: how many files, how large, since when, what is passed over, and the first records.
    """
    from ..sources.inspect import inspect

    with console.ProgressBar() as progress:
        found = inspect(call.settings(), sources, progress)
    call.reply(found, show_inspected)
