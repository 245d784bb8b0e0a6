"""All the SQL of the warehouse, one statement in each `.sql` file, catalogued by name.

A file begins with a header of comment lines `-- key: value`; a value may go on over further lines
that begin with `--   ` (three blanks or more). Every header has `name` (the file's name without
`.sql`) and `purpose` or `question`; what else it may hold depends on its folder. The rest of the
file is one statement without a trailing semicolon, and it is what runs: verbatim, on every engine
(the folders `duckdb/` and `redshift/` excepted, which belong to one).
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path

from ..errors import UsageError

_HEADER_LINE = re.compile(r"--\s?(?P<key>[a-z_]+):\s*(?P<value>.*)")
_CONTINUATION = re.compile(r"--\s{3,}(?P<value>.*)")


class HeaderError(UsageError, ValueError):
    """The header of a `.sql` file is not as it must be.

    name: of the file, without `.sql`. what: is wrong with it.
    """

    def __init__(self, name: str, what: str, next_step: str = "") -> None:
        super().__init__(
            f"{name}.sql: {what}",
            next_step
            or f"Correct the header of that file; `sparkify sql {name}` shows its statement, and"
            " docs/questions.md says what a header holds.",
            name=name,
        )


class NameTakenError(HeaderError):
    """An expression of a question (`WITH name AS`) has the name of a table or a view.

    name: of the file, without `.sql`. taken: the name that the expression has.
    """

    def __init__(self, name: str, taken: str) -> None:
        super().__init__(
            name,
            f"WITH {taken} AS has the name of a table or a view",
            f"Give it another name, such as asked_{taken}: where a question is asked of a part of"
            " the data, expressions of the tables' own names are put before it.",
        )


@dataclass(frozen=True)
class Query:
    """One statement with what its header says of it."""

    name: str
    sql: str
    header: Mapping[str, str]

    @property
    def purpose(self) -> str:
        """What the statement is for, in words."""
        return self.header.get("purpose") or self.header.get("question", "")

    @property
    def takes(self) -> frozenset[str]:
        """The filters that leave the answer true: of since, until and level."""
        taken = _PERIODS[self.header.get("period", "none")]
        return taken | _LEVELS[self.header.get("level", "no")]


_PERIODS = {
    "window": frozenset({"since", "until"}),
    "as_of": frozenset({"until"}),
    "none": frozenset[str](),
}
_LEVELS = {"yes": frozenset({"level"}), "no": frozenset[str]()}


_STRING_OR_COMMENT = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_EXPRESSION = re.compile(
    r"(?:\bWITH(?:\s+RECURSIVE)?|\)\s*,)\s*\"?(?P<name>\w+)\"?\s*(?:\([^()]*\)\s*)?"
    r"\bAS\s*(?:NOT\s+)?(?:MATERIALIZED\s*)?\(",
    re.IGNORECASE,
)
_RECURSIVE = re.compile(r"\bWITH\s+RECURSIVE\b", re.IGNORECASE)


def parse_question(name: str, text: str) -> Query:
    """Take the text of a question, or of what the report draws, apart as `parse` does.

    Raises HeaderError as `parse` does and where it names filters that there are not, and
    NameTakenError where one of its expressions has the name of a table or a view.
    """
    query = parse(name, text)
    for key, values in (("period", _PERIODS), ("level", _LEVELS)):
        if (value := query.header.get(key)) not in (None, *values):
            raise HeaderError(name, f"{key} is {value!r}, and may be {', '.join(values)}")
    statement = _STRING_OR_COMMENT.sub(" ", query.sql)
    for expression in _EXPRESSION.finditer(statement):
        if expression["name"].lower() in TAKEN_NAMES:
            raise NameTakenError(name, expression["name"])
    if query.takes and _RECURSIVE.search(statement):
        raise HeaderError(name, "WITH RECURSIVE takes neither a period nor a level")
    return query


def parse(name: str, text: str) -> Query:
    """Take a file's text apart into header and statement.

    Raises HeaderError when the header is missing or names another file.
    """
    header: dict[str, str] = {}
    key = ""
    lines = text.strip().split("\n")
    while lines and lines[0].startswith("--"):
        line = lines.pop(0)
        if match := _HEADER_LINE.fullmatch(line):
            key = match["key"]
            header[key] = match["value"].strip()
        elif key and (match := _CONTINUATION.fullmatch(line)):
            header[key] = f"{header[key]} {match['value'].strip()}".strip()
        else:
            raise HeaderError(name, f"not a header line: {line!r}")
    if header.get("name") != name:
        raise HeaderError(name, f"its header must begin with '-- name: {name}'")
    if not {"purpose", "question"} & header.keys():
        raise HeaderError(name, "its header has neither a purpose nor a question")
    return Query(name, "\n".join(lines).strip(), header)


@cache
def folder(path: str) -> Mapping[str, Query]:
    """Every query of one folder of this package (`star`, `duckdb`, ...), in the order of names."""
    take = parse_question if path in ("questions", "explore", "report") else parse
    found = {}
    for file in sorted(files(__package__).joinpath(path).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".sql"):
            name = file.name.removesuffix(".sql")
            found[name] = take(name, file.read_text(encoding="utf-8"))
    return found


_CHANGING = re.compile(r"\b(?:INSERT|UPDATE|DELETE|INTO|COPY|UNLOAD)\b", re.IGNORECASE)
_SEVERITIES = ("fail", "warn")
_NOTHING = "Nothing was found."


def own_queries(path: Path) -> dict[str, Query]:
    """Return the questions and checks of a user's folder, by name; none where there is no folder.

    A check is what has a `severity` in its header. Raises HeaderError for a file that is not as
    ours are, that has the name of one of ours, or that is no SELECT.
    """
    found = {}
    for file in sorted(path.glob("*.sql")):
        name = file.stem
        try:
            query = parse_question(name, file.read_text(encoding="utf-8-sig"))
            query = replace(query, header={"empty": _NOTHING, **query.header})
            if wrong := _wrong_in(query):
                raise HeaderError(name, wrong)
        except (OSError, UnicodeDecodeError) as error:
            raise HeaderError(name, f"cannot be read: {error}", f"It is {file}.") from None
        except HeaderError as error:
            error.next_step = f"Correct {file}; docs/questions.md says what such a file holds."
            raise
        found[name] = query
    return found


def _wrong_in(query: Query) -> str:
    """Return what is wrong in a question or check of a user; "" for nothing."""
    if query.name in folder("questions") or query.name in folder("checks"):
        return "one of Sparkify's own has this name"
    if query.header.get("severity", "fail") not in _SEVERITIES:
        return f"severity may be {' or '.join(_SEVERITIES)}"
    statement = _STRING_OR_COMMENT.sub(" ", query.sql).strip()
    if not re.match(r"[\s(]*(?:SELECT|WITH)\b", statement, re.IGNORECASE):
        return "its statement is no SELECT"
    if word := _CHANGING.search(statement):
        return f"{word[0].upper()} does not belong in a statement that only reads"
    return "one statement is expected, without a semicolon" if ";" in statement else ""


def new_question(name: str) -> str:
    """Return the text of a file to begin a question with."""
    text = files(__package__).joinpath("new/question.sql").read_text(encoding="utf-8")
    return text.replace("-- name: question", f"-- name: {name}", 1)


def _named(path: str, *names: str) -> tuple[Query, ...]:
    return tuple(folder(path)[name] for name in names)


STAGING_TABLES = ("staging_events", "staging_songs")
STAR_TABLES = ("songplays", "users", "songs", "artists", "time")
BOOKKEEPING_TABLES = (
    "loaded_files",
    "rejected_records",
    "etl_runs",
    "warehouse_info",
    "newest_plays",
    "load_lock",
)
TABLES = STAGING_TABLES + STAR_TABLES + BOOKKEEPING_TABLES
VIEWS = ("sessions", "plays", "listeners")
TAKEN_NAMES = frozenset((*TABLES, *VIEWS))
"""Names that no expression of a question may have."""
SCHEMA_VERSION = 2

create_table_queries = _named("tables", *TABLES)
create_view_queries = _named("views", *VIEWS)


def for_each(names: Iterable[str], name: str, sql: str, purpose: str) -> tuple[Query, ...]:
    """Return a statement for each table or view, whose name goes where the texts have braces."""
    return tuple(
        Query(name.format(one), sql.format(one), {"purpose": purpose.format(one)}) for one in names
    )


def drops(tables: Iterable[str]) -> tuple[Query, ...]:
    """Return the statements that remove tables."""
    return for_each(tables, "drop_{}", "DROP TABLE IF EXISTS {}", "Remove {}.")


drop_view_queries = for_each(reversed(VIEWS), "drop_{}", "DROP VIEW IF EXISTS {}", "Remove {}.")
drop_table_queries = drops(TABLES)
empty_star_queries = for_each(
    (*STAR_TABLES, "newest_plays"), "empty_{}", "DELETE FROM {}", "Empty {}."
)
empty_info = Query("empty_warehouse_info", "DELETE FROM warehouse_info", {"purpose": "Empty it."})
"""Before the row of a backup takes its place."""
HOLDING_TABLES = tuple(table for table in TABLES if table != "load_lock")
"""Those that hold something: whoever reads load_lock waits for a load on Redshift."""
count_queries = for_each(HOLDING_TABLES, "{}", "SELECT COUNT(*) AS records FROM {}", "Count {}.")

settle_queries = tuple(
    query
    for kind in ("songs", "events")
    for query in _named(
        "staging", f"ranked_{kind}", f"delete_repeated_{kind}", f"return_kept_{kind}"
    )
)
"""Which record of each key stays: run on new_events and new_songs before anything is staged."""

conflict_queries = {kind: folder("staging")[f"conflicts_{kind}"] for kind in ("events", "songs")}
"""After settling: the records that lost their key, and those that displaced a staged one."""

enter_queries = _named("bookkeeping", "insert_loaded_files", "insert_run")
"""The ledger, after the rejects of this run are in and before its records leave new_events."""

total_queries = _named("bookkeeping", "update_totals")
"""The running totals, after the run is entered."""

insert_table_queries = (
    *_named("staging", "delete_displaced_songs", "stage_songs"),
    *_named(
        "star",
        "delete_displaced_dimension_songs",
        "insert_songs",
        "delete_touched_artists",
        "insert_artists",
    ),
    *_named("staging", "delete_displaced_events"),
    *_named("star", "delete_displaced_songplays", "match_late"),
    *_named("staging", "stage_events"),
    *_named(
        "star",
        "insert_songplays",
        "delete_older_newest_plays",
        "delete_touched_users",
        "restore_newest_plays",
        "insert_newest_plays",
        "restore_users",
        "insert_users",
        "delete_unsupported_time",
        "insert_time",
    ),
)
"""The transform, in its order: plays of earlier loads are matched before new events are staged."""

rebuild_queries = empty_star_queries + tuple(
    query
    for query in insert_table_queries
    if query.name not in folder("staging")
    and query.name != "match_late"
    and not query.header.get("when", "").endswith(" displaced")
)
"""The star again, with everything that is staged standing in for new_events and new_songs."""

audit_queries = tuple(folder("audits").values())
"""What must hold of the rows that a load touched; each returns the offending rows."""

rebuild_audit_queries = tuple(query for query in audit_queries if not query.name.startswith("new_"))
"""The audits of a rebuild, which reads no file and touches everything."""

reject_queries = _named("bookkeeping", "delete_refused_rejects", "insert_rejected_records")
"""The rejects of this run; those of refused runs before it were of the same files."""

refuse_queries = (*reject_queries, *_named("bookkeeping", "insert_refused_run"))

adopt_queries = (
    *_named(
        "duckdb/adopt",
        *("drop_staging", "drop_doubt", "drop_is_mended", "drop_source_file", "rename"),
        *("require_iteminsession", "require_page", "require_sessionid"),
        *("require_ts", "require_event_ms"),
    ),
    *_named("duckdb", "all_as_new_events"),
)
"""What stage_events comes to where nothing is staged yet: the load's own table takes its place."""

