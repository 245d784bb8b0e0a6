"""Sessions and clients of AWS, and what its errors mean."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError

from sparkify import aws
from sparkify.aws import Problem
from sparkify.config import Settings

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCY"


def answered(code: str, message: str = "No.", status: int = 400) -> exceptions.ClientError:
    metadata: Any = {"HTTPStatusCode": status}
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}
    return exceptions.ClientError(answer, "GetThing")


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (answered("ExpiredToken"), Problem.EXPIRED),
        (answered("ExpiredTokenException"), Problem.EXPIRED),
        (answered("InvalidSignatureException"), Problem.NOT_ACCEPTED),
        (answered("AccessDeniedException", status=403), Problem.DENIED),
        (answered("Odd", status=403), Problem.OTHER),
        (answered("ResourceNotFoundException"), Problem.NOT_FOUND),
        (answered("404", status=404), Problem.NOT_FOUND),
        (answered("ThrottlingException"), Problem.THROTTLED),
        (answered("SlowDown", status=503), Problem.THROTTLED),
        (answered("Odd", status=429), Problem.THROTTLED),
        (answered("InternalServerException", status=500), Problem.UNAVAILABLE),
        (answered("Odd", status=502), Problem.UNAVAILABLE),
        (answered("NotImplemented", status=501), Problem.UNSUPPORTED),
        (answered("IllegalLocationConstraintException"), Problem.WRONG_REGION),
        (answered("PreconditionFailed", status=412), Problem.CHANGED),
        (answered("InvalidObjectState", status=403), Problem.ARCHIVED),
        (answered("RequestTimeTooSkewed", status=403), Problem.CLOCK),
        (answered("", status=400), Problem.OTHER),
        (exceptions.NoCredentialsError(), Problem.NO_CREDENTIALS),
        (exceptions.PartialCredentialsError(provider="env", cred_var="x"), Problem.NO_CREDENTIALS),
        (exceptions.UnauthorizedSSOTokenError(), Problem.NOT_FETCHED),
        (exceptions.ProfileNotFound(profile="nobody"), Problem.NO_PROFILE),
        (exceptions.EndpointConnectionError(endpoint_url="x"), Problem.UNREACHABLE),
        (exceptions.ReadTimeoutError(endpoint_url="x"), Problem.UNREACHABLE),
        (ResponseParserError("cut"), Problem.UNREACHABLE),
        (exceptions.ParamValidationError(report="x"), Problem.OTHER),
        (ValueError("x"), Problem.OTHER),
    ],
    ids=lambda one: one.name if isinstance(one, Problem) else str(one)[:40],
)
def test_an_error_means_the_same_for_every_service(error: BaseException, meaning: Problem) -> None:
    assert aws.problem(error) is meaning


def test_no_code_means_two_things() -> None:
    codes = [code for some in aws._CODES.values() for code in some]
    assert len(codes) == len(set(codes))
    assert not [code for code in codes if code.endswith("Exception")]


@pytest.mark.parametrize(
    ("error", "reason", "next_step"),
    [
        (answered("RequestExpired"), "the AWS credentials have expired", "aws sso login"),
        (answered("AuthFailure"), r"does not accept the credentials \(AuthFailure\)", r"\[AWS\]"),
        (exceptions.NoCredentialsError(), "there are no AWS credentials", "aws configure"),
        (exceptions.SSOTokenLoadError(error_msg="no"), "could be fetched: .*no", "aws sso login"),
        (exceptions.ProfileNotFound(profile="me"), r"profile \(me\)", "AWS_PROFILE"),
        (answered("RequestTimeTooSkewed"), "clock is wrong", "Set the clock"),
    ],
    ids=str,
)
def test_wrong_credentials_are_told_with_what_to_do(
    error: BaseException, reason: str, next_step: str
) -> None:
    told = aws.credentials_error(error)
    below = aws.credentials_error(error, "s3://bucket/key")
    assert told and below
    assert below.reason == f"s3://bucket/key: {told.reason}"
    assert re.search(reason, told.reason)
    assert re.search(next_step, told.next_step)


def test_other_errors_say_nothing_of_credentials() -> None:
    assert aws.credentials_error(answered("AccessDenied")) is None
    assert aws.credentials_error(ValueError("x")) is None


def test_what_aws_says_is_one_line_without_secrets() -> None:
    said = answered("Odd", f"Two\n  lines with {SECRET}.")
    assert aws.error_message(said, [SECRET]) == "Two lines with ****"
    assert aws.error_message(ValueError("as it\nis")) == "as it is"
    assert aws.error_code(said) == "Odd"
    assert aws.error_status(said) == 400
    assert aws.error_code(ValueError("x")) == ""
    assert aws.error_status(ValueError("x")) == 0


def test_clients_of_a_process_share_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(aws_key="AKIAEXAMPLE", aws_secret=SECRET)
    assert aws.session(settings) is aws.session(settings)
    assert aws.session(settings) is not aws.session(Settings())
    before = aws.session(settings)
    monkeypatch.setenv("AWS_PROFILE_X", "another")
    assert aws.session(settings) is not before


def test_a_client_waits_and_tries_again_as_told() -> None:
    settings = Settings(aws_key="AKIAEXAMPLE", aws_secret=SECRET)
    plain = aws.client(settings, "sts", "eu-west-1").meta.config
    assert plain.connect_timeout == aws.CONNECT_SECONDS
    assert plain.read_timeout == aws.READ_SECONDS
    assert plain.retries == {"mode": "standard", "total_max_attempts": 1 + aws.ATTEMPTS}
    assert "sparkify/" in plain.user_agent
    special = aws.client(
        settings,
        "sts",
        "eu-west-1",
        mode="adaptive",
        attempts=3,
        read_seconds=5,
        max_pool_connections=3,
    ).meta
    assert special.region_name == "eu-west-1"
    assert special.config.read_timeout == 5
    assert special.config.retries["mode"] == "adaptive"
    assert special.config.max_pool_connections == 3


def test_keys_of_settings_and_environment_are_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-environment")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    settings = Settings(aws_key="AKIAEXAMPLE", aws_secret=SECRET)
    assert aws.secrets(settings) == (SECRET, "AKIAEXAMPLE", "of-the-environment", "token")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    assert aws.secrets(Settings()) == ()
