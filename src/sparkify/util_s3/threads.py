"""Work in several threads, its results in order, never far ahead of the taker."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_order(
    work: Callable[[T, threading.Event], R],
    items: Iterable[tuple[T, int]],
    *,
    threads: int,
    budget: int,
) -> Iterator[R]:
    """Yield the result of `work` for each item, in order.

    work: takes an item and an event; when the event is set nobody waits for the result any more.
    items: each with its weight. budget: what the items under way, and the results that nobody has
    taken yet, may weigh together; one item alone may weigh more.
    The first failure ends everything and is raised.
    """
    gone = threading.Event()
    waiting: deque[tuple[Future[R], int]] = deque()
    weight = 0
    with ThreadPoolExecutor(threads, thread_name_prefix="s3") as pool:
        try:
            for item, its_weight in items:
                while waiting and (weight + its_weight > budget or len(waiting) >= 2 * threads):
                    future, freed = waiting.popleft()
                    yield future.result()
                    weight -= freed
                waiting.append((pool.submit(work, item, gone), its_weight))
                weight += its_weight
            while waiting:
                yield waiting.popleft()[0].result()
        finally:
            gone.set()
            for future, _ in waiting:
                future.cancel()
