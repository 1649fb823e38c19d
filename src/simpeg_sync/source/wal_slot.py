"""The replication slot: its state, moving it, and looks into what lies behind it.

A look is decoded once by the server into a cursor WITH HOLD, and read from that in pages: a transaction of a million
rows costs neither us nor an open transaction in SIMPEG anything but a temporary file on its server.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from simpeg_sync.domain.errors import SourceDown, SourceUnfit

PLUGIN = "test_decoding"
COMMIT = "COMMIT"
_CURSOR = "simpeg_sync_look"

_STATE = """
SELECT CAST(system.system_identifier AS text) AS cluster, pg_is_in_recovery() AS is_standby,
       CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS timeline,
       CASE WHEN NOT pg_is_in_recovery() THEN CAST(pg_current_wal_flush_lsn() AS text) END AS written,
       current_database() AS here, slot.database AS database, CAST(slot.plugin AS text) AS plugin,
       slot.slot_type, slot.wal_status, slot.active_pid,
       CAST(slot.confirmed_flush_lsn AS text) AS confirmed,
       CASE WHEN NOT pg_is_in_recovery()
            THEN CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), slot.restart_lsn) AS bigint) END AS retained_bytes,
       slot.safe_wal_size AS spare_bytes
FROM pg_control_system() system LEFT JOIN pg_replication_slots slot ON slot.slot_name = :slot"""

# COMMIT rows are kept whatever they commit: they are the places where a later look may begin.
_LOOK = f"""
DECLARE {_CURSOR} NO SCROLL CURSOR WITH HOLD FOR
SELECT n, CAST(lsn AS text) AS lsn, CAST(CAST(xid AS text) AS bigint) AS xid, data
FROM pg_logical_slot_peek_changes(:slot, CAST(:until AS pg_lsn), :rows,
       'include-xids', '0', 'skip-empty-xacts', '1') WITH ORDINALITY AS change (lsn, xid, data, n)
