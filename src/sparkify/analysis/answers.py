"""Find the business questions, ask them, and turn their rows into answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from .. import sql_queries
from ..config import did_you_mean, nearest
from ..errors import UsageError, WarehouseError
from ..sql_queries import HeaderError, Query
from ..table import Table
from ..warehouse import Reader, own_error
from . import templates
from .period import NO_FILTERS, Filters, applied
from .templates import Row

NO_PLAYS = "There are no plays yet, so there is no answer."
NOTHING_PLAYED = "There are no plays, so there is no answer."
"""The same of a part of the data."""
PERSONAL = frozenset({"first_name", "last_name", "firstname", "lastname"})
"""Columns that name a person wherever they stand."""
_SHOWN_ROWS = 10
_PLAIN = (str, int, float, Decimal, date, type(None))
"""Types of values that a sentence, JSON and a chart can show; others are shown as their text."""
_LAST = 1_000_000


def questions(own: Path | None = None) -> Mapping[str, Query]:
    """Return every question by name, in their order. own: the folder of the user's own.

    Raises HeaderError for one of those that is not as it must be.
    """
    found = sql_queries.own_queries(own) if own else {}
    others = {name: query for name, query in found.items() if "severity" not in query.header}
    catalogue = {**sql_queries.folder("questions"), **others}
    return dict(sorted(catalogue.items(), key=lambda item: (_order(item[1]), item[0])))


def new_question(folder: Path, name: str) -> Path:
    """Write the file to begin a question with into a folder, made if needed, and return it.

    Raises UsageError for a name that is none or stands already, and where it cannot be written.
    """
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or name in questions():
        taken = "one of Sparkify's own has it" if name in questions() else "it is no name"
        raise UsageError(
            f"no question can be named {name!r}: {taken}",
            "Choose another of lower-case letters, digits and underscores, such as late_listeners.",
        )
    file = folder / f"{name}.sql"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as text:
            text.write(sql_queries.new_question(name))
    except FileExistsError:
        raise UsageError(f"{file} exists already", "Change it, or choose another name.") from None
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror}", "Name another folder with --questions."
        ) from None
    return file


def chosen(names: Sequence[str] | None = None, own: Path | None = None) -> list[Query]:
    """Return the questions asked for (none: all), each once, in the order of the names.

    A name is that of a question, a part of it, its number, or words of the question, in any case;
    names that say nothing alone are taken together as words.
    Raises UsageError where a name fits no question, or more than one.
    """
    catalogue = questions(own)
    asked = [(name, _fitting(name, catalogue)) for name in names or ()]
    if any(len(fitting) != 1 for _, fitting in asked):
        together = _fitting(" ".join(name for name, _ in asked), catalogue)
        asked = [(together[0], together)] if len(together) == 1 else asked
    for name, fitting in asked:
        if len(fitting) > 1:
            raise UsageError(
                f"{len(fitting)} questions fit {name!r}: {', '.join(fitting)}",
                "Give one of these names, or more words of the question.",
                name=name,
                suggestions=fitting,
            )
    found = [fitting[0] if fitting else name for name, fitting in asked]
    return pick(found, catalogue, "question", "sparkify ask --list")


def _fitting(wanted: str, catalogue: Mapping[str, Query]) -> list[str]:
    """Return the names of the questions that a name, a number or words may mean."""
    text = wanted.strip().lower().replace("-", "_")
    if text in catalogue:
        return [text]
    if text.isdecimal():
        return [*catalogue][: int(text)][int(text) - 1 :]
    words = _words(text)
    return [name for name in catalogue if words and text in name] or [
        name
        for name, query in catalogue.items()
        if words
        and all(
            any(known.startswith(word) for known in _words(f"{name} {query.purpose}"))
            for word in words
        )
    ]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def pick(
    names: Iterable[str], catalogue: Mapping[str, Query], what: str, lister: str
) -> list[Query]:
    """Return the named queries of a catalogue (none named: all), each once.

    what: the noun for one of them; lister: the command that lists them all. Raises UsageError for
    an unknown name, with the names that are near it.
    """
    wanted = list(dict.fromkeys(names)) or [*catalogue]
    for name in wanted:
        if name not in catalogue:
            near = nearest(name, catalogue, 3)
            raise UsageError(
                f"there is no {what} {name!r}",
                f"{did_you_mean(near)} `{lister}` lists them all.".lstrip(),
                name=name,
                suggestions=near,
            )
    return [catalogue[name] for name in wanted]


def personal_columns(header: Mapping[str, str]) -> frozenset[str]:
    """Return the columns of a question that name a person."""
    declared = (column.strip() for column in header.get("personal", "").split(","))
    return PERSONAL.union(filter(None, declared))


def _order(query: Query) -> int:
    try:
        return int(query.header.get("order", _LAST))
    except ValueError:
        raise HeaderError(query.name, f"order is no number: {query.header['order']!r}") from None


@dataclass(frozen=True)
class Answer:
    """A question with its answer: one sentence, and the rows that it is drawn from.

    rows: at most as many as the question shows, values as the warehouse returns them;
    formats: one of `templates.FORMATS` for each column; coverage, note, chart: None where there is
    none; sql: the statement that was asked; lead: the row that the sentence was made from, with
    the columns that are not shown, empty where there is no answer; filters, left_out: the filters
    that it was asked with, and the names of those that the question does not take; number: its
    place among the questions, by which it can be asked.
    """

    name: str
    question: str
    answer: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    coverage: str | None
    note: str | None
    group: str
    chart: str | None
    sql: str
    formats: tuple[str, ...]
    lead: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    filters: Filters = NO_FILTERS
    left_out: tuple[str, ...] = ()
    number: int = field(default=0, compare=False)

    def texts(self) -> list[tuple[str, ...]]:
        """Return the rows as a person reads them: rounded, with separators, NULL as nothing."""
        columns = [
            templates.column(values, form)
            for values, form in zip(zip(*self.rows, strict=True), self.formats, strict=False)
        ]
        return list(zip(*columns, strict=True))

    def as_json(self) -> dict[str, Any]:
        """Return the answer as in `ask --json`; the coverage stands in the answer's text.

        The filters are in it where there were any.
        """
        asked = self.filters.given or self.left_out
        filtered = {"filters": self.filters.as_json(), "left_out": list(self.left_out)}
        return {
            "name": self.name,
            "question": self.question,
            "answer": " ".join(filter(None, (self.answer, self.coverage))),
            "columns": list(self.columns),
            "rows": [[_json_value(value) for value in row] for row in self.rows],
        } | (filtered if asked else {})


def ask(
    reader: Reader,
    names: Sequence[str] | None = None,
    *,
    personal: bool = True,
    filters: Filters = NO_FILTERS,
    own: Path | None = None,
) -> list[Answer]:
    """Ask the named questions (none named: all) and return their answers in that order.

    personal: whether people may be named; if not, their names are in no column and no sentence.
    filters: those that a question does not take are left out of it. own: the folder of the user's
    own questions.
    Raises UsageError, before anything is asked, for a name that no question has, and where a single
    question is named that does not take a filter; HeaderError when the header of a question does
    not fit its statement, and WarehouseError when a statement fails.
    """
    queries = chosen(names, own)
    if len(queries) == 1:
        applied(queries[0], filters, refuse=True)
    numbers = {name: number for number, name in enumerate(questions(own), start=1)}
    return [
        replace(answer, number=numbers[answer.name])
        for answer in answered(reader, queries, personal=personal, filters=filters)
    ]


def answered(
    reader: Reader,
    queries: Sequence[Query],
    *,
    personal: bool = True,
    filters: Filters = NO_FILTERS,
) -> list[Answer]:
    """Ask questions and return their answers; a filter that one does not take is left out of it.

    Raises HeaderError and WarehouseError as `ask` does.
    """
    asked = narrowed(queries, filters, refuse=False)
    try:
        tables = reader.read_all([query.sql for query in asked])
    except WarehouseError as error:
        raise _named(error, asked, reader) from None
    return [
        _filtered(from_rows(query, table, personal), query, filters)
        for query, table in zip(asked, tables, strict=True)
    ]


def narrowed(queries: Sequence[Query], filters: Filters, *, refuse: bool) -> list[Query]:
    """Return the questions as they are asked with those of the filters that each takes.

    refuse: raise UsageError where one does not take all of them.
    """
    return [
        replace(query, sql=applied(query, filters, refuse=refuse).narrowed(query.sql))
        for query in queries
    ]


def _filtered(answer: Answer, query: Query, filters: Filters) -> Answer:
    """Return an answer whose sentence begins with its filters, and whose note names the rest."""
    taken = filters.only(query.takes)
    left_out = tuple(name for name in filters.given if name not in query.takes)
    text, note = answer.answer, answer.note
    if taken.given:
        text = f"{taken.phrase}: {NOTHING_PLAYED if text == NO_PLAYS else text}"
    if left_out:
        without = f"Asked without --{' and --'.join(left_out)}, which it does not take."
        note = f"{note} {without}" if note else without
    return replace(answer, answer=text, note=note, filters=taken, left_out=left_out)


def _named(error: WarehouseError, queries: Sequence[Query], reader: Reader) -> WarehouseError:
    """Return the error with the name of the question: of a user's, or of one that it quotes."""
    ours = sql_queries.folder("questions")
    error = own_error(error, reader, [query for query in queries if query.name not in ours])
    for query in queries:
        if query.sql in error.reason:
            return WarehouseError(
                error.reason.replace(query.sql, f"question {query.name}"),
                error.next_step or f"`sparkify ask {query.name} --sql` shows its statement.",
                **error.details,
            )
    return error


