"""Names of tables and columns from the configuration: which are allowed at all, and how they are spelled in
SQL.

The allow-list stops what no SIMPEG has and every injection needs; the live catalogue and the dialect's
quoting do the rest.
"""

import re

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.elements import quoted_name

from simpeg_sync.domain.errors import SourceUnfit

_NAME = re.compile(r"[^\W\d][\w$#-]*(?: [\w$#-]+)*")
_LONGEST = 63


def checked(name: str) -> str:
    """Raises SourceUnfit for a name that is not plain."""
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        shown = re.sub(r"[^\w .$#-]", "?", name)[:_LONGEST]
        raise SourceUnfit(
            f"{shown!r} cannot be the name of a table or column; allowed are letters, digits, blanks, _ $ # and -"
        )
    return name


def split_table(table: str) -> tuple[str | None, str]:
    """``schema.table`` as (schema, table)."""
    schema, _, name = table.rpartition(".")
    return (checked(schema) if schema else None), checked(name)


def table_clause(table: str, *columns: str) -> sa.TableClause:
    schema, name = split_table(table)
    return sa.table(name, *(sa.column(checked(column)) for column in columns), schema=schema)


def quoted(dialect: Dialect, name: str) -> str:
    return dialect.identifier_preparer.quote(quoted_name(checked(name), quote=None))


def quoted_table(dialect: Dialect, table: str, default_schema: str | None = None) -> str:
    schema, name = split_table(table)
    schema = schema or default_schema
    return f"{quoted(dialect, schema)}.{quoted(dialect, name)}" if schema else quoted(dialect, name)
