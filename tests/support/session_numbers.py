"""Where a statement takes a session number for a session: numbers are shared by listeners."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sqlglot
from sqlglot import exp

SESSION = {"sessionid", "session_id"}
LISTENER = {"userid", "user_id"}


def taken_alone(sql: str, dialect: str = "redshift") -> list[str]:
    """Return what groups, partitions, counts or joins by a session number without its listener."""
    tree = sqlglot.parse_one(sql, dialect=dialect)
    assert not isinstance(tree, exp.Command) or not any(name in sql.lower() for name in SESSION)
    sessions, listeners = _called(tree, SESSION), _called(tree, LISTENER)
    return [
        part.sql(dialect)
        for part, compared in _together(tree)
        if compared & sessions and not compared & listeners
    ]


def _called(tree: exp.Expr, names: set[str]) -> set[str]:
    """Return these columns' names with those that the statement gives them."""
    aliases = {
        one.alias.lower()
        for one in tree.find_all(exp.Alias)
        if _columns(one.this) & names and not one.find(exp.AggFunc)
    }
    return names | aliases


def _together(tree: exp.Expr) -> Iterator[tuple[exp.Expr, set[str]]]:
    """Yield each part of a statement that tells rows apart or puts them together, by what names."""
    for part in tree.find_all(exp.Group, exp.Distinct):
        if part.expressions:
            yield part, _all_columns(part.expressions)
        elif isinstance(part.parent, exp.Select):
            yield part.parent, _all_columns(part.parent.expressions)
    for window in tree.find_all(exp.Window):
        yield window, _all_columns(window.args.get("partition_by") or ())
    for join in tree.find_all(exp.Join):
        yield join, {column.name.lower() for column in join.args.get("using") or ()}
    for condition in tree.find_all(exp.Join, exp.Where, exp.Merge):
        on = condition.this if isinstance(condition, exp.Where) else condition.args.get("on")
        yield condition, _equal(on) if on else set()
    for within in tree.find_all(exp.In):
        if within.args.get("query"):
            yield within, _columns(within.this)


def _equal(condition: exp.Expr) -> set[str]:
    """Return the columns that are set equal to other columns, in conditions that all must hold."""
    parts = condition.unnest().flatten() if isinstance(condition.unnest(), exp.And) else [condition]
    found: set[str] = set()
    for part in parts:
        equal = part.unnest()
        if isinstance(equal, exp.EQ | exp.NullSafeEQ):
            sides = _columns(equal.left), _columns(equal.right)
            found |= (sides[0] | sides[1]) if all(sides) else set()
    return found


def _columns(expression: exp.Expr) -> set[str]:
    return {column.name.lower() for column in expression.find_all(exp.Column)}


def _all_columns(expressions: Iterable[exp.Expr]) -> set[str]:
    return {name for expression in expressions for name in _columns(expression)}
