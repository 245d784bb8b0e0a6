"""What is sent to the Data API: one statement, or a batch; checked before it is sent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import WarehouseError
from .wording import shown_sql

MAX_STATEMENTS = 40
"""Statements of a batch (redshift-data BatchExecuteStatement)."""
MAX_STATEMENT_BYTES = 100_000
"""Bytes of UTF-8 of one statement (mg/data-api, "Considerations": 100 KB)."""
_LONGEST_TOKEN = 64  # redshift-data ClientToken
_LONGEST_LABEL = 500  # redshift-data StatementName


@dataclass(frozen=True)
class Request:
    """One call that runs SQL; sent again with the same token, it runs nothing again (for 8 hours).

    names: what each statement is called; empty where nobody said.
    """

    sqls: tuple[str, ...]
    names: tuple[str, ...]
    token: str
    batch: bool

    @property
    def operation(self) -> str:
        """The operation of the Data API, as boto3 calls it."""
        return "batch_execute_statement" if self.batch else "execute_statement"

    def parameters(self, workgroup: str, database: str) -> Mapping[str, Any]:
        """Give what the operation is called with: the same each time."""
        label = f"sparkify: {self.names[0]}" if any(self.names) else "sparkify"
        return {
            "WorkgroupName": workgroup,
            "Database": database,
            "StatementName": label[:_LONGEST_LABEL],
            "ClientToken": self.token,
            **({"Sqls": list(self.sqls)} if self.batch else {"Sql": self.sqls[0]}),
        }

    def name(self, number: int) -> str:
        """Call a statement by its name, or its number; -1: the whole."""
        count = len(self.sqls)
        if number < 0 and count > 1:
            return f"the batch of {count} statements"
        named = self.names[max(number, 0)]
        return named or (f"statement {number + 1} of {count}" if count > 1 else "the statement")


def new_request(sql: str | Sequence[str], token: str | None, names: Sequence[str]) -> Request:
    """Check and make a request; a sequence is a batch. token: None makes a new one.

    Raises WarehouseError for what the Data API would refuse: no statement, more than
    MAX_STATEMENTS, one of more than MAX_STATEMENT_BYTES, a token of no or more than 64 characters.
    """
    batch = not isinstance(sql, str)
    sqls = tuple(sql) if batch else (str(sql),)
    if not sqls:
        raise WarehouseError("there is no statement to run")
    if len(sqls) > MAX_STATEMENTS:
        raise WarehouseError(
            f"{len(sqls)} statements are too many for one batch: {MAX_STATEMENTS} is the limit",
            "Run them as several batches.",
        )
    if names and len(names) != len(sqls):
        raise ValueError(f"{len(names)} names for {len(sqls)} statements")
    token = uuid.uuid4().hex if token is None else token
    if not 0 < len(token) <= _LONGEST_TOKEN:
        raise WarehouseError(f"a client token has 1 to {_LONGEST_TOKEN} characters: {token!r}")
    request = Request(sqls, tuple(names) or ("",) * len(sqls), token, batch)
    for number, text in enumerate(sqls):
        size = len(text.encode("utf-8", "surrogatepass"))
        if not text.strip():
            raise WarehouseError(f"{request.name(number)} is empty")
        if size > MAX_STATEMENT_BYTES:
            raise WarehouseError(
                f"{request.name(number)} has {size:,} bytes; the Data API takes"
                f" {MAX_STATEMENT_BYTES:,}: {shown_sql(text)[:80]} ...",
                "Bring the data by COPY, not inside the statement.",
            )
    return request
