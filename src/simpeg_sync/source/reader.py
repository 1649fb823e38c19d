"""Reading the rows of feeds as they are now: ``ports.Source`` over any database SQLAlchemy speaks to."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import DBAPIError

from simpeg_sync.domain.change import TWICE, FeedName, Nip, Row, SeveralPartners, SourceKey, source_key
from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.mapping.feed import DocumentRule, Feed, Join
from simpeg_sync.mapping.text import plain
from simpeg_sync.ports import Piece
from simpeg_sync.source.catalogue import Catalogue, ColumnType
from simpeg_sync.source.connect import is_no_value, translated
from simpeg_sync.source.names import split_table
from simpeg_sync.source.pieces import read_pieces
from simpeg_sync.source.selects import PartnerValues, Selects

T = TypeVar("T")

KEYS_PER_STATEMENT = 200
PARTNERS_PER_STATEMENT = 50
PARTNER_PAGE = 1_000
STATEMENTS_MAX = 500


class SqlSource:
    """``ports.Source``. Thread-safe: each call takes a connection of its own from the pool and gives it
    back."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._dialect = engine.dialect.name
        self._catalogue = Catalogue(engine)
        self._statements: dict[tuple[Any, ...], sa.Select[Any]] = {}

    def read(self, feed: Feed, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Row]:
        names = feed.columns
        found = self._rows(feed, names, keys)
        return {key: self._row(feed, names, key, rows) for key, rows in found.items()}

    def pieces(self, feed: Feed, rule: DocumentRule, key: SourceKey) -> Sequence[Piece]:
        return self._named(feed, lambda: read_pieces(self._engine, self._selects(feed), rule, key))

    def persons(self, feed: Feed, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Nip]:
        found = self._rows(feed, (feed.person,), keys)
        persons = {key: {plain(person) for (person,) in rows} for key, rows in found.items()}
        return {key: Nip(texts.pop()) for key, texts in persons.items() if len(texts) == 1 and texts != {""}}

    def is_twice(self, feed: Feed, nip: Nip) -> bool:
        def select() -> Sequence[Any]:
            with self._engine.connect() as connection:
                return connection.execute(self._selects(feed).people(nip)).all()

        return len(self._named(feed, select)) > 1

    def keys(self, feed: Feed, *, page_size: int) -> Iterator[Sequence[SourceKey]]:
        yield from self._pages(feed, page_size, lambda after: self._selects(feed).page_of_keys(after, page_size))

    def affected(self, feed: Feed, join: Join, values: PartnerValues) -> Iterator[Sequence[SourceKey]]:
        """Keys of the feed's rows that these rows of the joined table concern, in pages. A key may come
        twice."""
        for some in _chunks(values, PARTNERS_PER_STATEMENT):

            def page(after: SourceKey | None, some: PartnerValues = some) -> sa.Select[Any]:
                return self._selects(feed).page_of_partners(join, some, after, PARTNER_PAGE)

            yield from self._pages(feed, PARTNER_PAGE, page)

    def matching(self, feed: Feed, values: Sequence[Mapping[str, str]]) -> Iterator[Sequence[SourceKey]]:
        """Keys, as the database writes them, of the rows that have these values in columns of the feed (or of its joins),
        in pages. A key may come twice."""
        for some in _chunks(values, PARTNERS_PER_STATEMENT):

            def page(
                after: SourceKey | None, by_text: bool, some: Sequence[Mapping[str, str]] = some
            ) -> sa.Select[Any]:
                return self._selects(feed).page_of_matching(some, after, PARTNER_PAGE, by_text=by_text)

            yield from self._pages(feed, PARTNER_PAGE, partial(page, by_text=False), partial(page, by_text=True))

    def page(
        self, feed: Feed, *, after: SourceKey | None, until: SourceKey | None, size: int
    ) -> Sequence[tuple[SourceKey, tuple[Any, ...]]]:
        """At most ``size`` rows between two keys in key order, each with what the feed reads of it."""
        width = len(feed.key)

        def select() -> Sequence[Any]:
            statement = self._selects(feed).page_of_rows(feed.columns, after, until, size)
            with self._engine.connect() as connection:
                return connection.execute(statement).all()

        return [(source_key(row[:width]), tuple(row[width:])) for row in self._named(feed, select)]

    def as_written(self, feed: Feed, texts: Sequence[str]) -> SourceKey:
        """The key of a row that is gone, as far as its columns' types tell how the database would write it."""
        selects = self._selects(feed)
        return source_key(
            [_as_written(text, selects.type_of(name)) for name, text in zip(feed.key, texts, strict=True)]
        )

    def check(self, feed: Feed, *, deep: bool = False) -> None:
        """Raises SourceUnfit when a table, a column or a right is missing. ``deep`` also looks through the
        whole table for keys that are not unique."""
        self._forget()
        selects = self._selects(feed)
        self._refuse_moving_keys(feed, selects)
        with translated(f"read feed {feed.name}"), self._engine.connect() as connection:
            connection.execute(selects.nothing()).all()
            for rule in feed.documents:
                if not rule.is_in_row:
                    connection.execute(selects.no_pieces(rule)).all()
            if not deep:
                return
            # Two rows of one natural key, or several partners of a row, are held by their own reasons when they are read.
            if not feed.key_is_natural and connection.execute(selects.repeated_key()).first() is not None:
                raise _repeated(feed)

    def unfit(self, feeds: Sequence[Feed]) -> Mapping[FeedName, SourceUnfit]:
        """What ``check`` finds for each feed; one unfit feed says nothing about the others."""
        found = {}
        for feed in feeds:
            try:
                self.check(feed)
            except SourceUnfit as unfit:
                found[feed.name] = unfit
        return found

    def roads_without_index(self, feed: Feed) -> tuple[str, ...]:
        """Columns by which changes of a joined table are traced back to the feed, and that no index begins
        with: each such change costs a pass over the whole table. For `map check` to say."""
        tables = {"": feed.table, **{join.alias: join.table for join in feed.joins}}
        slow = []
        for join in feed.roads:
            known = [name.rpartition(".") for _, name in join.on]
            with translated(f"look at the indexes of feed {feed.name}"):
                found = any(self._spelled(column) in self._indexed_first(tables[alias]) for alias, _, column in known)
            if not found:
                slow += [f"{tables[alias]}.{column}" for alias, _, column in known]
        return tuple(dict.fromkeys(slow))

    def _indexed_first(self, table: str) -> set[str]:
        schema, name = split_table(table)
        inspector = sa.inspect(self._engine)
        leading = {index["column_names"][0] for index in inspector.get_indexes(name, schema) if index["column_names"]}
        leading |= set(inspector.get_pk_constraint(name, schema)["constrained_columns"][:1])
        return {self._spelled(column) for column in leading if column is not None}

    def _spelled(self, column: str) -> str:
        return column.lower() if self._engine.dialect.requires_name_normalize else column

    def _rows(
        self, feed: Feed, names: Sequence[str], keys: Sequence[SourceKey]
    ) -> dict[SourceKey, list[tuple[Any, ...]]]:
        """Several rows for one key where a natural key has them, or a join finds several partners."""
        found: dict[SourceKey, list[tuple[Any, ...]]] = {}
        wanted = dict.fromkeys(key for key in keys)
        width = len(feed.key)
        for some in _chunks(list(wanted), KEYS_PER_STATEMENT):
            for row in self._named(feed, partial(self._read_chunk, feed, names, some)):
                key = source_key(row[:width])
                if key not in wanted:
                    continue  # a case-blind collation finds more than was asked for
                found.setdefault(key, []).append(tuple(row[width:]))
        return found

    def _row(self, feed: Feed, names: Sequence[str], key: SourceKey, rows: Sequence[tuple[Any, ...]]) -> Row:
        if len(rows) > 1:
            [several] = self._named(feed, lambda: [self._several(feed, key)])
            if several == 0:
                return TWICE
            if several is not None:
                same = zip(names, *rows, strict=True)
                agreed = {name: values[0] for name, *values in same if all(value == values[0] for value in values)}
                return SeveralPartners(feed.joins[several - 1].alias, agreed)
        # Of several the last: somebody corrected it meanwhile.
        return dict(zip(names, rows[-1], strict=True))

    def _several(self, feed: Feed, key: SourceKey) -> int | None:
        """Which join, counted from 1, makes several rows of one; 0 for the table itself, None when it is over."""
        selects = self._selects(feed)
        with self._engine.connect() as connection:
            for joins in range(len(feed.joins) + 1):
                if connection.execute(selects.number_of(key, joins)).scalar_one() > 1:
                    if joins == 0 and not feed.key_is_natural:
                        raise _repeated(feed)
                    return joins
        return None

    def _read_chunk(self, feed: Feed, names: Sequence[str], keys: Sequence[SourceKey]) -> Sequence[Any]:
        # A round number of keys, the last one repeated: few shapes of statement, so both sides can keep them.
        size = next(size for size in (1, 10, 50, KEYS_PER_STATEMENT) if size >= len(keys))
        padded = [*keys, *[keys[-1]] * (size - len(keys))]
        values = Selects.key_values(padded)
        with self._engine.connect() as connection:
            try:
                return connection.execute(self._statement(feed, names, padded, by_text=False), values).all()
            except DBAPIError as error:
                if not is_no_value(error):
                    raise
                # a text that is no value of the key's type, from before an ALTER say: no row has it
            return connection.execute(self._statement(feed, names, padded, by_text=True), values).all()

    def _statement(
        self, feed: Feed, names: Sequence[str], keys: Sequence[SourceKey], *, by_text: bool
    ) -> sa.Select[Any]:
        """Building it costs more than running it, so the few that there are, are kept as long as the catalogue holds."""
        shape = (feed.table, feed.key, feed.joins, tuple(names), len(keys), by_text)
        if shape not in self._statements:
            if len(self._statements) >= STATEMENTS_MAX:
                self._statements.clear()
            self._statements[shape] = self._selects(feed).rows(names, keys, by_text=by_text)
        return self._statements[shape]

    def _pages(
        self,
        feed: Feed,
        size: int,
        page: Callable[[SourceKey | None], sa.Select[Any]],
        page_by_text: Callable[[SourceKey | None], sa.Select[Any]] | None = None,
    ) -> Iterator[Sequence[SourceKey]]:
        after: SourceKey | None = None
        width = len(feed.key)
        while True:
            rows = self._named(feed, partial(self._page, page, page_by_text, after))
            found = [source_key(row[:width]) for row in rows]
            if found:
                yield list(dict.fromkeys(found))
            if len(found) < size or found[-1] == after:
                return
            after = found[-1]

    def _page(
        self,
        page: Callable[[SourceKey | None], sa.Select[Any]],
        page_by_text: Callable[[SourceKey | None], sa.Select[Any]] | None,
        after: SourceKey | None,
    ) -> Sequence[Any]:
        with self._engine.connect() as connection:
            try:
                return connection.execute(page(after)).all()
            except DBAPIError as error:
                if page_by_text is None or not is_no_value(error):
                    raise
            return connection.execute(page_by_text(after)).all()  # a text that is no value of the column's type

    def _named(self, feed: Feed, work: Callable[[], Sequence[Any]]) -> Sequence[Any]:
        """The work, with an error that says which column it was where that can be found out.

        What we know of the catalogue may be old, so before a feed is called unfit it is asked anew.
        """
        try:
            with translated(f"read feed {feed.name}"):
                return work()
        except SourceUnfit:
            self._forget()
        try:
            self.check(feed)
            with translated(f"read feed {feed.name}"):
                return work()
        except SourceUnfit:
            self._forget()
            raise

    def _forget(self) -> None:
        self._catalogue.forget()
        self._statements.clear()

    def _selects(self, feed: Feed) -> Selects:
        return Selects(feed, self._catalogue, self._dialect)

    def _refuse_moving_keys(self, feed: Feed, selects: Selects) -> None:
        """MariaDB writes a TIMESTAMP in the zone of whoever looks, and Oracle one that has a zone: trigger and reader would
        not write the same text."""
        names = [*feed.key, *(f"{join.alias}.{its}" for join in feed.roads for its, _ in (*join.on, *join.where))]
        for name in names:
            its = selects.type_of(name)
            if isinstance(its, mysql.TIMESTAMP) or (self._dialect == "oracle" and _has_zone(its)):
                raise SourceUnfit(
                    f"feed {feed.name}: column {name} is a TIMESTAMP, whose text depends on the session; "
                    "choose other columns as key or join"
                )


def _has_zone(its: Any) -> bool:
    from sqlalchemy.dialects import oracle  # 4 MB and a tenth of a second that nobody else needs

    return isinstance(its, oracle.TIMESTAMP) and bool(its.timezone or its.local_timezone)


def _repeated(feed: Feed) -> SourceUnfit:
    columns = ", ".join(feed.key)
    return SourceUnfit(
        f"feed {feed.name}: key ({columns}) is not unique in {feed.table}; add the columns that tell its rows apart"
    )


def _as_written(text: str, its: ColumnType) -> str:
    text = text.strip()
    if isinstance(its, sa.Integer) and re.fullmatch(r"[+-]?[0-9]{1,20}", text):
        return str(int(text))
    if isinstance(its, sa.Date) and re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]", text):
        return text[:10]
    return text


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
