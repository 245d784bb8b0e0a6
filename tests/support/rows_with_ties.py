"""Rows of the staging tables that put every ORDER BY to the proof: full of ties and of NULLs."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from oracle import Row, milliseconds
from portable_warehouse import Batch


def dense_rows(random: Random, files: int) -> Batch:
    """Many records of few keys, each column of few values."""
    batch = Batch(random.randrange(10**6))
    batch.files = [
        (n, "events" if n % 2 else "songs", f"file {n}", 1, f"{batch.run_id}", 60)
        for n in range(files)
    ]
    for number in range(60 * (files // 2)):
        source_file = number // 60 * 2
        batch.songs.append((*dense_song(random), source_file))
        batch.events.append((*dense_event(random), source_file + 1))
    return batch


TEXTS = ("a", "B", "é", "é ", "", "￿", "😀", '"', '""', '"a"', '"a', "a%", "\\", None)
NUMBERS = (0.0, -0.0, 0.1, 0.1 + 0.2, 0.3, 5e-324, 86_400.0, None)
MOMENTS = (
    *(datetime(2018, 12, 30, 23, 59, 59, 999_000), datetime(2018, 12, 31)),
    *(datetime(2020, 2, 29, 12, 0, 0, 1000), datetime(2021, 1, 1), datetime(2000, 1, 1)),
)


def dense_song(random: Random) -> Row:
    pick = random.choice
    return (
        *(pick((1, None)), pick(("AR1", "ar1", "É")), pick(NUMBERS), pick(NUMBERS)),
        *(pick(TEXTS), pick(("a", "B", None)), f"S{pick('1aé😀')}{pick('12')}", pick("ab")),
        *(pick((0.1 + 0.2, 0.3)), pick((0, 1982, 2004, None))),
    )


def dense_event(random: Random) -> Row:
    pick = random.choice
    page = pick(("NextSong", "NextSong", "nextsong"))
    nobody = () if page == "NextSong" else (None,)
    user, level = pick((7, 10, *nobody)), pick(("free", "paid", *nobody))
    moment = pick(MOMENTS) + timedelta(milliseconds=pick((0, 0, 1)))
    item = pick(range(2))
    return (
        *(pick(("a", "B", None)), pick(TEXTS), pick(TEXTS), pick(TEXTS), item),
        *(pick(TEXTS), pick((0.1 + 0.2, 0.3, None)), level, pick(TEXTS), pick(TEXTS), page),
        *(pick((moment, None)), pick((0, 9_000_000_000_000)), pick(("a", "b", None))),
        *(pick((200, None)), moment, pick(TEXTS), user, milliseconds(moment)),
    )


def tied_events(people: int = 60) -> list[Row]:
    """Everybody plays as much as everybody else, of everything, everywhere; half stop early."""
    rows = []
    for person in range(people):
        for item in range(4):
            song = (person + item) % people
            days = 8 * item + 16 * (person % 2)
            moment = datetime(2018, 11, 1) + timedelta(days=days, minutes=30 * item)
            rows.append(
                (
                    *(f"artist {song}", "Logged In", f"name {person}", "F", item, "x", 200.5),
                    *(("free", "paid")[item % 2], f"place {person}", "PUT", "NextSong", moment),
                    *(person, f"song {song}", 200, moment, f"agent {person}", person),
                    milliseconds(moment),
                )
            )
    return rows
