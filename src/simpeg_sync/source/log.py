"""Capture mode `log`: what our triggers wrote becomes dirty records. ``ports.Capture``."""

import json
import time
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.ports import CaptureState, ChangeBatch
from simpeg_sync.source.connect import translated
from simpeg_sync.source.log_ids import IdLog
from simpeg_sync.source.log_page import LogReader
from simpeg_sync.source.log_snapshots import SnapshotLog
from simpeg_sync.source.marking import Image, Marker, RowChange
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.transactions import NobodyKnows, Transactions
from simpeg_sync.source.triggers import status
from simpeg_sync.source.watch import watched


class LogCapture:
    """``reading`` and ``writing`` come from ``connect``; writing is used by ``purge`` alone."""

    def __init__(
        self,
        reading: sa.Engine,
        writing: sa.Engine,
        feeds: Sequence[Feed],
        settings: LogSettings,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._reading, self._feeds, self._settings = reading, feeds, settings
        self._marker = Marker(SqlSource(reading), watched(feeds), fanout_max=settings.fanout_max)
        self._reading_it = f"read the change log {settings.table} (see `simpeg-sync source status`)"
        self._log = _reader(reading, writing, settings, clock)

    def start(self) -> str:
        with translated(self._reading_it):
            return self._log.end()

    def changes(self, cursor: str, *, limit: int) -> ChangeBatch:
        with translated(self._reading_it):
            page = self._log.read(cursor, limit=limit)
        by_table: dict[str, list[RowChange]] = {}
        for row in page.rows:  # the marker row among them is of no table
            by_table.setdefault(row.table, []).append(RowChange(_image(row.old_key), _image(row.new_key)))
        found = self._marker.mark(by_table)
        return ChangeBatch(found.changes(), page.cursor, page.more, tuple(found.sweep), edits=found.edits)

    def purge(self, cursor: str, *, keep_s: float, limit: int) -> int:
        with translated("purge the change log"):
            return self._log.purge(cursor, keep_s=keep_s, limit=limit)

    def state(self, cursor: str | None) -> CaptureState:
        """What `triggers.status` finds, with the eyes of the daemon's own account."""
        found = status(self._reading, self._feeds, self._settings)
        problems = [] if found.has_log else [f"the change log {self._settings.table} is not there"]
        for word in ("missing", "disabled", "outdated"):
            problems += [f"{word} trigger {name}" for name in getattr(found, word)] if found.is_visible else []
        is_alone = self._settings.notifies and self._reading.dialect.name != "postgresql"
        return CaptureState(
            {"table": self._settings.table, "started": int(cursor is not None), "noticed": "by polling"},
            problems,
            "only PostgreSQL notifies, so changes are noticed by polling; set source.notify: false" if is_alone else "",
        )


def _image(text: str | None) -> Image | None:
    if text is None:
        return None
    image = json.loads(text, strict=False)  # Oracle's triggers leave control characters as they are
    if not isinstance(image, dict):
        raise SourceUnfit("the change log holds rows that our triggers did not write")
    return image


def _reader(reading: sa.Engine, writing: sa.Engine, settings: LogSettings, clock: Callable[[], float]) -> LogReader:
    match reading.dialect.name:
        case "postgresql":
            return SnapshotLog(reading, writing, settings)
        case "mysql" | "mariadb":
            return IdLog(reading, writing, settings, transactions=Transactions(reading), clock=clock)
        case "sqlite":
            return IdLog(reading, writing, settings, transactions=None, clock=clock)
        case "oracle" | "mssql":
            return IdLog(reading, writing, settings, transactions=NobodyKnows(), clock=clock)
        case name:
            raise SourceUnfit(f"there are no triggers for {name}; use capture mode `table` or `scan`")
