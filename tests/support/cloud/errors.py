"""What the stand-in answers when it refuses."""

from __future__ import annotations

from typing import Any


class AwsError(Exception):
    """An error of a service: its code, what it says, its HTTP status, more fields of its shape."""

    def __init__(self, code: str, message: str, status: int = 400, **fields: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields


class DropConnectionError(Exception):
    """No answer: the connection is closed."""


class RedshiftError(Exception):
    """A statement failed; the text is what Redshift says."""


class AbortedError(Exception):
    """A statement was cancelled, or ended by the service."""


def detailed(message: str, code: int, context: str = "", query: int = 0) -> RedshiftError:
    """An error of a compute node, in the form that Redshift gives it."""
    line = "-" * 47
    return RedshiftError(
        f"ERROR: {message}\n  Detail: \n  {line}\n  error:  {message}\n  code:      {code}\n"
        f"  context:   {context}\n  query:     {query}\n  {line}"
    )
