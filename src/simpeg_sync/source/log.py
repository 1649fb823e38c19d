"""Capture mode `log`: what our triggers wrote becomes dirty records. ``ports.Capture``."""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import sqlalchemy as sa

from simpeg_sync.domain.change import source_key
from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.ports import CaptureState, ChangeBatch
from simpeg_sync.source.connect import translated
from simpeg_sync.source.found import Found
from simpeg_sync.source.log_ids import IdLog
from simpeg_sync.source.log_page import LogReader, LogRow
from simpeg_sync.source.log_snapshots import SnapshotLog
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.transactions import Transactions
from simpeg_sync.source.triggers import status
from simpeg_sync.source.watch import Road, Watched, watched


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
        self._reading, self._feeds = reading, feeds
        self._source = SqlSource(reading)
        self._watched = watched(feeds)
        self._settings = settings
        self._reading_it = f"read the change log {settings.table} (see `simpeg-sync source status`)"
        self._log = _reader(reading, writing, settings, clock)

    def start(self) -> str:
        with translated(self._reading_it):
            return self._log.end()

    def changes(self, cursor: str, *, limit: int) -> ChangeBatch:
        with translated(self._reading_it):
            page = self._log.read(cursor, limit=limit)
        found = Found(self._settings.fanout_max)
        by_table: dict[str, list[LogRow]] = {}
        for row in page.rows:
            by_table.setdefault(row.table, []).append(row)
        for table, rows in by_table.items():
            if table in self._watched:  # else: the marker, or a table no feed reads any more
                self._mark(self._watched[table], rows, found)
        return ChangeBatch(found.changes(), page.cursor, page.more, tuple(found.sweep))

    def purge(self, cursor: str, *, keep_s: float, limit: int) -> int:
        with translated("purge the change log"):
            return self._log.purge(cursor, keep_s=keep_s, limit=limit)

    def state(self, cursor: str | None) -> CaptureState:
        """What `triggers.status` finds, with the eyes of the daemon's own account."""
        found = status(self._reading, self._feeds, self._settings)
        problems = [] if found.has_log else [f"the change log {self._settings.table} is not there"]
        for word in ("missing", "disabled", "outdated"):
            problems += [f"{word} trigger {name}" for name in getattr(found, word)] if found.is_visible else []
        return CaptureState({"table": self._settings.table, "started": int(cursor is not None)}, problems)

    def _mark(self, watch: Watched, rows: Sequence[LogRow], found: Found) -> None:
        if any(row.old_key is None and row.new_key is None for row in rows):
            found.sweep.update(dict.fromkeys(watch.feeds))  # the table was emptied
            return
        images = [_image(text) for row in rows for text in (row.old_key, row.new_key) if text is not None]
        for feed in watch.own:
            self._mark_own(feed, images, found)
        for road in watch.roads:
            self._mark_partners(road, images, found)

    def _mark_own(self, feed: Feed, images: Iterable[Mapping[str, str | None]], found: Found) -> None:
        for image in images:
            if any(column not in image for column in feed.key):
                found.sweep[feed.name] = None  # written by triggers of an older configuration
                return
            parts = [part for column in feed.key if (part := image[column]) is not None]
            # A row with NULL in its key is no row of the feed: nothing can name it.
            if len(parts) == len(feed.key):
                found.add(feed.name, [source_key(parts)], bounded=False)

    def _mark_partners(self, road: Road, images: Iterable[Mapping[str, str | None]], found: Found) -> None:
        values: dict[tuple[str, ...], Mapping[str, str]] = {}
        for image in images:
            if any(column not in image for column in road.columns):
                found.sweep[road.feed.name] = None
                return
            value = {column: text for column in road.columns if (text := image[column]) is not None}
            if len(value) == len(road.columns):  # NULL is joined to nothing
                values[tuple(value.values())] = value
        if not values or road.feed.name in found.sweep:
            return
        for keys in self._source.affected(road.feed, road.join, list(values.values())):
            if not found.add(road.feed.name, keys):
                return


def _image(text: str) -> Mapping[str, str | None]:
    image = json.loads(text)
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
        case name:
            raise SourceUnfit(f"capture mode `log` does not know {name}; it knows PostgreSQL, MariaDB/MySQL and SQLite")
