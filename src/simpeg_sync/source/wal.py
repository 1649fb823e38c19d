"""Capture mode `wal`: what PostgreSQL's own log says becomes dirty records. ``ports.Capture``.

A logical slot is read over plain SQL: peek, let the ledger store the changes with the cursor, and only then, at the next
look, move the slot to that cursor. A crash in between repeats and never loses. The plugin is `test_decoding`, and there
is no publication: a table that is published without a replica identity refuses SIMPEG's own UPDATEs.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
import structlog

from simpeg_sync.domain.errors import HistoryLost, SourceUnfit
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.ports import CaptureState, ChangeBatch
from simpeg_sync.source import wal_slot, wal_tables
from simpeg_sync.source.connect import translated
from simpeg_sync.source.marking import WHOLE_TABLE, Marker, RowChange
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.source.stream_settings import WalSettings
from simpeg_sync.source.wal_slot import Decoded, Look, SlotState, place
from simpeg_sync.source.wal_sql import make_slot
from simpeg_sync.source.wal_tables import WalTable
from simpeg_sync.source.wal_text import Unreadable, row_line, truncated
from simpeg_sync.source.watch import watched

KEEPS_MUCH = "keeps much WAL on the source's disk"
WHAT_KEEPS_IT = "look for a transaction that is open for hours, or drop the slot if this mode is no longer used"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WalCursor:
    cluster: str
    timeline: str
    slot: str
    lsn: str
    """Every transaction that committed before has been taken."""
    passed: int = 0
    """So many decoded rows behind it have been taken too: a transaction may be longer than a page."""

    def to_text(self) -> str:
        names = ("cluster", "timeline", "slot", "lsn", "passed")
        return json.dumps({name: getattr(self, name) for name in names}, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> "WalCursor":
        try:
            saved = json.loads(text)
            place(saved["lsn"])
            return cls(saved["cluster"], saved["timeline"], saved["slot"], saved["lsn"], int(saved["passed"]))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise HistoryLost("the stored cursor does not belong to capture mode `wal`") from None


@dataclass(slots=True)
class _Open:
    """A look of which not all pages are read yet."""

    look: Look
    cursor: WalCursor
    """Where its next page begins."""
    tables: Mapping[str, WalTable]
    absent: Sequence[str]
    """Watched tables that are not there now, so that their rows could not be picked out."""


class WalCapture:
    """``reading`` and ``writing`` come from ``connect``; writing is used for the slot, which is no table."""

    def __init__(self, reading: sa.Engine, writing: sa.Engine, feeds: Sequence[Feed], settings: WalSettings) -> None:
        if reading.dialect.name != "postgresql":
            raise SourceUnfit(f"capture mode `wal` reads PostgreSQL, not {reading.dialect.name}")
        self._reading = reading
        self._writing = writing
        self._watched = watched(feeds)
        self._settings = settings
        self._marker = Marker(SqlSource(reading), self._watched, fanout_max=settings.fanout_max)
        self._reading_it = f"read replication slot {settings.slot}"
        self._open: _Open | None = None
        self._has_warned = False

    def start(self) -> str:
        """From where the slot stands: what it repeats is harmless, and it misses nothing that a sweep now could not see."""
        self._break_off()
        with translated(self._reading_it), self._writing.connect() as connection:
            found = self._with_slot(connection)
            wrong = self._problems(connection)
        wal_slot.refuse_unreadable(found, self._settings.slot)
        if wrong:
            raise SourceUnfit("; ".join(wrong))
        return WalCursor(found.cluster, found.timeline, self._settings.slot, found.confirmed).to_text()

    def changes(self, cursor: str, *, limit: int) -> ChangeBatch:
        before = WalCursor.from_text(cursor)
        if self._open is None or self._open.cursor != before:
            self._break_off()
            with translated(self._reading_it):
                found = self._look(before)
            if found is None:
                return ChangeBatch((), cursor, more=False)
            self._open = found
        try:
            with translated(self._reading_it):
                return self._page(self._open, limit)
        except BaseException:
            self._break_off()
            raise

    def purge(self, cursor: str, *, keep_s: float, limit: int) -> int:
        """Nothing: the server drops WAL by itself once the slot has moved on."""
        return 0

    def state(self, cursor: str | None) -> CaptureState:
        found = self.slot()
        facts: dict[str, str | int | float | None] = {
            "slot": self._settings.slot,
            "started": int(cursor is not None),
            "written": found.written,
            "taken": None if cursor is None else WalCursor.from_text(cursor).lsn,
            "retained bytes": found.retained_bytes,
            "spare bytes": found.spare_bytes,
        }
        problems = [found.problem] if found.problem else list(self.problems())
        if not found.exists or found.is_lost:
            problems.append(f"slot {self._settings.slot} {'is lost' if found.is_lost else 'does not exist'}")
        elif self._keeps_too_much(found):
            problems.append(f"slot {self._settings.slot} {KEEPS_MUCH}; {WHAT_KEEPS_IT}")
        return CaptureState(facts, problems)

    def slot(self) -> SlotState:
        """How the slot stands, and how much WAL it keeps."""
        with translated(self._reading_it), self._reading.connect() as connection:
            return wal_slot.state(connection, self._settings.slot)

    def problems(self) -> Sequence[str]:
        """What a DBA should correct about the watched tables."""
        with translated("look at the watched tables"), self._reading.connect() as connection:
            return self._problems(connection)

    def close(self) -> None:
        self._break_off()

    def _problems(self, connection: sa.Connection) -> Sequence[str]:
        return wal_tables.problems(connection.dialect, wal_tables.look(connection, self._watched))

    def _with_slot(self, connection: sa.Connection) -> SlotState:
        """The slot's state after it was made, where it was missing and may be made."""
        name = self._settings.slot
        found = wal_slot.state(connection, name)
        if found.exists and not found.is_lost:
            return found
        if not self._settings.makes_slot:
            what = "is lost: the server has dropped WAL that it needed" if found.exists else "does not exist"
            raise SourceUnfit(f"slot {name} {what}; as a superuser: {make_slot(self._settings, instead=found.exists)}")
        level = connection.exec_driver_sql("SHOW wal_level").scalar_one()
        if level != "logical":
            raise SourceUnfit(f"wal_level is {level}; set wal_level = logical and restart PostgreSQL")
        wal_slot.make(connection, name, instead=found.exists)
        return wal_slot.state(connection, name)

    def _look(self, before: WalCursor) -> _Open | None:
        """None when nothing was written since."""
        name = self._settings.slot
        with self._writing.connect() as connection:
            found = wal_slot.state(connection, name)
            self._refuse_other_history(found, before)
            wal_slot.refuse_unreadable(found, name)
            self._warn(found)
            if place(found.confirmed) < place(before.lsn):
                wal_slot.advance(connection, name, before.lsn, timeout_s=self._settings.look_timeout_s)
        if found.written == before.lsn and not before.passed:
            return None
        connection = self._reading.connect()
        try:
            tables = wal_tables.look(connection, self._watched)
            look = Look(
                connection, name, since=before.lsn, until=found.written, passed=before.passed, rows=self._settings.look_rows,
                prefixes=[f"table {table.name}: " for table in tables], timeout_s=self._settings.look_timeout_s,
            )  # fmt: skip
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        absent = self._watched.keys() - {table.watch.table for table in tables}
        return _Open(look, before, {table.name: table for table in tables}, sorted(absent))

    def _refuse_other_history(self, found: SlotState, before: WalCursor) -> None:
        name = self._settings.slot
        if found.cluster != before.cluster:
            raise HistoryLost("this is another server than the one the cursor speaks of")
        if found.timeline != before.timeline:
            raise HistoryLost("the server was restored, or a standby has taken over; what it kept is not known")
        if place(found.written) < place(before.lsn):
            raise HistoryLost("the server has gone back to a state before the cursor")
        if before.slot != name or not found.exists:
            raise HistoryLost(f"slot {name} is not there, or is not the one the cursor speaks of")
        if found.is_lost:
            raise HistoryLost(f"the server has dropped WAL that slot {name} needed")
        if not found.problem and place(found.confirmed) > place(before.lsn):
            raise HistoryLost(f"slot {name} was made anew, or somebody else has read from it")

    def _warn(self, found: SlotState) -> None:
        """Once, until it is well again."""
        is_too_much = self._keeps_too_much(found)
        if is_too_much and not self._has_warned:
            _log.warning(
                "source.wal_retained",
                count=found.retained_bytes,
                problem=f"slot {self._settings.slot} {KEEPS_MUCH}",
                remedy=WHAT_KEEPS_IT,
            )
        self._has_warned = is_too_much

    def _keeps_too_much(self, found: SlotState) -> bool:
        return found.retained_bytes > self._settings.retained_bytes_max or found.wal_status == "unreserved"

    def _page(self, current: _Open, limit: int) -> ChangeBatch:
        page = current.look.page(limit)
        by_table = _by_table(current.tables, page.rows)
        by_table.update((table, [WHOLE_TABLE]) for table in current.absent)
        found = self._marker.mark(by_table)
        current.absent = ()
        current.cursor = replace(current.cursor, lsn=page.lsn, passed=page.passed)
        if page.is_last:
            current.look.close()
            self._open = None
        return ChangeBatch(found.changes(), current.cursor.to_text(), page.more, tuple(found.sweep), edits=found.edits)

    def _break_off(self) -> None:
        if self._open is not None:
            self._open.look.break_off()
            self._open = None


def _by_table(tables: Mapping[str, WalTable], rows: Sequence[Decoded]) -> dict[str, list[RowChange]]:
    by_table: dict[str, list[RowChange]] = {}
    for row in rows:
        if row.line == wal_slot.COMMIT:
            continue
        for name, change in _changes(tables, row.line):
            if name in tables:
                by_table.setdefault(tables[name].watch.table, []).append(change)
    return by_table


def _changes(tables: Mapping[str, WalTable], line: str) -> Sequence[tuple[str, RowChange]]:
    if emptied := truncated(line):
        return [(name, WHOLE_TABLE) for name in emptied]
    try:
        row = row_line(line)
    except Unreadable:
        # Which table it is about is told by how it begins, as for the server; what it says is for a sweep to find.
        return [(name, WHOLE_TABLE) for name in tables if line.startswith(f"table {name}: ")]
    return [(row.table, tables[row.table].change(row))] if row.table in tables else []
