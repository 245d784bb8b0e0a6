"""The blocks of docs/python.md run as they stand, one after the other, in the cloud."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from redshift_warehouse import SOURCE, SOURCE_REGION, Cloud, cloud
from sparkify.generate import Options, generate

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(
    r"^```python\n(.*?)^```$",
    (ROOT / "docs/python.md").read_text(encoding="utf-8"),
    re.DOTALL | re.MULTILINE,
)
SETTINGS = f"""
[WAREHOUSE]
ENGINE = redshift
[S3]
LOG_DATA = s3://{SOURCE}/log_data
LOG_JSONPATH = s3://{SOURCE}/log_json_path.json
SONG_DATA = s3://{SOURCE}/song_data
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], Cloud]]:
    """What the names of the page stand for at its end."""
    folder = tmp_path_factory.mktemp("python")
    with cloud(folder) as place, pytest.MonkeyPatch.context() as patch:
        generate(folder / "data", Options(songs=40, users=40, days=20))
        place.aws.fill(SOURCE, folder / "data", SOURCE_REGION)
        place.load()
        (folder / "dwh.cfg").write_text(SETTINGS)
        patch.chdir(folder)
        names: dict[str, Any] = {"__name__": "__main__"}
        for block in BLOCKS:
            exec(compile(block, "docs/python.md", "exec"), names)
        yield names, place


def test_values_are_what_the_warehouse_holds(ran: tuple[dict[str, Any], Cloud]) -> None:
    names, place = ran
    database = place.aws.database()
    try:
        plays: dict[str, int] = dict(
            database.execute("SELECT level, count(*) FROM songplays GROUP BY level").fetchall()
        )
        [(paid,)] = database.execute(
            "SELECT count(*) FROM songplays WHERE level = 'paid' AND start_time >= '2018-11-15'"
        ).fetchall()
        [(most,)] = database.execute(
            "SELECT max(plays) FROM (SELECT count(*) AS plays FROM songplays GROUP BY user_id) AS t"
        ).fetchall()
    finally:
        database.close()
    frame = names["frame"]
    assert dict(zip(frame["level"], frame["plays"], strict=True)) == plays
    assert len(plays) == 2
    assert names["paid_plays"] == paid > 0
    assert names["most"] == most > 1
    assert names["answer"].answer.startswith('"')


def test_a_failure_is_explained(ran: tuple[dict[str, Any], Cloud]) -> None:
    said = str(ran[0]["diagnosis"])
    assert "levl" in said
    assert "sparkify" not in said or "Next" in said


def test_what_is_in_s3_is_listed_queried_and_copied(ran: tuple[dict[str, Any], Cloud]) -> None:
    names, place = ran
    logs = sorted((place.folder / "data/log_data").rglob("*.json"))
    assert [one.size for one in names["found"]] == [path.stat().st_size for path in logs]
    assert sum(n for _, n in names["pages"].rows) == sum(
        len(path.read_bytes().splitlines()) for path in logs
    )
    songs = place.folder / "data/song_data"
    copied = {
        path.relative_to("songs"): (place.folder / path).read_bytes() for path in names["paths"]
    }
    assert copied == {path.relative_to(songs): path.read_bytes() for path in songs.rglob("*.json")}
    assert names["policy"] is None


def test_every_part_begins_in_seven_lines() -> None:
    """The first block of each of the three packages."""
    for package in ("boto3_sql_util", "util_s3", "sql_queries"):
        first = next(block for block in BLOCKS if f"from sparkify.{package} import" in block)
        lines = [line for line in first.splitlines() if line.strip() and "import" not in line]
        assert len(lines) <= 7, package
