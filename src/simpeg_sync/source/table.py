"""Capture mode `table`: a change log that SIMPEG has of its own, described in the settings. ``ports.Capture``.

It is read by ids with gaps, like our own log where there are no snapshots, and never written. What a row of it names is
looked up in SIMPEG as it is now, so the spelling of keys is the database's; only of a row that is gone the log's own text
is all there is. What names nothing that a feed reads is counted in the cursor and left to sweep and scan.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from simpeg_sync.domain.change import FeedName, Nip
from simpeg_sync.domain.errors import HistoryLost, SourceUnfit
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import nip_of
from simpeg_sync.mapping.text import plain
from simpeg_sync.ports import CaptureState, ChangeBatch
from simpeg_sync.source.catalogue import Catalogue
from simpeg_sync.source.connect import translated
from simpeg_sync.source.found import Found
from simpeg_sync.source.log_ids import IdCursor, IdReader, IdTable
from simpeg_sync.source.names import split_table
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.source.settings import ChangeTable, LoggedTable
from simpeg_sync.source.transactions import NobodyKnows, Running, Transactions
from simpeg_sync.source.transactions_postgresql import PostgresTransactions
from simpeg_sync.source.watch import Watched, watched

Image = Mapping[str, str]
"""What a log row says of a table's row: column -> text."""


@dataclass(frozen=True, slots=True)
class TableCursor:
    log: str
    ignored: Mapping[str, int]
    """How many log rows named nothing for us, by why. Counted since the cursor began."""

    def to_text(self) -> str:
        return json.dumps({"log": self.log, "ignored": self.ignored})

    @classmethod
    def from_text(cls, text: str) -> "TableCursor":
        try:
            saved = json.loads(text)
            return cls(str(saved["log"]), {str(why): int(count) for why, count in saved["ignored"].items()})
        except (KeyError, TypeError, ValueError, AttributeError):
            raise HistoryLost("the stored cursor does not belong to this kind of log") from None


@dataclass(slots=True)
class _Named:
    """What the rows of one page say about one table."""

    logged: LoggedTable
    images: list[tuple[Image, str]] = field(default_factory=list)
    """Each with the person that stands beside it; empty for none."""
    persons: set[str] = field(default_factory=set)
    """Of rows that name only a person."""

    def persons_without(self, columns: Sequence[str]) -> set[str]:
        """Whose rows an image cannot find, since it does not have these columns."""
        return {person for image, person in self.images if person and not _has(image, columns)}


