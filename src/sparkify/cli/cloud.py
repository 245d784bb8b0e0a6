"""The commands of the warehouse in the cloud: iac plan, up, status, down, policy."""

from __future__ import annotations

import click

from .. import console
from ..console import cloud as results
from .options import SOURCES, Call, OrderedGroup, command, common_options, confirm

_WHERE = ("aws_region", "redshift_workgroup", "redshift_namespace", "iam_role_name")
_WHAT = (
    *_WHERE,
    "redshift_database",
    "redshift_base_capacity",
    "redshift_max_capacity",
    "redshift_usage_limit_rpu_hours",
    *SOURCES,
    "s3_kms_key",
)


@click.group("iac", cls=OrderedGroup)
def iac() -> None:
    """Look after the warehouse in the cloud.

    A role, a Redshift Serverless namespace and workgroup, and a work bucket, made by
    CloudFormation; `sparkify iac policy` prints what these commands must be allowed to do.
    """


iac.params += common_options()


@command("plan", *_WHAT)
def plan(call: Call) -> None:
    """Show what would change in the cloud.

    And what it can cost. Nothing is changed.
    """
    from .. import iac as cloud

    with console.ProgressBar() as progress:
        found = cloud.plan(call.settings(), progress)
    call.reply(found, results.show_cloud_plan)


@command("up", *_WHAT)
@click.option("--yes", is_flag=True, help="Also do what loses the tables.")
def up(call: Call, yes: bool) -> None:
    """Create or change what the warehouse needs.

    Running it again is harmless: what is there stays, what a failed or interrupted attempt left is
    continued or removed first, what was changed by hand is reverted.
    """
    from .. import iac as cloud

    with console.ProgressBar() as progress:
        built = cloud.up(call.settings(), confirmed=yes, progress=progress)
    call.reply(built, results.show_built)


@command("status", *_WHERE)
def status(call: Call) -> None:
    """Show what exists and what it can cost.

    Also what was changed by hand, and why the newest `up` or `down` failed.
    """
    from .. import iac as cloud

    with console.ProgressBar() as progress:
        found = cloud.status(call.settings(), progress)
    call.reply(found, results.show_cloud_status)


@command("down", *_WHERE)
@click.option("--yes", is_flag=True, help="Do not ask before destroying.")
@click.option("--keep-snapshot", is_flag=True, help="Keep a snapshot of the tables, which costs.")
def down(call: Call, yes: bool, keep_snapshot: bool) -> None:
    """Destroy everything and prove that nothing is left.

    Nothing that the stack did not make is touched, and no load is cut off.
    """
    from .. import iac as cloud

    settings = call.settings()
    with console.ProgressBar() as progress:
        if not yes:
            found = cloud.status(settings, progress, by_hand=False)
            progress.finish()
            if found.state is not None:
                doomed = results.show_doomed(found, keep_snapshot)
                confirm("Type yes to destroy all of this: ", piped=True, doomed=doomed)
        removed = cloud.down(settings, keep_snapshot=keep_snapshot, progress=progress)
    call.reply(removed, results.show_removed)


@command("policy", *_WHERE, *SOURCES, "s3_kms_key")
def policy(call: Call) -> None:
    """Print the IAM policy that suffices for all of this.

    An administrator can give it, instead of AdministratorAccess, to who runs these commands.
    """
    from .. import iac as cloud

    console.json_out(cloud.operator_policy(call.settings()))


for _command in (plan, up, status, down, policy):
    iac.add_command(_command)
