"""The `.sql` files of the product as text, and what no portable statement may say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sparkify import sql_queries
from sparkify.sql_queries import Query, parse

ROOT = Path(sql_queries.__file__).parent
ENGINE_FOLDERS = ("duckdb", "redshift")
"""Folders whose statements run on one engine only."""


@dataclass(frozen=True)
class SqlFile:
    """One file. folder: relative to the package (`star`, `duckdb/macros`)."""

    path: Path

    @property
    def folder(self) -> str:
        return self.path.parent.relative_to(ROOT).as_posix()

    @property
    def portable(self) -> bool:
        return self.folder.split("/")[0] not in ENGINE_FOLDERS

    @property
    def migrates(self) -> bool:
        """Whether it is for tables of an older version, which tests of their own migrate."""
        return self.folder.split("/")[0] == "migration"

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def query(self) -> Query:
        return parse(self.path.stem, self.text)

    def __str__(self) -> str:
        return f"{self.folder}/{self.path.name}"


def sql_files() -> list[SqlFile]:
    """Every file, in the order of its path."""
    return [SqlFile(path) for path in sorted(ROOT.rglob("*.sql"))]


PORTABLE = [file for file in sql_files() if file.portable]

DENIED = {
    # what Redshift has not, or has otherwise
    "FILTER": r"\bFILTER\s*\(",
    "IS DISTINCT FROM": r"\bIS\s+(NOT\s+)?DISTINCT\s+FROM\b",
    "ON CONFLICT": r"\bON\s+CONFLICT\b",
    "RETURNING": r"\bRETURNING\b",
    "DISTINCT ON": r"\bDISTINCT\s+ON\b",
    "LATERAL": r"\bLATERAL\b",
    "GROUP BY ALL": r"\b(GROUP|ORDER)\s+BY\s+ALL\b",
    "EXCEPT ALL, INTERSECT ALL": r"\b(EXCEPT|INTERSECT)\s+ALL\b",
    "UNION DISTINCT": r"\bUNION\b(?!\s+ALL\b)",
    "named windows": r"\bWINDOW\b",
    "arrays": r"\bARRAY\b|\[|\bUNNEST\b|\b(ARRAY|STRING)_AGG\b",
    "JSON operators": r"->|@>|\bJSONB?\b",
    "generate_series": r"\bGENERATE_SERIES\b",
    "now": r"\bNOW\s*\(|\bCURRENT_(DATE|TIME|TIMESTAMP)\b|\bLOCALTIME(STAMP)?\b",
    "CREATE INDEX": r"\bINDEX\b",
    "SERIAL": r"\b(BIG)?SERIAL\b|\bUUID\b",
    # what the other engines have not, or have otherwise
    "MERGE": r"\bMERGE\b",
    "QUALIFY": r"\bQUALIFY\b",
    "TRUNCATE": r"\bTRUNCATE\b",
    "IDENTITY": r"\bIDENTITY\b",
    "date functions": r"\b(DATE_?(DIFF|ADD|PART)|GETDATE|AGE)\s*\(|\bSYSDATE\b",
    "formats": r"\bTO_(CHAR|DATE|TIMESTAMP|NUMBER)\b|\bSTRFTIME\b|\bLISTAGG\b",
    "NVL, DECODE, IIF": r"\b(NVL2?|DECODE|IIF|IFNULL|ISNULL|NOTNULL)\b",
    "TRY_CAST": r"\b(TRY|SAFE)_CAST\b",
    "regular expressions": r"~|\bSIMILAR\s+TO\b|\bREGEXP\w*\b|\bRLIKE\b|\bGLOB\b",
    "::": r"::",
    "quoted identifiers": r'"',
    # what is allowed, and goes wrong
    "a whole column list": r"\bSELECT\s+(DISTINCT\s+)?\*|,\s*\*|\.\*",
    "a type without its width": r"\bVARCHAR\b(?!\s*\()|\b(DECIMAL|NUMERIC)\b(?!\s*\()|\bTEXT\b",
    "chance": r"\b(RANDOM|RAND|SETSEED)\s*\(",
    "parameters": r"\$|(?<!:):\w|\?|%\(|\{",
    "several statements": r";",
    "comments inside": r"--|/\*",
}
"""What a portable statement does not hold, outside of its strings."""

_FRAMED = ("SUM", "AVG", "MIN", "MAX", "COUNT", "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE")
_GROUPING = ("GROUP BY", "HAVING")
_CLAUSES = ("SELECT", "FROM", "WHERE", "HAVING", "QUALIFY", "LIMIT", "UNION")
_STRING = re.compile(r"'(?:[^']|'')*'")


def denied(sql: str) -> list[str]:
    """The names of what a statement says and may not."""
    bare = _STRING.sub("''", sql)
    found = [name for name, pattern in DENIED.items() if re.search(pattern, bare, re.IGNORECASE)]
    found += ["a window without its frame" for _ in unframed_windows(bare)]
    return found + [f"a subquery in {clause}" for clause in grouping_subqueries(bare)]


def names(sql: str) -> set[str]:
    """Everything that a statement calls by a name: keywords and types are in upper case."""
    return set(re.findall(r"\b[a-z]\w*", _STRING.sub("''", sql)))


def unframed_windows(sql: str) -> Iterator[str]:
    """The aggregates over an ordered window whose frame is not said."""
    for over in re.finditer(r"\bOVER\s*\(", sql, re.IGNORECASE):
        window = sql[over.end() : _closing(sql, over.end())].upper()
        before = sql[: over.start()].rstrip()
        name = re.search(r"(\w+)\s*$", before[: _opening(before)])
        ordered = re.search(r"\bORDER\s+BY\b", window)
        framed = re.search(r"\b(ROWS|RANGE|GROUPS)\b", window)
        if name and name[1].upper() in _FRAMED and ordered and not framed:
            yield name[1]


def grouping_subqueries(sql: str) -> Iterator[str]:
    """Where a query stands in HAVING or GROUP BY, which Redshift documents as invalid."""
    clauses = [""]
    words = re.findall(r"\bGROUP\s+BY\b|\bORDER\s+BY\b|\w+|[()]", sql.upper())
    for word, before in zip(words, ["", *words], strict=False):
        if word == "(":
            clauses.append("")
        elif word == ")":
            clauses.pop()
        elif word == "SELECT" and before == "(":
            yield from [clause for clause in clauses if clause in _GROUPING]
        if word in _CLAUSES or word.startswith(("GROUP ", "ORDER ")):
            clauses[-1] = " ".join(word.split())


def _closing(sql: str, start: int) -> int:
    """Where the parenthesis closes that is open at `start`."""
    depth = 1
    for position in range(start, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[position], 0)
        if not depth:
            return position
    raise ValueError(f"a parenthesis is never closed: {sql}")


def _opening(sql: str) -> int:
    """Where the parenthesis opens that closes at the end of the text."""
    depth = 0
    for position in range(len(sql) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(sql[position], 0)
        if not depth:
            return position
    raise ValueError(f"a parenthesis is never opened: {sql}")
