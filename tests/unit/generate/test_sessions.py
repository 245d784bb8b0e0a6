"""Sessions come block by block."""

from __future__ import annotations

from inspect import isgenerator

from sparkify.generate import Options
from sparkify.generate.music import Music
from sparkify.generate.people import People
from sparkify.generate.sessions import BLOCK, Sessions


def test_events_come_block_by_block() -> None:
    options = Options(songs=60, users=200, days=3)
    blocks = Sessions(options, Music(options), People(options)).blocks()
    sizes = []
    for number, events in enumerate(blocks):
        sizes.append(len(events.at))
        start = 1_541_030_400 + number * BLOCK
        assert all(start <= at < start + BLOCK for at in events.at.tolist())
    assert isgenerator(blocks)
    assert len(sizes) == 3 * 4
    assert max(sizes) < sum(sizes) / 4
