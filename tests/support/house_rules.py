"""The rules of the house; each gives what breaks it."""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping

from house import PACKAGE, House, within

LONGEST_FILE = 600
SMALL_MODULE = 60
SHARED_NAMES = {
    *("cloud", "connection", "errors", "listing", "loader"),
    *("options", "progress", "reader", "results", "status"),
}
"""Names of modules that mean the same in every package."""

ROOMS: Mapping[str, Collection[str]] = {
    "altair": ("report",),
    "boto3": ("aws", "boto3_sql_util", "util_s3", "iac"),
    "botocore": ("aws", "boto3_sql_util", "util_s3", "iac"),
    "click": ("cli", "console"),
    "duckdb": ("warehouse.duckdb", "util_s3"),
    "jinja2": ("report",),
    "msgspec": ("staging",),
    "numpy": ("generate",),
    "obstore": ("util_s3",),
    "pandas": ("boto3_sql_util",),
    "rich": ("console",),
    "starlette": ("report",),
    "uvicorn": ("report",),
    "vl_convert": ("report",),
}
"""Every library, and the modules or packages that may import it."""

ENGINES_AND_NETWORK = {
    *("duckdb", "boto3", "botocore", "obstore", "pandas", "sqlite3"),
    *("asyncio", "ftplib", "http", "socket", "socketserver", "ssl", "urllib", "xmlrpc"),
}

Rule = Callable[[House], list[str]]


def _importers(
    house: House, target: str, allowed: Collection[str], *, types_too: bool
) -> list[str]:
    return [
        f"{name}:{one.line} imports {one.target}"
        for name, imports in house.imports.items()
        for one in imports
        if within(one.target, (target,)) and not within(name, (*allowed, target))
        if types_too or not one.typing
    ]


def only_cli_imports_console(house: House) -> list[str]:
    return _importers(house, "console", ("cli",), types_too=True)


def only_cli_imports_etl(house: House) -> list[str]:
    """Whoever shows a load may name its type."""
    return _importers(house, "etl", ("cli",), types_too=False)


def only_what_starts_it_imports_cli(house: House) -> list[str]:
    return _importers(house, "cli", ("launcher", "__main__"), types_too=True)


def warehouses_do_not_know_who_loads(house: House) -> list[str]:
    """Not by a type, either."""
    strangers = {f"{PACKAGE}.{room}" for room in ("etl", "cli", "console", "analysis", "quality")}
    return [
        f"{name}:{one.line} imports {one.target}"
        for name, imports in house.imports.items()
        if within(name, ("warehouse",))
        for one in imports
        if one.target in strangers
    ]


def libraries_keep_to_their_rooms(house: House) -> list[str]:
    return [
        f"{name}:{one.line} imports {one.target}"
        for name, imports in house.imports.items()
        for one in imports
        if one.target.split(".")[0] not in (PACKAGE, *sys.stdlib_module_names)
        if not within(name, ROOMS.get(one.target, ()))
    ]


def ledger_and_generate_touch_no_engine_and_no_network(house: House) -> list[str]:
    return [
        f"{room} comes to import {target}"
        for room in ("ledger", "generate")
        for target in sorted(house.reached(room))
        if target in ENGINES_AND_NETWORK or within(target, ("warehouse", "etl", "console", "cli"))
    ]


def no_cycles(house: House) -> list[str]:
    """Among what is imported when modules are loaded."""
    graph = {
        name: {one.target for one in imports if one.at_once and not one.typing} & {*house.modules}
        for name, imports in house.imports.items()
    }
    return [
        f"{start} comes to import itself"
        for start, targets in graph.items()
        if any(start in _reached(graph, target) for target in targets)
    ]


def packages_import_in_one_direction(house: House) -> list[str]:
    """Among the packages and modules at the top; lazy imports and those of types count."""
    graph: dict[str, set[str]] = {}
    for name, imports in house.imports.items():
        top = _top(name)
        targets = {_top(one.target) for one in imports if one.target in house.modules}
        graph.setdefault(top, set()).update(targets - {top, PACKAGE})
    return [
        f"{PACKAGE}.{start} comes to import itself, over {', '.join(sorted(over))}"
        for start in sorted(graph)
        if (over := {one for one in graph[start] if start in _reached(graph, one)})
    ]


def _top(name: str) -> str:
    """Return the first name below the package; the package's own name for its `__init__`."""
    return f"{name}.".split(".")[1] or PACKAGE


def _reached(graph: Mapping[str, set[str]], start: str) -> set[str]:
    seen, todo = {start}, [start]
    while todo:
        new = graph.get(todo.pop(), set()) - seen
        seen |= new
        todo += new
    return seen


