"""Results of the `iac` commands for people: plan, up, status, down."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from . import stream, tables

if TYPE_CHECKING:
    from ..iac import Built, Plan, Removed, Status
    from ..iac.status import Cost

_SIGNS = {"Add": "+", "Modify": "~", "Remove": "-"}


def show_cloud_plan(plan: Plan) -> None:
    """Show what `up` would do, and what the result can cost."""
    place = f"stack {plan.stack} in {plan.region}"
    if plan.nothing:
        stream.say(f"Nothing to change: {place} is {plan.state}, as the settings want it.")
    else:
        fate = f"({plan.state}) would change" if plan.state else "does not exist and would be made"
        stream.say(f"The {place} {fate}:")
    for one in plan.changes:
        line = f"{_SIGNS.get(one.action, '?')} {one.action:<7} {one.resource:<17} {one.type}"
        what = {"True": "REPLACED", "Conditional": "MAYBE REPLACED"}.get(one.replacement, "")
        what = "DELETED" if one.action == "Remove" else what or one.drift
        text = stream.clean(f"{line.rstrip()}  {what}".rstrip())
        stream.out(stream.styled(text, "red", sys.stdout) if one.replaces else text)
    for name, (now, then) in plan.parameters.items():
        stream.out(stream.clean(f"~ {name}: {now or '(none)'} -> {then or '(none)'}"))
    now_limit, then_limit = plan.usage_limit
    if now_limit != then_limit:
        stream.out(f"~ usage limit: {_limit(now_limit)} -> {_limit(then_limit)}")
    if plan.loses_data:
        stream.say(
            "The namespace would be REPLACED: a new, empty warehouse; ALL TABLES WOULD BE LOST."
            " `up` does that only with --yes.",
            "red",
        )
    for note in plan.notes:
        stream.say(f"Note: {note}", "yellow")
    _say_cost(plan.cost)
    if not plan.nothing:
        stream.say("Next: `sparkify iac up` does this; nothing has been changed yet.")


def show_built(built: Built) -> None:
    """Show what `up` made, what it can cost, and what comes next."""
    for state in built.cleared:
        stream.say(f"What was left of an attempt that failed ({state}) was removed first.")
    place = f"stack {built.stack} in {built.resources.region}"
    done = {"created": "made", "updated": "brought up to date"}.get(built.action)
    if done:
        stream.say(f"The {place} was {done} in {built.seconds:.0f} s:")
    else:
        stream.say(f"Nothing to change: the {place} is as the settings want it:")
    for one in built.changes:
        if one.drift:
            stream.say(f"Put right: {one.resource}, {one.drift}.", "yellow")
    found = built.resources
    _pairs(
        ("workgroup", found.workgroup),
        ("namespace", found.namespace),
        ("database", found.database),
        ("role", found.role_arn),
        ("work bucket", f"s3://{found.work_bucket}"),
        ("usage limit", _limit(built.cost.limit_rpu_hours_a_day or 0)),
    )
    _say_cost(built.cost)
    for note in built.notes:
        stream.say(f"Note: {note}", "yellow")
    if built.engine != "redshift":
        stream.say("Note: set ENGINE = redshift in [WAREHOUSE], or commands use DuckDB.", "yellow")
    stream.say("Next: `sparkify create-tables` creates the tables; `sparkify etl` loads.")


def show_cloud_status(status: Status) -> None:
    """Show what exists and what it can cost."""
    place = f"stack {status.stack} in {status.region}"
    if status.nothing:
        stream.say(f"Nothing exists and nothing costs: there is no {place}.")
        stream.say("Next: `sparkify iac plan` shows what `sparkify iac up` would make.")
        return
    _pairs(*_parts(status))
    for note in status.notes:
        stream.say(f"Note: {note}", "yellow")
    if status.cost:
        _say_cost(status.cost)


def show_removed(removed: Removed) -> None:
    """Show what `down` did, and the proof that nothing is left."""
    place = f"stack {removed.stack} in {removed.region}"
    if removed.state is None:
        stream.say(f"There was nothing to remove: no {place}.")
    else:
        emptied = f", {removed.objects:,} objects with it" if removed.objects else ""
        stream.say(f"The {place} was removed{emptied}, in {removed.seconds:.0f} s.")
    if removed.snapshot:
        stream.say(
            f"Snapshot {removed.snapshot} was kept; it costs about 0.024 dollars per GB a month"
            " until you delete it: `aws redshift-serverless delete-snapshot --snapshot-name"
            f" {removed.snapshot}`.",
            "yellow",
        )
    for one in removed.proof:
        said = {True: "gone", False: "STILL THERE", None: "unknown"}[one.gone]
        text = stream.clean(f"{one.kind:<10} {one.name}: {one.note or said}")
        stream.out(text if one.gone else stream.styled(text, "yellow", sys.stdout))
    if all(one.gone or not one.ours for one in removed.proof):
        stream.say("Nothing is left that this warehouse made; nothing is billed any more.")


def show_doomed(status: Status, keep_snapshot: bool) -> list[str]:
    """Show what a removal would destroy, and return its lines."""
    lines = [f"{name}: {value}" for name, value in _parts(status) if name != "usage limit"]
    stream.say("This destroys, for good:")
    for line in lines:
        stream.say(f"  {line}")
    stream.say(
        "A snapshot of the tables is kept, at about 0.024 dollars per GB a month."
        if keep_snapshot
        else "The tables are lost with it; --keep-snapshot would keep a snapshot of them."
    )
    return lines


def _parts(status: Status) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if status.state:
        since = tables.cell(status.since.replace(microsecond=0)) if status.since else "unknown"
        found.append(("stack", f"{status.stack} in {status.region}, {status.state}, since {since}"))
    if one := status.workgroup:
        most = f"{one.most}" if one.most else "any number of"
        found.append(("workgroup", f"{one.name}, {one.state}, {one.base} to {most} RPUs"))
        found.append(("usage limit", _limit(one.limit or 0)))
    if two := status.namespace:
        found.append(("namespace", f"{two.name}, {two.state}, database {two.database}"))
    if three := status.bucket:
        held = "not listed"
        if three.objects is not None:
            held = f"{three.objects:,} objects, {three.bytes or 0:,} bytes"
        if three.exports:
            held += f", of which {three.exports:,} are exports (s3://{three.name}/exports/)"
        found.append(("work bucket", f"s3://{three.name}, {held}"))
    if status.role:
        found.append(("role", status.role))
    return found


def _pairs(*pairs: tuple[str, str]) -> None:
    for name, value in pairs:
        stream.out(stream.clean(f"{name:<12} {value}"))


def _say_cost(cost: Cost) -> None:
    """Show what can be spent, in dollars."""
    hour = f"a busy hour {cost.busy_hour_at_base:.2f} dollars at {cost.base_rpus} RPUs"
    if cost.busy_hour_at_most is None:
        hour += ", and WITHOUT LIMIT above that: MAX_CAPACITY is not set"
    else:
        hour += f", {cost.busy_hour_at_most:.2f} at most, at {cost.max_rpus} RPUs"
    day = "WITHOUT LIMIT: USAGE_LIMIT_RPU_HOURS is not set"
    if cost.day_at_most is not None:
        day = f"{cost.day_at_most:.2f} at most"
    stream.say(f"Cost: nothing while idle, but for storage; {hour}; a day {day}.")
    stream.say(
        f"      ({cost.dollars_per_rpu_hour} dollars per RPU-hour and"
        f" {cost.dollars_per_gb_month} per GB and month, in us-east-1; other Regions differ)"
    )


def _limit(rpu_hours: int) -> str:
    return f"{rpu_hours:,} RPU-hours a day" if rpu_hours else "none"
