"""`sparkify serve` on Redshift: the same answers, asked once for each run and filter."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest

from broken_rules import LOADS
from redshift_warehouse import Cloud, cloud
from served_pages import served
from sparkify import analysis, warehouse
from sparkify.analysis import Filters


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud(tmp_path_factory.mktemp("cloud")) as made:
        made.put(LOADS[0])
        made.load()
        yield made


def test_pages_are_asked_once_for_each_run_and_filter(
    place: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    open_reader = warehouse.open_reader

    def counted(*arguments: Any, **options: Any) -> Any:
        opened.append(arguments)
        return open_reader(*arguments, **options)

    monkeypatch.setattr(warehouse, "open_reader", counted)
    settings = place.settings()
    with served(settings) as site:
        for level in ("", "paid"):
            with open_reader(settings) as reader:
                filters = Filters(level=level or None)
                asked = analysis.ask(reader, personal=False, filters=filters)
            query = {"level": level} if level else {}
            assert site.json("questions", **query) == [one.as_json() for one in asked]
            times = len(opened)
            assert site.json("questions", **query) == [one.as_json() for one in asked]
            assert len(opened) == times
        (user,) = {row[0] for row in site.json("question/loyal_listeners")["rows"][:1]}
        about = {one["name"]: one for one in site.json(f"listener/{user}")}
        artist, plays, _ = about["plays_by_artist"]["rows"][0]
        found = {one["name"]: one for one in site.json("artist", artist=artist)}
        mine = {row[0]: row for row in found["plays_by_listener"]["rows"]}
        assert plays in mine[user]
        assert site.json("search", q=artist)["found"][0]["rows"][0][0] == artist
        sql = urllib.parse.urlencode({"sql": "SELECT 1"})
        assert site.get(f"api/sql.json?{sql}").status == 400
        place.put(LOADS[1])
        place.load()
        site.live.renew()
        assert site.json("status")["run_id"] == 2