quality_checks = folder("checks")
business_questions = folder("questions")
report_queries = folder("report")
"""What the report draws besides the questions: the daily figures, the samples of rejects."""

copy_table_queries = (
    *_named("duckdb", "read_events", "read_songs"),
    *_named("redshift/load", "copy_new_events", "copy_new_songs"),
    *_named("redshift/direct", "copy_copied_events", "copy_copied_songs"),
)
"""How records come in: read by DuckDB; by COPY from parts; by COPY from the source itself."""


_WHOLE_PERIOD = re.compile(
    r"(?P<column>[a-z_.]+) BETWEEN TIMESTAMP '2000-01-01 00:00:00'\s+"
    r"AND TIMESTAMP '2100-12-31 23:59:59\.999'"
)
_MOST_RANGES = 32


def within_days(query: Query, days: Collection[date]) -> Query:
    """Return a statement that reads no other days of history than those of a batch.

    A statement that may be narrowed says so by `days` in its header, and names the whole period
    where the days go. They are written into it as at most 32 ranges, beyond that as one, for which
    both engines skip the blocks that hold none of it.
    """
    if "days" not in query.header or not days:
        return query
    ranges: list[tuple[date, date]] = []
    for day in sorted(days):
        after = day + timedelta(days=1)
        if ranges and day <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], after)
        else:
            ranges.append((day, after))
    if len(ranges) > _MOST_RANGES:
        ranges = [(ranges[0][0], ranges[-1][1])]

    def narrowed(period: re.Match[str]) -> str:
        column = period["column"]
        listed = [
            f"{column} >= TIMESTAMP '{first} 00:00:00' AND {column} < TIMESTAMP '{after} 00:00:00'"
            for first, after in ranges
        ]
        return f"({' OR '.join(listed)})"

    return replace(query, sql=_WHOLE_PERIOD.sub(narrowed, query.sql))


