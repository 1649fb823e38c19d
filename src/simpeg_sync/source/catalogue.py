"""What SIMPEG's catalogue says about its tables. Names of the configuration count only when found here."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import NoSuchTableError

from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.source.connect import translated
from simpeg_sync.source.names import split_table

ColumnType = sa.types.TypeEngine[Any]
COLLATIONS = sa.text(
    "SELECT column_name, collation_name FROM information_schema.columns "
    "WHERE table_schema = COALESCE(:schema, DATABASE()) AND table_name = :table AND collation_name IS NOT NULL"
)


class Catalogue:
    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._known: dict[str, Mapping[str, ColumnType]] = {}
        self._collations: dict[str, Mapping[str, str]] = {}
        """Read anew together with the columns, never forgotten: another thread may be about to ask."""

    def forget(self) -> None:
        """SIMPEG may have altered a table; the next question asks the database again."""
        self._known = {}

    def columns(self, table: str) -> Mapping[str, ColumnType]:
        """Column name -> type. Raises SourceUnfit when there is no such table (or it is hidden from the
        account)."""
        if table not in self._known:
            schema, name = split_table(table)
            with translated(f"look at table {table}"):
                try:
                    found = sa.inspect(self._engine).get_columns(name, schema)
                except NoSuchTableError:
                    found = []
                # Together with the columns: whoever asks for a collation later holds a connection already.
                self._collations[table] = self._read_collations(schema, name)
            self._known[table] = dict(self._spellings(found))
        if not self._known[table]:
            del self._known[table]
            raise SourceUnfit(
                f"table {table} does not exist or the account may not see it; correct the name or GRANT SELECT on it"
            )
        return self._known[table]

    def _spellings(self, found: Iterable[Any]) -> Iterator[tuple[str, ColumnType]]:
        """Oracle writes a plain name in capitals, SQLAlchemy in small letters; a feed may do either."""
        for column in found:
            yield column["name"], column["type"]
            if self._engine.dialect.requires_name_normalize and not getattr(column["name"], "quote", None):
                yield column["name"].upper(), column["type"]

    def type_of(self, table: str, column: str) -> ColumnType:
        columns = self.columns(table)
        if column not in columns:
            raise SourceUnfit(f"table {table} has no column {column}; correct the name (upper and lower case count)")
        return columns[column]

    def collation_of(self, table: str, column: str) -> str:
        """By which rules MariaDB and MySQL compare the column; "" for numbers, dates and other databases."""
        self.columns(table)
        return self._collations[table].get(column, "")

    def _read_collations(self, schema: str | None, name: str) -> Mapping[str, str]:
        if self._engine.dialect.name not in ("mysql", "mariadb"):
            return {}
        with self._engine.connect() as connection:
            found = connection.execute(COLLATIONS, {"schema": schema, "table": name}).all()
        return {str(column): str(collation) for column, collation in found}
