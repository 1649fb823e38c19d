"""Capture mode `binlog`: the ROW events of MariaDB's or MySQL's binary log become dirty records. ``ports.Capture``.

Each look asks where the log ends, and only when that has moved reads it as a replica would, up to what readers can see.
Nothing is kept on the server: the cursor is all there is.
"""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.ports import CaptureState, ChangeBatch
from simpeg_sync.source import binlog_server, binlog_values
from simpeg_sync.source.binlog_server import Place, ServerState
from simpeg_sync.source.binlog_stream import BinlogStream, require_package
from simpeg_sync.source.binlog_values import TableLayout
from simpeg_sync.source.connect import translated
from simpeg_sync.source.marking import Marker
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.source.stream_settings import BinlogSettings
from simpeg_sync.source.watch import Watched, watched

READING_IT = "read the binary log (the account needs REPLICATION SLAVE)"


class BinlogCapture:
    """``reading`` comes from ``connect``; its URL is also where the log is read from. Nothing is written."""

    def __init__(self, reading: sa.Engine, feeds: Sequence[Feed], settings: BinlogSettings) -> None:
        if reading.dialect.name not in ("mysql", "mariadb"):
            raise SourceUnfit(f"capture mode `binlog` reads MariaDB and MySQL, not {reading.dialect.name}")
        require_package()
        self._reading = reading
        self._watched = watched(feeds)
        self._settings = settings
        self._marker = Marker(SqlSource(reading), self._watched, fanout_max=settings.fanout_max)
        self._doubles = binlog_values.doubles_of(reading)
        self._open: tuple[BinlogStream, Place] | None = None

    def start(self) -> str:
        """A place that readers see: what a sweep from now on cannot see lies behind it."""
        self._break_off()
        wrong = self.problems()
        if wrong:
            raise SourceUnfit("; ".join(wrong))
        with translated(READING_IT), self._reading.connect() as connection:
            now = binlog_server.state(connection, uses_gtid=self._settings.uses_gtid)
            if now.place.gtid is not None and now.visible is not None:
                gtid = binlog_server.gtid_of(connection, now.visible)
                return replace(now.place, gtid=gtid).to_text()
        return now.place.to_text()

    def changes(self, cursor: str, *, limit: int) -> ChangeBatch:
        before = Place.from_text(cursor)
        if self._open is None or self._open[1] != before:
            self._break_off()
            with translated(READING_IT):
                stream = self._stream(before)
            if stream is None:
                return ChangeBatch((), cursor, more=False)
            self._open = stream, before
        try:
            with translated(READING_IT):
                return self._page(self._open[0], limit)
        except BaseException:
            self._break_off()
            raise

    def purge(self, cursor: str, *, keep_s: float, limit: int) -> int:
        """Nothing: the server purges its log by its own rules, and does not ask us."""
        return 0

    def problems(self) -> Sequence[str]:
        """What of the server and the watched tables a DBA must correct."""
        with translated(READING_IT), self._reading.connect() as connection:
            now = binlog_server.state(connection, uses_gtid=self._settings.uses_gtid)
            found = list(now.wrong)
            for watch in self._watched.values():
                found += _table_problems(watch, binlog_values.look(connection, watch), now)
        return found

    def state(self, cursor: str | None) -> CaptureState:
        with translated(READING_IT), self._reading.connect() as connection:
            now = binlog_server.state(connection, uses_gtid=self._settings.uses_gtid)
        facts: dict[str, str | int | float | None] = {"started": int(cursor is not None), "written": now.place.spelled}
        if cursor is not None:
            facts["taken"] = Place.from_text(cursor).spelled
        return CaptureState(facts, list(self.problems()))

    def close(self) -> None:
        self._break_off()

    def _stream(self, before: Place) -> BinlogStream | None:
        """None when the log has not moved since."""
        with self._reading.connect() as connection:
            now = binlog_server.state(connection, uses_gtid=self._settings.uses_gtid)
        binlog_server.refuse_unfit(now)
        binlog_server.refuse_other_history(now, before)
        if now.place.is_same_point(before) and not before.passed:
            return None
        return BinlogStream(
            self._reading.url, self._settings, self._watched, self._layout, self._doubles,
            since=before, visible=now.visible,
        )  # fmt: skip

    def _page(self, stream: BinlogStream, limit: int) -> ChangeBatch:
        page = stream.page(limit)
        found = self._marker.mark(page.by_table)
        if page.is_last:
            self._break_off()
        else:
            self._open = stream, page.place
        return ChangeBatch(
            found.changes(), page.place.to_text(), not page.is_last, tuple(found.sweep), edits=found.edits
        )

    def _layout(self, watch: Watched) -> TableLayout | None:
        with self._reading.connect() as connection:
            return binlog_values.look(connection, watch)

    def _break_off(self) -> None:
        if self._open is not None:
            self._open[0].close()
            self._open = None


def _table_problems(watch: Watched, layout: TableLayout | None, now: ServerState) -> Sequence[str]:
    if layout is None:
        return [
            f"{watch.table} is not there, or is no table but a view: nothing of it is in the binary log; use `scan`"
        ]
    found = []
    for name in watch.columns:
        column = layout.by_name.get(name)
        if column is None:
            found.append(f"table {watch.table} has no column {name}; correct the name (upper and lower case count)")
        elif not column.has_certain_text:
            found.append(
                f"{watch.table}.{name} is {column.spelled}, whose text the binary log does not tell; use `log`"
            )
        elif now.row_image == "MINIMAL" and not column.is_primary:
            found.append(
                f"binlog_row_image is MINIMAL and leaves out {watch.table}.{name}; SET GLOBAL binlog_row_image = FULL"
            )
    return found
