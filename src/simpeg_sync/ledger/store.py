"""The ledger as the daemon and the pipeline use it: claims, moves and attempts, each one transaction.

Every write of a worker checks its fence in the same transaction, and names the state it found the record in. A move that
is not in the table of domain/status.py never reaches the database.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, RowMapping, TextClause, text

from simpeg_sync import logs
from simpeg_sync.clock import Clock
from simpeg_sync.decide.retry import DEATHS_MAX
from simpeg_sync.domain.change import Change, FeedName, KeyEdit, Nip, SourceKey
from simpeg_sync.domain.errors import FeedBraked, LostClaim
from simpeg_sync.domain.move import Intent, Move
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import Attempt, AttemptId, BknId, Digest, Record, RecordId, lane_of
from simpeg_sync.domain.status import Event, Status
from simpeg_sync.domain.status import move as next_status
from simpeg_sync.ledger import brake, codec, rows
from simpeg_sync.ledger import statements as sql
from simpeg_sync.ledger.brake import Stop
from simpeg_sync.ledger.engine import translated
from simpeg_sync.ledger.writer import DirectWriter, GroupWriter, Writer
from simpeg_sync.ports import Claim, Link, Range, Seen, Unwritten

BATCH_MAX = 20
"""Records of one person in one turn; the rest of a long history comes with the lane's next turn."""
LEASE_S = 120.0
RESYNC_CHUNK = 500
SLEEP_MAX_S = 7 * 86400.0
"""No record waits for longer; what does was put off while the clock was wrong."""
BULK, FRESH = 1, 0
"""Priorities: a single fresh edit goes before the thousands of a sweep."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long a change waits before its record is looked at, in seconds."""

    quiet_period_s: float = 30.0
    quiet_max_s: float = 300.0
    """A row that is edited without end is looked at every so often all the same."""
    settle_s: float = 180.0


