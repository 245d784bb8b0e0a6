"""What the doctor examines in the cloud, from credentials to a test statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from .. import iac
from ..config import Settings
from ..errors import SourceError, SparkifyError, WarehouseError
from ..iac.costs import limit_hours, missing_limit
from ..iac.errors import refusals_reported
from ..iac.stack import Account
from ..iac.status import namespace, workgroup
from ..util_s3 import S3
from .local import Finding


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield the findings, in an order in which the first that is wrong is the cause."""
    account = Account(settings)
    for check, look in (
        ("credentials", _identity),
        ("infrastructure", _infrastructure),
        ("workgroup", _workgroup),
        ("usage limit", _usage_limit),
        ("role of the warehouse", _role),
        ("work bucket", _work_bucket),
        ("test statement", _statement),
    ):
        try:
            with refusals_reported(settings):
                yield Finding(check, look(account))
        except SparkifyError as error:
            yield Finding.wrong(check, error)


def _identity(account: Account) -> str:
    found = account.call("sts", "get_caller_identity")
    return f"signed in as {found.get('Arn') or found.get('UserId') or 'an unknown identity'}"


def _infrastructure(account: Account) -> str:
    found = iac.resources(account.settings)
    return f"namespace {found.namespace}, workgroup {found.workgroup} in {found.region}"


def _workgroup(account: Account) -> str:
    name = account.settings.redshift_workgroup
    found = workgroup(account, name)
    if found is None:
        raise _missing("workgroup", name, account)
    if found.get("status") != "AVAILABLE":
        raise WarehouseError(
            f"the workgroup {name} is {found.get('status')}, not AVAILABLE",
            "Wait some minutes; `sparkify iac status` shows its state.",
        )
    return f"{name} is AVAILABLE, {found.get('baseCapacity', '?')} RPUs"


def _usage_limit(account: Account) -> str:
    found = workgroup(account, account.settings.redshift_workgroup)
    hours = limit_hours(account, found)
    if found and (missing := missing_limit(account.settings, found, hours)):
        raise WarehouseError(missing, "Set it with `sparkify iac up`.")
    if hours is None:
        return "the service knows no usage limits"
    return f"{hours:,} RPU-hours a day" if hours else "none"


def _role(account: Account) -> str:
    role = iac.resources(account.settings).role_arn
    name = account.settings.redshift_namespace
    found = namespace(account, name)
    if found is None:
        raise _missing("namespace", name, account)
    # Each is a text such as IamRole(applyStatus=in-sync, iamRoleArn=arn:aws:iam::...).
    attached = [*(found.get("iamRoles") or ()), found.get("defaultIamRoleArn") or ""]
    mine = [str(one) for one in attached if role in str(one)]
    if not mine:
        raise WarehouseError(
            f"the role {role} is not attached to the namespace {name}: COPY cannot use it",
            "Attach it with `sparkify iac up`.",
        )
    if "applyStatus=adding" in mine[0]:
        raise WarehouseError(f"the role {role} is still being attached", "Wait a minute.")
    return f"{role} is attached to the namespace {name}"


def _missing(what: str, name: str, account: Account) -> WarehouseError:
    return WarehouseError(
        f"there is no {what} {name} in {account.region}",
        f"Build it with `sparkify iac up`, or correct {what.upper()} in [REDSHIFT].",
    )


def _work_bucket(account: Account) -> str:
    address = f"s3://{iac.resources(account.settings).work_bucket}/loads/"
    left = 0
    with suppress(SourceError):  # nothing there is an error of a source, and fine here
        for _ in S3(account.settings, account.region).list(address):
            left += 1
    return f"{address} can be listed, {left:,} objects left by loads"


def _statement(account: Account) -> str:
    from ..warehouse.redshift.reader import RedshiftReader

    tables = RedshiftReader(account.settings).tables()
    if not tables:
        return "the database answers; it has no tables yet: `sparkify create-tables`"
    return f"the database answers, {len(tables)} tables exist"
