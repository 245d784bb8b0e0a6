"""What the warehouse can cost, and the usage limit that caps it.

The usage limit stops computing after so many RPU-hours a day. CloudFormation has no type for it. It
belongs to the workgroup and goes with it (mg/serverless-billing, "Setting usage limits").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import aws
from ..progress import Progress
from .stack import Account, backoff, is_unsupported

if TYPE_CHECKING:
    from ..config import Settings

SERVICE = "redshift-serverless"
DOLLARS_PER_RPU_HOUR = 0.375
"""In us-east-1 (aws.amazon.com/redshift/pricing, "Redshift Serverless"); some Regions cost more.
Billed per second, 60 s at least for each activity, and nothing while idle
(mg/serverless-billing)."""
DOLLARS_PER_GB_MONTH = 0.024
"""Of what tables and snapshots take, in us-east-1 (aws.amazon.com/redshift/pricing, "Redshift
managed storage")."""

_TYPE = "serverless-compute"
_PERIOD = "daily"
_ACTION = "deactivate"
_BUSY_SECONDS = 300.0


@dataclass(frozen=True)
class Cost:
    """What the warehouse can cost at most, in US dollars; None: without limit.

    An hour counts as busy when something is computed all through it.
    """

    base_rpus: int
    max_rpus: int | None
    busy_hour_at_base: float
    busy_hour_at_most: float | None
    limit_rpu_hours_a_day: int | None
    day_at_most: float | None
    dollars_per_rpu_hour: float = DOLLARS_PER_RPU_HOUR
    dollars_per_gb_month: float = DOLLARS_PER_GB_MONTH


def cost(base: int, most: int | None, limit: int | None) -> Cost:
    """Return what can be spent. base, most: RPUs; limit: RPU-hours a day; None or 0: no limit."""
    at_most = most * DOLLARS_PER_RPU_HOUR if most else None
    days = [limit * DOLLARS_PER_RPU_HOUR] if limit else []
    if at_most is not None:
        days.append(24 * at_most)
    return Cost(
        base_rpus=base,
        max_rpus=most or None,
        busy_hour_at_base=base * DOLLARS_PER_RPU_HOUR,
        busy_hour_at_most=at_most,
        limit_rpu_hours_a_day=limit or None,
        day_at_most=min(days, default=None),
    )


def cost_of(settings: Settings) -> Cost:
    """Return what the settings allow to be spent."""
    return cost(
        settings.redshift_base_capacity,
        settings.redshift_max_capacity,
        settings.redshift_usage_limit_rpu_hours,
    )


# The usage limit


def usage_limit(account: Account, workgroup: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the daily limit of a workgroup; None when it has none.

    Limit and workgroup are as the service describes them, here and below.
    """
    wanted = {"resourceArn": _arn(workgroup), "usageType": _TYPE}
    for one in account.pages(SERVICE, "list_usage_limits", "usageLimits", **wanted):
        if (one.get("period", _PERIOD), one.get("usageType", _TYPE)) == (_PERIOD, _TYPE):
            return dict(one)
    return None


def limit_hours(account: Account, workgroup: Mapping[str, Any] | None) -> int | None:
    """Return the RPU-hours a day of a workgroup; 0: no limit; None: limits are unsupported."""
    from botocore.exceptions import ClientError

    try:
        limit = usage_limit(account, workgroup) if workgroup else None
    except ClientError as error:
        if not is_unsupported(error):
            raise
        return None
    return int(limit.get("amount", 0)) if limit else 0


def missing_limit(settings: Settings, workgroup: Mapping[str, Any], hours: int | None) -> str:
    """Return what can be spent because the limit of the settings is not set; '' when it is.

    hours: see `limit_hours`.
    """
    wanted = settings.redshift_usage_limit_rpu_hours
    if not wanted or hours != 0:
        return ""
    most = cost(int(workgroup.get("baseCapacity") or 0), workgroup.get("maxCapacity"), None)
    day = most.day_at_most
    risk = "any amount" if day is None else f"up to {day:.2f} dollars"
    return (
        f"the workgroup {workgroup['workgroupName']} has no usage limit, but USAGE_LIMIT_RPU_HOURS"
        f" is {wanted:,}: a day can cost {risk}"
    )


def set_usage_limit(
    account: Account, workgroup: Mapping[str, Any], amount: int, progress: Progress
) -> str:
    """Give the workgroup the limit of the settings, 0 being none.

    Returns what was done: created, changed, removed or unchanged.
    """
    progress("setting the usage limit", 0, None, "")
    if not amount:
        return remove_usage_limit(account, workgroup)
    there = usage_limit(account, workgroup)
    wanted: dict[str, Any] = {"amount": amount, "breachAction": _ACTION}
    if there is None:
        wanted |= {"resourceArn": _arn(workgroup), "usageType": _TYPE, "period": _PERIOD}
        _call_when_free(account, workgroup, "create_usage_limit", wanted)
        return "created"
    if wanted.items() <= there.items():
        return "unchanged"
    wanted["usageLimitId"] = there["usageLimitId"]
    _call_when_free(account, workgroup, "update_usage_limit", wanted)
    return "changed"


def remove_usage_limit(account: Account, workgroup: Mapping[str, Any]) -> str:
    """Remove the daily limit, if there is one; return removed or unchanged."""
    there = usage_limit(account, workgroup)
    if there is None:
        return "unchanged"
    account.look(SERVICE, "delete_usage_limit", usageLimitId=there["usageLimitId"])
    return "removed"


def _call_when_free(
    account: Account, workgroup: Mapping[str, Any], operation: str, wanted: dict[str, Any]
) -> None:
    """Repeat a call while the workgroup is busy; a limit that exists already counts as made."""
    from botocore.exceptions import ClientError

    pauses = backoff(_BUSY_SECONDS)
    while True:
        try:
            account.call(SERVICE, operation, **wanted)
            return
        except ClientError as error:
            if aws.error_code(error) != "ConflictException":
                raise
            made = operation == "create_usage_limit" and usage_limit(account, workgroup)
            if made and made["amount"] == wanted["amount"]:  # its reply was lost
                return
            if not pauses.wait(operation):
                raise


def _arn(workgroup: Mapping[str, Any]) -> str:
    return str(workgroup.get("workgroupArn") or workgroup.get("workgroupName") or "")
