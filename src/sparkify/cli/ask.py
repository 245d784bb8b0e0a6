"""Commands that answer from the warehouse, or show their SQL: ask, sql, check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from ..console import results
from ..errors import QualityError
from .options import WAREHOUSE, Call, command, wait_option

if TYPE_CHECKING:
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
@wait_option
def ask(call: Call, names: tuple[str, ...], only_list: bool, only_sql: bool, wait: int) -> None:
    """Answer the business questions, or those that are named."""
    from .. import analysis

    if only_list or only_sql:
        _show_queries(call, {one.name: one for one in analysis.chosen(names)}, in_full=only_sql)
        return
    with call.reader(wait) as reader:
        answers = analysis.ask(reader, names)
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
