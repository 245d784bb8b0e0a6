"""CREATE TABLE and ALTER TABLE as Redshift has them, on PostgreSQL.

VARCHAR(n) counts bytes; keys are written down, not enforced; distribution and sort order are
checked and written down in stand_in.attributes, where tests can look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from .column_types import column_type
from .dialect import syntax_error, translate
from .errors import RedshiftError
from .tokens import Token, closing, joined, quoted, split

Connection = psycopg.Connection[tuple[Any, ...]]
Attribute = tuple[str, str]
_STYLES = ("AUTO", "EVEN", "ALL", "KEY")


@dataclass
class Definition:
    """What a CREATE TABLE says: PostgreSQL's lines, and what is only written down."""

    table: str
    lines: list[str] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)


def create_table(connection: Connection, kept: Sequence[Token]) -> int:
    """Run CREATE TABLE; returns the rows of a CREATE TABLE AS, else 0."""
    start = next(index for index, token in enumerate(kept) if token.word == "TABLE") + 1
    if [token.word for token in kept[start : start + 3]] == ["IF", "NOT", "EXISTS"]:
        start += 3
    temporary = any(token.word in ("TEMP", "TEMPORARY") for token in kept[:start])
    table, rest = _name(kept, start)
    temporary = temporary or table.startswith("#")
    definition = Definition(table)
    columns: Sequence[Token] = ()
    if rest < len(kept) and kept[rest].source == "(":
        end = closing(kept, rest)
        columns, rest = kept[rest + 1 : end], end + 1
    tail = [token.word for token in kept[rest:]]
    query = kept[rest + tail.index("AS") + 1 :] if "AS" in tail else ()
    _attributes(definition, kept[rest : len(kept) - len(query) - bool(query)])
    exists = _exists(connection, table) and not temporary
    if exists and kept[start - 1].word == "EXISTS":
        return 0
    head = f"CREATE {'TEMPORARY ' if temporary else ''}TABLE {_quote(table)}"
    if query:
        names = f"({_spaced(columns)})" if columns else ""
        done = connection.execute(f"{head} {names} AS {translate(_apart(query))}".encode())
        _record(connection, definition)
        return max(done.rowcount, 0)
    for part in split(columns):
        _element(definition, part)
    connection.execute(f"{head} ({', '.join(definition.lines)})".encode())
    _check_keys(connection, definition)
    _record(connection, definition)
    return 0


def _element(definition: Definition, part: Sequence[Token]) -> None:
    """One column or table constraint of a CREATE TABLE."""
    if not part:
        raise syntax_error(")")
    first = part[0].word
    if first == "LIKE":
        parent, _ = _name(part, 1)
        wanted = (
            " INCLUDING DEFAULTS" if [t.word for t in part[2:]] == ["INCLUDING", "DEFAULTS"] else ""
        )
        definition.lines.append(f"LIKE {_quote(parent)}{wanted} INCLUDING CONSTRAINTS")
    elif first in ("PRIMARY", "UNIQUE", "FOREIGN", "CONSTRAINT"):
        definition.attributes.append(("key", key_text(part)))
    elif first in ("CHECK", "EXCLUDE"):
        raise syntax_error(part[0].source)
    else:
        _column(definition, part)


def _column(definition: Definition, part: Sequence[Token]) -> None:
    name = part[0].value
    postgres, check, index = column_type(definition.table, name, part)
    line = [_quote(name), postgres]
    if check:
        line.append(check)
    while index < len(part):
        word = part[index].word
        after = part[index + 1].word if index + 1 < len(part) else ""
        if word == "NOT" and after == "NULL":
            line.append("NOT NULL")
            index += 2
        elif word == "NULL":
            index += 1
        elif word == "DEFAULT":
            end = _end_of_default(part, index + 1)
            line.append(f"DEFAULT {translate(_apart(part[index + 1 : end]))}")
            index = end
        elif word == "ENCODE":
            index += 2
        elif word in ("DISTKEY", "SORTKEY"):
            definition.attributes.append((word.lower(), name))
            index += 1
        elif word == "UNIQUE" or (word == "PRIMARY" and after == "KEY"):
            definition.attributes.append(
                ("key", f"{'PRIMARY KEY' if after else 'UNIQUE'} ({name})")
            )
            line += ["NOT NULL"] * (word == "PRIMARY")
            index += 1 + (word == "PRIMARY")
        elif word == "REFERENCES":
            definition.attributes.append(("key", key_text([*_foreign(name), *part[index:]])))
            index = len(part)
        elif word in ("IDENTITY", "GENERATED"):
            text, index = _identity(part, index)
            line.append(text)
        else:
            raise syntax_error(part[index].source)
    definition.lines.append(" ".join(line))


def _foreign(column: str) -> list[Token]:
    words = ["FOREIGN", "KEY", "(", column, ")"]
    return [Token("sign" if word in "()" else "word", word, word) for word in words]


