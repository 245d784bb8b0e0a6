"""What S3 and boto3 report, as errors that a user can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import SettingsError, SourceError, SparkifyError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_KEYS = (
    "Correct them: KEY and SECRET in [AWS], or what `aws configure list` shows; "
    "`aws sts get-caller-identity` tells whether they work."
)
_AGAIN = "Sign in again (`aws sso login`, or fetch new keys), then run the command again."
_LATER = "Run the command again later; what was loaded before is skipped."
_ALLOW = (
    "Allow s3:ListBucket on the bucket and s3:GetObject on its objects to this identity "
    "(`aws sts get-caller-identity` shows who it is), or correct the address."
)
_SIGN = (
    "Set AWS credentials (`aws configure`, or AWS_PROFILE, or KEY and SECRET in [AWS]); without "
    "any, only public buckets can be read."
)
_NO_BUCKET = {"NoSuchBucket"}
_NO_KEY = {"NoSuchKey", "NoSuchVersion", "404"}
_CHANGED = {"PreconditionFailed", "412", "InvalidRange", "416"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"}
_WRONG_KEYS = {
    *("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidSecurity"),
    *("AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException"),
}
_BUSY = {
    *("SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "Throttling"),
    *("ThrottlingException", "RequestLimitExceeded", "500", "502", "503", "504"),
}
# AmazonS3/latest/API/ErrorResponses.html; AuthorizationHeaderMalformed names the Region to use.
_ELSEWHERE = {
    *("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"),
    *("TemporaryRedirect", "BucketRegionError", "301", "307"),
}


class OtherVersionError(SourceError):
    """An object is not what was listed."""


class MissedError(Exception):
    """A fast way did not get what was asked for; a slower one can, or can tell why not."""


@dataclass(frozen=True)
class Asked:
    """Who asked for what: the place as a user knows it, the Region, and whether unsigned."""

    place: str
    region: str
    anonymous: bool


@contextmanager
def reported(asked: Asked) -> Iterator[None]:
    """Turn what boto3 raises inside into SourceError or SettingsError."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise refused(error, asked) from None
    except BotoCoreError as error:
        raise _failed(error, asked) from None


def refused(error: ClientError, asked: Asked) -> SparkifyError:
    """Say what an answer of S3 means that is an error."""
    answer: dict[str, Any] = dict(error.response)
    code = str(answer.get("Error", {}).get("Code") or "")
    said = str(answer.get("Error", {}).get("Message") or "").strip().rstrip(".")
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    place = asked.place
    if code in _NO_BUCKET:
        bucket = place.removeprefix("s3://").partition("/")[0]
        return SourceError(
            f"{place}: there is no bucket {bucket}",
            "Correct the address.",
            uri=place,
            missing="bucket",
        )
    if code in _CHANGED:
        return changed(place)
    if code in _NO_KEY:
        return vanished(place)
    if code in _EXPIRED:
        return SettingsError(f"{place}: the AWS credentials have expired", _AGAIN)
    if code in _WRONG_KEYS:
        return SettingsError(f"{place}: AWS does not accept the credentials ({code})", _KEYS)
    if code == "RequestTimeTooSkewed":
        return SettingsError(
            f"{place}: S3 refuses the request because this machine's clock is wrong",
            "Set the clock, then run the command again.",
        )
    if code in _ELSEWHERE:
        region = answer.get("Error", {}).get("Region") or headers.get("x-amz-bucket-region", "")
        return elsewhere(place, asked.region, region)
    if code == "InvalidObjectState":
        return SourceError(
            f"{place} is archived and cannot be read as it is",
            "Restore it (`aws s3api restore-object`), or move it out of the source.",
            uri=place,
        )
    if code in _BUSY or (isinstance(status, int) and status >= 500):
        reason = f"{place}: S3 is busy or in trouble ({code or status}: {said})"
        return SourceError(reason, _LATER, code=code)
    if status == 403 or code in ("AccessDenied", "403", "AllAccessDisabled"):
        if asked.anonymous:
            reason = f"{place}: access is denied, and there are no AWS credentials"
            return SettingsError(reason, _SIGN)
        return SettingsError(f"{place}: access is denied ({said or code})", _ALLOW)
    return SourceError(
        f"{place}: S3 answered {code or status}: {said}", "Check the address.", code=code
    )


def elsewhere(place: str, region: str, found: str) -> SettingsError:
    """Say that a bucket is in another Region than the settings have it."""
    where = f"in {found}" if found else "in another Region"
    return SettingsError(
        f"{place}: the bucket is {where}, not in {region}",
        f"Set REGION in [S3] to {found or 'the Region of the bucket'} (for a source), or name "
        "another bucket.",
        found=found,
    )


def changed(place: str) -> SourceError:
    """Say that an object is not what was listed."""
    return OtherVersionError(
        f"{place} changed while it was read; nothing was loaded",
        "Load again when nobody writes to it.",
        uri=place,
    )


def vanished(place: str) -> SourceError:
    """Say that an object is not there, or not any more."""
    return SourceError(
        f"{place} is not there (any more)",
        "Check the address; if it was removed meanwhile, run the command again.",
        uri=place,
    )


def cut(place: str, size: int) -> SourceError:
    """Say that an object never came whole."""
    return SourceError(
        f"{place}: every time the connection broke before all of its {size:,} bytes were there",
        "Check the network; then run the command again: what was loaded before is skipped.",
        uri=place,
    )


def _failed(error: Exception, asked: Asked) -> SparkifyError:
    """Say what it means when boto3 gives up by itself."""
    from botocore import exceptions

    place = asked.place
    said = str(error).split("\n")[0].rstrip(".")
    if isinstance(error, exceptions.ProfileNotFound):
        return SettingsError(said, "Correct AWS_PROFILE, or add the profile to ~/.aws/config.")
    signing_in = (
        exceptions.SSOError,
        exceptions.TokenRetrievalError,
        exceptions.CredentialRetrievalError,
    )
    if isinstance(error, signing_in):
        return SettingsError(f"{place}: no AWS credentials could be fetched: {said}", _AGAIN)
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return SettingsError(f"{place}: {said}", _SIGN)
    if isinstance(error, exceptions.ParamValidationError):
        return SettingsError(f"{place} is no address in S3: {said}", "Correct the address.")
    network = (exceptions.HTTPClientError, exceptions.ConnectionError)
    if isinstance(error, network):
        return SourceError(
            f"{place}: S3 cannot be reached: {said}",
            "Check the network, the proxy (HTTPS_PROXY), and AWS_ENDPOINT_URL if it is set; then "
            "run the command again.",
        )
    return SourceError(f"{place}: {said}", "Check the address and the AWS configuration.")
