"""The ledger as the daemon and the pipeline use it: one object over the parts that each have their own room.

`marking` takes changes, `lanes` gives turns, here the worker's moves and attempts are written, `lookups` answers questions,
`identities` keeps what is told of persons, `operators` is what people change, `plan_items` what they have planned and applied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine

from simpeg_sync import logs
from simpeg_sync.clock import Clock
from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.errors import FeedBraked, LostClaim
from simpeg_sync.domain.move import Intent, Move
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import Attempt, Record
from simpeg_sync.domain.status import Event, Status
from simpeg_sync.domain.status import move as next_status
from simpeg_sync.ledger import rows, trail
from simpeg_sync.ledger import statements as sql
from simpeg_sync.ledger.brake import Stop
from simpeg_sync.ledger.comparisons import Comparisons
from simpeg_sync.ledger.core import DAEMON, FRESH, Pauses, add_events, event_row
from simpeg_sync.ledger.engine import KeptConnection
from simpeg_sync.ledger.identities import Identities
from simpeg_sync.ledger.lanes import Lanes
from simpeg_sync.ledger.lookups import Lookups
from simpeg_sync.ledger.marking import Marking
from simpeg_sync.ledger.operators import Operators
from simpeg_sync.ledger.orders import Group, IntentOrder, MoveOrder, Order, must_be_alone
from simpeg_sync.ledger.plan_items import PlanItems
from simpeg_sync.ledger.reads import read_rows
from simpeg_sync.ledger.trail import Trail
from simpeg_sync.ledger.writer import GroupWriter, OrderWriter, TwoWayWriter
from simpeg_sync.ports import Claim, Head

__all__ = ["Pauses", "SqlLedger"]


class SqlLedger(Marking, Lanes, Lookups, Identities, Operators, PlanItems, Comparisons):
    """Implements ports.Ledger, and what stands beside it: ports.Intake, Work and ScanMemory. Thread-safe."""

    def __init__(self, engine: Engine, clock: Clock, *, owner: str, pauses: Pauses, is_shared: bool = False) -> None:
        is_sqlite = engine.dialect.name == "sqlite"
        self._kept = KeptConnection(engine)
        self.trail = Trail(self._kept.begin if is_sqlite else engine.begin, clock, owner)
        open_writer = GroupWriter if is_sqlite else TwoWayWriter
        writer: OrderWriter = open_writer(engine, self._together, self.trail)
        super().__init__(engine, clock, writer, owner=owner, pauses=pauses, is_shared=is_shared)

    @property
    def writer(self) -> OrderWriter:
        """For what is stored beside the records."""
        return self._writer

    def close(self) -> None:
        self._writer.close()
        self._kept.close()

    def say_reads(self, actor: str) -> None:
        """What was read outside of a turn, at the word of ``actor``."""
        reads, now = self._reads.take_all(), self._clock.now()
        if not reads:
            return
        try:
            self._writer.write(lambda c: trail.add(c, "reads", now, read_rows(reads, actor)))
        except BaseException:
            self._reads.put_back(reads)
            raise

    def seal(self) -> Head:
        """A block with the ends of all chains that no other block names. Whoever keeps its hash elsewhere can prove
        later that nothing before it was changed or cut off. Raises as `write`."""
        reads, now = self._reads.take_all(), self._clock.now()

        def job(connection: Connection) -> trail.Page:
            trail.add(connection, "reads", now, read_rows(reads, DAEMON))
            page = trail.page_of(connection)
            page.want(connection)
            return page

        try:
            head = self._writer.write(job).head
        except BaseException:
            self._reads.put_back(reads)
            raise
        assert head is not None, "a block that is wanted is written"
        return head

    # ------------------------------------------------------------------------------------------------------ moves

    def finish(self, claim: Claim, record: Record, move: Move) -> Record:
        after = self._ordered(MoveOrder(claim, record, move))
        _say(claim, record, move)
        return after

    def begin_attempt(self, claim: Claim, intent: Intent) -> Attempt:
        next_status(intent.record.status, Event.INTENT)
        begun_at = self._clock.monotonic()
        attempt: Attempt | Stop
        with self._said(claim.lane) as reads:
            attempt = self._writer.order(IntentOrder(claim, intent, reads))
        if isinstance(attempt, Stop):
            attempt.say(intent.record.feed)
            raise FeedBraked(intent.record.feed, attempt.kind)
        self._hold(claim, begun_at)
        # Its end is said too, with the same numbers: two lines a write would tell nobody more.
        logs.get().debug(
            "attempt.sent",
            record_id=intent.record.id,
            feed=intent.record.feed,
            person=claim.lane,
            action=attempt.action,
            attempt=attempt.number,
            version=attempt.version,
        )
        return attempt

    def end_attempt(self, claim: Claim, record: Record, attempt: Attempt, outcome: Outcome, move: Move) -> Record:
        # The pipeline's copy still says `working`; the stored intent moved the record to `sending`.
        sending = replace(record, status=next_status(record.status, Event.INTENT))
        after = self._ordered(MoveOrder(claim, sending, move, attempt, outcome))
        _say(claim, record, move, http_status=outcome.http_status, attempt=attempt)
        return after

    def note_absent(self, claim: Claim, record: Record, attempt: Attempt, move: Move) -> None:
        self._ordered(MoveOrder(claim, record, move, attempt, is_absent=True))

    def settle_attempt(self, claim: Claim, record: Record, attempt: Attempt, verdict: str, move: Move) -> None:
        self._ordered(MoveOrder(claim, record, move, attempt, verdict=verdict))
        _say(claim, record, move)

    def break_off(self, claim: Claim, record: Record, reason: str, detail: str) -> None:
        def job(connection: Connection) -> None:
            row = connection.execute(sql.FIND, {"feed": record.feed, "source_key": record.key}).mappings().one()
            now = replace(rows.record(row), mark=record.mark)
            later = self._clock.now() + self._pauses.settle_s
            if now.status is Status.SENDING:
                move = Move.unclear(detail, settle_at=later)
            elif now.status is Status.UNCERTAIN and self._has_open_attempt(connection, now):
                move = Move.still_unclear(reason, detail, look_again_at=later)
            else:
                move = Move.held(reason, detail)
            self._alone(connection, MoveOrder(claim, now, move))

        self._writer.write(job)

    def change_lane(self, claim: Claim, record: Record, lane: str) -> None:
        now = self._clock.now()
        fence = {"lane": claim.lane, "owner": claim.owner, "fence": claim.fence}

        def job(connection: Connection) -> None:
            held = connection.execute(sql.HOLD_FENCE, {**fence, "lease_until": self._lease_now() + self.lease_s})
            if held.rowcount != 1:
                raise LostClaim("the lane was taken over; nothing of this worker is written any more")
            if not connection.execute(sql.CHANGE_LANE, {"id": record.id, "lane": lane, "now": now}).rowcount:
                raise LostClaim(f"record {record.id} is no longer {Status.WORKING}")
            moved = event_row(record, now, Event.PUT_BACK, Status.WAITING, facts={"to": lane})
            add_events(connection, [moved])
            wake = {"feed": record.feed, "source_key": record.key, "due_at": now, "priority": FRESH}
            connection.execute(sql.WAKE_LANE, wake)

        self._writer.write(job)

    def braked(self) -> Mapping[FeedName, str]:
        return {FeedName(row["feed"]): row["pulled_by"] for row in self._all(sql.PULLED, {})}

    # ------------------------------------------------------------------------------------------------------ inside

    def _ordered(self, order: MoveOrder) -> Record:
        next_status(order.record.status, order.move.event)  # an illegal move never reaches the group
        begun_at = self._clock.monotonic()
        after: Record
        with self._said(order.claim.lane) as reads:
            said = replace(order, reads=reads) if reads else order
            if must_be_alone(order):
                after = self._writer.write(lambda connection: self._alone(connection, said))
            else:
                after = self._writer.order(said)
        self._hold(order.claim, begun_at)
        return after

    def _alone(self, connection: Connection, order: MoveOrder) -> Record:
        [after] = self._together(connection, [order])
        if isinstance(after, Exception):
            raise after
        moved: Record = after
        return moved

    def _together(self, connection: Connection, orders: Sequence[Order]) -> Sequence[Any]:
        lease_until = self._lease_now() + self.lease_s
        group = Group(connection, self._group, self._clock.now(), lease_until, self._owner, self._pauses)
        return group.write(orders)

    def _has_open_attempt(self, connection: Connection, record: Record) -> bool:
        return connection.execute(sql.OPEN_ATTEMPT, {"record_id": record.id}).first() is not None


LOG_LINES: Mapping[Event, tuple[str, str]] = {
    Event.PROVED: ("info", "record.synced"),
    Event.REMOVED: ("info", "record.removed"),
    Event.HELD: ("info", "record.held"),
    Event.REFUSED: ("warning", "record.refused"),
    Event.UNCLEAR: ("warning", "attempt.uncertain"),
    Event.DECIDED: ("info", "attempt.decided"),
    Event.UNCHANGED: ("debug", "record.unchanged"),
    Event.IGNORED: ("debug", "record.ignored"),
    Event.PUT_BACK: ("debug", "record.put_back"),
}
"""One line for each move that people ask about; the steps between are in the ledger's history."""


def _say(
    claim: Claim, record: Record, move: Move, *, http_status: int | None = None, attempt: Attempt | None = None
) -> None:
    level, name = LOG_LINES.get(move.event, ("debug", ""))
    if name:
        of_attempt = (
            {"action": attempt.action, "attempt": attempt.number, "version": attempt.version} if attempt else {}
        )
        # The detail of a held record names a field or a code table; BKN's own words never come here.
        getattr(logs.get(), level)(
            name,
            record_id=record.id,
            feed=record.feed,
            person=claim.lane,
            reason=move.reason,
            detail=move.detail,
            http_status=http_status,
            **of_attempt,
        )
