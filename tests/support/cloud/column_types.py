"""The types that a column of Redshift may have, and what stands for them on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import RedshiftError
from .tokens import Token

_PLAIN = {
    "SMALLINT": "smallint", "INT2": "smallint", "INTEGER": "integer", "INT": "integer",
    "INT4": "integer", "BIGINT": "bigint", "INT8": "bigint", "REAL": "real", "FLOAT4": "real",
    "FLOAT": "double precision", "FLOAT8": "double precision", "BOOLEAN": "boolean",
    "BOOL": "boolean", "DATE": "date", "TIMESTAMP": "timestamp", "TIMESTAMPTZ": "timestamptz",
    "TIME": "time", "TIMETZ": "timetz",
}  # fmt: skip
_TEXTS = {"VARCHAR": 65535, "NVARCHAR": 65535, "TEXT": 65535, "CHAR": 4096, "NCHAR": 4096,
          "BPCHAR": 4096, "CHARACTER": 4096}  # fmt: skip


def column_type(table: str, column: str, part: Sequence[Token]) -> tuple[str, str, int]:
    """Read the type of a column's definition (name, type, ...).

    Returns PostgreSQL's type, the CHECK that counts its bytes ("" for none), and the index of the
    first token behind the type. Raises RedshiftError for a type that Redshift has not.
    """
    if len(part) < 2:
        raise RedshiftError('ERROR: syntax error at or near ")"')
    words = [token.word for token in part]
    name, index = words[1], 2
    if words[1:3] == ["DOUBLE", "PRECISION"]:
        return "double precision", "", 3
    if words[1:3] == ["CHARACTER", "VARYING"]:
        name, index = "VARCHAR", 3
    sizes: list[str] = []
    if words[index : index + 1] == ["("]:
        end = words.index(")", index)
        sizes = [token.source.upper() for token in part[index + 1 : end] if token.source != ","]
        index = end + 1
    if name in ("DECIMAL", "NUMERIC"):
        return _decimal(sizes), "", index
    if name in _TEXTS:
        return _text(name, sizes, column), _check(name, sizes, column), index
    if name in _PLAIN and not sizes:
        if words[index : index + 3] in (["WITH", "TIME", "ZONE"], ["WITHOUT", "TIME", "ZONE"]):
            with_zone = words[index] == "WITH"
            return _PLAIN[name] + ("tz" if with_zone else ""), "", index + 3
        return _PLAIN[name], "", index
    if name == "FLOAT" and len(sizes) == 1:
        return ("real" if int(sizes[0]) < 25 else "double precision"), "", index
    raise RedshiftError(f'ERROR: Column "{table}.{column}" has unsupported type "{name.lower()}".')


def _decimal(sizes: list[str]) -> str:
    precision, scale = (
        int(one) for one in ([*sizes, "0"] if len(sizes) == 1 else sizes or (18, 0))
    )
    if not 1 <= precision <= 38 or not 0 <= scale <= min(37, precision):
        raise RedshiftError(f"ERROR: Precision {precision} must be between 1 and 38")
    return f"numeric({precision}, {scale})"


def _width(name: str, sizes: list[str]) -> int:
    if name == "TEXT" or not sizes:
        return 256 if name in ("TEXT", "VARCHAR", "NVARCHAR", "BPCHAR") else 1
    width = _TEXTS[name] if sizes == ["MAX"] else int(sizes[0])
    if not 1 <= width <= _TEXTS[name]:
        raise RedshiftError(f"ERROR: length for type {name.lower()} cannot exceed {_TEXTS[name]}")
    return width


def _text(name: str, sizes: list[str], column: str) -> str:
    kind = "character" if _TEXTS[name] == 4096 else "character varying"
    return f"{kind}({_width(name, sizes)})"


def _check(name: str, sizes: list[str], column: str) -> str:
    width = _width(name, sizes)
    return (
        f'CONSTRAINT "bytes_{width}_{column}"'
        f" CHECK (octet_length(rtrim(\"{column}\", ' ')) <= {width})"
    )
