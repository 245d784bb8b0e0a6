"""What an exception of boto3 means: try again, look whether it was done, or give up."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from ..errors import SettingsError, SparkifyError, WarehouseError
from .wording import tidy

if TYPE_CHECKING:
    from .connection import Connection


class GarbledError(Exception):
    """A reply that is not whole.

    Of a body that ends early boto3 makes an answer without members, not an exception
    (botocore.parsers, `_parse_body_as_json`).
    """


class Meaning(Enum):
    """What a failed call means for the next one."""

    TURNED_AWAY = "it was not accepted, and may be later"
    BROKEN = "the service failed; it may have been accepted, and may go better later"
    UNANSWERED = "no answer came; it may have been accepted"
    REFUSED = "trying again does not help"


# redshift-data: errors of the operations; botocore/data/_retry.json for the general ones. All
# without `Exception` at their end, which some services leave out.
_TURNED_AWAY = frozenset(
    (
        "ActiveSessionsExceeded",
        "ActiveStatementsExceeded",
        "ActiveWaitingRequestsExceeded",
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
        "Throttled",
        "ThrottledRequest",
        "Throttling",
        "TooManyRequests",
        "429",
    )
)
_TOO_MANY = 429
_BROKEN = frozenset(
    (
        "DatabaseConnection",
        "InternalFailure",
        "InternalServer",
        "InternalServerError",
        "QueryTimeout",
        "RequestTimeout",
        "ServiceUnavailable",
    )
)
_EXPIRED = frozenset(
    ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
)
_NOBODY = frozenset(
    (
        "AuthFailure",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    )
)
_DENIED = frozenset(("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"))
_NO_WORKGROUP = ("endpoint doesn't exist", "workgroup", "not found", "could not find")


def code_of(error: BaseException) -> str:
    """Give the code of an error that AWS answered with; empty for any other."""
    return _answered(error, "Code")


def said_by(error: BaseException) -> str:
    """Give what AWS said with an error, else what boto3 says."""
    return _answered(error, "Message") or str(error)


def _answered(error: BaseException, what: str) -> str:
    answer = getattr(error, "response", None) or {}  # None, where no answer came
    return str(answer.get("Error", {}).get(what, ""))


def meaning(error: BaseException) -> Meaning:
    """Tell what an exception that came out of a call of boto3 means."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    if isinstance(error, exceptions.ClientError):
        code = code_of(error).removesuffix("Exception")
        metadata: dict[str, Any] = dict(error.response.get("ResponseMetadata", {}))
        status = int(metadata.get("HTTPStatusCode", 400))
        if code in _TURNED_AWAY or status == _TOO_MANY:
            return Meaning.TURNED_AWAY
        if code in _BROKEN or status >= 500:
            return Meaning.BROKEN
        if not code or code.isdecimal():  # the status is all that could be read
            return Meaning.UNANSWERED
        return Meaning.REFUSED
    unanswered = (
        exceptions.ConnectionError,  # not reached
        exceptions.HTTPClientError,  # reset, or timed out
        exceptions.IncompleteReadError,
        GarbledError,
        ResponseParserError,
    )
    return Meaning.UNANSWERED if isinstance(error, unanswered) else Meaning.REFUSED


def refusal(error: BaseException, connection: Connection, operation: str) -> SparkifyError:
    """Make the error that says what a call was refused for, and what to do about it.

    operation: as AWS calls it, such as `ExecuteStatement`.
    """
    from botocore import exceptions

    code, said = code_of(error), tidy(said_by(error), connection.secrets)
    where = f"workgroup {connection.workgroup} in {connection.region}"
    if code in _EXPIRED:
        return SettingsError(
            "the AWS credentials have expired",
            "Get new ones (`aws sso login`, or new keys and token), then run the command again.",
        )
    if code in _NOBODY or isinstance(error, _credential_errors(exceptions)):
        return SettingsError(
            f"AWS does not accept the credentials ({code or type(error).__name__})",
            "Set KEY and SECRET in [AWS], or leave both empty and use the standard AWS chain"
            " (environment, `aws configure`); `sparkify doctor` shows which are used.",
        )
    if code in _DENIED:
        return SettingsError(
            f"these AWS credentials may not call redshift-data:{operation}: {said}",
            "Use others, or let an administrator allow it; docs/cloud.md lists what is needed.",
        )
    if code == "ResourceNotFoundException" or (
        code == "ValidationException" and any(text in said.lower() for text in _NO_WORKGROUP)
    ):
        return SettingsError(
            f"there is no {where} that answers: {said}",
            "Build it with `python3 iac.py`, or correct WORKGROUP in [REDSHIFT] and REGION in"
            " [AWS]; `sparkify iac status` shows what exists.",
        )
    if isinstance(error, exceptions.BotoCoreError) and not code:
        return SettingsError(
            f"boto3 cannot call redshift-data:{operation}: {said}",
            "Check [AWS] and [REDSHIFT], and the AWS configuration of this machine.",
        )
    return WarehouseError(
        f"{where} refused {operation} ({code or type(error).__name__}): {said}",
        "Run `sparkify doctor`.",
    )


def _credential_errors(exceptions: Any) -> tuple[type[BaseException], ...]:
    return (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.SSOError,
        exceptions.ProfileNotFound,
    )
