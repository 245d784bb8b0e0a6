"""The workgroup and the namespace, as Redshift Serverless has them."""

from __future__ import annotations

from typing import Any

from ..errors import SettingsError, WarehouseError
from ..progress import Progress, silent
from .account import Account, text_of
from .failures import tidy
from .waiting import WORKGROUP_SECONDS, Pauses

SERVICE = "redshift-serverless"


def workgroup(account: Account, name: str) -> dict[str, Any] | None:
    """Look up a workgroup; None when there is none of that name."""
    answer = account.look(SERVICE, "get_workgroup", workgroupName=name)
    found: dict[str, Any] | None = (answer or {}).get("workgroup")
    return {"workgroupName": name, **found} if found else None


def namespace(account: Account, name: str) -> dict[str, Any] | None:
    """Look up a namespace; None when there is none of that name."""
    answer = account.look(SERVICE, "get_namespace", namespaceName=name)
    found: dict[str, Any] | None = (answer or {}).get("namespace")
    return found


def lift_capacity(account: Account, found: dict[str, Any], wanted: int) -> list[str]:
    """Take away the most RPUs that a workgroup has, when the settings have none (wanted = 0).

    Leaving MaxCapacity out of the template leaves it as it is; -1 removes it, and is an error where
    there is none (github.com/hashicorp/terraform-provider-aws/pull/36032, as told by AWS).
    Returns what to tell when it stays.
    """
    from botocore.exceptions import ClientError

    name, most = found["workgroupName"], int(found.get("maxCapacity") or 0)
    if wanted or most <= 0:
        return []
    try:
        account.call(SERVICE, "update_workgroup", workgroupName=name, maxCapacity=-1)
    except ClientError as error:
        return [f"The workgroup keeps its limit of {most} RPUs: {tidy(text_of(error))}."]
    await_workgroup(account, name, silent)
    return []


def refuse_taken(account: Account) -> None:
    """Raise SettingsError when the names of the settings belong to somebody else's warehouse.

    To be asked where there is no stack: then nothing of these names is ours.
    """
    settings = account.settings
    for what, name, found in (
        ("namespace", settings.redshift_namespace, namespace),
        ("workgroup", settings.redshift_workgroup, workgroup),
    ):
        if found(account, name):
            raise SettingsError(
                f"there is a {what} {name} in {account.region} already that this program did not"
                " make; it was not touched",
                f"Choose another {what.upper()} in [REDSHIFT], or remove that one yourself.",
                **{what: name},
            )


def await_workgroup(account: Account, name: str, progress: Progress) -> dict[str, Any]:
    """Wait until a workgroup is AVAILABLE; boto3 has no waiter for that.

    Raises WarehouseError when it is gone or does not get there.
    """
    pauses = Pauses(WORKGROUP_SECONDS)
    while True:
        found = workgroup(account, name)
        state = found.get("status", "") if found else "gone"
        if found and state == "AVAILABLE":
            return found
        progress(f"waiting for workgroup {name} ({state.lower()})", 0, None, "")
        if not found or state == "DELETING" or not pauses.wait():
            raise WarehouseError(
                f"the workgroup {name} in {account.region} is {state.lower()}, not available",
                "`sparkify iac status` shows how it is; run `python3 iac.py` again.",
                workgroup=name,
                state=state,
            )
