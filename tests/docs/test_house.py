"""The house keeps its rules: who imports whom, who prints, where the SQL is, what is described."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import sparkify
from house import House
from house_rules import (
    LONGEST_FILE,
    RULES,
    Rule,
    ledger_and_generate_touch_no_engine_and_no_network,
    libraries_keep_to_their_rooms,
    names_stand_once,
    no_cycles,
    no_long_files,
    no_small_module_of_one_user,
    no_sql_elsewhere,
    nobody_speaks_http,
    only_cli_imports_console,
    only_cli_imports_etl,
    only_console_prints,
    only_what_starts_it_imports_cli,
    packages_import_in_one_direction,
    public_things_are_described,
    warehouses_do_not_know_who_loads,
)

PROJECT = Path(__file__).parents[2]
HEAVY = {
    *("altair", "boto3", "botocore", "duckdb", "numpy", "obstore", "pandas", "rich", "vl_convert"),
    *("asyncio", "multiprocessing", "sqlite3", "unittest", "jinja2", "webbrowser"),
    *("starlette", "uvicorn"),
}
"""What makes a command slow to answer when it is not needed."""


@pytest.fixture(scope="module")
def house() -> House:
    found = House.at(Path(sparkify.__file__).parent)
    rooms = {module.room for module in found.modules.values()}
    assert rooms >= {"", "cli", "console", "etl", "ledger", "sql_queries", "warehouse.duckdb"}
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(house: House, rule: Rule) -> None:
    assert rule(house) == []


def test_all_imports_of_the_house_are_seen(house: House) -> None:
    """Against a plain search of the text."""
    for name, module in house.modules.items():
        lines = re.findall(r"^\s*(?:from \S+ import|import) ", module.text, re.MULTILINE)
        assert len({one.line for one in house.imports[name]}) == len(lines)


# The rules can be broken

one_direction = packages_import_in_one_direction


BROKEN: list[tuple[Rule, dict[str, str], int]] = [
    (only_cli_imports_console, {"console": "", "etl": "from . import console"}, 1),
    (only_cli_imports_console, {"console": "", "a.b": "from ..console import say"}, 1),
    (only_cli_imports_console, {"console.x": "", "a": "import sparkify.console.x"}, 1),
    (
        only_cli_imports_console,
        {"console": "", "a": "if TYPE_CHECKING:\n    from .console import Bar"},
        1,
    ),
    (only_cli_imports_console, {"console": "", "cli.a": "from .. import console"}, 0),
    (only_cli_imports_console, {"console": "", "console.x": "from .. import console"}, 0),
    (only_cli_imports_etl, {"etl": "", "status": "from .etl import load"}, 1),
    (only_cli_imports_etl, {"etl": "", "a": "def f():\n    from sparkify import etl"}, 1),
    (
        only_cli_imports_etl,
        {"etl": "", "console": "if TYPE_CHECKING:\n    from .etl import LoadReport"},
        0,
    ),
    (only_what_starts_it_imports_cli, {"cli": "", "etl": "from .cli import main"}, 1),
    (only_what_starts_it_imports_cli, {"cli": "", "launcher": "from .cli import main"}, 0),
    (
        warehouses_do_not_know_who_loads,
        {"etl": "", "warehouse.duckdb.loader": "from ... import etl"},
        1,
    ),
    (
        warehouses_do_not_know_who_loads,
        {"etl": "", "warehouse": "if TYPE_CHECKING:\n    from sparkify.etl import LoadReport"},
        1,
    ),
    (libraries_keep_to_their_rooms, {"etl": "import duckdb"}, 1),
    (libraries_keep_to_their_rooms, {"warehouse": "import duckdb"}, 1),
    (libraries_keep_to_their_rooms, {"sources": "def f():\n    import boto3.session"}, 1),
    (libraries_keep_to_their_rooms, {"cli": "from rich.table import Table"}, 1),
    (libraries_keep_to_their_rooms, {"a": "import requests"}, 1),
    (libraries_keep_to_their_rooms, {"warehouse.duckdb.reader": "import duckdb, json"}, 0),
    (
        ledger_and_generate_touch_no_engine_and_no_network,
        {"ledger": "from .sources import SourceFile", "sources": "import urllib.request"},
        1,
    ),
    (
        ledger_and_generate_touch_no_engine_and_no_network,
        {"generate.a": "def f():\n    from .. import b", "b": "import duckdb"},
        1,
    ),
    (
        ledger_and_generate_touch_no_engine_and_no_network,
        {"ledger": "from .warehouse.x import y", "warehouse": "import socket", "warehouse.x": ""},
        3,
    ),
    (no_cycles, {"a": "from . import b", "b": "from .a import c"}, 2),
    (no_cycles, {"a": "from . import b", "b": "from . import c", "c": "import sparkify.a"}, 3),
    (no_cycles, {"a": "from . import b", "b": "def f():\n    from . import a"}, 0),
    (no_cycles, {"a": "from . import b", "b": "if TYPE_CHECKING:\n    from . import a"}, 0),
    (
        packages_import_in_one_direction,
        {"a": "def f():\n    from . import b", "b": "from . import a"},
        2,
    ),
    (
        packages_import_in_one_direction,
        {
            "a": "",
            "a.x": "from ..b import y",
            "b": "",
            "b.y": "if TYPE_CHECKING:\n    from .. import a",
        },
        2,
    ),
    (
        packages_import_in_one_direction,
        {"a": "", "a.x": "from . import y", "a.y": "from . import x"},
        0,
    ),
    (packages_import_in_one_direction, {"": "", "a": "from . import b", "b": "import sparkify"}, 0),
    (names_stand_once, {"a": "", "a.copy": "", "b": "", "b.copy": ""}, 1),
    (names_stand_once, {"a": "", "a.errors": "", "errors": "", "b.loader": "", "c": ""}, 0),
    (no_small_module_of_one_user, {"a": "", "a.x": "from . import y", "a.y": ""}, 1),
    (no_small_module_of_one_user, {"a": "", "a.x": "from . import y", "a.y": "\n" * 60}, 0),
    (
        no_small_module_of_one_user,
        {
            "a": "",
            "a.x": "from . import y",
            "a.z": "from . import y",
            "a.y": "",
            "b": "import sparkify.a",
        },
        0,
    ),
    (nobody_speaks_http, {"a": "import http.client, ssl"}, 2),
    (only_console_prints, {"etl": "print('loaded')"}, 1),
    (only_console_prints, {"etl": "import sys\nsys.stderr.write('loaded')"}, 1),
    (only_console_prints, {"cli.a": "import click\nclick.echo('loaded')"}, 1),
    (only_console_prints, {"etl": "from sys import stdout\nshow = stdout.write"}, 1),
    (only_console_prints, {"etl": "import logging\nlogging.StreamHandler()"}, 1),
    (only_console_prints, {"etl": "import logging\nx = logging.getLogger()"}, 0),
    (only_console_prints, {"console.a": "print('loaded')", "a": "x = 'print'"}, 0),
    (no_sql_elsewhere, {"etl": "run('SELECT 1')"}, 1),
    (no_sql_elsewhere, {"etl": "run(b'  DROP TABLE songs')"}, 1),
    (no_sql_elsewhere, {"etl": "run(f'select {columns} from {table}')"}, 1),
    (no_sql_elsewhere, {"etl": "run(f'{a} INTO t'); run(f'{a} inner join b')"}, 1),
    (no_sql_elsewhere, {"etl": "order = ' order by a desc'"}, 1),
    (no_sql_elsewhere, {"etl": "run('BEGIN')"}, 1),
    (no_sql_elsewhere, {"etl": "x = 'insert into'\\\n  ' t values (1)'"}, 1),
    (no_sql_elsewhere, {"warehouse.duckdb": "run('SET threads = 1'); run('BEGIN')"}, 0),
    (no_sql_elsewhere, {"warehouse.duckdb": "run('DELETE FROM songs')"}, 1),
    (no_sql_elsewhere, {"sql_queries": "q = 'SELECT 1'"}, 0),
    (no_sql_elsewhere, {"a": "'''SELECT a FROM b'''\nx = 'Set X; select a row, drop a table.'"}, 0),
    (no_long_files, {"a": "\n" * (LONGEST_FILE + 1), "b": "\n" * LONGEST_FILE}, 1),
    (public_things_are_described, {"a": ""}, 1),
    (public_things_are_described, {"a": "'''A.'''\nclass B:\n    def c(self): ..."}, 2),
    (public_things_are_described, {"a": "'''A.'''\ndef b():\n    '''B.'''\n    def c(): ..."}, 0),
    (public_things_are_described, {"a": "'''A.'''\ndef _b(): ...\nclass _C:\n  def d(): ..."}, 0),
    (public_things_are_described, {"a": "'''A.'''\nasync def b(): ..."}, 1),
]


@pytest.mark.parametrize(
    ("rule", "texts", "times"),
    BROKEN,
    ids=[f"{rule.__name__}-{n}" for n, (rule, _, _) in enumerate(BROKEN)],
)
def test_what_breaks_the_rule_is_found(rule: Rule, texts: dict[str, str], times: int) -> None:
    assert len(rule(House.of(texts))) == times


def test_every_rule_is_tried() -> None:
    assert {rule for rule, _, times in BROKEN if times} == {*RULES}


# Lazy imports


@cache
def loaded_by(program: str) -> set[str]:
    """The modules that a program has loaded when it ends."""
    shown = f"import sys\n{program}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", shown], capture_output=True, text=True, check=True, timeout=60
    )
    return {*done.stdout.split()}


def test_the_command_line_is_loaded_without_what_is_heavy() -> None:
    loaded = loaded_by("import sparkify.cli")
    assert {"sparkify.cli", "sparkify.console"} <= loaded
    assert not loaded & (HEAVY - loaded_by(""))


@pytest.mark.parametrize("words", [["--help"], ["etl", "--help"], ["--version"]])
def test_help_is_given_without_what_is_heavy(words: list[str]) -> None:
    loaded = loaded_by(
        "from sparkify.cli import application\n"
        f"try: application.main({words!r})\n"
        "except SystemExit as end: assert not end.code"
    )
    assert "sparkify.cli" in loaded
    assert not loaded & (HEAVY - loaded_by(""))


def test_what_is_heavy_is_seen() -> None:
    assert loaded_by("import duckdb") & HEAVY


# What is tracked belongs to everybody

PRIVATE = {
    "a path of one machine": rb"(?<![\w.])/(work|root|Users|home/(?!me/)\w+|tmp/\w+)/[\w.]",
    "a path of one Windows machine": rb"[A-Z]:\\\\?Users\\",
    "the address of a registry": (
        rb"(index-url|INDEX_URL|trusted-host|find-links)\b\s*[=: ]"
        rb"|https?://[\w.:@-]*/(pypi|simple|artifactory|nexus)\b"
    ),
}


def private(content: bytes) -> list[str]:
    """What a file holds that means something on one machine only."""
    return [name for name, pattern in PRIVATE.items() if re.search(pattern, content)]


def tracked_files() -> list[Path]:
    done = subprocess.run(
        ["git", "-c", f"safe.directory={PROJECT}", "ls-files", "-z"],
        cwd=PROJECT,
        capture_output=True,
        check=True,
        timeout=600,
    )
    paths = [PROJECT / name.decode() for name in done.stdout.split(b"\0") if name]
    return [path for path in paths if path.is_file()]


def test_no_tracked_file_tells_of_one_machine() -> None:
    files = tracked_files()
    assert PROJECT / "pyproject.toml" in files
    found = {path: private(path.read_bytes()) for path in files if path != Path(__file__)}
    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"cd /work/x", ["a path of one machine"]),
        (b'"/home/ada/data"', ["a path of one machine"]),
        (b"/tmp/scratch/x.py", ["a path of one machine"]),
        (rb"C:\Users\ada", ["a path of one Windows machine"]),
        (b"--index-url https://x.example", ["the address of a registry"]),
        (b"https://proxy.example:8080/pypi/simple/", ["the address of a registry"]),
        (b"https://example.org/a, data/work/x, homework/y, /home/me/x, s3://bucket/log_data", []),
    ],
)
def test_what_tells_of_one_machine_is_found(content: bytes, what: list[str]) -> None:
    assert private(content) == what
