"""`status`: what exists, since when, and what it can cost."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..errors import SparkifyError
from ..progress import Progress, silent
from ..util_s3 import S3
from .costs import SERVICE, Cost, cost, limit_hours, missing_limit
from .errors import refusals_reported
from .stack import Account, find, physical_names, refuse_foreign
from .template import stack_name

if TYPE_CHECKING:
    from ..config import Settings


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
    """The work bucket. objects, bytes: None when it could not be listed."""

    name: str
    objects: int | None
    bytes: int | None


@dataclass(frozen=True)
class Status:
    """What exists; None is what does not. notes: what else to know, in sentences."""

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

    @property
    def nothing(self) -> bool:
        """Whether nothing at all exists."""
        return not any((self.state, self.workgroup, self.namespace, self.bucket, self.role))

    def as_json(self) -> dict[str, Any]:
        """Return the status in JSON values."""
        return asdict(self) | {"exists": not self.nothing}


def status(settings: Settings, progress: Progress = silent) -> Status:
    """Look at everything that `up` makes. Raises SettingsError, WarehouseError."""
    with refusals_reported(settings):
        return _status(Account(settings), progress)


def limit_warning(settings: Settings) -> str:
    """Return a warning, in sentences, that the usage limit is not set; '' when it is.

    Also '' when AWS does not answer or does not allow to look: what depends on it fails by itself.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    account = Account(settings)
    with suppress(SparkifyError, BotoCoreError, ClientError):
        found = workgroup(account, settings.redshift_workgroup)
        if found:
            return _limit_note(missing_limit(settings, found, limit_hours(account, found)))
    return ""


def _limit_note(missing: str) -> str:
    return f"{missing[0].upper()}{missing[1:]}. Set it with `sparkify iac up`." if missing else ""


def workgroup(account: Account, name: str) -> dict[str, Any] | None:
    """Return a workgroup as the service describes it; None when there is none of that name."""
    answer = account.look(SERVICE, "get_workgroup", workgroupName=name)
    found: dict[str, Any] | None = (answer or {}).get("workgroup")
    return {"workgroupName": name, **found} if found else None


def namespace(account: Account, name: str) -> dict[str, Any] | None:
    """Return a namespace as the service describes it; None when there is none of that name."""
    answer = account.look(SERVICE, "get_namespace", namespaceName=name)
    found: dict[str, Any] | None = (answer or {}).get("namespace")
    return found


def role(account: Account, name: str) -> dict[str, Any] | None:
    """Return a role as IAM describes it; None when there is none of that name."""
    answer = account.look("iam", "get_role", RoleName=name)
    return answer["Role"] if answer else None


def _status(account: Account, progress: Progress) -> Status:
    progress("looking at what is there", 0, None, "")
    settings = account.settings
    stack = find(account)
    notes: list[str] = []
    names: dict[str, str] = {}
    if stack:
        refuse_foreign(account, stack)
        names = physical_names(account, stack)
        if stack.reason:
            notes.append(f"CloudFormation says: {stack.reason}")
    found = workgroup(account, names.get("Workgroup", settings.redshift_workgroup))
    hours = limit_hours(account, found)
    compute = _compute(found, hours) if found else None
    storage = _storage(account, names.get("Namespace", settings.redshift_namespace))
    for kind, one in (("Workgroup", compute), ("Namespace", storage)):
        if one and kind not in names:
            notes.append(f"{kind} {one.name} exists, and the stack did not make it.")
    if found and (note := _limit_note(missing_limit(settings, found, hours))):
        notes.append(note)
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
    )


def _compute(found: dict[str, Any], hours: int | None) -> Compute:
    return Compute(
        name=found["workgroupName"],
        state=found.get("status", ""),
        base=int(found.get("baseCapacity") or 0),
        most=found.get("maxCapacity") or None,
        limit=hours or None,
        since=found.get("creationDate"),
    )


def _storage(account: Account, name: str) -> Storage | None:
    found = namespace(account, name)
    if not found:
        return None
    state, database = found.get("status", ""), found.get("dbName", "")
    return Storage(name, state, database, found.get("creationDate"))


def _bucket(account: Account, names: dict[str, str], progress: Progress) -> Bucket | None:
    name = names.get("WorkBucket")
    if not name:
        return None
    progress(f"counting what is in {name}", 0, None, "")
    try:
        sizes = [one.size for one in S3(account.settings, account.region).list(f"s3://{name}")]
    except SparkifyError as error:
        return None if error.details.get("missing") == "bucket" else Bucket(name, None, None)
    return Bucket(name, len(sizes), sum(sizes))
