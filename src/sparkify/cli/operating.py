"""Commands around the warehouse: sql, doctor."""

from __future__ import annotations

import click

from .. import console
from . import catalogue
from .options import SOURCES, WAREHOUSE, Call, command


def _statement_names(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """Complete the name of a statement in the shell."""
    from .. import sql_queries

    return [name for name in sql_queries.catalogue() if name.startswith(typed)]


@command("sql")
@click.argument("name", required=False, shell_complete=_statement_names)
def sql(call: Call, name: str | None) -> None:
    """Show the SQL that would run: list it, or one in full."""
    from .. import sql_queries

    statements = sql_queries.catalogue()
    if name is None:
        call.reply(statements, console.show_list, catalogue.described)
    else:
        chosen = catalogue.choose([name], statements, "statement", "sparkify sql")
        call.reply(chosen, console.show_sql, catalogue.in_full)


@command("doctor", *WAREHOUSE, *SOURCES)
def doctor(call: Call) -> None:
    """Examine settings, versions, sources and database.

    Every setting is shown with where it comes from; what is wrong, with what to do about it.
    """
    from .. import doctor as examination

    settings, origins = call.load_settings()
    findings = examination.examine(settings, origins)
    trouble = examination.worst(findings)
    if not (trouble and call.as_json):
        call.reply(findings, console.show_findings)
    if trouble:
        raise trouble
