"""`status`: what exists, since when, and what it can cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..errors import SparkifyError
from ..progress import Progress, silent
from ..util_s3 import S3
from . import limits
from .account import Account, refusals_told
from .declaration import stack_name
from .serverless import namespace, workgroup
from .spending import Cost, cost
from .stack import find, physical_names, refuse_foreign

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
        parts = (self.state, self.workgroup, self.namespace, self.bucket, self.role)
        return not any(parts)

    def as_json(self) -> dict[str, Any]:
        """Show the status in JSON values."""
        return asdict(self) | {"exists": not self.nothing}


def status(settings: Settings, progress: Progress = silent) -> Status:
    """Look at everything that `up` makes. Raises SettingsError, WarehouseError."""
    with refusals_told(settings):
        return _status(Account(settings), progress)


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
    compute = _compute(account, names.get("Workgroup", settings.redshift_workgroup))
    storage = _storage(account, names.get("Namespace", settings.redshift_namespace))
    for kind, one in (("Workgroup", compute), ("Namespace", storage)):
        if one and kind not in names:
            notes.append(f"{kind} {one.name} is there, and the stack did not make it.")
    return Status(
        stack=stack_name(settings),
        region=account.region,
        state=stack.state if stack else None,
        since=stack.since if stack else None,
        changed=stack.changed if stack else None,
        workgroup=compute,
        namespace=storage,
        bucket=_bucket(account, names, progress),
        role=_role(account, names),
        cost=cost(compute.base, compute.most, compute.limit) if compute else None,
        notes=notes,
    )


def _compute(account: Account, name: str) -> Compute | None:
    found = workgroup(account, name)
    if not found:
        return None
    limit = limits.current_if_told(account, found)
    return Compute(
        name=name,
        state=found.get("status", ""),
        base=int(found.get("baseCapacity") or 0),
        most=found.get("maxCapacity") or None,
        limit=limit.amount if limit else None,
        since=found.get("creationDate"),
    )


def _storage(account: Account, name: str) -> Storage | None:
    found = namespace(account, name)
    if not found:
        return None
    return Storage(
        name, found.get("status", ""), found.get("dbName", ""), found.get("creationDate")
    )


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


def _role(account: Account, names: dict[str, str]) -> str | None:
    name = names.get("Role")
    if not name:
        return None
    answer = account.look("iam", "get_role", RoleName=name)
    return answer["Role"]["Arn"] if answer else None
