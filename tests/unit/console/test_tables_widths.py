"""Answers on a real terminal of every width: no figure is cut, and all are those of `--json`."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command_line import answer, call, terminal
from sampling import chosen
from sparkify import analysis

WIDTHS = range(40, 121)
SHOW = """
import json, sys, termios
from pathlib import Path
from sparkify import analysis, warehouse
from sparkify.config import Settings
from sparkify.console import results

with warehouse.open_reader(Settings(database=Path(sys.argv[1]))) as reader:
    answers = analysis.ask(reader)
for width in json.loads(sys.argv[2]):
    termios.tcsetwinsize(1, (40, width))
    print("=== width", width)
    for one in answers:
        print("=== question", one.name)
        results.show_answers([one])
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("widths")
    data, database = folder / "data", folder / "w.duckdb"
    assert call("generate", str(data), "--songs", "300", "--users", "60").exit_code == 0
    places = ("--log-data", f"{data}/log_data", "--song-data", f"{data}/song_data")
    assert call("etl", "--no-answers", *places, "--database", str(database)).exit_code == 0
    return database


def columns_of(line: str) -> str:
    """A line with one character a column of the terminal."""
    return "".join(
        one + "\0" if unicodedata.east_asian_width(one) in "FW" else one
        for one in line
        if not unicodedata.combining(one)
    )


def cells(shown: list[str], titles: list[str]) -> Iterator[tuple[str, str]]:
    """The title and the text of each cell of a table or of lists, as far as lines tell."""
    rule = next((n for n, line in enumerate(shown) if re.fullmatch(r"-+(  -+)*", line)), None)
    if rule is None:  # lists: a title, blanks, a value; or more of the value above
        title = ""
        for line in shown:
            first = next((one for one in titles if re.match(rf"{one}(  |$)", line)), "")
            title = first or title
            if title and line:
                yield title, line.removeprefix(first).strip()
        return
    places = [match.span() for match in re.finditer("-+", shown[rule])]
    assert len(places) == len(titles)
    for line in shown[rule + 1 :]:
        for title, (start, end) in zip(titles, places, strict=True):
            if text := columns_of(line)[start:end].strip():
                yield title, text.replace("\0", "")


def figure(text: str) -> float:
    return float(text.replace(",", "").removesuffix("%"))


def require_same(shown: list[str], expected: dict[str, Any], texts: list[tuple[str, ...]]) -> None:
    """Compare what a screen shows of a table with the answer in JSON and its texts."""
    found: dict[str, list[str]] = {title: [] for title in expected["columns"]}
    for title, text in cells(shown, expected["columns"]):
        found[title].append(text)
    for place, title in enumerate(expected["columns"]):
        values = [row[place] for row in expected["rows"]]
        written = [row[place] for row in texts]
        assert "".join("".join(found[title]).split()) == "".join("".join(written).split())
        words = {word for text in found[title] for word in text.split()}
        for text in written:
            assert {one for one in text.split() if re.search(r"\d", one)} <= words
        if all(isinstance(value, int | float | None) for value in values):
            figures = [figure(text) for text in found[title] if text and text[-1:] != "s"]
            known = [value for value in values if value is not None]
            for seen, value in zip(figures, known, strict=False):
                scale = 100 if any("%" in text for text in found[title]) else 1
                assert seen == pytest.approx(value * scale, abs=0.0501)


def test_every_figure_is_whole_at_every_width(database: Path, seed: int | None) -> None:
    widths = chosen([*WIDTHS], 9, seed, "widths")
    code, seen = terminal(
        *(sys.executable, "-c", SHOW, str(database), str(widths)), cwd=database.parent, NO_COLOR="1"
    )
    assert code == 0, seen
    expected = {one["name"]: one for one in answer("ask", "--database", str(database))}
    assert sum(len(one["rows"]) for one in expected.values()) > 150
    texts = texts_of(database)
    screens = re.split(r"^=== width (\d+)\n", seen, flags=re.MULTILINE)[1:]
    assert screens[::2] == [str(width) for width in widths]
    for width, screen in zip(widths, screens[1::2], strict=True):
        parts = re.split(r"^=== question (\w+)\n", screen, flags=re.MULTILINE)[1:]
        assert parts[::2] == list(expected)
        for name, part in zip(parts[::2], parts[1::2], strict=True):
            too_long = [line for line in part.splitlines() if len(columns_of(line)) > width]
            assert [line for line in too_long if " " in line.strip()] == []  # no word is that long
            if expected[name]["rows"]:
                table = part.split("\n\n", 1)[1].rsplit("\n\n", 2)[0]
                require_same(table.splitlines(), expected[name], texts[name])


def texts_of(database: Path) -> dict[str, list[tuple[str, ...]]]:
    from sparkify import warehouse
    from sparkify.config import Settings

    with warehouse.open_reader(Settings(database=database)) as reader:
        return {one.name: one.texts() for one in analysis.ask(reader)}


def test_a_cut_figure_would_be_found() -> None:
    expected = {"columns": ["days", "plays"], "rows": [[27, 1234]]}
    require_same(["days  plays", "----  -----", "  27  1,234"], expected, [("27", "1,234")])
    require_same(["days   27", "plays  1,234"], expected, [("27", "1,234")])
    for cut in (
        ["days  plays", "----  -----", "   2  1,234"],
        ["days   27", "plays  1,23", "       4"],
    ):
        with pytest.raises(AssertionError):
            require_same(cut, expected, [("27", "1,234")])
