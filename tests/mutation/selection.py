"""Which tests run a line, and how long they take: a fault meets the quickest of them first."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_DATA = "mutation.coverage"


@dataclass(frozen=True)
class Selection:
    """The tests of some files. seconds: node id -> CPU time; lines: module -> line -> node ids."""

    seconds: dict[str, float]
    lines: dict[str, dict[int, set[str]]]

    def all_of(self, module: str) -> set[str]:
        """The tests that run any line of a module; all, when its lines run as it is loaded only."""
        ran = {test for found in self.lines.get(module, {}).values() for test in found}
        return ran or set(self.seconds)

    def of(self, module: str, first: int, last: int) -> list[str]:
        """The tests that run any of some lines, or of a module whose lines run when it is loaded.

        Returns node ids, the quick ones first, those of one file side by side.
        """
        ran = self.lines.get(module, {})
        tests = {test for line in range(first, last + 1) for test in ran.get(line, ())}
        if not tests:  # a constant, a default, a class: run once, by whichever test came first
            tests = self.all_of(module)
        by_file: dict[str, list[str]] = defaultdict(list)
        for test in sorted(tests, key=lambda one: self.seconds[one]):
            slow = self.seconds[test] > 0.5
            by_file[f"{int(slow)}{test.partition('::')[0]}"].append(test)
        cost = {name: sum(self.seconds[test] for test in found) for name, found in by_file.items()}
        order = sorted(by_file, key=lambda name: (name[0], cost[name] / len(by_file[name])))
        return [test for name in order for test in by_file[name]]


def survey(project: Path, files: Iterable[str], modules: Iterable[str]) -> Selection:
    """Run some test files once, in a copy of the project, and note what they run.

    project: the copy. files: of tests, below it. modules: paths below it.
    Raises RuntimeError when a test fails without any fault.
    """
    noted = project / "mutation.json"
    environment = os.environ | {
        "COVERAGE_FILE": str(project / _DATA),
        "PYTHONPATH": os.pathsep.join([str(project / "src"), str(project / "tests")]),
    }
    command = [sys.executable, "-m", "pytest", "-q", "--all"]
    command += ["-p", "mutation.noting", "--noted", str(noted)]
    command += ["-p", "no:cacheprovider", "--cov=sparkify", "--cov-context=test", "--cov-report="]
    done = subprocess.run(
        [*command, *files], cwd=project, env=environment, text=True, capture_output=True
    )
    if done.returncode:
        raise RuntimeError("a test fails without a fault:\n" + done.stdout[-3000:] + done.stderr)
    seconds = json.loads(noted.read_text(encoding="utf-8"))
    return Selection(seconds, {module: _ran(project, module, seconds) for module in modules})


def _ran(project: Path, module: str, seconds: dict[str, float]) -> dict[int, set[str]]:
    from coverage import CoverageData

    data = CoverageData(str(project / _DATA))
    data.read()
    called = called_lines((project / module).read_text(encoding="utf-8"))
    found: dict[int, set[str]] = {}
    for line, contexts in data.contexts_by_lineno(str(project / module)).items():
        names = {context.rpartition("|")[0] for context in contexts}
        found[line] = {name for name in names if name in seconds and line in called}
    return found


def called_lines(source: str) -> set[int]:
    """Which lines of a module run when a function is called, and not as the module is loaded.

    A module that is loaded during a test is loaded by the first that needs it; the constants in it
    are not for that test alone.
    """
    bodies = [
        statement
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
        for statement in node.body
    ]
    return {
        line
        for statement in bodies
        for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    }
