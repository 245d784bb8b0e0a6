"""CloudFormation's resource types that moto lacks, made by the services beside it."""

from __future__ import annotations

import json
from typing import Any, Self

from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from .serverless import ServerlessService, ServiceError

_Properties = dict[str, Any]


def register() -> None:
    """Let moto find the types below: it remembers those that it knew first."""
    parsing.get_model_list.cache_clear()
    parsing.get_model_map.cache_clear()
    parsing.get_name_type_map.cache_clear()


class _Made:
    """Something that a stack made. name: by which Ref gives it."""

    def __init__(self, name: str, account: str, region: str, properties: _Properties) -> None:
        self.name = name
        self.account = account
        self.region = region
        self.properties = properties

    @property
    def physical_resource_id(self) -> str:
        return self.name

    def is_created(self) -> bool:
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> Self:
        properties = cloudformation_json["Properties"]
        made = cls(resource_name, account_id, region_name, properties)
        made.create()
        return made

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Self,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> Self:
        properties = cloudformation_json["Properties"]
        wanted = cls(new_resource_name, account_id, region_name, properties)
        if any(
            original_resource.properties.get(one) != properties.get(one) for one in cls.replaced_by
        ):
            wanted.create()
            original_resource.delete(account_id, region_name)
            return wanted
        wanted.name = original_resource.name
        wanted.update()
        return wanted

    replaced_by: tuple[str, ...] = ()

    def create(self) -> None:
        raise NotImplementedError

    def update(self) -> None:
        raise NotImplementedError

    def delete(self, account_id: str, region_name: str) -> None:
        raise NotImplementedError


class _Serverless(_Made):
    """A resource of Redshift Serverless."""

    def ask(self, operation: str, **payload: Any) -> dict[str, Any]:
        return ServerlessService.newest.handle(operation, payload, self.region, self.account)

    def taken(self, **fields: str) -> dict[str, Any]:
        """Give the properties that are set, by the API's names for them."""
        taken = {
            name: self.properties[one] for name, one in fields.items() if one in self.properties
        }
        tags = self.properties.get("Tags", [])
        return taken | {"tags": [{"key": one["Key"], "value": one["Value"]} for one in tags]}

    def settle(self, operation: str, **payload: str) -> None:
        """Ask until it is AVAILABLE or gone, as CloudFormation's handlers do."""
        for _ in range(100):
            try:
                found = self.ask(operation, **payload)
            except ServiceError as error:
                if error.code == "ResourceNotFoundException":
                    return
                raise
            if all(one["status"] == "AVAILABLE" for one in found.values()):
                return
        raise AssertionError(f"{self.name} does not settle")


class Namespace(_Serverless, CloudFormationModel):
    replaced_by = ("NamespaceName",)

    @staticmethod
    def cloudformation_name_type() -> str:
        return "NamespaceName"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::RedshiftServerless::Namespace"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr.startswith("Namespace.")

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        found = self.ask("GetNamespace", namespaceName=self.name)["namespace"]
        field = attribute_name.removeprefix("Namespace.")
        return found[field[0].lower() + field[1:]]

    def create(self) -> None:
        fields = self.taken(
            dbName="DbName", iamRoles="IamRoles", defaultIamRoleArn="DefaultIamRoleArn"
        )
        self.ask("CreateNamespace", namespaceName=self.name, **fields)

    def update(self) -> None:
        fields = self.taken(iamRoles="IamRoles", defaultIamRoleArn="DefaultIamRoleArn")
        del fields["tags"]
        self.ask("UpdateNamespace", namespaceName=self.name, **fields)
        self.settle("GetNamespace", namespaceName=self.name)

    def delete(self, account_id: str, region_name: str) -> None:
        self.ask("DeleteNamespace", namespaceName=self.name)
        self.settle("GetNamespace", namespaceName=self.name)


class Workgroup(_Serverless, CloudFormationModel):
    replaced_by = ("WorkgroupName", "NamespaceName")

    @staticmethod
    def cloudformation_name_type() -> str:
        return "WorkgroupName"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::RedshiftServerless::Workgroup"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr.startswith("Workgroup.")

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        found = self.ask("GetWorkgroup", workgroupName=self.name)["workgroup"]
        field = attribute_name.removeprefix("Workgroup.")
        return found[field[0].lower() + field[1:]]

    def create(self) -> None:
        fields = self.taken(
            namespaceName="NamespaceName",
            baseCapacity="BaseCapacity",
            maxCapacity="MaxCapacity",
            publiclyAccessible="PubliclyAccessible",
            enhancedVpcRouting="EnhancedVpcRouting",
            configParameters="ConfigParameters",
        )
        self.ask("CreateWorkgroup", workgroupName=self.name, **fields)

    def update(self) -> None:
        fields = self.taken(baseCapacity="BaseCapacity", maxCapacity="MaxCapacity")
        del fields["tags"]
        self.settle("GetWorkgroup", workgroupName=self.name)
        self.ask("UpdateWorkgroup", workgroupName=self.name, **fields)

    def delete(self, account_id: str, region_name: str) -> None:
        self.settle("GetWorkgroup", workgroupName=self.name)
        self.ask("DeleteWorkgroup", workgroupName=self.name)
        self.settle("GetWorkgroup", workgroupName=self.name)


class BucketPolicy(_Made, CloudFormationModel):
    replaced_by = ("Bucket",)

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Bucket"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::S3::BucketPolicy"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return False

    def create(self) -> None:
        document = json.dumps(self.properties["PolicyDocument"], default=str).encode()
        self._s3().put_bucket_policy(self.name, document)

    def update(self) -> None:
        self.create()

    def delete(self, account_id: str, region_name: str) -> None:
        self._s3().delete_bucket_policy(self.name)

    def _s3(self) -> Any:
        return s3_backends[self.account][get_partition(self.region)]
