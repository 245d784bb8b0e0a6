"""The command that writes the page with charts: report."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from .. import console
from ..errors import UsageError
from ..temporary import written_whole
from .options import WAREHOUSE, Call, command, wait_option


@command("report", *WAREHOUSE)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    default=Path("report.html"),
    show_default=True,
    help="Where to write the page.",
)
@click.option("--open", "in_browser", is_flag=True, help="Open the page in the browser.")
@click.option("--names", is_flag=True, help="Name listeners; without it they appear by number.")
@wait_option
def report(call: Call, output: Path, in_browser: bool, names: bool, wait: int) -> None:
    """Write the answers as one page with charts.

    The page holds all it shows: it opens from disk, without a network, and can be sent. It tells
    the answers of `sparkify ask`, the quality of the data and the runs.
    """
    from .. import report as reporting

    _writable(output)
    with console.ProgressBar() as progress:
        progress("asking", 0, None, "")
        with call.reader(wait) as reader:
            findings = reporting.gather(reader, names=names)
        progress("drawing", 0, None, "")
        page = reporting.page(findings, datetime.now(UTC).replace(tzinfo=None))
        _write(output, page)
    opened = in_browser and _opened(output)
    written = {
        "file": str(output.absolute()),
        "bytes": output.stat().st_size,
        "questions": len(findings.answers),
        "checks": len(findings.checks),
        "names": names,
        "opened": opened,
    }
    call.reply(written, console.show_report)
    if in_browser and not opened:
        console.say("No browser could be opened; open the file in one yourself.", "yellow")


def _writable(path: Path) -> None:
    """Find out before the work whether a page can be written there. Raises UsageError."""
    folder = path.absolute().parent
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "Name a file, such as report.html.")
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", "Make it, or name another file.")
    if not os.access(folder, os.W_OK):
        raise UsageError(
            f"{path} cannot be written: the folder {folder} allows it to nobody like you",
            "Name a file in a folder that you may write to.",
        )


def _write(path: Path, page: str) -> None:
    """Write the page, so that nobody ever sees half of it. Raises UsageError."""
    try:
        with written_whole(path.absolute()) as draft:
            draft.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", "Name a file that you may write."
        ) from None


def _opened(path: Path) -> bool:
    import webbrowser

    try:
        return webbrowser.open(path.absolute().as_uri())
    except webbrowser.Error:
        return False
