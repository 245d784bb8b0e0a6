"""`down`: remove everything that `up` made, and prove that nothing is left."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .. import boto3_sql_util, sql_queries
from ..errors import BusyError, SourceError, SparkifyError, WarehouseError
from ..progress import Progress, silent
from ..util_s3 import S3
from .errors import RefusedError, interruption_explained
from .stack import Account, Operation, Stack, backoff, find, physical_names, refuse_foreign
from .status import SERVICE, namespace, remove_usage_limit, role, workgroup
from .template import PROJECT, stack_name

if TYPE_CHECKING:
    from ..config import Settings

_ATTEMPTS = 3
_LOADS = "sparkify: lock_ledger by "
"""How the batch of a load is called (StatementName); who runs it follows."""
_WHOLE = ("AVAILABLE", "CREATING")
_SNAPSHOT_SECONDS = 4 * 3600.0
_GONE_SECONDS = 600.0


@dataclass(frozen=True)
class Proof:
    """One thing that was looked for after all was removed. gone: None when AWS did not answer.

    ours: whether the stack had made it.
    """

    kind: str
    name: str
    gone: bool | None
    ours: bool
    note: str = ""


@dataclass(frozen=True)
class Removed:
    """What `down` did. state: of the stack before, None when there was none.

    objects: how many were in the work bucket. snapshot: its name, where one was wanted.
    """

    stack: str
    region: str
    state: str | None
    objects: int
    snapshot: str | None
    proof: list[Proof]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Return the report in JSON values."""
        left = [one for one in self.proof if one.ours and one.gone is not True]
        return asdict(self) | {"seconds": round(self.seconds, 3), "nothing_left": not left}


@interruption_explained()
def down(
    settings: Settings, *, keep_snapshot: bool = False, progress: Progress = silent
) -> Removed:
    """Remove the stack with everything in it; nothing else is touched.

    keep_snapshot: make a snapshot of the namespace first, which stays, and costs.
    It also ends what a failed or interrupted `up` or `down` left, and repeating it is harmless.
    Raises SettingsError (credentials, a foreign stack), WarehouseError (what AWS could not
    remove, and why), BusyError, InterruptedWorkError (Ctrl-C).
    """
    began = time.monotonic()
    account = Account(settings)
    progress("looking at what is there", 0, None, "")
    stack = find(account)
    names, snapshot, objects = dict[str, str](), None, 0
    if stack:
        refuse_foreign(account, stack)
        if stack.in_progress and stack.state != "CREATE_IN_PROGRESS":  # only that can be stopped
            end = Operation.on(account, stack, begun=True).wait(progress)
            stack = None if end.deleted else end
    before = stack.state if stack else None
    if stack:
        names = physical_names(account, stack)
        found = workgroup(account, names["Workgroup"]) if "Workgroup" in names else None
        if found:
            _refuse_load(account, found)
        if keep_snapshot:
            snapshot = _snapshot(account, names, found, progress)
        if found and found.get("status") != "DELETING":
            with suppress(WarehouseError):  # it goes with the workgroup anyway
                remove_usage_limit(account, found)
        try:
            objects, names = clear(account, stack, progress)
        except SparkifyError as error:
            if snapshot:
                error.next_step += f" Snapshot {snapshot} was kept; it is not made twice."
                error.details["snapshot"] = snapshot
            raise
    proof = _prove(account, names, progress)
    removed = Removed(
        stack=stack_name(account.settings),
        region=account.region,
        state=before,
        objects=objects,
        snapshot=snapshot,
        proof=proof,
        seconds=time.monotonic() - began,
    )
    left = [f"{one.kind} {one.name}" for one in proof if one.ours and one.gone is False]
    if left:
        raise WarehouseError(
            f"not everything is gone: {', '.join(left)}",
            "Run `sparkify iac down` again; what stays then, remove in the AWS console.",
            **removed.as_json(),
        )
    return removed


