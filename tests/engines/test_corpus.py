"""Hand-made bad inputs, each with a neighbour file that says what must come of it.

tests/corpus/README.md describes the files. Every case is loaded beside a good log file and a good
song file, which load whatever the case holds.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from corpus_cases import BASE, BASE_KEYS, Case, cases, make
from duckdb_warehouse import Place
from oracle import COLUMNS, File, Row, accept, key_and_rank, pieces, star
from oracle_fields import FIELDS, Kind
from sparkify.errors import SourceError, SparkifyError
from worlds import KINDS

WIDEST_TEXT = 16_384
FILES = cases("events") + cases("songs")
FOLDERS = cases("folders")


def check_loads(case: Case, rows: dict[Kind, list[Row]]) -> None:
    """The staged rows beside the base are those that the case names, with their values."""
    found = {
        key_and_rank(kind, row)[0]: dict(zip(COLUMNS[kind], row, strict=True))
        for kind in KINDS
        for row in rows[kind]
    }
    for wanted in case.says["loads"]:
        if "times" in wanted:
            keys = [key for key in found if key[-2:-1] == (wanted["sessionid"],)]
            assert len(keys) == wanted["times"]
            for key in keys:
                del found[key]
            continue
        if "iteminsession" in wanted:
            place: tuple[Any, ...] = wanted.get("sessionid", 500), wanted["iteminsession"]
        else:
            place = (wanted["song_id"],)
        columns = found.pop(next(key for key in found if key[-len(place) :] == place))
        for name, value in wanted.items():
            staged = columns[name]
            assert (str(staged) if name in ("ts", "registration") else staged) == value
    assert {key[-2:] for key in found} <= BASE_KEYS


def check_rejects(case: Case, found: list[tuple[int, str]]) -> None:
    """The rejects are those that the case names. found: line and reason, in order."""
    wanted = [
        (lines if isinstance(lines, list) else [lines], reasons.split("|"))
        for lines, reasons in case.says["rejects"]
    ]
    assert len(found) == len(wanted), found
    for (line, reason), (lines, reasons) in zip(found, wanted, strict=True):
        assert line in lines
        assert reason in reasons


def check_words_of_rejects(place: Place, file: File) -> None:
    """A reject names the field where one is to blame, and holds the record or its beginning."""
    (rows,) = place.read(
        "SELECT line_number, line_place, reason, message, raw_text FROM rejected_records"
    )
    contents = {(piece.line, piece.place): piece.content for piece in pieces(file)}
    for line, at, reason, message, raw_text in rows:
        assert message
        if reason in ("type", "range", "missing", "too_long"):
            names = {name.lower() for kind in KINDS for name in FIELDS[kind]}
            assert any(name in message.lower() for name in names)
        if reason not in ("encoding", "conflict"):
            text = contents[line, at].decode().strip()
            assert text.startswith(raw_text.strip())
            assert min(len(text.encode()), WIDEST_TEXT - 3) <= len(raw_text.encode())
            assert len(raw_text.encode()) <= WIDEST_TEXT


def check_counts(report: dict[str, Any]) -> None:
    for kind in KINDS:
        counts = report[kind]
        assert counts["read"] == counts["staged"] + counts["duplicates"] + counts["rejected"]


@pytest.mark.sampled(of=48)
@pytest.mark.parametrize("case", FILES, ids=[case.name for case in FILES])
def test_file(case: Case, tmp_path: Path) -> None:
    place, file = Place(tmp_path), case.file()
    place.write([*BASE, file])
    report = place.load()
    check_counts(report)
    tables, rejects = place.state(report["run_id"])
    assert {path for path, _, _ in rejects} <= {file.uri}
    check_rejects(case, [(line, reason) for _, line, reason in rejects])
    check_words_of_rejects(place, file)
    check_loads(case, {kind: list(tables[f"staging_{kind}"]) for kind in KINDS})
    staged = accept([*BASE, file])
    assert {name: tables[name] for name in star(staged)} == {
        name: Counter(rows) for name, rows in star(staged).items()
    }
    assert [play[4] for play in tables["songplays"] if play[0] == "1542837407796-15-818-5"] == [
        "SOZCTXZ12AB0182364"
    ]


@pytest.mark.sampled(of=24)
@pytest.mark.parametrize("case", FILES, ids=[case.name for case in FILES])
def test_second_implementation(case: Case) -> None:
    staged = accept([*BASE, case.file()])
    check_loads(case, {kind: list(staged.rows[kind].values()) for kind in KINDS})
    bad = [
        (lines, set(reasons.split("|")))
        for lines, reasons in case.says["rejects"]
        if reasons != "conflict"
    ]
    for reject, (line, reasons) in zip(staged.rejects, bad, strict=True):
        assert reject.line in (0, line)  # damage of a gzip has no line there
        assert reject.reasons & reasons
    conflicts = len(case.says["rejects"]) - len(bad)
    least, most = staged.conflicts(case.kind)
    assert least <= conflicts <= most


@pytest.mark.sampled(of=24)
@pytest.mark.parametrize("case", FOLDERS, ids=[case.name for case in FOLDERS])
def test_folder(case: Case, tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write(BASE)
    for path, recipe in case.says["files"].items():
        make(tmp_path / path, recipe)
    try:
        report = place.load()
    except SparkifyError as error:
        check_error(case, place, error)
        return
    assert case.says.get("either", "error" not in case.says), "this must be an error"
    check_counts(report)
    tables, rejects = place.state(report["run_id"])
    check_rejects(case, [(line, reason) for _, line, reason in rejects])
    if "rejected_file" in case.says:
        assert {path for path, _, _ in rejects} == {case.says["rejected_file"]}
    check_loads(case, {kind: list(tables[f"staging_{kind}"]) for kind in KINDS})
    assert tables["songs"]


def check_error(case: Case, place: Place, error: SparkifyError) -> None:
    """The error is the one that the case names, and nothing was published."""
    text = f"{error.reason} {error.next_step}"
    assert "error" in case.says, text
    assert error.exit_code in case.says["error"]["exit_codes"], text
    for word in case.says["error"]["words"]:
        assert word in text
    assert place.published() == 0


def test_file_that_vanishes_while_it_is_read(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write(BASE)

    def remove(step: str, done: int, total: int | None, unit: str) -> None:
        (tmp_path / "log_data" / "good.json").unlink(missing_ok=True)

    with pytest.raises(SourceError, match=r"good\.json") as caught:
        place.load(progress=remove)
    assert caught.value.exit_code == 4
    assert place.published() == 0
    assert not list((tmp_path / "log_data").iterdir())


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(FILES) + len(FOLDERS) >= 60
    size = sum(path.stat().st_size for path in FILES[0].path.parents[2].rglob("*.*"))
    assert size < 500_000
