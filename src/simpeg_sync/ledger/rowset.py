"""Many rows as one parameter: a statement that takes a whole group costs one round trip and one plan.

SQLite and PostgreSQL both turn a JSON text into rows, each by a function of its own; the rest of a statement is the same.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import to_json
from sqlalchemy import TextClause, text

TYPES = {"int": "bigint", "text": "text", "time": "double precision"}
"""Of a column, as statements name it, and as PostgreSQL calls it."""


class GroupStatement:
    """A statement with ``{given}`` where its rows come in, under the name ``given``. ``columns``: name -> type."""

    def __init__(self, sql: str, columns: Mapping[str, str]) -> None:
        self.sql, self.columns = sql, columns

    def on(self, dialect: str) -> TextClause:
        return text(self.sql.replace("{given}", _given(dialect, self.columns)))


def rows_of(items: Iterable[Mapping[str, Any]]) -> str:
    """The value of the parameter ``rows``."""
    return to_json(list(items)).decode()


def _given(dialect: str, columns: Mapping[str, str]) -> str:
    if dialect == "sqlite":
        names = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in columns)
        return f"(SELECT {names} FROM json_each(:rows)) AS given"
    typed = ", ".join(f"{name} {TYPES[type_]}" for name, type_ in columns.items())
    return f"json_to_recordset(CAST(:rows AS json)) AS given({typed})"
