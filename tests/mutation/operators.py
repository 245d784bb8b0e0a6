"""Faults that are put into a module, one at a time: what a slip of the hand could have written."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE,),
    ast.LtE: (ast.Lt,),
    ast.Gt: (ast.GtE,),
    ast.GtE: (ast.Gt,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Add,
    ast.LShift: ast.RShift,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_NOT_RUN = ("annotation", "returns", "decorator_list", "type_params")
"""Parts of a tree that say something to a reader or to the type checker only."""


@dataclass(frozen=True)
class Mutant:
    """A module with one fault.

    place: the function or class that holds it. first, last: the lines of the statement that holds
    it, counted from 1. before, after: the source of what was changed. source: the whole module.
    """

    place: str
    first: int
    last: int
    before: str
    after: str
    source: str

    @property
    def change(self) -> str:
        """The fault in one line."""
        return f"{self.place or 'module'}: {_short(self.before)} -> {_short(self.after)}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 90 else line[:87] + "..."


def mutants(source: str) -> Iterator[Mutant]:
    """Make every fault of a module, in the order of its text."""
    tree = ast.parse(source)
    for at in list(_sites(tree)):
        for new in _alternatives(at.node):
            yield Mutant(
                at.place,
                at.first,
                at.last,
                ast.unparse(at.node),
                "nothing" if isinstance(new, ast.Pass) else ast.unparse(new),
                _with(tree, at, new),
            )


@dataclass(frozen=True)
class _Site:
    """A node that may be changed, with the way to it from the root and the statement around it."""

    node: ast.AST
    path: tuple[tuple[str, int | None], ...]
    place: str
    first: int
    last: int


def _sites(tree: ast.Module) -> Iterator[_Site]:
    root = _Site(tree, (), "", 1, 1)
    waiting = [root]
    while waiting:
        at = waiting.pop()
        if at is not root:
            yield at
        waiting += reversed([*_below(at)])


def _below(at: _Site) -> Iterator[_Site]:
    for name, value in ast.iter_fields(at.node):
        if name in _NOT_RUN:
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or _is_words(at.node, child, index):
                continue
            place, first, last = at.place, at.first, at.last
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                place = f"{place}.{child.name}".lstrip(".")
            if isinstance(child, ast.stmt):
                first, last = child.lineno, _end_of_head(child)
            yield _Site(child, (*at.path, (name, index)), place, first, last)


def _end_of_head(statement: ast.stmt) -> int:
    """The last line of a statement itself, without the statements in it."""
    body = getattr(statement, "body", None)
    last = statement.end_lineno or statement.lineno
    if isinstance(body, list) and isinstance(body[0], ast.stmt):
        last = max(statement.lineno, body[0].lineno - 1)
    return last


def _is_words(parent: ast.AST, child: ast.AST, index: int | None) -> bool:
    """Whether a part is documentation, the wording of a message, or for the type checker only."""
    match parent, child:
        case ast.Expr(), ast.Constant():
            return True
        case ast.JoinedStr(), ast.Constant():
            return True
        case ast.FormattedValue(), ast.JoinedStr():  # how a value is written
            return True
        case _, ast.Constant(value=str(text)):
            return " " in text.strip() or _is_call(parent, "TypeVar", "cast")
        case _, ast.Import() | ast.ImportFrom():
            return True
        case _, ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case (
            _,
            ast.Assign(targets=[ast.Name(id="__all__")])
            | ast.AnnAssign(target=ast.Name(id="__all__")),
        ):
            return True
        case _:
            return False


def _is_call(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _with(tree: ast.Module, at: _Site, new: ast.AST) -> str:
    """The source of the module with one node in the place of another."""
    changed = copy.deepcopy(tree)
    node: ast.AST = changed
    *way, (name, index) = at.path
    for step, which in way:
        below = getattr(node, step)
        node = below if which is None else below[which]
    if index is None:
        setattr(node, name, new)
    else:
        getattr(node, name)[index] = new
    return ast.unparse(ast.fix_missing_locations(changed))


def _alternatives(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Constant(value=value):
            yield from (ast.Constant(other) for other in _other_values(value))
        case ast.Compare(ops=ops):
            for n, op in enumerate(ops):
                for other in _COMPARED[type(op)]:
                    yield ast.Compare(
                        node.left, [*ops[:n], other(), *ops[n + 1 :]], node.comparators
                    )
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.BinOp(left, op, right) if type(op) in _COMPUTED:
            yield ast.BinOp(left, _COMPUTED[type(op)](), right)
        case ast.AugAssign(target, op, value):
            if type(op) in _COMPUTED:
                yield ast.AugAssign(target, _COMPUTED[type(op)](), value)
            yield ast.Pass()
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.Slice(lower, upper, step):
            if lower:
                yield ast.Slice(None, upper, step)
            if upper:
                yield ast.Slice(lower, None, step)
        case _:
            yield from _other_flow(node)


def _other_flow(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.If(test, body, orelse) if not _has_an_opposite(test):
            yield ast.If(_not(test), body, orelse)
        case ast.While(test, body, orelse) if not _has_an_opposite(test):
            yield ast.While(_not(test), body, orelse)
        case ast.IfExp(test, body, orelse) if not _has_an_opposite(test):
            yield ast.IfExp(_not(test), body, orelse)
        case ast.comprehension(target, over, [test], is_async) if not _has_an_opposite(test):
            yield ast.comprehension(target, over, [_not(test)], is_async)
        case ast.Expr(value=ast.Call()) | ast.Raise() | ast.Delete():
            yield ast.Pass()
        case ast.Return(value=value) if value and not _is_none(value):
            yield ast.Return(ast.Constant(None))
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()
        case ast.ExceptHandler(type=ast.Tuple(elts=caught), name=name, body=body):
            for n in range(len(caught)):
                yield ast.ExceptHandler(ast.Tuple([*caught[:n], *caught[n + 1 :]]), name, body)
        case ast.Call(func, args, keywords) if not _is_call(node, "TypeVar"):
            for n in range(len(keywords)):
                yield ast.Call(func, args, [*keywords[:n], *keywords[n + 1 :]])


def _other_values(value: object) -> Iterator[bool | int | str | bytes]:
    match value:
        case bool():
            yield not value
        case int():
            yield value + 1
        case str():
            yield f"{value}XX" if value else "XX"
        case bytes():
            yield value + b"XX"


def _has_an_opposite(test: ast.expr) -> bool:
    """Whether a condition is negated by another change: of its operator, or of its `not`."""
    match test:
        case ast.Compare(ops=[op]):
            return isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn | ast.Is | ast.IsNot)
        case ast.UnaryOp(op=ast.Not()):
            return True
        case _:
            return False


def _not(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), test)


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None
