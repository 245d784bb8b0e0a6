"""Commands that ask the warehouse: ask, check, query, rejects, status, export."""

from __future__ import annotations

import os
import sys

import click

from .. import console
from ..errors import QualityError, UsageError
from . import catalogue
from .options import WAREHOUSE, Call, command, wait_option


def _question_names(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """Complete the name of a question in the shell."""
    from .. import analysis

    return [name for name in analysis.questions() if name.startswith(typed)]


@command("ask", *WAREHOUSE)
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=_question_names)
@click.option("--list", "only_list", is_flag=True, help="Only list the questions.")
@click.option("--sql", "only_sql", is_flag=True, help="Show the SQL of the questions instead.")
@wait_option
def ask(call: Call, names: tuple[str, ...], only_list: bool, only_sql: bool, wait: int) -> None:
    """Answer the business questions, or those that are named."""
    from .. import analysis

    if only_list or only_sql:
        chosen = {query.name: query for query in analysis.chosen(names)}
        if only_sql:
            call.reply(chosen, console.show_sql, catalogue.in_full)
        else:
            call.reply(chosen, console.show_list, catalogue.described)
        return
    with call.reader(wait) as reader:
        answers = analysis.ask(reader, names)
    call.reply(answers, console.show_answers)


@command("check", *WAREHOUSE)
@wait_option
def check(call: Call, wait: int) -> None:
    """Run all quality checks and show the rows that offend."""
    from .. import quality

    with call.reader(wait) as reader:
        results = quality.run(reader)
    failed = [one.name for one in quality.broken(results)]
    if not (failed and call.as_json):
        call.reply(results, console.show_checks)
    if failed:
        raise QualityError(
            f"{len(failed)} of {len(results)} quality checks failed: {', '.join(failed)}",
            "Look at the offending rows; `sparkify etl --rebuild` computes the star from staging"
            " again.",
            checks=[one.as_json() for one in results],
        )


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
@wait_option
def query(call: Call, sql: str, form: str, wait: int) -> None:
    """Run any read-only SQL; `-` reads it from standard input."""
    text = sys.stdin.read() if sql == "-" else _decoded(sql)
    with call.reader(wait, for_user_sql=True) as reader:
        table = reader.read(text)
    call.as_json = call.as_json or form == "json"
    call.reply(table, console.show_csv if form == "csv" else console.show_table)


def _decoded(argument: str) -> str:
    """Read an argument as UTF-8, whatever the terminal's encoding. Raises UsageError."""
    try:
        return os.fsencode(argument).decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError("the SQL is not text in UTF-8", "Write it in UTF-8.") from None


@command("rejects", *WAREHOUSE)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="N",
    help="How many to show, those of the newest run first.",
)
@wait_option
def rejects(call: Call, limit: int, wait: int) -> None:
    """Show what was rejected: which record, where, and why."""
    from .. import status

    with call.reader(wait) as reader:
        table = status.rejects(reader, limit)
    call.reply(table, console.show_rejects)


@command("status", *WAREHOUSE)
@wait_option
def status(call: Call, wait: int) -> None:
    """Show the latest runs, freshness, and tables with rows."""
    from .. import status as state

    with call.reader(wait) as reader:
        found = state.status(reader)
    call.reply(found, console.show_status)


@command("export", *WAREHOUSE)
@click.argument("folder", metavar="DIR")
@wait_option
def export(call: Call, folder: str, wait: int) -> None:
    """Write the star schema as Parquet files into a folder.

    From Redshift DIR may also be an s3:// address in the warehouse's work bucket.
    """
    from .. import export as exporting

    with console.ProgressBar() as progress:
        done = exporting.export(call.settings(), folder, wait=wait, progress=progress)
    call.reply(done, console.show_exported)
