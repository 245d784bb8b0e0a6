"""Redshift Serverless in memory: `ServerlessService().handle(...)` answers its API.

`register()` teaches moto's CloudFormation the service's resource types and what else it lacks;
what stacks make is in the service, so that both show the same namespaces and workgroups.
"""

from __future__ import annotations

from threading import RLock
from typing import ClassVar, NamedTuple

from .serverless_calls import Answer, Call, Key, Payload, ServiceError, check
from .serverless_operations import OPERATIONS

__all__ = ["ServerlessService", "ServiceError", "register"]


class _Failure(NamedTuple):
    operation: str
    error: ServiceError


class ServerlessService:
    """The namespaces, workgroups, usage limits, snapshots and tags of all accounts and Regions.

    steps: how often a thing that is made, changed or deleted is looked at before that is done.
    most: how many workgroups, and how many namespaces, an account may have in a Region.
    capacity: False: there is none left in the Region.
    """

    newest: ClassVar[ServerlessService]
    """The one that moto's CloudFormation asks."""

    def __init__(self, steps: int = 1, most: int = 25) -> None:
        self.steps = steps
        self.most = most
        self.capacity = True
        self.namespaces: dict[Key, Answer] = {}
        self.workgroups: dict[Key, Answer] = {}
        self.limits: dict[Key, Answer] = {}
        self.snapshots: dict[Key, Answer] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self._lock = RLock()
        self._failures: list[_Failure] = []
        ServerlessService.newest = self

    def handle(self, operation: str, payload: Payload, region: str, account: str) -> Answer:
        """Answer one call of the API. Raises ServiceError."""
        if operation not in OPERATIONS:
            raise ServiceError("UnknownOperationException", f"no such operation: {operation}")
        with self._lock:
            self._fail(operation)
            check(operation, payload)
            return OPERATIONS[operation](Call(self, payload, region, account))

    def fail_next(
        self, operation: str, code: str, message: str, *, status: int = 400, times: int = 1
    ) -> None:
        """Let the next calls of an operation fail, by API or by CloudFormation."""
        error = ServiceError(code, message, status)
        with self._lock:
            self._failures += [_Failure(operation, error)] * times

    def _fail(self, operation: str) -> None:
        for one in self._failures:
            if one.operation == operation:
                self._failures.remove(one)
                raise ServiceError(one.error.code, one.error.message, one.error.status)


def register(service: ServerlessService | None = None) -> None:
    """Teach moto's CloudFormation what it lacks; may be called again.

    service: what its resource types ask from now on; without one, the newest.
    """
    from . import serverless_stacks

    if service is not None:
        ServerlessService.newest = service
    serverless_stacks.register()
