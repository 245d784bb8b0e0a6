"""Run the cells of a notebook, as Jupyter does, and write their outputs into it.

In this process and without Jupyter: a cell's output is what it prints, and the value of its last
line as text.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).with_name("analysts.ipynb")
WORLD = re.compile(r"^    (sparkify .+)$", re.MULTILINE)
"""The commands in the notebook's text that make the world whose figures its outputs show."""


def read() -> dict[str, Any]:
    """Return the notebook as it is."""
    found: dict[str, Any] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return found


def world(notebook: Mapping[str, Any]) -> list[str]:
    """Return the command lines to run first, in the folder above the one of the notebook."""
    texts = ["".join(one["source"]) for one in notebook["cells"] if one["cell_type"] == "markdown"]
    return [line for text in texts for line in WORLD.findall(text)]


def run(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """Return the notebook with the outputs that its cells have in the current folder."""
    names: dict[str, Any] = {"__name__": "__main__"}
    cells = []
    count = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            outputs = _outputs("".join(cell["source"]), names, count)
            cell = cell | {"execution_count": count, "outputs": outputs}
        cells.append(cell)
    return {**notebook, "cells": cells}


def _outputs(source: str, names: dict[str, Any], count: int) -> list[dict[str, Any]]:
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    printed = io.StringIO()
    value = None
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(body, []), "<cell>", "exec"), names)  # noqa: S102
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)  # noqa: S307
    outputs: list[dict[str, Any]] = []
    if text := printed.getvalue():
        outputs.append({"name": "stdout", "output_type": "stream", "text": _lines(text)})
    if value is not None:
        outputs.append(
            {
                "data": {"text/plain": _lines(repr(value))},
                "execution_count": count,
                "metadata": {},
                "output_type": "execute_result",
            }
        )
    return outputs


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def write(notebook: Mapping[str, Any]) -> bool:
    """Write the notebook; tell whether that changed anything."""
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    changed = text != NOTEBOOK.read_text(encoding="utf-8")
    if changed:
        NOTEBOOK.write_text(text, encoding="utf-8")
    return changed