_OWN_EXPRESSIONS = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*WITH\b\s*", re.DOTALL | re.IGNORECASE)


def with_expressions(bodies: dict[str, str], sql: str) -> str:
    """Return a SELECT with those of these common table expressions that it needs before its own.

    bodies: each reads none that come after it.
    """
    read = sql
    wanted: list[str] = []
    for name, body in reversed(bodies.items()):
        if re.search(rf"\b{name}\b", read, re.IGNORECASE):
            wanted.insert(0, f"{name} AS (\n{body}\n)")
            read += body
    if not wanted:
        return sql
    listed = ",\n\n".join(wanted)
    own = _OWN_EXPRESSIONS.match(sql)
    return f"WITH {listed},\n\n{sql[own.end() :]}" if own else f"WITH {listed}\n\n{sql}"


def columns_of(table: str) -> list[str]:
    """Return the columns of a table, in their order."""
    return re.findall(r"^    (\w+) ", folder("tables")[table].sql, re.MULTILINE)


def view_bodies() -> dict[str, str]:
    """Return the SELECT of each view, by name."""
    return {query.name: query.sql.partition(" AS\n")[2] for query in create_view_queries}


export_queries = {
    table: f"SELECT {', '.join(columns_of(table))}\nFROM {table}" for table in STAR_TABLES
} | view_bodies()
"""The SELECT of each table of the star and of each view; `part_of` narrows it."""

