"""`plan` and `up`: what would change and can be spent; the stack created or brought up to date.

CloudFormation works out a plan: a change set is created, read and deleted. `up` starts from any
state of the stack.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ..errors import BusyError, SettingsError, SparkifyError, UsageError, WarehouseError
from ..progress import Progress, silent
from .destroy import clear
from .errors import RefusedError, handler_message, interruption_explained, stack_error
from .stack import (
    DEAD,
    PLAN_PREFIX,
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
    validation_errors,
)
from .status import SERVICE, Cost, cost_of, limit_hours, namespace, set_usage_limit, workgroup
from .template import CAPABILITIES, TAGS, declared, parameters, stack_name, template

if TYPE_CHECKING:
    from ..config import Settings

_CHANGE_SET_SECONDS = 900.0
_NO_CHANGES = ("didn't contain changes", "no updates are to be performed")
_AT_WORK = "_IN_PROGRESS state"
_MOST_STEPS = 12
_WORKGROUP_SECONDS = 1800.0
_DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


# Planning


@dataclass(frozen=True)
class Change:
    """One resource that would change. action: Add, Modify or Remove.

    replacement: whether it would be deleted and created again, with nothing in it: True, False, or
    Conditional (CloudFormation decides later). drift: what was done to it by hand and would be
    reverted, such as `changed by hand: Tags`.
    """

    action: str
    resource: str
    type: str
    replacement: str = "False"
    drift: str = ""

    @property
    def replaces(self) -> bool:
        """Whether what is there now may be lost."""
        return self.action == "Remove" or self.replacement in ("True", "Conditional")

    @property
    def loses_tables(self) -> bool:
        """Whether the namespace may be replaced, and all tables with it."""
        return self.replaces and self.type == "AWS::RedshiftServerless::Namespace"


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
        """Return the plan in JSON values."""
        return asdict(self) | {"nothing_to_change": self.nothing}


def plan(settings: Settings, progress: Progress = silent) -> Plan:
    """Return what `up` would do. Nothing is changed, and the change set is removed again.

    Raises SettingsError, WarehouseError.
    """
    account = Account(settings)
    stack = find(account)
    notes: list[str] = []
    changes: list[Change] = []
    if stack:
        refuse_foreign(account, stack)
    state = stack.state if stack and stack.state != REVIEW else None
    of_state = f"The stack is {state}"
    if stack and stack.in_progress:
        notes.append(f"{of_state}: `sparkify iac up` would wait, then continue.")
    elif state in DEAD:
        notes.append(
            f"{of_state}, left over from an attempt that failed: `sparkify iac up` would remove it"
            " and create everything again."
        )
        changes = _creation()
    elif state == "UPDATE_ROLLBACK_FAILED":
        notes.append(f"{of_state}: `sparkify iac up` would repair it, then continue.")
    else:
        changes = _preview(account, stack, progress) or []
    differing = _different(account, stack) if stack and state and state not in DEAD else {}
    if "DatabaseName" in differing:
        now, then = differing["DatabaseName"]
        notes.append(f"The database {now} cannot be renamed to {then}: this would be refused.")
    limit = limit_hours(account, workgroup(account, settings.redshift_workgroup))
    return Plan(
        stack=stack_name(settings),
        region=account.region,
        state=state,
        changes=changes,
        parameters=differing,
        usage_limit=(limit or 0, settings.redshift_usage_limit_rpu_hours),
        cost=cost_of(settings),
        loses_data="NamespaceName" in differing or any(one.loses_tables for one in changes),
        notes=notes,
    )


def _different(account: Account, stack: Stack) -> dict[str, tuple[str, str]]:
    """Return the parameters in which the stack and the settings differ: name -> (now, then)."""
    if not stack.parameters:  # not shown; an update finds out whether it changes something
        return {}
    return {
        name: (stack.parameters.get(name, ""), value)
        for name, value in parameters(account.settings).items()
        if stack.parameters.get(name, "") != value
    }


def _creation() -> list[Change]:
    return [Change("Add", *one) for one in declared().items()]


def _request(account: Account) -> dict[str, Any]:
    """Return the parameters of every request to create or change the stack."""
    return {
        "StackName": stack_name(account.settings),
        "TemplateBody": template(),
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in parameters(account.settings).items()
        ],
        "Capabilities": list(CAPABILITIES),
        "Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()],
    }


def _is_no_change(text: str) -> bool:
    """Return whether CloudFormation's error means that there is nothing to change."""
    return any(words in text.lower() for words in _NO_CHANGES)


