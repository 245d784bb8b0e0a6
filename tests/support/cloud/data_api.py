"""The Redshift Data API (AWS JSON 1.1), as botocore's model of redshift-data names it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from . import identities
from .errors import AwsError
from .results import as_csv
from .statements import ENDED, Part, Runner, Statement
from .tokens import Token, joined, quoted, tokens

Payload = Mapping[str, Any]
Answer = dict[str, Any]
Serverless = Callable[[str, Payload, str], Answer]

MOST_STATEMENTS = 40
LONGEST_STATEMENT = 100 * 1024
_ID = re.compile(r"[a-z0-9]{8}(-[a-z0-9]{4}){3}-[a-z0-9]{12}(:\d+)?")
_NO_RESULT = "Query does not have result. Please check query status with DescribeStatement."


class DataApi:
    """One Data API. page_rows: rows in a page of a result; most_active: statements at once."""

    def __init__(self, runner: Runner, serverless: Serverless) -> None:
        self.page_rows = 1000
        self.most_active = 500
        self._runner = runner
        self._serverless = serverless
        self._statements: dict[str, Statement] = {}
        self._tokens: dict[tuple[str, str], tuple[Any, str]] = {}
        self._lock = Lock()

    def handle(self, operation: str, payload: Payload, region: str) -> Answer:
        """Answer an operation. Raises AwsError."""
        name = "_" + re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
        method = getattr(self, name, None)
        if method is None:
            raise AwsError("UnknownOperationException", f"the stand-in knows no {operation}")
        answer: Answer = method(payload, region)
        return answer

    def running(self) -> list[str]:
        """The ids of the statements that have not ended."""
        with self._lock:
            return [one.id for one in self._statements.values() if one.status not in ENDED]

    def statements(self) -> list[str]:
        """Every SQL text, in the order in which they were accepted."""
        with self._lock:
            return [part.text for one in self._statements.values() for part in one.parts]

    def expire(self, statement_id: str) -> None:
        """Forget a statement and its results, as after 24 hours."""
        self._statements[statement_id].expired = True

    def stop(self) -> None:
        """Cancel whatever runs, and wait for its end."""
        with self._lock:
            running = [one for one in self._statements.values() if one.status not in ENDED]
        for statement in running:
            statement.cancel()
        self._runner.join()

    # Execute

    def _execute_statement(self, payload: Payload, region: str) -> Answer:
        text = str(payload.get("Sql", ""))
        parameters = payload.get("Parameters")
        if parameters is not None:
            text = _bound(text, parameters)
        return self._accept([text], payload, region, is_batch=False)

    def _batch_execute_statement(self, payload: Payload, region: str) -> Answer:
        texts = list(payload.get("Sqls", ()))
        if not 1 <= len(texts) <= MOST_STATEMENTS:
            raise _invalid(
                f"1 validation error detected: Value at 'sqls' failed to satisfy constraint:"
                f" Member must have length less than or equal to {MOST_STATEMENTS} and greater"
                f" than or equal to 1: {len(texts)}"
            )
        if payload.get("Parameters") is not None:
            raise _invalid("the stand-in binds no parameters in a batch")
        return self._accept(texts, payload, region, is_batch=True)

    def _accept(self, texts: list[str], payload: Payload, region: str, *, is_batch: bool) -> Answer:
        for text in texts:
            if not text.strip():
                raise _invalid("The SQL statement is empty")
            if len(text.encode()) > LONGEST_STATEMENT:
                raise _invalid("The SQL statement exceeds the maximum size of 100 KB")
        workgroup, namespace = self._target(payload, region)
        database = str(payload["Database"])
        token = str(payload.get("ClientToken", ""))
        content = (is_batch, *texts, workgroup["workgroupName"], database)
        with self._lock:
            known = self._tokens.get((region, token)) if token else None
            if known is not None:
                if known[0] != content:
                    raise _invalid("ClientToken was used before with other parameters")
                return self._accepted(self._statements[known[1]])
            if (
                sum(one.status not in ENDED for one in self._statements.values())
                >= self.most_active
            ):
                raise AwsError(
                    "ActiveStatementsExceededException",
                    "Active statements exceeded the allowed quota",
                    Message="Active statements exceeded the allowed quota",
                )
            statement_id = str(uuid.uuid4())
            statement = Statement(
                id=statement_id,
                parts=[
                    Part(f"{statement_id}:{number}" if is_batch else statement_id, text)
                    for number, text in enumerate(texts, 1)
                ],
                is_batch=is_batch,
                workgroup=str(payload["WorkgroupName"]),
                database=database,
                region=region,
                namespace=namespace,
                name=str(payload.get("StatementName", "")),
                result_format=str(payload.get("ResultFormat", "JSON")),
                auto_commit=payload.get("ExecutionMode") == "AUTO_COMMIT",
                parameters=payload.get("Parameters") or (),
                user=identities.database_user(),
            )
            self._statements[statement_id] = statement
            if token:
                self._tokens[region, token] = (content, statement_id)
        self._runner.submit(statement)
        _wait(statement, payload)
        return self._accepted(statement)

    def _accepted(self, statement: Statement) -> Answer:
        return {
            "Id": statement.id,
            "CreatedAt": statement.created,
            "Database": statement.database,
            "DbUser": statement.user or "IAM:tester",
            "WorkgroupName": statement.workgroup,
            "Status": statement.status,
            "HasResultSet": any(part.has_result for part in statement.parts),
        }

    def _target(self, payload: Payload, region: str) -> tuple[Answer, Answer]:
        """The workgroup and namespace of a call."""
        if "SessionId" in payload or "SessionKeepAliveSeconds" in payload:
            raise _invalid("the stand-in keeps no sessions")
        if "ClusterIdentifier" in payload or "WorkgroupName" not in payload:
            raise _invalid("Either ClusterIdentifier or WorkgroupName must be provided.")
        if "DbUser" in payload:
            raise _invalid("DbUser can't be given with WorkgroupName.")
        if not payload.get("Database"):
            raise _invalid("Database must be provided.")
        name = str(payload["WorkgroupName"])
        try:
            workgroup = self._serverless("GetWorkgroup", {"workgroupName": name}, region)
            group = workgroup["workgroup"]
            namespace = self._serverless(
                "GetNamespace", {"namespaceName": group["namespaceName"]}, region
            )["namespace"]
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            raise _invalid("Redshift endpoint doesn't exist in this region.") from None
        if group["status"] not in ("AVAILABLE", "MODIFYING"):
            raise _invalid(f"Workgroup {name} is not available: {group['status']}")
        return group, namespace

    # Look

    def _describe_statement(self, payload: Payload, region: str) -> Answer:
        statement, part = self._find(payload, region)
        _wait(statement, payload)
        if part is not None and statement.is_batch:
            return {**_described(part), "Database": statement.database}
        only = statement.parts[0]
        answer: Answer = {
            "Id": statement.id,
            "Database": statement.database,
            "DbUser": statement.user or "IAM:tester",
            "WorkgroupName": statement.workgroup,
            "Status": statement.status,
            "CreatedAt": statement.created,
            "UpdatedAt": statement.updated,
            "Duration": statement.duration,
            "RedshiftPid": statement.pid,
            "ResultFormat": statement.result_format,
            "HasResultSet": any(one.has_result for one in statement.parts)
            and statement.status == "FINISHED",
            "ResultRows": -1 if statement.is_batch else only.rows,
            "ResultSize": -1 if statement.is_batch else only.size,
            "RedshiftQueryId": 0 if statement.is_batch else only.query_id,
            "QueryString": "" if statement.is_batch else only.text,
        }
        if statement.is_batch:
            answer["SubStatements"] = [_described(one) for one in statement.parts]
            answer["ExecutionMode"] = "AUTO_COMMIT" if statement.auto_commit else "TRANSACTION"
        if statement.error is not None:
            answer["Error"] = statement.error
        if statement.parameters:
            answer["QueryParameters"] = list(statement.parameters)
        return answer

    def _get_statement_result(self, payload: Payload, region: str) -> Answer:
        return self._page(payload, region, wanted="JSON")

    def _get_statement_result_v2(self, payload: Payload, region: str) -> Answer:
        return self._page(payload, region, wanted="CSV")

    def _page(self, payload: Payload, region: str, wanted: str) -> Answer:
        statement, part = self._find(payload, region)
        _wait(statement, payload)
        if part is None:
            raise _invalid(
                "BatchExecuteStatement result can only be retrieved with sub-statement id."
            )
        if wanted != statement.result_format:
            raise _invalid(f"The result format of the statement is {statement.result_format}")
        if statement.status != "FINISHED" or part.result is None:
            raise AwsError("ResourceNotFoundException", _NO_RESULT, ResourceId=part.id)
        start = _start(payload, part.id)
        records = part.result.records[start : start + self.page_rows]
        answer: Answer = {
            "Records": records,
            "ColumnMetadata": part.result.columns,
            "TotalNumRows": len(part.result.records),
        }
        if wanted == "CSV":
            text = as_csv(part.result, records, header=start == 0)
            answer |= {"Records": [{"CSVRecords": text}], "ResultFormat": "CSV"}
        if start + self.page_rows < len(part.result.records):
            answer["NextToken"] = f"{part.id}/{start + self.page_rows}"
        return answer

    def _list_statements(self, payload: Payload, region: str) -> Answer:
        with self._lock:
            found = [
                one
                for one in reversed(self._statements.values())
                if one.region == region and not one.expired
                if payload.get("Status", "FINISHED") in ("ALL", one.status)
                if one.name.startswith(payload.get("StatementName", ""))
            ]
        start, most = _start(payload, "list"), int(payload.get("MaxResults") or 100)
        answer: Answer = {"Statements": [_listed(one) for one in found[start : start + most]]}
        if start + most < len(found):
            answer["NextToken"] = f"list/{start + most}"
        return answer

    def _cancel_statement(self, payload: Payload, region: str) -> Answer:
        statement, part = self._find(payload, region)
        if part is not None and statement.is_batch:
            raise _invalid("A sub-statement can't be cancelled.")
        if statement.status in ENDED:
            raise _invalid(
                f"Could not cancel a query that is already in {statement.status} state with ID:"
                f" {statement.id}"
            )
        statement.cancel()
        return {"Status": True}

    def _find(self, payload: Payload, region: str) -> tuple[Statement, Part | None]:
        """A statement by its id, and the part that the id names (None: a whole batch)."""
        given = str(payload.get("Id", ""))
        if not _ID.fullmatch(given):
            raise _invalid(f"id must satisfy regex pattern: {_ID.pattern}")
        own, _, number = given.partition(":")
        statement = self._statements.get(own)
        if (
            statement is None
            or statement.expired
            or statement.region != region
            or (number and not (statement.is_batch and 1 <= int(number) <= len(statement.parts)))
        ):
            raise AwsError("ResourceNotFoundException", "Query does not exist.", ResourceId=given)
        if number:
            return statement, statement.parts[int(number) - 1]
        return statement, None if statement.is_batch else statement.parts[0]


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def _wait(statement: Statement, payload: Payload) -> None:
    seconds = int(payload.get("WaitTimeSeconds", 0))
    if seconds:
        statement.ended.wait(seconds)


def _start(payload: Payload, of: str) -> int:
    token = payload.get("NextToken")
    if token is None:
        return 0
    owner, _, start = str(token).rpartition("/")
    if owner != of or not start.isdigit():
        raise _invalid("NextToken is not valid")
    return int(start)


def _described(part: Part) -> Answer:
    answer: Answer = {
        "Id": part.id,
        "Status": part.status,
        "QueryString": part.text,
        "CreatedAt": part.created,
        "UpdatedAt": part.updated,
        "Duration": part.duration,
        "HasResultSet": part.has_result,
        "ResultRows": part.rows,
        "ResultSize": part.size,
        "RedshiftQueryId": part.query_id,
    }
    if part.error is not None:
        answer["Error"] = part.error
    return answer


def _listed(statement: Statement) -> Answer:
    answer: Answer = {
        "Id": statement.id,
        "Status": statement.status,
        "StatementName": statement.name,
        "CreatedAt": statement.created,
        "UpdatedAt": statement.updated,
        "IsBatchStatement": statement.is_batch,
        "ResultFormat": statement.result_format,
        "QueryStrings": [part.text for part in statement.parts],
    }
    if not statement.is_batch:
        answer["QueryString"] = statement.parts[0].text
    return answer


def _bound(text: str, parameters: Any) -> str:
    """The text with its parameters as literals."""
    values: dict[str, str] = {}
    for one in parameters:
        if not one.get("value"):
            raise _invalid("Parameter values must have length greater than or equal to 1")
        values[str(one["name"])] = str(one["value"])
    if not values:
        raise _invalid("Parameters list must not be empty")
    used: set[str] = set()
    found = []
    for token in tokens(text):
        if token.kind == "parameter":
            name = token.source[1:]
            if name not in values:
                raise _invalid(f"Parameter {name} has no value")
            used.add(name)
            token = Token("text", quoted(values[name]), "")
        found.append(token)
    if unused := values.keys() - used:
        raise _invalid(f"Parameters are not used in the statement: {', '.join(sorted(unused))}")
    return joined(found)
