"""CloudFormation's resource types as real handlers make them, where moto's leave things out.

Each class here stands in the place of moto's, or the stand-in's own, of the same type.
"""

from __future__ import annotations

import json
from typing import Any

from moto.core.common_models import CloudFormationModel
from moto.core.exceptions import ServiceException
from moto.iam.models import Role, iam_backends
from moto.s3.models import FakeBucket, s3_backends
from moto.utilities.utils import get_partition

from . import stacks

Properties = dict[str, Any]

REPLACED_BY: dict[str, tuple[str, ...]] = {
    "AWS::RedshiftServerless::Namespace": ("NamespaceName",),
    "AWS::RedshiftServerless::Workgroup": ("WorkgroupName", "NamespaceName"),
    "AWS::IAM::Role": ("RoleName", "Path"),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::S3::BucketPolicy": ("Bucket",),
}
"""The properties whose change makes a new resource (the types' schemas, createOnlyProperties)."""

TAGGED = {
    "AWS::RedshiftServerless::Namespace": True,
    "AWS::RedshiftServerless::Workgroup": True,
    "AWS::S3::Bucket": True,
    "AWS::IAM::Role": False,
}
"""The types that take the stack's tags; True: and aws:cloudformation:* too, which a role cannot."""


class BucketNotEmpty(ServiceException):
    code = "BucketNotEmpty"
    message = "The bucket you tried to delete is not empty"


class Namespace(stacks.Namespace):
    """Its deletion sends FinalSnapshotName, and a changed DbName is never sent, as on AWS."""

    def create(self) -> None:
        fields = self.taken(
            dbName="DbName",
            iamRoles="IamRoles",
            defaultIamRoleArn="DefaultIamRoleArn",
            adminUsername="AdminUsername",
            adminUserPassword="AdminUserPassword",
            manageAdminPassword="ManageAdminPassword",
            logExports="LogExports",
        )
        self.ask("CreateNamespace", namespaceName=self.name, **fields)

    def update(self) -> None:
        super().update()
        _tag(self, "namespace")

    def delete(self, account_id: str, region_name: str) -> None:
        fields = self.taken(
            finalSnapshotName="FinalSnapshotName",
            finalSnapshotRetentionPeriod="FinalSnapshotRetentionPeriod",
        )
        del fields["tags"]
        _gone(self, "Namespace", **fields)


class Workgroup(stacks.Workgroup):
    """Its creation and its changes last until it is AVAILABLE."""

    def taken(self, **fields: str) -> dict[str, Any]:
        """CloudFormation makes of a text what the type's schema wants: "8" is a number there."""
        found = super().taken(**fields)
        for name, value in found.items():
            if isinstance(value, str) and name.endswith("Capacity"):
                found[name] = int(value)
            elif isinstance(value, str) and value in ("true", "false"):
                found[name] = value == "true"
        return found

    def create(self) -> None:
        # The handler waits for the namespace first, which may be at work on its roles.
        self.settle("GetNamespace", namespaceName=str(self.properties.get("NamespaceName")))
        super().create()
        self.settle("GetWorkgroup", workgroupName=self.name)

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        found = self.ask("GetWorkgroup", workgroupName=self.name)["workgroup"]
        for part in attribute_name.removeprefix("Workgroup.").split("."):
            found = found[part[0].lower() + part[1:]]
        return found

    def update(self) -> None:
        super().update()
        self.settle("GetWorkgroup", workgroupName=self.name)
        _tag(self, "workgroup")

    def delete(self, account_id: str, region_name: str) -> None:
        _gone(self, "Workgroup")


def _gone(made: Any, what: str, **fields: Any) -> None:
    """Delete a thing and wait until it is gone; one that is gone already is no error."""
    name = {f"{what.lower()}Name": made.name}
    try:
        made.settle(f"Get{what}", **name)
        made.ask(f"Delete{what}", **name, **fields)
    except stacks.ServiceError as error:
        if error.code != "ResourceNotFoundException":
            raise
    made.settle(f"Get{what}", **name)


def _tag(made: Any, what: str) -> None:
    """Make the tags those of the properties."""
    found = made.ask(f"Get{what.capitalize()}", **{f"{what}Name": made.name})[what]
    arn = found[f"{what}Arn"]
    wanted = made.taken()["tags"]
    keys = {one["key"] for one in wanted}
    there = made.ask("ListTagsForResource", resourceArn=arn)["tags"]
    made.ask("TagResource", resourceArn=arn, tags=wanted)
    old = [one["key"] for one in there if one["key"] not in keys]
    made.ask("UntagResource", resourceArn=arn, tagKeys=old)


