"""`down`: remove everything that `up` made, and prove that nothing is left."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..errors import SparkifyError, WarehouseError
from ..progress import Progress, silent
from . import limits
from .account import Account, refusals_told, text_of
from .clearing import clear
from .declaration import PROJECT, stack_name
from .failures import tidy
from .operation import Operation, interruption_explained
from .serverless import SERVICE, namespace, workgroup
from .stack import Stack, find, physical_names, refuse_foreign
from .waiting import Pauses

if TYPE_CHECKING:
    from ..config import Settings

_SNAPSHOT_SECONDS = 4 * 3600.0
_GONE_SECONDS = 600.0


@dataclass(frozen=True)
class Proof:
    """One thing that was looked for after all was removed. gone: None when it could not be asked.

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
        """Show the report in JSON values."""
        left = [one for one in self.proof if one.ours and one.gone is not True]
        return asdict(self) | {"seconds": round(self.seconds, 3), "nothing_left": not left}


def down(
    settings: Settings, *, keep_snapshot: bool = False, progress: Progress = silent
) -> Removed:
    """Remove the stack with everything in it; nothing else is touched.

    keep_snapshot: make a snapshot of the namespace first, which stays, and costs.
    It also ends what a failed or interrupted `up` or `down` left, and doing it again is harmless.
    Raises SettingsError (credentials, a foreign stack), WarehouseError (what AWS could not
    remove, and why), BusyError, InterruptedWorkError (Ctrl-C).
    """
    with interruption_explained(), refusals_told(settings):
        return _down(Account(settings), keep_snapshot, progress)


def _down(account: Account, keep_snapshot: bool, progress: Progress) -> Removed:
    began = time.monotonic()
    progress("looking at what is there", 0, None, "")
    stack = find(account)
    names: dict[str, str] = {}
    snapshot = None
    objects = 0
    if stack:
        refuse_foreign(account, stack)
        stack = _settled(account, stack, progress)
    before = stack.state if stack else None
    if stack and not stack.deleted:
        names = physical_names(account, stack)
        if keep_snapshot:
            snapshot = _snapshot(account, names, progress)
        _remove_limit(account, names)
        cleared = clear(account, stack, progress)
        objects, names = cleared.objects, cleared.names
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
    left = [one for one in proof if one.ours and one.gone is False]
    if left:
        raise WarehouseError(
            "not everything is gone: " + ", ".join(f"{one.kind} {one.name}" for one in left),
            "Run `python3 iac.py down` again; what stays then, remove in the AWS console.",
            **removed.as_json(),
        )
    return removed


def _settled(account: Account, stack: Stack, progress: Progress) -> Stack | None:
    """Wait for what cannot be stopped: all but a creation."""
    if not stack.in_progress or stack.state == "CREATE_IN_PROGRESS":
        return stack
    end = Operation.under_way(account, stack).wait(progress)
    return None if end.deleted else end


def _remove_limit(account: Account, names: dict[str, str]) -> None:
    from botocore.exceptions import ClientError

    found = workgroup(account, names["Workgroup"]) if "Workgroup" in names else None
    if found and found.get("status") != "DELETING":
        with suppress(ClientError, WarehouseError):  # it goes with the workgroup anyway
            limits.remove(account, found)


def _snapshot(account: Account, names: dict[str, str], progress: Progress) -> str | None:
    """Make a snapshot and wait until it is whole; None when there is nothing to keep.

    Its name holds the time, so that one of an earlier day is not in its way.
    """
    from botocore.exceptions import ClientError

    name = names.get("Namespace")
    if not name or not namespace(account, name):
        return None
    snapshot = f"{PROJECT}-{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    try:
        account.call(SERVICE, "create_snapshot", namespaceName=name, snapshotName=snapshot)
        pauses = Pauses(_SNAPSHOT_SECONDS)
        while True:
            answer = account.call(SERVICE, "get_snapshot", snapshotName=snapshot)
            state = answer["snapshot"].get("status", "")
            if state == "AVAILABLE":
                return snapshot
            progress(f"keeping a snapshot ({state.lower()})", 0, None, "")
            if state not in ("CREATING", "") or not pauses.wait():
                raise _no_snapshot(name, f"snapshot {snapshot} is {state}")
    except ClientError as error:
        raise _no_snapshot(name, tidy(text_of(error))) from None


def _no_snapshot(name: str, said: str) -> WarehouseError:
    return WarehouseError(
        f"no snapshot of namespace {name} could be made: {said}; nothing was removed",
        "Run the command again, or without --keep-snapshot if the tables may be lost.",
    )


def _prove(account: Account, names: dict[str, str], progress: Progress) -> list[Proof]:
    """Ask for each thing once more."""
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
        pauses = Pauses(_GONE_SECONDS)
        while (state := _state(account, kind, name)) == "DELETING" and pauses.wait():
            pass
    except SparkifyError as error:
        return Proof(kind, name, None, ours, f"could not be asked for: {error.reason}")
    if state is None:
        return Proof(kind, name, True, ours)
    note = "" if ours else "is there, and was not made by this stack: not touched"
    return Proof(kind, name, False, ours, note)


def _state(account: Account, kind: str, name: str) -> str | None:
    """Ask for one thing: its state, or None when there is no such thing."""
    if kind == "stack":
        stack = find(account, name)
        return stack.state if stack and not stack.deleted else None
    if kind in ("workgroup", "namespace"):
        found = (workgroup if kind == "workgroup" else namespace)(account, name)
        return str(found.get("status", "there")) if found else None
    service, operation, key = {
        "role": ("iam", "get_role", "RoleName"),
        "bucket": ("s3", "head_bucket", "Bucket"),
    }[kind]
    answer = account.look(service, operation, **{key: name})
    return "there" if answer is not None else None
