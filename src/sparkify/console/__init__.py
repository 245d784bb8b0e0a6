"""The only printer: results on stdout, messages and progress on stderr."""

from .stream import ProgressBar, ask, failure, finish, json_out, logging_to, plain, prepare, say

__all__ = [
    "ProgressBar",
    "ask",
    "failure",
    "finish",
    "json_out",
    "logging_to",
    "plain",
    "prepare",
    "say",
]
