"""`up`: create the stack, or bring it up to date, from whatever state it is in."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..errors import BusyError, SettingsError, SparkifyError, UsageError, WarehouseError
from ..progress import Progress, silent
from .change_set import Change, different, is_no_change, preview, request, request_error
from .destroy import clear
from .errors import RefusedError, interruption_explained
from .stack import (
    DEAD,
    REVIEW,
    UPDATABLE,
    Account,
    Operation,
    Resources,
    Stack,
    backoff,
    find,
    refuse_foreign,
    resources_of,
)
from .status import SERVICE, Cost, cost_of, namespace, set_usage_limit, workgroup

if TYPE_CHECKING:
    from ..config import Settings

_MOST_STEPS = 12
_WORKGROUP_SECONDS = 1800.0
_DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


@dataclass(frozen=True)
class Built:
    """What `up` did.

    action: created, updated or unchanged. usage_limit: the same of the limit, or unknown.
    cleared: states of a stack that was in the way and was removed first. notes: what else to know.
    """

    stack: str
    action: str
    cleared: list[str]
    changes: list[Change]
    resources: Resources
    usage_limit: str
    cost: Cost
    seconds: float
    engine: str
    notes: list[str]

    def as_json(self) -> dict[str, Any]:
        """Return the report in JSON values."""
        return asdict(self) | {"seconds": round(self.seconds, 3)}


@interruption_explained()
def up(settings: Settings, *, confirmed: bool = False, progress: Progress = silent) -> Built:
    """Create everything that the warehouse needs in the cloud, or bring it up to date.

    Whatever was left over is continued, waited for, or removed first; repeating it is harmless.
    confirmed: also do what loses the tables. Raises SettingsError (credentials, a foreign stack,
    settings that cannot be changed later), UsageError (not confirmed), WarehouseError (with the
    cause that AWS gives), BusyError, InterruptedWorkError (Ctrl-C).
    """
    return _Deployment(settings, confirmed, progress).run()


class _Deployment:
    def __init__(self, settings: Settings, confirmed: bool, progress: Progress) -> None:
        self._account = Account(settings)
        self._settings = settings
        self._confirmed = confirmed
        self._progress = progress
        self._action = "unchanged"
        self._cleared: list[str] = []
        self._changes: list[Change] = []
        self._early_limit = ""
        self._repaired = False

    def run(self) -> Built:
        began = time.monotonic()
        self._progress("looking at what is there", 0, None, "")
        stack = self._deployed()
        found = resources_of(stack, self._account.region)
        if found is None:
            raise Operation(self._account, stack.id).failure(stack, "be used")
        compute = await_workgroup(self._account, found.workgroup, self._progress)
        notes = self._lift_capacity(compute)
        limit = self._limit(compute, notes)
        if limit == "unchanged" and self._early_limit:
            limit = self._early_limit
        return Built(
            stack=stack.name,
            action=self._action,
            cleared=self._cleared,
            changes=self._changes,
            resources=found,
            usage_limit=limit,
            cost=cost_of(self._settings),
            seconds=time.monotonic() - began,
            engine=self._settings.engine,
            notes=notes,
        )

    def _created(self, logical: str) -> None:
        """Set the usage limit as soon as there is a workgroup: Ctrl-C may end `up` before the end.

        What fails here is tried again, and reported, when the stack is complete.
        """
        if logical != "Workgroup":
            return
        with suppress(SparkifyError):
            compute = workgroup(self._account, self._settings.redshift_workgroup)
            if compute:
                self._early_limit = self._limit(compute, [])

    def _limit(self, compute: dict[str, Any], notes: list[str]) -> str:
        """Set the usage limit; add a note where the service has none."""
        amount = self._settings.redshift_usage_limit_rpu_hours
        try:
            return set_usage_limit(self._account, compute, amount, self._progress)
        except RefusedError as error:
            if not error.unsupported:
                raise
        notes.append("The usage limit was NOT set: the service knows no usage limits.")
        return "unknown"

    def _lift_capacity(self, compute: dict[str, Any]) -> list[str]:
        """Remove the workgroup's maximum of RPUs when the settings have none.

        Leaving MaxCapacity out of the template leaves it as it is; -1 removes it, and is an error
        where there is none (github.com/hashicorp/terraform-provider-aws/pull/36032, as told by
        AWS). Returns a note when the maximum stays.
        """
        name, most = compute["workgroupName"], int(compute.get("maxCapacity") or 0)
        if self._settings.redshift_max_capacity or most <= 0:
            return []
        try:
            self._account.call(SERVICE, "update_workgroup", workgroupName=name, maxCapacity=-1)
        except RefusedError as error:
            return [f"The workgroup keeps its limit of {most} RPUs: {error.said}."]
        await_workgroup(self._account, name, silent)
        return []

    def _deployed(self) -> Stack:
        """Take one step after the other until the stack is as the settings want it."""
        for _ in range(_MOST_STEPS):
            stack = find(self._account)
            done = self._create() if stack is None else self._step(stack)
            if done:
                return done
        raise BusyError(
            "another process keeps changing the stack", "Run the command again when that is over."
        )

    def _step(self, stack: Stack) -> Stack | None:
        refuse_foreign(self._account, stack)
        if stack.in_progress:
            self._progress(f"waiting for what is under way ({stack.state})", 0, None, "")
            Operation.on(self._account, stack, begun=True).wait(self._progress, self._created)
            return None
        if stack.state == REVIEW or stack.state in DEAD:
            clear(self._account, stack, self._progress)
            if stack.state != REVIEW:
                self._cleared.append(stack.state)
            return None
        if stack.state == "UPDATE_ROLLBACK_FAILED":
            self._repair(stack)
            return None
        if stack.state in UPDATABLE:
            return self._update(stack)
        raise SettingsError(
            f"the stack {stack.name} is in the state {stack.state}, which cannot be continued",
            "Look at it in the CloudFormation console; `sparkify iac down` removes everything.",
            state=stack.state,
        )

    def _create(self) -> Stack | None:
        """Create the stack; None when it exists already, perhaps by a request whose reply was lost.

        Raises SettingsError when a workgroup or namespace of these names exists: without a stack,
        nothing of these names is ours.
        """
        self._refuse_taken()
        self._progress("creating the stack", 0, None, "resources")
        operation = Operation(self._account, "")
        self._action = "created"
        try:
            answer = self._account.call(
                "cloudformation",
                "create_stack",
                **request(self._account),
                ClientRequestToken=operation.token,
                OnFailure="ROLLBACK",
            )
        except RefusedError as error:
            if error.aws_code == "AlreadyExistsException":
                return None
            raise request_error(self._account, error) from None
        operation.stack_id = answer["StackId"]
        return self._finished(operation, "be created")

    def _refuse_taken(self) -> None:
        for what, name, find_one in (
            ("namespace", self._settings.redshift_namespace, namespace),
            ("workgroup", self._settings.redshift_workgroup, workgroup),
        ):
            if find_one(self._account, name):
                raise SettingsError(
                    f"there is a {what} {name} in {self._account.region} already that this program"
                    " did not make; it was not touched",
                    f"Choose another {what.upper()} in [REDSHIFT], or remove that one yourself.",
                    **{what: name},
                )

    def _update(self, stack: Stack) -> Stack | None:
        """Bring the stack up to date; None when its state changed meanwhile."""
        self._refuse_impossible(stack)
        changes = preview(self._account, stack, self._progress)
        if changes is None or not (changes or different(self._account, stack)):
            return stack
        self._refuse_loss(changes)
        self._changes = changes
        self._action = "updated"
        operation = Operation.on(self._account, stack)
        try:
            self._account.call(
                "cloudformation",
                "update_stack",
                **request(self._account),
                ClientRequestToken=operation.token,
            )
        except RefusedError as error:
            if is_no_change(error.said):  # the reply of an earlier attempt was lost
                return find(self._account)
            if "_IN_PROGRESS state" in error.said:
                return None
            raise request_error(self._account, error) from None
        return self._finished(operation, "be changed")

    def _finished(self, operation: Operation, what: str) -> Stack:
        stack = operation.wait(self._progress, self._created)
        if stack.state not in _DONE:
            raise operation.failure(stack, what)
        return stack

    def _repair(self, stack: Stack) -> None:
        """Continue a rollback that failed, once."""
        operation = Operation(self._account, stack.id)
        if not self._repaired:
            self._repaired = True
            operation = Operation.on(self._account, stack)
            self._account.call(
                "cloudformation",
                "continue_update_rollback",
                StackName=stack.id,
                ClientRequestToken=operation.token,
            )
            stack = operation.wait(self._progress)
        if stack.state == "UPDATE_ROLLBACK_FAILED":
            raise operation.failure(stack, "be repaired")

    def _refuse_impossible(self, stack: Stack) -> None:
        """Refuse settings that cannot be changed once the warehouse is there."""
        wanted = self._settings.redshift_database
        database = stack.parameters.get("DatabaseName", wanted)
        held = stack.parameters.get("NamespaceName", self._settings.redshift_namespace)
        if database != wanted:
            # CloudFormation would report success and change nothing: the handler never sends it.
            raise SettingsError(
                f"the database of namespace {held} is called {database}, and a database"
                f" cannot be renamed to {wanted}",
                f"Set DATABASE in [REDSHIFT] back to {database}; or remove everything, tables too,"
                " with `sparkify iac down`, and build again.",
            )
        if held != self._settings.redshift_namespace and not self._confirmed:
            raise UsageError(
                f"NAMESPACE changes from {held} to {self._settings.redshift_namespace}: that"
                " is a new, empty warehouse, and the old one would be deleted with all its tables;"
                " nothing was changed",
                f"Set NAMESPACE in [REDSHIFT] back to {held}, or add --yes if you mean it.",
            )

    def _refuse_loss(self, changes: list[Change]) -> None:
        """Refuse a change that replaces the namespace, unless it was confirmed."""
        lost = next((one.resource for one in changes if one.loses_tables), None)
        if lost and not self._confirmed:
            raise UsageError(
                f"this change replaces {lost}: a new, empty warehouse, and the old one would be"
                " deleted with all its tables; nothing was changed",
                "`sparkify iac plan` shows the change. Add --yes if you mean it.",
            )


def await_workgroup(account: Account, name: str, progress: Progress) -> dict[str, Any]:
    """Wait until a workgroup is AVAILABLE, and return it; boto3 has no waiter for that.

    Raises WarehouseError when it is gone or does not get there.
    """
    pauses = backoff(_WORKGROUP_SECONDS)
    while True:
        found = workgroup(account, name)
        state = found.get("status", "") if found else "gone"
        if found and state == "AVAILABLE":
            return found
        progress(f"waiting for workgroup {name} ({state.lower()})", 0, None, "")
        if not found or state == "DELETING" or not pauses.wait():
            raise WarehouseError(
                f"the workgroup {name} in {account.region} is {state.lower()}, not available",
                "`sparkify iac status` shows its state; run `sparkify iac up` again.",
                workgroup=name,
                state=state,
            )
