"""What every part of the ledger stands on: the database, its one writer, a reader, the clock, and who is writing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Engine, RowMapping, TextClause

from simpeg_sync.clock import Clock
from simpeg_sync.domain.record import AttemptId, Record
from simpeg_sync.domain.status import Event, Status
from simpeg_sync.fibers import aside
from simpeg_sync.ledger import statements as sql
from simpeg_sync.ledger import trail
from simpeg_sync.ledger.engine import translated
from simpeg_sync.ledger.reads import Read, UnsaidReads
from simpeg_sync.ledger.rows import storable
from simpeg_sync.ledger.rowset import GroupStatement
from simpeg_sync.ledger.writer import OrderWriter
from simpeg_sync.ports import Claim

T = TypeVar("T")

DAEMON = "daemon"
"""Who acts where no person has given an order."""
LEASE_S = 120.0
LEASE_MARGIN_S = 5.0
"""For what a lease's writing takes, and clocks that do not run alike."""
LEAD_S = 15.0
"""So long nobody looks after the change log when its leader is gone without a word."""
BULK, FRESH = 1, 0
"""Priorities: a single fresh edit goes before the thousands of a sweep."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long a change waits before its record is looked at, in seconds."""

    quiet_period_s: float = 30.0
    quiet_max_s: float = 300.0
    """A row that is edited without end is looked at every so often all the same."""
    settle_s: float = 180.0


class Core:
    """Thread-safe."""

    lease_s = LEASE_S
    lead_s = LEAD_S

    def __init__(
        self, engine: Engine, clock: Clock, writer: OrderWriter, *, owner: str, pauses: Pauses, is_shared: bool
    ) -> None:
        """``is_shared``: several daemons may have this ledger open, each on a host with a clock of its own."""
        self.engine = engine
        self._clock, self._owner, self._pauses, self._writer = clock, owner, pauses, writer
        self._is_alone, self._is_shared = engine.dialect.name == "sqlite", is_shared
        self._claim = sql.claim(skip_locked=not self._is_alone)
        self._leases: dict[tuple[str, int], float] = {}
        """Lanes that this process has, by lane and fence -> the monotonic time until which it surely has them."""
        self._lead: tuple[str, int, float] | None = None
        self._ahead_s: float | None = None
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._of_groups: dict[str, TextClause] = {}
        self._reads = UnsaidReads()

    def note_read(self, lane: str, what: str, why: str) -> None:
        """Something of the person was read at BKN. It is in the ledger with what is written next of the lane, or with
        `say_reads`."""
        self._reads.add(Read(lane, what, why))

    @contextmanager
    def _said(self, lane: str) -> Iterator[Sequence[Read]]:
        """What was read of the lane's person, for what is written of it now."""
        reads = self._reads.take(lane)
        try:
            yield reads
        except BaseException:
            self._reads.put_back(reads)
            raise

    def _group(self, statement: GroupStatement) -> TextClause:
        """As this ledger's database wants it."""
        if statement.sql not in self._of_groups:
            self._of_groups[statement.sql] = statement.on(self.engine.dialect.name)
        return self._of_groups[statement.sql]

    def lease_ends_at(self, claim: Claim) -> float:
        """Monotonic seconds after which nothing of this turn may leave any more: another worker may have the lane then,
        also one of this process."""
        return self._leases.get((claim.lane, claim.fence), float("-inf"))

    def _hold(self, claim: Claim, begun_at: float) -> None:
        """``begun_at``: monotonic, from before the lease was written down."""
        self._leases[claim.lane, claim.fence] = begun_at + self.lease_s - LEASE_MARGIN_S

    def _lease_now(self, *, ask: bool = False) -> float:
        """The time by which leases are judged: of the ledger's own server where hosts with clocks of their own share it."""
        if not self._is_shared or self._is_alone:
            return self._clock.now()
        if ask or self._ahead_s is None:
            asked = self._scalar(sql.SERVER_TIME)
            self._ahead_s = float(asked) - self._clock.monotonic()
        return self._clock.monotonic() + self._ahead_s

    def _one(self, statement: TextClause, values: Mapping[str, Any]) -> RowMapping | None:
        return self._read(statement, values, lambda found: found.mappings().first())

    def _scalar(self, statement: TextClause, **values: Any) -> Any:
        return self._read(statement, values, lambda found: found.scalar())

    def _all(self, statement: TextClause, values: Mapping[str, Any]) -> Sequence[RowMapping]:
        return self._read(statement, values, lambda found: found.mappings().all())

    def _read(self, statement: TextClause, values: Mapping[str, Any], take: Callable[[CursorResult[Any]], T]) -> T:
        def read() -> T:
            with translated(), self._reader.connect() as connection:
                return take(connection.execute(statement, values))

        return read() if self._is_alone else aside(read)  # SQLite answers from its file, without a network


def lock_lanes(connection: Connection, statement: TextClause, values: Mapping[str, Any]) -> None:
    if connection.dialect.name != "sqlite":  # which has one writer, and so no order to keep
        connection.execute(statement, values)


def event_row(
    record: Record,
    now: float,
    event: Event,
    status: Status,
    reason: str = "",
    detail: str = "",
    attempt_id: AttemptId | None = None,
    actor: str = DAEMON,
    facts: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "at": now,
        "record_id": record.id,
        "event": event,
        "status": status,
        "reason": reason,
        "detail": detail,
        "attempt_id": attempt_id,
        "actor": actor,
        "lane": record.lane,
        "facts": trail.canonical(facts) if facts else "",
    }


def add_events(connection: Connection, events: Sequence[Mapping[str, Any]]) -> None:
    """Moves of records, made by `event_row` for one moment."""
    if events:
        trail.add(connection, "events", events[0]["at"], events)


def note_audit(
    connection: Connection, now: float, actor: str, action: str, target: str, reason: str, person: str = ""
) -> None:
    """An operator's order. ``person``: the NIP, where it concerns one."""
    texts = {"actor": actor, "action": action, "target": target, "reason": reason, "detail": "", "person": person}
    trail.add(connection, "audit", now, [{name: storable(value) for name, value in texts.items()}])
