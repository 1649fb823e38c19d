"""Who has which person's turn: claims with their leases and fences, what the dead left behind.

Several daemons may work on one PostgreSQL ledger. A lane belongs to the process that claimed it until it gives it back, or
until its lease ends; whatever an overtaken process still wants to write is refused by the fence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, RowMapping

from simpeg_sync.decide.retry import DEATHS_MAX
from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.errors import LedgerBusy, NothingMatched
from simpeg_sync.domain.permission import ItemState
from simpeg_sync.domain.record import BknId, Record
from simpeg_sync.domain.status import Event, Status
from simpeg_sync.domain.status import move as next_status
from simpeg_sync.ledger import plan_items, rows
from simpeg_sync.ledger import statements as sql
from simpeg_sync.ledger.core import add_events, event_row, note_audit
from simpeg_sync.ledger.leading import Leading
from simpeg_sync.ledger.orders import ReleaseOrder
from simpeg_sync.ledger.owner import is_dead
from simpeg_sync.ledger.rowset import GroupStatement, rows_of
from simpeg_sync.ports import Claim

BATCH_MAX = 20
"""Records of one person in one turn; the rest of a long history comes with the lane's next turn."""
APART_S, APART_MAX_S = 1.0, 60.0
"""Between the turns of records that may have killed the process, each of which is done in less."""
SLEEP_MAX_S = 7 * 86400.0
"""No record waits for longer; what does was put off while the clock was wrong."""