backup_queries = {
    table: f"SELECT {', '.join(columns_of(table))}\nFROM {table}" for table in HOLDING_TABLES
}
"""The SELECT of every table that holds something, whole."""


def restore_queries(engine: str) -> Mapping[str, Query]:
    """Return by table the statement that takes its Parquet files into it.

    engine: duckdb (parameter `files`: paths) or redshift (`:source`, `:role`: of the COPY, which
    takes columns by their position: dg/copy-usage_notes-copy-from-columnar).
    """
    made = {}
    for table in TABLES:
        listed = ", ".join(columns_of(table))
        sql = f"INSERT INTO {table} ({listed})\nSELECT {listed}\nFROM read_parquet($files)"
        if engine == "redshift":
            sql = f"COPY {table}\nFROM :source\nIAM_ROLE :role\nFORMAT AS PARQUET"
        name = f"restore_{table}"
        made[table] = Query(name, sql, {"purpose": f"Take the rows of {table} from a backup."})
    return made


def restore_checks(rows: Mapping[str, int]) -> list[Query]:
    """Return what must hold of a backup; each returns rows where it does not.

    rows: how many each table has to have.
    """
    counted = [
        Query(
            f"{table}_whole",
            f"SELECT records\nFROM (SELECT COUNT(*) AS records FROM {table}) AS counted\n"
            f"WHERE records <> {int(count)}",
            {"purpose": f"{table} has {count:,} rows."},
        )
        for table, count in rows.items()
    ]
    return counted + [one for one in quality_checks.values() if one.header["severity"] == "fail"]


@cache
def column_meanings() -> Mapping[str, Mapping[str, str]]:
    """Return what each column means, by table or view."""
    return tomllib.loads(files(__package__).joinpath("columns.toml").read_text(encoding="utf-8"))


def comment_queries(described: Collection[str] = ()) -> list[Query]:
    """Return the statements that describe tables and views in the database.

    described: those that are left out. Columns are those of the star and the views, which people
    look at: each statement takes DuckDB 0.2 ms of a first load.
    """
    comments = {}
    for query in (*create_table_queries, *create_view_queries):
        if query.name in described:
            continue
        kind = "VIEW" if query.name in VIEWS else "TABLE"
        comments[f"{kind} {query.name}"] = query.purpose
        if query.name in (*STAR_TABLES, *VIEWS):
            for column, meaning in column_meanings()[query.name].items():
                comments[f"COLUMN {query.name}.{column}"] = meaning.replace("`", "")
    return [
        Query(
            f"comment_on_{what.partition(' ')[2]}",
            "COMMENT ON {} IS '{}'".format(what, text.replace("'", "''")),
            {"purpose": f"Describe {what.lower()}."},
        )
        for what, text in comments.items()
    ]


