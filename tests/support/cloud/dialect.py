"""What Redshift refuses and PostgreSQL would grant; and what is only spelled otherwise.

A test must not pass by PostgreSQL's grace: whatever is not known to run on Redshift is an error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import psycopg

from sql_files import grouping_subqueries

from .errors import AbortedError, RedshiftError, detailed
from .tokens import Token, closing, joined, solid
from .tokens import words as words_of

_LEADER_ONLY = (
    "Specified types or functions (one per INFO message) not supported on Redshift tables."
)
LEADER_FUNCTIONS = words_of(
    """
    NOW CURRENT_TIMESTAMP CURRENT_TIME LOCALTIMESTAMP LOCALTIME CLOCK_TIMESTAMP TIMEOFDAY AGE
    STATEMENT_TIMESTAMP TRANSACTION_TIMESTAMP GENERATE_SERIES GENERATE_SUBSCRIPTS UNNEST
    ARRAY_AGG ARRAY_TO_STRING STRING_TO_ARRAY CONVERT_FROM CONVERT_TO
    """
)
NO_FUNCTIONS = words_of(
    """
    STRING_AGG ROW_TO_JSON TO_JSON TO_JSONB JSON_AGG JSONB_AGG JSON_BUILD_OBJECT JSON_OBJECT_AGG
    JSONB_BUILD_OBJECT JSON_EACH JSON_ARRAY_ELEMENTS JSONB_ARRAY_ELEMENTS REGEXP_MATCHES
    REGEXP_SPLIT_TO_TABLE REGEXP_SPLIT_TO_ARRAY MAKE_DATE MAKE_TIMESTAMP MAKE_INTERVAL PG_SLEEP
    GEN_RANDOM_UUID FORMAT CONCAT_WS WIDTH_BUCKET DATE_BIN JUSTIFY_DAYS JUSTIFY_HOURS EVERY MODE
    QUOTE_NULLABLE TO_REGCLASS NUM_NONNULLS NUM_NULLS XMLELEMENT ARRAY_LENGTH ARRAY_APPEND
    STARTS_WITH ENCODE SETSEED NEXTVAL CURRVAL SETVAL OVERLAY
    """
)
NO_TYPES = words_of(
    """
    SERIAL BIGSERIAL SMALLSERIAL SERIAL4 SERIAL8 UUID JSON JSONB BYTEA MONEY INET CIDR XML BIT
    TSVECTOR POINT NAME OID
    """
)
"""Types that PostgreSQL has and Redshift has not (or only on its leader node)."""

NO_PARTS = frozenset(("ISODOW", "ISOYEAR", "JULIAN"))
NO_SIGNS = frozenset(("->", "->>", "#>", "#>>", "@>", "<@", "~*", "!~*"))
AGGREGATES = words_of(
    """
    SUM COUNT AVG MIN MAX STDDEV STDDEV_POP STDDEV_SAMP VARIANCE VAR_POP VAR_SAMP MEDIAN
    FIRST_VALUE LAST_VALUE NTH_VALUE BOOL_AND BOOL_OR
    """
)
"""Window functions that must say their frame when they say an order."""

_CREATABLE = re.compile(
    r"CREATE (OR REPLACE )?(LOCAL )?(TABLE|TEMP TABLE|TEMPORARY TABLE|VIEW|SCHEMA)\b"
)
_VERBS = words_of(
    """
    SELECT WITH INSERT UPDATE DELETE MERGE CREATE DROP ALTER TRUNCATE LOCK COPY UNLOAD ANALYZE
    VACUUM EXPLAIN SET RESET SHOW GRANT REVOKE COMMENT BEGIN START COMMIT END ROLLBACK ABORT CALL
    """
)
TRANSACTION = frozenset(("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"))


def syntax_error(token: str) -> RedshiftError:
    """As Redshift says it."""
    return RedshiftError(f'ERROR: syntax error at or near "{token}"')


def check(kept: Sequence[Token]) -> None:
    """Refuse a statement (its tokens without spaces) that Redshift would not run.

    Raises RedshiftError.
    """
    if not kept:
        raise RedshiftError("ERROR: syntax error at end of input")
    if any(token.source == ";" for token in kept):
        raise RedshiftError("ERROR: cannot insert multiple commands into a prepared statement")
    if kept[0].word not in _VERBS:
        raise syntax_error(kept[0].source)
    words = [token.word for token in kept]
    for clause in grouping_subqueries(" ".join(words)):
        raise RedshiftError(f"ERROR: scalar subqueries are invalid in {clause}")
    _statement(kept, words)
    for index, token in enumerate(kept):
        _at(kept, words, index, token)


def _statement(kept: Sequence[Token], words: list[str]) -> None:
    text = " ".join(word or "x" for word in words[:6])
    if words[0] == "CREATE" and not _CREATABLE.match(text):
        if words[1] in ("TEMP", "TEMPORARY"):
            raise syntax_error(kept[2].source)
        shown = " ".join(token.source for token in kept)
        raise RedshiftError(f'ERROR: SQL command "{shown[:120]}" not supported on Redshift tables.')
    if words[0] == "TRUNCATE" and {"CASCADE", "RESTART", "CONTINUE"} & {*words}:
        raise syntax_error(kept[-1].source)
    if words[0] == "WITH" and "INSERT" in words:
        raise syntax_error("insert")
    if words[0] == "INSERT" and words[3:4] == ["AS"]:
        raise syntax_error("as")
    if words[0] == "DELETE" and words[1:2] == ["FROM"]:
        ended = 5 if words[3:4] == ["."] else 3
        if words[ended : ended + 1] not in ([], ["USING"], ["WHERE"]):
            raise syntax_error(kept[ended].source)
    if words[0] == "UPDATE" and "SET" in words[:6] and words[words.index("SET") + 1] == "(":
        raise syntax_error("(")


def _at(kept: Sequence[Token], words: list[str], index: int, token: Token) -> None:
    word = token.word
    behind = words[index - 1] if index else ""
    after = words[index + 1] if index + 1 < len(words) else ""
    if word == "(" and behind == "FILTER":
        raise syntax_error("(")
    if (word, after) in _PAIRS:
        raise syntax_error(kept[index + 1].source)
    if word == "DISTINCT" and (behind in ("IS", "NOT") or after == "ON"):
        raise syntax_error("distinct" if after != "ON" else kept[index + 1].source)
    if word in _WORDS:
        raise syntax_error(token.source)
    if word in NO_SIGNS:
        raise RedshiftError(f"ERROR: operator does not exist: {token.source}")
    if word == "[" or (word == "ARRAY" and after == "["):
        raise syntax_error("[")
    if word in ("CURRENT_TIMESTAMP", "CURRENT_TIME", "LOCALTIMESTAMP", "LOCALTIME"):
        raise RedshiftError(f"ERROR: {_LEADER_ONLY}")
    if after == "(" and behind != "." and word in LEADER_FUNCTIONS:
        raise RedshiftError(f"ERROR: {_LEADER_ONLY}")
    if after == "(" and behind not in (".", "INTO", "TABLE") and word in NO_FUNCTIONS:
        raise RedshiftError(f"ERROR: function {token.value}() does not exist")
    if word in NO_TYPES and (behind == "::" or (behind == "AS" and _in_cast(words, index))):
        raise RedshiftError(f'ERROR: type "{token.value}" does not exist')
    if behind == "(" and index > 1 and words[index - 2] == "EXTRACT" and word in NO_PARTS:
        raise RedshiftError(f'ERROR: timestamp units "{token.value}" not recognized')
    if word in ("TIMESTAMP", "TIMESTAMPTZ") and after == "(":
        raise syntax_error("(")
    if word == "VALUES" and (behind in ("(", "AS") or not index):
        raise syntax_error(token.source)
    if word == "OVER":
        _window(kept, words, index)
    if re.match(r"(STL|STV|SVL|SVCS)_", word):
        raise RedshiftError(f"ERROR: permission denied for relation {token.value}")
    if re.match(r"(PG_CATALOG|STAND_IN)$", word) and after == ".":
        raise RedshiftError("ERROR: the stand-in shows no catalog")


_PAIRS = frozenset(
    (
        *(("ON", "CONFLICT"), ("FOR", "UPDATE"), ("FOR", "SHARE"), ("FETCH", "FIRST")),
        *(("FETCH", "NEXT"), ("AS", "MATERIALIZED"), ("NOT", "MATERIALIZED"), ("DO", "NOTHING")),
        *(
            ("WITH", "TIES"),
            ("OVERRIDING", "SYSTEM"),
            ("OVERRIDING", "USER"),
            ("DEFAULT", "VALUES"),
        ),
        *(("WITH", "ORDINALITY"), ("ROWS", "FROM"), ("SYMMETRIC", "AND")),
    )
)
_WORDS = frozenset(("RETURNING", "LATERAL", "TABLESAMPLE", "UNLOGGED", "INHERITS", "TABLESPACE"))


def _window(kept: Sequence[Token], words: list[str], index: int) -> None:
    """OVER must be followed by a window in parentheses, with a frame where Redshift wants one."""
    if index + 1 >= len(words) or words[index + 1] != "(":
        raise syntax_error(kept[min(index + 1, len(kept) - 1)].source)
    end = closing(kept, index + 1)
    inside = words[index + 2 : end]
    if inside and inside[0] not in ("PARTITION", "ORDER", "ROWS", "RANGE", "GROUPS"):
        raise syntax_error(kept[index + 2].source)
    if "RANGE" in inside or "GROUPS" in inside or "EXCLUDE" in inside:
        raise RedshiftError("ERROR: RANGE is not supported: a window frame counts ROWS")
    if _function_before(words, index) in AGGREGATES and "ORDER" in inside and "ROWS" not in inside:
        raise RedshiftError(
            "ERROR: Aggregate window functions with an ORDER BY clause require a frame clause"
        )


def _in_cast(words: list[str], index: int) -> bool:
    """Whether the innermost open parenthesis is that of a CAST."""
    depth = 0
    for place in range(index - 1, 0, -1):
        depth += (words[place] == ")") - (words[place] == "(")
        if depth < 0:
            return words[place - 1] == "CAST"
    return False


def _function_before(words: list[str], over: int) -> str:
    """The name of the function call that ends before OVER."""
    depth = 0
    for index in range(over - 1, -1, -1):
        depth += (words[index] == ")") - (words[index] == "(")
        if not depth:
            return words[index - 1] if words[index] == "(" and index else ""
    return ""


def translate(found: Sequence[Token]) -> str:
    """The same statement as PostgreSQL spells it."""
    changed = []
    kept = solid(found)
    position = 0
    for token in found:
        if token.kind == "space" or position >= len(kept):
            changed.append(token)
            continue
        after = kept[position + 1].word if position + 1 < len(kept) else ""
        changed.append(token._replace(source=_spelled(token, after)))
        position += 1
    return joined(changed).rstrip().rstrip(";")


def _spelled(token: Token, after: str) -> str:
    if token.word == "SYSDATE":
        return "getdate()"
    if token.word in ("DECIMAL", "NUMERIC") and after != "(":
        return "DECIMAL(18, 0)"
    if token.word in ("VARCHAR", "NVARCHAR") and after != "(":
        return "VARCHAR(256)"
    if token.word == "MINUS" and after in ("SELECT", "("):
        return "EXCEPT"
    return token.source


_DIGIT = re.compile(r'invalid input syntax for type (\w+(?: \w+)?): "(.*)"', re.DOTALL)
_TYPE_NAMES = {"integer": "Integer", "bigint": "Long", "smallint": "Short"}


def raised(error: psycopg.Error) -> Exception:
    """What Redshift would say where PostgreSQL said this."""
    message = error.diag.message_primary or str(error).strip()
    constraint = error.diag.constraint_name or ""
    match error:
        case psycopg.errors.QueryCanceled() | psycopg.errors.AdminShutdown():
            return AbortedError("Query cancelled on user's request")
        case psycopg.errors.SerializationFailure():
            return RedshiftError(
                "ERROR: 1023\n  Detail: Serializable isolation violation on table - 100100,"
                " transactions forming the cycle are: 1, 2"
            )
        case psycopg.errors.UniqueViolation() if constraint.startswith("pg_"):
            return RedshiftError(
                "ERROR: could not complete because of conflict with concurrent transaction"
            )
        case psycopg.errors.StringDataRightTruncation():
            return detailed("Value too long for character type", 8001, message)
        case psycopg.errors.CheckViolation() if constraint.startswith("bytes_"):
            width = constraint.split("_")[1]
            context = f"Value too long for type character varying({width})"
            return detailed("Value too long for character type", 8001, context)
        case psycopg.errors.DivisionByZero():
            return detailed("Divide by zero", 1018)
        case psycopg.errors.NotNullViolation():
            column = error.diag.column_name
            return RedshiftError(f"ERROR: Cannot insert a NULL value into column {column}")
    if digit := _DIGIT.fullmatch(message):
        name = _TYPE_NAMES.get(digit[1])
        if name:
            text = f"Invalid digit, Value '{digit[2][:1]}', Pos 0, Type: {name}"
            return detailed(text, 1207, digit[2])
    return RedshiftError(f"ERROR: {message}")
