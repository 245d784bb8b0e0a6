"""What goes wrong, on demand: rules that tests add, each for some of the operations to come.

An operation is named "service.Operation", like "redshift-data.ExecuteStatement" or "s3.GetObject".
What the warehouse itself does is named "statement" (each SQL text, as it starts),
"copy.AssumeRole", "copy.List" and "copy.GetObject" (what COPY reads) and "unload.PutObject".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any

KINDS = (
    "throttle",  # ThrottlingException, 400; S3: SlowDown, 503
    "error",  # code, message, status
    "server_error",  # 500, or status
    "expired_token",  # ExpiredTokenException, 403; S3: ExpiredToken, 400
    "drop_before",  # the connection is closed and nothing is done
    "drop_after",  # it is done, and the connection is closed without an answer
    "slow",  # the answer comes after `seconds`
    "cut_body",  # half of the answer's body, then the connection is closed
    "expired_result",  # GetStatementResult: ResourceNotFoundException
    "fail",  # of "statement": it fails with `message`
    "abort",  # of "statement": the service ends it
    "pass_over",  # of "statement": it is taken for done, and nothing was
    "hang",  # of "statement": it stays STARTED until it is cancelled
    "not_assumable",  # of "copy.AssumeRole": not authorized to assume the role, yet
    "delete_object",  # after the operation: the object at `address` is gone
    "replace_object",  # after the operation: `message` is the content of the object at `address`
    "call",  # before the operation: `call` is called (in the server's own process only)
)


@dataclass
class Fault:
    """One rule. operation: a pattern, like "s3.*". match: is searched in the operation's detail.

    count: how often it strikes; skip: how many operations it lets pass first.
    number: of "statement", the index within its batch; None is any.
    """

    kind: str
    operation: str
    count: int = 1
    skip: int = 0
    match: str = ""
    number: int | None = None
    message: str = ""
    code: str = ""
    status: int = 0
    seconds: float = 0.0
    address: str = ""
    call: Callable[[], object] | None = None
    struck: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such fault: {self.kind}")

    def concerns(self, operation: str, detail: str, number: int | None) -> bool:
        """Whether it strikes this operation; counts those that it lets pass."""
        if self.count <= 0 or not fnmatchcase(operation, self.operation):
            return False
        if self.number is not None and self.number != number:
            return False
        if self.match and not re.search(self.match, detail, re.IGNORECASE):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.count -= 1
        self.struck += 1
        return True


class Faults:
    """The rules of a stand-in; of several that concern an operation, all strike."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._lock = Lock()

    def add(self, kind: str, operation: str, **options: Any) -> Fault:
        """Add a rule; see Fault. Returns it, so that one can ask how often it struck."""
        rule = Fault(kind, operation, **options)
        with self._lock:
            self._rules.append(rule)
        return rule

    def add_from(self, options: Mapping[str, Any]) -> None:
        """Add the rule that a JSON object describes."""
        self.add(**options)

    def clear(self) -> None:
        """Let everything go well again."""
        with self._lock:
            self._rules.clear()

    def left(self) -> list[Fault]:
        """The rules that have not struck as often as they should."""
        with self._lock:
            return [rule for rule in self._rules if rule.count > 0]

    def at(self, operation: str, detail: str = "", number: int | None = None) -> list[Fault]:
        """What strikes this operation."""
        with self._lock:
            return [rule for rule in self._rules if rule.concerns(operation, detail, number)]
