"""Requests and answers of the server, and how each service words an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from .errors import AwsError

JSON_SERVICES = ("redshift-data", "redshift-serverless")


@dataclass
class Request:
    """An HTTP request. environ: as WSGI has it, its input not yet read."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    environ: dict[str, Any]


@dataclass
class Answer:
    """An HTTP answer. cut: how many bytes of the body are sent before the connection is closed."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    cut: int | None = None


def json_answer(content: Mapping[str, Any], status: int = 200) -> Answer:
    """An answer of a service that speaks AWS JSON 1.1."""
    body = json.dumps(content, default=str).encode()
    return Answer(status, [("Content-Type", "application/x-amz-json-1.1")], body)


def error_answer(service: str, error: AwsError) -> Answer:
    """An error in the form of a service's protocol."""
    if service in JSON_SERVICES:
        key = "Message" if service == "redshift-data" else "message"
        content = {"__type": error.code, key: error.message, **error.fields}
        answer = json_answer(content, error.status)
        answer.headers.append(("x-amzn-errortype", error.code))
        return answer
    inside = f"<Code>{error.code}</Code><Message>{escape(error.message)}</Message>"
    inside += "".join(f"<{key}>{escape(str(one))}</{key}>" for key, one in error.fields.items())
    if service == "s3":
        text = f"<Error>{inside}<RequestId>stand-in</RequestId></Error>"
    elif service == "ec2":
        text = (
            f"<Response><Errors><Error>{inside}</Error></Errors><RequestID>x</RequestID></Response>"
        )
    else:
        text = f"<ErrorResponse><Error><Type>Sender</Type>{inside}</Error></ErrorResponse>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return Answer(error.status, [("Content-Type", "application/xml")], body)


def throttled(service: str) -> AwsError:
    """What a service says to who asks too often."""
    if service == "s3":
        return AwsError("SlowDown", "Please reduce your request rate.", 503)
    if service in JSON_SERVICES:
        return AwsError("ThrottlingException", "Rate exceeded")
    return AwsError("Throttling", "Rate exceeded")


def expired(service: str) -> AwsError:
    """What a service says to credentials that ran out."""
    message = "The security token included in the request is expired"
    if service == "s3":
        return AwsError("ExpiredToken", "The provided token has expired.", 400)
    if service in JSON_SERVICES:
        return AwsError("ExpiredTokenException", message, 403)
    return AwsError("ExpiredToken", message, 403)
