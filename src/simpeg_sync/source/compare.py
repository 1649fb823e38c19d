"""How a key is written as text, and how such a text finds its row again. One meaning for the triggers and the
reader.

A change carries its key as text, cast by the database itself. Comparing the cast column would be right
everywhere and use no index, so a column is compared as itself wherever its engine gives that the same
meaning. Comparisons may find too much (a case-blind collation does); the caller keeps only rows whose key
text is the one it asked for.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from simpeg_sync.source.catalogue import ColumnType

Condition = sa.ColumnElement[bool]
Text = sa.ColumnElement[Any]


def key_text(dialect: str, column: sa.ColumnElement[Any], its: ColumnType) -> Text:
    """The column as the text that the triggers write."""
    match dialect:
        case "postgresql" if isinstance(its, sa.DateTime) and its.timezone:
            # The triggers run in UTC. The reader does not: that would move the days of other columns.
            return sa.cast(sa.func.timezone("UTC", column), sa.Text) + "+00"
        case "mysql" | "mariadb":
            return sa.cast(column, mysql.CHAR(charset="utf8mb4"))
        case "postgresql" | "sqlite":
            return sa.cast(column, sa.Text)
        case _:
            return sa.cast(column, sa.String(255))


def sortable(dialect: str, column: sa.ColumnElement[Any], its: ColumnType) -> sa.ColumnElement[Any]:
    """What pages are ordered and compared by."""
    as_itself = dialect in ("postgresql", "mysql", "mariadb", "sqlite") and not _needs_text(dialect, its)
    # MariaDB sorts an ENUM by its number and compares it by its name: a page would skip rows.
    if dialect in ("mysql", "mariadb") and isinstance(its, sa.Enum | mysql.SET):
        as_itself = False
    return column if as_itself else key_text(dialect, column, its)


def operand(dialect: str, value: Text, its: ColumnType) -> Text:
    """A key text in the type of its column, to be compared with ``sortable``."""
    return sa.cast(value, its) if dialect == "postgresql" and not _needs_text(dialect, its) else value


def is_key(dialect: str, column: sa.ColumnElement[Any], its: ColumnType, value: Text) -> Condition:
    """The column of a feed's own key against its text."""
    if dialect not in ("postgresql", "mysql", "mariadb", "sqlite") or _needs_text(dialect, its):
        return key_text(dialect, column, its) == value
    return column == operand(dialect, value, its)


def is_partner(
    dialect: str, column: sa.ColumnElement[Any], its: ColumnType, value: Text, value_type: ColumnType
) -> Condition:
    """A column against the text of the column it is joined to, which may be of another type: number and text,
    say."""
    as_text = key_text(dialect, column, its) == value
    # To SQLAlchemy 2.1 a Float is no Numeric.
    numeric_to_text = isinstance(value_type, sa.Numeric | sa.Integer | sa.Float) and isinstance(its, sa.String)
    match dialect:
        case "postgresql" if not _needs_text(dialect, value_type):
            return column == sa.cast(value, value_type)
        case "mysql" | "mariadb":
            found = column == value
            if numeric_to_text:
                found = column == sa.type_coerce(value, sa.Integer) + sa.literal_column("0")
            is_float = isinstance(its, sa.Float) or isinstance(value_type, sa.Float)
            return found | as_text if is_float else found
        case "sqlite":
            same = (column == value) | as_text
            return same | (column == sa.cast(value, sa.Numeric)) if numeric_to_text else same
        case _:
            return as_text


def _needs_text(dialect: str, its: ColumnType) -> bool:
    """Types whose value does not come back equal from its own text, or whose comparison with text is not what
    it seems."""
    match dialect:
        case "postgresql":
            return isinstance(its, sa.types.NullType)
        case "sqlite":
            return isinstance(its, sa.types.NullType | sa.LargeBinary | sa.Numeric)
        case _:
            return isinstance(its, sa.types.NullType | sa.Float)