class StackRole(Role):
    """Moto keeps its inline policies as objects, which get_role_policy then cannot give.

    It ignores ManagedPolicyArns, and an update changes its description only.
    """

    @classmethod
    def create_from_cloudformation_json(  # type: ignore[override]
        cls,
        resource_name: str,
        cloudformation_json: Properties,
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> Role:
        properties = cloudformation_json["Properties"]
        backend = iam_backends[account_id][get_partition(region_name)]
        role = backend.create_role(
            role_name=properties.get("RoleName", _short(resource_name)),
            assume_role_policy_document=_text(properties["AssumeRolePolicyDocument"]),
            path=properties.get("Path", "/"),
            permissions_boundary=properties.get("PermissionsBoundary", ""),
            description=properties.get("Description", ""),
            tags=list(properties.get("Tags", [])),
            max_session_duration=properties.get("MaxSessionDuration", 3600),
        )
        _policies(backend, role, properties, {})
        return role

    @classmethod
    def update_from_cloudformation_json(  # type: ignore[override]
        cls,
        original_resource: Role,
        new_resource_name: str,
        cloudformation_json: Properties,
        account_id: str,
        region_name: str,
        before: Properties | None = None,
    ) -> Role:
        properties = cloudformation_json["Properties"]
        backend = iam_backends[account_id][get_partition(region_name)]
        role = original_resource
        backend.update_assume_role_policy(role.name, _text(properties["AssumeRolePolicyDocument"]))
        role.description = properties.get("Description", "")
        role.max_session_duration = properties.get("MaxSessionDuration", 3600)
        role.tags = list(properties.get("Tags", []))
        _policies(backend, role, properties, before or {})
        return role

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Properties,
        account_id: str,
        region_name: str,
    ) -> None:
        backend = iam_backends[account_id][get_partition(region_name)]
        role = backend.get_role(resource_name)
        # CloudFormation takes away what the template gave it; what others added is in the way:
        # "Cannot delete entity, must detach all policies first."
        _policies(backend, role, {}, cloudformation_json["Properties"])
        backend.delete_role(resource_name)


def _policies(backend: Any, role: Role, wanted: Properties, before: Properties) -> None:
    """Give a role the policies of its properties, instead of those that it had from them."""
    for one in before.get("Policies", []):
        role.policies.pop(one["PolicyName"], None)
    for arn in before.get("ManagedPolicyArns", []):
        if arn in role.managed_policies:
            backend.detach_role_policy(arn, role.name)
    for one in wanted.get("Policies", []):
        backend.put_role_policy(role.name, one["PolicyName"], _text(one["PolicyDocument"]))
    for arn in wanted.get("ManagedPolicyArns", []):
        backend.attach_role_policy(arn, role.name)


def _short(name: str) -> str:
    """Keep a generated name within IAM's 64 characters: the stack's name is cut, as on AWS."""
    rest = "-".join(name.rsplit("-", 2)[1:])
    return name if len(name) <= 64 else f"{name.rsplit('-', 2)[0][: 63 - len(rest)]}-{rest}"


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document, default=str)


class StackBucket(FakeBucket):
    """Moto takes only the encryption and the tags, and does not refuse to delete a full bucket."""

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Properties,
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> FakeBucket:
        made = super().create_from_cloudformation_json(
            resource_name, cloudformation_json, account_id, region_name, **kwargs
        )
        _configure(made, cloudformation_json["Properties"], account_id, region_name)
        return made

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Properties,
        account_id: str,
        region_name: str,
    ) -> FakeBucket:
        properties = cloudformation_json["Properties"] | {"BucketName": original_resource.name}
        made = super().update_from_cloudformation_json(
            original_resource,
            new_resource_name,
            cloudformation_json | {"Properties": properties},
            account_id,
            region_name,
        )
        _configure(made, properties, account_id, region_name)
        return made

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Properties,
        account_id: str,
        region_name: str,
    ) -> None:
        backend = s3_backends[account_id][get_partition(region_name)]
        if resource_name not in backend.buckets:  # gone already: no error on AWS either
            return
        if backend.delete_bucket(resource_name) is None:
            raise BucketNotEmpty


def _configure(bucket: FakeBucket, properties: Properties, account: str, region: str) -> None:
    backend = s3_backends[account][get_partition(region)]
    if blocked := properties.get("PublicAccessBlockConfiguration"):
        words = {key: json.dumps(value).strip('"').lower() for key, value in blocked.items()}
        backend.put_public_access_block(bucket.name, words)
    if owned := properties.get("OwnershipControls"):
        (rule,) = owned["Rules"]
        backend.put_bucket_ownership_controls(bucket.name, rule["ObjectOwnership"])
    if versions := properties.get("VersioningConfiguration"):
        backend.put_bucket_versioning(bucket.name, versions["Status"])
    if rules := properties.get("LifecycleConfiguration"):
        backend.put_bucket_lifecycle_configuration(
            bucket.name, [_rule(one) for one in rules["Rules"]]
        )
    else:
        backend.delete_bucket_lifecycle(bucket.name)


def _rule(one: Properties) -> Properties:
    """Turn a rule as templates have it into one as the API has it."""
    if unknown := one.keys() - {
        *("Id", "Status", "Prefix", "ExpirationInDays", "NoncurrentVersionExpiration"),
        *("AbortIncompleteMultipartUpload", "ExpiredObjectDeleteMarker"),
    }:
        raise NotImplementedError(f"the stand-in does not know {sorted(unknown)} of a rule")
    rule: Properties = {"ID": one.get("Id"), "Status": one["Status"]}
    rule["Filter"] = {"Prefix": one.get("Prefix", "")}
    if "ExpirationInDays" in one:
        rule["Expiration"] = {"Days": one["ExpirationInDays"]}
    if one.get("ExpiredObjectDeleteMarker"):
        rule["Expiration"] = {"ExpiredObjectDeleteMarker": "true"}
    for field in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if field in one:
            rule[field] = one[field]
    return rule


OWN: dict[str, type[CloudFormationModel]] = {
    "AWS::RedshiftServerless::Namespace": Namespace,
    "AWS::RedshiftServerless::Workgroup": Workgroup,
    "AWS::IAM::Role": StackRole,
    "AWS::S3::Bucket": StackBucket,
}