def from_rows(query: Query, table: Table, personal: bool = True) -> Answer:
    """Return the answer to a question whose rows are there.

    Raises HeaderError when its header does not fit them.
    """
    try:
        answer = _answer(query, table, personal)
        answer.texts()  # a format that does not suit its values fails here, not while printing
    except KeyError as error:
        there = ", ".join(table.columns)
        raise HeaderError(query.name, f"no such column: {error}; there are {there}") from None
    except ValueError as error:
        raise HeaderError(query.name, str(error)) from None
    return answer


def _answer(query: Query, table: Table, personal: bool) -> Answer:
    header = query.header
    hidden = frozenset() if personal else personal_columns(header)
    if twice := [name for name, times in Counter(table.columns).items() if times > 1]:
        raise ValueError(f"two columns are named {twice[0]!r}: give each a name of its own")
    rows: list[Row] = [
        {
            column: None if column in hidden else value if isinstance(value, _PLAIN) else str(value)
            for column, value in zip(table.columns, row, strict=True)
        }
        for row in table.rows
    ]
    if "needs" in header:
        rows = [row for row in rows if row[header["needs"]]]
    columns, formats = _shown_columns(header, table.columns, rows, hidden)
    text, coverage = _sentences(header, rows, columns, formats)
    shown_rows = rows[: int(header.get("rows", _SHOWN_ROWS))]
    return Answer(
        name=query.name,
        question=query.purpose,
        answer=text,
        columns=columns,
        rows=tuple(tuple(row[column] for column in columns) for row in shown_rows),
        coverage=coverage,
        note=header.get("note"),
        group=header.get("group", "other"),
        chart=header.get("chart"),
        sql=query.sql,
        formats=formats,
        lead=_leaders(rows, header.get("lead"))[0][0] if rows else {},
    )


