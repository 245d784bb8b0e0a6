"""Commands that read: ask, sql, check, inspect, query, export, report."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .. import console
from ..console import results
from ..errors import QualityError, UsageError
from .options import (
    SOURCES,
    WAREHOUSE,
    Call,
    command,
    filter_options,
    opened_in_browser,
    output_file,
    require,
    wait_option,
)

if TYPE_CHECKING:
    from ..analysis import Wanted
    from ..sql_queries import Query


def _complete(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """Complete the name of a question, or of any statement, in the shell."""
    from .. import analysis, sql_queries

    known = analysis.questions() if parameter.name == "names" else sql_queries.catalogue()
    return [name for name in known if name.startswith(typed)]


@command("ask", *WAREHOUSE)
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=_complete)
@click.option("--list", "only_list", is_flag=True, help="Only list the questions.")
@click.option("--sql", "only_sql", is_flag=True, help="Show the SQL of the questions instead.")
@filter_options
@wait_option
def ask(
    call: Call, names: tuple[str, ...], only_list: bool, only_sql: bool, wait: int, wanted: Wanted
) -> None:
    """Answer the business questions, or those that are named.

    A question takes the filters that leave its answer true. One that is asked alone refuses
    another; of several, each leaves out what it does not take.
    """
    from .. import analysis

    queries = analysis.chosen(names)
    if only_sql and wanted.given:
        with call.reader(wait) as reader:
            queries = analysis.narrowed(queries, wanted.on(reader), refuse=len(names) == 1)
    if only_list or only_sql:
        _show_queries(call, {one.name: one for one in queries}, in_full=only_sql)
        return
    with call.reader(wait) as reader:
        answers = analysis.ask(reader, names, filters=wanted.on(reader))
    call.reply(answers, results.show_answers)


@command("sql")
@click.argument("name", required=False, shell_complete=_complete)
def sql(call: Call, name: str | None) -> None:
    """Show the SQL that would run: list it, or one in full."""
    from .. import analysis, sql_queries

    statements = sql_queries.catalogue()
    if name is not None:
        analysis.pick([name], statements, "statement", "sparkify sql")
        statements = {name: statements[name]}
    _show_queries(call, statements, in_full=name is not None)


def _show_queries(call: Call, queries: Mapping[str, Query], *, in_full: bool) -> None:
    """List queries by name and purpose, or show them with their SQL."""
    encoded = [
        {"name": name, "question" if "question" in one.header else "purpose": one.purpose}
        | ({"sql": one.sql} if in_full else {})
        for name, one in queries.items()
    ]
    call.reply(queries, results.show_sql if in_full else results.show_list, lambda _: encoded)


@command("check", *WAREHOUSE)
@wait_option
def check(call: Call, wait: int) -> None:
    """Run all quality checks and show the rows that offend."""
    from .. import quality

    with call.reader(wait) as reader:
        found = quality.run(reader)
    failed = [one.name for one in quality.broken(found)]
    if not (failed and call.as_json):
        call.reply(found, results.show_checks)
    if failed:
        raise QualityError(
            f"{len(failed)} of {len(found)} quality checks failed: {', '.join(failed)}",
            "Look at the offending rows; `sparkify etl --rebuild` computes the star from staging"
            " again.",
            checks=[one.as_json() for one in found],
        )


@command("inspect", *SOURCES)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
def inspect(call: Call, sources: tuple[str, ...]) -> None:
    """Show what is in the sources, without loading it.

    SOURCE is an s3:// address, a folder or a file; without any, LOG_DATA and SONG_DATA are looked
    at: how many files, how large, since when, what is passed over, and the first records.
    """
    from ..sources import inspect as inspection

    with console.ProgressBar() as progress:
        found = inspection.inspect(call.settings(), sources, progress)
    call.reply(found, results.show_inspected)


@command("query", *WAREHOUSE)
@click.argument("sql")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How to show the rows; --json is the same as --format json.",
)
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="Read at most N rows.")
@wait_option
def query(call: Call, sql: str, form: str, limit: int | None, wait: int) -> None:
    """Run any read-only SQL; `-` reads it from standard input."""
    try:  # an argument is UTF-8, whatever the terminal's encoding
        text = sys.stdin.read() if sql == "-" else os.fsencode(sql).decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError("the SQL is not text in UTF-8", "Write it in UTF-8.") from None
    with call.reader(wait, for_user_sql=True, limit=limit) as reader:
        table = reader.read(text)
    call.as_json = call.as_json or form == "json"
    call.reply(table, results.show_csv if form == "csv" else results.show_table)


@command("export", *WAREHOUSE)
@click.argument("folder", metavar="DIR")
@filter_options
@wait_option
def export(call: Call, folder: str, wait: int, wanted: Wanted) -> None:
    """Write the star schema and the views as Parquet files into a folder.

    From Redshift DIR may also be an s3:// address in the warehouse's work bucket. With a period or
    a level the plays are those in it, with their listeners, times and sessions; songs and artists
    are all there.
    """
    from ..analysis import NO_FILTERS
    from ..warehouse import export as write

    filters = NO_FILTERS
    if wanted.given:
        with call.reader(wait) as reader:
            filters = wanted.on(reader)
    with console.ProgressBar() as progress:
        done = write(
            call.settings(), folder, wait=wait, progress=progress, narrowed=filters.narrowed
        )
    if filters.given:
        done["filters"] = filters.as_json()
    call.reply(done, results.show_exported)


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
@filter_options
@wait_option
def report(
    call: Call, output: Path, in_browser: bool, names: bool, wait: int, wanted: Wanted
) -> None:
    """Write the answers as one page with charts.

    The page holds all it shows: it opens from disk, without a network, and can be sent. It has
    the answers of `sparkify ask`, the quality of the data and the runs.
    """
    from .. import report as reporting

    require("altair", "jinja2", "vl_convert")
    with output_file(output) as draft, console.ProgressBar() as progress:
        progress("asking", 0, None, "")
        with call.reader(wait) as reader:
            data = reporting.gather(reader, names=names, filters=wanted.on(reader))
        progress("drawing", 0, None, "")
        page = reporting.render(data, datetime.now(UTC).replace(tzinfo=None))
        draft.write_text(page, encoding="utf-8")
    opened = in_browser and opened_in_browser(output.absolute().as_uri())
    written = {
        "file": str(output.absolute()),
        "bytes": output.stat().st_size,
        "questions": len(data.answers),
        "checks": len(data.checks),
        "names": names,
        "opened": opened,
    }
    call.reply(written, results.show_report)
    if in_browser and not opened:
        console.say("No browser could be opened; open the file in one yourself.", "yellow")