def _end_of_default(part: Sequence[Token], index: int) -> int:
    stops = ("NOT", "NULL", "ENCODE", "DISTKEY", "SORTKEY", "UNIQUE", "PRIMARY", "REFERENCES")
    start = index
    while index < len(part):
        if part[index].source == "(":
            index = closing(part, index)
        elif part[index].word in stops and index > start:
            break
        index += 1
    return index


def _identity(part: Sequence[Token], index: int) -> tuple[str, int]:
    """IDENTITY(seed, step), or GENERATED BY DEFAULT AS IDENTITY(seed, step)."""
    words = [token.word for token in part[index:]]
    mode = "ALWAYS"
    if words[0] == "GENERATED":
        if words[1:5] != ["BY", "DEFAULT", "AS", "IDENTITY"]:
            raise syntax_error(part[index + 1].source)
        mode, index = "BY DEFAULT", index + 4
    seed, step = part[index + 2].source, part[index + 4].source
    return f"GENERATED {mode} AS IDENTITY (START {seed} INCREMENT {step} MINVALUE 0)", index + 6


def key_text(part: Sequence[Token]) -> str:
    """A table constraint in one spelling: PRIMARY KEY (a, b), without its name."""
    if part[0].word == "CONSTRAINT":
        part = part[2:]
    words = [token.word for token in part]
    if words[:2] not in (["PRIMARY", "KEY"], ["FOREIGN", "KEY"]) and words[:1] != ["UNIQUE"]:
        raise syntax_error(part[0].source)
    opening = words.index("(") if "(" in words else len(words) - 1
    end = closing(part, opening)
    columns = ", ".join("".join(t.value for t in one) for one in split(part[opening + 1 : end]))
    text = f"{' '.join(words[:opening])} ({columns})"
    if words[0] == "FOREIGN":
        if words[end + 1 : end + 2] != ["REFERENCES"]:
            raise syntax_error(part[end].source)
        parent, rest = _name(part, end + 2)
        other = ""
        if rest < len(part):
            last = closing(part, rest)
            other = f" ({', '.join(t.value for t in part[rest + 1 : last] if t.source != ',')})"
            rest = last + 1
        text += f" REFERENCES {parent}{other}"
        end = rest - 1
    if end + 1 < len(part):
        raise syntax_error(part[end + 1].source)
    return text


def _attributes(definition: Definition, rest: Sequence[Token]) -> None:
    """DISTSTYLE, DISTKEY, SORTKEY, BACKUP after the columns of a CREATE TABLE."""
    index = 0
    while index < len(rest):
        word = rest[index].word
        after = rest[index + 1].word if index + 1 < len(rest) else ""
        if (word, after) in (("BACKUP", "YES"), ("BACKUP", "NO"), ("ENCODE", "AUTO")):
            index += 2
        elif word == "DISTSTYLE" and after in _STYLES:
            definition.attributes.append(("diststyle", after))
            index += 2
        elif word == "DISTKEY" and after == "(":
            definition.attributes.append(("distkey", rest[index + 2].value))
            index += 4
        elif word in ("COMPOUND", "INTERLEAVED") and after == "SORTKEY":
            index += 1
        elif word == "SORTKEY" and after in ("AUTO", "NONE"):
            definition.attributes.append(("sortkey", after))
            index += 2
        elif word == "SORTKEY" and after == "(":
            end = closing(rest, index + 1)
            names = [token.value for token in rest[index + 2 : end] if token.source != ","]
            definition.attributes.append(("sortkey", ", ".join(names)))
            index = end + 1
        else:
            raise syntax_error(rest[index].source)
    styles = dict(definition.attributes)
    if styles.get("diststyle", "KEY") != "KEY" and "distkey" in styles:
        raise RedshiftError("ERROR: DISTKEY cannot be used with this DISTSTYLE")


def alter_table(connection: Connection, kept: Sequence[Token], *, in_batch: bool) -> None:
    """Run ALTER TABLE: Redshift's own actions are written down, the rest is PostgreSQL's."""
    table, rest = _name(kept, 2)
    if not _exists(connection, table):
        raise RedshiftError(f'ERROR: relation "{table}" does not exist')
    connection.execute(f"LOCK TABLE {_quote(table)} IN ACCESS EXCLUSIVE MODE".encode())
    for action in split(kept[rest:]):
        words = [token.word for token in action]
        definition = Definition(table)
        match words:
            case ["ALTER", "DISTSTYLE", "KEY", "DISTKEY", *_] if len(words) == 5:
                definition.attributes = [("diststyle", "KEY"), ("distkey", action[4].value)]
            case ["ALTER", "DISTSTYLE", "AUTO" | "EVEN" | "ALL" as style]:
                definition.attributes = [("diststyle", style)]
            case ["ALTER", "DISTKEY", _]:
                definition.attributes = [("diststyle", "KEY"), ("distkey", action[2].value)]
            case ["ALTER", "SORTKEY" | "COMPOUND", *_]:
                _attributes(definition, action[1:])
            case ["ALTER", "ENCODE", "AUTO"]:
                pass
            case ["ADD", "CONSTRAINT" | "PRIMARY" | "UNIQUE" | "FOREIGN", *_]:
                definition.attributes = [("key", key_text(action[1:]))]
                _check_keys(connection, definition)
            case ["ADD", *_]:
                column = action[2:] if words[1] == "COLUMN" else action[1:]
                _column(definition, column)
                if "NOT" in words and "DEFAULT" not in words:
                    raise RedshiftError(
                        "ERROR: ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null"
                        " default expression"
                    )
                _alter(connection, table, f"ADD COLUMN {definition.lines[0]}")
            case ["ALTER", "COLUMN", _, "TYPE", *_] if in_batch:
                raise RedshiftError(
                    "ERROR: ALTER TABLE ALTER COLUMN cannot run inside a transaction block"
                )
            case ["DROP", *_] | ["RENAME", *_] | ["OWNER", *_]:
                _alter(connection, table, joined(_apart(action)))
            case _:
                raise syntax_error(action[0].source)
        _check_columns(connection, definition)
        _record(connection, definition)