def _shown_columns(
    header: Mapping[str, str],
    columns: Sequence[str],
    rows: Sequence[Row],
    hidden: Collection[str],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if "columns" not in header:
        return templates.default_columns(
            [column for column in columns if column not in hidden], rows
        )
    pairs = [column.strip().partition(":") for column in header["columns"].split(",")]
    for _, _, form in pairs:
        templates.shown(None, form)
    pairs = [pair for pair in pairs if pair[0] not in hidden]
    return tuple(name for name, _, _ in pairs), tuple(form for _, _, form in pairs)


def _sentences(
    header: Mapping[str, str], rows: Sequence[Row], columns: Sequence[str], formats: Sequence[str]
) -> tuple[str, str | None]:
    if not rows:
        return header.get("empty", NO_PLAYS), None
    leaders, behind = _leaders(rows, header.get("lead"))
    others = (
        [templates.phrase(header["tie"], row) for row in leaders[1:]] if "tie" in header else []
    )
    ties = templates.tied_with(others, leaders[0].get(templates.TIED, len(leaders)) - 1)
    if "answer" in header:
        text = templates.sentence(header["answer"], leaders[0], behind, ties)
    else:
        text = templates.default_sentence(leaders[0], len(rows), columns, formats)
    return text, templates.sentence(header.get("coverage", ""), leaders[0]) or None


def _leaders(rows: Sequence[Row], column: str | None) -> tuple[list[Row], Row | None]:
    """Return the rows that share the lead, and the first of those behind them."""
    ranked = [row for row in rows if column and row[column] is not None]
    if not column or not ranked:
        return [rows[0]], None
    best = max(row[column] for row in ranked)
    rest = [row for row in ranked if row[column] < best]
    behind = max(rest, key=lambda row: row[column], default=None)
    return [row for row in ranked if row[column] == best], behind


def _json_value(value: Any) -> Any:
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
