"""The usage limit: after so many RPU-hours a day Redshift stops computing.

CloudFormation has no type for it. It belongs to the workgroup and goes with it
(mg/serverless-billing, "Setting usage limits").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..progress import Progress
from .account import Account, code_of, is_unknown
from .waiting import Pauses

_TYPE = "serverless-compute"
_PERIOD = "daily"
_ACTION = "deactivate"
_BUSY_SECONDS = 300.0


@dataclass(frozen=True)
class UsageLimit:
    """A limit of a day. amount: RPU-hours. action: what happens when it is reached."""

    id: str
    amount: int
    action: str


def current(account: Account, workgroup: Mapping[str, Any]) -> UsageLimit | None:
    """Look up the daily limit of a workgroup; None when it has none.

    workgroup: as the service describes it, here and below.
    """
    found = account.pages(
        "redshift-serverless",
        "list_usage_limits",
        "usageLimits",
        resourceArn=_arn(workgroup),
        usageType=_TYPE,
    )
    daily = [one for one in found if one.get("period", _PERIOD) == _PERIOD]
    mine = [one for one in daily if one.get("usageType", _TYPE) == _TYPE]
    return next((_limit(one) for one in mine), None)


def current_if_told(account: Account, workgroup: Mapping[str, Any]) -> UsageLimit | None:
    """Look up the daily limit, as `current`; None, too, from a service that knows no limits."""
    from botocore.exceptions import ClientError

    try:
        return current(account, workgroup)
    except ClientError as error:
        if not is_unknown(error):
            raise
        return None


def settle(account: Account, workgroup: Mapping[str, Any], amount: int, progress: Progress) -> str:
    """Give the workgroup the limit of the settings, 0 being none.

    Returns what was done: created, changed, removed or unchanged.
    """
    progress("setting the usage limit", 0, None, "")
    there = current(account, workgroup)
    if not amount:
        return remove(account, workgroup)
    if there is None:
        _patiently(
            account,
            workgroup,
            "create_usage_limit",
            resourceArn=_arn(workgroup),
            usageType=_TYPE,
            amount=amount,
            period=_PERIOD,
            breachAction=_ACTION,
        )
        return "created"
    if (there.amount, there.action) == (amount, _ACTION):
        return "unchanged"
    _patiently(
        account,
        workgroup,
        "update_usage_limit",
        usageLimitId=there.id,
        amount=amount,
        breachAction=_ACTION,
    )
    return "changed"


def remove(account: Account, workgroup: Mapping[str, Any]) -> str:
    """Take the daily limit away, if there is one; returns removed or unchanged."""
    there = current(account, workgroup)
    if there is None:
        return "unchanged"
    account.look("redshift-serverless", "delete_usage_limit", usageLimitId=there.id)
    return "removed"


def _patiently(
    account: Account, workgroup: Mapping[str, Any], operation: str, **parameters: Any
) -> dict[str, Any]:
    """Call again while the workgroup is busy, and take a limit that is there already as made."""
    from botocore.exceptions import ClientError

    pauses = Pauses(_BUSY_SECONDS)
    while True:
        try:
            return account.call("redshift-serverless", operation, **parameters)
        except ClientError as error:
            if code_of(error) != "ConflictException":
                raise
            made = operation == "create_usage_limit" and current(account, workgroup)
            if made and made.amount == parameters["amount"]:  # its reply was lost
                return {}
            if not pauses.wait():
                raise


def _arn(workgroup: Mapping[str, Any]) -> str:
    return str(workgroup.get("workgroupArn") or workgroup.get("workgroupName") or "")


def _limit(found: dict[str, Any]) -> UsageLimit:
    return UsageLimit(
        found["usageLimitId"], int(found.get("amount", 0)), found.get("breachAction", "log")
    )
