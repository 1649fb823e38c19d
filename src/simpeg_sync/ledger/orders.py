"""What workers want written, and how a group of it is written: whoever it comes from, in a handful of statements.

Every order of a worker checks its fence in the same transaction, and names the state it found the record in. A move that
is not in the table of domain/status.py never reaches the database. An order that fails changes nothing of the others.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, CursorResult, TextClause

from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.errors import LostClaim
from simpeg_sync.domain.move import Intent, Move
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import Attempt, AttemptId, Record, RecordId
from simpeg_sync.domain.status import Event, Status
from simpeg_sync.domain.status import move as next_status
from simpeg_sync.ledger import brake, codec, plan_items, rows, trail
from simpeg_sync.ledger import statements as sql
from simpeg_sync.ledger.core import DAEMON, FRESH, Pauses, add_events, event_row
from simpeg_sync.ledger.reads import Read, read_rows
from simpeg_sync.ledger.rowset import GroupStatement, run
from simpeg_sync.ports import Claim


@dataclass(frozen=True, slots=True, eq=False)
class MoveOrder:
    """A move of one record; with an attempt it also says what became of it."""

    claim: Claim
    record: Record
    move: Move
    attempt: Attempt | None = None
    outcome: Outcome | None = None
    """How the attempt ends; None leaves it open."""
    verdict: str = ""
    """For a read-back's word instead of an answer's."""
    is_absent: bool = False
    """A read-back found no trace of the attempt."""
    reads: Sequence[Read] = ()
    """What was read of the person since the last order."""

    @property
    def ends_attempt(self) -> bool:
        return self.attempt is not None and not self.is_absent and self.move.event is not Event.UNCLEAR


@dataclass(frozen=True, slots=True, eq=False)
class IntentOrder:
    """A write is about to leave."""

    claim: Claim
    intent: Intent
    reads: Sequence[Read] = ()

    @property
    def record(self) -> Record:
        return self.intent.record


@dataclass(frozen=True, slots=True, eq=False)
class ReleaseOrder:
    """A lane is given back."""

    claim: Claim
    reads: Sequence[Read] = ()


Order = MoveOrder | IntentOrder | ReleaseOrder


@dataclass(slots=True)
class _Planned:
    """One record's move, on its way into the database."""

    order: MoveOrder | IntentOrder
    record: Record
    move: Move
    next: Status
    changes: tuple[str, ...]
    numbers: tuple[int, int] = (0, 0)
    """Of an intent: the attempt's number, and the version."""