def _preview(
    account: Account,
    stack: Stack | None,
    progress: Progress,
    agree: Callable[[list[Change]], str] = lambda changes: "",
) -> list[Change] | None:
    """Return what creating or changing the stack does; nothing is left behind.

    stack: as it is; None: there is none. agree: is told the changes, and returns the token with
    which they are to be made, or ''. Returns None when there is nothing to change. A service
    without change sets (not AWS) is taken to create what the template declares, or to change
    nothing but parameters.
    Raises WarehouseError when CloudFormation finds something wrong.
    """
    progress("asking what would change", 0, None, "")
    kind = "UPDATE" if stack and stack.state != REVIEW else "CREATE"
    changes: list[Change] | None = []
    try:
        with _change_set(account, kind) as made:
            changes = _described(account, made) if made else None
            if changes is not None and (token := agree(changes)):
                asked = made | {"ClientRequestToken": token}
                account.call("cloudformation", "execute_change_set", **asked)
                made.clear()
    except RefusedError as error:
        if not error.unsupported:
            raise
        if token := agree([]):
            asked = _request(account) | {"ClientRequestToken": token}
            account.call("cloudformation", "update_stack", **asked)
    return _creation() if kind == "CREATE" and not changes else changes


@contextmanager
def _change_set(account: Account, kind: str) -> Iterator[dict[str, Any]]:
    """Create a change set, which reverts drift, too (UserGuide/drift-aware-change-sets).

    It is removed afterwards, with the empty stack that it may have made, unless what is yielded was
    cleared, because it was executed. Empty: there is nothing to change.
    """
    name = f"{PLAN_PREFIX}{uuid4().hex}"
    body = _request(account) | {"ChangeSetName": name, "ChangeSetType": kind}
    body |= {"DeploymentMode": "REVERT_DRIFT"} if kind == "UPDATE" else {}
    try:
        account.call("cloudformation", "create_change_set", **body)
    except RefusedError as error:
        if _is_no_change(error.said):
            yield {}
            return
        if error.unsupported or _AT_WORK in error.said:
            raise
        if error.aws_code != "AlreadyExistsException":  # a lost reply: the name is new
            raise _request_error(account, error) from None
    made = {"ChangeSetName": name, "StackName": body["StackName"]}
    try:
        yield made
    finally:
        if made:
            with suppress(RefusedError):  # Ctrl-C may come when it is being executed
                account.call("cloudformation", "delete_change_set", **made)
        stack = find(account) if kind == "CREATE" else None
        if stack and stack.state == REVIEW:
            account.call("cloudformation", "delete_stack", StackName=stack.id)
            pauses = backoff(_CHANGE_SET_SECONDS)
            while (left := find(account, stack.id)) and not left.deleted and pauses.wait():
                pass


def _described(account: Account, made: dict[str, Any]) -> list[Change] | None:
    pauses = backoff(_CHANGE_SET_SECONDS)
    while True:
        answer = account.call("cloudformation", "describe_change_set", **made)
        state = answer.get("Status", "")
        if state == "CREATE_COMPLETE":
            break
        reason = str(answer.get("StatusReason") or "")
        if state == "FAILED":
            if _is_no_change(reason):
                return None
            said = validation_errors(account, **made) or handler_message(reason)
            raise stack_error(f"CloudFormation refuses what the settings ask for: {said}", said)
        if not pauses.wait():
            raise WarehouseError(
                f"CloudFormation has not worked out what would change (state {state})",
                "Run the command again later.",
            )
    changes = account.pages("cloudformation", "describe_change_set", "Changes", **made)
    found = [one.get("ResourceChange") or {} for one in changes]
    return [
        Change(
            action=one.get("Action", ""),
            resource=one.get("LogicalResourceId", ""),
            type=one.get("ResourceType", ""),
            replacement=str(one.get("Replacement") or "False"),
            drift=_drift(one),
        )
        for one in found
    ]


def _drift(change: dict[str, Any]) -> str:
    state = change.get("ResourceDriftStatus")
    if state != "MODIFIED":
        return "removed by hand" if state == "DELETED" else ""
    targets = [one.get("Target") or {} for one in change.get("Details") or ()]
    names = {one.get("Name") or one.get("Attribute", "") for one in targets}
    return f"changed by hand: {', '.join(sorted(names))}"


def _request_error(account: Account, error: RefusedError) -> SparkifyError:
    """Return the error for a request that CloudFormation refused at once."""
    said = handler_message(error.said)
    name = stack_name(account.settings)
    if "validation failed" in said.lower() or "earlyvalidation" in said.lower():
        said = validation_errors(account, name) or said
    if error.missing:
        return WarehouseError(
            f"the stack {name} no longer exists: {said}", "Run the command again."
        )
    if error.aws_code == "LimitExceededException":
        return WarehouseError(
            f"this account has too many stacks: {said}",
            "Delete some, or ask for a higher quota (Service Quotas, AWS CloudFormation).",
        )
    logical = next((one for one in declared() if one.lower() in said.lower()), "")
    return stack_error(f"CloudFormation refuses the stack {name}: {said}", said, logical)


