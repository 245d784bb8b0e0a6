"""What the operations of Redshift Serverless do; see redshift-serverless in botocore's models."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from .serverless_calls import (
    Answer,
    Call,
    Payload,
    ServiceError,
    conflict,
    invalid,
    missing,
    now,
    shown,
)

_SNAPSHOT_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_DATABASE = re.compile(r"[a-z_][a-z0-9_$]{0,126}")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_PASSWORD = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[!-~]{8,64}")


# Namespaces


def _create_namespace(call: Call) -> Answer:
    name = str(call.payload["namespaceName"])
    namespaces = call.service.namespaces
    if call.key(name) in namespaces:
        raise conflict(f"Namespace already exists. Namespace name: {name}")
    _quota(call, "namespaces", len(call.mine(namespaces)))
    database = str(call.payload.get("dbName", "dev"))
    if not _DATABASE.fullmatch(database):
        raise invalid(f"The database name {database} is not valid.")
    identity = str(uuid.uuid4())
    made: Answer = {
        "namespaceArn": call.arn("namespace", identity),
        "namespaceId": identity,
        "namespaceName": name,
        "adminUsername": call.payload.get("adminUsername", "admin"),
        "dbName": database,
        "defaultIamRoleArn": "",
        "iamRoles": [],
        "kmsKeyId": call.payload.get("kmsKeyId", "AWS_OWNED_KMS_KEY"),
        "logExports": list(call.payload.get("logExports", [])),
        "creationDate": now(),
        "status": "AVAILABLE",
    }
    made |= _password(call, name) | _roles(call, made)
    namespaces[call.key(name)] = made
    call.tag(made["namespaceArn"])
    return {"namespace": shown(made)}


def _password(call: Call, name: str) -> Answer:
    """Look at what is said of a password, which is not kept."""
    password = call.payload.get("adminUserPassword")
    managed = bool(call.payload.get("manageAdminPassword"))
    if managed and password:
        raise invalid("Give a password or let it be managed, not both.")
    if password is not None and not _PASSWORD.fullmatch(password):
        raise invalid("The password must have 8 to 64 characters, A-Z, a-z and 0-9 among them.")
    if not managed:
        return {}
    arn = call.arn("secret", f"redshift!{name}-admin").replace(
        ":redshift-serverless:", ":secretsmanager:"
    )
    return {"adminPasswordSecretArn": arn.replace(":secret/", ":secret:")}


def _roles(call: Call, found: Answer) -> Answer:
    """Take the roles of the request, and show them as the service does."""
    changed: Answer = {}
    if "iamRoles" in call.payload:
        arns = [str(one) for one in call.payload["iamRoles"]]
        for arn in arns:
            if not _ROLE.fullmatch(arn):
                raise invalid(f"The role ARN {arn} is not valid.")
        changed["iamRoles"] = [f"IamRole(applyStatus=in-sync, iamRoleArn={arn})" for arn in arns]
    if "defaultIamRoleArn" in call.payload:
        changed["defaultIamRoleArn"] = call.payload["defaultIamRoleArn"]
    after = found | changed
    default = after["defaultIamRoleArn"]
    if default and not any(f"iamRoleArn={default})" in one for one in after["iamRoles"]):
        raise invalid("The default IAM role must be one of the IAM roles of the namespace.")
    return changed


def _get_namespace(call: Call) -> Answer:
    name = str(call.payload["namespaceName"])
    return {"namespace": shown(call.found(call.service.namespaces, "Namespace", name))}


def _list_namespaces(call: Call) -> Answer:
    return call.page("namespaces", call.look_at_all(call.service.namespaces))


def _update_namespace(call: Call) -> Answer:
    name = str(call.payload["namespaceName"])
    found = call.free(call.service.namespaces, "Namespace", name)
    found |= _password(call, name) | _roles(call, found)
    for field in ("adminUsername", "kmsKeyId", "logExports"):
        if field in call.payload:
            found[field] = call.payload[field]
    call.changing(found, "MODIFYING")
    return {"namespace": shown(found)}


def _delete_namespace(call: Call) -> Answer:
    name = str(call.payload["namespaceName"])
    found = call.free(call.service.namespaces, "Namespace", name)
    if group := call.workgroup_of(name):
        call.look(call.service.workgroups, call.key(group["workgroupName"]))
        raise conflict(f"There is a workgroup associated with the namespace {name}.")
    if snapshot := call.payload.get("finalSnapshotName"):
        period = int(call.payload.get("finalSnapshotRetentionPeriod") or -1)
        _make_snapshot(call, found, str(snapshot), period)
    call.changing(found, "DELETING")
    return {"namespace": shown(found)}


# Workgroups


def _create_workgroup(call: Call) -> Answer:
    name, namespace = str(call.payload["workgroupName"]), str(call.payload["namespaceName"])
    groups = call.service.workgroups
    if call.key(name) in groups:
        call.look(groups, call.key(name))
        raise conflict(f"Workgroup already exists. Workgroup name: {name}")
    call.free(call.service.namespaces, "Namespace", namespace)
    if call.workgroup_of(namespace):
        raise conflict(f"The namespace {namespace} is already associated with a workgroup.")
    _quota(call, "workgroups", len(call.mine(groups)))
    if not call.service.capacity:
        text = "There is not enough free capacity in the requested Availability Zones."
        raise ServiceError("InsufficientCapacityException", text)
    identity = str(uuid.uuid4())
    port = _port(call.payload.get("port", 5439))
    made: Answer = {
        "workgroupArn": call.arn("workgroup", identity),
        "workgroupId": identity,
        "workgroupName": name,
        "namespaceName": namespace,
        "baseCapacity": 128,
        "enhancedVpcRouting": bool(call.payload.get("enhancedVpcRouting", False)),
        "publiclyAccessible": bool(call.payload.get("publiclyAccessible", False)),
        "port": port,
        "configParameters": list(call.payload.get("configParameters", [])),
        "securityGroupIds": list(call.payload.get("securityGroupIds", [])),
        "subnetIds": list(call.payload.get("subnetIds", [])),
        "endpoint": {
            "address": f"{name}.{call.account}.{call.region}.redshift-serverless.amazonaws.com",
            "port": port,
        },
        "creationDate": now(),
    }
    made |= _capacities(call.payload, made)
    groups[call.key(name)] = made
    call.tag(made["workgroupArn"])
    call.changing(made, "CREATING")
    return {"workgroup": shown(made)}


def _quota(call: Call, what: str, there: int) -> None:
    if there >= call.service.most:
        text = f"You have reached the limit of {call.service.most} {what} in this Region."
        raise ServiceError("ServiceQuotaExceededException", text)


def _port(port: int) -> int:
    if not (5431 <= port <= 5455 or 8191 <= port <= 8215):
        raise invalid(f"The port {port} is not valid: use 5431 to 5455, or 8191 to 8215.")
    return port


def _capacities(payload: Payload, found: Answer) -> Answer:
    """Take the capacities of a request: 4, by 8 to 512, by 32 to 1024 RPUs."""
    changed = {one: payload[one] for one in ("baseCapacity", "maxCapacity") if one in payload}
    for field, value in changed.items():
        steps = value == 4 or value in range(8, 513, 8) or value in range(544, 1025, 32)
        if not steps:
            raise invalid(f"The value {value} of {field} is not valid.")
    after = found | changed
    if after.get("maxCapacity", after["baseCapacity"]) < after["baseCapacity"]:
        raise invalid("The max capacity must not be less than the base capacity.")
    if "pricePerformanceTarget" in payload:
        changed["pricePerformanceTarget"] = dict(payload["pricePerformanceTarget"])
    return changed


def _get_workgroup(call: Call) -> Answer:
    name = str(call.payload["workgroupName"])
    return {"workgroup": shown(call.found(call.service.workgroups, "Workgroup", name))}


def _list_workgroups(call: Call) -> Answer:
    return call.page("workgroups", call.look_at_all(call.service.workgroups))


def _update_workgroup(call: Call) -> Answer:
    name = str(call.payload["workgroupName"])
    found = call.free(call.service.workgroups, "Workgroup", name)
    changed = _capacities(call.payload, found)
    for field in (
        *("publiclyAccessible", "enhancedVpcRouting", "configParameters"),
        *("securityGroupIds", "subnetIds"),
    ):
        if field in call.payload:
            changed[field] = call.payload[field]
    if "port" in call.payload:
        changed["port"] = _port(call.payload["port"])
        changed["endpoint"] = found["endpoint"] | {"port": changed["port"]}
    found |= changed
    call.changing(found, "MODIFYING")
    return {"workgroup": shown(found)}


def _delete_workgroup(call: Call) -> Answer:
    name = str(call.payload["workgroupName"])
    found = call.free(call.service.workgroups, "Workgroup", name)
    call.changing(found, "DELETING")
    return {"workgroup": shown(found)}


def _get_credentials(call: Call) -> Answer:
    name = str(call.payload.get("workgroupName", ""))
    seconds = int(call.payload.get("durationSeconds", 900))
    if not 900 <= seconds <= 3600:
        raise invalid("The duration must be between 900 and 3600 seconds.")
    found = call.found(call.service.workgroups, "Workgroup", name)
    if found["status"] != "AVAILABLE":
        raise invalid(f"The workgroup {name} is not available.")
    until = (datetime.now(UTC) + timedelta(seconds=seconds)).timestamp()
    return {
        "dbUser": "IAM:tester",
        "dbPassword": uuid.uuid4().hex,
        "expiration": until,
        "nextRefreshTime": until,
    }


# Usage limits


def _create_usage_limit(call: Call) -> Answer:
    arn, usage = str(call.payload["resourceArn"]), call.payload["usageType"]
    if not any(one["workgroupArn"] == arn for one in call.mine(call.service.workgroups)):
        raise missing("Workgroup", arn)
    period = call.payload.get("period", "monthly")
    for one in call.mine(call.service.limits):
        if (one["resourceArn"], one["usageType"], one["period"]) == (arn, usage, period):
            raise conflict("A usage limit of this type and period already exists.")
    identity = str(uuid.uuid4())
    made: Answer = {
        "usageLimitId": identity,
        "usageLimitArn": call.arn("usagelimit", identity),
        "resourceArn": arn,
        "usageType": usage,
        "amount": _amount(call.payload),
        "period": period,
        "breachAction": call.payload.get("breachAction", "log"),
    }
    call.service.limits[call.key(identity)] = made
    return {"usageLimit": dict(made)}


def _amount(payload: Payload) -> int:
    if int(payload["amount"]) < 1:
        raise invalid("The amount of a usage limit must be positive.")
    return int(payload["amount"])


def _limit(call: Call) -> Answer:
    identity = str(call.payload["usageLimitId"])
    found = call.service.limits.get(call.key(identity))
    if found is None:
        raise missing("Usage limit", identity)
    return found


def _get_usage_limit(call: Call) -> Answer:
    return {"usageLimit": dict(_limit(call))}


def _list_usage_limits(call: Call) -> Answer:
    wanted = {one: call.payload[one] for one in ("resourceArn", "usageType") if one in call.payload}
    limits = [
        one
        for one in call.mine(call.service.limits)
        if all(one[field] == value for field, value in wanted.items())
    ]
    return call.page("usageLimits", limits)


def _update_usage_limit(call: Call) -> Answer:
    found = _limit(call)
    if "amount" in call.payload:
        found["amount"] = _amount(call.payload)
    if "breachAction" in call.payload:
        found["breachAction"] = call.payload["breachAction"]
    return {"usageLimit": dict(found)}


def _delete_usage_limit(call: Call) -> Answer:
    found = _limit(call)
    del call.service.limits[call.key(found["usageLimitId"])]
    return {"usageLimit": dict(found)}


# Snapshots


def _create_snapshot(call: Call) -> Answer:
    name = str(call.payload["namespaceName"])
    namespace = call.free(call.service.namespaces, "Namespace", name)
    period = int(call.payload.get("retentionPeriod") or -1)
    made = _make_snapshot(call, namespace, str(call.payload["snapshotName"]), period)
    call.tag(made["snapshotArn"])
    return {"snapshot": made}


def _make_snapshot(call: Call, namespace: Answer, name: str, period: int) -> Answer:
    if not _SNAPSHOT_NAME.fullmatch(name):
        raise invalid(f"The snapshot name {name} is not valid.")
    snapshots = call.service.snapshots
    if call.key(name) in snapshots:
        raise conflict(f"Snapshot already exists. Snapshot name: {name}")
    made: Answer = {
        "snapshotName": name,
        "snapshotArn": call.arn("snapshot", str(uuid.uuid4())),
        "namespaceName": namespace["namespaceName"],
        "namespaceArn": namespace["namespaceArn"],
        "ownerAccount": call.account,
        "snapshotCreateTime": now(),
        "snapshotRetentionPeriod": period,
        "totalBackupSizeInMegaBytes": 12.0,
    }
    snapshots[call.key(name)] = made
    call.changing(made, "CREATING")
    return shown(made)


def _get_snapshot(call: Call) -> Answer:
    name = str(call.payload.get("snapshotName", ""))
    return {"snapshot": shown(call.found(call.service.snapshots, "Snapshot", name))}


def _list_snapshots(call: Call) -> Answer:
    wanted = call.payload.get("namespaceName")
    found = call.look_at_all(call.service.snapshots)
    return call.page("snapshots", [one for one in found if wanted in (None, one["namespaceName"])])


def _delete_snapshot(call: Call) -> Answer:
    name = str(call.payload["snapshotName"])
    gone = call.free(call.service.snapshots, "Snapshot", name)
    del call.service.snapshots[call.key(name)]
    call.service.tags.pop(gone["snapshotArn"], None)
    return {"snapshot": shown(gone | {"status": "DELETED"})}


# Tags


def _tags(call: Call) -> dict[str, str]:
    arn = str(call.payload["resourceArn"])
    if arn not in call.service.tags:
        raise missing("Resource", arn)
    return call.service.tags[arn]


def _list_tags(call: Call) -> Answer:
    return {"tags": [{"key": key, "value": value} for key, value in _tags(call).items()]}


def _tag_resource(call: Call) -> Answer:
    tags = _tags(call)
    added: dict[str, Any] = {str(one["key"]): str(one["value"]) for one in call.payload["tags"]}
    if len(tags | added) > 200:
        raise ServiceError("TooManyTagsException", "A resource can have at most 200 tags.")
    tags.update(added)
    return {}


def _untag_resource(call: Call) -> Answer:
    tags = _tags(call)
    for key in call.payload["tagKeys"]:
        tags.pop(str(key), None)
    return {}


OPERATIONS: dict[str, Callable[[Call], Answer]] = {
    "CreateNamespace": _create_namespace,
    "GetNamespace": _get_namespace,
    "ListNamespaces": _list_namespaces,
    "UpdateNamespace": _update_namespace,
    "DeleteNamespace": _delete_namespace,
    "CreateWorkgroup": _create_workgroup,
    "GetWorkgroup": _get_workgroup,
    "ListWorkgroups": _list_workgroups,
    "UpdateWorkgroup": _update_workgroup,
    "DeleteWorkgroup": _delete_workgroup,
    "GetCredentials": _get_credentials,
    "CreateUsageLimit": _create_usage_limit,
    "GetUsageLimit": _get_usage_limit,
    "ListUsageLimits": _list_usage_limits,
    "UpdateUsageLimit": _update_usage_limit,
    "DeleteUsageLimit": _delete_usage_limit,
    "CreateSnapshot": _create_snapshot,
    "GetSnapshot": _get_snapshot,
    "ListSnapshots": _list_snapshots,
    "DeleteSnapshot": _delete_snapshot,
    "ListTagsForResource": _list_tags,
    "TagResource": _tag_resource,
    "UntagResource": _untag_resource,
}
