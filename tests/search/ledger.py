"""The ledger as values: what ledger/store.py does to one record and its lane, step by step, on the real table of moves.

Times are ticks from now, as the world has them; a worker counts its own from its claim. `desk.py` plays the same steps on the
real ledger and compares.
"""

import math
from collections.abc import Hashable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

from simpeg_sync.decide.retry import DEATHS_MAX
from simpeg_sync.domain.move import Intent, Move
from simpeg_sync.domain.record import Action, Attempt, AttemptId, Record, RecordId
from simpeg_sync.domain.status import BUSY, RESTING, Event, Status
from simpeg_sync.domain.status import move as next_status

from .scene import FEED, KEY, NIP, TICK_S, Times
from .worker import BASE_S

YIELDS = RESTING | {Status.WAITING}


class Frozen(dict[str, Any]):
    """A mapping that can be compared and kept in a set; nobody changes it."""

    _hash: int | None = None

    def __hash__(self) -> int:  # type: ignore[override]
        if self._hash is None:
            self._hash = hash(frozenset(self.items()))
        return self._hash


class Books(NamedTuple):
    """What stands in the ledger."""

    record: Record
    due: int | None
    reason: str = ""
    attempt: Attempt | None = None
    """The last one."""
    is_open: bool = False
    deleted: tuple[tuple[str, int], ...] = ()
    """BKN's ids of rows that we have deleted, and when."""
    lane_due: int | None = None
    is_owned: bool = False
    lease: int = -1


class Lost(Exception):
    """LostClaim, with the ledger as it was."""


def new_books() -> Books:
    """SIMPEG's row was entered and captured."""
    record = Record(RecordId(1), FEED.name, KEY, NIP, Status.WAITING, 1, done=Frozen(), confirmed=Frozen())
    return Books(record, due=0, lane_due=0)


class Rules:
    """What the ledger does. Flawed ones override it."""

    def __init__(self, times: Times) -> None:
        self.times = times
        self.moved: list[tuple[Status, Event, Status]] = []
        """The moves of the last step, for whoever counts."""

    # ------------------------------------------------------------------------------------------------ changes, claims

    def mark(self, books: Books) -> Books:
        record = books.record
        status = record.status if record.status in BUSY else next_status(record.status, Event.CHANGED)
        self.moved.append((record.status, Event.CHANGED, status))
        due = books.due if record.status in BUSY else 0
        after = replace(record, mark=record.mark + 1, status=status)
        return books._replace(record=after, due=due, lane_due=_earlier(books.lane_due, 0))

    def may_claim(self, books: Books) -> bool:
        is_due = books.lane_due is not None and books.lane_due <= 0
        return is_due and (not books.is_owned or books.lease < 0)

    def may_free(self, books: Books, *, is_dead: bool) -> bool:
        """Whether a daemon that starts takes the lane from its owner."""
        return is_dead or books.lease < 0

    def claim(self, books: Books) -> tuple[Books, tuple[Record, ...]]:
        books = books._replace(is_owned=True, lease=self.times.lease)
        if books.record.status in (Status.WORKING, Status.SENDING):
            books = self.recovered(books, died=True)
        record = books.record
        if books.due is None or books.due > 0 or record.status in (Status.WORKING, Status.SENDING):
            return books, ()
        if record.status is not Status.UNCERTAIN:
            woken = next_status(record.status, Event.CHANGED) if record.status is not Status.WAITING else record.status
            record = replace(record, status=next_status(woken, Event.CLAIMED))
            self.moved.append((woken, Event.CLAIMED, record.status))
        return books._replace(record=record), (record,)

    def recovered(self, books: Books, *, died: bool) -> Books:
        record = books.record
        next_, reason = next_status(record.status, Event.WORKER_DIED), "worker.died" if died else "ledger.was_down"
        was_working = record.status is Status.WORKING
        deaths = record.deaths + died
        due: int | None = 0 if was_working else self.times.settle
        if was_working and deaths >= DEATHS_MAX:
            next_, reason, due = Status.HELD, "worker.dies", None
        self.moved.append((record.status, Event.WORKER_DIED, next_))
        return books._replace(record=replace(record, status=next_, deaths=deaths), due=due, reason=reason)

    def release(self, books: Books) -> Books:
        return books._replace(is_owned=False, lease=-1, lane_due=books.due)

    def given_back(self, books: Books) -> Books:
        """After a turn that broke off: what it left is made true, then the lane is free. Only while it is ours."""
        if books.record.status in (Status.WORKING, Status.SENDING):
            books = self.recovered(books, died=False)
        return self.release(books)

    # ------------------------------------------------------------------------------------------------------- a turn

    def write(
        self, books: Books, name: str, args: tuple[Any, ...], *, age: int, holds: bool
    ) -> tuple[Books, Record | Attempt | None]:
        """One write of a worker. Raises Lost, and IllegalMove. ``holds``: its fence is the lane's."""
        match name, args:
            case "ledger.finish", (record, move):
                return self._moved(books, record, move, age, holds)
            case "ledger.begin_attempt", (intent,):
                return self._begun(books, intent, age, holds)
            case "ledger.end_attempt", (record, attempt, _, move):
                sending = replace(record, status=next_status(record.status, Event.INTENT))
                if move.event is not Event.UNCLEAR:
                    books = self._closed(books, attempt)
                return self._moved(books, sending, move, age, holds)
            case "ledger.note_absent", (record, attempt, move):
                assert books.attempt is not None or not holds
                noted = books.attempt and replace(books.attempt, absent_since=_first(books.attempt.absent_since, 0.0))
                return self._moved(books._replace(attempt=noted), record, move, age, holds)[0], None
            case "ledger.settle_attempt", (record, attempt, _, move):
                return self._moved(self._closed(books, attempt), record, move, age, holds)[0], None
        raise AssertionError(name)

    def _begun(self, books: Books, intent: Intent, age: int, holds: bool) -> tuple[Books, Attempt]:
        last = books.attempt
        same = last is not None and (last.action, last.digest) == (intent.action, intent.digest)
        number = last.number + 1 if last else 1
        attempt = Attempt(
            id=AttemptId(number),
            record_id=intent.record.id,
            number=number,
            version=(last.version if last else 0) + (not same),
            action=intent.action,
            digest=intent.digest,
            body=Frozen(intent.body),
            bkn_id=intent.bkn_id,
            known_ids=intent.known_ids,
            started_at=0.0,
        )
        move = Move(Event.INTENT, due_at=intent.settle_at, changes={"version": attempt.version})
        books, _ = self._moved(books, intent.record, move, age, holds)
        return books._replace(attempt=attempt, is_open=True), attempt_in_turn(attempt, age)

    def _closed(self, books: Books, attempt: Attempt) -> Books:
        if books.attempt is None or books.attempt.number != attempt.number:
            return books  # a late end of an attempt that is not the last: its fence is lost, or there is none
        deleted = books.deleted
        if attempt.action is Action.DELETE and attempt.bkn_id is not None:
            deleted = (*deleted, (attempt.bkn_id, 0))
        return books._replace(is_open=False, deleted=deleted)

    def _moved(self, books: Books, record: Record, move: Move, age: int, holds: bool) -> tuple[Books, Record]:
        next_ = next_status(record.status, move.event)
        self.hold_fence(holds)
        before = books.record
        if before.status is not record.status:
            raise Lost
        is_newer = self.is_marked_since(before, record) and next_ in YIELDS
        changes = {
            name: _from_turn(name, value, age)
            for name, value in move.changes.items()
            if name != "attempts"  # only counted
        }
        status = Status.WAITING if is_newer else next_
        self.moved.append((before.status, move.event, next_))
        after = replace(before, status=status, detail="", **changes)
        due = 0 if is_newer else _tick(move.due_at, age)
        books = books._replace(record=after, due=due, reason=move.reason, lease=self.times.lease)
        return books, replace(record_in_turn(after, age), mark=record.mark)

    def hold_fence(self, holds: bool) -> None:
        if not holds:
            raise Lost

    def is_marked_since(self, before: Record, worked_on: Record) -> bool:
        return before.mark > worked_on.mark