def _refuse_load(account: Account, compute: dict[str, Any]) -> None:
    """Raise BusyError while a load runs, as far as these credentials may see."""
    name = compute["workgroupName"]
    asked = {"Status": "STARTED", "WorkgroupName": name, "StatementName": _LOADS}
    try:
        found = account.call("redshift-data", "list_statements", **asked)["Statements"]
    except SparkifyError:  # down does not depend on it
        return
    for one in found:
        raise BusyError(
            f"a load runs in workgroup {name}, by {one['StatementName'].removeprefix(_LOADS)}"
            f" since {one['CreatedAt'].astimezone(UTC):%H:%M:%S} UTC; nothing was removed",
            f"Wait for its end, or stop it: `aws redshift-data cancel-statement --id {one['Id']}"
            f" --region {account.region}`.",
            statement_id=one["Id"],
        )


def _snapshot_name(
    account: Account, held: dict[str, Any], compute: dict[str, Any] | None, progress: Progress
) -> str:
    """Return the name of the snapshot of what is loaded: the same as long as nothing is loaded."""
    prefix = f"{PROJECT}-{held['namespaceName']}-"
    if compute:
        progress("asking what is loaded", 0, None, "")
        if newest := _newest_load(account):
            run, finished = newest
            return f"{prefix}run-{run}-{finished:%Y%m%d-%H%M%S}"
    else:  # an earlier `down` removed the workgroup, and nothing was loaded since
        made = {
            one["snapshotCreateTime"]: one["snapshotName"]
            for one in account.pages(
                SERVICE, "list_snapshots", "snapshots", namespaceName=held["namespaceName"]
            )
            if one["snapshotName"].startswith(prefix)
            and one.get("namespaceArn") == held["namespaceArn"]
            and one["status"] in _WHOLE
        }
        if made:
            return str(made[max(made)])
    return f"{prefix}{datetime.now(UTC):%Y%m%d-%H%M%S}"


def _newest_load(account: Account) -> tuple[int, datetime] | None:
    """Return number and end of the newest run; None when there is none or it cannot be asked."""
    sql = sql_queries.folder("redshift")["newest_load"].sql
    try:
        connection = boto3_sql_util.connect(account.settings)
        [(run, finished)] = boto3_sql_util.fetch(
            connection, boto3_sql_util.execute(connection, sql)
        ).rows
    except SparkifyError:
        return None
    return (int(run), finished) if run else None


def _snapshot(
    account: Account, names: dict[str, str], compute: dict[str, Any] | None, progress: Progress
) -> str | None:
    """Make a snapshot and wait until it is complete; return None when there is nothing to keep.

    One that an earlier `down`, which failed, made of the same data is kept instead.
    compute: the workgroup, None where it is gone.
    """
    name = names.get("Namespace")
    held = namespace(account, name) if name else None
    if not held:
        return None
    snapshot = _snapshot_name(account, held, compute, progress)
    try:
        there = account.look(SERVICE, "get_snapshot", snapshotName=snapshot)
        if there is None or there["snapshot"]["status"] not in _WHOLE:
            snapshot += f"-{datetime.now(UTC):%H%M%S}" if there else ""
            account.call(SERVICE, "create_snapshot", namespaceName=name, snapshotName=snapshot)
        pauses = backoff(_SNAPSHOT_SECONDS)
        while True:
            answer = account.call(SERVICE, "get_snapshot", snapshotName=snapshot)
            state = answer["snapshot"].get("status", "")
            if state == "AVAILABLE":
                return snapshot
            progress(f"keeping a snapshot ({state.lower()})", 0, None, "")
            if state not in ("CREATING", "") or not pauses.wait():
                said = f"snapshot {snapshot} is {state}"
                break
    except RefusedError as error:
        said = error.said
    raise WarehouseError(
        f"no snapshot of namespace {name} could be made: {said}; nothing was removed",
        "Run the command again, or without --keep-snapshot if the tables may be lost.",
    )


# Removing a stack


