"""Why CloudFormation failed, in words, and what to do about it."""

from __future__ import annotations

import re

from ..errors import SettingsError, SparkifyError, WarehouseError
from .account import Account
from .failures import OPERATOR, denied_action, tidy
from .operation import Operation
from .stack import Stack

# `Resource handler returned message: "text (Service: ..., Status Code: 400, ...)" (RequestToken:
# ..., HandlerErrorCode: ...)` (AWSCloudFormation/latest/UserGuide/troubleshooting.html)
_HANDLER = re.compile(r'Resource handler returned message: "(?P<text>.*?)"? \(RequestToken', re.S)
_SERVICE = re.compile(r"\s*\(Service: .*", re.S)

_ADVICE: tuple[tuple[str, str], ...] = (
    (
        r"quota|limit ?exceeded|limit exceeded|servicelimitexceeded|maximum number",
        "Delete a workgroup or namespace that nobody needs, or ask for a higher quota (Service"
        " Quotas, Amazon Redshift Serverless); then run `python3 iac.py` again.",
    ),
    (
        r"insufficient ?capacity|not enough capacity|no capacity",
        "AWS has no capacity there at the moment: run `python3 iac.py` again later, or choose a"
        " smaller BASE_CAPACITY in [REDSHIFT] or another REGION in [AWS].",
    ),
    (
        r"subnet|vpc|availability zone|free ip|ip address",
        "Redshift Serverless needs a default VPC with subnets in three Availability Zones and free"
        " addresses: `aws ec2 create-default-vpc`, or choose another REGION in [AWS].",
    ),
    (
        r"not authorized to assume|assume the role|unable to assume|not assumable",
        "A new role takes some seconds until it can be used: run `python3 iac.py` again.",
    ),
    (
        r"not empty|bucketnotempty",
        "Something writes to the work bucket: end it, then run `python3 iac.py down` again.",
    ),
)
_TAKEN = re.compile(r"already exists|alreadyexists|already associated", re.I)
_TAKEN_ADVICE = {
    "Role": "Choose another NAME in [IAM_ROLE], or leave it empty: then a free one is chosen.",
    "Namespace": "Choose another NAMESPACE in [REDSHIFT]; the one that is there was not touched.",
    "Workgroup": "Choose another WORKGROUP in [REDSHIFT]; the one that is there was not touched.",
}
_DEFAULT = (
    "Correct that, then run `python3 iac.py` again; `sparkify iac down` removes what is left."
)


def failed(account: Account, stack: Stack, operation: Operation, what: str) -> SparkifyError:
    """Make the error of an operation that did not end well. what: `be created`, say."""
    event = operation.cause() or {}
    logical = event.get("LogicalResourceId", "")
    said = spoken(event.get("ResourceStatusReason") or stack.reason or stack.state)
    of_stack = not logical or logical == stack.name
    where = "" if of_stack else f"{logical} ({event.get('ResourceType', '')}): "
    if of_stack and "validation" in said.lower():
        said = validation(account, stack.id) or said
    return refusal(
        account,
        f"the stack {stack.name} could not {what} in {account.region}: {where}{said}",
        said,
        logical,
        stack=stack.name,
        state=stack.state,
        resource=None if of_stack else logical,
        cause=said,
    )


def refusal(
    account: Account, reason: str, said: str, logical: str = "", **details: str | None
) -> SparkifyError:
    """Make the error of what CloudFormation said, with the next step that fits."""
    if action := denied_action(said):
        return SettingsError(reason, OPERATOR, action=action, **details)
    return WarehouseError(reason, advice(said, logical), **details)


def advice(said: str, logical: str) -> str:
    """Give the next step for what a resource failed with."""
    if _TAKEN.search(said):
        return _TAKEN_ADVICE.get(logical, _DEFAULT)
    for pattern, next_step in _ADVICE:
        if re.search(pattern, said, re.I):
            return next_step
    return _DEFAULT


def spoken(reason: str) -> str:
    """Take the words of a reason out of what CloudFormation wraps around them."""
    match = _HANDLER.search(reason)
    text = match["text"] if match else reason
    return tidy(_SERVICE.sub("", text)) or tidy(reason)


def validation(account: Account, StackName: str, **of: str) -> str:  # noqa: N803
    """Ask what early validation found wrong, which is told nowhere else; '' when nothing is known.

    of: ChangeSetName, where it was a change set.
    (AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html)
    """
    from botocore.exceptions import ClientError

    try:
        answer = account.call(
            "cloudformation",
            "describe_events",
            StackName=StackName,
            Filters={"FailedEvents": True},
            **of,
        )
    except (ClientError, SparkifyError):  # what asks is about to tell of an error of its own
        return ""
    found = [
        ": ".join(
            tidy(one[key]) for key in ("ValidationPath", "ValidationStatusReason") if one.get(key)
        )
        for one in answer.get("OperationEvents", ())
        if one.get("ValidationStatus") == "FAILED" or one.get("EventType") == "VALIDATION_ERROR"
    ]
    return "; ".join(dict.fromkeys(filter(None, found)))
