"""The house as its syntax trees show it: modules, and who imports whom."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGE = "sparkify"


@dataclass(frozen=True)
class Import:
    """One import. target: a module of ours by its full name, or a library's first name.

    at_once: it runs when the module is loaded. typing: only type checkers see it.
    """

    target: str
    line: int
    at_once: bool
    typing: bool


@dataclass(frozen=True)
class Module:
    """One file. name: in full, a package by its own name."""

    name: str
    text: str
    is_package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def room(self) -> str:
        """The name below the package: `warehouse.duckdb.loader`; the package itself is ""."""
        return self.name.removeprefix(PACKAGE).removeprefix(".")


class House:
    """All modules of the package."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self.modules = {module.name: module for module in modules}
        self.imports = {name: list(self._imports(one)) for name, one in self.modules.items()}

    @classmethod
    def at(cls, folder: Path) -> House:
        """The package in a folder of that name."""
        return cls(_module(folder, path) for path in sorted(folder.rglob("*.py")))

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> House:
        """Made-up modules by their names below the package."""
        names = {f"{PACKAGE}.{room}".removesuffix("."): text for room, text in texts.items()}
        return cls(
            Module(name, text, any(other.startswith(f"{name}.") for other in names))
            for name, text in names.items()
        )

    def _imports(self, module: Module) -> Iterator[Import]:
        for node, at_once, typing in _import_nodes(module.tree, at_once=True, typing=False):
            for target in self._targets(module, node):
                yield Import(target, node.lineno, at_once, typing)

    def _targets(self, module: Module, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            base = _base(module, node)
            names = [f"{base}.{alias.name}".removeprefix(".") for alias in node.names]
        for name in names:
            yield self._ours(name) if name.split(".")[0] == PACKAGE else name.split(".")[0]

    def _ours(self, name: str) -> str:
        """The module that a dotted name stands for or in."""
        while name not in self.modules and "." in name:
            name = name.rpartition(".")[0]
        return name

    def reached(self, room: str) -> set[str]:
        """Everything that is imported, sooner or later, where one room is used; types aside."""
        found: set[str] = set()
        todo = [name for name in self.modules if within(name, (room,))]
        while todo:
            for one in self.imports.get(todo.pop(), ()):
                if not one.typing:
                    new = {*_with_parents(one.target)} - found
                    found |= new
                    todo += new
        return found


def _with_parents(name: str) -> Iterator[str]:
    """A module and the packages that are loaded before it."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def _module(folder: Path, path: Path) -> Module:
    parts = [folder.name, *path.relative_to(folder).with_suffix("").parts]
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    return Module(name, path.read_text(encoding="utf-8"), is_package)


def _base(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    parts = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _import_nodes(
    node: ast.AST, *, at_once: bool, typing: bool
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, at_once, typing
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from _import_nodes(child, at_once=at_once, typing=True)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _import_nodes(child, at_once=at_once and not inside, typing=typing)


def within(name: str, rooms: Collection[str]) -> bool:
    """Whether a module of ours is one of these rooms, or in one."""
    room = name.removeprefix(PACKAGE).removeprefix(".")
    return any(room == one or room.startswith(f"{one}.") for one in rooms)
