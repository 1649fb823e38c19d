"""The change log on PostgreSQL, read by snapshots: what is visible now and was not in the snapshot of the
last look.

Each row carries the id of its (top level) transaction. A snapshot says of every transaction whether it had
committed, so "not visible then, visible now" is exactly what came in between, whatever the order of commits;
a rollback leaves nothing to wait for, and a transaction that is open for hours holds back nobody. PgQ has
worked like this for many years.

Pages: the cursor keeps both snapshots and the last row taken until the window between them is used up.
"""

import json
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from simpeg_sync.domain.errors import HistoryLost
from simpeg_sync.source.ddl_postgresql import DEFAULT_SCHEMA
from simpeg_sync.source.log_page import LogRow, Page
from simpeg_sync.source.names import quoted_table
from simpeg_sync.source.settings import LogSettings

_BY_SNAPSHOT = """
SELECT CAST(xid AS text) AS xid, CAST(id AS text) AS id, table_name, old_key, new_key, at FROM {log}
WHERE xid >= pg_snapshot_xmin(CAST(CAST(:since AS text) AS pg_snapshot))
  AND NOT pg_visible_in_snapshot(xid, CAST(CAST(:since AS text) AS pg_snapshot))
  AND pg_visible_in_snapshot(xid, CAST(CAST(:until AS text) AS pg_snapshot))
  AND (xid, id) > (CAST(CAST(:xid AS text) AS xid8), CAST(CAST(:id AS text) AS uuid))
ORDER BY xid, id LIMIT :limit"""

_PURGE = """
DELETE FROM {log} WHERE (xid, id) IN (
  SELECT xid, id FROM {log}
  WHERE pg_visible_in_snapshot(xid, CAST(CAST(:since AS text) AS pg_snapshot))
    AND at < clock_timestamp() - CAST(:keep_s AS double precision) * interval '1 second'
    AND (xid, id) <> (CAST(CAST(:xid AS text) AS xid8), CAST(CAST(:id AS text) AS uuid))
  ORDER BY xid, id LIMIT :limit)"""

_NOW = """
SELECT CAST(pg_current_snapshot() AS text) AS snapshot, CAST(system_identifier AS text) AS cluster
FROM pg_control_system()"""

_LAST = """
SELECT CAST(log.xid AS text) AS xid, CAST(log.id AS text) AS id FROM {log} log
ORDER BY log.xid DESC, log.id DESC LIMIT 1"""

_ANCHOR = """
SELECT 1 FROM {log}
WHERE xid = CAST(CAST(:xid AS text) AS xid8) AND id = CAST(CAST(:id AS text) AS uuid)"""

_BEFORE_ALL = ("0", "00000000-0000-0000-0000-000000000000")


@dataclass(frozen=True, slots=True)
class SnapshotCursor:
    cluster: str
    """The server's own number: transaction ids of another one, restored from a dump, mean nothing here."""
    since: str
    anchor: tuple[str, str] = _BEFORE_ALL
    """A row that was there and that purging leaves; the first pair while the log had no row."""
    until: str = ""
    """The end of the window that is being read, while it needs more than one page."""
    after: tuple[str, str] = _BEFORE_ALL

    def to_text(self) -> str:
        names = ("cluster", "since", "anchor", "until", "after")
        return json.dumps({name: getattr(self, name) for name in names}, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> "SnapshotCursor":
        try:
            saved = json.loads(text)
            (xid, id_), (after_xid, after_id) = saved["anchor"], saved["after"]
            return cls(saved["cluster"], saved["since"], (xid, id_), saved["until"], (after_xid, after_id))
        except (KeyError, TypeError, ValueError):
            raise HistoryLost("the stored cursor does not belong to this kind of log") from None


class SnapshotLog:
    def __init__(self, reading: sa.Engine, writing: sa.Engine, settings: LogSettings) -> None:
        self._reading = reading
        self._writing = writing
        self._log = quoted_table(reading.dialect, settings.table, DEFAULT_SCHEMA)

    def end(self) -> str:
        """Transactions that are open now are not in the snapshot, so their rows will come."""
        with self._reading.connect() as connection:
            now = connection.execute(sa.text(_NOW)).one()
            last = connection.execute(self._sql(_LAST)).first()
        return SnapshotCursor(now.cluster, now.snapshot, (last.xid, last.id) if last else _BEFORE_ALL).to_text()

    def read(self, cursor: str, *, limit: int) -> Page:
        before = SnapshotCursor.from_text(cursor)
        with self._reading.connect() as connection:
            now = connection.execute(sa.text(_NOW)).one()
            if now.cluster != before.cluster or _xmax(now.snapshot) < _xmax(before.since):
                raise HistoryLost("this is not the server, or not the state of it, that the cursor speaks of")
            until = before.until or now.snapshot
            place = {"since": before.since, "until": until, "xid": before.after[0], "id": before.after[1]}
            rows = connection.execute(self._sql(_BY_SNAPSHOT), {**place, "limit": limit + 1}).all()
            # After the rows: a log emptied between the two questions must not pass for one with nothing new.
            self._refuse_lost_anchor(connection, before.anchor)
        page, more = rows[:limit], len(rows) > limit
        anchor = (page[-1].xid, page[-1].id) if page else before.anchor
        after = replace(before, anchor=anchor, until=until, after=anchor)
        if not more:
            after = SnapshotCursor(before.cluster, until, anchor)
        # Neither number says what came first; where a key was handed on, that counts.
        in_order = sorted(page, key=lambda row: row.at)
        found = [LogRow(row.table_name, row.old_key, row.new_key) for row in in_order]
        # A window closed on a later page is old by now, so there may be more behind it.
        return Page(found, after.to_text(), more or bool(before.until))

    def purge(self, cursor: str, *, keep_s: float, limit: int) -> int:
        passed = SnapshotCursor.from_text(cursor)
        values = {"since": passed.since, "keep_s": keep_s, "xid": passed.anchor[0], "id": passed.anchor[1]}
        with self._writing.connect() as connection:
            return connection.execute(self._sql(_PURGE), {**values, "limit": limit}).rowcount

    def _refuse_lost_anchor(self, connection: sa.Connection, anchor: tuple[str, str]) -> None:
        if anchor == _BEFORE_ALL:
            return
        if connection.execute(self._sql(_ANCHOR), {"xid": anchor[0], "id": anchor[1]}).first() is None:
            raise HistoryLost("the change log was emptied, cut or restored since the last look")

    def _sql(self, statement: str) -> Any:
        return sa.text(statement.format(log=self._log.replace(":", r"\:")))


def _xmax(snapshot: str) -> int:
    return int(snapshot.split(":")[1])
