"""`plan`: what `up` would do, and what the result can cost, without changing anything."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ..progress import Progress, silent
from . import limits
from .account import Account, refusals_told
from .building import different
from .changes import Change, preview
from .declaration import declared, stack_name
from .serverless import workgroup
from .spending import Cost, cost_of
from .stack import DEAD, REVIEW, Stack, find, refuse_foreign

if TYPE_CHECKING:
    from ..config import Settings


@dataclass(frozen=True)
class Plan:
    """What would change. state: the stack's, None where there is none.

    parameters: what differs, name -> [now, then]. usage_limit: [now, then] in RPU-hours a day, 0
    for none. loses_data: whether the tables would be lost. notes: what else to know, in sentences.
    """

    stack: str
    region: str
    state: str | None
    changes: list[Change]
    parameters: dict[str, tuple[str, str]]
    usage_limit: tuple[int, int]
    cost: Cost
    loses_data: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """Whether everything is as the settings want it."""
        now, then = self.usage_limit
        return not (self.changes or self.parameters or self.notes or now != then)

    def as_json(self) -> dict[str, Any]:
        """Show the plan in JSON values."""
        return asdict(self) | {"nothing_to_change": self.nothing}


def plan(settings: Settings, progress: Progress = silent) -> Plan:
    """Find out what `up` would do. Nothing is changed, and nothing is left of the asking.

    Raises SettingsError, WarehouseError.
    """
    with refusals_told(settings):
        return _plan(Account(settings), progress)


def _plan(account: Account, progress: Progress) -> Plan:
    settings = account.settings
    stack = find(account)
    notes: list[str] = []
    changes: list[Change] | None = None
    if stack:
        refuse_foreign(account, stack)
    if stack and stack.in_progress:
        notes.append(
            f"The stack is {stack.state}: `python3 iac.py` would wait for that, then go on."
        )
    elif stack and stack.state in DEAD:
        notes.append(
            f"The stack is {stack.state}, left over from an attempt that failed: `python3 iac.py`"
            " would remove it and create everything anew."
        )
        changes = [Change("Add", *one) for one in declared(settings)]
    elif stack and stack.state == "UPDATE_ROLLBACK_FAILED":
        notes.append(
            "The stack is UPDATE_ROLLBACK_FAILED: `python3 iac.py` would repair it, then go on."
        )
    else:
        changes = preview(account, stack, progress)
    there = stack if stack and stack.state != REVIEW else None
    differing = different(account, there) if there and stack and stack.state not in DEAD else {}
    if "DatabaseName" in differing:
        now, then = differing["DatabaseName"]
        notes.append(f"The database {now} cannot be renamed to {then}: this would be refused.")
    return Plan(
        stack=stack_name(settings),
        region=account.region,
        state=there.state if there else None,
        changes=changes or [],
        parameters=differing,
        usage_limit=(_limit_now(account), settings.redshift_usage_limit_rpu_hours),
        cost=cost_of(settings),
        loses_data=_loses(changes or [], differing, there),
        notes=notes,
    )


def _limit_now(account: Account) -> int:
    found = workgroup(account, account.settings.redshift_workgroup)
    limit = limits.current_if_told(account, found) if found else None
    return limit.amount if limit else 0


def _loses(
    changes: list[Change], differing: dict[str, tuple[str, str]], stack: Stack | None
) -> bool:
    replaced = any(
        one.replaces and one.type == "AWS::RedshiftServerless::Namespace" for one in changes
    )
    return replaced or bool(stack and "NamespaceName" in differing)
