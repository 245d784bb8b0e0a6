"""How a statement failed."""

from __future__ import annotations

from typing import Literal

from ..errors import WarehouseError
from .causes import CONFLICT, ROLE_NOT_READY, likely_cause

Status = Literal["FAILED", "ABORTED", "TIMEOUT"]


class StatementError(WarehouseError):
    """A statement, or a batch, did not do its work; a batch that failed did nothing at all.

    statement_id: of the Data API; None where it was never accepted, as far as is known.
    number: which statement of the batch failed, from 0; -1 where that is unknown.
    name: what it is called. sql: its text, without secrets, cut (see `wording.shown_sql`).
    message: what the engine says, on one line, without secrets.
    status: FAILED; ABORTED: somebody cancelled it; TIMEOUT: it did not end by its deadline.
    query_id: the engine's number of the query, as the system views know it.
    in_doubt: it is not known whether it still runs or did its work after all.
    """

    def __init__(
        self,
        reason: str,
        next_step: str = "",
        *,
        status: Status,
        message: str = "",
        statement_id: str | None = None,
        number: int = -1,
        name: str = "",
        sql: str = "",
        query_id: int | None = None,
        in_doubt: bool = False,
    ) -> None:
        super().__init__(
            reason,
            next_step or likely_cause(message).next_step,
            statement_id=statement_id,
            status=status,
            number=number,
            name=name,
            sql=sql,
            message=message,
            query_id=query_id,
            in_doubt=in_doubt,
        )
        self.status: Status = status
        self.message = message
        self.statement_id = statement_id
        self.number = number
        self.name = name
        self.sql = sql
        self.query_id = query_id
        self.in_doubt = in_doubt

    @property
    def conflict(self) -> bool:
        """Whether another transaction was in the way: the whole batch may be run again."""
        return CONFLICT.search(self.message) is not None

    @property
    def role_not_ready(self) -> bool:
        """Whether the warehouse may not (yet) take on its role; a new one takes some 30 seconds."""
        return ROLE_NOT_READY.search(self.message) is not None
