"""Plans and their items in the ledger: how they are kept, ordered, and ended together with the move that ends them.

An item is ordered once: whoever asks again finds it ordered, or ended. A record has one permission at a time; the newest
plan's counts.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, TextClause, bindparam, text

from simpeg_sync.decide.permission import CHANGEABLE, restored
from simpeg_sync.domain.change import FeedName, SourceKey
from simpeg_sync.domain.errors import LostClaim
from simpeg_sync.domain.permission import ItemState, Permission, Stage, Wish
from simpeg_sync.domain.record import Record, RecordId
from simpeg_sync.domain.status import BUSY, RESTING, Event, Status
from simpeg_sync.ledger import rows
from simpeg_sync.ledger import statements as sql
from simpeg_sync.ledger.core import BULK, Core, add_events, event_row, lock_lanes, note_audit
from simpeg_sync.ledger.rowset import GroupStatement, rows_of
from simpeg_sync.ports import Claim

CHUNK = 500
_BUSY = ", ".join(f"'{status}'" for status in sorted(BUSY))

START_PLAN = text("""
INSERT INTO plans (made_at, configuration, summary, selection, wishes)
VALUES (:now, :configuration, '{}', :selection, :wishes) RETURNING id
""")

END_PLAN = text("UPDATE plans SET summary = :summary WHERE id = :id")

DROP_ITEMS = text("DELETE FROM plan_items WHERE plan_id = :id")

# Plans that nobody has applied are not kept for ever.
OLD_PLANS = text("""
SELECT id FROM plans WHERE applied_at IS NULL AND made_at < :before
    AND EXISTS (SELECT 1 FROM plan_items WHERE plan_items.plan_id = plans.id)
""")

ADD_ITEMS = GroupStatement(
    """
INSERT INTO plan_items (plan_id, number, record_id, feed, source_key, lane, action, first, reason, detail, wishes, wanted,
    files, bkn, bkn_id, fields, certificates, state, why, at)
SELECT plan_id, number, record_id, feed, source_key, lane, action, first, reason, detail, wishes, wanted,
    files, bkn, bkn_id, fields, certificates, state, why, at FROM {given} WHERE true
""",
    {
        "plan_id": "int", "number": "int", "record_id": "int", "feed": "text", "source_key": "text", "lane": "text",
        "action": "text", "first": "text", "reason": "text", "detail": "text", "wishes": "text", "wanted": "text",
        "files": "text", "bkn": "text", "bkn_id": "text", "fields": "text", "certificates": "int", "state": "text",
        "why": "text", "at": "time",
    },
)  # fmt: skip

OPEN_ITEMS = text("""
SELECT * FROM plan_items WHERE plan_id = :plan_id AND state = 'open' AND number > :after ORDER BY number LIMIT :limit
""")

# Of two who apply the same plan, the second waits here and then finds nothing open.
ORDER_ITEMS = GroupStatement(
    """
UPDATE plan_items SET state = 'ordered', at = :now, record_id = given.record_id FROM {given}
WHERE plan_items.plan_id = given.plan_id AND plan_items.number = given.number AND plan_items.state = 'open'
RETURNING plan_items.number
""",
    {"plan_id": "int", "number": "int", "record_id": "int"},
)

REOPEN_ITEMS = GroupStatement(
    """
UPDATE plan_items SET state = 'open' FROM {given}
WHERE plan_items.plan_id = given.plan_id AND plan_items.number = given.number
""",
    {"plan_id": "int", "number": "int"},
)

REPLACE_ITEMS = text("""
UPDATE plan_items SET state = 'changed', why = :why, why_detail = :detail, at = :now
WHERE record_id IN :ids AND state = 'ordered' AND plan_id <> :plan_id
""").bindparams(bindparam("ids", expanding=True))

# As a resync: looked at afresh. What was wished for it is not done here, but by the permission, if its facts hold.
ORDER_RECORDS = GroupStatement(
    f"""
