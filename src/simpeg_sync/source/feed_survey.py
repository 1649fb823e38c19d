"""What are SIMPEG's tables really like? Names, indexes, doubles, and rows from all over a table, for people who check a feed.

Unlike the reader it takes nothing for granted: what a feed names may not be there, may not be unique, may not fit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import NoSuchTableError

from simpeg_sync.domain.change import SourceKey, source_key
from simpeg_sync.domain.errors import SourceDown
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.source.catalogue import Catalogue, ColumnType
from simpeg_sync.source.connect import translated
from simpeg_sync.source.names import split_table
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.source.selects import Selects

Kind = str
"""``number``, ``text``, ``date``, or the name of another type; empty where the database does not say."""

STRETCHES = 20
PAGE = 500


@dataclass(frozen=True, slots=True)
class TableFacts:
    name: str
    columns: Mapping[str, ColumnType]
    unique: Sequence[frozenset[str]]
    """Sets of columns of which the database itself lets no two rows agree."""
    leading: frozenset[str]
    """Columns that an index begins with."""
    is_view: bool

    def is_unique_by(self, columns: Sequence[str]) -> bool:
        return any(unique <= set(columns) for unique in self.unique)

    def kind(self, column: str) -> Kind:
        match self.columns[column]:
            case sa.types.NullType():
                return ""
            case sa.Numeric() | sa.Float() | sa.Integer() | sa.Boolean() | mysql.YEAR() | mysql.BIT():
                return "number"
            case sa.DateTime() | sa.Date():
                return "date"
            case sa.String():
                return "text"
            case other:
                return type(other).__name__.lower()

    def collation(self, column: str) -> str:
        return str(getattr(self.columns[column], "collation", None) or "")


@dataclass(frozen=True, slots=True)
class Doubles:
    """Keys that several rows share; counted to a limit."""

    count: int
    example: SourceKey | None


class FeedSurvey:
    """Raises SourceError, as the reader does."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._catalogue = Catalogue(engine)
        self._facts: dict[str, TableFacts | None] = {}
        self.source = SqlSource(engine)

    def facts(self, table: str) -> TableFacts | None:
        """None when there is no such table, or the account may not see it."""
        if table not in self._facts:
            with translated(f"look at table {table}"):
                self._facts[table] = self._looked_at(table)
        return self._facts[table]

    def _looked_at(self, table: str) -> TableFacts | None:
        schema, name = split_table(table)
        inspector = sa.inspect(self._engine)
        try:
            columns = {column["name"]: column["type"] for column in inspector.get_columns(name, schema)}
        except NoSuchTableError:
            columns = {}
        if not columns:
            return None
        if name in inspector.get_view_names(schema):
            return TableFacts(table, columns, (), frozenset(), is_view=True)
        key = tuple(inspector.get_pk_constraint(name, schema)["constrained_columns"])
        indexes = [index for index in inspector.get_indexes(name, schema) if not _is_partial(index)]
        unique: list[Sequence[str | None]] = [index["column_names"] for index in indexes if index["unique"]]
        unique += [constraint["column_names"] for constraint in inspector.get_unique_constraints(name, schema)]
        leading: list[Sequence[str | None]] = [key, *(index["column_names"] for index in indexes), *unique]
        return TableFacts(
            name=table,
            columns=columns,
            # An index over an expression has None where the expression stands.
            unique=[frozenset(str(column) for column in of) for of in (key, *unique) if of and None not in of],
            leading=frozenset(str(of[0]) for of in leading if of and of[0] is not None),
            is_view=False,
        )

    def tables(self, schema: str | None) -> Sequence[str]:
        """The tables and views that the account sees, for the question which one was meant."""
        with translated("list the tables"):
            inspector = sa.inspect(self._engine)
            names = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
        return [f"{schema}.{name}" for name in names] if schema else names

    def row_count(self, feed: Feed) -> int:
        """Of the feed's own table, also rows without a key."""
        return self._number(feed, sa.select(sa.func.count()).select_from(self._selects(feed).table))

    def rows_without_key(self, feed: Feed) -> int:
        selects = self._selects(feed)
        without = sa.or_(*(selects.column(name).is_(None) for name in feed.key))
        return self._number(feed, sa.select(sa.func.count()).select_from(selects.table).where(without))

    def doubles(self, feed: Feed, *, joins: int, limit: int = 1000) -> Doubles:
        """Keys with several rows, by the feed's own table and its first ``joins`` joins. Counted up to ``limit``."""
        statement = self._selects(feed).repeated_key(joins).limit(limit)
        with translated(f"look for doubles of feed {feed.name}"), self._engine.connect() as connection:
            rows = connection.execute(statement).all()
        return Doubles(len(rows), source_key(rows[0][: len(feed.key)]) if rows else None)

    def is_answering(self, feed: Feed) -> bool:
        """Whether a statement that took too long was the statement's fault, and not an outage."""
        try:
            with translated("look at the source"), self._engine.connect() as connection:
                connection.execute(self._selects(feed).nothing()).all()
        except SourceDown:
            return False
        return True

    def sample(
        self, feed: Feed, *, rows: int, wanted: int | None
    ) -> Iterator[Sequence[tuple[SourceKey, tuple[Any, ...]]]]:
        """Pages of rows with what the feed reads of them, in key order: all rows, or about ``wanted`` of the ``rows`` that
        there are, in stretches from the whole table. What lies in one stretch may be rows of one time; many stretches are
        not. Rows of one key stand beside each other."""
        if wanted is None or rows <= wanted:
            yield from self._stretch(feed, None, None)
            return
        length = max(1, wanted // STRETCHES)
        # The last stretch ends with the table: there are the newest rows.
        for start in self._starts(feed, max(1, (rows - length) // (STRETCHES - 1))):
            yield from self._stretch(feed, start, length)

    def _stretch(
        self, feed: Feed, after: SourceKey | None, length: int | None
    ) -> Iterator[Sequence[tuple[SourceKey, tuple[Any, ...]]]]:
        left = length
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            page = self.source.page(feed, after=after, until=None, size=size)
            if page:
                yield page
            if len(page) < size or page[-1][0] == after:
                return
            after = page[-1][0]
            left = None if left is None else left - len(page)

    def _starts(self, feed: Feed, step: int) -> Iterator[SourceKey | None]:
        """Keys behind which the stretches begin, each ``step`` keys behind the one before: one pass over the key's index."""
        after: SourceKey | None = None
        for _ in range(STRETCHES):
            yield after
            statement = self._selects(feed).page_of_keys(after, 1).offset(step - 1)
            with translated(f"read feed {feed.name}"), self._engine.connect() as connection:
                found = connection.execute(statement).first()
            if found is None:
                return
            after = source_key(found[: len(feed.key)])

    def close(self) -> None:
        self._engine.dispose()

    def _number(self, feed: Feed, statement: sa.Select[Any]) -> int:
        with translated(f"count the rows of feed {feed.name}"), self._engine.connect() as connection:
            return int(connection.execute(statement).scalar_one())

    def _selects(self, feed: Feed) -> Selects:
        return Selects(feed, self._catalogue, self._engine.dialect.name)


def _is_partial(index: Mapping[str, Any]) -> bool:
    return any(
        name.endswith("_where") and value is not None for name, value in index.get("dialect_options", {}).items()
    )
