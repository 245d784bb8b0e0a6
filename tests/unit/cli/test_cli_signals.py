"""Signals as KeyboardInterrupt: which ones, once for all that come together, and put back after."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from sparkify import cli

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def ordinary() -> Iterator[None]:
    """Signals as they are when a program starts."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_is_an_interrupt(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), cli.as_interrupts():
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_that_is_ignored_stays_so(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    with cli.as_interrupts():
        signal.raise_signal(number)
    assert signal.getsignal(number) is signal.SIG_IGN


def test_signals_that_come_together_are_one_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("sparkify.cli.time.monotonic", lambda: now)
    with cli.as_interrupts():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        now = 100.9
        try:
            for number in NUMBERS:
                signal.raise_signal(number)  # still tidying up
        except KeyboardInterrupt:
            pytest.fail("tidying up was interrupted")
        now = 101.1
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_another_thread_may_not_say_what_a_signal_does() -> None:
    done = []

    def run() -> None:
        with cli.as_interrupts():
            done.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert done == [signal.SIG_DFL]


def test_in_the_end_a_signal_just_ends_the_process() -> None:
    cli.restore()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(KeyboardInterrupt):
        cli.restore()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