# Building


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
    return _Deployment(Account(settings), confirmed, progress).run()


@dataclass
class _Deployment:
    _account: Account
    _confirmed: bool
    _progress: Progress
    _action: str = "unchanged"
    _cleared: list[str] = field(default_factory=list)
    _changes: list[Change] = field(default_factory=list)
    _early_limit: str = ""

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
            cost=cost_of(self._account.settings),
            seconds=time.monotonic() - began,
            engine=self._account.settings.engine,
            notes=notes,
        )

    def _created(self, logical: str) -> None:
        """Set the usage limit as soon as there is a workgroup: Ctrl-C may end `up` before the end.

        What fails here is tried again, and reported, when the stack is complete.
        """
        if logical != "Workgroup":
            return
        with suppress(SparkifyError):
            compute = workgroup(self._account, self._account.settings.redshift_workgroup)
            if compute:
                self._early_limit = self._limit(compute, [])

    def _limit(self, compute: dict[str, Any], notes: list[str]) -> str:
        """Set the usage limit; add a note where the service has none."""
        amount = self._account.settings.redshift_usage_limit_rpu_hours
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
        if self._account.settings.redshift_max_capacity or most <= 0:
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
        body = _request(self._account) | {"ClientRequestToken": operation.token}
        self._action = "created"
        try:
            answer = self._account.call("cloudformation", "create_stack", **body)
        except RefusedError as error:
            if error.aws_code == "AlreadyExistsException":
                return None
            raise _request_error(self._account, error) from None
        operation.stack_id = answer["StackId"]
        return self._finished(operation, "be created")

    def _refuse_taken(self) -> None:
        settings = self._account.settings
        for what, name, find_one in (
            ("namespace", settings.redshift_namespace, namespace),
            ("workgroup", settings.redshift_workgroup, workgroup),
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
        operation = Operation.on(self._account, stack)
        begun: list[list[Change]] = []

        def agree(changes: list[Change]) -> str:
            if not (changes or _different(self._account, stack)):
                return ""
            self._refuse_loss(changes)
            begun.append(changes)
            return operation.token

        try:
            _preview(self._account, stack, self._progress, agree)
        except RefusedError as error:
            if _is_no_change(error.said):
                return find(self._account)
            # The reply of an earlier attempt was lost, or another process was faster.
            lost = error.missing or "InvalidChangeSetStatus" in error.aws_code
            if not lost and _AT_WORK not in error.said:
                raise _request_error(self._account, error) from None
            return None
        finally:
            if begun:
                self._changes, self._action = begun[0], "updated"
        return self._finished(operation, "be changed") if begun else stack

    def _refuse_loss(self, changes: list[Change]) -> None:
        lost = next((one.resource for one in changes if one.loses_tables), None)
        if lost and not self._confirmed:
            raise UsageError(
                f"this change replaces {lost}: a new, empty warehouse, and the old one would be"
                " deleted with all its tables; nothing was changed",
                "`sparkify iac plan` shows the change. Add --yes if you mean it.",
            )

    def _finished(self, operation: Operation, what: str) -> Stack:
        stack = operation.wait(self._progress, self._created)
        if stack.state not in _DONE:
            raise operation.failure(stack, what)
        return stack

    def _repair(self, stack: Stack) -> None:
        """Continue a rollback that failed."""
        operation = Operation.on(self._account, stack)
        body = {"StackName": stack.id, "ClientRequestToken": operation.token}
        self._account.call("cloudformation", "continue_update_rollback", **body)
        stack = operation.wait(self._progress)
        if stack.state == "UPDATE_ROLLBACK_FAILED":
            raise operation.failure(stack, "be repaired")

    def _refuse_impossible(self, stack: Stack) -> None:
        """Refuse settings that cannot be changed once the warehouse is there."""
        wanted = self._account.settings.redshift_database
        namespace = self._account.settings.redshift_namespace
        database = stack.parameters.get("DatabaseName", wanted)
        held = stack.parameters.get("NamespaceName", namespace)
        if database != wanted:
            # CloudFormation would report success and change nothing: the handler never sends it.
            raise SettingsError(
                f"the database of namespace {held} is called {database}, and a database"
                f" cannot be renamed to {wanted}",
                f"Set DATABASE in [REDSHIFT] back to {database}; or remove everything, tables too,"
                " with `sparkify iac down`, and build again.",
            )
        if held != namespace and not self._confirmed:
            raise UsageError(
                f"NAMESPACE changes from {held} to {namespace}: that is a new, empty warehouse, and"
                " the old one would be deleted with all its tables; nothing was changed",
                f"Set NAMESPACE in [REDSHIFT] back to {held}, or add --yes if you mean it.",
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
