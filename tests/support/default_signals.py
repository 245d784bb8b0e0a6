"""Signals that a run in the background or behind nohup ignores, and so would what it starts."""

from __future__ import annotations

import signal


def heed() -> None:
    """Take Ctrl-C and the end of a terminal as they are taken in the foreground."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
