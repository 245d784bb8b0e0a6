"""Every command on a terminal of 80 columns: no line is wider, whatever it shows."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from command_line import call, terminal

LINES = (
    *(["status"], ["check"], ["doctor"], ["rejects"], ["inspect"], ["sql"], ["ask", "--list"]),
    *(["ask"], ["etl"], ["etl", "--rebuild"], ["etl", "--dry-run"], ["export", "out"]),
    *(["query", "FROM songplays"], ["query", "--help"], ["ask", "no", "such"], ["create-tables"]),
)
ALL = """
import json, sys
from sparkify.cli import main
for words in json.loads(sys.argv[1]):
    print("===", *words)
    try:
        main(words)
    except SystemExit:
        pass
"""


@pytest.mark.sampled(of=2)
@pytest.mark.parametrize("columns", [60, 80])
def test_no_line_is_wider_than_the_terminal(columns: int, loaded: None) -> None:
    Path("data/log_data/bad.json").write_text('{"ts": 1, "page": "Home"}\nbad\n')
    assert call("etl", "--no-answers").exit_code == 0
    lines = [*LINES, *([["--help"]] if columns == 80 else [])]  # it holds a line to copy
    program = (sys.executable, "-c", ALL, json.dumps(lines))
    code, seen = terminal(*program, cwd=Path.cwd(), columns=columns)
    assert code == 0, seen
    shown = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", seen)
    assert shown.count("\n=== ") == len(lines) - 1
    wide = [
        line
        for text in shown.splitlines()
        for line in text.split("\r")  # a bar is drawn over itself
        if len(line) > columns and " " in line.strip()
    ]
    assert wide == []
    assert "Traceback" not in shown
