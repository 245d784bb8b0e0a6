"""Pauses that grow, and their deadlines."""

from __future__ import annotations

from sparkify.retry import Backoff, Clock


class FakeClock(Clock):
    """A clock that notes how long it was to wait."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> float:
        return 100 + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def pauses_of(backoff: Backoff, clock: FakeClock, count: int) -> list[float]:
    """Wait so many times; return how long each pause was."""
    assert all(backoff.wait() for _ in range(count))
    return clock.slept[-count:]


def test_pauses_grow_up_to_the_longest() -> None:
    clock = FakeClock()
    backoff = Backoff(1, factor=3, longest=10, clock=clock)
    assert pauses_of(backoff, clock, 5) == [1, 3, 9, 10, 10]


def test_a_share_of_each_pause_is_random() -> None:
    clock = FakeClock()
    pauses = pauses_of(Backoff(8, factor=1, jitter=0.25, clock=clock), clock, 200)
    assert 6 <= min(pauses) < max(pauses) <= 8
    assert len(set(pauses)) > 100


def test_waiting_ends_at_the_deadline() -> None:
    clock = FakeClock()
    backoff = Backoff(1, seconds=5, clock=clock)
    while backoff.wait():
        pass
    assert clock.slept == [1, 2, 2]
    assert backoff.waited == 5


def test_without_time_nothing_is_waited_for() -> None:
    clock = FakeClock()
    assert not Backoff(1, seconds=0, clock=clock).wait()
    assert not Backoff(1, attempts=0, clock=clock).wait()
    assert clock.slept == []


def test_another_can_do_the_waiting() -> None:
    slept: list[float] = []
    assert Backoff(1, sleep=slept.append).wait()
    assert slept == [1]


def test_waiting_ends_after_so_many_pauses() -> None:
    clock = FakeClock()
    backoff = Backoff(1, attempts=3, clock=clock)
    assert [backoff.wait() for _ in range(5)] == [True, True, True, False, False]
    assert clock.slept == [1, 2, 4]


def test_pauses_are_short_again_when_something_happened() -> None:
    clock = FakeClock()
    backoff = Backoff(4, factor=2, clock=clock)
    assert backoff.wait()
    backoff.hurry()
    assert pauses_of(backoff, clock, 2) == [1, 2]
    backoff = Backoff(0.5, clock=clock)
    backoff.hurry()
    assert pauses_of(backoff, clock, 1) == [0.5]


def test_the_clock_of_the_machine_goes_on() -> None:
    clock = Clock()
    before = clock.now()
    clock.sleep(0.001)
    assert clock.now() > before


def test_a_rest_that_rounding_swallows_is_no_pause() -> None:
    """Added to a large time it changes nothing, so waiting for it would never end."""
    clock = FakeClock()
    backoff = Backoff(1.0, seconds=300.0, clock=clock)
    clock.slept.append(300.0 - 1e-13)
    assert not backoff.wait()
