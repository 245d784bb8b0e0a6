"""The log: silent unless asked for; a line with time and level for what happens, and no secrets."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from command_line import EVENTS, call, failure, write_sources
from sparkify.retry import Backoff
from sparkify.warehouse.duckdb.loader import DuckDBWarehouse

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING|ERROR) \S.*")
SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYzzzzzzzzzzzz"


@pytest.fixture(autouse=True)
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_sources(tmp_path)


def lines(path: str = "sparkify.log") -> list[str]:
    found = Path(path).read_text(encoding="utf-8").splitlines()
    assert all(LINE.fullmatch(line) for line in found), found
    return [line.partition("Z ")[2] for line in found]


def test_it_is_silent_by_default() -> None:
    plain = call("etl", "--no-answers")
    assert "INFO" not in plain.stderr
    assert [type(one) for one in logging.getLogger("sparkify").handlers] == [logging.NullHandler]
    assert not Path("sparkify.log").exists()


@pytest.mark.parametrize("before", [True, False])
def test_a_load_tells_its_stages_and_its_publication_with_the_run(before: bool) -> None:
    words = ["--log-file", "sparkify.log"]
    result = call(*words, "etl") if before else call("etl", *words)
    assert result.exit_code == 0
    found = lines()
    assert found[0] == "INFO sparkify etl: started"
    assert found[1] == "INFO listing sources"
    assert found[-1].startswith("INFO sparkify etl: finished in ")
    for line in (
        "staging 2 new and 0 changed files",
        "transforming",
        "publishing",
        "published",
        "events: 3 read, 3 staged, 0 duplicates, 0 rejected, 0 mended",
        "songs: 1 read, 1 staged, 0 duplicates, 0 rejected, 0 mended",
        "answering",
    ):
        assert f"INFO run 1: {line}" in found
    assert "INFO" not in result.stderr


def test_lines_are_appended_and_nothing_new_is_told() -> None:
    call("etl", "--log-file", "sparkify.log")
    count = len(lines())
    call("etl", "--log-file", "sparkify.log")
    assert "INFO nothing to load: 0 new and 0 changed files" in lines()[count:]


def test_debug_shows_the_log_on_stderr() -> None:
    result = call("etl", "--no-answers", "--debug")
    assert re.search(r"\dZ INFO run 1: published$", result.stderr, re.MULTILINE)
    assert "INFO" not in result.stdout


def test_a_refusal_and_its_exit_code_are_told_without_its_records() -> None:
    bad = [json.dumps(EVENTS[1] | {"sessionId": "Hedwig", "itemInSession": n}) for n in range(200)]
    write_sources(Path(), *bad)
    result = call("etl", "--log-file", "sparkify.log")
    assert result.exit_code == 4
    assert "WARNING run 1: refused: 200 of 204 records rejected" in lines()
    assert "ERROR sparkify etl: failed: too_many_rejected, exit code 4" in lines()
    assert "Hedwig" in result.stderr
    assert "Hedwig" not in Path("sparkify.log").read_text(encoding="utf-8")


def test_neither_a_secret_nor_a_name_stands_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dwh.cfg").write_text(f"[AWS]\nKEY = AKIAIOSFODNN7EXAMPLE\nSECRET = {SECRET}\n")
    names = {"firstName": "Wilhelmina", "lastName": "Quackenbush", "location": "Zzyzx, CA"}
    rows = [json.dumps(EVENTS[1] | names | {"itemInSession": n}) for n in range(9, 12)]
    late = json.dumps(EVENTS[1] | names | {"level": "Wilhelmina", "itemInSession": 12})
    write_sources(Path(), *rows, late, late + "}")
    monkeypatch.setenv("SPARKIFY_S3_SONG_DATA", f"data/song_data?X-Amz-Signature={SECRET}")
    assert call("etl", "--log-file", "sparkify.log").exit_code == 4
    monkeypatch.delenv("SPARKIFY_S3_SONG_DATA")
    for words in (["etl"], ["etl", "--rebuild"], ["check"], ["rejects"], ["query", "SELECT a"]):
        call(*words, "--log-file", "sparkify.log")
    logging.getLogger("sparkify.etl").warning("not in the file any more: %s", SECRET)
    text = Path("sparkify.log").read_text(encoding="utf-8")
    assert "INFO run 1: published" in text
    for private in (SECRET, "AKIAIOSFODNN7EXAMPLE", *names.values(), "Setanta"):
        assert private not in text


def test_a_retry_is_told_with_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    publish = DuckDBWarehouse.publish

    def busy(self: DuckDBWarehouse, *rest: Any) -> None:
        Backoff(0.01).wait("get_object")
        publish(self, *rest)

    monkeypatch.setattr(DuckDBWarehouse, "publish", busy)
    call("etl", "--no-answers", "--log-file", "sparkify.log")
    assert "WARNING run 1: trying get_object again in 0.0 s" in lines()
    Backoff(0.01).wait("after the load")
    assert "after the load" not in Path("sparkify.log").read_text(encoding="utf-8")


def test_a_secret_in_a_line_is_masked_and_a_line_stays_one() -> None:
    from sparkify import console

    with console.logging_to(Path("sparkify.log"), debug=False):
        logging.getLogger("sparkify.test").info("key AKIAIOSFODNN7EXAMPLE\nand \x1b[2J")
    assert lines() == ["INFO key ****\\nand \\x1b[2J"]


def test_a_file_that_cannot_be_written_is_a_usage_error() -> None:
    error = failure("etl", "--log-file", "no/such/folder.log")
    assert (error["code"], error["exit_code"]) == ("usage", 2)
    assert "the log file no/such/folder.log cannot be written: No such file" in error["reason"]


def test_a_full_disk_stops_no_load() -> None:
    result = call("etl", "--no-answers", "--log-file", "/dev/full")
    assert result.exit_code == 0, result.stderr
    assert "as run 1" in result.stderr
