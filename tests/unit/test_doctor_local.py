"""The doctor: what it examines, what it says, and its exit code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from command_line import answer, call, change, failure, write_sources
from sparkify import doctor
from sparkify.config import Settings
from sparkify.config.keys import SETTINGS
from sparkify.errors import BusyError, SourceError

DEFAULTS = dict.fromkeys(SETTINGS, "default")


@pytest.fixture(autouse=True)
def in_a_folder_with_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for setting in SETTINGS.values():
        monkeypatch.delenv(setting.variable, raising=False)
    write_sources(tmp_path)


def examined(**settings: Any) -> dict[str, doctor.Finding]:
    return {one.check: one for one in doctor.examine(Settings(**settings), DEFAULTS)}


def test_a_sound_place_has_no_trouble() -> None:
    findings = examined()
    assert doctor.worst(list(findings.values())) is None
    assert findings["source of events"].detail.startswith("data/log_data: 1 file, ")
    assert findings["source of songs"].ok
    assert findings["fields of events"].detail == "data/log_json_path.json: 18 of 18 fields"
    assert findings["database"].detail == "sparkify.duckdb does not exist yet"
    assert findings["database"].next_step == "`sparkify etl` creates it and loads."
    assert findings["permission to write"].ok
    assert findings["version of duckdb"].detail


def test_all_bad_settings_are_listed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dwh.cfg").write_text(
        "[S3]\nLOG_DTA = x\n[ETL]\nMAX_REJECTED_ROWS = few\n[NOPE]\nA = 1\nnonsense\n"
        "[AWS]\nKEY = AKIAEXAMPLE\nKEY = AKIAEXAMPLE\n"
    )
    monkeypatch.setenv("SPARKIFY_S3_LOGDATA", "x")
    error = failure("doctor", "--threads", "many")
    assert (error["code"], error["exit_code"]) == ("settings", 3)
    assert error["reason"] == "8 of 8 findings are wrong: setting"
    details = [one["detail"] for one in error["details"]["findings"]]
    assert [text.partition(" (")[0] for text in details] == [
        "dwh.cfg, line 2: unknown key LOG_DTA in [S3]",
        "dwh.cfg, line 6: unknown section [NOPE]",
        "dwh.cfg, line 7: this is neither [SECTION] nor KEY = value",
        "dwh.cfg, line 10: KEY is set twice in [AWS], first in line 9",
        "the environment variable SPARKIFY_S3_LOGDATA is not a setting",
        "[ETL] MAX_REJECTED_ROWS",
        "[DUCKDB] THREADS",
        "[AWS] KEY and SECRET belong together, and only one of them is set",
    ]
    shown = call("doctor", "--threads", "many").output
    assert all(text in shown for text in details)
    assert "Did you mean LOG_DATA?" in shown
    monkeypatch.delenv("SPARKIFY_S3_LOGDATA")
    Path("dwh.cfg").write_text("[S3]\nLOG_DTA = x\n")
    assert failure("doctor")["reason"] == details[0]
    Path("dwh.cfg").write_bytes(b"\xff")
    assert "is not a text file in UTF-8" in failure("doctor")["reason"]


def test_every_setting_is_shown_with_its_origin_and_no_secret() -> None:
    origins = DEFAULTS | {"aws_key": "file dwh.cfg, line 2"}
    settings = Settings(aws_key="AKIAEXAMPLE", aws_secret="hidden")
    findings = {one.check: one.detail for one in doctor.examine(settings, origins)}
    for setting in SETTINGS.values():
        assert f"setting {setting.label}" in findings
    assert findings["setting [AWS] KEY"] == "set, not shown (file dwh.cfg, line 2)"
    assert findings["setting [AWS] SECRET"] == "set, not shown (default)"
    assert findings["setting [DUCKDB] MEMORY_LIMIT"] == "(empty) (default)"
    assert findings["setting [REDSHIFT] BASE_CAPACITY"] == "8 (default)"


def test_sources_that_are_missing_are_trouble() -> None:
    findings = examined(log_data="nowhere", song_data="also nowhere", log_jsonpath="none")
    assert "nowhere" in findings["source of events"].detail
    assert "also nowhere" in findings["source of songs"].detail
    assert not findings["fields of events"].ok
    assert all(findings[check].next_step for check in findings if not findings[check].ok)


def test_a_loaded_database_tells_its_schema() -> None:
    call("etl", "--no-answers")
    assert examined()["database"].detail.endswith("schema version 2")


def test_tables_with_other_columns_are_trouble() -> None:
    call("etl", "--no-answers")
    change("ALTER TABLE songs DROP COLUMN year")
    change("ALTER TABLE users ADD COLUMN age INTEGER")
    change("ALTER TABLE artists ALTER COLUMN latitude TYPE VARCHAR")
    change("DROP TABLE load_lock")
    finding = examined()["database"]
    assert not finding.ok
    assert finding.detail == (
        "the tables are not those of this program: users also has age, songs has no year,"
        " artists.latitude is VARCHAR, not DOUBLE, there is no load_lock"
    )
    assert "create-tables --drop" in finding.next_step


def test_a_database_that_is_none_is_trouble() -> None:
    Path("sparkify.duckdb").write_text("no database")
    finding = examined()["database"]
    assert not finding.ok
    assert finding.next_step


def test_what_may_not_be_written_is_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    finding = examined(database=Path("deep/er/x.duckdb"))["permission to write"]
    assert finding.detail.endswith("is not writable")
    assert finding.next_step


def test_little_space_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_LITTLE_SPACE", 10**30)
    finding = examined()["permission to write"]
    assert finding.ok
    assert finding.next_step == "Make room: a load may not fit."


def test_the_gravest_trouble_decides() -> None:
    findings = [
        doctor.Finding("a", "x"),
        doctor.Finding("b", "y", "Do b.", SourceError("y", "Do b.")),
        doctor.Finding("c", "z", "Do c.", BusyError("z", "Do c.")),
    ]
    trouble = doctor.worst(findings)
    assert isinstance(trouble, BusyError)
    assert trouble.reason == "2 of 3 findings are wrong: b, c"
    assert trouble.next_step == "Do c."
    assert trouble.details["findings"][0] == {
        "check": "a",
        "ok": True,
        "detail": "x",
        "next_step": "",
    }


def test_the_command_shows_everything() -> None:
    result = call("doctor", "--memory-limit", "1GB")
    assert result.exit_code == 0
    assert "ok  setting [DUCKDB] MEMORY_LIMIT" in result.stdout
    assert "1GB (flag --memory-limit)" in result.stdout
    assert "database: `sparkify etl` creates it and loads." in result.stderr
    findings = answer("doctor")
    assert all(list(one) == ["check", "ok", "detail", "next_step"] for one in findings)
    assert all(one["ok"] for one in findings)


def test_the_command_ends_with_the_code_of_the_gravest_trouble() -> None:
    Path("sparkify.duckdb").write_text("no database")
    result = call("doctor", "--song-data", "nowhere")
    assert result.exit_code == 5
    assert "WRONG  source of songs" in result.stdout
    assert "WRONG  database" in result.stdout
    error = failure("doctor", "--song-data", "nowhere")
    assert error["reason"].endswith("are wrong: source of songs, database")
    wrong = [one["check"] for one in error["details"]["findings"] if not one["ok"]]
    assert wrong == ["source of songs", "database"]
