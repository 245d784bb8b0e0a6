"""Two loads at once on Redshift: what one has published the other does not publish again.

The stand-in runs every batch under snapshot isolation, as Redshift may: a transaction sees what was
committed before its first statement, and nothing since.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from random import Random
from threading import Thread

import pytest

from oracle import File
from redshift_warehouse import Cloud, cloud
from sparkify import etl
from sparkify.errors import BusyError
from sparkify.status import contents, status
from sparkify.warehouse import open_reader

PLAYS = 5
SONG = {"song_id": "SO1", "artist_id": "AR1", "title": "One", "duration": 1.5}
LOCK, TOUCH, TOTALS = "LOCK load_lock", "SET schema_version =", r"SET\s+mend_text ="
"""What keeps loads apart: the lock, and the writes to one row by which their snapshots conflict."""


@pytest.fixture(scope="module")
def one_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud(tmp_path_factory.mktemp("cloud")) as made:
        yield made


@pytest.fixture
def place(one_cloud: Cloud) -> Cloud:
    one_cloud.empty_tables()
    play = {"sessionId": 1, "page": "NextSong", "userId": "7", "level": "free"}
    moments = range(1541116800000, 1541116800000 + PLAYS)
    lines = [json.dumps(play | {"itemInSession": n, "ts": ts}) for n, ts in enumerate(moments)]
    one_cloud.put(
        [
            File("log_data/1.json", "events", "\n".join(lines).encode()),
            File("song_data/1.json", "songs", json.dumps(SONG).encode()),
        ]
    )
    return one_cloud


def load_twice_at_once(
    place: Cloud, number: int, *passed_over: str, mode: str = "auto", seconds: float = 1.0
) -> None:
    """Load, and from a statement of the batch on load the same files a second time.

    passed_over: statements that do nothing. seconds: how long the first waits for the second, which
    may have to wait for the first.
    """

    def load() -> None:
        with suppress(BusyError):
            place.load(copy_mode=mode)

    second = Thread(target=load)

    def begin() -> None:
        second.start()
        second.join(seconds)

    for match in passed_over:
        place.aws.fault("pass_over", "statement", match=match).count = 1_000
    place.aws.fault("call", "statement", number=number, match="^(?!SELECT)", call=begin)
    load()
    second.join()


def rows(place: Cloud) -> dict[str, int]:
    tables = place.tables()
    return {name: tables[name].total() for name in ("staging_events", "songplays", "loaded_files")}


@pytest.mark.sampled(of=50)
@pytest.mark.parametrize("case", range(100))
def test_without_the_lock_nothing_is_published_twice(place: Cloud, case: int) -> None:
    random = Random(case)
    mode = random.choice(("auto", "direct"))
    load_twice_at_once(place, random.randrange(22), LOCK, mode=mode)
    assert rows(place) == {"staging_events": PLAYS, "songplays": PLAYS, "loaded_files": 2}
    assert place.load()["files"]["skipped"] == 2


def test_without_any_guard_all_is_published_twice(place: Cloud) -> None:
    """So the test above can fail."""
    load_twice_at_once(place, 5, LOCK, TOUCH, TOTALS, seconds=60)
    assert rows(place) == {"staging_events": 10, "songplays": 10, "loaded_files": 4}


def test_readers_do_not_wait_for_a_load(place: Cloud) -> None:
    """At the end of its batch, when a load has written everything and committed nothing."""
    seen: list[int] = []
    waited: list[bool] = []

    def look() -> None:
        seen.append(len(etl.plan(place.settings()).new))
        with open_reader(place.settings()) as reader:
            seen.append(contents(reader).tables["songplays"])
            seen.append(status(reader)["tables"]["songplays"])

    def look_in_time() -> None:
        looking = Thread(target=look)
        looking.start()
        looking.join(60)
        waited.append(looking.is_alive())

    place.aws.fault("call", "statement", match="AS failures", call=look_in_time)
    place.load()
    assert (seen, waited) == ([2, 0, 0], [False])
    look()
    assert seen[3:] == [0, PLAYS, PLAYS]
