"""What AWS and CloudFormation report, as errors that a user can act on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .. import aws
from ..errors import SettingsError, SparkifyError, WarehouseError

if TYPE_CHECKING:
    from ..config import Settings

_ACTION = re.compile(r"not authorized to perform:? ?([a-z0-9-]+:\w+)", re.IGNORECASE)
# `Resource handler returned message: "text (Service: ..., Status Code: 400, ...)" (RequestToken:
# ..., HandlerErrorCode: ...)` (AWSCloudFormation/latest/UserGuide/troubleshooting.html)
_HANDLER = re.compile(r'Resource handler returned message: "(?P<text>.*?)"? \(RequestToken', re.S)
_SERVICE = re.compile(r"\s*\(Service: .*", re.S)

_OPERATOR = (
    "Use other credentials, or let an administrator allow what `sparkify iac policy` prints: the"
    " least that these commands need (AdministratorAccess includes it)."
)
UP_AGAIN = (
    "Correct that, then run `sparkify iac up` again; `sparkify iac down` removes what is left."
)
DOWN_AGAIN = "Correct that, then run `sparkify iac down` again: it goes on with what is left."
_ADVICE: tuple[tuple[str, str], ...] = (
    (
        r"quota|limit ?exceeded|servicelimitexceeded|maximum number",
        "Delete a workgroup or namespace that is not needed, or ask for a higher quota (Service"
        " Quotas, Amazon Redshift Serverless); then run `sparkify iac up` again.",
    ),
    (
        r"insufficient ?capacity|not enough capacity|no capacity",
        "AWS has no capacity there at the moment: run `sparkify iac up` again later, or choose a"
        " smaller BASE_CAPACITY in [REDSHIFT] or another REGION in [AWS].",
    ),
    (
        r"subnet|vpc|availability zone|free ip|ip address",
        "Redshift Serverless needs a default VPC with subnets in three Availability Zones and free"
        " addresses: `aws ec2 create-default-vpc`, or choose another REGION in [AWS].",
    ),
    (
        r"not authorized to assume|assume the role|unable to assume|not assumable",
        "A new role takes some seconds until it can be used: run `sparkify iac up` again.",
    ),
    (
        r"not empty|bucketnotempty",
        "Another process writes to the work bucket: stop it, then run `sparkify iac down` again.",
    ),
)
_TAKEN = re.compile(r"already exists|alreadyexists|already associated", re.I)
_TAKEN_ADVICE = {
    "Role": "Choose another NAME in [IAM_ROLE], or leave it empty: then a free one is chosen.",
    "Namespace": "Choose another NAMESPACE in [REDSHIFT]; the existing one was not touched.",
    "Workgroup": "Choose another WORKGROUP in [REDSHIFT]; the existing one was not touched.",
}


class InterruptedWorkError(SparkifyError):
    """Ctrl-C while AWS is at work; AWS continues."""

    exit_code = 130
    code = "interrupted"


@contextmanager
def interruption_explained() -> Iterator[None]:
    """Turn Ctrl-C into InterruptedWorkError: AWS continues, and how to follow or stop it."""
    try:
        yield
    except KeyboardInterrupt:
        raise InterruptedWorkError(
            "interrupted; AWS continues what it was asked for",
            "`sparkify iac status` shows its progress. `sparkify iac up` continues from there and"
            " sets the usage limit, `sparkify iac down` removes everything.",
        ) from None


class RefusedError(WarehouseError):
    """What AWS answered to an operation, for a reason of the operation's own.

    aws_code, said: code and message of the answer. problem: what the code means.
    """

    aws_code = ""
    said = ""
    problem = aws.Problem.OTHER

    @property
    def missing(self) -> bool:
        """Whether what was asked for does not exist.

        CloudFormation says so in words only: ValidationError is also every other mistake.
        """
        validation = self.aws_code in ("ValidationError", "ValidationException")
        return self.problem is aws.Problem.NOT_FOUND or (
            validation and "does not exist" in self.said
        )

    @property
    def unsupported(self) -> bool:
        """Whether the service has no such operation: only a local stand-in answers so."""
        return self.problem is aws.Problem.UNSUPPORTED


def call_error(error: Exception, service: str, operation: str, settings: Settings) -> SparkifyError:
    """Return the error of a call that failed: RefusedError where it is the operation's own."""
    from botocore.exceptions import ClientError

    if known := aws.credentials_error(error, known=aws.secrets(settings)):
        return known
    problem, where = aws.problem(error), f"{service} in {settings.aws_region}"
    said = aws.error_message(error, aws.secrets(settings))
    code = aws.error_code(error)
    if problem is aws.Problem.DENIED:
        name = "".join(word.title() for word in operation.split("_"))
        found = _ACTION.search(said)
        action = found[1] if found else f"{service}:{name}"
        return SettingsError(
            f"these AWS credentials may not call {action}: {said or code}", _OPERATOR, action=action
        )
    if problem in aws.BUSY:
        return WarehouseError(
            f"{where} is busy or failing ({code}): {said}",
            "Run the command again in a few minutes: it continues where it stopped.",
            code=code,
        )
    if problem is aws.Problem.UNREACHABLE:
        return WarehouseError(
            f"{where} cannot be reached: {said}",
            f"{aws.NETWORK_STEP}: it continues where it stopped.",
        )
    if not isinstance(error, ClientError):
        return SettingsError(
            f"boto3 cannot call {where}: {said}",
            "Check [AWS] in the settings, and the AWS configuration of this machine.",
        )
    shown = code or "no code"
    refused = RefusedError(
        f"AWS refused {error.operation_name} in {settings.aws_region} ({shown}): {said}",
        "Correct that, then run the command again: it continues where it stopped.",
        code=shown,
    )
    refused.aws_code, refused.said, refused.problem = code, said, problem
    return refused


def stack_error(
    reason: str, said: str, logical: str = "", default: str = UP_AGAIN, **details: str | None
) -> SparkifyError:
    """Return the error for what CloudFormation said, with the next step that fits.

    logical: the resource that failed, by its name in the template. default: the step where no
    other fits.
    """
    if denied := _ACTION.search(said):
        return SettingsError(reason, _OPERATOR, action=denied[1], **details)
    if _TAKEN.search(said):
        return WarehouseError(reason, _TAKEN_ADVICE.get(logical, default), **details)
    fitting = (advice for pattern, advice in _ADVICE if re.search(pattern, said, re.I))
    return WarehouseError(reason, next(fitting, default), **details)


def handler_message(reason: str) -> str:
    """Return the words of a failure without what CloudFormation wraps around them."""
    match = _HANDLER.search(reason)
    text = match["text"] if match else reason
    return one_line(_SERVICE.sub("", text)) or one_line(reason)


def one_line(text: str) -> str:
    """Return a message on one line, without its full stop."""
    return " ".join(text.split()).rstrip(".")
