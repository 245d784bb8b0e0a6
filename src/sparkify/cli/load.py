"""Commands that make and load data: generate, etl."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from .. import console
from ..console import results
from ..errors import SourceError, UsageError
from .options import LIMITS, OWN, SOURCES, WAREHOUSE, Call, command, wait_option

_count = partial(click.option, type=int, metavar="N")
_share = partial(click.option, type=float, metavar="SHARE")


@command("generate")
@click.argument("folder", metavar="DIR")
@_count("--songs", help="Songs in the catalogue. [default: 15000]")
@_count("--users", help="Listeners on the first day. [default: 100]")
@_count("--events", help="About how many events, instead of --users.")
@_count("--days", help="Days of logs. [default: 30]")
@click.option(
    "--start",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The first day. [default: 2018-11-01]",
)
@_count("--seed", help="Another seed, another world. [default: 2018]")
@_share("--match-share", help="Share of the plays whose song is in the catalogue. [default: 0.05]")
@_share(
    "--growth", help="New listeners a year, as a share of those of the first day. [default: 0.1]"
)
@_count("--servers", help="Servers, each with session numbers of its own. [default: 1]")
@_count("--runs", help="Runs of --days, one after the other, with the same listeners. [default: 1]")
def generate(call: Call, folder: str, start: datetime | None, **numbers: float | None) -> None:
    """Write realistic source data, with counts of their own.

    DIR gets song_data/, log_data/, log_json_path.json and truth.json, which holds what must come
    out of a load. The same options give the same bytes.
    """
    from .. import generate as generator

    given: dict[str, Any] = {name: value for name, value in numbers.items() if value is not None}
    if start:
        given["start"] = start.date()
    if not folder.strip():
        raise UsageError("the folder for the data has no name", "Name one, or . for this one.")
    with console.ProgressBar() as progress:
        truth = generator.generate(Path(folder), generator.Options(**given), progress)
    call.reply(truth, partial(results.show_generated, folder=folder))


@command("etl", *WAREHOUSE, OWN, *SOURCES, *LIMITS)
@click.option("--dry-run", is_flag=True, help="Only show what would be loaded.")
@click.option("--rebuild", is_flag=True, help="Compute the star again from staging.")
@click.option("--tables", is_flag=True, help="Show the table of each answer, too.")
@click.option("--no-answers", is_flag=True, help="Do not answer the business questions.")
@click.option("--verify", is_flag=True, help="Detect changed files by content, not date.")
@wait_option
def etl(
    call: Call,
    dry_run: bool,
    rebuild: bool,
    tables: bool,
    no_answers: bool,
    verify: bool,
    wait: int,
) -> None:
    """Load what is new, then answer the business questions.

    Loading again is safe at any time: what is loaded already is skipped, and where nothing is new
    nothing is answered.
    """
    from .. import etl as pipeline

    if dry_run and rebuild:
        raise UsageError(
            "--dry-run shows what would be loaded, and --rebuild loads nothing",
            "Leave out one of the two.",
        )
    settings = call.settings()
    if dry_run:
        with console.ProgressBar() as progress:
            plan = pipeline.plan(settings, verify=verify, wait=wait, progress=progress)
        call.reply(plan, results.show_plan)
        return
    load = partial(pipeline.load, rebuild=rebuild, verify=verify, answers=not no_answers, wait=wait)
    try:
        with console.ProgressBar() as progress:
            report = load(settings, progress=progress)
    except SourceError as error:
        if not (size := error.details.get("bytes_through_here")):
            raise
        answer = console.ask(f"{error.reason}.\nRead them through this machine? Type yes: ")
        if answer is None or answer.strip().lower() not in ("yes", "y"):
            raise
        mode = error.details["copy_mode"]
        settings = replace(settings, compact_max_bytes=size, copy_mode=mode)
        with console.ProgressBar() as progress:
            report = load(settings, progress=progress)
    call.reply(report, partial(results.show_load, in_full=tables), paged=False)
