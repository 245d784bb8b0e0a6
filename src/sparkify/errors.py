"""The exceptions of the program, as a small tree.

SparkifyError                 exit code
├── UsageError                2   the command line asks for something impossible
├── SettingsError             3   dwh.cfg, the environment, or credentials
├── SourceError               4   a source is missing, unreadable, or changed while it was read
│   └── TooManyRejectedError  4   more records were rejected than the settings allow
├── WarehouseError            5   the warehouse refused or failed
├── QualityError              6   a quality check failed; nothing was published
└── BusyError                 7   another process is loading; retrying later helps

Everything else that reaches the top is a bug: exit code 1.
"""

from __future__ import annotations

from typing import Any, ClassVar


class SparkifyError(Exception):
    """An error that a user can act on.

    reason: what happened, where, and why, in one or two sentences.
    next_step: what to do about it, in the imperative; may be empty.
    details: facts for programs (shown by --json), JSON values only.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"
    retry_helps: ClassVar[bool] = False

    def __init__(self, reason: str, next_step: str = "", **details: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.next_step = next_step
        self.details = details


class UsageError(SparkifyError):
    """The command line asks for something that does not exist or cannot be."""

    exit_code = 2
    code = "usage"


class SettingsError(SparkifyError):
    """A setting is unknown, malformed or missing, or credentials are not there."""

    exit_code = 3
    code = "settings"


class SourceError(SparkifyError):
    """A source is missing, empty, unreadable, or changed while it was read."""

    exit_code = 4
    code = "source"


class TooManyRejectedError(SourceError):
    """A load was refused because too many of its records are bad."""

    code = "too_many_rejected"


class WarehouseError(SparkifyError):
    """The warehouse cannot be opened, or a statement failed in it."""

    exit_code = 5
    code = "warehouse"


class QualityError(SparkifyError):
    """A quality check of severity fail found rows; the load published nothing."""

    exit_code = 6
    code = "quality"


class BusyError(SparkifyError):
    """Another process holds the warehouse."""

    exit_code = 7
    code = "busy"
    retry_helps = True
