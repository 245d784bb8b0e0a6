"""The unmodified program on a stand-in that tells little and lacks much: see cloud.meagre."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cloud.meagre import Meagre
from cloud.standin import StandIn
from redshift_warehouse import SOURCE, Cloud, cloud
from small_world import FIRST, SECOND, log, play, song
from sparkify import analysis, doctor, iac, quality
from sparkify.config.keys import SETTINGS
from sparkify.errors import SourceError
from sparkify.warehouse import open_reader
from sparkify.warehouse.redshift import copy_plan

pytestmark = pytest.mark.sampled(of=4)
GOOD = [log("1", *(play(1, item) for item in range(16))), song(1)]
TOLD = ("events", "songs", "tables", "plays", "checks")
BAD_LINE = json.dumps(json.loads(play(1, 16)) | {"sessionId": "no number"}).encode()
BAD = [log("1", *(play(1, item) for item in range(16)), BAD_LINE, play(1, 17)), song(1)]


@pytest.fixture(scope="module", params=[("Id",), ()], ids=["parts by id", "no parts"])
def one_cloud(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    def meagre(aws: StandIn) -> None:
        Meagre(aws.gateway, request.param)

    with cloud(tmp_path_factory.mktemp("cloud"), meagre) as made:
        yield made


@pytest.fixture
def place(one_cloud: Cloud) -> Cloud:
    one_cloud.empty_tables()
    return one_cloud


@pytest.mark.parametrize("mode", ["compact", "auto"])
def test_loads_are_those_of_duckdb(
    place: Cloud, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In auto COPY first tries the files by itself, and cannot: nobody tells what failed."""
    if mode == "auto":
        monkeypatch.setattr(copy_plan, "first_unfit_head", lambda *_: None)
        monkeypatch.setattr(copy_plan, "MUCH_BYTES", 0)
        monkeypatch.setattr(copy_plan, "LARGE_FILE_BYTES", 0)
    for files in (FIRST, SECOND):
        place.put(files)
        theirs, ours = place.load_duckdb(), place.load(copy_mode=mode)
        assert {key: ours[key] for key in TOLD} == {key: theirs[key] for key in TOLD}
    assert place.tables() == place.duckdb_tables()
    with open_reader(place.settings()) as reader:
        assert all(one.answer for one in analysis.ask(reader))
        assert quality.broken(quality.run(reader)) == []


def test_copy_reads_good_files_itself(place: Cloud) -> None:
    place.put(GOOD)
    ours, theirs = place.load(copy_mode="direct"), place.load_duckdb()
    assert {key: ours[key] for key in TOLD} == {key: theirs[key] for key in TOLD}
    place.put([log("2", play(2, 0), play(1, 3))])
    assert place.load(copy_mode="direct")["events"]["duplicates"] == 1


@pytest.mark.parametrize("view", [True, False])
def test_a_copy_that_fails_on_line_17_says_so_with_the_value(
    place: Cloud, view: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether there is a view with the load errors or not, and nobody tells the query's number."""
    place.put(BAD)
    monkeypatch.setattr(copy_plan, "first_unfit_head", lambda *_: None)
    if not view:
        message = 'ERROR: relation "sys_load_error_detail" does not exist'
        place.aws.fault("fail", "statement", match="sys_load_error", message=message, count=99)
    with pytest.raises(SourceError) as caught:
        place.load(copy_mode="direct")
    assert "s3://sparkify-source/log_data/1.json, line 17" in caught.value.reason
    assert "no number" in caught.value.reason
    assert "sessionid" in caught.value.reason.lower()
    monkeypatch.setattr(copy_plan, "MUCH_BYTES", 0)
    monkeypatch.setattr(copy_plan, "LARGE_FILE_BYTES", 0)
    assert place.load(copy_mode="auto")["events"]["rejected"] == 1


def test_the_infrastructure_is_planned_shown_and_examined(place: Cloud) -> None:
    there = place.settings(log_jsonpath=f"s3://{SOURCE}/log_json_path.json")
    assert iac.plan(there).loses_data is False
    again = iac.up(there)
    assert again.action == "unchanged"
    assert again.usage_limit == "unknown"
    assert any("usage limit was NOT set" in note for note in again.notes)
    shown = iac.status(there)
    assert shown.workgroup is not None
    assert (shown.workgroup.state, shown.workgroup.limit) == ("AVAILABLE", None)
    assert shown.bucket is not None
    place.put(GOOD)
    findings = doctor.examine(place.settings(), dict.fromkeys(SETTINGS, "a test"))
    assert [one for one in findings if not one.ok] == []


def test_what_would_be_made_is_known_without_change_sets(place: Cloud) -> None:
    elsewhere = place.settings(redshift_workgroup="other", redshift_namespace="other")
    planned = iac.plan(elsewhere)
    assert {one.type for one in planned.changes} >= {
        "AWS::RedshiftServerless::Workgroup",
        "AWS::S3::Bucket",
    }
    built = iac.up(elsewhere)
    assert built.action == "created"
    place.aws.put(built.resources.work_bucket, "left", b"behind")
    removed = iac.down(elsewhere)
    assert removed.objects == 1
    assert {one.gone for one in removed.proof} == {True}
    assert len(removed.proof) == 5
