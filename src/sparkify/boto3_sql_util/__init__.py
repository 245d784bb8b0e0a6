"""SQL on Redshift Serverless through boto3 alone: the Redshift Data API, made reliable.

    connection = connect(settings)
    statement = execute(connection, sql)             # or a list of them: one transaction
    table = fetch(connection, statement)             # all pages, as Python values
    frame = to_dataframe(connection, statement)      # the same as a pandas DataFrame
    diagnosis = debug(connection, error)             # why a statement failed, in words

Nothing here imports boto3 or pandas before they are needed.
"""

from .connection import Connection, connect
from .diagnosis import Diagnosis, LoadError, debug
from .errors import StatementError
from .execution import MAX_STATEMENTS, Statement, execute, oldest_of_several, quote_literal
from .results import fetch, to_dataframe

__all__ = [
    "MAX_STATEMENTS",
    "Connection",
    "Diagnosis",
    "LoadError",
    "Statement",
    "StatementError",
    "connect",
    "debug",
    "execute",
    "fetch",
    "oldest_of_several",
    "quote_literal",
    "to_dataframe",
]