@dataclass(slots=True)
class Group:
    """The orders of one transaction."""

    connection: Connection
    statements: Callable[[GroupStatement], TextClause]
    now: float
    lease_until: float
    owner: str
    pauses: Pauses
    answers: dict[int, Any] = field(default_factory=dict)
    """By the order's place in the group."""

    def write(self, orders: Sequence[Order]) -> Sequence[Any]:
        held = self._hold_fences(orders)
        places = {id(order): place for place, order in enumerate(orders)}
        working = [order for order in orders if not isinstance(order, ReleaseOrder)]
        for order in working:
            if (order.claim.lane, order.claim.fence) not in held:
                overtaken = "the lane was taken over; nothing of this worker is written any more"
                self.answers[places[id(order)]] = LostClaim(overtaken)
        planned = self._planned([order for order in working if places[id(order)] not in self.answers], places)
        moved = self._move(planned, places)
        attempts = self._add_attempts([one for one in moved if isinstance(one.order, IntentOrder)], places)
        self._end_attempts([one.order for one in moved if isinstance(one.order, MoveOrder)])
        self._add_events(moved, places, attempts)
        self._add_reads(orders)
        for one in moved:
            self._wake_who_waits(one)
        self._end_items(moved, places)
        self._release([one.claim for one in orders if isinstance(one, ReleaseOrder)], held)
        return [self.answers.get(place) for place in range(len(orders))]

    # ---------------------------------------------------------------------------------------------------- fences first

    def _hold_fences(self, orders: Sequence[Order]) -> set[tuple[str, int]]:
        """Locks the lanes, in one order for everybody, and gives those that are still their workers'."""
        claims = {(order.claim.lane, order.claim.fence) for order in orders}
        given = [{"lane": lane, "fence": fence} for lane, fence in sorted(claims)]
        is_sqlite = self.connection.dialect.name == "sqlite"
        hold = sql.HOLD_FENCES if is_sqlite else sql.LOCK_AND_HOLD_FENCES
        found = self._run(hold, given, owner=self.owner, lease_until=self.lease_until)
        return {(row.lane, row.fence) for row in found}

    # ----------------------------------------------------------------------------------------------------------- moves

    def _planned(self, orders: Sequence[MoveOrder | IntentOrder], places: Mapping[int, int]) -> list[_Planned]:
        intents = [order for order in orders if isinstance(order, IntentOrder)]
        numbers = self._numbers(intents)
        stops = brake.stops(self.connection, [order.intent for order in intents], self.now)
        planned = []
        for order in orders:
            if isinstance(order, MoveOrder):
                status, move = order.record.status, order.move
                if order.record.permission is not None:
                    spent = plan_items.spent(order.record, move.event, order.verdict)
                    move = replace(move, changes={**move.changes, **spent})
                one = _Planned(order, order.record, move, next_status(status, move.event), ())
            elif (stop := stops[id(order.intent)]) is not None:
                self.answers[places[id(order)]] = stop
                continue
            else:
                number, version = numbers[order.record.id]
                changes = {"version": version, "attempts": number, **order.intent.changes}
                move = Move(Event.INTENT, due_at=order.intent.settle_at, changes=changes)
                next_ = next_status(order.record.status, Event.INTENT)
                one = _Planned(order, order.record, move, next_, (), (number, version))
            one.changes = tuple(sorted(one.move.changes))
            planned.append(one)
        return planned

    def _numbers(self, intents: Sequence[IntentOrder]) -> dict[RecordId, tuple[int, int]]:
        """The attempt's number and version: the same content sent again is the same version."""
        tried = [order.record.id for order in intents if order.record.version]
        last: dict[int, Any] = {}
        if tried:
            found = self._run(sql.LAST_ATTEMPTS, [{"record_id": id_} for id_ in tried])
            last = {row["record_id"]: row for row in found.mappings()}
        numbers = {}
        for order in intents:
            before = last.get(order.record.id)
            is_same = before is not None and (before["action"], before["digest"]) == (
                order.intent.action,
                order.intent.digest,
            )
            number = (before["number"] if before else 0) + 1
            numbers[order.record.id] = (number, (before["version"] if before else 0) + (not is_same))
        return numbers

    def _move(self, planned: Sequence[_Planned], places: Mapping[int, int]) -> list[_Planned]:
        """Those that found their record as they said; the others are answered."""
        shapes: dict[tuple[str, ...], list[_Planned]] = {}
        for one in planned:
            shapes.setdefault(one.changes, []).append(one)
        moved = []
        for names, some in shapes.items():
            due_if_marked = self.now + self.pauses.quiet_period_s
            given = [self._values(one) for one in some]
            found = self._run(sql.finish(names), given, now=self.now, due_if_marked=due_if_marked)
            statuses = {row.id: row.status for row in found}
            for one in some:
                place = places[id(one.order)]
                if one.record.id not in statuses:
                    self.answers[place] = LostClaim(f"record {one.record.id} is no longer {one.record.status}")
                    continue
                one.next = Status(statuses[one.record.id])
                moved.append(one)
                if isinstance(one.order, MoveOrder):  # an intent is answered by its attempt
                    self.answers[place] = _after(one, one.order)
        return moved

    def _values(self, one: _Planned) -> dict[str, Any]:
        return {
            "id": one.record.id,
            "expected": one.record.status,
            "next": one.next,
            "mark": one.record.mark,
            "due_at": one.move.due_at,
            "reason": one.move.reason,
            "detail": rows.storable(one.move.detail),
            **{name: rows.column_value(name, one.move.changes[name]) for name in one.changes},
        }

    # -------------------------------------------------------------------------------------------- attempts and history

    def _add_attempts(self, moved: Sequence[_Planned], places: Mapping[int, int]) -> dict[RecordId, AttemptId]:
        if not moved:
            return {}
        given = []
        for one in moved:
            assert isinstance(one.order, IntentOrder)
            intent = one.order.intent
            given.append(
                {
                    "record_id": intent.record.id,
                    "number": one.numbers[0],
                    "version": one.numbers[1],
                    "action": intent.action,
                    "digest": intent.digest,
                    "bkn_id": intent.bkn_id,
                    "known_ids": json.dumps(sorted(intent.known_ids)),
                    "body": codec.encode(intent.body),
                }
            )
        found = self._run(sql.ADD_ATTEMPTS, given, now=self.now)
        ids = {RecordId(row.record_id): AttemptId(row.id) for row in found}
        for one in moved:
            assert isinstance(one.order, IntentOrder)
            intent = one.order.intent
            self.answers[places[id(one.order)]] = Attempt(
                id=ids[intent.record.id],
                record_id=intent.record.id,
                number=one.numbers[0],
                version=one.numbers[1],
                action=intent.action,
                digest=intent.digest,
                body=intent.body,
                bkn_id=intent.bkn_id,
                known_ids=intent.known_ids,
                started_at=self.now,
            )
        return ids

    def _end_attempts(self, orders: Sequence[MoveOrder]) -> None:
        ended: list[dict[str, Any]] = []
        unclear: list[dict[str, Any]] = []
        absent: list[dict[str, Any]] = []
        for order in orders:
            if order.attempt is None:
                continue
            if order.is_absent:
                absent.append({"id": order.attempt.id})
            else:
                told = {"id": order.attempt.id, **_told(order)}
                (ended if order.ends_attempt else unclear).append(told)
        for statement, given in (
            (sql.END_ATTEMPTS, ended),
            (sql.NOTE_UNCLEAR, unclear),
            (sql.NOTE_ABSENT, absent),
        ):
            if given:
                self._run(statement, given, now=self.now)

    def _add_events(
        self, moved: Sequence[_Planned], places: Mapping[int, int], attempts: Mapping[RecordId, AttemptId]
    ) -> None:
        if not moved:
            return
        events = []
        for one in moved:
            ended = one.order.attempt.id if isinstance(one.order, MoveOrder) and one.order.attempt else None
            attempt_id = ended if isinstance(one.order, MoveOrder) else attempts[one.record.id]
            detail = rows.storable(one.move.detail)
            facts = _facts(one)
            events.append(
                event_row(
                    one.record, self.now, one.move.event, one.next, one.move.reason, detail, attempt_id, facts=facts
                )
            )
        add_events(self.connection, events)

    def _add_reads(self, orders: Sequence[Order]) -> None:
        """Of an order that is not written its caller keeps them."""
        done = [one for place, one in enumerate(orders) if not isinstance(self.answers.get(place), BaseException)]
        reads = [read for order in done for read in order.reads]
        if reads:
            trail.add(self.connection, "reads", self.now, read_rows(reads, DAEMON))

    # ------------------------------------------------------------------------------------------- what hangs on a move

    def _end_items(self, moved: Sequence[_Planned], places: Mapping[int, int]) -> None:
        """Of applied plans; few records have one."""
        ends = []
        for one in moved:
            if one.record.permission is None or not isinstance(one.order, MoveOrder):
                continue
            place = places[id(one.order)]
            after: Record = self.answers[place]
            end = plan_items.ended(after, one.move.event, one.move.reason, after.detail, one.order.verdict)
            if end is not None:
                ends.append(end)
                self.answers[place] = replace(after, permission=None)
        plan_items.end_items(self.connection, self.statements, self.now, ends)

    def _wake_who_waits(self, one: _Planned) -> None:
        if one.move.link_from is not None:
            self._unlink(one.order.claim, one.move.link_from)
        for feed in one.move.wakes:
            self._wake_waiting_for(feed, one.record)

    def _unlink(self, claim: Claim, owner: RecordId) -> None:
        found = self.connection.execute(sql.UNLINK, {"id": owner, "now": self.now}).mappings().one()
        if found["lane"] == claim.lane:
            return
        # The same person under another NIP: what a worker there has read of the record would no longer be true.
        if not self.connection.execute(sql.HOLD_IDLE_LANE, {"lane": found["lane"]}).rowcount:
            raise LostClaim("the person's other lane is at work")
        self.connection.execute(sql.WAKE_LANE, {**found, "due_at": self.now, "priority": FRESH})

    def _wake_waiting_for(self, feed: FeedName, record: Record) -> None:
        values = {"feed": feed, "source_key": record.key, "lane": record.lane, "now": self.now}
        # Of this lane, which sees it when it is released.
        self.connection.execute(sql.WAKE_WAITING_FOR_LINK, values)
        if self.connection.execute(sql.WAKE_WAITING_FOR, values).rowcount:
            # Another lane than this one, which finds its next turn when it is released.
            self.connection.execute(sql.WAKE_LANE, {**values, "due_at": self.now, "priority": FRESH})

    def _release(self, claims: Sequence[Claim], held: set[tuple[str, int]]) -> None:
        """A lane that was taken over meanwhile is no longer its worker's to give."""
        given = [{"lane": claim.lane} for claim in claims if (claim.lane, claim.fence) in held]
        if given:
            self._run(sql.RELEASE_LANES, given, now=self.now)

    def _run(self, statement: GroupStatement, rows: Sequence[Mapping[str, Any]], **others: Any) -> CursorResult[Any]:
        others = {name: value for name, value in others.items() if name in statement.others}
        return run(self.connection, statement, self.statements(statement), rows, **others)