def _alter(connection: Connection, table: str, action: str) -> None:
    connection.execute(f"ALTER TABLE {_quote(table)} {action}".encode())


def _check_columns(connection: Connection, definition: Definition) -> None:
    known = {name for name, _ in _columns(connection, definition.table)}
    for kind, value in definition.attributes:
        if kind in ("distkey", "sortkey") and value not in ("AUTO", "NONE"):
            for name in value.split(", "):
                if name not in known:
                    raise RedshiftError(
                        f'ERROR: column "{name}" does not exist in table "{definition.table}"'
                    )


def _check_keys(connection: Connection, definition: Definition) -> None:
    """A key's columns exist, a primary key's are NOT NULL, a foreign key's table has a key."""
    _check_columns(connection, definition)
    known = dict(_columns(connection, definition.table))
    before = [value for kind, value in attributes(connection, definition.table) if kind == "key"]
    for text in (value for kind, value in definition.attributes if kind == "key"):
        own = text.split("(")[1].split(")")[0].split(", ")
        for name in own:
            if name not in known:
                raise RedshiftError(f'ERROR: column "{name}" named in key does not exist')
            if text.startswith("PRIMARY") and not known[name]:
                raise RedshiftError(f'ERROR: column "{name}" contains null values')
        if text.startswith("PRIMARY") and any(one.startswith("PRIMARY") for one in before):
            raise RedshiftError(
                f'ERROR: multiple primary keys for table "{definition.table}" are not allowed'
            )
        if text.startswith("FOREIGN"):
            parent = text.split(" REFERENCES ")[1].split(" ")[0]
            if not _exists(connection, parent):
                raise RedshiftError(f'ERROR: relation "{parent}" does not exist')
            if not any(k == "key" and v[0] in "PU" for k, v in attributes(connection, parent)):
                raise RedshiftError(
                    f'ERROR: there is no primary key for referenced table "{parent}"'
                )
        before.append(text)


def attributes(connection: Connection, table: str) -> list[Attribute]:
    """What is written down of a table, in order: (diststyle, distkey, sortkey or key; value)."""
    return [
        (str(kind), str(value))
        for kind, value in connection.execute(
            b"SELECT kind, value FROM stand_in.attributes WHERE table_oid = to_regclass(%s)"
            b" ORDER BY number",
            [_quote(table)],
        )
    ]


def _record(connection: Connection, definition: Definition) -> None:
    for kind, value in definition.attributes:
        connection.execute(
            (
                "INSERT INTO stand_in.attributes (table_oid, table_name, kind, value) VALUES"
                f" (to_regclass({quoted(_quote(definition.table))}), {quoted(definition.table)},"
                f" {quoted(kind)}, {quoted(value)})"
            ).encode()
        )


def _exists(connection: Connection, table: str) -> bool:
    row = connection.execute(b"SELECT to_regclass(%s)", [_quote(table)]).fetchone()
    return row is not None and row[0] is not None


def _columns(connection: Connection, table: str) -> list[tuple[str, bool]]:
    """The columns of a table, each with whether it is NOT NULL."""
    return [
        (str(name), bool(filled))
        for name, filled in connection.execute(
            b"SELECT attname, attnotnull FROM pg_attribute"
            b" WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
            [_quote(table)],
        )
    ]


def _name(kept: Sequence[Token], index: int) -> tuple[str, int]:
    """The name of a table at an index, schema included, and the index behind it."""
    name = kept[index].value
    if name == "#":
        return "#" + kept[index + 1].value, index + 2
    if index + 2 < len(kept) and kept[index + 1].source == ".":
        return f"{name}.{kept[index + 2].value}", index + 3
    return name, index + 1


def _quote(table: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in table.split("."))


def _apart(found: Sequence[Token]) -> list[Token]:
    """The same tokens with spaces between."""
    return [part for token in found for part in (token, Token("space", " ", ""))]


def _spaced(found: Sequence[Token]) -> str:
    return joined(_apart(found))
