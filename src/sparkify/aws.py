"""AWS as every package reaches it: sessions, clients, and what its errors mean."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from . import __version__
from .errors import SettingsError
from .redact import mask

if TYPE_CHECKING:
    from boto3 import Session

    from .config import Settings

ATTEMPTS = 8
"""How often boto3 repeats a call that is throttled or not answered."""
CONNECTS = 3
"""How often a connection is tried before the first answer: without a network boto3's own attempts
take half a minute."""
CONNECT_SECONDS = 5
NETWORK_STEP = (
    "Check the network, the proxy (HTTPS_PROXY), AWS_ENDPOINT_URL if it is set, and REGION in"
    " [AWS]; then run the command again"
)
READ_SECONDS = 60
_PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov"}

_lock = threading.Lock()


# Sessions and clients


def session(settings: Settings) -> Session:
    """Return the session that signs with the keys of the settings, else as the AWS chain finds.

    It is shared while the AWS_ variables of the environment stay as they are: each session reads a
    megabyte of models.
    """
    environment = tuple(sorted(one for one in os.environ.items() if one[0].startswith("AWS_")))
    with _lock:
        return _session(settings.aws_key, settings.aws_secret, environment)


@lru_cache(maxsize=4)
def _session(key: str, secret: str, environment: tuple[tuple[str, str], ...]) -> Session:
    import boto3

    return boto3.Session(aws_access_key_id=key or None, aws_secret_access_key=secret or None)


def client(
    settings: Settings,
    service: str,
    region: str,
    *,
    mode: Literal["standard", "adaptive"] = "standard",
    attempts: int = 0,
    connects: int = 0,
    read_seconds: float = 0.0,
    **options: Any,
) -> Any:
    """Return a client of a service in a Region, which any thread may use; nothing is sent yet.

    mode: how boto3 repeats calls (adaptive: throttled calls slow it down), attempts: how often, at
    most, connects: while nothing has answered yet. options: more of botocore's Config. No endpoint
    is given, so that AWS_ENDPOINT_URL is heeded.
    """
    from botocore.config import Config

    config = Config(
        retries={"mode": mode, "max_attempts": attempts or ATTEMPTS},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds or READ_SECONDS,
        user_agent_extra=f"sparkify/{__version__}",
        **options,
    )
    shared: Any = session(settings)
    with _lock:  # a session must not be used by two threads at once
        made = shared.client(service, region_name=region, config=config)
    left = connects or CONNECTS

    def give_up(response: object, attempts: int, caught_exception: Exception, **_: Any) -> None:
        nonlocal left
        left = ATTEMPTS if response else left
        if attempts >= left and unconnected(caught_exception):
            raise caught_exception

    made.meta.events.register_first("needs-retry", give_up)
    return made


def secrets(settings: Settings) -> tuple[str, ...]:
    """Return what no message may show: the keys of the settings, and those of the environment."""
    given = (os.environ.get("AWS_SECRET_ACCESS_KEY"), os.environ.get("AWS_SESSION_TOKEN"))
    return tuple(one for one in (settings.aws_secret, settings.aws_key, *given) if one)


def ca_bundle(settings: Settings) -> str | None:
    """Return the file of trusted certificates that boto3 is configured with, if any."""
    core: Any = session(settings)._session
    bundle: str | None = core.get_config_variable("ca_bundle")
    return bundle


def partition(region: str) -> str:
    """Return the partition of a Region, part of every ARN: `aws`, `aws-cn`, `aws-us-gov`."""
    return next((one for key, one in _PARTITIONS.items() if region.startswith(f"{key}-")), "aws")


# What errors mean


class Problem(Enum):
    """What an error of AWS or boto3 means, whichever service it comes from."""

    EXPIRED = "the credentials have expired"
    NOT_ACCEPTED = "the credentials are unknown, or the signature is wrong"
    NO_CREDENTIALS = "there are none, or not all of them"
    NOT_FETCHED = "credentials could not be fetched"
    NO_PROFILE = "AWS_PROFILE names a profile that does not exist"
    CLOCK = "this machine's clock is wrong"
    DENIED = "the credentials are not allowed to do this"
    NOT_FOUND = "what was asked for does not exist"
    THROTTLED = "not accepted now, may be later"
    UNAVAILABLE = "the service failed; it may have done what was asked"
    UNREACHABLE = "no whole answer came; it may have been done"
    UNSUPPORTED = "the server has no such operation: AWS has them all, a stand-in may not"
    WRONG_REGION = "the bucket is in another Region"
    CHANGED = "the object is not the version that was asked for"
    ARCHIVED = "the object must be restored before it can be read"
    OTHER = "the operation's own error"


BUSY = frozenset((Problem.THROTTLED, Problem.UNAVAILABLE))
_TOO_MANY = 429
# Codes are those of botocore/data/_retry.json, of the operations of redshift-data, and of
# AmazonS3/latest/API/ErrorResponses.html, without `Exception` at their end, which some services
# leave out; of an answer without a body the status is the code. `Error` ends the exceptions of
# botocore itself.
_CODES: Mapping[Problem, tuple[str, ...]] = {
    Problem.EXPIRED: ("ExpiredToken", "RequestExpired", "TokenRefreshRequired"),
    Problem.NOT_ACCEPTED: (
        *("AuthFailure", "IncompleteSignature", "InvalidAccessKeyId", "InvalidClientTokenId"),
        *("InvalidSecurity", "InvalidSignature", "InvalidToken", "MissingAuthenticationToken"),
        *("NotAuthorized", "OptInRequired", "SignatureDoesNotMatch", "UnrecognizedClient"),
    ),
    Problem.NO_CREDENTIALS: ("NoCredentialsError", "PartialCredentialsError"),
    Problem.NOT_FETCHED: ("CredentialRetrievalError", "SSOError", "TokenRetrievalError"),
    Problem.NO_PROFILE: ("ProfileNotFound",),
    Problem.CLOCK: ("RequestTimeTooSkewed",),
    Problem.DENIED: ("AccessDenied", "AllAccessDisabled", "UnauthorizedOperation", "403"),
    Problem.NOT_FOUND: (
        *("NoSuchBucket", "NoSuchEntity", "NoSuchKey", "NoSuchVersion", "ResourceNotFound"),
        *("ChangeSetNotFound", "StackNotFound", "404"),
    ),
    Problem.THROTTLED: (
        *("ActiveSessionsExceeded", "ActiveStatementsExceeded", "ActiveWaitingRequestsExceeded"),
        *("BandwidthLimitExceeded", "PriorRequestNotComplete", "RequestLimitExceeded"),
        *("RequestThrottled", "SlowDown", "Throttled", "ThrottledRequest", "Throttling"),
        *("TooManyRequests", "429"),
    ),
    Problem.UNAVAILABLE: (
        *("DatabaseConnection", "InternalError", "InternalFailure", "InternalServer"),
        *("InternalServerError", "QueryTimeout", "RequestTimeout", "ServiceUnavailable"),
        *("500", "502", "503", "504"),
    ),
    Problem.UNREACHABLE: (
        *("ConnectionError", "HTTPClientError", "IncompleteReadError", "ResponseParserError"),
    ),
    Problem.UNSUPPORTED: (
        *("ActionNotImplemented", "InvalidAction", "MethodNotAllowed", "NotImplemented"),
        *("UnknownOperation", "UnsupportedOperation", "405", "501"),
    ),
    Problem.WRONG_REGION: (
        *("AuthorizationHeaderMalformed", "BucketRegionError", "IllegalLocationConstraint"),
        *("PermanentRedirect", "TemporaryRedirect", "301", "307"),
    ),
    Problem.CHANGED: ("InvalidRange", "PreconditionFailed", "412", "416"),
    Problem.ARCHIVED: ("InvalidObjectState",),
}
_MEANT = {code: what for what, codes in _CODES.items() for code in codes}

_KEYS = (
    "Set KEY and SECRET in [AWS], or leave both empty and use the standard AWS chain (environment,"
    " AWS_PROFILE, `aws configure`); `aws sts get-caller-identity` tells whether they work."
)
_SIGN_IN = "Get new ones (`aws sso login`, or new keys and token), then run the command again."
_CREDENTIALS = {
    Problem.EXPIRED: ("the AWS credentials have expired", _SIGN_IN),
    Problem.NOT_ACCEPTED: ("AWS does not accept the credentials ({code})", _KEYS),
    Problem.NO_CREDENTIALS: ("there are no AWS credentials ({said})", _KEYS),
    Problem.NOT_FETCHED: ("no AWS credentials could be fetched: {said}", _SIGN_IN),
    Problem.NO_PROFILE: (
        "{said}",
        "Correct AWS_PROFILE, or add the profile to ~/.aws/config.",
    ),
    Problem.CLOCK: (
        "AWS refuses the request because this machine's clock is wrong",
        "Set the clock, then run the command again.",
    ),
}


def error_code(error: BaseException) -> str:
    """Return the code of an error that AWS answered with; empty for any other."""
    return _answered(error, "Code")


def error_message(error: BaseException, known: Iterable[str] = ()) -> str:
    """Return what AWS, else boto3, says, on one line, without secrets and final full stop.

    known: secrets to take out, see `secrets`.
    """
    said = _answered(error, "Message") or str(error)
    return mask(" ".join(said.split()), known).rstrip(".")


def error_status(error: BaseException) -> int:
    """Return the HTTP status of an error that AWS answered with; 0 where there is none."""
    answer = getattr(error, "response", None) or {}  # None, where no answer came
    return int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)


def _answered(error: BaseException, what: str) -> str:
    answer = getattr(error, "response", None) or {}
    return str(answer.get("Error", {}).get(what) or "")


def problem(error: BaseException) -> Problem:
    """Return what an exception that came out of a call of boto3 means."""
    if found := _MEANT.get(error_code(error).removesuffix("Exception")):
        return found
    if status := error_status(error):
        if status == _TOO_MANY:
            return Problem.THROTTLED
        return Problem.UNAVAILABLE if status >= 500 else Problem.OTHER
    own = (one.__name__ for one in type(error).__mro__ if one.__module__.startswith("botocore."))
    return next((_MEANT[name] for name in own if name in _MEANT), Problem.OTHER)


def unconnected(error: BaseException | None) -> bool:
    """Return whether no connection was made: then nothing was sent."""
    from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError

    return isinstance(error, ConnectTimeoutError | EndpointConnectionError)


def credentials_error(
    error: BaseException, place: str = "", known: Iterable[str] = ()
) -> SettingsError | None:
    """Return the error of missing, wrong or expired credentials with the next step, else None.

    place: what was to be reached, to begin the message with. known: secrets, see `secrets`.
    """
    if (what := problem(error)) not in _CREDENTIALS:
        return None
    reason, next_step = _CREDENTIALS[what]
    reason = reason.format(code=error_code(error), said=error_message(error, known))
    return SettingsError(f"{place}: {reason}" if place else reason, next_step)
