"""Commands that look after the warehouse: create-tables, grant, rejects, status, doctor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from .. import console
from ..console import results
from ..errors import SettingsError
from .options import SOURCES, WAREHOUSE, Call, command, confirm, wait_option


@command("create-tables", *WAREHOUSE)
@click.option("--drop", is_flag=True, help="Destroy all tables first, with all that is in them.")
@click.option("--yes", is_flag=True, help="Do not ask before destroying.")
def create_tables(call: Call, drop: bool, yes: bool) -> None:
    """Create the tables that are missing.

    Nothing that is there is lost, unless --drop is given.
    """
    from .. import create_tables as tables

    settings = call.settings()
    if not drop:
        call.reply(tables.create(settings) | {"dropped": {}}, results.show_created)
        return
    doomed = {table: rows for table, rows in tables.rows(settings).items() if rows}
    doomed.pop("warehouse_info", None)  # it only describes the tables
    if doomed and not yes:
        where = str(settings.database)
        if settings.engine == "redshift":
            where = (
                f"database {settings.redshift_database} of workgroup {settings.redshift_workgroup}"
            )
        console.say(f"This destroys in {where}:")
        for table, rows in doomed.items():
            console.say(f"  {table}, {rows:,} rows")
        confirm("Type yes to destroy these tables: ", tables=doomed)
    call.reply(tables.drop(settings) | {"dropped": doomed}, results.show_created)


@command("import", *WAREHOUSE)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@wait_option
def restore(call: Call, folder: Path, wait: int) -> None:
    """Take a backup into an empty warehouse, of either engine.

    DIR is what `sparkify export DIR --all` wrote. All of it is imported and checked, or nothing.
    Files that were loaded before the backup are known; at other addresses they are read again and
    found staged.
    """
    from ..backup import restore as taken

    with console.ProgressBar() as progress:
        done = taken(call.settings(), folder, wait=wait, progress=progress)
    call.reply(done, results.show_imported)


@command("grant", *WAREHOUSE)
@click.argument("identity")
def grant(call: Call, identity: str) -> None:
    """Let another IAM identity load, ask and check.

    IDENTITY is an IAM user or role: the Arn that `aws sts get-caller-identity` prints for them.
    """
    from ..warehouse import grant as granted

    call.reply(granted(call.settings(), identity), results.show_granted)


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
    from ..status import rejects as newest_rejects

    with call.reader(wait) as reader:
        table = newest_rejects(reader, limit)
    call.reply(table, results.show_rejects)


class _Age(click.ParamType[timedelta]):
    name = "age"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return the time that a text such as 2d, 12h or 30m names."""
        units = {"d": "days", "h": "hours", "m": "minutes"}
        number, unit = str(value)[:-1], units.get(str(value)[-1:])
        if not number.isdecimal() or unit is None:
            self.fail(f"{value!r} is not a time such as 2d, 12h or 30m", param, ctx)
        return timedelta(**{unit: int(number)})


@command("status", *WAREHOUSE)
@click.option(
    "--max-age",
    type=_Age(),
    metavar="AGE",
    help="End with exit code 6 if the newest event or load is older, such as 2d, 12h, 30m.",
)
@wait_option
def status(call: Call, max_age: timedelta | None, wait: int) -> None:
    """Show the latest runs, freshness, and tables with rows."""
    from .. import status as state

    with call.reader(wait) as reader:
        found = state.status(reader)
    stale = state.stale(found, max_age, datetime.now(UTC)) if max_age is not None else None
    if not (stale and call.as_json):
        call.reply(found, results.show_status)
    if stale:
        raise stale


@command("doctor", *WAREHOUSE, *SOURCES)
def doctor(call: Call) -> None:
    """Examine settings, versions, sources and database.

    Every setting is shown with where it comes from; what is wrong, with what to do about it.
    """
    from .. import doctor as examination

    wrong: list[SettingsError] = []
    settings, origins = call.load_settings(wrong)
    if len(wrong) == 1:
        raise wrong[0]
    findings = examination.settings_findings(wrong) or examination.examine(settings, origins)
    trouble = examination.worst(findings)
    if not (trouble and call.as_json):
        call.reply(findings, results.show_findings)
    if trouble:
        raise trouble