def names_stand_once(house: House) -> list[str]:
    """Of modules. Names in SHARED_NAMES mean the same wherever they stand."""
    last = Counter(name.rpartition(".")[2] for name in house.modules)
    return [
        f"{count} modules are called {name}"
        for name, count in sorted(last.items())
        if count > 1 and name not in SHARED_NAMES
    ]


def no_small_module_of_one_user(house: House) -> list[str]:
    """A package needs no module of its own for what only one other module uses."""
    users: dict[str, set[str]] = {}
    for name, imports in house.imports.items():
        for one in imports:
            users.setdefault(one.target, set()).add(name)
    return [
        f"{name} has {lines} lines, and only {', '.join(users[name])} uses it"
        for name, module in house.modules.items()
        if not module.is_package and name.count(".") > 1 and len(users.get(name, ())) == 1
        if (lines := module.text.count("\n")) < SMALL_MODULE
    ]


def nobody_speaks_http(house: House) -> list[str]:
    """Libraries speak with AWS."""
    return [
        f"{name}:{one.line} imports {one.target}"
        for name, imports in house.imports.items()
        for one in imports
        if one.target in {"http", "socket", "ssl", "urllib3", "asyncio"}
    ]


def only_console_prints(house: House) -> list[str]:
    return [
        f"{name}:{node.lineno} prints: {ast.unparse(node)}"
        for name, module in house.modules.items()
        if not within(name, ("console",))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Name | ast.Attribute)
        if re.fullmatch(
            r"print|(click\.)?s?echo|(sys\.)?(__)?std(out|err)(__)?|pprint"
            r"|logging\.(basicConfig|(Stream|File)Handler)",
            ast.unparse(node),
        )
    ]


_BEGINS = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|COPY|WITH|ALTER|MERGE|TRUNCATE|GRANT|REVOKE"
    r"|VACUUM|ANALYZE|UNLOAD|PRAGMA|ATTACH|DETACH|EXPLAIN|LOCK|INSTALL|EXPORT|IMPORT|VALUES)\b"
)
_SESSION = re.compile(r"\s*(BEGIN|START TRANSACTION|COMMIT|ROLLBACK|SET|RESET|USE)\b")
_SPEAKS = re.compile(
    r"\b(select\s.+\sfrom\s|insert\s+into\s|delete\s+from\s|update\s+\w+\s+set\s"
    r"|(create|drop|alter)\s+(or\s+replace\s+)?(temp\w*\s+)?(table|view|macro|schema|index)\s+\w"
    r"|(order|group|partition)\s+by\s+\w+(\s+(asc|desc)|\s*,)|inner\s+join|left\s+join)",
    re.IGNORECASE | re.DOTALL,
)


def no_sql_elsewhere(house: House) -> list[str]:
    """Session control in the warehouses aside; CloudFormation, too, has CREATE and ROLLBACK."""
    return [
        f"{name}:{line} holds SQL: {text[:60]!r}"
        for name, module in house.modules.items()
        if not within(name, ("sql_queries", "iac"))
        for line, text in _texts(module.tree)
        if _BEGINS.match(text)
        or _SPEAKS.search(text)
        or (_SESSION.match(text) and not within(name, ("warehouse",)))
    ]


def _texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every text with its line; an x stands for what an f-string fills in; no docstrings."""
    passed_over: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            passed_over.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            passed_over |= {id(part) for part in node.values}
            parts = [part.value if isinstance(part, ast.Constant) else "x" for part in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and id(node) not in passed_over:
            if isinstance(node.value, str):
                yield node.lineno, node.value
            elif isinstance(node.value, bytes):
                yield node.lineno, node.value.decode("latin-1")


def no_long_files(house: House) -> list[str]:
    return [
        f"{name} has {lines} lines"
        for name, module in house.modules.items()
        if (lines := module.text.count("\n")) > LONGEST_FILE
    ]


def public_things_are_described(house: House) -> list[str]:
    return [
        f"{name}: {label} has no docstring"
        for name, module in house.modules.items()
        for label, node in _public(module.tree, name)
        if not ast.get_docstring(node)
    ]


_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _public(
    tree: ast.Module | _Definition, name: str
) -> Iterator[tuple[str, ast.Module | _Definition]]:
    yield name, tree
    if isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    for child in tree.body:
        if isinstance(child, _Definition) and not child.name.startswith("_"):
            yield from _public(child, f"{name}.{child.name}")


RULES: tuple[Rule, ...] = (
    only_cli_imports_console,
    only_cli_imports_etl,
    only_what_starts_it_imports_cli,
    warehouses_do_not_know_who_loads,
    libraries_keep_to_their_rooms,
    ledger_and_generate_touch_no_engine_and_no_network,
    no_cycles,
    packages_import_in_one_direction,
    names_stand_once,
    no_small_module_of_one_user,
    nobody_speaks_http,
    only_console_prints,
    no_sql_elsewhere,
    no_long_files,
    public_things_are_described,
)
