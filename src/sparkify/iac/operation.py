"""An operation of CloudFormation while it lasts: its events as progress, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from ..errors import BusyError, SparkifyError
from ..progress import Progress
from .account import Account
from .declaration import made
from .stack import Stack, find
from .waiting import STACK_SECONDS, Pauses

_STACK_TYPE = "AWS::CloudFormation::Stack"
_CANCELLED = ("cancelled", "canceled")
_DOING = {"CREATE": "creating", "UPDATE": "changing", "DELETE": "removing", "ROLLBACK": "undoing"}


class InterruptedWorkError(SparkifyError):
    """Ctrl-C while AWS is at work; AWS goes on."""

    exit_code = 130
    code = "interrupted"


@contextmanager
def interruption_explained() -> Iterator[None]:
    """Say, on Ctrl-C, that AWS goes on, and how to. Raises InterruptedWorkError."""
    try:
        yield
    except KeyboardInterrupt:
        raise InterruptedWorkError(
            "interrupted; AWS goes on with what it was asked for",
            "`sparkify iac status` tells how far it is. `python3 iac.py` goes on from there,"
            " `python3 iac.py down` removes everything.",
        ) from None


@dataclass
class Operation:
    """One change of a stack, to be watched.

    token: every event of it carries it, where the service does so
    (AWSCloudFormation/latest/APIReference/API_StackEvent.html, ClientRequestToken); "" for one
    that somebody else began. seen: ids of events.
    """

    account: Account
    stack_id: str
    token: str = field(default_factory=lambda: f"sparkify-{uuid4()}")
    seen: set[str] = field(default_factory=set)
    events: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def on(cls, account: Account, stack: Stack) -> Operation:
        """Begin one on a stack that has a past."""
        operation = cls(account, stack.id)
        operation.seen = {one["EventId"] for one in operation._unseen()}
        return operation

    @classmethod
    def under_way(cls, account: Account, stack: Stack) -> Operation:
        """Follow what somebody began."""
        operation = cls.on(account, stack)
        operation.token = ""
        return operation

    def wait(self, progress: Progress) -> Stack:
        """Wait for the end, telling of each event; returns the stack in its last state.

        A stack that is gone counts as DELETE_COMPLETE. Raises BusyError when it takes too long.
        """
        pauses = Pauses(STACK_SECONDS)
        while True:
            stack = find(self.account, self.stack_id) or Stack.gone(self.stack_id)
            if self._look(progress):
                pauses.hurry()
            if not stack.in_progress:
                return stack
            if not pauses.wait():
                raise BusyError(
                    f"the stack {stack.name} is still {stack.state} after"
                    f" {STACK_SECONDS / 3600:g} hours",
                    "Look at its events in the CloudFormation console; `sparkify iac status`"
                    " tells when it is done.",
                )

    def names(self) -> dict[str, str]:
        """Give what the resources of its events are called, by their names in the template."""
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for one in self.events
            if one.get("ResourceType") != _STACK_TYPE and one.get("PhysicalResourceId")
        }

    def cause(self) -> dict[str, Any] | None:
        """Find the event that tells why it failed: the earliest failure that is no consequence."""
        failures = [
            one for one in self.events if str(one.get("ResourceStatus")).endswith("_FAILED")
        ]
        real = [
            one
            for one in failures
            if one.get("ResourceType") != _STACK_TYPE and not _is_consequence(one)
        ]
        told = [one for one in self.events if one.get("ResourceStatusReason")]
        return next(iter([*real, *failures, *told[-1:]]), None)

    def _look(self, progress: Progress) -> bool:
        """Take the events that are new, and tell of them; True when there were any."""
        fresh = self._unseen()
        for one in fresh:
            self.seen.add(one["EventId"])
            if not self.token or one.get("ClientRequestToken") in (None, "", self.token):
                self.events.append(one)
                self._tell(one, progress)
        return bool(fresh)

    def _tell(self, event: dict[str, Any], progress: Progress) -> None:
        verb, _, state = str(event.get("ResourceStatus")).partition("_")
        if state != "IN_PROGRESS" or verb not in _DOING:
            return
        done = {
            one["LogicalResourceId"]
            for one in self.events
            if one.get("ResourceStatus") == f"{verb}_COMPLETE"
            and one.get("ResourceType") != _STACK_TYPE
        }
        total = len(made(self.account.settings))
        of_stack = event.get("ResourceType") == _STACK_TYPE
        what = "the stack" if of_stack else event.get("LogicalResourceId", "")
        progress(f"{_DOING[verb]} {what}", len(done), total, "resources")

    def _unseen(self) -> list[dict[str, Any]]:
        """Read the events that were not seen yet, oldest first.

        AWS gives the newest first: a page with one that was seen is the last that counts, and the
        first page is enough to begin with.
        """
        found: list[dict[str, Any]] = []
        page: dict[str, str] = {"StackName": self.stack_id}
        newest_first = True
        while True:
            answer = self.account.look("cloudformation", "describe_stack_events", **page) or {}
            some = answer.get("StackEvents") or ()
            fresh = [one for one in some if one["EventId"] not in self.seen]
            found += fresh
            order = _moment(some[0]) - _moment(some[-1]) if some else 0.0
            newest_first = newest_first and order >= 0  # a local stand-in may have another order
            had_enough = newest_first and (len(fresh) < len(some) or (order > 0 and not self.seen))
            if had_enough or not answer.get("NextToken"):
                break
            page["NextToken"] = answer["NextToken"]
        if newest_first:
            found.reverse()
        return sorted(found, key=_moment)


def _moment(event: dict[str, Any]) -> float:
    """When an event happened; events of one moment stay as they are."""
    moment = event.get("Timestamp")
    return moment.timestamp() if isinstance(moment, datetime) else 0.0


def _is_consequence(event: dict[str, Any]) -> bool:
    reason = str(event.get("ResourceStatusReason") or "").lower()
    return any(word in reason for word in _CANCELLED)
