"""What people change in the ledger: approvals, resyncs, releases, each with its entry in the audit trail; and small notes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, text

from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.record import person_of
from simpeg_sync.domain.status import Event, Status
from simpeg_sync.ledger import brake, rows
from simpeg_sync.ledger import statements as sql
from simpeg_sync.ledger.core import BULK, FRESH, Core, add_events, event_row, lock_lanes, note_audit

RESYNC_CHUNK = 500


class Operators(Core):
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
            note_audit(connection, now, actor, "plan.approve", f"plan {plan_id}", reason)

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
            lock_lanes(connection, sql.LOCK_LANES_BY_ID, {"ids": [record_id]})
            row = connection.execute(sql.RELEASE_DELETE, {"id": record_id, "now": now}).mappings().first()
            if row is None:
                return False
            record = rows.record(row)
            wake = {"feed": record.feed, "source_key": record.key, "due_at": now, "priority": FRESH}
            connection.execute(sql.WAKE_LANE, wake)
            event = event_row(record, now, Event.RELEASED, record.status, "operator.released", actor=actor)
            add_events(connection, [event])
            person = person_of(record.lane) or ""
            note_audit(connection, now, actor, "record.release", f"record {record_id}", reason, person)
            return True

        return self._writer.write(job)

    def release_feed(self, feed: FeedName, *, actor: str, reason: str) -> int | None:
        """A person's word for a feed that has stopped by itself: gives the number of records that go on, None when it had
        not stopped."""
        now = self._clock.now()

        def job(connection: Connection) -> int | None:
            lock_lanes(connection, sql.LOCK_LANES_OF_BRAKED, {"feed": feed})
            if not brake.lift(connection, feed, now):
                return None
            released = [
                rows.record(row)
                for row in connection.execute(sql.RELEASE_BRAKED, {"feed": feed, "now": now}).mappings()
            ]
            if released:
                wake = [{"feed": r.feed, "source_key": r.key, "due_at": now, "priority": BULK} for r in released]
                connection.execute(sql.WAKE_LANE, wake)
                events = [
                    event_row(r, now, Event.RELEASED, r.status, "operator.released", actor=actor) for r in released
                ]
                add_events(connection, events)
            note_audit(connection, now, actor, "feed.release", f"feed {feed}, {len(released)} records", reason)
            return len(released)

        return self._writer.write(job)

    def audit(self, *, actor: str, action: str, target: str, reason: str = "", person: str = "") -> None:
        """``person``: the NIP, where the order concerns one."""
        now = self._clock.now()
        self._writer.write(lambda c: note_audit(c, now, actor, action, target, reason, person))


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
        lock_lanes(connection, sql.LOCK_LANES_BY_ID, {"ids": list(ids)})
        free = [rows.record(row) for row in connection.execute(sql.RESYNC, values).mappings()]
        if not free:
            return 0
        connection.execute(
            sql.WAKE_LANE,
            [{"feed": r.feed, "source_key": r.key, "due_at": self.now, "priority": BULK} for r in free],
        )
        events = [
            event_row(r, self.now, Event.RESYNC, Status.WAITING, "operator.resync", actor=self.actor) for r in free
        ]
        add_events(connection, events)
        which = self.which or ", ".join(str(record.id) for record in free)
        target, lanes = f"{len(free)} records: {which}", {record.lane for record in free}
        person = (person_of(lanes.pop()) or "") if len(lanes) == 1 else ""
        note_audit(connection, self.now, self.actor, "resync", target, self.reason, person)
        return len(free)
