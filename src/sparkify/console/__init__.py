"""The only printer: results on stdout, messages and progress on stderr."""

from .stream import (
    ProgressBar,
    ask,
    failure,
    finish,
    hush,
    json_out,
    logging_to,
    paged,
    plain,
    prepare,
    say,
)

__all__ = [
    "ProgressBar",
    "ask",
    "failure",
    "finish",
    "hush",
    "json_out",
    "logging_to",
    "paged",
    "plain",
    "prepare",
    "say",
]