class SqlLedger:
    """Implements ports.Ledger, and what stands beside it: ports.Intake, Work and ScanMemory. Thread-safe."""

    def __init__(self, engine: Engine, clock: Clock, *, owner: str, pauses: Pauses) -> None:
        self.engine = engine
        self._clock, self._owner, self._pauses = clock, owner, pauses
        is_sqlite = engine.dialect.name == "sqlite"
        self._writer: Writer = GroupWriter(engine) if is_sqlite else DirectWriter(engine)
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._claim = sql.claim(skip_locked=not is_sqlite)
        self._finish_with: dict[tuple[str, ...], TextClause] = {}

    @property
    def writer(self) -> Writer:
        """For what is stored beside the records."""
        return self._writer

    def close(self) -> None:
        self._writer.close()

    # ---------------------------------------------------------------------------------------------- taking changes

    def take_changes(
        self,
        changes: Sequence[Change],
        persons: Mapping[Change, Nip],
        *,
        cursor: tuple[str, str] | None = None,
        priority: int = FRESH,
        seen: Seen | None = None,
        edits: Sequence[KeyEdit] = (),
    ) -> None:
        """Marks the records dirty and moves the cursor past them, in one transaction (I8). Before that records follow
        their rows to edited keys."""
        now = self._clock.now()
        due_at = now + (self._pauses.quiet_period_s if priority == FRESH else 0.0)
        marks = [
            {
                "feed": change.feed,
                "source_key": change.key,
                "lane": lane_of(persons.get(change), change.feed, change.key),
                "now": now,
                "due_at": due_at,
                "priority": priority,
                "wait_max_s": self._pauses.quiet_max_s,
            }
            for change in dict.fromkeys(changes)
        ]
        marks.sort(key=itemgetter("lane", "feed", "source_key"))

        def job(connection: Connection) -> None:
            if marks:
                _lock_lanes(connection, sql.LOCK_LANES, {"records": [(m["feed"], m["source_key"]) for m in marks]})
                for edit in edits:
                    _follow(connection, edit)
                connection.execute(sql.MARK, marks)
                connection.execute(sql.WAKE_LANE, marks)
            if cursor is not None:
                connection.execute(sql.SET_CURSOR, {"name": cursor[0], "cursor": cursor[1], "now": now})
            if seen is not None:
                _remember(connection, seen)

        self._writer.write(job)

    def changes_of_person(self, feed: FeedName, nip: Nip, *, limit: int) -> list[Change]:
        found = self._all(sql.RECORDS_OF_PERSON, {"feed": feed, "lane": nip, "limit": limit})
        return [Change(FeedName(row["feed"]), SourceKey(row["source_key"])) for row in found]

    def range_after(self, feed: FeedName, after: str) -> Range | None:
        found = self._one(sql.RANGE_AFTER, {"feed": feed, "after": after})
        if found is None:
            return None
        return Range(feed, after, found["until_key"], found["shape"], found["digest"], found["row_count"])

    def range_entries(self, feed: FeedName, after: str) -> bytes:
        return bytes(self._scalar(sql.RANGE_ENTRIES, feed=feed, after=after) or b"")

    def cursor(self, name: str) -> str | None:
        found = self._one(text("SELECT cursor FROM cursors WHERE name = :name"), {"name": name})
        return found["cursor"] if found else None

    def start_sweep(self, feed: FeedName, *, why: str) -> float:
        """Notes that every row of the feed is being marked; gives the time by which unseen records are told."""
        now = self._clock.now()
        self._writer.write(lambda c: c.execute(sql.START_SWEEP, {"feed": feed, "now": now, "why": why}) and None)
        return now

    def unseen(
        self, feed: FeedName, started_at: float, *, after: SourceKey | None = None, limit: int
    ) -> list[tuple[Change, str]]:
        """Records of the feed that the sweep has not met, with their lanes; a page of them by key."""
        values = {"feed": feed, "started_at": started_at, "after": after or "", "limit": limit}
        found = self._all(sql.NOT_SEEN, values)
        return [(Change(FeedName(row["feed"]), SourceKey(row["source_key"])), row["lane"]) for row in found]

    def end_sweep(self, feed: FeedName, row_count: int) -> None:
        now = self._clock.now()
        self._writer.write(lambda c: c.execute(sql.END_SWEEP, {"feed": feed, "now": now, "rows": row_count}) and None)

    def last_sweep_at(self) -> float | None:
        found: float | None = self._scalar(text("SELECT min(done_at) FROM sweeps"))
        return found

    def sweep_is_done(self, feed: FeedName) -> bool:
        found = self._one(text("SELECT done_at FROM sweeps WHERE feed = :feed"), {"feed": feed})
        return found is not None and found["done_at"] is not None

    # ------------------------------------------------------------------------------------------------------- claims

    def claim(self, *, at_work: Collection[str] = ()) -> Claim | None:
        """The most urgent due lane, or None. Its records are `working` (or still `uncertain`) when this returns.

        Whatever is still under way in a lane that is free, or whose lease is over, was left by a worker that died.
        """
        now = self._clock.now()
        values = {"owner": self._owner, "now": now, "lease_until": now + LEASE_S, "at_work": sorted(at_work)}

        def job(connection: Connection) -> Claim | None:
            lane = connection.execute(self._claim, values).mappings().first()
            if lane is None:
                return None
            self._recover_all(connection, connection.execute(sql.ABANDONED_IN_LANE, {"lane": lane["lane"]}), died=True)
            due = connection.execute(sql.DUE_RECORDS, {"lane": lane["lane"], "now": now, "limit": BATCH_MAX}).mappings()
            records = _alone_if_deadly([rows.record(row) for row in due])
            working = [taken for r in records if (taken := self._to_work(connection, r, now)) is not None]
            return Claim(lane["lane"], self._owner, lane["fence"], working)

        return self._writer.write(job)

    def release(self, claim: Claim) -> None:
        """Gives the lane back. A lane that was taken over meanwhile is no longer ours to give."""
        values = {**self._fence(claim), "now": self._clock.now()}

        def job(connection: Connection) -> None:
            if connection.execute(sql.HOLD_FENCE, values).rowcount:
                connection.execute(sql.RELEASE_LANE, values)

        self._writer.write(job)

    def recover(self, lane: str | None = None) -> int:
        """Makes states true again after a death or a ledger outage: sending becomes uncertain, working waits again.

        ``lane``: only that one, and only while it is ours; None at start, when no worker of ours lives.
        """

        def job(connection: Connection) -> int:
            if lane is not None:
                if not connection.execute(sql.HOLD_LANE, {"lane": lane, "owner": self._owner}).rowcount:
                    return 0  # taken over: its new owner has made it good already
                found = connection.execute(sql.ABANDONED_IN_LANE, {"lane": lane})
                return self._recover_all(connection, found, died=False)
            connection.execute(sql.LOCK_OWNED_LANES)
            count = self._recover_all(connection, connection.execute(sql.ABANDONED), died=True)
            now = self._clock.now()
            for statement in sql.WAKE_SLEEPERS:
                connection.execute(statement, {"now": now, "latest": now + SLEEP_MAX_S})
            connection.execute(sql.FREE_LANES)
            return count

        return self._writer.write(job)

    def has_work(self) -> bool:
        return bool(self._scalar(sql.HAS_WORK))

    # ------------------------------------------------------------------------------------------------------ moves

    def finish(self, claim: Claim, record: Record, move: Move) -> Record:
        after = self._writer.write(lambda c: self._move(c, claim, record, move))
        _say(claim, record, move)
        return after

    def begin_attempt(self, claim: Claim, intent: Intent) -> Attempt:
        now = self._clock.now()

        def job(connection: Connection) -> Attempt | Stop:
            self._hold_fence(connection, claim)
            if intent.counted is not None and (stop := brake.stop(connection, intent, intent.counted, now)) is not None:
                return stop
            last = connection.execute(sql.LAST_ATTEMPT, {"record_id": intent.record.id}).mappings().first()
            same = last is not None and (last["action"], last["digest"]) == (intent.action, intent.digest)
            number = (last["number"] if last else 0) + 1
            version = (last["version"] if last else 0) + (0 if same else 1)
            values = {
                "record_id": intent.record.id,
                "number": number,
                "version": version,
                "action": intent.action,
                "digest": intent.digest,
                "bkn_id": intent.bkn_id,
                "known_ids": json.dumps(sorted(intent.known_ids)),
                "body": codec.encode(intent.body),
                "started_at": now,
            }
            attempt_id = AttemptId(connection.execute(sql.ADD_ATTEMPT, values).scalar_one())
            move = Move(Event.INTENT, due_at=intent.settle_at, changes={"version": version, "attempts": number})
            self._move(connection, claim, intent.record, move, attempt_id)
            return Attempt(
                id=attempt_id,
                record_id=intent.record.id,
                number=number,
                version=version,
                action=intent.action,
                digest=intent.digest,
                body=intent.body,
                bkn_id=intent.bkn_id,
                known_ids=intent.known_ids,
                started_at=now,
            )

        attempt = self._writer.write(job)
        if isinstance(attempt, Stop):
            attempt.say(intent.record.feed)
            raise FeedBraked(intent.record.feed, attempt.kind)
        logs.get().info(
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
        values = {
            "id": attempt.id,
            "now": self._clock.now(),
            "outcome": outcome.verdict,
            "code": rows.storable(outcome.code),
            "http_status": outcome.http_status,
            "message": rows.storable(outcome.message),
        }
        statement = sql.NOTE_UNCLEAR if move.event is Event.UNCLEAR else sql.END_ATTEMPT

        def job(connection: Connection) -> Record:
            connection.execute(statement, values)
            return self._move(connection, claim, _sending(record), move, attempt.id)

        after = self._writer.write(job)
        _say(claim, record, move, http_status=outcome.http_status)
        return after

    def note_absent(self, claim: Claim, record: Record, attempt: Attempt, move: Move) -> None:
        def job(connection: Connection) -> None:
            connection.execute(sql.NOTE_ABSENT, {"id": attempt.id, "now": self._clock.now()})
            self._move(connection, claim, record, move, attempt.id)

        self._writer.write(job)

    def settle_attempt(self, claim: Claim, record: Record, attempt: Attempt, verdict: str, move: Move) -> None:
        values = {
            "id": attempt.id,
            "now": self._clock.now(),
            "outcome": verdict,
            "code": move.reason,
            "http_status": None,
            "message": "",
        }

        def job(connection: Connection) -> None:
            connection.execute(sql.END_ATTEMPT, values)
            self._move(connection, claim, record, move, attempt.id)

        self._writer.write(job)
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
            self._move(connection, claim, now, move)

        self._writer.write(job)

    def change_lane(self, claim: Claim, record: Record, lane: str) -> None:
        now = self._clock.now()

        def job(connection: Connection) -> None:
            self._hold_fence(connection, claim)
            if not connection.execute(sql.CHANGE_LANE, {"id": record.id, "lane": lane, "now": now}).rowcount:
                raise LostClaim(f"record {record.id} is no longer {Status.WORKING}")
            connection.execute(sql.ADD_EVENT, _event(record, now, Event.PUT_BACK, Status.WAITING))
            wake = {"feed": record.feed, "source_key": record.key, "due_at": now, "priority": FRESH}
            connection.execute(sql.WAKE_LANE, wake)

        self._writer.write(job)

    # ------------------------------------------------------------------------------------------------- looking things up

    def open_attempt(self, record: Record) -> Attempt | None:
        found = self._one(sql.OPEN_ATTEMPT, {"record_id": record.id})
        return rows.attempt(found) if found else None

    def links(self, lane: str) -> Sequence[Link]:
        return [
            Link(rows.record(row), row["open_attempt_id"] is not None) for row in self._all(sql.LINKS, {"lane": lane})
        ]

    def has_unlinked_work(self, lane: str, *, but: Record) -> bool:
        return bool(self._scalar(sql.HAS_UNLINKED_WORK, lane=lane, but=but.id))

    def held_without_row(self, lane: str) -> Sequence[Record]:
        return [rows.record(row) for row in self._all(sql.HELD_WITHOUT_ROW, {"lane": lane})]

    def held_elsewhere(self, lane: str, digest: Digest) -> Sequence[Record]:
        return [rows.record(row) for row in self._all(sql.HELD_ELSEWHERE, {"lane": lane, "digest": digest})]

    def deleted_since(self, lane: str, since: float) -> Sequence[str]:
        return [row["bkn_id"] for row in self._all(sql.DELETED_SINCE, {"lane": lane, "since": since})]

    def find(self, feed: FeedName, key: SourceKey) -> Record | None:
        found = self._one(sql.FIND, {"feed": feed, "source_key": key})
        return rows.record(found) if found else None

    def are_linked_elsewhere(self, lane: str, bkn_ids: Collection[str]) -> bool:
        return bool(bkn_ids) and bool(self._scalar(sql.LINKED_ELSEWHERE, lane=lane, ids=sorted(bkn_ids)))

    def person(self, nip: Nip) -> BknId | None:
        found = self._one(text("SELECT bkn_id FROM persons WHERE nip = :nip"), {"nip": nip})
        return BknId(found["bkn_id"]) if found else None

    def remember_person(self, nip: Nip, bkn_id: BknId) -> None:
        values = {"nip": nip, "bkn_id": bkn_id, "now": self._clock.now()}
        self._writer.write(lambda c: c.execute(sql.REMEMBER_PERSON, values) and None)

    # -------------------------------------------------------------------------------------------------- written back

    def unwritten(self, feed: FeedName, *, after: int, limit: int) -> Sequence[Unwritten]:
        return [
            Unwritten(
                row["id"],
                SourceKey(row["source_key"]),
                BknId(row["bkn_id"]) if row["bkn_id"] else None,
                BknId(row["written_back"]) if row["written_back"] else None,
            )
            for row in self._all(sql.UNWRITTEN, {"feed": feed, "after_id": after, "limit": limit})
        ]

    def note_written(self, told: Sequence[Unwritten]) -> None:
        values = [{"id": one.record_id, "bkn_id": one.bkn_id} for one in told]
        if values:
            self._writer.write(lambda c: c.execute(sql.NOTE_WRITTEN, values) and None)

    # -------------------------------------------------------------------------------------------------- operators

    def note(self, name: str) -> str | None:
        found = self._one(text("SELECT value FROM notes WHERE name = :name"), {"name": name})
        return found["value"] if found else None

    def set_note(self, name: str, value: str) -> None:
        self._writer.write(lambda c: c.execute(sql.SET_NOTE, {"name": name, "value": value}) and None)

    def is_approved(self, configuration: str) -> bool:
        return bool(self._scalar(sql.IS_APPROVED, configuration=configuration))

    def add_plan(self, configuration: str, summary: str) -> int:
        values = {"now": self._clock.now(), "configuration": configuration, "summary": summary}
        return self._writer.write(lambda c: int(c.execute(sql.ADD_PLAN, values).scalar_one()))

    def approve_plan(self, plan_id: int, *, actor: str, reason: str) -> None:
        now = self._clock.now()

        def job(connection: Connection) -> None:
            summary = connection.execute(sql.APPROVE_PLAN, {"id": plan_id, "now": now, "actor": actor}).scalar()
            brake.allow(connection, json.loads(summary or "{}").get("feeds", ()), now)
            _audit(connection, now, actor, "plan.approve", f"plan {plan_id}", reason)

        self._writer.write(job)

    def resync(
        self,
        ids: Sequence[int],
        *,
        actor: str,
        reason: str,
        which: str = "",
        overwrite: bool = False,
        documents: bool = False,
        recreate: bool = False,
    ) -> int:
        """Records start afresh: read, mapped and compared with BKN. Those a worker has right now are left alone.

        ``which``: the selection in the operator's words, for the audit; else the audit names the records.
        ``recreate``: a record whose row is gone at BKN forgets it, and is matched or created anew.
        """
        change = _Resync(self._clock.now(), actor, reason, which, overwrite, documents, recreate)
        chunks = [ids[start : start + RESYNC_CHUNK] for start in range(0, len(ids), RESYNC_CHUNK)]
        return sum(self._writer.write(partial(change.apply, ids=chunk)) for chunk in chunks)

    def release_delete(self, record_id: int, *, actor: str, reason: str) -> bool:
        """A person's word for a delete that waits for one; False when the record is no such delete."""
        now = self._clock.now()

        def job(connection: Connection) -> bool:
            _lock_lanes(connection, sql.LOCK_LANES_BY_ID, {"ids": [record_id]})
            row = connection.execute(sql.RELEASE_DELETE, {"id": record_id, "now": now}).mappings().first()
            if row is None:
                return False
            record = rows.record(row)
            wake = {"feed": record.feed, "source_key": record.key, "due_at": now, "priority": FRESH}
            connection.execute(sql.WAKE_LANE, wake)
            event = _event(record, now, Event.RELEASED, record.status, "operator.released", actor=actor)
            connection.execute(sql.ADD_EVENT, event)
            _audit(connection, now, actor, "record.release", f"record {record_id}", reason)
            return True

        return self._writer.write(job)

    def braked(self) -> Mapping[FeedName, str]:
        return {FeedName(row["feed"]): row["pulled_by"] for row in self._all(sql.PULLED, {})}

    def release_feed(self, feed: FeedName, *, actor: str, reason: str) -> int | None:
        """A person's word for a feed that has stopped by itself: gives the number of records that go on, None when it had
        not stopped."""
        now = self._clock.now()

        def job(connection: Connection) -> int | None:
            _lock_lanes(connection, sql.LOCK_LANES_OF_BRAKED, {"feed": feed})
            if not brake.lift(connection, feed, now):
                return None
            released = [
                rows.record(row)
                for row in connection.execute(sql.RELEASE_BRAKED, {"feed": feed, "now": now}).mappings()
            ]
            if released:
                wake = [{"feed": r.feed, "source_key": r.key, "due_at": now, "priority": BULK} for r in released]
                connection.execute(sql.WAKE_LANE, wake)
                events = [_event(r, now, Event.RELEASED, r.status, "operator.released", actor=actor) for r in released]
                connection.execute(sql.ADD_EVENT, events)
            _audit(connection, now, actor, "feed.release", f"feed {feed}, {len(released)} records", reason)
            return len(released)

        return self._writer.write(job)

    def audit(self, *, actor: str, action: str, target: str, reason: str = "") -> None:
        now = self._clock.now()
        self._writer.write(lambda c: _audit(c, now, actor, action, target, reason))

    # ------------------------------------------------------------------------------------------------------ inside

    def _move(
        self, connection: Connection, claim: Claim, record: Record, move: Move, attempt_id: AttemptId | None = None
    ) -> Record:
        """One move of one record, with its fence, its event, and what hangs on it."""
        now = self._clock.now()
        next_ = next_status(record.status, move.event)
        self._hold_fence(connection, claim)
        names = tuple(sorted(move.changes))
        values = {
            "id": record.id,
            "expected": record.status,
            "next": next_,
            "mark": record.mark,
            "now": now,
            "due_at": move.due_at,
            "due_if_marked": now + self._pauses.quiet_period_s,
            "reason": move.reason,
            "detail": rows.storable(move.detail),
            **{name: rows.column_value(name, move.changes[name]) for name in names},
        }
        after = connection.execute(self._finish_statement(names), values).mappings().first()
        if after is None:
            raise LostClaim(f"record {record.id} is no longer {record.status}")
        if move.link_from is not None:
            self._unlink(connection, claim, move.link_from, now)
        for feed in move.wakes:
            self._wake_waiting_for(connection, feed, record, now)
        connection.execute(
            sql.ADD_EVENT,
            _event(
                record, now, move.event, Status(after["status"]), move.reason, rows.storable(move.detail), attempt_id
            ),
        )
        return replace(rows.record(after), mark=record.mark)

    def _unlink(self, connection: Connection, claim: Claim, owner: RecordId, now: float) -> None:
        found = connection.execute(sql.UNLINK, {"id": owner, "now": now}).mappings().one()
        if found["lane"] == claim.lane:
            return
        # The same person under another NIP: what a worker there has read of the record would no longer be true.
        if not connection.execute(sql.HOLD_IDLE_LANE, {"lane": found["lane"]}).rowcount:
            raise LostClaim("the person's other lane is at work")
        connection.execute(sql.WAKE_LANE, {**found, "due_at": now, "priority": FRESH})

    def _wake_waiting_for(self, connection: Connection, feed: FeedName, record: Record, now: float) -> None:
        values = {"feed": feed, "source_key": record.key, "lane": record.lane, "now": now}
        connection.execute(sql.WAKE_WAITING_FOR_LINK, values)  # of this lane, which sees it when it is released
        if connection.execute(sql.WAKE_WAITING_FOR, values).rowcount:
            # Another lane than this one, which finds its next turn when it is released.
            connection.execute(sql.WAKE_LANE, {**values, "due_at": now, "priority": FRESH})

    def _hold_fence(self, connection: Connection, claim: Claim) -> None:
        if connection.execute(sql.HOLD_FENCE, self._fence(claim)).rowcount != 1:
            raise LostClaim("the lane was taken over; nothing of this worker is written any more")

    def _fence(self, claim: Claim) -> dict[str, Any]:
        until = self._clock.now() + LEASE_S
        return {"lane": claim.lane, "owner": claim.owner, "fence": claim.fence, "lease_until": until}

    def _has_open_attempt(self, connection: Connection, record: Record) -> bool:
        return connection.execute(sql.OPEN_ATTEMPT, {"record_id": record.id}).first() is not None

    def _to_work(self, connection: Connection, record: Record, now: float) -> Record | None:
        """None when a change or an operator came between: the record waits for the lane's next turn."""
        if record.status is Status.UNCERTAIN:
            return record
        woken = next_status(record.status, Event.CHANGED) if record.status is not Status.WAITING else record.status
        working = next_status(woken, Event.CLAIMED)
        done = connection.execute(sql.TO_WORK, {"id": record.id, "now": now, "expected": record.status})
        return replace(record, status=working) if done.rowcount else None

    def _recover_all(self, connection: Connection, found: CursorResult[Any], *, died: bool) -> int:
        now = self._clock.now()
        abandoned = [rows.record(row) for row in found.mappings()]
        for record in abandoned:
            self._recover_one(connection, record, now, died=died)
        return len(abandoned)

    def _recover_one(self, connection: Connection, record: Record, now: float, *, died: bool) -> None:
        next_ = next_status(record.status, Event.WORKER_DIED)
        was_working = record.status is Status.WORKING
        deaths = record.deaths + 1 if died else record.deaths
        reason = "worker.died" if died else "ledger.was_down"
        due_at = now if was_working else now + self._pauses.settle_s
        if was_working and deaths >= DEATHS_MAX:  # what may have left is settled first, whatever it killed
            next_, reason = Status.HELD, "worker.dies"
        values = {"id": record.id, "next": next_, "now": now, "due_at": due_at, "deaths": deaths, "reason": reason}
        connection.execute(sql.RECOVER, values | ({"due_at": None} if next_ is Status.HELD else {}))
        connection.execute(sql.ADD_EVENT, _event(record, now, Event.WORKER_DIED, next_, reason))

    def _finish_statement(self, names: tuple[str, ...]) -> TextClause:
        """One prepared statement for each set of changed columns; the names come from Record, never from outside."""
        if names not in self._finish_with:
            changes = "".join(f", {name} = :{name}" for name in names)
            self._finish_with[names] = text(sql.FINISH.format(changes=changes))
        return self._finish_with[names]

    def _one(self, statement: TextClause, values: Mapping[str, Any]) -> RowMapping | None:
        with translated(), self._reader.connect() as connection:
            return connection.execute(statement, values).mappings().first()

    def _scalar(self, statement: TextClause, **values: Any) -> Any:
        with translated(), self._reader.connect() as connection:
            return connection.execute(statement, values).scalar()

    def _all(self, statement: TextClause, values: Mapping[str, Any]) -> Sequence[RowMapping]:
        with translated(), self._reader.connect() as connection:
            return connection.execute(statement, values).mappings().all()


@dataclass(frozen=True, slots=True)
class _Resync:
    """An operator's wish for many records, one transaction a chunk."""

    now: float
    actor: str
    reason: str
    which: str
    overwrite: bool
    documents: bool
    recreate: bool

    def apply(self, connection: Connection, *, ids: Sequence[int]) -> int:
        values = {
            "ids": list(ids),
            "now": self.now,
            "overwrite": int(self.overwrite),
            "documents": int(self.documents),
            "recreate": int(self.recreate),
        }
        _lock_lanes(connection, sql.LOCK_LANES_BY_ID, {"ids": list(ids)})
        free = [rows.record(row) for row in connection.execute(sql.RESYNC, values).mappings()]
        if not free:
            return 0
        connection.execute(
            sql.WAKE_LANE,
            [{"feed": r.feed, "source_key": r.key, "due_at": self.now, "priority": BULK} for r in free],
        )
        events = [_event(r, self.now, Event.RESYNC, Status.WAITING, "operator.resync", actor=self.actor) for r in free]
        connection.execute(sql.ADD_EVENT, events)
        which = self.which or ", ".join(str(record.id) for record in free)
        _audit(connection, self.now, self.actor, "resync", f"{len(free)} records: {which}", self.reason)
        return len(free)


def _follow(connection: Connection, edit: KeyEdit) -> None:
    """Only where nothing can be mixed up: no record of the new key has anything at BKN, or on its way there."""
    old, new = ({"feed": edit.feed, "source_key": key} for key in (edit.old, edit.new))
    record_id = connection.execute(sql.RECORD_OF_KEY, old).scalar()
    if record_id is None:
        return
    if connection.execute(sql.RECORD_OF_KEY, new).first() is not None:
        blank_id = connection.execute(sql.BLANK_OF_KEY, new).scalar()
        if blank_id is None:
            return
        connection.execute(sql.SET_KEY, {"id": blank_id, "source_key": f"swaps with {record_id}"})
        connection.execute(sql.SET_KEY, {"id": record_id, "source_key": edit.new})
        connection.execute(sql.SET_KEY, {"id": blank_id, "source_key": edit.old})
    else:
        connection.execute(sql.SET_KEY, {"id": record_id, "source_key": edit.new})


def _remember(connection: Connection, seen: Seen) -> None:
    for feed, after in seen.merged:
        connection.execute(sql.DROP_RANGE, {"feed": feed, "after": after})
    if seen.ranges:
        connection.execute(sql.PUT_RANGE, [asdict(one) for one in seen.ranges])
    if seen.finished is not None:
        feed, shape = seen.finished
        connection.execute(sql.DROP_OTHER_SHAPES, {"feed": feed, "shape": shape})


def _lock_lanes(connection: Connection, statement: TextClause, values: Mapping[str, Any]) -> None:
    if connection.dialect.name != "sqlite":  # which has one writer, and so no order to keep
        connection.execute(statement, values)


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


def _say(claim: Claim, record: Record, move: Move, *, http_status: int | None = None) -> None:
    level, name = LOG_LINES.get(move.event, ("debug", ""))
    if name:
        # The detail of a held record names a field or a code table; BKN's own words never come here.
        getattr(logs.get(), level)(
            name,
            record_id=record.id,
            feed=record.feed,
            person=claim.lane,
            reason=move.reason,
            detail=move.detail,
            http_status=http_status,
        )


def _alone_if_deadly(records: Sequence[Record]) -> Sequence[Record]:
    """A record whose worker died before has its next turn alone, so that only the guilty one is held."""
    deadly = [record for record in records if record.deaths]
    return deadly[:1] or records


def _sending(record: Record) -> Record:
    """The pipeline's copy still says `working`; the stored intent moved the record to `sending`."""
    return replace(record, status=next_status(record.status, Event.INTENT))


def _event(
    record: Record,
    now: float,
    event: Event,
    status: Status,
    reason: str = "",
    detail: str = "",
    attempt_id: AttemptId | None = None,
    actor: str = "daemon",
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
    }


def _audit(connection: Connection, now: float, actor: str, action: str, target: str, reason: str) -> None:
    values = {"at": now, "actor": actor, "action": action, "target": target, "reason": reason, "detail": ""}
    connection.execute(sql.AUDIT, values)