class Lanes(Leading):
    """Implements ports.Work."""

    def claim(self) -> Claim | None:
        """The most urgent due lane, or None."""
        found = self.claim_many(1)
        return found[0] if found else None

    def claim_many(self, limit: int) -> Sequence[Claim]:
        """The most urgent due lanes. Their records are `working` (or still `uncertain`) when this returns.

        Whatever is still under way in a lane that is free, or whose lease is over, was left by a worker that died.
        """
        now, lease_now, begun_at = self._clock.now(), self._lease_now(), self._clock.monotonic()
        values = {
            "owner": self._owner,
            "now": now,
            "lease_now": lease_now,
            "lease_until": lease_now + self.lease_s,
            "limit": limit,
        }

        def job(connection: Connection) -> list[Claim]:
            taken = connection.execute(self._claim, values).mappings().all()
            if not taken:
                return []
            given = rows_of({"lane": lane["lane"]} for lane in taken)
            left = connection.execute(self._group(sql.ABANDONED_IN_LANES), {"rows": given})
            self._recover_all(connection, left.mappings(), died=True)
            due = connection.execute(
                self._group(sql.DUE_RECORDS), {"rows": given, "now": now, "limit": BATCH_MAX}
            ).mappings()
            of_lanes: dict[str, list[Record]] = {lane["lane"]: [] for lane in taken}
            for row in due:
                of_lanes[row["lane"]].append(rows.record(row))
            working = self._to_work(connection, [one for some in of_lanes.values() for one in _alone_if_deadly(some)])
            return [
                Claim(
                    lane["lane"],
                    self._owner,
                    lane["fence"],
                    [one for record in of_lanes[lane["lane"]] if (one := working.get(record.id)) is not None],
                )
                for lane in taken
            ]

        claims = self._writer.write(job)
        for claim in claims:
            self._hold(claim, begun_at)
        return self._with_knowledge(claims)

    def claim_record(self, record_id: int, *, actor: str, reason: str) -> Claim | None:
        """Exactly this record, at once and afresh, as an operator wants it; None while a write of it waits for its settle
        time. Raises LedgerBusy when somebody has the lane, NothingMatched."""
        now, lease_now, begun_at = self._clock.now(), self._lease_now(), self._clock.monotonic()

        def job(connection: Connection) -> Claim | None:
            found = connection.execute(sql.LANE_OF_RECORD, {"id": record_id}).mappings().first()
            if found is None:
                raise NothingMatched(f"there is no record {record_id}; `simpeg-sync record list` shows their numbers")
            if found["status"] == Status.UNCERTAIN and (found["due_at"] or 0.0) > now:
                return None
            dead = found["owner"] if found["owner"] and is_dead(found["owner"]) else ""
            values = {"lane": found["lane"], "owner": self._owner, "lease_now": lease_now, "dead": dead}
            fence = connection.execute(sql.CLAIM_LANE, {**values, "lease_until": lease_now + self.lease_s}).scalar()
            if fence is None:
                raise LedgerBusy(
                    f"record {record_id} of {found['lane'][:4]}… is being dealt with by {_process(found['owner'])}; "
                    "it goes on by itself, look with `simpeg-sync record show`"
                )
            given = {"rows": rows_of([{"lane": found["lane"]}])}
            left = connection.execute(self._group(sql.ABANDONED_IN_LANES), given)
            self._recover_all(connection, left.mappings(), died=True)
            wish = {"ids": [record_id], "now": now, "overwrite": 0, "documents": 0, "recreate": 0}
            for row in connection.execute(sql.RESYNC, wish).mappings():
                event = event_row(rows.record(row), now, Event.RESYNC, Status.WAITING, "operator.resync", actor=actor)
                add_events(connection, [event])
            note_audit(connection, now, actor, "record.send", f"record {record_id}", reason)
            record = rows.record(connection.execute(sql.RECORD, {"id": record_id}).mappings().one())
            working = self._to_work(connection, [record])
            return Claim(found["lane"], self._owner, int(fence), list(working.values()))

        claim = self._writer.write(job)
        if claim is None:
            return None
        self._hold(claim, begun_at)
        return self._with_knowledge([claim])[0]

    def release(self, claim: Claim) -> None:
        """Gives the lane back. A lane that was taken over meanwhile is no longer ours to give."""
        self._leases.pop((claim.lane, claim.fence), None)
        with self._said(claim.lane) as reads:
            self._writer.order(ReleaseOrder(claim, reads))

    def release_many(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            self._leases.pop((claim.lane, claim.fence), None)
        reads = {claim.lane: self._reads.take(claim.lane) for claim in claims}
        try:
            self._writer.order_all([ReleaseOrder(claim, reads[claim.lane]) for claim in claims])
        except BaseException:
            for some in reads.values():
                self._reads.put_back(some)
            raise

    def keep_leases(self) -> None:
        """This process lives: what it has, it keeps."""
        if not self._leases:
            return
        begun_at, until = self._clock.monotonic(), self._lease_now(ask=True) + self.lease_s
        values = {"owner": self._owner, "lease_until": until}
        kept = self._writer.write(lambda c: [(row.lane, row.fence) for row in c.execute(sql.KEEP_LEASES, values)])
        for lane, fence in kept:
            if (lane, fence) in self._leases:
                self._hold(Claim(lane, self._owner, fence, ()), begun_at)

    def recover(self, claim: Claim | None = None) -> int:
        """Makes states true again after a death or a ledger outage: sending becomes uncertain, working waits again.

        ``claim``: only its lane, and only while it is this claim's; None: everything of owners that are dead or over their
        time, and of this process itself.
        """

        def job(connection: Connection) -> int:
            if claim is not None:
                held = {"lane": claim.lane, "owner": claim.owner, "fence": claim.fence}
                if not connection.execute(sql.HOLD_LANE, held).rowcount:
                    return 0  # taken over: its new owner has made it good already
                found = connection.execute(sql.ABANDONED_IN_LANE, {"lane": claim.lane})
                return self._recover_all(connection, found.mappings(), died=False)
            now, lease_now = self._clock.now(), self._lease_now()
            owners = [row.owner for row in connection.execute(sql.OWNERS)]
            gone = [owner for owner in owners if self._is_alone or owner == self._owner or is_dead(owner)]
            given = {"rows": rows_of({"owner": owner} for owner in gone), "lease_now": lease_now}
            lanes = [row.lane for row in connection.execute(self._group(sql.LOCK_LANES_OF_OWNERS), given)]
            of_lanes = {"rows": rows_of({"lane": name} for name in lanes)}
            left = connection.execute(self._group(sql.ABANDONED_IN_LANES), of_lanes).mappings().all()
            if self._is_alone:  # nobody else can have left anything, whatever the lanes say
                left = connection.execute(sql.ABANDONED).mappings().all()
            count = self._recover_all(connection, left, died=True)
            for statement in sql.WAKE_SLEEPERS:
                connection.execute(statement, {"now": now, "latest": now + SLEEP_MAX_S})
            connection.execute(self._group(sql.FREE_LANES), of_lanes)
            return count

        return self._writer.write(job)

    def has_work(self) -> bool:
        return bool(self._scalar(sql.HAS_WORK))

    def has_turns_left(self, *, looks_until: float) -> bool:
        return bool(self._scalar(sql.HAS_TURNS_LEFT, looks_until=looks_until))

    def next_due_at(self) -> float | None:
        """When the earliest free lane wants its turn, in Unix seconds; None while none does."""
        found: float | None = self._scalar(sql.NEXT_DUE)
        return found

    # ----------------------------------------------------------------------------------------------------------- inside

    def _with_knowledge(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """What every turn asks first, for all of them at once: BKN's id of the person, what BKN has of ours, and what is open."""
        if not claims:
            return claims
        braked = {FeedName(row["feed"]): row["pulled_by"] for row in self._all(sql.PULLED, {})}
        persons: dict[str, BknId] = {}
        lanes_of: dict[str, list[str]] = {claim.lane: [claim.lane] for claim in claims}
        for row in self._many(sql.PERSONS_OF_LANES, [{"lane": claim.lane} for claim in claims]):
            persons[row["lane"]] = BknId(row["bkn_id"])
            if row["other"] is not None:
                lanes_of[row["lane"]].append(row["other"])
        everybody = [{"lane": lane} for lane in dict.fromkeys(one for some in lanes_of.values() for one in some)]
        owned: dict[str, list[tuple[FeedName, BknId]]] = {}
        for row in self._many(sql.OWNED_BY_LANES, everybody):
            owned.setdefault(row["lane"], []).append((FeedName(row["feed"]), BknId(row["bkn_id"])))
        opened: dict[str, set[FeedName]] = {}
        for row in self._many(sql.OPEN_IN_LANES, everybody):
            opened.setdefault(row["lane"], set()).add(FeedName(row["feed"]))
        return [
            replace(
                claim,
                person=persons.get(claim.lane),
                owned=tuple(pair for lane in lanes_of[claim.lane] for pair in owned.get(lane, ())),
                opened=frozenset(feed for lane in lanes_of[claim.lane] for feed in opened.get(lane, ())),
                braked=braked,
            )
            for claim in claims
        ]

    def _many(self, statement: GroupStatement, given: Sequence[Mapping[str, Any]]) -> Sequence[RowMapping]:
        return self._all(self._group(statement), {"rows": rows_of(given)})

    def _to_work(self, connection: Connection, records: Sequence[Record]) -> dict[int, Record]:
        """Those that a change or an operator has not moved meanwhile; the others wait for the lane's next turn."""
        given = [{"id": one.id, "expected": one.status} for one in records if one.status is not Status.UNCERTAIN]
        values = {"rows": rows_of(given), "now": self._clock.now()}
        moved = {row.id for row in connection.execute(self._group(sql.TO_WORK), values)} if given else set()
        return {
            one.id: one if one.status is Status.UNCERTAIN else replace(one, status=_working(one.status))
            for one in records
            if one.status is Status.UNCERTAIN or one.id in moved
        }

    def _recover_all(self, connection: Connection, found: Iterable[RowMapping], *, died: bool) -> int:
        now = self._clock.now()
        abandoned = [rows.record(row) for row in found]
        working = [record for record in abandoned if died and record.status is Status.WORKING]
        # A death says nothing about which of those under way caused it. Before the death that would convict them they
        # have their turns apart from each other; should several still be under way together, none is convicted.
        suspects = [record.id for record in working if record.deaths + 2 >= DEATHS_MAX]
        convicted = [record.id for record in working if record.deaths + 1 >= DEATHS_MAX]
        for record in abandoned:
            apart_s = min(suspects.index(record.id) * APART_S, APART_MAX_S) if record.id in suspects else 0.0
            self._recover_one(
                connection, record, now, died=died, is_guilty=convicted == [record.id], due_at=now + apart_s
            )
        return len(abandoned)

    def _recover_one(
        self, connection: Connection, record: Record, now: float, *, died: bool, is_guilty: bool, due_at: float
    ) -> None:
        next_ = next_status(record.status, Event.WORKER_DIED)
        deaths = record.deaths + 1 if died else record.deaths
        reason = "worker.died" if died else "ledger.was_down"
        if record.status is not Status.WORKING:  # what may have left is settled first, whatever it killed
            due_at = now + self._pauses.settle_s
        if is_guilty:
            next_, reason = Status.HELD, "worker.dies"
        values = {"id": record.id, "next": next_, "now": now, "due_at": due_at, "deaths": deaths, "reason": reason}
        connection.execute(sql.RECOVER, values | ({"due_at": None} if next_ is Status.HELD else {}))
        add_events(connection, [event_row(record, now, Event.WORKER_DIED, next_, reason)])
        if next_ is Status.HELD and record.permission is not None:
            end = plan_items.End(record, ItemState.HELD, reason, "")
            plan_items.end_items(connection, self._group, now, [end])


def _process(owner: str | None) -> str:
    """The name of `owner.py` for people."""
    parts = (owner or "").rsplit(":", 3)
    return f"process {parts[2]} on {parts[0]}" if len(parts) == 4 else owner or "another process"


def _working(status: Status) -> Status:
    woken = next_status(status, Event.CHANGED) if status is not Status.WAITING else status
    return next_status(woken, Event.CLAIMED)


def _alone_if_deadly(records: Sequence[Record]) -> Sequence[Record]:
    """A record whose worker died before has its next turn alone, so that only the guilty one is held."""
    deadly = [record for record in records if record.deaths]
    return deadly[:1] or records
