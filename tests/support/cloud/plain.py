"""A warehouse on the stand-in, made and used with plain boto3."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .standin import REGION, StandIn

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {
                "Service": ["redshift-serverless.amazonaws.com", "redshift.amazonaws.com"]
            },
            "Action": "sts:AssumeRole",
        }
    ],
}
DATABASE = "dev"
Statement = dict[str, Any]


def may_read(bucket: str, *prefixes: str) -> list[Statement]:
    """The policy statements with which a role may list and read prefixes of a bucket."""
    return [
        {
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": f"arn:aws:s3:::{bucket}",
            "Condition": {"StringLike": {"s3:prefix": [f"{one}*" for one in prefixes]}},
        },
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": [f"arn:aws:s3:::{bucket}/{one}*" for one in prefixes],
        },
    ]


def make_role(
    aws: StandIn, statements: Sequence[Statement], name: str = "reader", trust: Any = None
) -> str:
    """Make a role with one inline policy; returns its ARN."""
    iam = aws.client("iam")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust or TRUST))
    if statements:
        policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=policy)
    return str(made["Role"]["Arn"])


class Warehouse:
    """A namespace and a workgroup of one name; its statements are run and waited for."""

    def __init__(self, aws: StandIn, role: str | None = None, name: str = "sparkify") -> None:
        self.aws = aws
        self.name = name
        self.client = aws.client("redshift-data")
        service = aws.client("redshift-serverless")
        roles = {"iamRoles": [role], "defaultIamRoleArn": role} if role else {}
        service.create_namespace(namespaceName=name, dbName=DATABASE, **roles)
        service.create_workgroup(workgroupName=name, namespaceName=name, baseCapacity=8)
        aws.available(name)

    def start(self, *texts: str, **options: Any) -> str:
        """Send one statement, or several as a batch; returns the id."""
        where = {"WorkgroupName": self.name, "Database": DATABASE, **options}
        if len(texts) == 1:
            return str(self.client.execute_statement(Sql=texts[0], **where)["Id"])
        return str(self.client.batch_execute_statement(Sqls=[*texts], **where)["Id"])

    def wait(self, statement: str) -> dict[str, Any]:
        """The description of a statement that has ended."""
        for _ in range(10):
            found = dict(self.client.describe_statement(Id=statement, WaitTimeSeconds=30))
            if found["Status"] in ("FINISHED", "FAILED", "ABORTED"):
                return found
        raise AssertionError(f"{statement} does not end")

    def run(self, *texts: str, **options: Any) -> dict[str, Any]:
        """Send and wait; returns the description, whatever became of it."""
        return self.wait(self.start(*texts, **options))

    def done(self, *texts: str, **options: Any) -> dict[str, Any]:
        """Send and wait; it must go well."""
        found = self.run(*texts, **options)
        assert found["Status"] == "FINISHED", found["Error"]
        return found

    def error(self, *texts: str, **options: Any) -> str:
        """Send and wait; it must fail. Returns the error."""
        found = self.run(*texts, **options)
        assert found["Status"] == "FAILED", found
        return str(found["Error"])

    def rows(self, text: str, **options: Any) -> list[tuple[Any, ...]]:
        """The rows of a query, all pages."""
        return self.fetch(self.done(text, **options)["Id"])

    def fetch(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a statement that has a result."""
        pages = self.client.get_paginator("get_statement_result").paginate(Id=statement)
        return [
            tuple(None if "isNull" in one else next(iter(one.values())) for one in record)
            for page in pages
            for record in page["Records"]
        ]

    def load_errors(self, query_id: int) -> list[tuple[Any, ...]]:
        """File, line, column, type, length, code and message of a COPY's bad rows."""
        return self.rows(
            "SELECT TRIM(file_name), line_number, TRIM(column_name), TRIM(column_type),"
            " TRIM(column_length), error_code, TRIM(error_message)"
            f" FROM sys_load_error_detail WHERE query_id = {query_id} ORDER BY line_number"
        )


__all__ = ["DATABASE", "REGION", "TRUST", "Warehouse", "make_role", "may_read"]
