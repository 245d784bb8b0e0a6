"""How AWS is reached: one boto3 session of the settings, and a client for each service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .. import aws
from .failures import meant, refused

if TYPE_CHECKING:
    from ..config import Settings


class Account:
    """The AWS account of the settings, in the Region of the warehouse; nothing is sent yet."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.region = settings.aws_region
        self._clients: dict[str, Any] = {}

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation by boto3's names, such as `cloudformation`, `describe_stacks`.

        Raises what boto3 raises for an error of the operation itself; SettingsError for missing,
        expired, wrong or too weak credentials; WarehouseError when AWS cannot be reached.
        """
        with self._understood(service, operation):
            answer: dict[str, Any] = getattr(self._client(service), operation)(**parameters)
        return answer

    def pages(self, service: str, operation: str, member: str, **parameters: Any) -> list[Any]:
        """Call an operation that answers in pages; errors as of `call`. member: what is listed."""
        with self._understood(service, operation):
            pages = self._client(service).get_paginator(operation).paginate(**parameters)
            return [item for page in pages for item in page.get(member) or ()]

    def look(self, service: str, operation: str, **parameters: Any) -> dict[str, Any] | None:
        """Call an operation that asks for one thing; None when there is no such thing."""
        from botocore.exceptions import ClientError

        try:
            return self.call(service, operation, **parameters)
        except ClientError as error:
            if is_missing(error):
                return None
            raise

    @contextmanager
    def _understood(self, service: str, operation: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            yield
        except (BotoCoreError, ClientError, ResponseParserError, ValueError) as error:
            if told := meant(error, service, operation, self.settings):
                raise told from None
            raise

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = aws.client(self.settings, service, self.region)
        return self._clients[service]


@contextmanager
def refusals_told(settings: Settings) -> Iterator[None]:
    """Turn what AWS refuses inside, and nothing else foresaw, into WarehouseError."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        raise refused(error, settings) from None


def code_of(error: Exception) -> str:
    """Give the code of an error that AWS answered, or ''."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code") or "")


def text_of(error: Exception) -> str:
    """Give the text of an error that AWS answered, or ''."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Message") or "")


def is_unknown(error: Exception) -> bool:
    """Tell whether the service answered that it has no such operation.

    AWS has them all; a local stand-in may not, and goes without what is not essential.
    """
    return code_of(error).removesuffix("Exception") in _UNKNOWN


_UNKNOWN = frozenset(
    (
        *("InvalidAction", "UnknownOperation", "UnsupportedOperation", "NotImplemented"),
        *("ActionNotImplemented", "MethodNotAllowed", "501", "405"),
    )
)


def is_missing(error: Exception) -> bool:
    """Tell whether AWS answered that what was asked for does not exist.

    CloudFormation says so in words only: ValidationError is also every other mistake.
    """
    if code_of(error).removesuffix("Exception") in _MISSING:
        return True
    validation = code_of(error) in ("ValidationError", "ValidationException")
    return validation and "does not exist" in text_of(error)


_MISSING = frozenset(
    (
        *("ResourceNotFound", "NoSuchEntity", "404", "NoSuchBucket"),
        *("StackNotFound", "ChangeSetNotFound"),
    )
)
