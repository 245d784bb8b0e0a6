"""`up`: make the stack, or bring it up to date, from whatever state it is in."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..errors import BusyError, SettingsError, UsageError
from ..progress import Progress, silent
from . import limits
from .account import Account, code_of, is_unknown, refusals_told, text_of
from .causes import failed
from .changes import Change, is_nothing, preview, request, wrong
from .clearing import clear
from .lookup import Resources, resources_of
from .operation import Operation, interruption_explained
from .serverless import await_workgroup, lift_capacity, refuse_taken
from .spending import Cost, cost_of
from .stack import DEAD, REVIEW, UPDATABLE, Stack, find, refuse_foreign

if TYPE_CHECKING:
    from ..config import Settings

_MOST_STEPS = 12
_GOOD_ENDS = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


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
        """Show the report in JSON values."""
        return asdict(self) | {"seconds": round(self.seconds, 3)}


def up(settings: Settings, *, confirmed: bool = False, progress: Progress = silent) -> Built:
    """Make everything that the warehouse needs in the cloud, or bring it up to date.

    Whatever was left over is continued, waited for, or removed first; doing it again is harmless.
    confirmed: also do what loses the tables. Raises SettingsError (credentials, a foreign stack,
    settings that cannot be changed later), UsageError (not confirmed), WarehouseError (with the
    cause that AWS gives), BusyError, InterruptedWorkError (Ctrl-C).
    """
    with interruption_explained(), refusals_told(settings):
        return _Builder(settings, confirmed, progress).build()


class _Builder:
    def __init__(self, settings: Settings, confirmed: bool, progress: Progress) -> None:
        self._account = Account(settings)
        self._settings = settings
        self._confirmed = confirmed
        self._progress = progress
        self._action = "unchanged"
        self._cleared: list[str] = []
        self._changes: list[Change] = []
        self._repaired = False

    def build(self) -> Built:
        began = time.monotonic()
        self._progress("looking at what is there", 0, None, "")
        stack = self._standing()
        found = resources_of(stack, self._account.region)
        if found is None:
            raise failed(self._account, stack, Operation(self._account, stack.id), "be used")
        workgroup = await_workgroup(self._account, found.workgroup, self._progress)
        notes = lift_capacity(self._account, workgroup, self._settings.redshift_max_capacity)
        limit = self._limit(workgroup, notes)
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

    def _limit(self, workgroup: dict[str, Any], notes: list[str]) -> str:
        """Settle the usage limit; where the service knows none, that is told, loudly."""
        from botocore.exceptions import ClientError

        try:
            return limits.settle(
                self._account,
                workgroup,
                self._settings.redshift_usage_limit_rpu_hours,
                self._progress,
            )
        except ClientError as error:
            if not is_unknown(error):
                raise
        notes.append("The usage limit was NOT set: the service knows no usage limits.")
        return "unknown"

    def _standing(self) -> Stack:
        """Take one step after the other until the stack stands as the settings want it."""
        for _ in range(_MOST_STEPS):
            stack = find(self._account)
            done = self._create() if stack is None else self._step(stack)
            if done:
                return done
        raise BusyError(
            "somebody else keeps changing the stack", "Run the command again when that is over."
        )

    def _step(self, stack: Stack) -> Stack | None:
        refuse_foreign(self._account, stack)
        if stack.in_progress:
            self._progress(f"waiting for what is under way ({stack.state})", 0, None, "")
            Operation.under_way(self._account, stack).wait(self._progress)
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
        """Create the stack; None when somebody, or a request whose reply was lost, came first."""
        from botocore.exceptions import ClientError

        refuse_taken(self._account)
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
        except ClientError as error:
            if code_of(error) == "AlreadyExistsException":
                return None
            raise wrong(self._account, error) from None
        operation.stack_id = answer["StackId"]
        stack = operation.wait(self._progress)
        if stack.state not in _GOOD_ENDS:
            raise failed(self._account, stack, operation, "be created")
        return stack

    def _update(self, stack: Stack) -> Stack | None:
        """Bring the stack up to date; None when its state changed meanwhile."""
        from botocore.exceptions import ClientError

        refuse_impossible(self._settings, stack, self._confirmed)
        changes = preview(self._account, stack, self._progress)
        if changes is None or not (changes or different(self._account, stack)):
            return stack
        refuse_loss(changes, self._confirmed)
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
        except ClientError as error:
            if is_nothing(text_of(error)):  # the reply of an earlier attempt was lost
                return find(self._account)
            if "_IN_PROGRESS state" in text_of(error):
                return None
            raise wrong(self._account, error) from None
        stack = operation.wait(self._progress)
        if stack.state not in _GOOD_ENDS:
            raise failed(self._account, stack, operation, "be changed")
        return stack

    def _repair(self, stack: Stack) -> None:
        """Go on with an undoing that failed, once."""
        if self._repaired:
            raise failed(self._account, stack, Operation(self._account, stack.id), "be repaired")
        self._repaired = True
        operation = Operation.on(self._account, stack)
        self._account.call(
            "cloudformation",
            "continue_update_rollback",
            StackName=stack.id,
            ClientRequestToken=operation.token,
        )
        end = operation.wait(self._progress)
        if end.state == "UPDATE_ROLLBACK_FAILED":
            raise failed(self._account, end, operation, "be repaired")


def different(account: Account, stack: Stack) -> dict[str, tuple[str, str]]:
    """Compare the stack's parameters with those of the settings: name -> (now, then)."""
    from .declaration import parameters

    if not stack.parameters:  # they are not told; an update tells whether it changes something
        return {}
    return {
        name: (stack.parameters.get(name, ""), value)
        for name, value in parameters(account.settings).items()
        if stack.parameters.get(name, "") != value
    }


def refuse_impossible(settings: Settings, stack: Stack, confirmed: bool) -> None:
    """Refuse settings that cannot be changed once the warehouse is there."""
    database = stack.parameters.get("DatabaseName", settings.redshift_database)
    if database != settings.redshift_database:
        # CloudFormation would report success and change nothing: the handler never sends it.
        raise SettingsError(
            f"the database of namespace {stack.parameters.get('NamespaceName', '')} is called"
            f" {database}, and a database cannot be renamed to {settings.redshift_database}",
            f"Set DATABASE in [REDSHIFT] back to {database}; or remove everything, tables too,"
            " with `python3 iac.py down`, and build anew.",
        )
    namespace = stack.parameters.get("NamespaceName", settings.redshift_namespace)
    if namespace != settings.redshift_namespace and not confirmed:
        raise UsageError(
            f"NAMESPACE changes from {namespace} to {settings.redshift_namespace}: that is a new,"
            " empty warehouse, and the old one would be deleted with all its tables; nothing was"
            " changed",
            f"Set NAMESPACE in [REDSHIFT] back to {namespace}, or add --yes if you mean it.",
        )


def refuse_loss(changes: list[Change], confirmed: bool) -> None:
    """Refuse a change that replaces the namespace, unless somebody confirmed it."""
    if confirmed:
        return
    for one in changes:
        if one.replaces and one.type == "AWS::RedshiftServerless::Namespace":
            raise UsageError(
                f"this change replaces {one.resource}: a new, empty warehouse, and the old one"
                " would be deleted with all its tables; nothing was changed",
                "`sparkify iac plan` shows the change. Add --yes if you mean it.",
            )
