"""Creating and dropping the tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import (
    PROGRAM,
    STAR,
    answer,
    call,
    failure,
    terminal,
)

# --- tables


def test_create_tables_loses_nothing(loaded: None) -> None:
    result = call("create-tables")
    assert result.exit_code == 0
    assert "songplays 2" in result.stderr
    done = answer("create-tables")
    assert done["dropped"] == {}
    assert {name: done["tables"][name] for name in STAR} == STAR


def test_create_tables_in_nothing() -> None:
    done = answer("create-tables")
    assert done["dropped"] == {}
    assert done["tables"]["songplays"] == 0


def test_drop_lists_what_it_destroys_and_wants_a_yes(loaded: None) -> None:
    error = failure("create-tables", "--drop")
    assert (error["code"], error["exit_code"]) == ("usage", 2)
    assert "--yes" in error["next_step"]
    assert error["details"]["tables"]["songplays"] == 2
    assert "songplays, 2 rows" in call("create-tables", "--drop").stderr
    assert answer("status")["tables"]["songplays"] == 2


def test_drop_with_yes(loaded: None) -> None:
    done = answer("create-tables", "--drop", "--yes")
    assert done["dropped"]["songplays"] == 2
    assert done["tables"]["songplays"] == 0
    assert "Destroyed" not in call("create-tables", "--drop").stderr  # nothing left to agree to


@pytest.mark.parametrize(("typed", "code", "plays"), [("yes\n", 0, 0), ("no\n", 2, 2)])
def test_drop_asks_a_person(loaded: None, typed: str, code: int, plays: int) -> None:
    words = (*PROGRAM, "create-tables", "--drop")
    ended, seen = terminal(*words, cwd=Path.cwd(), typed=typed)
    assert "songplays, 2 rows" in seen
    assert "Type yes to destroy these tables" in seen
    assert ended == code
    assert answer("status")["tables"]["songplays"] == plays


def test_a_quiet_drop_asks_nobody(loaded: None) -> None:
    words = (*PROGRAM, "create-tables", "--drop", "--quiet")
    ended, seen = terminal(*words, cwd=Path.cwd(), typed="yes\n")
    assert ended == 2
    assert "--quiet asks nothing; nothing was destroyed" in " ".join(seen.split())
    assert "Type yes" not in seen
    assert answer("status")["tables"]["songplays"] == 2
