"""What the doctor examines in the cloud, from credentials to a test statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .config import Settings
from .errors import SourceError, WarehouseError

Examination = tuple[str, Callable[[], str]]
"""What is examined, and what looks at it: it returns what it found, or raises what is wrong."""


def examinations(settings: Settings) -> Iterator[Examination]:
    """Name each thing to examine, in an order in which the first that is wrong is the cause."""
    from .iac.account import Account

    account = Account(settings)
    yield "credentials", lambda: _identity(account)
    yield "infrastructure", lambda: _infrastructure(settings)
    yield "workgroup", lambda: _workgroup(settings, account)
    yield "role of the warehouse", lambda: _role(settings, account)
    yield "work bucket", lambda: _work_bucket(settings)
    yield "test statement", lambda: _statement(settings)


def _identity(account: Any) -> str:
    found = account.call("sts", "get_caller_identity")
    return f"signed in as {found.get('Arn') or found.get('UserId') or 'somebody'}"


def _infrastructure(settings: Settings) -> str:
    from . import iac

    found = iac.resources(settings)
    return f"namespace {found.namespace}, workgroup {found.workgroup} in {found.region}"


def _workgroup(settings: Settings, account: Any) -> str:
    name = settings.redshift_workgroup
    found = account.look("redshift-serverless", "get_workgroup", workgroupName=name)
    if found is None:
        raise WarehouseError(
            f"there is no workgroup {name} in {settings.aws_region}",
            "Build it with `python3 iac.py`, or correct WORKGROUP in [REDSHIFT].",
        )
    workgroup = found.get("workgroup") or {}
    if workgroup.get("status") != "AVAILABLE":
        raise WarehouseError(
            f"the workgroup {name} is {workgroup.get('status')}, not AVAILABLE",
            "Wait some minutes; `sparkify iac status` shows how it goes.",
        )
    return f"{name} is AVAILABLE, {workgroup.get('baseCapacity', '?')} RPUs"


def _role(settings: Settings, account: Any) -> str:
    from . import iac

    role = iac.resources(settings).role_arn
    name = settings.redshift_namespace
    answer = account.look("redshift-serverless", "get_namespace", namespaceName=name)
    if answer is None:
        raise WarehouseError(
            f"there is no namespace {name} in {settings.aws_region}",
            "Build it with `python3 iac.py`, or correct NAMESPACE in [REDSHIFT].",
        )
    found = answer.get("namespace") or {}
    # Each is told as a text such as IamRole(applyStatus=in-sync, iamRoleArn=arn:aws:iam::...).
    attached = [str(one) for one in found.get("iamRoles") or ()]
    attached += [str(found.get("defaultIamRoleArn") or "")]
    mine = [one for one in attached if role in one]
    if not mine:
        raise WarehouseError(
            f"the role {role} is not attached to the namespace {name}: COPY cannot use it",
            "Attach it with `python3 iac.py`.",
        )
    if "applyStatus=adding" in mine[0]:
        raise WarehouseError(f"the role {role} is still being attached", "Wait a minute.")
    return f"{role} is attached to the namespace {name}"


def _work_bucket(settings: Settings) -> str:
    from . import iac
    from .util_s3 import S3

    address = f"s3://{iac.resources(settings).work_bucket}/loads/"
    left = sum(1 for _ in _listed(S3(settings, settings.aws_region), address))
    return f"{address} can be listed, {left:,} objects left by loads"


def _listed(s3: Any, address: str) -> Iterator[Any]:
    """List what is there; nothing may be."""
    try:
        yield from s3.list(address)
    except SourceError:
        return


def _statement(settings: Settings) -> str:
    from .warehouse.redshift.reader import RedshiftReader

    tables = RedshiftReader(settings).tables()
    if not tables:
        return "the database answers; it has no tables yet: `sparkify create-tables`"
    return f"the database answers, {len(tables)} tables are there"
