"""What the code says of itself, as tables for the documents."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import click
import duckdb

from sparkify import analysis
from sparkify.analysis import templates
from sparkify.cli import application
from sparkify.config import Settings
from sparkify.config.keys import SETTINGS
from sparkify.errors import SparkifyError
from sparkify.sql_queries import (
    BOOKKEEPING_TABLES,
    STAGING_TABLES,
    STAR_TABLES,
    Query,
    audit_queries,
    column_meanings,
    create_table_queries,
    create_view_queries,
    folder,
    quality_checks,
)
from sparkify.staging.rules import FIELDS, Field, Kind, Type

HELP_WIDTH = 96
_COLUMN = re.compile(r"^    (?P<name>\w+) (?P<type>.+?)(?P<required> NOT NULL)?,?$", re.MULTILINE)


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a Markdown table."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(_cell(text) for text in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def fenced(text: str, language: str = "text") -> str:
    """Put a text into a block that is shown as it is."""
    return f"```{language}\n{text.strip(chr(10))}\n```"


# The tables


def columns(name: str) -> list[tuple[str, str, bool]]:
    """Read a table's columns from its statement: name, type, whether it may be NULL."""
    found = _COLUMN.finditer(folder("tables")[name].sql)
    return [(one["name"], one["type"], not one["required"]) for one in found]


def _tables(names: Sequence[str]) -> str:
    return "\n\n".join(
        _described(folder("tables")[name], column_meanings()[name]) for name in names
    )


def _described(query: Query, meanings: Mapping[str, str]) -> str:
    rows = [
        (f"`{name}`", kind, "yes" if nullable else "", meanings[name])
        for name, kind, nullable in columns(query.name)
    ]
    listed = table(("column", "type", "may be NULL", "meaning"), rows)
    head = f"### {query.name}\n\n{query.purpose}"
    return f"{head}\n\nOne row: {query.header['grain']}.\n\n{listed}"


def _views() -> str:
    """Describe the views; DuckDB tells the types of their columns."""
    meanings = column_meanings()
    with duckdb.connect(":memory:") as connection:
        for query in (*create_table_queries, *create_view_queries):
            connection.execute(query.sql)
        return "\n\n".join(
            f"### {query.name}\n\n{query.purpose}\n\nOne row: {query.header['grain']}.\n\n"
            + table(
                ("column", "type", "meaning"),
                [
                    (f"`{name}`", kind, meanings[query.name][name])
                    for name, kind, *_ in connection.execute(f"DESCRIBE {query.name}").fetchall()
                ],
            )
            for query in create_view_queries
        )


# The rules


def _fields(kind: Kind) -> str:
    rows = [
        (f"`{field.key}`", _staged_as(kind, field), field.type.value, *_bounds(field))
        for field in FIELDS[kind]
    ]
    return table(("field", "staged as", "accepted JSON", "allowed", "required"), rows)


def _staged_as(kind: Kind, field: Field) -> str:
    types = {name: type_ for name, type_, _ in columns(f"staging_{kind}")}
    return f"`{field.column}` {types[field.column]}"


def _bounds(field: Field) -> tuple[str, str]:
    if field.type is Type.TIMESTAMP:
        allowed = "from 2000 to 2100"
    elif field.values:
        allowed = " or ".join(f"`{value}`" for value in field.values)
    elif field.width:
        allowed = f"at most {field.width:,} bytes"
    else:
        allowed = f"{field.low:,.15g} to {field.high:,.15g}"
    if not field.required:
        return allowed, ""
    return f"{allowed}, not empty" if field.width else allowed, "yes"


# The settings


def _settings() -> str:
    sections = dict.fromkeys(setting.section for setting in SETTINGS.values())
    return "\n\n".join(_section(name) for name in sections)


