"""Where things are: what the stack's outputs say, for those who use the warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import SettingsError
from .account import Account, refusals_told
from .declaration import OUTPUTS, stack_name
from .stack import ANSWERING, Stack, find

if TYPE_CHECKING:
    from ..config import Settings


@dataclass(frozen=True)
class Resources:
    """What `up` made: the role's ARN, and the names of the rest."""

    role_arn: str
    work_bucket: str
    workgroup: str
    namespace: str
    database: str
    region: str


def resources(settings: Settings) -> Resources:
    """Look up what the stack of the settings holds: one call.

    Raises SettingsError when there is no stack that can be used, or the credentials are missing,
    expired or too weak; WarehouseError when CloudFormation cannot be reached.
    """
    account = Account(settings)
    with refusals_told(settings):
        stack = find(account)
    found = resources_of(stack, account.region) if stack else None
    if found is None:
        state = f" (the stack {stack.name} is in the state {stack.state})" if stack else ""
        raise SettingsError(
            f"nothing is built in {account.region} for workgroup"
            f" {settings.redshift_workgroup}{state}",
            "Build it with `python3 iac.py`; `sparkify iac status` shows what exists.",
            stack=stack_name(settings),
            state=stack.state if stack else None,
        )
    return found


def resources_of(stack: Stack, region: str) -> Resources | None:
    """Read the outputs of a stack; None when it does not stand."""
    if stack.state not in ANSWERING or not set(OUTPUTS) <= set(stack.outputs):
        return None
    values = stack.outputs
    return Resources(
        role_arn=values["RoleArn"],
        work_bucket=values["WorkBucket"],
        workgroup=values["Workgroup"],
        namespace=values["Namespace"],
        database=values["Database"],
        region=region,
    )
