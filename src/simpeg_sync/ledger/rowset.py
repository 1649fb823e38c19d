"""Many rows as one parameter, or as one list of values: a statement that takes a whole group costs one round trip and one plan.

SQLite and PostgreSQL both turn a JSON text into rows, each by a function of its own; the rest of a statement is the same. A
few rows with many columns SQLite takes three times as fast as plain values, which need no network there either.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, CursorResult, TextClause, text

TYPES = {"int": "bigint", "text": "text", "time": "double precision"}
"""Of a column, as statements name it, and as PostgreSQL calls it."""
SIZES = (4, 16, 64, 400)
"""How many rows a statement with values has room for: only so many texts of it have to be read by SQLite."""


class GroupStatement:
    """A statement with ``{given}`` where its rows come in, under the name ``given``. ``columns``: name -> type. The first of
    them is NULL in no row."""

    def __init__(self, sql: str, columns: Mapping[str, str]) -> None:
        self.sql, self.columns = sql, columns
        self.others = tuple(dict.fromkeys(re.findall(r":(\w+)", sql)))
        """Its parameters beside the rows."""
        self._with_values: dict[int, str] = {}

    def on(self, dialect: str) -> TextClause:
        return text(self.sql.replace("{given}", _given(dialect, self.columns)))

    def with_values(self, size: int) -> str:
        """For SQLite: the other parameters come first, then as many rows as there is room for; NULL where there are fewer."""
        if size not in self._with_values:
            numbers = iter(range(len(self.others) + 1, len(self.others) + 1 + size * len(self.columns)))
            row = [", ".join(f"?{next(numbers)}" for _ in self.columns) for _ in range(size)]
            values = ", ".join(f"({one})" for one in row)
            names = ", ".join(f"column{place} AS {name}" for place, name in enumerate(self.columns, start=1))
            given = f"(SELECT {names} FROM (VALUES {values}) WHERE column1 IS NOT NULL) AS given"
            others = {name: f"?{number}" for number, name in enumerate(self.others, start=1)}
            numbered = re.sub(r":(\w+)", lambda found: others[found[1]], self.sql)
            self._with_values[size] = numbered.replace("{given}", given)
        return self._with_values[size]


def run(
    connection: Connection,
    statement: GroupStatement,
    on_json: TextClause,
    rows: Sequence[Mapping[str, Any]],
    **others: Any,
) -> CursorResult[Any]:
    """``on_json``: the statement as it is where its rows come as JSON."""
    size = next((size for size in SIZES if len(rows) <= size), 0)
    if connection.dialect.name != "sqlite" or not size:
        return connection.execute(on_json, {"rows": rows_of(rows), **others})
    columns = tuple(statement.columns)
    one = itemgetter(*columns)
    values = map(one, rows) if len(columns) > 1 else ((one(row),) for row in rows)
    missing = (None,) * ((size - len(rows)) * len(columns))
    parameters = (*(others[name] for name in statement.others), *chain.from_iterable(values), *missing)
    return connection.exec_driver_sql(statement.with_values(size), parameters)


def rows_of(items: Iterable[Mapping[str, Any]]) -> str:
    """The value of the parameter ``rows``."""
    return to_json(list(items)).decode()


def _given(dialect: str, columns: Mapping[str, str]) -> str:
    if dialect == "sqlite":
        names = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in columns)
        return f"(SELECT {names} FROM json_each(:rows)) AS given"
    typed = ", ".join(f"{name} {TYPES[type_]}" for name, type_ in columns.items())
    return f"json_to_recordset(CAST(:rows AS json)) AS given({typed})"
