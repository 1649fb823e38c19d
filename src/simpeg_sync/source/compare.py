"""How a key is written as text, and how such a text finds its row again. One meaning for the triggers and the
reader.

A change carries its key as text, cast by the database itself. Comparing the cast column would be right
everywhere and use no index, so a column is compared as itself wherever its engine gives that the same
meaning. Comparisons may find too much (a case-blind collation does); the caller keeps only rows whose key
text is the one it asked for.
"""

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from simpeg_sync.source.catalogue import ColumnType

Condition = sa.ColumnElement[bool]
Text = sa.ColumnElement[Any]

AS_THEMSELVES = ("postgresql", "mysql", "mariadb", "sqlite", "oracle", "mssql")
"""Engines of which it is known how they compare; on any other a column is compared by its text."""
ORACLE_DATE = "'YYYY-MM-DD HH24:MI:SS'"
ORACLE_TIMESTAMP = "'YYYY-MM-DD HH24:MI:SS.FF9'"
ORACLE_NUMBER = ("'TM9'", "'NLS_NUMERIC_CHARACTERS=''.,'''")
"""Formats in SQL, the same in triggers and reader: without them the text depends on the session."""
MSSQL_TEXT = sa.NVARCHAR(400)
MSSQL_DATETIME, MSSQL_FLOAT = "121", "3"
"""Styles of CONVERT for DATETIME, whose text would lose its seconds, and for FLOAT, which would lose digits."""


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
        case "oracle":
            return _oracle_text(column, its)
        case "mssql":
            return _mssql_text(column, its)
        case _:
            return sa.cast(column, sa.String(255))