WHERE n > :passed AND (
  data = 'COMMIT' OR data ^@ ANY (string_to_array(:prefixes, chr(10))) OR data LIKE 'table %: TRUNCATE: %')"""


@dataclass(frozen=True, slots=True)
class SlotState:
    cluster: str
    """The server's own number; another one's positions mean nothing here."""
    timeline: str
    written: str
    """Up to here the WAL is on disk."""
    exists: bool
    problem: str
    """What a person must correct; empty when the slot is ours to read."""
    is_lost: bool
    active_pid: int | None
    confirmed: str
    wal_status: str
    retained_bytes: int
    """WAL that the server keeps because of the slot."""
    spare_bytes: int | None
    """How much more may be written before the slot is lost; None without a limit."""


@dataclass(frozen=True, slots=True)
class Decoded:
    number: int
    """Counted from the place where the look began, over all tables."""
    lsn: str
    xid: int
    line: str


def place(lsn: str) -> int:
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def state(connection: sa.Connection, slot: str) -> SlotState:
    """Raises SourceDown on a standby: there is nothing to decode until it is the primary."""
    row = connection.execute(sa.text(_STATE), {"slot": slot}).one()
    if row.is_standby:
        raise SourceDown("the source is a standby now; it is tried again. If it stays one, name the primary in the URL")
    return SlotState(
        cluster=row.cluster, timeline=row.timeline, written=row.written, exists=row.slot_type is not None,
        problem=_problem(row, slot), is_lost=row.wal_status == "lost", active_pid=row.active_pid,
        confirmed=row.confirmed or "0/0", wal_status=row.wal_status or "",
        retained_bytes=row.retained_bytes or 0, spare_bytes=row.spare_bytes,
    )  # fmt: skip


def _problem(row: Any, slot: str) -> str:
    if row.slot_type is None:
        return ""
    if row.plugin != PLUGIN:
        return f"slot {slot} speaks {row.plugin or 'no logical language'}, not {PLUGIN}; name another slot"
    if row.database != row.here:
        return f"slot {slot} belongs to database {row.database}, not to {row.here}; name another slot"
    return ""


def refuse_unreadable(found: SlotState, slot: str) -> None:
    """Raises what stops every look, whatever the cursor says."""
    if found.problem:
        raise SourceUnfit(found.problem)
    if found.active_pid is not None:
        raise SourceDown(f"slot {slot} is in use by another process ({found.active_pid}); one slot serves one program")


def make(connection: sa.Connection, slot: str, *, instead: bool) -> None:
    if instead:
        connection.execute(sa.text("SELECT pg_drop_replication_slot(:slot)"), {"slot": slot})
    connection.execute(sa.text(f"SELECT pg_create_logical_replication_slot(:slot, '{PLUGIN}')"), {"slot": slot})


def advance(connection: sa.Connection, slot: str, to: str, *, timeout_s: int) -> None:
    move = sa.text("SELECT pg_replication_slot_advance(:slot, CAST(:lsn AS pg_lsn))")
    connection.exec_driver_sql("BEGIN")
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{timeout_s}s'")
    connection.execute(move, {"slot": slot, "lsn": to})
    connection.exec_driver_sql("COMMIT")


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[Decoded]
    lsn: str
    passed: int
    """The place behind the page: so many rows behind the commit at ``lsn``."""
    more: bool
    is_last: bool
    """Of this look; another look may find more."""


class Look:
    """What was decoded at one moment, behind the place where the slot stood. Owns its connection until ``close``."""

    def __init__(
        self,
        connection: sa.Connection,
        slot: str,
        *,
        since: str,
        until: str,
        passed: int,
        rows: int,
        prefixes: Sequence[str],
        timeout_s: int,
    ) -> None:
        self._connection = connection
        self._until = until
        self._rows = rows
        self._commit = Decoded(0, since, 0, "")
        self._last = passed
        connection.exec_driver_sql("BEGIN")
        # The same zone as in the triggers: keys must have the same text whoever writes them.
        connection.exec_driver_sql("SET LOCAL timezone = 'UTC'")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{timeout_s}s'")
        look = sa.text(_LOOK).bindparams(slot=slot, until=until, rows=rows, passed=passed, prefixes="\n".join(prefixes))
        # DECLARE takes no parameters on the server, so they are written into it as literals.
        connection.exec_driver_sql(str(look.compile(connection, compile_kwargs={"literal_binds": True})))
        connection.exec_driver_sql("COMMIT")
        self._running = _Running(connection.exec_driver_sql("SELECT CAST(pg_current_snapshot() AS text)").scalar_one())

    def page(self, limit: int) -> Page:
        """A transaction that is in the WAL but cannot be seen yet (its commit waits for a standby, say) ends the look: its
        rows would be read as they were before."""
        found: list[Decoded] = []
        for row in self._connection.exec_driver_sql(f"FETCH {limit} FROM {_CURSOR}"):
            if self._running.has(row.xid):
                return self._page(found, more=False, is_last=True)
            found.append(Decoded(row.n, row.lsn, row.xid, row.data))
            self._last = row.n
            if row.data == COMMIT:
                self._commit = found[-1]
        if len(found) == limit:
            return self._page(found, more=True, is_last=False)
        if self._last >= self._rows:  # the server stopped with this commit; there is more behind it
            return self._page(found, more=True, is_last=True)
        return Page(found, self._until, 0, more=False, is_last=True)

    def _page(self, found: Sequence[Decoded], *, more: bool, is_last: bool) -> Page:
        return Page(found, self._commit.lsn, self._last - self._commit.number, more, is_last)

    def close(self) -> None:
        """Without a cursor left open the connection may go back to the pool."""
        self._connection.exec_driver_sql(f"CLOSE {_CURSOR}")
        self._connection.close()

    def break_off(self) -> None:
        self._connection.invalidate()
        self._connection.close()


class _Running:
    """Which transactions a snapshot does not show, by the 32 bits that the WAL knows of their ids."""

    def __init__(self, snapshot: str) -> None:
        _, end, running = snapshot.split(":")
        self._end = int(end)
        self._running = {int(xid) % 2**32 for xid in running.split(",") if xid}

    def has(self, xid: int) -> bool:
        is_from_the_end_on = (xid - self._end) % 2**32 < 2**31
        return xid in self._running or is_from_the_end_on
