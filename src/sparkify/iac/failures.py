"""What AWS and boto3 report, as errors that a user can act on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .. import aws
from ..errors import SettingsError, SparkifyError, WarehouseError

if TYPE_CHECKING:
    from ..config import Settings

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_NOBODY = {
    *("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"),
    *("SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"),
    *("MissingAuthenticationToken", "MissingAuthenticationTokenException", "InvalidToken"),
    *("NotAuthorized", "OptInRequired"),
}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
_BUSY = {
    *("Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"),
    *("ServiceUnavailable", "InternalFailure", "InternalServerException", "InternalError"),
    *("SlowDown", "500", "502", "503", "504"),
}
_ACTION = re.compile(r"not authorized to perform:? ?([a-z0-9-]+:\w+)", re.IGNORECASE)
OPERATOR = (
    "Use other credentials, or let an administrator allow what `sparkify iac policy` prints: the"
    " least that these commands need (AdministratorAccess includes it)."
)
_KEYS = (
    "Set KEY and SECRET in [AWS], or leave both empty and use the standard AWS chain (environment,"
    " `aws configure`); `aws sts get-caller-identity` tells whether they work."
)
_AGAIN = "Get new ones (`aws sso login`, or new keys and token), then run the command again."
_NETWORK = (
    "Check the network, the proxy (HTTPS_PROXY), AWS_ENDPOINT_URL if it is set, and REGION in"
    " [AWS]; then run the command again: it goes on where it stopped."
)


def denied_action(text: str) -> str:
    """Find the action that a message says was not allowed, such as `iam:CreateRole`, or ''."""
    match = _ACTION.search(text)
    return match[1] if match else ""


def denied(action: str, said: str) -> SettingsError:
    """Say that the credentials may not do something."""
    return SettingsError(
        f"these AWS credentials may not call {action}: {tidy(said)}", OPERATOR, action=action
    )


def tidy(text: str) -> str:
    """Make one line of a message, without its full stop."""
    return " ".join(text.split()).rstrip(".")


def meant(error: Any, service: str, operation: str, settings: Settings) -> SparkifyError | None:
    """Say what an error means that any call can have; None when it is the operation's own."""
    from botocore.exceptions import ClientError

    region = settings.aws_region
    if not isinstance(error, ClientError):
        return _unanswered(error, service, settings)
    code = str(error.response.get("Error", {}).get("Code") or "")
    said = without_secrets(str(error.response.get("Error", {}).get("Message") or ""), settings)
    if code in _EXPIRED:
        return SettingsError("the AWS credentials have expired", _AGAIN)
    if code in _NOBODY:
        return SettingsError(f"AWS does not accept the credentials ({code})", _KEYS)
    if code in _DENIED:
        name = "".join(word.title() for word in operation.split("_"))
        return denied(denied_action(said) or f"{service}:{name}", said or code)
    if code in _BUSY:
        return WarehouseError(
            f"{service} in {region} is busy or in trouble ({code}): {tidy(said)}",
            "Run the command again in a few minutes: it goes on where it stopped.",
            code=code,
        )
    return None


def refused(error: Any, settings: Settings) -> SparkifyError:
    """Say what AWS refused, where nobody knows better."""
    answer = error.response.get("Error", {})
    said = tidy(without_secrets(str(answer.get("Message") or ""), settings))
    code = answer.get("Code") or "no code"
    return WarehouseError(
        f"AWS refused {error.operation_name} in {settings.aws_region} ({code}): {said}",
        "Correct that, then run the command again: it goes on where it stopped.",
        code=code,
    )


def without_secrets(text: str, settings: Settings) -> str:
    """Take the keys out of a text, should AWS repeat them."""
    for secret in aws.secrets(settings):
        text = text.replace(secret, "***")
    return text


def _unanswered(error: Any, service: str, settings: Settings) -> SparkifyError:
    """Say what it means when boto3 gives up by itself."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    region = settings.aws_region
    said = tidy(without_secrets(str(error), settings))
    nobody = (exceptions.NoCredentialsError, exceptions.PartialCredentialsError)
    signing_in = (
        exceptions.SSOError,
        exceptions.TokenRetrievalError,
        exceptions.CredentialRetrievalError,
    )
    if isinstance(error, nobody):
        return SettingsError(f"there are no AWS credentials ({said})", _KEYS)
    if isinstance(error, signing_in):
        return SettingsError(f"no AWS credentials could be fetched: {said}", _AGAIN)
    if isinstance(error, exceptions.ProfileNotFound):
        return SettingsError(said, "Correct AWS_PROFILE, or add the profile to ~/.aws/config.")
    network = (exceptions.HTTPClientError, exceptions.ConnectionError, ResponseParserError)
    if isinstance(error, network):
        return WarehouseError(f"{service} in {region} cannot be reached: {said}", _NETWORK)
    return SettingsError(
        f"boto3 cannot call {service} in {region}: {said}",
        "Check [AWS] in the settings, and the AWS configuration of this machine.",
    )
