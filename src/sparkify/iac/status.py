"""`status`: what exists, since when, what it can cost, and the usage limit that caps it.

The usage limit stops computing after so many RPU-hours a day. CloudFormation has no type for it. It
belongs to the workgroup and goes with it (mg/serverless-billing, "Setting usage limits").
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..errors import SparkifyError
from ..progress import Progress, silent
from ..util_s3 import S3
from .drift import Drift, drift_warning
from .errors import RefusedError
from .stack import (
    USABLE,
    Account,
    backoff,
    find,
    last_failure,
    physical_names,
    refuse_foreign,
)
from .template import stack_name

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


# Looking at one thing


def workgroup(account: Account, name: str) -> dict[str, Any] | None:
    """Return a workgroup as the service describes it; None when there is none of that name."""
    answer = account.look(SERVICE, "get_workgroup", workgroupName=name)
    return answer["workgroup"] if answer else None


def namespace(account: Account, name: str) -> dict[str, Any] | None:
    """Return a namespace as the service describes it; None when there is none of that name."""
    answer = account.look(SERVICE, "get_namespace", namespaceName=name)
    return answer["namespace"] if answer else None


def role(account: Account, name: str) -> dict[str, Any] | None:
    """Return a role as IAM describes it; None when there is none of that name."""
    answer = account.look("iam", "get_role", RoleName=name)
    return answer["Role"] if answer else None


# The usage limit


def usage_limit(account: Account, workgroup: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the daily limit of a workgroup; None when it has none.

    Limit and workgroup are as the service describes them, here and below.
    """
    wanted = {"resourceArn": workgroup["workgroupArn"], "usageType": _TYPE}
    for one in account.pages(SERVICE, "list_usage_limits", "usageLimits", **wanted):
        if (one.get("period", _PERIOD), one.get("usageType", _TYPE)) == (_PERIOD, _TYPE):
            return dict(one)
    return None


def limit_hours(account: Account, workgroup: Mapping[str, Any] | None) -> int | None:
    """Return the RPU-hours a day of a workgroup; 0: no limit; None: limits are unsupported."""
    try:
        limit = usage_limit(account, workgroup) if workgroup else None
    except RefusedError as error:
        if not error.unsupported:
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
        arn = workgroup["workgroupArn"]
        wanted |= {"resourceArn": arn, "usageType": _TYPE, "period": _PERIOD}
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
    pauses = backoff(_BUSY_SECONDS)
    while True:
        try:
            account.call(SERVICE, operation, **wanted)
            return
        except RefusedError as error:
            if error.aws_code != "ConflictException":
                raise
            made = operation == "create_usage_limit" and usage_limit(account, workgroup)
            if made and made["amount"] == wanted["amount"]:  # its reply was lost
                return
            if not pauses.wait(operation):
                raise


# Everything that exists


@dataclass(frozen=True)
class Compute:
    """A workgroup. most: RPUs, None without limit; limit: RPU-hours a day, None without."""

    name: str
    state: str
    base: int
    most: int | None
    limit: int | None
    since: datetime | None


@dataclass(frozen=True)
class Storage:
    """A namespace."""

    name: str
    state: str
    database: str
    since: datetime | None


@dataclass(frozen=True)
class Bucket:
    """The work bucket. objects, bytes, exports: None when it could not be listed.

    exports: how many of the objects `sparkify export` wrote for you, below exports/.
    """

    name: str
    objects: int | None = None
    bytes: int | None = None
    exports: int | None = None


@dataclass(frozen=True)
class Status:
    """What exists; None is what does not. notes: what else to know, in sentences.

    drift: what was changed by hand.
    """

    stack: str
    region: str
    state: str | None
    since: datetime | None = None
    changed: datetime | None = None
    workgroup: Compute | None = None
    namespace: Storage | None = None
    bucket: Bucket | None = None
    role: str | None = None
    cost: Cost | None = None
    notes: list[str] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """Whether nothing at all exists."""
        return not any((self.state, self.workgroup, self.namespace, self.bucket, self.role))

    def as_json(self) -> dict[str, Any]:
        """Return the status in JSON values."""
        return asdict(self) | {"exists": not self.nothing}


def status(settings: Settings, progress: Progress = silent, *, by_hand: bool = True) -> Status:
    """Look at everything that `up` makes. Raises SettingsError, WarehouseError.

    by_hand: also look for what was changed by hand, which can take minutes.
    """
    account = Account(settings)
    progress("looking at what is there", 0, None, "")
    stack = find(account)
    notes: list[str] = []
    names: dict[str, str] = {}
    if stack:
        refuse_foreign(account, stack)
        names = physical_names(account, stack)
        if failed := last_failure(account, stack):
            notes.append(f"{failed.reason[0].upper()}{failed.reason[1:]}. {failed.next_step}")
        elif stack.reason:
            notes.append(f"CloudFormation says: {stack.reason}")
    found = workgroup(account, names.get("Workgroup", settings.redshift_workgroup))
    hours = limit_hours(account, found)
    compute = None
    if found:
        compute = Compute(
            name=found["workgroupName"],
            state=found.get("status", ""),
            base=int(found.get("baseCapacity") or 0),
            most=found.get("maxCapacity") or None,
            limit=hours or None,
            since=found.get("creationDate"),
        )
    name = names.get("Namespace", settings.redshift_namespace)
    storage = None
    if held := namespace(account, name):
        state, database = held.get("status", ""), held.get("dbName", "")
        storage = Storage(name, state, database, held.get("creationDate"))
    for kind, one in (("Workgroup", compute), ("Namespace", storage)):
        if one and kind not in names:
            notes.append(f"{kind} {one.name} exists, and the stack did not make it.")
    if found and (note := _limit_note(missing_limit(settings, found, hours))):
        notes.append(note)
    drift: list[Drift] = []
    if stack and stack.state in USABLE and by_hand:
        drift, note = drift_warning(account, stack, progress)
        notes += [note] if note else []
    owned_role = role(account, names["Role"]) if "Role" in names else None
    return Status(
        stack=stack_name(settings),
        region=account.region,
        state=stack.state if stack else None,
        since=stack.since if stack else None,
        changed=stack.changed if stack else None,
        workgroup=compute,
        namespace=storage,
        bucket=_bucket(account, names, progress),
        role=owned_role["Arn"] if owned_role else None,
        cost=cost(compute.base, compute.most, compute.limit) if compute else None,
        notes=notes,
        drift=drift,
    )


def limit_warning(settings: Settings) -> str:
    """Return a warning, in sentences, that the usage limit is not set; '' when it is.

    Also '' when AWS does not answer or denies access: what depends on it fails on its own.
    """
    account = Account(settings)
    with suppress(SparkifyError):
        found = workgroup(account, settings.redshift_workgroup)
        if found:
            return _limit_note(missing_limit(settings, found, limit_hours(account, found)))
    return ""


def _limit_note(missing: str) -> str:
    return f"{missing[0].upper()}{missing[1:]}. Set it with `sparkify iac up`." if missing else ""


def _bucket(account: Account, names: dict[str, str], progress: Progress) -> Bucket | None:
    name = names.get("WorkBucket")
    if not name:
        return None
    progress(f"counting what is in {name}", 0, None, "")
    try:
        found = list(S3(account.settings, account.region).list(f"s3://{name}"))
    except SparkifyError as error:
        return None if error.details.get("missing") == "bucket" else Bucket(name)
    exports = sum(one.key.startswith("exports/") for one in found)
    return Bucket(name, len(found), sum(one.size for one in found), exports)
