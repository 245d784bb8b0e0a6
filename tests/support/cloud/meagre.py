"""The stand-in made meagre: no more than what the models call required, and fewer operations.

Other stand-ins are written by others, who leave out what they do not need. A program that asks for
little runs on all of them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from .answers import Answer, Request
from .errors import AwsError
from .gateway import Gateway

UNKNOWN = {
    ("cloudformation", "CreateChangeSet"): ("InvalidAction", 400),
    ("cloudformation", "DescribeChangeSet"): ("InvalidAction", 400),
    ("cloudformation", "DetectStackDrift"): ("InvalidAction", 400),
    ("cloudformation", "DescribeEvents"): ("InvalidAction", 400),
    ("cloudformation", "ListChangeSets"): ("InvalidAction", 400),
    ("redshift-serverless", "ListUsageLimits"): ("UnknownOperationException", 400),
    ("redshift-serverless", "CreateUsageLimit"): ("UnknownOperationException", 400),
    ("redshift-data", "ListStatements"): ("UnknownOperationException", 400),
    ("s3", "ListObjectVersions"): ("NotImplemented", 501),
}
"""What it has not, and how it says so."""
FIRST_LOOKS = ("SUBMITTED", "PICKED", "STARTED", "STARTED")
"""What the first looks at every statement see."""
_KEPT = {
    "workgroup": ("workgroupName", "status", "namespaceName", "workgroupArn", "baseCapacity"),
    "namespace": ("namespaceName", "status", "dbName", "namespaceId", "defaultIamRoleArn"),
}
_NUMBERED = re.compile(r"^Query #\d+ failed with ")
_EVENT = re.compile(rb"<member>.*?</member>", re.DOTALL)
_PARAMETERS = re.compile(rb"<Parameters>.*?</Parameters>", re.DOTALL)


class Meagre:
    """Stands before a gateway. parts: what is told of the statements of a batch."""

    def __init__(self, gateway: Gateway, parts: tuple[str, ...] = ("Id",)) -> None:
        self._parts = parts
        self._looks: Counter[str] = Counter()
        self._whole = gateway._served
        gateway._served = self._served  # type: ignore[method-assign]

    def _served(
        self,
        service: str,
        name: str,
        region: str | None,
        request: Request,
        detail: Mapping[str, Any],
    ) -> Answer:
        if unknown := UNKNOWN.get((service, name)):
            code, status = unknown
            raise AwsError(code, f"The action {name} is not valid here.", status)
        if name == "GetStatementResult":
            return self._row(region, request, detail)
        answer = self._whole(service, name, region, request, detail)
        if service == "redshift-data":
            return _changed(answer, self._told(name, detail, json.loads(answer.body)))
        if service == "redshift-serverless":
            told = json.loads(answer.body)
            for kind, kept in _KEPT.items():
                if kind in told:
                    told[kind] = {key: told[kind][key] for key in kept if key in told[kind]}
            return _changed(answer, told)
        if name == "DescribeStackEvents":
            members = iter(_EVENT.findall(answer.body)[::-1])  # oldest first
            answer.body = _EVENT.sub(lambda _: next(members), answer.body)
        if name == "DescribeStacks":
            answer.body = _PARAMETERS.sub(b"", answer.body)
        if service == "cloudformation":
            answer.headers = [one for one in answer.headers if one[0].lower() != "content-length"]
        return answer

    def _told(self, name: str, detail: Mapping[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
        if name != "DescribeStatement":
            return {key: whole[key] for key in ("Id", "Status") if key in whole}
        self._looks[str(detail["Id"])] += 1
        looks = self._looks[str(detail["Id"])]
        if looks <= len(FIRST_LOOKS):
            return {"Id": whole["Id"], "Status": FIRST_LOOKS[looks - 1]}
        told: dict[str, Any] = {
            key: whole[key] for key in ("Id", "Status", "Error") if key in whole
        }
        if "Error" in told:
            told["Error"] = _NUMBERED.sub("", told["Error"])
        if self._parts and "SubStatements" in whole:
            told["SubStatements"] = [
                {key: part[key] for key in self._parts if key in part}
                for part in whole["SubStatements"]
            ]
        return told

    def _row(self, region: str | None, request: Request, detail: Mapping[str, Any]) -> Answer:
        """Give one row a page; only the first page tells the columns."""
        plain = {key: value for key, value in detail.items() if key != "NextToken"}
        start = int(detail.get("NextToken") or 0)
        rows: list[Any] = []
        told: dict[str, Any] = {}
        while not told or "NextToken" in told:
            answer = self._whole("redshift-data", "GetStatementResult", region, request, plain)
            told = json.loads(answer.body)
            rows += told["Records"]
            plain["NextToken"] = told.get("NextToken")
        page: dict[str, Any] = {"Records": rows[start : start + 1]}
        if not start:
            page["ColumnMetadata"] = told["ColumnMetadata"]
        if start + 1 < len(rows):
            page["NextToken"] = str(start + 1)
        return _changed(answer, page)


def _changed(answer: Answer, told: Mapping[str, Any]) -> Answer:
    answer.body = json.dumps(told).encode()
    return answer
