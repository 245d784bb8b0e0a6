"""Commands that read: ask, sql, check, inspect, query, export, report, serve."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext, redirect_stdout
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .. import console
from ..config.keys import SETTINGS
from ..console import results
from ..errors import QualityError, UsageError
from ..temporary import temporary_folder
from .options import (
    OWN,
    SOURCES,
    WAREHOUSE,
    Call,
    OrderedGroup,
    command,
    common_options,
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


@command("ask", *WAREHOUSE, OWN)
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=_complete)
@click.option("--list", "only_list", is_flag=True, help="Only list the questions.")
@click.option("--sql", "only_sql", is_flag=True, help="Show the SQL of the questions instead.")
@filter_options
@wait_option
def ask(
    call: Call, names: tuple[str, ...], only_list: bool, only_sql: bool, wait: int, wanted: Wanted
) -> None:
    """Answer the business questions, or those that are named.

    A name is that of a question, a part of it, its number, or words of the question.
    A question takes the filters that leave its answer true. One that is asked alone refuses
    another; of several, each leaves out what it does not take.
    """
    from .. import analysis, status

    own = call.settings().questions
    queries = analysis.chosen(names, own)
    if only_sql and wanted.given:
        with call.reader(wait) as reader:
            alone = len(queries) == 1
            queries = analysis.narrowed(queries, wanted.on(reader), refuse=alone)
    if only_list or only_sql:
        by_name = {one.name: one for one in queries}
        show = partial(results.show_questions, numbered=[*analysis.questions(own)])
        _show_queries(call, by_name, show, in_full=only_sql)
        return
    with call.reader(wait) as reader:
        answers = analysis.ask(reader, names, filters=wanted.on(reader), own=own)
        refused = status.refusal(reader)
    results.say_refused(refused)
    if call.as_json or not refused or any(one.rows for one in answers):
        call.reply(answers, results.show_answers)


@click.group("new", cls=OrderedGroup)
def new() -> None:
    """Begin a question of your own."""


new.params += common_options()


@command("question", OWN)
@click.argument("name")
def new_question(call: Call, name: str) -> None:
    """Write a file to begin a question of your own with.

    NAME is that of the file, in lower-case letters, digits and underscores. It goes into the folder
    of your questions, QUESTIONS in [WAREHOUSE], and answers at once: change question and statement.
    """
    from .. import analysis

    file = analysis.new_question(call.settings().questions, name)
    call.reply({"name": name, "file": str(file)}, results.show_new_question)


new.add_command(new_question)


@command("sql")
@click.argument("name", required=False, shell_complete=_complete)
def sql(call: Call, name: str | None) -> None:
    """Show the SQL that would run: list it, or one in full."""
    from .. import analysis, sql_queries

    statements = sql_queries.catalogue()
    if name is not None:
        analysis.pick([name], statements, "statement", "sparkify sql")
        statements = {name: statements[name]}
    _show_queries(call, statements, results.show_statements, in_full=name is not None)


def _show_queries(
    call: Call,
    queries: Mapping[str, Query],
    show_list: Callable[[Mapping[str, Query]], None],
    *,
    in_full: bool,
) -> None:
    """List queries by name and purpose, or show them with their SQL."""
    encoded = [
        {"name": name, "question" if "question" in one.header else "purpose": one.purpose}
        | ({"sql": one.sql} if in_full else {})
        for name, one in queries.items()
    ]
    call.reply(queries, results.show_sql if in_full else show_list, lambda _: encoded)


@command("check", *WAREHOUSE, OWN)
@click.option(
    "--fail-on",
    type=click.Choice(["fail", "warn"]),
    default="fail",
    show_default=True,
    help="The mildest finding that ends with exit code 6.",
)
@wait_option
def check(call: Call, fail_on: str, wait: int) -> None:
    """Run all quality checks and show the rows that offend."""
    from .. import quality

    checks = quality.checks(call.settings().questions)
    with call.reader(wait) as reader:
        found = quality.run(reader, checks)
    failed = [one.name for one in quality.broken(found, warned=fail_on == "warn")]
    if not (failed and call.as_json):
        call.reply(found, results.show_checks)
    if failed:
        raise QualityError(
            f"{len(failed)} of {len(found)} quality checks"
            f" {'failed or warned' if fail_on == 'warn' else 'failed'}: {', '.join(failed)}",
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


_FORMATS = ("table", "csv", "json", "parquet")
_COMMENT = re.compile(r"\A--(?=\s|[^=\n]*\n)")


class _TakesSQL(click.Command):
    """A command whose argument may begin with a comment, which is no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line, as any command does."""
        return super().parse_args(ctx, [_COMMENT.sub(r"\n\g<0>", one) for one in args])


@command("query", *WAREHOUSE, cls=_TakesSQL)
@click.argument("sql")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="How to give the rows; --json is the same as --format json. [default: by the ending of"
    " the file, else table]",
)
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="Give the first N rows.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the rows to a file, such as plays.csv, plays.json or plays.parquet.",
)
@wait_option
def query(
    call: Call, sql: str, form: str | None, limit: int | None, output: Path | None, wait: int
) -> None:
    """Run any read-only SQL; `-` reads it from standard input."""
    try:  # an argument is UTF-8, whatever the terminal's encoding
        text = sys.stdin.read() if sql == "-" else os.fsencode(sql).decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError("the SQL is not text in UTF-8", "Write it in UTF-8.") from None
    if form is None:
        ending = output.suffix.lower().removeprefix(".") if output else ""
        form = ending if ending in _FORMATS else "table"
    if form == "parquet" and output is None:
        raise UsageError("Parquet is no text to show", "Name a file with --output.")
    with output_file(output) if output else nullcontext() as draft:
        with call.reader(wait, for_user_sql=True, limit=limit) as reader:
            table = reader.read(text)
        if draft is None:
            call.as_json = call.as_json or form == "json"
            call.reply(table, results.show_csv if form == "csv" else results.show_table)
        elif form == "parquet":
            from ..warehouse.duckdb.reader import write_parquet

            write_parquet(table, draft)
        else:
            show = results.show_csv if form == "csv" else results.show_rows
            with draft.open("w", encoding="utf-8") as file, redirect_stdout(file):
                Call(as_json=form == "json").reply(table, show)
    if output:
        written = {"file": str(output), "format": form, "rows": len(table.rows)}
        call.reply(written, results.show_written)


@command("export", *WAREHOUSE)
@click.argument("folder", metavar="DIR")
@click.option("--all", "everything", is_flag=True, help="Write every table: a backup.")
@filter_options
@wait_option
def export(call: Call, folder: str, everything: bool, wait: int, wanted: Wanted) -> None:
    """Write the star schema and the views as Parquet files.

    DIR is a folder; from Redshift it may also be an s3:// address in the warehouse's work bucket.
    With a period or a level the plays are those in it, with their listeners, times and sessions;
    songs and artists are all there. With --all it is a backup of every table, which
    `sparkify import` takes back.
    """
    from ..analysis import NO_FILTERS
    from ..backup import write as back_up
    from ..warehouse import export as write

    if everything:
        if wanted.given:
            raise UsageError(
                "a backup holds everything: --all goes with no period and no level",
                "Leave --all out, or the filters.",
            )
        with console.ProgressBar() as progress:
            done = back_up(call.settings(), Path(folder), wait=wait, progress=progress)
        call.reply(done, results.show_exported)
        return

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
        console.say(f"Plays: {filters.phrase[:1].lower()}{filters.phrase[1:]}.")
    call.reply(done, results.show_exported)


@command("report", *WAREHOUSE, OWN)
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
            own = call.settings().questions
            data = reporting.gather(reader, names=names, filters=wanted.on(reader), own=own)
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
