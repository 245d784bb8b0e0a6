"""What shall be there: the template, and its parameters and tags as the settings have them."""

from __future__ import annotations

import re
from importlib import resources as package_data
from typing import TYPE_CHECKING

from ..util_s3 import parse, policy
from ..util_s3.addresses import SCHEME

if TYPE_CHECKING:
    from ..config import Settings

PROJECT = "sparkify"
TAGS = {"project": PROJECT}
OUTPUTS = ("RoleArn", "WorkBucket", "Workgroup", "Namespace", "Database")
SOURCE_POLICIES = ("LogDataPolicy", "JsonPathsPolicy", "SongDataPolicy")
RESOURCES = (
    "Role",
    "WorkBucketAccess",
    *SOURCE_POLICIES,
    "WorkBucket",
    "Namespace",
    "Workgroup",
)
"""What the template can make; a policy only for a source that is in S3."""
# A role with a name of its own needs the stronger one, which includes the other
# (AWSCloudFormation/latest/APIReference/API_CreateStack.html, Capabilities).
CAPABILITIES = ("CAPABILITY_NAMED_IAM",)


def template() -> str:
    """Read the template, as it is sent."""
    path = package_data.files(__package__.rpartition(".")[0]) / "infrastructure.yaml"
    return path.read_text(encoding="utf-8")


def stack_name(settings: Settings) -> str:
    """Name the stack after the workgroup: `sparkify-WORKGROUP`, unless it begins so itself."""
    workgroup = settings.redshift_workgroup
    own = workgroup == PROJECT or workgroup.startswith(f"{PROJECT}-")
    return workgroup if own else f"{PROJECT}-{workgroup}"


def parameters(settings: Settings) -> dict[str, str]:
    """Give every parameter of the template: one left out of an update would fall to its default.

    (AWSCloudFormation/latest/APIReference/API_Parameter.html)
    """
    given = {
        "NamespaceName": settings.redshift_namespace,
        "WorkgroupName": settings.redshift_workgroup,
        "DatabaseName": settings.redshift_database,
        "BaseCapacity": str(settings.redshift_base_capacity),
        "MaxCapacity": str(settings.redshift_max_capacity),
        "RoleName": settings.iam_role_name,
    }
    sources = {
        "LogData": settings.log_data,
        "JsonPaths": settings.log_jsonpath,
        "SongData": settings.song_data,
    }
    for name, address in sources.items():
        place = parse(address) if address.startswith(SCHEME) else None
        given[f"{name}Bucket"] = place.bucket if place else ""
        given[f"{name}Key"] = policy.key_pattern(place) if place else "*"
    return given


def made(settings: Settings) -> list[str]:
    """Name the resources that the template makes of these settings."""
    given = parameters(settings)
    without = {one for one in SOURCE_POLICIES if not given[f"{one.removesuffix('Policy')}Bucket"]}
    return [one for one in RESOURCES if one not in without]


def declared(settings: Settings) -> list[tuple[str, str]]:
    """Name the resources that the template makes of these settings, each with its type."""
    types = dict(_TYPE.findall(template()))
    return [(name, types[name]) for name in made(settings)]


# The template is read as text: it has tags of CloudFormation's own, which no YAML reader knows.
_TYPE = re.compile(r"^  (\w+):\n    Type: (AWS::\S+)$", re.MULTILINE)


def operator_policy(settings: Settings) -> policy.Document:
    """Give the policy of who runs these commands, and the warehouse: see `policy.operator`."""
    sources = (settings.log_data, settings.log_jsonpath, settings.song_data)
    return policy.operator(
        stack_name(settings), settings.aws_region, sources, role=settings.iam_role_name
    )