UPDATE records SET mark = mark + 1, marked_at = :now, status = 'waiting', since = :now, due_at = :now,
    priority = given.priority, dirty_since = :now, synced_digest = NULL, refused_digest = NULL, failures = 0, deaths = 0,
    reason = '', detail = '', permission = given.permission,
    synced_at = CASE WHEN status = 'held' AND reason = 'settle.not_shown' THEN NULL ELSE synced_at END
FROM {{given}} WHERE records.id = given.id AND records.status NOT IN ({_BUSY})
RETURNING records.id
""",
    {"id": "int", "permission": "text", "priority": "int"},
)

RECORDS = text("SELECT * FROM records WHERE id IN :ids ORDER BY id").bindparams(bindparam("ids", expanding=True))

END_ITEMS = GroupStatement(
    """
UPDATE plan_items SET state = given.state, why = given.why, why_detail = given.detail, at = :now FROM {given}
WHERE plan_items.plan_id = given.plan_id AND plan_items.number = given.number AND plan_items.state = 'ordered'
""",
    {"plan_id": "int", "number": "int", "state": "text", "why": "text", "detail": "text"},
)

# What a wish had changed, and no write came of, is again as it was.
END_PERMISSIONS = GroupStatement(
    """
UPDATE records SET permission = NULL, bkn_id = given.bkn_id, confirmed = given.confirmed, done = given.done,
    gone_since = given.gone_since, delete_released = given.delete_released
