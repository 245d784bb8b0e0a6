"""What holds for every test: signals, time limits, and which cases of large families run."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

import default_signals
from sampling import COLLECTED, sample, seed_of, seed_of_today

# A busy machine is no failure: nothing is said of how long an example takes.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")

default_signals.heed()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that choose cases of large families."""
    group = parser.getgroup("sample", "cases of large families")
    group.addoption("--all", action="store_true", help="run every case instead of a sample")
    group.addoption("--seed", type=int, help="which sample to run; the default changes each day")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the seed before worker processes start: they inherit the options."""
    config.addinivalue_line("markers", "sampled(of): without --all, run one of so many cases")
    if config.option.seed is None:
        config.option.seed = seed_of_today()


def pytest_report_header(config: pytest.Config) -> str:
    """Return the seed, so that the run can be repeated."""
    seed = seed_of(config)
    return "sample: none, every case" if seed is None else f"sample: --seed {seed}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what is not in the sample. It is not skipped: CI takes a skip for a failure."""
    config.stash[COLLECTED] = [*items]
    kept = sample(items, seed_of(config))
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


@pytest.fixture
def seed(pytestconfig: pytest.Config) -> int | None:
    """The seed of the sample, for a test that loops over its cases; None: take all of them."""
    return seed_of(pytestconfig)


def pytest_runtest_setup() -> None:
    """A command that ended in this process has left Ctrl-C to end it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)  # `make mutation` runs the tests without the plugin
def pytest_xdist_auto_num_workers() -> int:
    """Two for each processor: a third of the time a test waits for a statement or a process."""
    return 2 * (os.cpu_count() or 1)
