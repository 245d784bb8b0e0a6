"""What S3 and boto3 report, as errors that a user can act on."""

from __future__ import annotations

from .. import aws
from ..aws import Problem
from ..errors import SettingsError, SourceError, SparkifyError


class UnsupportedError(SourceError):
    """The server has no such operation; S3 has them all."""


def s3_error(error: Exception, place: str, region: str, *, anonymous: bool) -> SparkifyError:
    """Return the error that says what S3 answered, or why boto3 gave up.

    place: the address that was asked for. anonymous: whether the request went unsigned.
    """
    from botocore.exceptions import BotoCoreError, ParamValidationError

    if told := aws.credentials_error(error, place):
        return told
    what, status = aws.problem(error), aws.error_status(error)
    code, said = aws.error_code(error), aws.error_message(error)
    if code == "NoSuchBucket":
        bucket = place.removeprefix("s3://").partition("/")[0]
        return SourceError(
            f"{place}: there is no bucket {bucket}",
            "Correct the address.",
            uri=place,
            missing="bucket",
        )
    if what is Problem.CHANGED:
        return changed(place)
    if what is Problem.NOT_FOUND:
        return SourceError(
            f"{place} is not there (any more)",
            "Check the address; if it was removed meanwhile, run the command again.",
            uri=place,
        )
    if what is Problem.WRONG_REGION:
        return _wrong_region(error, place, region)
    if what is Problem.ARCHIVED:
        return SourceError(
            f"{place} is archived and cannot be read as it is",
            "Restore it (`aws s3api restore-object`), or move it out of the source.",
            uri=place,
        )
    if what in aws.BUSY:
        return SourceError(
            f"{place}: S3 is busy or in trouble ({code or status}: {said})",
            "Run the command again later; what was loaded before is skipped.",
            code=code,
        )
    if (what is Problem.DENIED or status == 403) and anonymous:
        return SettingsError(
            f"{place}: access is denied, and there are no AWS credentials",
            "Set AWS credentials (`aws configure`, or AWS_PROFILE, or KEY and SECRET in [AWS]);"
            " without any, only public buckets can be read.",
        )
    if what is Problem.DENIED or status == 403:
        return SettingsError(
            f"{place}: access is denied ({said or code})",
            "Allow s3:ListBucket on the bucket and s3:GetObject on its objects to this identity"
            " (`aws sts get-caller-identity` shows who it is), or correct the address.",
        )
    if what is Problem.UNREACHABLE:
        return SourceError(
            f"{place}: S3 cannot be reached: {said}",
            "Check the network, the proxy (HTTPS_PROXY), and AWS_ENDPOINT_URL if it is set; then"
            " run the command again.",
        )
    if isinstance(error, ParamValidationError):
        return SettingsError(f"{place} is not an S3 address: {said}", "Correct the address.")
    if isinstance(error, BotoCoreError):
        return SourceError(f"{place}: {said}", "Check the address and the AWS configuration.")
    kind = UnsupportedError if what is Problem.UNSUPPORTED else SourceError
    return kind(f"{place}: S3 answered {code or status}: {said}", "Check the address.", code=code)


def changed(place: str) -> SourceError:
    """Return the error of an object that is not the version that was listed."""
    return SourceError(
        f"{place} changed while it was read; nothing was loaded",
        "Run the command again when nothing else writes to it.",
        uri=place,
    )


def cut_short(place: str, size: int) -> SourceError:
    """Return the error of an object that never arrived whole. size: in bytes."""
    return SourceError(
        f"{place}: the connection broke each time before all {size:,} bytes had arrived",
        "Check the network; then run the command again: what was loaded before is skipped.",
        uri=place,
    )


def _wrong_region(error: Exception, place: str, region: str) -> SettingsError:
    answer = getattr(error, "response", {})
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    # AuthorizationHeaderMalformed names the Region to use in its body, redirects in a header.
    found = answer.get("Error", {}).get("Region") or headers.get("x-amz-bucket-region", "")
    return SettingsError(
        f"{place}: the bucket is in {found or 'another Region'}, not in {region}",
        f"Set REGION in [S3] to {found or 'the Region of the bucket'} (for a source), or name"
        " another bucket.",
        found=found,
    )