FROM {given} WHERE records.id = given.id
RETURNING records.id
""",
    {
        "id": "int", "bkn_id": "text", "confirmed": "text", "done": "text", "gone_since": "time",
        "delete_released": "int",
    },
)  # fmt: skip

NOTE_APPLIED = text("""
UPDATE plans SET applied_at = coalesce(applied_at, :now), applied_by = coalesce(applied_by, :actor) WHERE id = :id
""")

Statements = Callable[[GroupStatement], TextClause]


@dataclass(frozen=True, slots=True)
class NewItem:
    """One record of a plan, as it goes into the ledger."""

    record_id: RecordId | None
    feed: FeedName
    key: SourceKey
    lane: str
    action: str
    first: str
    reason: str
    detail: str
    wishes: frozenset[Wish]
    wanted: str
    files: str
    bkn: str
    bkn_id: str | None
    fields: Sequence[str]
    certificates: int
    state: ItemState
    why: str = ""


@dataclass(frozen=True, slots=True)
class Ordered:
    """What became of one order to apply a plan."""

    ordered: int
    busy: int
    """Under way at that moment, and left open."""


class PlanItems(Core):
    def start_plan(self, configuration: str, *, selection: str, wishes: Iterable[Wish] = ()) -> int:
        values = {
            "now": self._clock.now(),
            "configuration": configuration,
            "selection": selection,
            "wishes": " ".join(sorted(wishes)),
        }
        return self._writer.write(lambda c: int(c.execute(START_PLAN, values).scalar_one()))

    def add_items(self, plan_id: int, first: int, items: Sequence[NewItem]) -> None:
        """``first``: the number of the first of them."""
        now = self._clock.now()
        given = [
            {
                "plan_id": plan_id,
                "number": number,
                "record_id": item.record_id,
                "feed": item.feed,
                "source_key": item.key,
                "lane": item.lane,
                "action": item.action,
                "first": item.first,
                "reason": item.reason,
                "detail": rows.storable(item.detail),
                "wishes": " ".join(sorted(item.wishes)),
                "wanted": item.wanted,
                "files": item.files,
                "bkn": item.bkn,
                "bkn_id": item.bkn_id,
                "fields": ", ".join(item.fields),
                "certificates": item.certificates,
                "state": item.state,
                "why": item.why,
                "at": now,
            }
            for number, item in enumerate(items, start=first)
        ]
        if given:
            self._writer.write(lambda c: c.execute(self._group(ADD_ITEMS), {"rows": rows_of(given)}) and None)

    def end_plan(self, plan_id: int, summary: Mapping[str, Any]) -> None:
        values = {"id": plan_id, "summary": json.dumps(summary, ensure_ascii=False)}
        self._writer.write(lambda c: c.execute(END_PLAN, values) and None)

    def forget_plans(self, *, before: float) -> None:
        """The items of plans that nobody has applied."""
        for row in self._all(OLD_PLANS, {"before": before}):
            values = {"id": row["id"]}
            self._writer.write(lambda c, values=values: c.execute(DROP_ITEMS, values) and None)  # type: ignore[misc]

    def order_plan(
        self, plan_id: int, *, actor: str, reason: str, action: str, which: str, priority: int = BULK
    ) -> Ordered:
        """Gives every open item of the plan to the daemon; those that a worker has right now stay open.

        ``action`` and ``which``: for the audit, what was ordered and of which records.
        """
        self._writer.write(
            lambda c: c.execute(NOTE_APPLIED, {"id": plan_id, "now": self._clock.now(), "actor": actor}) and None
        )
        order = _Order(self._clock.now(), plan_id, actor, reason, action, which, priority, self._group)
        ordered, busy, after = 0, 0, -1
        while page := self._all(OPEN_ITEMS, {"plan_id": plan_id, "after": after, "limit": CHUNK}):
            done, found = self._writer.write(lambda c, page=page: order.chunk(c, page))  # type: ignore[misc]
            ordered, busy, after = ordered + done, busy + found, page[-1]["number"]
        return Ordered(ordered, busy)

    def void(self, claim: Claim, record: Record, reason: str, detail: str) -> Record:
        now, permission = self._clock.now(), record.permission
        assert permission is not None, "only what an operator has allowed can be void"
        fence = {"lane": claim.lane, "owner": claim.owner, "fence": claim.fence}

        def job(connection: Connection) -> None:
            held = connection.execute(sql.HOLD_FENCE, {**fence, "lease_until": self._lease_now() + self.lease_s})
            if held.rowcount != 1:
                raise LostClaim("the lane was taken over; nothing of this worker is written any more")
            end_items(connection, self._group, now, [End(record, ItemState.CHANGED, reason, detail)])

        self._writer.write(job)
        return replace(restored(record), permission=None)


@dataclass(frozen=True, slots=True)
class _Order:
    now: float
    plan_id: int
    actor: str
    reason: str
    action: str
    which: str
    priority: int
    group: Statements

    def chunk(self, connection: Connection, page: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
        """How many of the page's items were ordered, and how many records a worker has right now."""
        known = {item["number"]: self._record_id(connection, item) for item in page}
        given = [{"plan_id": self.plan_id, "number": number, "record_id": id_} for number, id_ in known.items()]
        taken = connection.execute(self.group(ORDER_ITEMS), {"rows": rows_of(given), "now": self.now})
        numbers = {row.number for row in taken}
        items = [item for item in page if item["number"] in numbers]
        ids = [known[item["number"]] for item in items]
        if not ids:
            return 0, 0
        lock_lanes(connection, sql.LOCK_LANES_BY_ID, {"ids": ids})
        allowed = [
            {
                "id": known[item["number"]],
                "permission": rows.permission_text(permission_of(item)),
                "priority": self.priority,
            }
            for item in items
        ]
        moved = connection.execute(self.group(ORDER_RECORDS), {"rows": rows_of(allowed), "now": self.now})
        free_ids = {row.id for row in moved}
        found = connection.execute(RECORDS, {"ids": sorted(free_ids)}).mappings() if free_ids else ()
        free = [rows.record(row) for row in found]
        busy = [
            {"plan_id": self.plan_id, "number": item["number"]}
            for item in items
            if known[item["number"]] not in free_ids
        ]
        if busy:
            connection.execute(self.group(REOPEN_ITEMS), {"rows": rows_of(busy)})
        if free:
            self._tell(connection, free)
        return len(free), len(busy)

    def _tell(self, connection: Connection, free: Sequence[Record]) -> None:
        plan = f"plan {self.plan_id}"
        ids = [record.id for record in free]
        replaced = {"plan_id": self.plan_id, "why": "plan.replaced", "detail": plan, "now": self.now}
        connection.execute(REPLACE_ITEMS, {"ids": ids, **replaced})
        wake = [
            {"feed": one.feed, "source_key": one.key, "due_at": self.now, "priority": self.priority} for one in free
        ]
        connection.execute(sql.WAKE_LANE, wake)
        events = [
            event_row(one, self.now, Event.RESYNC, Status.WAITING, "operator.resync", plan, actor=self.actor)
            for one in free
        ]
        add_events(connection, events)
        target = f"{len(free)} records: {self.which}" if self.which else f"{len(free)} records"
        note_audit(connection, self.now, self.actor, self.action, target, self.reason)

    def _record_id(self, connection: Connection, item: Mapping[str, Any]) -> int:
        """Of a row that the ledger had not met: it is marked, as a change of it would be."""
        if item["record_id"] is not None:
            return int(item["record_id"])
        named = {"feed": item["feed"], "source_key": item["source_key"]}
        found = connection.execute(sql.RECORD_OF_KEY, named).scalar()
        if found is None:
            mark = {"lane": item["lane"], "now": self.now, "due_at": self.now, "wait_max_s": 0.0}
            connection.execute(sql.MARK, {**named, **mark, "priority": self.priority})
            found = connection.execute(sql.RECORD_OF_KEY, named).scalar_one()
        return int(found)


