"""Cancelling a statement, and looking until it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import SparkifyError
from .failures import Meaning, code_of, meaning, refusal, said_by
from .pace import Pauses
from .statement import has_ended
from .wording import tidy

if TYPE_CHECKING:
    from .connection import Connection

GRACE_SECONDS = 10.0
"""How long a statement may take to end after it was told to."""


class End(NamedTuple):
    """What became of a statement that was to end.

    described: the last that is known of it, None when nothing is. trouble: what went wrong, as a
    sentence; empty when it has ended.
    """

    described: Mapping[str, Any] | None
    trouble: str


def cancel(connection: Connection, statement_id: str) -> End:
    """Cancel a statement and look until it has ended, for up to GRACE_SECONDS.

    It may have finished all the same: look at the status. Only a running statement can be
    cancelled (redshift-data CancelStatement), so it is told again as long as it goes on.
    """
    clock = connection.clock
    until = clock.now() + GRACE_SECONDS
    pauses = Pauses(0.2, 1.5, 2.0, 0.1)
    described: Mapping[str, Any] | None = None
    trouble, told = "", False
    while True:
        try:
            if not told:
                answer = connection.call("cancel_statement", Id=statement_id)
                told = bool(answer["Status"])
                trouble = "" if told else "the service did not cancel it"
        except Exception as error:
            trouble = _why(connection, error, "CancelStatement")
        try:
            described = connection.call("describe_statement", Id=statement_id)
            if has_ended(described):
                return End(described, "")
        except Exception as error:
            trouble = trouble or _why(connection, error, "DescribeStatement")
            if _is_hopeless(error):
                return End(described, _goes_on(statement_id, trouble))
        if clock.now() >= until:
            late = f"it did not end within {GRACE_SECONDS:.0f} seconds of being cancelled"
            return End(described, _goes_on(statement_id, trouble or late))
        clock.sleep(min(pauses.next(), max(0.0, until - clock.now())))


def _is_hopeless(error: Exception) -> bool:
    return meaning(error) is Meaning.REFUSED


def _why(connection: Connection, error: Exception, operation: str) -> str:
    if code_of(error) == "ValidationException":  # such as: not running yet, or no longer
        return tidy(said_by(error), connection.secrets)
    try:
        raise refusal(error, connection, operation)
    except SparkifyError as refused:
        return refused.reason


def _goes_on(statement_id: str, trouble: str) -> str:
    return f"statement {statement_id} may still run in the warehouse: {trouble}"