def _after(one: _Planned, order: MoveOrder) -> Record:
    """The record as the move leaves it."""
    changes = {name: value for name, value in one.move.changes.items() if name != "attempts"}
    if order.attempt is not None:
        changes.setdefault("version", order.attempt.version)
    reason, detail = one.move.reason, rows.storable(one.move.detail)
    return replace(one.record, **changes, status=one.next, reason=reason, detail=detail)


def _told(order: MoveOrder) -> dict[str, Any]:
    """What came of the attempt, as it stands there from now on."""
    if order.outcome is None:
        return {"outcome": order.verdict, "code": order.move.reason, "http_status": None, "message": ""}
    return {
        "outcome": order.outcome.verdict,
        "code": rows.storable(order.outcome.code),
        "http_status": order.outcome.http_status,
        "message": rows.storable(order.outcome.message),
    }


def _facts(one: _Planned) -> Mapping[str, Any]:
    """What must stay provable of a move, beside its reason: what left, and what came of it. BKN's words as their hash."""
    order = one.order
    if isinstance(order, IntentOrder):
        intent = order.intent
        return {
            "action": intent.action,
            "number": one.numbers[0],
            "version": one.numbers[1],
            "digest": intent.digest,
            "bkn_id": intent.bkn_id,
            "feed": one.record.feed,
            "key": one.record.key,
        }
    facts: dict[str, Any] = {}
    if one.move.changes.get("bkn_id"):
        facts["bkn_id"] = one.move.changes["bkn_id"]
    if order.attempt is None:
        return facts
    facts["number"] = order.attempt.number
    if order.is_absent:
        return {**facts, "is_absent": True}
    told = _told(order)
    words = told.pop("message")
    if words:
        facts["words"] = trail.words_hash(words)
    if order.outcome is not None and order.outcome.bkn_id:
        facts["bkn_id"] = order.outcome.bkn_id
    return {**facts, **told, "is_end": order.ends_attempt}


def must_be_alone(order: Order) -> bool:
    """Whether the order may have to be undone after others of its group were written: then it goes by itself."""
    return isinstance(order, MoveOrder) and order.move.link_from is not None