def part_of(
    sql: str, since: date | None = None, until: date | None = None, level: str | None = None
) -> str:
    """Return a SELECT as it is asked of the events of a period, at a level.

    since, until: the first day, and the day after the last. It reads tables and views as if there
    were no other events: expressions of their own names stand before it. The catalogue stays whole.
    """
    conditions = [
        f"{{column}} {comparison} TIMESTAMP '{day} 00:00:00'"
        for comparison, day in ((">=", since), ("<", until))
        if day
    ] + ([f"level = '{level}'"] if level else [])
    if not conditions:
        return sql
    bodies = {}
    for table, column in (("staging_events", "ts"), ("songplays", "start_time")):
        kept = " AND ".join(conditions).format(column=column)
        bodies[table] = f"SELECT {', '.join(columns_of(table))}\nFROM {table}\nWHERE {kept}"
    for table, keys in (("users", ("user_id", "level")), ("time", ("start_time",))):
        listed = ", ".join(f"{table}.{column}" for column in columns_of(table))
        same = " AND ".join(f"{table}.{key} = heard.{key}" for key in keys)
        bodies[table] = (
            f"SELECT {listed}\nFROM {table}\nINNER JOIN"
            f" (SELECT DISTINCT {', '.join(keys)} FROM songplays) AS heard\n    ON {same}"
        )
    return with_expressions(bodies | view_bodies(), sql)


_PLAY_COLUMNS = (
    *("songplay_id", "start_time", "user_id", "level", "first_name", "last_name"),
    *("song", "artist", "length", "session_id", "location", "device"),
)


def of_plays(query: Query, wanted: Mapping[str, str | int | None], words: str = "") -> Query:
    """Return a question about plays as it is asked of some: those with these values.

    A text is compared by its length and MD5, so that none stands in a statement. words: instead, in
    one of the columns that are wanted, in any case and with anything between them.
    """
    conditions = []
    pattern = "%".join(re.findall(r"[^\W_]+", words.lower()))
    for column, value in wanted.items():
        if words:
            conditions.append(f"LOWER({column}) LIKE '%{pattern}%'")
        elif isinstance(value, str):
            digest = hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()
            conditions.append(f"LENGTH({column}) = {len(value)} AND MD5({column}) = '{digest}'")
        else:
            same = "IS NULL" if value is None else f"= {int(value)}"
            conditions.append(f"{column} {same}")
    kept = (" OR " if words else " AND ").join(conditions)
    some = f"SELECT {', '.join(_PLAY_COLUMNS)} FROM plays WHERE {kept}"
    return replace(query, sql=re.sub(r"\bFROM plays\b", f"FROM ({some}) AS plays", query.sql))


def needed(
    queries: Iterable[Query], kinds: Collection[str], displacing: Collection[str] | None = None
) -> list[Query]:
    """Leave out the statements that do nothing in a load.

    kinds: of which it has records: a header's `when: events` or `when: songs` says which a
    statement is for. displacing: the kinds whose records displace staged ones (None: all), which
    `when: events displaced` asks for, and `when: events only added` asks not to be.
    """
    displacing = kinds if displacing is None else displacing
    cases = {"", *kinds}
    for kind in kinds:
        cases.add(f"{kind} {'displaced' if kind in displacing else 'only added'}")
    return [query for query in queries if query.header.get("when", "") in cases]


def catalogue() -> dict[str, Query]:
    """Every statement by a name that is unique: its own, or `folder/name` where several share it.

    What `sparkify sql` lists and prints.
    """
    found: dict[str, Query] = {}
    for path in _FOLDERS:
        for name, query in folder(path).items():
            found[name if name not in found else f"{path}/{name}"] = query
    return found


_FOLDERS = (
    "tables",
    "views",
    "staging",
    "star",
    "audits",
    "bookkeeping",
    "migration",
    "migration/older",
    "checks",
    "questions",
    "new",
    "explore",
    "report",
    "duckdb",
    "duckdb/macros",
    "duckdb/adopt",
    "duckdb/migration",
    "duckdb/nameless",
    "redshift",
    "redshift/load",
    "redshift/direct",
    "redshift/migration",
    "redshift/keys",
    "redshift/layout",
    "redshift/grant",
)
