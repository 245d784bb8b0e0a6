"""Tables of the cloud warehouse as Parquet files: UNLOAD, and download where a folder is asked."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

from ... import boto3_sql_util
from ...config import Settings
from ...errors import SourceError
from ...progress import Progress
from ...sql_queries import folder
from ..parquet_folder import replacing
from .filling import fill, on_one_line
from .reading import RedshiftReader


def export_tables(
    settings: Settings, tables: Sequence[str], address: str, *, progress: Progress
) -> dict[str, str]:
    """Write tables as Parquet, each to a place of its own under an address.

    address: s3://..., which the role must be allowed to write to (it is for the work bucket), or
    a local folder, to which the files are downloaded: `<table>.parquet`, and `<table>.2.parquet`
    and so on for what is larger than one file of UNLOAD (dg/r_UNLOAD: 6.2 GB).
    Returns where each table went; of a table without rows UNLOAD writes nothing.
    Raises UsageError when the folder cannot be written to, and WarehouseError; then the folder
    holds what it held before.
    """
    reader = RedshiftReader(settings, progress)
    if address.startswith("s3://"):
        return dict(_unloaded(reader, tables, address.rstrip("/"), progress))
    root = reader.work_address(f"exports/{secrets.token_hex(16)}")
    written = {}
    try:
        with replacing(Path(address), tables) as made:
            for table, place in _unloaded(reader, tables, root, progress):
                if name := _download(reader, place, made, table):
                    written[table] = str(Path(address) / name)
    finally:
        reader.work.delete_all(root + "/")
    return written


def _unloaded(
    reader: RedshiftReader, tables: Sequence[str], root: str, progress: Progress
) -> Iterator[tuple[str, str]]:
    """Unload the tables one by one, each to a place of its own; give table and place."""
    for done, table in enumerate(tables):
        progress(f"exporting {table}", done, len(tables), "tables")
        target = f"{root}/{table}/"
        _unload(reader, table, target)
        yield table, target


def _unload(reader: RedshiftReader, table: str, target: str) -> None:
    sql = folder("redshift")
    query = on_one_line(fill(sql["whole_table"], parts={"table": table}))
    values = {"query": query, "target": target, "role": reader.resources.role_arn}
    boto3_sql_util.execute(
        reader.connection, fill(sql["unload_table"], values), names=[f"unload_{table}"]
    )


def _download(reader: RedshiftReader, target: str, local: Path, table: str) -> str:
    try:
        objects = sorted(reader.work.list(target), key=lambda one: one.key)
    except SourceError:
        return ""
    paths = [
        local / (f"{table}.parquet" if number == 1 else f"{table}.{number}.parquet")
        for number in range(1, len(objects) + 1)
    ]
    reader.work.download_many(list(zip(objects, paths, strict=True)), lambda size: None)
    return paths[0].name if paths else ""
