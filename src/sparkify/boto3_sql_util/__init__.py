"""SQL on Redshift Serverless through boto3 alone: the Redshift Data API, made dependable.

    connection = connect(settings)
    statement = execute(connection, sql)             # or a list of them: one transaction
    table = fetch(connection, statement)             # all pages, Python values
    frame = to_dataframe(connection, statement)      # the same as a pandas DataFrame
    diagnosis = debug(connection, error)             # why a statement failed, in words

Nothing here imports boto3 or pandas before they are needed.
"""

from .connection import Connection, connect
from .diagnosis import Diagnosis, debug
from .errors import StatementError
from .execution import execute
from .frames import to_dataframe
from .load_errors import LoadError
from .quoting import quote_literal, quote_name
from .request import MAX_STATEMENT_BYTES, MAX_STATEMENTS
from .results import fetch
from .statement import Statement

__all__ = [
    "MAX_STATEMENTS",
    "MAX_STATEMENT_BYTES",
    "Connection",
    "Diagnosis",
    "LoadError",
    "Statement",
    "StatementError",
    "connect",
    "debug",
    "execute",
    "fetch",
    "quote_literal",
    "quote_name",
    "to_dataframe",
]