def size(dialect: str, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Bytes that a text or a blob has in the database."""
    if dialect == "sqlite":
        return sa.func.length(sa.cast(column, sa.LargeBinary))
    return sa.func.octet_length(column) if dialect in ("postgresql", "mysql", "mariadb") else sa.func.length(column)


def sortable(dialect: str, column: sa.ColumnElement[Any], its: ColumnType) -> sa.ColumnElement[Any]:
    """What pages are ordered and compared by."""
    as_itself = dialect in AS_THEMSELVES and not _needs_text(dialect, its)
    # MariaDB sorts an ENUM by its number and compares it by its name: a page would skip rows.
    if dialect in ("mysql", "mariadb") and isinstance(its, sa.Enum | mysql.SET):
        as_itself = False
    return column if as_itself else key_text(dialect, column, its)


def operand(dialect: str, value: Text, its: ColumnType) -> Text:
    """A key text in the type of its column, to be compared with ``sortable``."""
    if _needs_text(dialect, its):
        return value
    match dialect:
        case "postgresql":
            return sa.cast(value, its)
        case "oracle":
            return _oracle_value(value, its)
        case "mssql":
            return _mssql_value(value, its)
        case _:
            return value


def is_key(dialect: str, column: sa.ColumnElement[Any], its: ColumnType, value: Text) -> Condition:
    """The column of a feed's own key against its text."""
    if dialect not in AS_THEMSELVES or _needs_text(dialect, its):
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
        case "postgresql" if _are_number_and_text(its, value_type):
            return _as_number(dialect, column, its) == _as_number(dialect, value, value_type, is_text=True)
        case "postgresql" if _differ(its, value_type):
            return as_text
        case "postgresql" if not _needs_text(dialect, value_type):
            return column == sa.cast(value, value_type)
        case "oracle" | "mssql" if not _needs_text(dialect, value_type):
            # As the join itself compares them, in the type of the other side.
            return column == operand(dialect, value, value_type)
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


def are_joined(
    dialect: str, one: sa.ColumnElement[Any], its: ColumnType, other: sa.ColumnElement[Any], other_type: ColumnType
) -> Condition:
    """Two columns that should hold the same code, be it a number in one table and a text in the other."""
    match dialect:
        case "postgresql" | "mysql" | "mariadb" if _are_number_and_text(its, other_type):
            # PostgreSQL refuses to compare them; MariaDB does it by floats of 15 digits, and the 18 of a NIP would find a
            # stranger.
            return _as_number(dialect, one, its) == _as_number(dialect, other, other_type)
        case "postgresql" if _differ(its, other_type):
            return key_text(dialect, one, its) == key_text(dialect, other, other_type)
        case _:
            return one == other


def is_constant(dialect: str, column: sa.ColumnElement[Any], its: ColumnType, value: Text) -> Condition:
    """A column against a value that stands in the feed."""
    if dialect == "postgresql" and _family(its) == "text":
        return column == value  # in the column's own type it could be cut to its length
    if dialect == "postgresql" and _family(its) == "number":
        is_whole = isinstance(its, sa.Integer)
        return column == sa.cast(value, sa.BigInteger() if is_whole else sa.Numeric())
    if dialect == "postgresql" and _family(its) != "yes or no":
        return key_text(dialect, column, its) == value
    return is_key(dialect, column, its, value)


def may_have(its: ColumnType, value: str) -> bool:
    """Whether a column of this type can hold the value at all."""
    match _family(its):
        case "number" if isinstance(its, sa.Integer):
            return re.fullmatch(r"[+-]?[0-9]{1,18}", value) is not None
        case "number":
            return re.fullmatch(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?", value) is not None
        case "yes or no":
            return value in ("0", "1", "false", "true")
        case _:
            return True


def _as_number(dialect: str, value: sa.ColumnElement[Any], its: ColumnType, *, is_text: bool = False) -> Text:
    """``is_text``: a text in any case, also of a column of numbers."""
    if _family(its) == "number" and not is_text:
        return value
    if dialect != "postgresql":
        return sa.cast(value, sa.Numeric(38, 6))
    text = sa.func.trim(value)
    is_written = text.regexp_match("^[+-]?[0-9]{1,30}([.][0-9]{1,30})?$")
    return sa.case((is_written, sa.cast(text, sa.Numeric)))  # a text that is no number is equal to none


def _are_number_and_text(one: ColumnType, other: ColumnType) -> bool:
    return {_family(one), _family(other)} == {"number", "text"}


def _differ(one: ColumnType, other: ColumnType) -> bool:
    """Whether a database that is strict about types would not compare them."""
    families = {_family(one), _family(other)}
    return len(families) > 1 and "" not in families


def _family(its: ColumnType) -> str:
    kinds: tuple[tuple[str, type[ColumnType] | tuple[type[ColumnType], ...]], ...] = (
        ("list of names", sa.Enum),
        ("text", sa.String),
        ("number", (sa.Integer, sa.Numeric, sa.Float)),
        ("yes or no", sa.Boolean),
        ("date", (sa.Date, sa.DateTime)),
        ("uuid", sa.Uuid),
    )
    return next((family for family, types in kinds if isinstance(its, types)), "")


def _needs_text(dialect: str, its: ColumnType) -> bool:
    """Types whose value does not come back equal from its own text, or whose comparison with text is not what
    it seems."""
    match dialect:
        case "postgresql":
            return isinstance(its, sa.types.NullType)
        case "sqlite":
            return isinstance(its, sa.types.NullType | sa.LargeBinary | sa.Numeric | sa.Float)
        case "oracle" | "mssql":
            return isinstance(its, sa.types.NullType | sa.LargeBinary | sa.Text)
        case _:
            return isinstance(its, sa.types.NullType | sa.Float)


def _oracle_text(column: sa.ColumnElement[Any], its: ColumnType) -> Text:
    """CHAR keeps its blanks, as in the triggers: a text that is nothing but blanks must not become NULL."""
    from sqlalchemy.dialects import oracle  # 4 MB and a tenth of a second that nobody else needs

    match its:
        case sa.Text():
            return sa.func.dbms_lob.substr(column, 1000, 1)
        case sa.String():
            return column
        case sa.Numeric() | sa.Integer() | sa.Float():
            return sa.func.to_char(column, *(sa.literal_column(part) for part in ORACLE_NUMBER))
        case sa.TIMESTAMP():
            return sa.func.to_char(column, sa.literal_column(ORACLE_TIMESTAMP))
        case sa.DateTime() | sa.Date():
            return sa.func.to_char(column, sa.literal_column(ORACLE_DATE))
        case _:
            return sa.cast(column, oracle.VARCHAR2(255))


def _oracle_value(value: Text, its: ColumnType) -> Text:
    from sqlalchemy.dialects import oracle

    match its:
        case sa.CHAR() | sa.NCHAR():
            return sa.func.rpad(
                value, sa.literal_column(str(its.length or 1))
            )  # a bound text is compared with its blanks
        case sa.String():
            return value
        case sa.Numeric() | sa.Integer() | sa.Float():
            # Not NUMERIC, which has no decimals there.
            return sa.cast(value, oracle.NUMBER())  # type: ignore[no-untyped-call]
        case sa.TIMESTAMP():
            return sa.func.to_timestamp(value, sa.literal_column(ORACLE_TIMESTAMP))
        case sa.DateTime() | sa.Date():
            return sa.func.to_date(value, sa.literal_column(ORACLE_DATE))
        case _:
            return value


def _mssql_text(column: sa.ColumnElement[Any], its: ColumnType) -> Text:
    from sqlalchemy.dialects import mssql

    match its:
        case mssql.SMALLDATETIME() | mssql.DATETIME():
            style = MSSQL_DATETIME
        case sa.Float():
            style = MSSQL_FLOAT
        case _:
            return sa.cast(column, MSSQL_TEXT)
    return sa.func.convert(sa.literal_column("NVARCHAR(400)"), column, sa.literal_column(style))


def _mssql_value(value: Text, its: ColumnType) -> Text:
    """Never left as it is: the driver's texts are NVARCHAR, and for them an index on VARCHAR is not used."""
    from sqlalchemy.dialects import mssql

    match its:
        case sa.NVARCHAR() | sa.NCHAR():
            return sa.cast(value, mssql.NVARCHAR(its.length))
        case sa.String():
            return sa.cast(value, mssql.VARCHAR(its.length))  # without the column's collation, which CAST does not take
        case mssql.SMALLDATETIME() | mssql.DATETIME():
            return sa.func.convert(sa.literal_column("DATETIME"), value, sa.literal_column(MSSQL_DATETIME))
        case _:
            return sa.cast(value, its)
