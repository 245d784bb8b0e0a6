"""Debian's Chromium, driven by playwright, with everything off that would reach for a network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PATIENCE = 120_000
"""How long a step may take on a machine that has much else to do, in milliseconds."""


def chromium() -> str | None:
    """Where the browser is, if there is one; CHROMIUM names another."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """Start the browser, and close it in the end."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=chromium(), args=ARGUMENTS, timeout=PATIENCE
        )
        yield found
        found.close()
