"""What is said when a statement did not do its work."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..errors import WarehouseError
from .causes import CANCELLED
from .ending import End
from .errors import StatementError, Status
from .failures import Meaning, code_of, meaning, said_by
from .request import Request
from .statement import Described, failed, parts_of
from .wording import query_id_in, shown_sql, tidy

if TYPE_CHECKING:
    from .connection import Connection

_LOOK_FIRST = "See with `sparkify status` whether it was done after all; then run it again."


def failure(described: Described, request: Request, secrets: Iterable[str]) -> StatementError:
    """Make the error of a statement that FAILED or was ABORTED."""
    secrets = tuple(secrets)
    what = failed(described, len(request.sqls))
    message = tidy(what.message, secrets)
    status: Status = "ABORTED" if described.get("Status") == "ABORTED" else "FAILED"
    end = "was cancelled in the warehouse" if status == "ABORTED" else "failed"
    return StatementError(
        f"{_called(request, what.number)} {end}" + (f": {message}" if message else ""),
        status=status,
        message=message,
        statement_id=str(described.get("Id", "")) or None,
        number=what.number,
        name=request.name(what.number),
        sql=_sql(request, what.number, secrets),
        query_id=query_id_of(what.told, what.message),
    )


def timed_out(
    request: Request, statement_id: str, end: End, seconds: float, secrets: Iterable[str]
) -> StatementError:
    """Make the error of a statement that was cancelled after `seconds`, or that would not end."""
    secrets = tuple(secrets)
    described = end.described or {}
    if described.get("Status") == "FAILED" and not CANCELLED.search(
        failed(described, len(request.sqls)).message
    ):
        return failure(described, request, secrets)
    number = _under_way(described)
    after = end.trouble or "it was cancelled"
    return StatementError(
        f"{_called(request, number)} did not end within {seconds:,g} seconds; {after}",
        _LOOK_FIRST if end.trouble else "Run the command again.",
        status="TIMEOUT",
        message=tidy(str(described.get("Error") or ""), secrets),
        statement_id=statement_id,
        number=number,
        name=request.name(number),
        sql=_sql(request, number, secrets),
        in_doubt=bool(end.trouble),
    )


def not_accepted(
    request: Request, connection: Connection, last: BaseException, *, in_doubt: bool
) -> StatementError:
    """Make the error of a statement that was never known to be accepted. last: why, last time."""
    said = tidy(said_by(last), connection.secrets, longest=300)
    why = f"{code_of(last) or type(last).__name__}: {said}"
    doubt = "; whether it was accepted is not known" if in_doubt else ""
    return StatementError(
        f"workgroup {connection.workgroup} in {connection.region} did not take"
        f" {request.name(-1)}{doubt} ({why})",
        _LOOK_FIRST if in_doubt else "Run the command again later; `sparkify doctor` looks closer.",
        status="TIMEOUT",
        message=said,
        name=request.name(-1),
        in_doubt=in_doubt,
    )


def failed_at_once(
    error: BaseException, request: Request, secrets: Iterable[str]
) -> StatementError | None:
    """Make the error of a statement that was accepted and failed in the same call, if it did.

    Such an answer is an exception with the statement's id (redshift-data ExecuteStatement).
    """
    if code_of(error) not in ("ExecuteStatementException", "BatchExecuteStatementException"):
        return None
    answer: dict[str, Any] = getattr(error, "response", {})
    described: dict[str, Any] = {
        "Id": answer.get("StatementId") or "",
        "Status": "FAILED",
        "Error": said_by(error),
    }
    return failure(described, request, secrets)


def says_no(error: BaseException) -> bool:
    """Tell whether a failed call says for sure that nothing was accepted."""
    return meaning(error) in (Meaning.TURNED_AWAY, Meaning.REFUSED)


def query_id_of(told: Described, message: str) -> int | None:
    """Find the engine's number of the query, in what is told of it or in its error."""
    number = int(told.get("RedshiftQueryId") or 0)
    return number if number > 0 else query_id_in(message)


def _called(request: Request, number: int) -> str:
    name, count = request.name(number), len(request.sqls)
    if count > 1 and number >= 0 and request.names[number]:
        return f"{name} (statement {number + 1} of {count})"
    return name


def _sql(request: Request, number: int, secrets: Iterable[str]) -> str:
    return shown_sql(request.sqls[number], secrets) if number >= 0 else ""


def _under_way(described: Described) -> int:
    parts = parts_of(described)
    if not parts:
        return 0 if described else -1
    return next((n for n, part in enumerate(parts) if part.get("Status") != "FINISHED"), -1)


def unknown(error: BaseException) -> WarehouseError | None:
    """Say what it means that a statement is not there, if that is what an exception says."""
    if code_of(error) != "ResourceNotFoundException":
        return None
    return WarehouseError(
        "the Data API knows no such statement: it keeps them for 24 hours", "Run it again."
    )