# ------------------------------------------------------------------------------------------------- what the ledger shows


def links(books: Books, age: int) -> tuple[tuple[Record, bool], ...]:
    if books.record.bkn_id is None and not books.is_open:
        return ()
    # Its mark is for the ledger only: two looks that differ in it are one.
    return ((record_in_turn(replace(books.record, mark=0), age), books.is_open),)


def open_attempt(books: Books, age: int) -> Attempt | None:
    return attempt_in_turn(books.attempt, age) if books.attempt is not None and books.is_open else None


def deleted_since(books: Books, since: float, age: int) -> tuple[str, ...]:
    return tuple(bkn_id for bkn_id, at in books.deleted if BASE_S + (at + age) * TICK_S > since)


# ----------------------------------------------------------------------------------------------------------------- time


def tick(books: Books, times: Times) -> Books:
    """One tick later. What is too long ago to matter is no longer told apart."""
    oldest = max(times.settle, times.gap, times.grace) + 1
    attempt = books.attempt
    return books._replace(
        record=_aged(books.record, oldest),
        due=None if books.due is None else max(0, books.due - 1),
        attempt=None if attempt is None else _attempt_aged(attempt, oldest),
        deleted=tuple((bkn_id, at - 1) for bkn_id, at in books.deleted if at > -oldest),
        lane_due=None if books.lane_due is None else max(0, books.lane_due - 1),
        lease=max(-1, books.lease - 1),
    )


@cache
def _aged(record: Record, oldest: int) -> Record:
    return replace(record, synced_at=_older(record.synced_at, oldest), gone_since=_older(record.gone_since, oldest))


@cache
def _attempt_aged(attempt: Attempt, oldest: int) -> Attempt:
    started_at = _older(attempt.started_at, oldest)
    assert started_at is not None
    return replace(attempt, started_at=started_at, absent_since=_older(attempt.absent_since, oldest))


def _older(at: float | None, oldest: int) -> float | None:
    return None if at is None else max(at - 1, -float(oldest))


@cache
def record_in_turn(record: Record, age: int) -> Record:
    """As the worker gets it, whose claim is ``age`` ticks old."""
    return replace(record, synced_at=_second(record.synced_at, age), gone_since=_second(record.gone_since, age))


@cache
def attempt_in_turn(attempt: Attempt, age: int) -> Attempt:
    started_at = _second(attempt.started_at, age)
    assert started_at is not None
    return replace(attempt, started_at=started_at, absent_since=_second(attempt.absent_since, age))


def _from_turn(name: str, value: Any, age: int) -> Any:
    if name in ("synced_at", "gone_since"):
        return None if value is None else (value - BASE_S) / TICK_S - age
    if isinstance(value, Mapping):
        return Frozen(value)
    assert isinstance(value, Hashable)
    return value


def _second(at: float | None, age: int) -> float | None:
    return None if at is None else BASE_S + (at + age) * TICK_S


def _tick(at_s: float | None, age: int) -> int | None:
    """Nothing happens between two ticks, so what is due there is due at the second."""
    return None if at_s is None else max(0, math.ceil((at_s - BASE_S) / TICK_S) - age)


def _earlier(one: int | None, other: int) -> int:
    return other if one is None else min(one, other)


def _first(one: float | None, other: float) -> float:
    return other if one is None else one
