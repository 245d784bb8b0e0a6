"""What is set, what exists, what can be reached; and for what is wrong, the next step."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from typing import Any

from . import __version__, iac, sql_queries, warehouse
from .config import Settings
from .config.keys import SETTINGS
from .errors import SettingsError, SourceError, SparkifyError, WarehouseError
from .iac.drift import drifts
from .iac.stack import USABLE, Account, find
from .iac.status import limit_hours, missing_limit, namespace, workgroup
from .progress import silent
from .redact import mask_all
from .sources.files import Kind
from .sources.jsonpaths import read_keys
from .sources.listing import list_source, some
from .staging.rules import EVENT_KEYS
from .util_s3 import S3

Detail = str | tuple[str, str]
"""What is right, and perhaps a next step all the same."""

_LITTLE_SPACE = 1_000_000_000  # bytes free on the disk, below which a load may not fit


@dataclass(frozen=True)
class Finding:
    """One thing examined. trouble: the error that a command would meet with; None when it is ok."""

    check: str
    detail: str
    next_step: str = ""
    trouble: SparkifyError | None = None

    @property
    def ok(self) -> bool:
        """Whether no command would fail because of it."""
        return self.trouble is None

    def as_json(self) -> dict[str, Any]:
        """Return the finding in JSON values."""
        told = {"check": self.check, "ok": self.ok, "detail": self.detail}
        return told | {"next_step": self.next_step}


def examine(settings: Settings, origins: Mapping[str, str]) -> list[Finding]:
    """Examine everything and return the findings; what is wrong is one of them, never an error.

    origins: where each setting came from, as `config.load` gives it. Secrets are masked.
    """
    return [
        *_settings(settings, origins),
        Finding("version of sparkify", __version__),
        Finding("version of python", f"{platform.python_version()} on {platform.platform()}"),
        *(Finding(f"version of {name}", _version(name)) for name in ("duckdb", "boto3")),
        _examined("source of events", partial(_source, settings, "events")),
        _examined("fields of events", partial(_jsonpaths, settings)),
        _examined("source of songs", partial(_source, settings, "songs")),
        *(_on_duckdb if settings.engine == "duckdb" else _in_the_cloud)(settings),
    ]


def settings_findings(wrong: Sequence[SettingsError]) -> list[Finding]:
    """Return a finding for each setting that is wrong."""
    return [Finding("setting", mask_all(one.reason), mask_all(one.next_step), one) for one in wrong]


def worst(findings: list[Finding]) -> SparkifyError | None:
    """Return one error for all that is wrong, of the kind with the greatest exit code; else None.

    Its details hold all findings.
    """
    troubles = [(one.trouble, one) for one in findings if one.trouble]
    if not troubles:
        return None
    gravest, finding = max(troubles, key=lambda trouble: trouble[0].exit_code)
    names = ", ".join(dict.fromkeys(one.check for _, one in troubles))
    return type(gravest)(
        f"{len(troubles)} of {len(findings)} findings are wrong: {names}",
        finding.next_step,
        findings=[one.as_json() for one in findings],
    )


def _examined(check: str, look: Callable[[], Detail]) -> Finding:
    try:
        found = look()
    except SparkifyError as error:
        return Finding(check, mask_all(error.reason), mask_all(error.next_step), error)
    return Finding(check, found) if isinstance(found, str) else Finding(check, *found)


# On this machine


def _settings(settings: Settings, origins: Mapping[str, str]) -> Iterator[Finding]:
    for setting in SETTINGS.values():
        value = getattr(settings, setting.name)
        shown = "set, not shown" if setting.secret and value else mask_all(str(value)) or "(empty)"
        yield Finding(f"setting {setting.label}", f"{shown} ({origins[setting.name]})")


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "not installed; it comes with pip install 'sparkify[aws]'"


def _source(settings: Settings, kind: Kind) -> str:
    address = settings.log_data if kind == "events" else settings.song_data
    listing = list_source(settings, kind)
    unread = f"; ignored: {some(listing.unread)}" if listing.unread else ""
    number = len(listing.files)
    files = f"{number:,} file{'' if number == 1 else 's'}"
    return f"{address}: {files}, {listing.files.bytes / 1e6:,.1f} MB{unread}"


def _jsonpaths(settings: Settings) -> str:
    keys = read_keys(settings, EVENT_KEYS)
    where = settings.log_jsonpath or "as the app writes them"
    return f"{where}: {sum(1 for key in keys if key)} of {len(keys)} fields"


def _on_duckdb(settings: Settings) -> Iterator[Finding]:
    yield _examined("database", partial(_database, settings))
    yield _examined("permission to write", partial(_folder, settings))


def _database(settings: Settings) -> Detail:
    if not settings.database.exists():
        return f"{settings.database} does not exist yet", "`sparkify etl` creates it and loads."
    with warehouse.open_reader(settings, wait=0) as reader:
        versions = reader.read(sql_queries.folder("bookkeeping")["schema_version"].sql)
        version = versions.rows[0][0] if versions.rows else 0
        if version == sql_queries.SCHEMA_VERSION:
            _require_columns(reader)
    size = settings.database.stat().st_size / 1e6
    return f"{settings.database}: opens, {size:,.1f} MB, schema version {version}"


def _require_columns(reader: warehouse.Reader) -> None:
    """Raise WarehouseError where a table has other columns than this program makes."""
    has: dict[str, dict[str, str]] = defaultdict(dict)
    found = reader.read(sql_queries.folder("bookkeeping")["columns_present"].sql)
    for table, column, kind in found.rows:
        has[table.lower()][column.lower()] = kind
    wrong = []
    for table in sql_queries.TABLES:
        text = sql_queries.folder("tables")[table].sql
        made = dict(re.findall(r"^    (\w+) ([A-Z]+)", text, re.MULTILINE))
        if table not in has:
            wrong.append(f"there is no {table}")
            continue
        wrong += [f"{table} has no {one}" for one in made if one not in has[table]]
        wrong += [f"{table} also has {one}" for one in has[table] if one not in made]
        wrong += [
            f"{table}.{one} is {kind}, not {made[one]}"
            for one, kind in has[table].items()
            if made.get(one, kind) != kind
        ]
    if wrong:
        raise WarehouseError(
            f"the tables are not those of this program: {', '.join(wrong)}",
            "`sparkify create-tables` makes a missing table; change another back, or make all again"
            " by `sparkify create-tables --drop` and a load.",
        )


def _folder(settings: Settings) -> Detail:
    database = settings.database
    folder = next(one for one in database.absolute().parents if one.exists())
    for path in (database, folder) if database.exists() else (folder,):
        if not os.access(path, os.W_OK):
            raise WarehouseError(
                f"permission denied: {path} is not writable",
                "Change its permissions, or choose another file with --database.",
            )
    free = shutil.disk_usage(folder).free
    little = "Make room: a load may not fit." if free < _LITTLE_SPACE else ""
    return f"{folder} is writable, {free / 1e9:,.1f} GB free", little


# In the cloud


def _in_the_cloud(settings: Settings) -> Iterator[Finding]:
    """Yield the findings, in an order in which the first that is wrong is the cause."""
    account = Account(settings)
    for check, look in (
        ("credentials", _identity),
        ("infrastructure", _infrastructure),
        ("changes by hand", _changes_by_hand),
        ("workgroup", _workgroup),
        ("usage limit", _usage_limit),
        ("role of the warehouse", _role),
        ("work bucket", _work_bucket),
        ("test statement", _statement),
    ):
        yield _examined(check, partial(look, account))


def _identity(account: Account) -> str:
    found = account.call("sts", "get_caller_identity")
    return f"signed in as {found.get('Arn') or found.get('UserId') or 'an unknown identity'}"


def _infrastructure(account: Account) -> str:
    found = iac.resources(account.settings)
    return f"namespace {found.namespace}, workgroup {found.workgroup} in {found.region}"


def _changes_by_hand(account: Account) -> str:
    stack = find(account)
    if stack is None or stack.state not in USABLE:
        return f"not looked for: the stack is {stack.state if stack else 'not there'}"
    found = drifts(account, stack, silent)
    if found:
        told = "; ".join(map(str, found))
        raise WarehouseError(f"changed by hand: {told}", "Put it right with `sparkify iac up`.")
    return "none" if found is not None else "the service cannot look for them"


def _workgroup(account: Account) -> str:
    name = account.settings.redshift_workgroup
    found = workgroup(account, name)
    if found is None:
        raise _missing("workgroup", name, account)
    if found.get("status") != "AVAILABLE":
        raise WarehouseError(
            f"the workgroup {name} is {found.get('status')}, not AVAILABLE",
            "Wait some minutes; `sparkify iac status` shows its state.",
        )
    return f"{name} is AVAILABLE, {found.get('baseCapacity', '?')} RPUs"


def _usage_limit(account: Account) -> str:
    found = workgroup(account, account.settings.redshift_workgroup)
    hours = limit_hours(account, found)
    if found and (missing := missing_limit(account.settings, found, hours)):
        raise WarehouseError(missing, "Set it with `sparkify iac up`.")
    if hours is None:
        return "the service knows no usage limits"
    return f"{hours:,} RPU-hours a day" if hours else "none"


def _role(account: Account) -> str:
    role = iac.resources(account.settings).role_arn
    name = account.settings.redshift_namespace
    found = namespace(account, name)
    if found is None:
        raise _missing("namespace", name, account)
    # Each is a text such as IamRole(applyStatus=in-sync, iamRoleArn=arn:aws:iam::...).
    attached = [*(found.get("iamRoles") or ()), found.get("defaultIamRoleArn") or ""]
    mine = [str(one) for one in attached if role in str(one)]
    if not mine:
        raise WarehouseError(
            f"the role {role} is not attached to the namespace {name}: COPY cannot use it",
            "Attach it with `sparkify iac up`.",
        )
    if "applyStatus=adding" in mine[0]:
        raise WarehouseError(f"the role {role} is still being attached", "Wait a minute.")
    return f"{role} is attached to the namespace {name}"


def _missing(what: str, name: str, account: Account) -> WarehouseError:
    return WarehouseError(
        f"there is no {what} {name} in {account.region}",
        f"Build it with `sparkify iac up`, or correct {what.upper()} in [REDSHIFT].",
    )


def _work_bucket(account: Account) -> str:
    address = f"s3://{iac.resources(account.settings).work_bucket}/loads/"
    left = 0
    with suppress(SourceError):  # nothing there is an error of a source, and fine here
        left = sum(1 for _ in S3(account.settings, account.region).list(address))
    return f"{address} can be listed, {left:,} objects left by loads"


def _statement(account: Account) -> str:
    from .warehouse.redshift.reader import RedshiftReader

    reader = RedshiftReader(account.settings)
    tables = reader.tables()
    if not tables:
        return "the database answers; it has no tables yet: `sparkify create-tables`"
    if reader.schema_version() == sql_queries.SCHEMA_VERSION:
        _require_columns(reader)
    return f"the database answers, {len(tables)} tables exist"