def clear(account: Account, stack: Stack, progress: Progress) -> tuple[int, dict[str, str]]:
    """Delete a stack and everything in it.

    The bucket is emptied first, and again where another process wrote to it meanwhile.
    Returns how many objects were in it, and the names of the resources.
    Raises WarehouseError with the cause when CloudFormation cannot.
    """
    objects, names = 0, dict[str, str]()
    for attempt in range(1, _ATTEMPTS + 1):
        operation = Operation.on(account, stack)
        names |= physical_names(account, stack)
        objects += _empty_bucket(account, names, progress)
        _delete(account, stack, operation)
        end = operation.wait(progress)
        if stack.state == "CREATE_IN_PROGRESS":  # some had no names when they were listed
            names |= operation.names()
        if end.deleted:
            break
        if attempt == _ATTEMPTS or end.state != "DELETE_FAILED":
            raise operation.failure(end, "be removed")
        stack = find(account, stack.id) or end
    return objects, names


def _empty_bucket(account: Account, names: dict[str, str], progress: Progress) -> int:
    """Delete what is in the work bucket; return how many objects and versions that were."""
    bucket = names.get("WorkBucket")
    if not bucket:
        return 0
    progress(f"emptying {bucket}", 0, None, "")
    try:
        return S3(account.settings, account.region).delete_all(f"s3://{bucket}")
    except SourceError as error:
        if error.details.get("missing") == "bucket":
            return 0
        raise


def _delete(account: Account, stack: Stack, operation: Operation) -> None:
    token = operation.token
    try:
        account.call("cloudformation", "delete_stack", StackName=stack.id, ClientRequestToken=token)
    except RefusedError as error:
        if stack.protected or "termination" in error.said.lower():
            raise WarehouseError(
                f"the stack {stack.name} is protected against being removed",
                "Take the protection away: `aws cloudformation update-termination-protection"
                f" --no-enable-termination-protection --stack-name {stack.name} --region"
                f" {account.region}`; then run the command again.",
            ) from None
        left = find(account, stack.id)
        if left is None or left.deleted:  # what counts is that it is gone, and the proof follows
            return
        raise WarehouseError(
            f"CloudFormation refuses to remove the stack {stack.name}: {error.said}",
            "Run the command again when nothing else changes the stack.",
        ) from None


# The proof


def _prove(account: Account, names: dict[str, str], progress: Progress) -> list[Proof]:
    """Look for each thing once more."""
    progress("proving that nothing is left", 0, None, "")
    settings = account.settings
    wanted = {
        "workgroup": ("Workgroup", settings.redshift_workgroup),
        "namespace": ("Namespace", settings.redshift_namespace),
        "role": ("Role", settings.iam_role_name),
        "bucket": ("WorkBucket", ""),
    }
    proof = [_proof(account, "stack", stack_name(settings), ours=True)]
    for kind, (logical, otherwise) in wanted.items():
        if name := names.get(logical, otherwise):
            proof.append(_proof(account, kind, name, ours=logical in names))
    return proof


def _proof(account: Account, kind: str, name: str, *, ours: bool) -> Proof:
    try:
        pauses = backoff(_GONE_SECONDS)
        while (state := _state(account, kind, name)) == "DELETING" and pauses.wait():
            pass
    except RefusedError:
        raise
    except SparkifyError as error:
        return Proof(kind, name, None, ours, f"could not be checked: {error.reason}")
    if state is None:
        return Proof(kind, name, True, ours)
    note = "" if ours else "exists, and was not made by this stack: not touched"
    return Proof(kind, name, False, ours, note)


def _state(account: Account, kind: str, name: str) -> str | None:
    """Return the state of one thing; None when there is no such thing."""
    if kind == "stack":
        stack = find(account, name)
        return stack.state if stack and not stack.deleted else None
    if kind == "bucket":
        found = account.look("s3", "head_bucket", Bucket=name)
    else:
        found = {"workgroup": workgroup, "namespace": namespace, "role": role}[kind](account, name)
    return None if found is None else str(found.get("status", "there"))