def permission_of(item: Mapping[str, Any]) -> Permission:
    return Permission(
        item["plan_id"],
        item["number"],
        item["first"],
        frozenset(Wish(one) for one in item["wishes"].split()),
        item["wanted"],
        item["files"],
        item["bkn"],
    )


# ------------------------------------------------------------------------------------- what a worker's moves mean for them


@dataclass(frozen=True, slots=True)
class End:
    """An item comes to its end, with the record as it is then."""

    record: Record
    state: ItemState
    why: str
    detail: str
    is_undecided: bool = False
    """Nobody knows whether the write by the permission has had an effect."""


PROVES = frozenset({Event.LINKED, Event.STEP_PROVED, Event.PROVED, Event.REMOVED})
IS_DONE = frozenset({Event.PROVED, Event.REMOVED, Event.UNCHANGED, Event.IGNORED})


def spent(record: Record, event: Event, verdict: str) -> Mapping[str, Any]:
    """The change of the permission that goes with a move: what was allowed is done."""
    permission = record.permission
    is_proved = event in PROVES or verdict == "executed"
    if permission is None or not is_proved or permission.stage is Stage.SPENT:
        return {}
    return {"permission": replace(permission, stage=Stage.SPENT, before={})}


def ended(record: Record, event: Event, reason: str, detail: str, verdict: str) -> End | None:
    """``record``: after the move. None while its item goes on."""
    if record.permission is None or not (record.status in RESTING or event in IS_DONE):
        return None
    state = ItemState.DONE
    if record.status is Status.HELD:
        state = ItemState.HELD
    elif record.status is Status.REFUSED:
        state = ItemState.REFUSED
    return End(record, state, reason, detail, verdict == "undecidable")


def end_items(connection: Connection, group: Statements, now: float, ends: Sequence[End]) -> None:
    given, back = [], []
    for end in ends:
        permission = end.record.permission
        assert permission is not None
        given.append(
            {
                "plan_id": permission.plan_id,
                "number": permission.number,
                "state": end.state,
                "why": end.why,
                "detail": rows.storable(end.detail),
            }
        )
        # What may have been created anew must not be taken for the row that is gone.
        keeps = end.is_undecided and "bkn_id" in permission.before
        record = end.record if keeps else restored(end.record)
        back.append({"id": record.id, **{name: rows.column_value(name, getattr(record, name)) for name in CHANGEABLE}})
    if given:
        connection.execute(group(END_ITEMS), {"rows": rows_of(given), "now": now})
        connection.execute(group(END_PERMISSIONS), {"rows": rows_of(back)})
