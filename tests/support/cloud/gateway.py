"""Who answers a request: found by its signature, with the faults that concern it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from io import BytesIO
from threading import RLock
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from . import identities, s3_gateway
from .answers import (
    JSON_SERVICES,
    Answer,
    Request,
    error_answer,
    expired,
    json_answer,
    throttled,
)
from .bucket_reader import strike_object
from .errors import AwsError, DropConnectionError
from .faults import Fault, Faults

JsonService = Callable[[str, Mapping[str, Any], str], Mapping[str, Any]]
_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_TARGETS = {"RedshiftData": "redshift-data", "RedshiftServerless": "redshift-serverless"}


class Call(NamedTuple):
    """One request that was received. detail: the operation's parameters."""

    service: str
    operation: str
    detail: dict[str, Any]


class Gateway:
    """Answers every request that the server takes."""

    def __init__(self, faults: Faults, services: Mapping[str, JsonService]) -> None:
        self.calls: list[Call] = []
        self.public: set[str] = set()
        self.accidents: list[Exception] = []
        self.control: dict[str, Callable[[bytes], Any]] = {}
        self._faults = faults
        self.services = dict(services)
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._moto_lock = RLock()

    def answer(self, request: Request) -> Answer:
        """Answer a request. Raises DropConnectionError for none."""
        if request.path in self.control:
            return json_answer({"answer": self.control[request.path](request.body)})
        service, region = _scope(request)
        name, detail = _operation(service, request)
        self.calls.append(Call(service, name, detail))
        told = json.dumps(detail, default=str)
        struck = self._faults.at(f"{service}.{name}", told)
        try:
            _before(service, struck)
            if not (service == "s3" and detail.get("Bucket") in self.public):
                identities.authorize(service, name, region, detail)
            answer = self._served(service, name, region, request, detail)
        except AwsError as error:
            answer = error_answer(service, error)
            if service == "s3":
                answer.headers += s3_gateway.region_header(request)
        except DropConnectionError:
            raise
        except Exception as error:  # of moto or of the stand-in itself
            self.accidents.append(error)
            answer = error_answer(service, AwsError("InternalFailure", repr(error), 500))
        _behind(struck, answer)
        return answer

    def _served(
        self,
        service: str,
        name: str,
        region: str | None,
        request: Request,
        detail: Mapping[str, Any],
    ) -> Answer:
        if service in JSON_SERVICES:
            return json_answer(self.services[service](name, detail, region or "us-east-1"))
        if service == "s3":
            s3_gateway.refuse(request, name, region, self.public)
            answer = s3_gateway.read(request) or s3_gateway.listed(request)
            if answer is not None:
                return answer
        with self._moto_lock:
            return self._from_moto(request)

    def _from_moto(self, request: Request) -> Answer:
        heads: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            heads.append((status, headers))

        environ = {**request.environ, "wsgi.input": BytesIO(request.body)}
        environ["CONTENT_LENGTH"] = str(len(request.body))
        found = self._moto(environ, start)
        try:
            body = b"".join(found)
        finally:
            if hasattr(found, "close"):
                found.close()
        status, headers = heads[-1]
        return Answer(int(status.split()[0]), list(headers), body)


def _scope(request: Request) -> tuple[str, str | None]:
    """Service and Region that a request was signed for; unsigned ones go to S3."""
    signed = request.headers.get("authorization", "")
    match = _SCOPE.search(signed) or re.search(
        r"X-Amz-Credential=([^%]+)%2F\d+%2F([^%]+)%2F([^%]+)%2Faws4_request", request.query
    )
    identities.KEY.set(match[1] if match else "")
    if match:
        return match[3], match[2]
    if "AWSAccessKeyId=" in request.query:  # an address signed the old way, for no Region
        return "s3", s3_gateway.ANY_REGION
    target = request.headers.get("x-amz-target", "").split(".")[0]
    return _TARGETS.get(target, "s3"), None


def _operation(service: str, request: Request) -> tuple[str, dict[str, Any]]:
    if service == "s3":
        return s3_gateway.operation(request)
    if service in JSON_SERVICES:
        name = request.headers.get("x-amz-target", ".").split(".")[1]
        return name, dict(json.loads(request.body or b"{}"))
    form = parse_qs(request.body.decode("utf-8", "replace") or request.query, True)
    detail = {key: values[0] for key, values in form.items()}
    return detail.pop("Action", ""), detail


def _before(service: str, struck: list[Fault]) -> None:
    """What goes wrong before anything is done."""
    for fault in struck:
        match fault.kind:
            case "call" if fault.call is not None:
                _called(fault.call)
            case "slow":
                time.sleep(fault.seconds)
            case "throttle":
                raise throttled(service)
            case "server_error":
                message = fault.message or "We encountered an internal error."
                code = fault.code or ("InternalError" if service == "s3" else "InternalFailure")
                raise AwsError(code, message, fault.status or 500)
            case "error":
                raise AwsError(fault.code, fault.message, fault.status or 400)
            case "expired_token":
                raise expired(service)
            case "expired_result":
                message = (
                    "Query does not have result. Please check query status with DescribeStatement."
                )
                raise AwsError("ResourceNotFoundException", message, ResourceId="expired")
            case "drop_before":
                raise DropConnectionError


def _called(call: Callable[[], object]) -> None:
    """Call what a test wants called; when it raises, the request is lost."""
    try:
        call()
    except Exception as error:
        raise DropConnectionError from error


def _behind(struck: list[Fault], answer: Answer) -> None:
    """What goes wrong when it is done."""
    for fault in struck:
        match fault.kind:
            case "delete_object" | "replace_object":
                strike_object(fault)
            case "cut_body":
                answer.cut = len(answer.body) // 2
            case "drop_after":
                raise DropConnectionError


def described(faults: list[Fault]) -> list[dict[str, Any]]:
    """Faults as JSON."""
    return [{key: value for key, value in asdict(one).items() if key != "call"} for one in faults]