def _section(section: str) -> str:
    flags = {option for _, command in commands() for one in command.params for option in one.opts}
    rows = [
        (
            f"`{one.key}`",
            f"`{text}`" if (text := str(getattr(Settings(), one.name))) else "(empty)",
            f"{one.meaning[:1].upper()}{one.meaning[1:]}. Allowed: {one.kind.allowed}.",
            f"`{one.variable}`",
            f"`{one.flag}`" if one.flag in flags else "",
        )
        for one in SETTINGS.values()
        if one.section == section
    ]
    return f"### [{section}]\n\n" + table(("key", "default", "meaning", "variable", "flag"), rows)


# The commands


def commands() -> list[tuple[str, click.Command]]:
    """Return every command with the words that call it, the program itself first."""
    return list(_commands("sparkify", application))


def _commands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(f"{path} {name}", child)


def _help() -> str:
    return "\n\n".join(
        f"### {path}\n\n{fenced(_help_of(path, command))}" for path, command in commands()
    )


def _help_of(path: str, command: click.Command) -> str:
    context = click.Context(
        command,
        info_name=path,
        terminal_width=HELP_WIDTH,
        help_option_names=["-h", "--help"],
    )
    return command.get_help(context)


def _exit_codes() -> str:
    errors = sorted(_errors(SparkifyError), key=lambda error: error.exit_code)
    rows = [
        ("0", "", "Everything went well."),
        ("1", "`bug`", "A fault of the program; please report it with the output of `--debug`."),
        ("1", "`system`", "The machine refused something: a full disk, a closed output."),
        *(
            (str(error.exit_code), f"`{error.code}`", (error.__doc__ or "").split("\n")[0])
            for error in errors
        ),
        (
            "130",
            "`interrupted`",
            "Ctrl-C, SIGTERM or SIGHUP; what was not finished is not published.",
        ),
    ]
    return table(("exit code", "code in JSON", "what happened"), rows)


def _errors(error: type[SparkifyError]) -> Iterator[type[SparkifyError]]:
    for child in error.__subclasses__():
        if child.__module__ == SparkifyError.__module__:
            yield child
            yield from _errors(child)


# The questions and the checks


def _questions() -> str:
    rows = [
        (
            f"`{query.name}`",
            query.purpose,
            ", ".join(f"`{one.strip()}`" for one in _shown(query.header.get("columns", ""))),
            ", ".join(f"`--{one}`" for one in ("since", "until", "level") if one in query.takes),
            query.header.get("note", ""),
        )
        for query in analysis.questions().values()
    ]
    return table(("name", "question", "columns", "filters", "note"), rows)


def _shown(value: str) -> list[str]:
    return [column.partition(":")[0] for column in value.split(",") if column]


def _checks() -> str:
    rows = [
        (f"`{query.name}`", query.header["severity"], query.purpose)
        for query in quality_checks.values()
    ]
    return table(("check", "severity", "what must hold"), rows)


def _audits() -> str:
    rows = [(f"`{query.name}`", query.purpose) for query in audit_queries]
    return table(("audit", "what must hold of what the load touched"), rows)


def _blocks(module: Any) -> str:
    """Take the indented blocks out of a module's docstring: its own little reference."""
    text = str(module.__doc__)
    blocks = re.findall(r"(?:^ {4,}\S.*\n?)+", text, re.MULTILINE)
    return "\n\n".join(fenced(textwrap.dedent(block)) for block in blocks)


PARTS: Mapping[str, Callable[[], str]] = {
    "star tables": lambda: _tables(STAR_TABLES),
    "staging tables": lambda: _tables(STAGING_TABLES),
    "views": _views,
    "bookkeeping tables": lambda: _tables(BOOKKEEPING_TABLES),
    "event fields": lambda: _fields("events"),
    "song fields": lambda: _fields("songs"),
    "settings": _settings,
    "help": _help,
    "exit codes": _exit_codes,
    "questions": _questions,
    "checks": _checks,
    "audits": _audits,
    "question header": lambda: _blocks(analysis),
    "sentences": lambda: _blocks(templates),
}
