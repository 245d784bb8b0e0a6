"""What holds for every test."""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

import default_signals

# A busy machine is no failure: nothing is said of how long an example takes.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")

default_signals.heed()


def pytest_runtest_setup() -> None:
    """A command that ended in this process has left Ctrl-C to end it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)  # `make mutation` runs the tests without the plugin
def pytest_xdist_auto_num_workers() -> int:
    """Two for each processor: a third of the time a test waits for a statement or a process."""
    return 2 * (os.cpu_count() or 1)