class TableCapture:
    def __init__(
        self,
        reading: sa.Engine,
        feeds: Sequence[Feed],
        settings: ChangeTable,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._reading = reading
        self._source = SqlSource(reading)
        self._watched = watched(feeds)
        self._settings = settings
        self._clock = clock
        self._doing = f"read SIMPEG's change log {settings.table}"
        self._opened: IdReader | None = None

    def start(self) -> str:
        with translated(self._doing):
            return TableCursor(self._log().end(), {}).to_text()

    def changes(self, cursor: str, *, limit: int) -> ChangeBatch:
        before = TableCursor.from_text(cursor)
        with translated(self._doing):
            rows, after, more = self._log().take(before.log, limit=limit)
        found, ignored = Found(self._settings.fanout_max), Counter(before.ignored)
        persons: dict[tuple[FeedName, Nip], None] = {}
        for named in self._sorted(rows, ignored).values():
            self._mark(self._watched[named.logged.table], named, found, persons, ignored)
        new = TableCursor(after, dict(sorted(ignored.items()))).to_text()
        # The text of an unchanged log's cursor must not differ, or every look would be a write.
        return ChangeBatch(
            found.changes(), new if rows or after != before.log else cursor, more, tuple(found.sweep), tuple(persons)
        )

    def purge(self, cursor: str, *, keep_s: float, limit: int) -> int:
        """Never: the log is SIMPEG's."""
        return 0

    def state(self, cursor: str | None) -> CaptureState:
        facts: dict[str, str | int | float | None] = {"table": self._settings.table, "started": int(cursor is not None)}
        if cursor is not None:
            saved = TableCursor.from_text(cursor)
            position = IdCursor.from_text(saved.log).position
            facts |= {"id": position.high, "missing ids": sum(gap.size for gap in position.gaps)}
            facts |= {f"ignored: {why}": count for why, count in saved.ignored.items()}
        problems = []
        try:
            with translated(self._doing):
                self._log()
                if not self._has_index():
                    problems.append(
                        f"{self._settings.table}.{self._settings.id} has no index: every look reads the whole log"
                    )
        except SourceUnfit as unfit:
            problems.append(str(unfit))
        return CaptureState(facts, problems)

    # ------------------------------------------------------------------------------------------------------ reading

    def _log(self) -> IdReader:
        """Opened at the first look, since only the catalogue knows the types; raises SourceUnfit for a wrong description."""
        if self._opened is None:
            settings = self._settings
            catalogue = Catalogue(self._reading)
            if not isinstance(catalogue.type_of(settings.table, settings.id), sa.Integer | sa.Numeric):
                raise SourceUnfit(
                    f"column {settings.id} of {settings.table} is no number; change_table.id has to name one"
                )
            types = {name: catalogue.type_of(settings.table, name) for name in settings.columns}
            moments = tuple(name for name, its in types.items() if isinstance(its, mysql.TIMESTAMP))
            self._opened = IdReader(
                self._reading,
                IdTable(settings.table, settings.id, settings.columns, moments),
                transactions=self._transactions(),
                clock=self._clock,
                gap_limit_s=settings.gap_limit_s,
                gaps_max=settings.gaps_max,
            )
        return self._opened

    def _transactions(self) -> Running | None:
        match self._reading.dialect.name:
            case "sqlite":
                return None
            case "postgresql":
                return PostgresTransactions(self._reading, table=self._settings.table, column=self._settings.id)
            case "mysql" | "mariadb" if self._draws_ids_itself():
                return Transactions(self._reading)
            case _:
                return NobodyKnows()

    def _draws_ids_itself(self) -> bool:
        schema, name = split_table(self._settings.table)
        columns = sa.inspect(self._reading).get_columns(name, schema)
        return any(column["name"] == self._settings.id and column.get("autoincrement") is True for column in columns)

    def _has_index(self) -> bool:
        schema, name = split_table(self._settings.table)
        inspector = sa.inspect(self._reading)
        leading = [index["column_names"][0] for index in inspector.get_indexes(name, schema) if index["column_names"]]
        leading += inspector.get_pk_constraint(name, schema)["constrained_columns"][:1]
        if self._reading.dialect.requires_name_normalize:
            return self._settings.id.lower() in [str(column).lower() for column in leading]
        return self._settings.id in leading

    # ------------------------------------------------------------------------------------------------- understanding

    def _sorted(self, rows: Sequence[tuple[Any, ...]], ignored: Counter[str]) -> dict[str, _Named]:
        """The rows by the table that they name."""
        by_table: dict[str, _Named] = {}
        for row in rows:
            values = dict(zip(self._settings.columns, row, strict=True))
            name = plain(values[self._settings.table_column])
            logged = self._settings.names.get(name) or LoggedTable(name)
            if logged.table not in self._watched:
                ignored["unknown table"] += 1
                continue
            named = by_table.setdefault(name, _Named(logged))
            person = plain(values[self._settings.person_column]) if self._settings.person_column else ""
            texts = self._key_texts(logged, values)
            columns = logged.key or self._own_key(logged.table)
            if texts and len(texts) == len(columns):
                named.images.append((dict(zip(columns, texts, strict=True)), person))
            elif person:
                named.persons.add(person)
            else:
                ignored["unreadable key" if texts else "names nobody"] += 1
        return by_table

    def _key_texts(self, logged: LoggedTable, values: Mapping[str, Any]) -> list[str]:
        if logged.key_columns:
            texts = [plain(values[column]) for column in logged.key_columns]
            return texts if all(texts) else []
        text = plain(values[self._settings.key_column]) if self._settings.key_column else ""
        if not text:
            return []
        width = len(logged.key or self._own_key(logged.table))
        return text.split(self._settings.separator) if width > 1 else [text]

    def _own_key(self, table: str) -> tuple[str, ...]:
        own = self._watched[table].own
        return own[0].key if own else ()

    # ------------------------------------------------------------------------------------------------------- marking

    def _mark(
        self,
        watch: Watched,
        named: _Named,
        found: Found,
        persons: dict[tuple[FeedName, Nip], None],
        ignored: Counter[str],
    ) -> None:
        for feed in watch.own:
            self._mark_own(feed, named.images, found)
            self._mark_persons(feed, named.persons | named.persons_without(feed.key), found, persons)
        for road in watch.roads:
            values = [
                {column: image[column] for column in road.columns}
                for image, _ in named.images
                if _has(image, road.columns) and road.may_concern(image)
            ]
            for keys in self._source.affected(road.feed, road.join, values):
                if not found.add(road.feed.name, keys):
                    break
            self._mark_persons(road.feed, named.persons | named.persons_without(road.columns), found, persons)
            if blind := sum(not person and not _has(image, road.columns) for image, person in named.images):
                ignored["no way to the feed"] += blind

    def _mark_own(self, feed: Feed, images: Sequence[tuple[Image, str]], found: Found) -> None:
        there = {key for keys in self._source.matching(feed, [image for image, _ in images]) for key in keys}
        found.add(feed.name, sorted(there), bounded=False)
        for image, _ in images:
            if not _has(image, feed.key):
                continue  # of a row that is gone nothing tells its key
            key = self._source.as_written(feed, [image[column] for column in feed.key])
            if key not in there and not any(self._source.matching(feed, [image])):
                found.add(feed.name, [key], bounded=False)

    def _mark_persons(
        self, feed: Feed, texts: set[str], found: Found, persons: dict[tuple[FeedName, Nip], None]
    ) -> None:
        """All rows that the person has now, and all records that the person had."""
        if not texts:
            return
        for keys in self._source.matching(feed, [{feed.person: text} for text in sorted(texts)]):
            if not found.add(feed.name, keys):
                break
        for text in sorted(texts):
            if (nip := nip_of(text)) is not None:
                persons[feed.name, nip] = None


def _has(image: Image, columns: Sequence[str]) -> bool:
    return set(columns) <= set(image)
