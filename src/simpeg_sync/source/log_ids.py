"""A change log read by ascending ids: rows above the highest id seen, and the gaps below it. Ours on MariaDB and SQLite, and
any that SIMPEG has of its own.

The *anchor* is the row with the highest id. It must still be there with the same content, or the log was
emptied, cut, restarted or restored. It is asked for after the rows: a log emptied in between would otherwise
look like a rollback.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog

from simpeg_sync.decide.gaps import Gap, Position, Step, advance, advance_serial, prove, ranges_to_read
from simpeg_sync.domain.errors import HistoryLost
from simpeg_sync.source.ddl import MARKER_TABLE
from simpeg_sync.source.log_page import LogRow, Page
from simpeg_sync.source.names import table_clause
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.transactions import Running

RANGES_PER_STATEMENT = 100
IDS_PER_STATEMENT = 10_000
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class IdCursor:
    position: Position
    anchor: str
    """Digest of the row at ``position.high``; empty while the log had no row yet."""

    def to_text(self) -> str:
        return json.dumps({"anchor": self.anchor, "position": self.position.to_text()})

    @classmethod
    def from_text(cls, text: str) -> "IdCursor":
        try:
            saved = json.loads(text)
            return cls(Position.from_text(saved["position"]), str(saved["anchor"]))
        except (KeyError, TypeError, ValueError):
            raise HistoryLost("the stored cursor does not belong to this kind of log") from None


@dataclass(frozen=True, slots=True)
class IdTable:
    """Where the rows lie. ``columns`` are what is read of them beside the id, ``moments`` those whose text depends on the
    session (MariaDB's TIMESTAMP): the same row must give the same digest tomorrow."""

    table: str
    id: str
    columns: tuple[str, ...]
    moments: tuple[str, ...] = ()


class IdReader:
    """``transactions`` is None where writers come one by one."""

    def __init__(
        self,
        reading: sa.Engine,
        table: IdTable,
        *,
        transactions: Running | None,
        clock: Callable[[], float],
        gap_limit_s: float,
        gaps_max: int,
    ) -> None:
        self._reading = reading
        self._transactions = transactions
        self._clock = clock
        self._gap_limit_s, self._gaps_max = gap_limit_s, gaps_max
        self._table = table_clause(table.table, *dict.fromkeys([table.id, *table.columns]))
        self._id = self._table.c[table.id]
        self._columns = [self._shown(name, table.moments).label(f"c{n}") for n, name in enumerate(table.columns)]
        self._width = len(table.columns)

    def end(self) -> str:
        """Ids that are missing now are gaps from the start: their writers may commit after the sweep has
        read."""
        position = Position()
        with self._reading.connect() as connection:
            while True:
                ids = self._ids(connection, position.high)
                step = self._step(position, ids, lambda gap: False, None)
                position = step.position
                if len(ids) < IDS_PER_STATEMENT or step.is_held:
                    break
            anchor = self._digest_at(connection, position.high)
        if position.high and not anchor:
            raise HistoryLost("the change log was emptied while its end was looked for")
        return IdCursor(position, anchor).to_text()

    def take(self, cursor: str, *, limit: int) -> tuple[list[tuple[Any, ...]], str, bool]:
        """The columns of the rows behind the cursor, the cursor behind them, and whether there are more."""
        before = IdCursor.from_text(cursor)
        # The order matters: look, read, ask for the anchor. See decide/gaps.py for the argument.
        running = self._transactions.look() if self._transactions and before.position.gaps else None
        position = before.position if running is None else prove(before.position, running)
        with self._reading.connect() as connection:
            rows, complete_to = self._wanted(connection, position, limit)
            if before.anchor and self._digest_at(connection, position.high) != before.anchor:
                raise HistoryLost("the change log was emptied, cut or restored since the last look")
            step = self._step(position, [row.id for row in rows], self._is_dead(running), complete_to)
            anchor = before.anchor
            if step.position.high != position.high:
                anchor = _digest(next(row for row in rows if row.id == step.position.high))
        self._tell(step, running)
        taken = set(step.taken)
        found = [tuple(row)[1 : self._width + 1] for row in rows if row.id in taken]
        return found, IdCursor(step.position, anchor).to_text(), complete_to is not None and bool(taken)

    def _wanted(self, connection: sa.Connection, position: Position, limit: int) -> tuple[list[Any], int | None]:
        """At most ``limit`` rows not taken yet, in order, and the id up to which nothing was left out."""
        rows: list[Any] = []
        for row in self._visible(connection, position, limit):
            if position.wants(row.id):
                if len(rows) == limit:
                    return rows, rows[-1].id
                rows.append(row)
        return rows, None

    def _visible(self, connection: sa.Connection, position: Position, size: int) -> Iterator[Any]:
        """Pages over the gaps and what follows. Ends at the end of the log: ids only go up."""
        id_, after = self._id, -1
        while True:
            places = [id_ > max(position.high, after)]
            places += [
                id_.between(max(first, after + 1), last)
                for first, last in ranges_to_read(position, RANGES_PER_STATEMENT)
                if last > after
            ]
            rows = self._unlocked(self._rows().where(sa.or_(*places)))
            page = connection.execute(rows.order_by(id_).limit(size + 1)).all()
            yield from page
            if len(page) <= size:
                return
            after = page[-1].id

    def _step(
        self, position: Position, ids: list[int], is_dead: Callable[[Gap], bool], complete_to: int | None
    ) -> Step:
        if self._transactions is None:
            return advance_serial(position, ids)
        return advance(
            position,
            ids,
            now=self._clock(),
            gaps_max=self._gaps_max,
            is_dead=is_dead,
            complete_to=complete_to,
        )

    def _is_dead(self, running: str | None) -> Callable[[Gap], bool]:
        if running is not None:
            have_ended = self._transactions.have_ended if self._transactions else None
            return lambda gap: have_ended is not None and have_ended(gap.proof, running)
        if self._transactions is not None and self._transactions.is_blind:
            oldest = self._clock() - self._gap_limit_s
            return lambda gap: gap.since <= oldest
        return lambda gap: False

    def _tell(self, step: Step, running: str | None) -> None:
        if step.burnt and self._transactions is not None and running is None:
            _log.warning(
                "source.gap_given_up", count=step.burnt, problem="time limit; nothing proves that they cannot come"
            )
        elif step.burnt:
            _log.debug("source.gap_burnt", count=step.burnt)
        if step.is_held:
            _log.warning("source.log_waits", problem="too many gaps at once", cursor_gaps=len(step.position.gaps))

    def _ids(self, connection: sa.Connection, after: int) -> list[int]:
        id_ = self._id
        ids = self._unlocked(sa.select(id_).where(id_ > after))
        return list(connection.execute(ids.order_by(id_).limit(IDS_PER_STATEMENT)).scalars())

    def _unlocked(self, select: sa.Select[Any]) -> sa.Select[Any]:
        """SQL Server makes a reader wait for rows that a writer has not committed. Passed over they are gaps, as on the other
        engines. Not for the anchor: that one must be waited for."""
        return select.with_hint(self._table, "WITH (READPAST)", "mssql")

    def _rows(self) -> sa.Select[Any]:
        return sa.select(self._id.label("id"), *self._columns)

    def _shown(self, name: str, moments: Sequence[str]) -> sa.ColumnElement[Any]:
        column = self._table.c[name]
        is_moment = name in moments and self._reading.dialect.name in ("mysql", "mariadb")
        return sa.func.unix_timestamp(column) if is_moment else column

    def _digest_at(self, connection: sa.Connection, id_: int) -> str:
        row = connection.execute(self._rows().where(self._id == id_)).first()
        return "" if row is None else _digest(row)


class IdLog(IdReader):
    """``LogReader`` of the log that our triggers write."""

    def __init__(
        self,
        reading: sa.Engine,
        writing: sa.Engine,
        settings: LogSettings,
        *,
        transactions: Running | None,
        clock: Callable[[], float],
    ) -> None:
        table = IdTable(settings.table, "id", ("table_name", "old_key", "new_key", "at"), ("at",))
        super().__init__(
            reading,
            table,
            transactions=transactions,
            clock=clock,
            gap_limit_s=settings.gap_limit_s,
            gaps_max=settings.gaps_max,
        )
        self._writing = writing

    def read(self, cursor: str, *, limit: int) -> Page:
        rows, after, more = self.take(cursor, limit=limit)
        # On Oracle the marker's empty name is NULL.
        return Page([LogRow(name or MARKER_TABLE, old, new) for name, old, new, _ in rows], after, more)

    def purge(self, cursor: str, *, keep_s: float, limit: int) -> int:
        """Everything below the lowest gap and the anchor has been taken."""
        position = IdCursor.from_text(cursor).position
        passed = min([position.high, *(gap.first for gap in position.gaps)])
        old = self._table.c.at < self._before(keep_s)
        ids = sa.select(self._id).where(self._id < passed, old).order_by(self._id).limit(limit)
        with self._writing.connect() as connection:
            found = list(connection.execute(ids).scalars())
            if not found:
                return 0
            # One by one: for a list or a range MariaDB may scan, and ask for rows that a writer holds.
            each = sa.delete(self._table).where(self._id == sa.bindparam("one"))
            if self._reading.dialect.name in ("oracle", "mssql"):  # their BEGIN opens a block of statements
                connection.execute(each, [{"one": id_} for id_ in found])
                return len(found)
            connection.exec_driver_sql("BEGIN")
            connection.execute(each, [{"one": id_} for id_ in found])
            connection.exec_driver_sql("COMMIT")
        return len(found)

    def _before(self, keep_s: float) -> sa.ColumnElement[Any]:
        match self._reading.dialect.name:
            case "mysql" | "mariadb":
                return sa.func.from_unixtime(sa.func.unix_timestamp(sa.func.now(sa.literal_column("6"))) - keep_s)
            case "oracle":
                utc: sa.ColumnElement[Any] = sa.func.sys_extract_utc(sa.literal_column("SYSTIMESTAMP"))
                return utc - sa.func.numtodsinterval(keep_s, sa.literal_column("'SECOND'"))
            case "mssql":
                return sa.func.dateadd(sa.literal_column("SECOND"), -int(keep_s), sa.func.sysutcdatetime())
        return sa.func.strftime("%Y-%m-%d %H:%M:%f", "now", f"-{keep_s:.3f} seconds")


def _digest(row: Any) -> str:
    """Short, and without the key: cursors are shown to people."""
    return hashlib.sha256(repr([str(value) for value in row]).encode()).hexdigest()[:16]
