"""Removing a stack: its bucket emptied first, and again where something wrote to it meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import SourceError, WarehouseError
from ..progress import Progress
from ..util_s3 import S3
from .account import Account, text_of
from .causes import failed
from .failures import tidy
from .operation import Operation
from .stack import Stack, find, physical_names

_ATTEMPTS = 3


@dataclass
class Cleared:
    """What was removed: how many objects were in the bucket, and what the resources were called."""

    objects: int = 0
    names: dict[str, str] = field(default_factory=dict)


def clear(account: Account, stack: Stack, progress: Progress) -> Cleared:
    """Delete a stack and everything in it.

    Raises WarehouseError with the cause when CloudFormation cannot.
    """
    cleared = Cleared()
    for attempt in range(1, _ATTEMPTS + 1):
        operation = Operation.on(account, stack)
        cleared.names |= physical_names(account, stack)
        cleared.objects += empty_bucket(account, cleared.names, progress)
        _delete(account, stack, operation)
        end = operation.wait(progress)
        if stack.state == "CREATE_IN_PROGRESS":  # some had no names when they were listed
            cleared.names |= operation.names()
        if end.deleted:
            break
        if attempt == _ATTEMPTS or end.state != "DELETE_FAILED":
            raise failed(account, end, operation, "be removed")
        stack = find(account, stack.id) or end
    return cleared


def empty_bucket(account: Account, names: dict[str, str], progress: Progress) -> int:
    """Delete what is in the work bucket; returns how many objects and versions that were."""
    bucket = names.get("WorkBucket")
    if not bucket:
        return 0
    progress(f"emptying {bucket}", 0, None, "")
    try:
        return S3(account.settings, account.region).delete_all(f"s3://{bucket}")
    except SourceError as error:
        if error.details.get("missing") == "bucket":
            return 0
        raise


def _delete(account: Account, stack: Stack, operation: Operation) -> None:
    from botocore.exceptions import ClientError

    try:
        account.call(
            "cloudformation",
            "delete_stack",
            StackName=stack.id,
            ClientRequestToken=operation.token,
        )
    except ClientError as error:
        said = tidy(text_of(error))
        if stack.protected or "termination" in said.lower():
            raise WarehouseError(
                f"the stack {stack.name} is protected against being removed",
                "Take the protection away: `aws cloudformation update-termination-protection"
                f" --no-enable-termination-protection --stack-name {stack.name} --region"
                f" {account.region}`; then run the command again.",
            ) from None
        left = find(account, stack.id)
        if left is None or left.deleted:  # what counts is that it is gone, and the proof follows
            return
        raise WarehouseError(
            f"CloudFormation refuses to remove the stack {stack.name}: {said}",
            "Run the command again when nothing else changes the stack.",
        ) from None
