"""The same steps on the real ledger: after each of them both must show the same."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

from sqlalchemy import text

from simpeg_sync.domain.change import Change
from simpeg_sync.domain.errors import LostClaim
from simpeg_sync.domain.move import Intent, Move
from simpeg_sync.domain.record import Attempt, Record
from simpeg_sync.ledger import lanes
from simpeg_sync.ledger.core import LEASE_S
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.store import Pauses, SqlLedger
from simpeg_sync.ports import Claim
from tests.adapters.memory import FakeClock

from .explore import Story, calm_step
from .ledger import Frozen
from .scene import FEED, KEY, NIP, PNS_ID, TICK_S
from .worker import BASE_S, Answer, Call, Failure
from .world import Physics, Step, World, is_quiet

CHANGE = Change(FEED.name, KEY)


@dataclass(slots=True)
class RealWorker:
    """A process with its own door to the ledger, and the claim of its turn."""

    ledger: SqlLedger
    owner: str
    claim: Claim | None = None
    claimed_at: float = 0.0


@dataclass(slots=True)
class Desk:
    url: str
    story: Story
    physics: Physics = field(init=False)
    world: World = field(init=False)
    clock: FakeClock = field(default_factory=FakeClock)
    workers: list[RealWorker] = field(default_factory=list)
    processes: int = 0
    dead: set[str] = field(default_factory=set)
    doors: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        assert self.story.times.lease * TICK_S == LEASE_S, "the real lease is not to be set"
        self.physics, self.world = self.story.physics(), self.story.begin()
        self.doors.enter_context(patch.object(lanes, "is_dead", lambda owner: owner in self.dead))
        self.workers = [self.process() for _ in self.world.workers]
        self.workers[0].ledger.remember_person(NIP, PNS_ID)
        self.workers[0].ledger.take_changes([CHANGE], {CHANGE: NIP})
        self.compare()

    def process(self) -> RealWorker:
        self.processes += 1
        owner = f"process {self.processes}"
        pauses = Pauses(quiet_period_s=0.0, quiet_max_s=0.0, settle_s=self.story.times.settle * TICK_S)
        ledger = SqlLedger(open_engine(self.url), self.clock, owner=owner, pauses=pauses)
        return RealWorker(self.doors.enter_context(closing(ledger)), owner)

    # ------------------------------------------------------------------------------------------------------ one step

    def play(self, way: Sequence[Step]) -> None:
        for step in way:
            self.do(step)

    def play_to_the_end(self) -> None:
        while not is_quiet(self.world, self.physics):
            self.do(calm_step(self.world, self.physics))

    def do(self, step: Step) -> None:
        before, self.world = self.world, self.physics.after(self.world, step)
        match step:
            case ("tick",):
                self.clock.time_s += TICK_S
            case ("mark",):
                self.workers[0].ledger.take_changes([CHANGE], {CHANGE: NIP})
            case ("claim", number):
                self.claim(number)
            case ("crash", number):
                self.dead.add(self.workers[number].owner)
                self.workers[number] = self.process()
            case ("start",):
                self.process().ledger.recover()
            case ("step", number):
                self.answer(before, number)
            case ("fail", number, "after"):
                self.call(before, number)
        self.compare()

    def claim(self, number: int) -> None:
        worker = self.workers[number]
        worker.claim, worker.claimed_at = worker.ledger.claim(), self.clock.now()
        assert worker.claim is not None, "the real ledger has nothing to claim"
        place = self.physics.workers.places[self.world.workers[number].place]
        assert self.in_turn(worker.claim.records, worker) == place.start.records
        known = place.start.claim
        assert (worker.claim.person, worker.claim.owned) == (known.person, known.owned)
        assert (worker.claim.opened, worker.claim.braked) == (known.opened, known.braked)

    def answer(self, before: World, number: int) -> None:
        """What the real ledger answers is what the worker was told."""
        call = self.physics.workers.places[before.workers[number].place].waits_for
        if call.name in ("turn.done", "turn.lost"):
            self.give_back(number, is_broken=call.name == "turn.lost")
        elif call.name.startswith("ledger."):
            told = self.call(before, number)
            place = self.physics.workers.places[before.workers[number].place]
            answer = Answer(told, before.workers[number].age)
            assert {answer, replace(answer, age=-1)} & place.next.keys(), f"{call.name} really answers {told}"

    def give_back(self, number: int, *, is_broken: bool) -> None:
        worker = self.workers[number]
        assert worker.claim is not None
        if is_broken:
            worker.ledger.recover(worker.claim)
        worker.ledger.release(worker.claim)
        worker.claim = None

    def call(self, before: World, number: int) -> Any:
        worker = self.workers[number]
        call = self.physics.workers.places[before.workers[number].place].waits_for
        try:
            return self.in_turn(self.really(worker, call), worker)
        except LostClaim:
            return Failure("lost")

    def really(self, worker: RealWorker, call: Call) -> Any:
        ledger, claim = worker.ledger, worker.claim
        assert claim is not None
        args = [self.out_of_turn(arg, worker) for arg in call.args]
        match call.name, args:
            case "ledger.lease_ends_at", []:
                return 0 if self.clock.monotonic() <= ledger.lease_ends_at(claim) else -1
            case "ledger.links", []:
                return tuple((replace(link.record, mark=0), link.has_open_attempt) for link in ledger.links(NIP))
            case "ledger.open_attempt", []:
                record = ledger.find(FEED.name, KEY)
                assert record is not None
                return ledger.open_attempt(record)
            case "ledger.deleted_since", [since]:
                return tuple(ledger.deleted_since(NIP, since))
            case "ledger.finish", [record, move]:
                return ledger.finish(claim, record, move)
            case "ledger.begin_attempt", [intent]:
                return ledger.begin_attempt(claim, intent)
            case "ledger.end_attempt", [record, attempt, outcome, move]:
                return ledger.end_attempt(claim, record, attempt, outcome, move)
            case "ledger.note_absent", [record, attempt, move]:
                return ledger.note_absent(claim, record, attempt, move)
            case "ledger.settle_attempt", [record, attempt, verdict, move]:
                return ledger.settle_attempt(claim, record, attempt, verdict, move)
        raise AssertionError(call)

    # --------------------------------------------------------------------------------------------------- two clocks

    def out_of_turn(self, value: Any, worker: RealWorker) -> Any:
        """A worker counts its time from its claim; the real ledger has the time of the day."""
        return _shifted(value, worker.claimed_at - BASE_S, oldest=-math.inf)

    def in_turn(self, value: Any, worker: RealWorker) -> Any:
        oldest = self.clock.now() - self.oldest * TICK_S
        return _shifted(value, BASE_S - worker.claimed_at, oldest=oldest)

    @property
    def oldest(self) -> int:
        times = self.story.times
        return max(times.settle, times.gap, times.grace) + 1

    # ----------------------------------------------------------------------------------------------------- what is

    def compare(self) -> None:
        assert self.really_shown() == self.shown()

    def shown(self) -> Mapping[str, Any]:
        books = self.world.books
        record, attempt = books.record, books.attempt
        return {
            "record": record,
            "due": books.due,
            "attempt": attempt and (attempt.number, attempt.version, attempt.action, attempt.digest, attempt.bkn_id),
            "is_open": books.is_open,
            "absent_since": attempt.absent_since if attempt is not None and books.is_open else None,
            "lane_due": books.lane_due,
            "is_owned": books.is_owned,
            "lease": books.lease,
            "reason": books.reason,
        }

    def really_shown(self) -> Mapping[str, Any]:
        ledger, now = self.workers[0].ledger, self.clock.now()
        found = ledger.find(FEED.name, KEY)
        assert found is not None
        with ledger.engine.connect() as connection:
            row = connection.execute(text("SELECT * FROM records")).mappings().one()
            lane = connection.execute(text("SELECT * FROM lanes")).mappings().one()
            last = connection.execute(text("SELECT * FROM attempts ORDER BY number DESC LIMIT 1")).mappings().first()
        record = _shifted(found, -now, oldest=now - self.oldest * TICK_S)
        return {
            "record": replace(record, synced_at=_ticks(record.synced_at), gone_since=_ticks(record.gone_since)),
            "due": self._tick(row["due_at"]),
            "attempt": last and (last["number"], last["version"], last["action"], last["digest"], last["bkn_id"]),
            "is_open": last is not None and last["ended_at"] is None,
            "absent_since": last["absent_since"] and max((last["absent_since"] - now) / TICK_S, -self.oldest)
            if last is not None and last["ended_at"] is None
            else None,
            "lane_due": self._tick(lane["due_at"]),
            "is_owned": lane["owner"] is not None,
            "lease": -1 if lane["lease_until"] is None else max(-1, math.ceil((lane["lease_until"] - now) / TICK_S)),
            "reason": row["reason"],
        }

    def _tick(self, at: float | None) -> int | None:
        return None if at is None else max(0, math.ceil((at - self.clock.now()) / TICK_S))


@contextmanager
def desk_of(url: str, story: Story) -> Iterator[Desk]:
    desk = Desk(url, story)
    try:
        yield desk
    finally:
        desk.doors.close()


def _ticks(at_s: float | None) -> float | None:
    return None if at_s is None else at_s / TICK_S


def _shifted(value: Any, by_s: float, *, oldest: float) -> Any:
    """Every time of it, in a form that can be compared."""

    def at(time: float | None) -> float | None:
        return None if time is None else max(time, oldest) + by_s

    match value:
        case Record():
            done, confirmed = Frozen(value.done), Frozen(value.confirmed)
            return replace(
                value,
                synced_at=at(value.synced_at),
                gone_since=at(value.gone_since),
                done=done,
                confirmed=confirmed,
                reason="",
                detail="",
            )
        case Attempt():
            started_at = at(value.started_at)
            assert started_at is not None
            body = Frozen(json.loads(json.dumps(dict(value.body))))
            return replace(value, started_at=started_at, absent_since=at(value.absent_since), body=body)
        case Move():
            times = {name: at(value.changes[name]) for name in ("synced_at", "gone_since") if name in value.changes}
            return replace(value, due_at=at(value.due_at), changes={**value.changes, **times})
        case Intent():
            settle_at = at(value.settle_at)
            assert settle_at is not None
            return replace(value, settle_at=settle_at)
        case float():
            return at(value)
        case list() | tuple():
            return tuple(_shifted(one, by_s, oldest=oldest) for one in value)
    return value
