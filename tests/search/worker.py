"""A worker: the real pipeline in the middle of a turn, as the list of answers that its neighbours gave it so far.

The pipeline is a function of these answers. So a worker can be stopped at every call and gone on with, copied and compared
without a thread: its turn is run again on the recorded answers, up to the first call that has none yet. Every turn is run
once for each list of answers, however many states of the world it stands in.
"""

import random
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from simpeg_sync.bkn.resources import RESOURCES
from simpeg_sync.bkn.resources.base import BadField
from simpeg_sync.clock import Clock
from simpeg_sync.decide.fields import DocumentForm, Resource
from simpeg_sync.decide.look import BknRow
from simpeg_sync.domain.change import FeedName, Nip, Row, SourceKey
from simpeg_sync.domain.errors import BknDown, LedgerDown, LostClaim, NotNow, SyncError
from simpeg_sync.domain.move import Intent, Move
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import Attempt, AttemptId, BknId, Digest, Identity, Record, RecordId
from simpeg_sync.domain.situation import SeenEqual
from simpeg_sync.mapping.feed import DocumentRule, Feed
from simpeg_sync.pipeline import Pipeline
from simpeg_sync.ports import Certificate, Claim, Document, Link, Piece
from simpeg_sync.turn import Timing, View

from .scene import FEED, NIP, PNS_ID, TICK_S, Times, bkn_row, row

BASE_S = 1_000_000.0
"""A worker's clock at its claim; so two turns that differ only in their hour are one."""

LEASE = "ledger.lease_ends_at"

FAILURES: Mapping[str, Callable[[], SyncError]] = {
    "lost": lambda: LostClaim("the lane was taken over"),
    "ledger": lambda: LedgerDown("the ledger is away"),
    "bkn": lambda: BknDown("BKN is down"),
}
"""Made anew each time: an error that is raised again keeps every frame that it ever went through."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that is an error."""

    kind: str


@dataclass(frozen=True, slots=True)
class Answer:
    value: Any
    age: int
    """Ticks since the claim."""


@dataclass(frozen=True, slots=True)
class Call:
    """What the worker waits for. ``turn.*``: its turn is over, and how."""

    name: str
    args: tuple[Any, ...] = ()


class Waits(BaseException):
    """No answer yet; nothing may catch it on its way out."""

    def __init__(self, call: Call) -> None:
        self.call = call


@dataclass(frozen=True, slots=True)
class Start:
    """What a turn begins with: what the claim gives, and what the process remembers of unclear writes (ticks ago)."""

    records: tuple[Record, ...]
    left: tuple[tuple[AttemptId, int], ...]
    owned: BknId | None = None
    is_open: bool = False

    @property
    def claim(self) -> Claim:
        owned = () if self.owned is None else ((FEED.name, self.owned),)
        return Claim(NIP, "worker", 0, self.records, PNS_ID, owned, frozenset({FEED.name} if self.is_open else ()))


@dataclass(slots=True)
class Place:
    """Where a worker stands."""

    start: Start
    answers: tuple[Answer, ...]
    waits_for: Call
    left: tuple[tuple[AttemptId, int], ...]
    """What its process remembers now: number of an unclear write, and at which tick of this turn it left."""
    reads_clock: bool
    """Whether the last answer's time has been looked at; else it makes no difference."""
    next: dict[Answer, int] = field(default_factory=dict)


class Workers:
    """Every place that a worker of the real code can stand in, made when it is first reached."""

    def __init__(self, times: Times) -> None:
        self.times = times
        self.places: list[Place] = []
        self._starts: dict[Start, int] = {}
        self._stop, self._chance = threading.Event(), random.Random(0)

    def start(self, start: Start) -> int:
        if start not in self._starts:
            self._starts[start] = self._place(start, ())
        return self._starts[start]

    def after(self, place: int, answer: Answer) -> int:
        here = self.places[place]
        timeless = Answer(answer.value, -1)
        for known in (answer, timeless):
            if known in here.next:
                return here.next[known]
        there = self._place(here.start, (*here.answers, answer))
        here.next[answer if self.places[there].reads_clock else timeless] = there
        return there

    def _place(self, start: Start, answers: tuple[Answer, ...]) -> int:
        neighbours = Neighbours(self._stop, self._chance, answers)
        pipeline = neighbours.pipeline(self.times)
        for attempt_id, ago in start.left:
            pipeline.settling.left_at[attempt_id] = BASE_S - ago * TICK_S
        try:
            [turn] = pipeline.prepared([start.claim])
            neighbours.ask("turn.dealt")
            pipeline.take_turn(turn)
            waits_for = Call("turn.done")
        except Waits as waits:
            waits_for = waits.call
        except LostClaim:
            waits_for = Call("turn.lost")
        except LedgerDown:
            waits_for = Call("turn.lost")
        left = tuple(
            (number, round((at - BASE_S) / TICK_S)) for number, at in sorted(pipeline.settling.left_at.items())
        )
        self.places.append(Place(start, answers, waits_for, left, neighbours.has_read_clock))
        return len(self.places) - 1


@dataclass(slots=True)
class Neighbours(Clock):
    """All ports of the pipeline at once. What only this record decides is answered here, the rest by the world."""

    answers: tuple[Answer, ...] = ()
    given: int = 0
    has_read_clock: bool = False
    leaves_before: Callable[[], float] | None = None

    def pipeline(self, times: Times) -> Pipeline:
        timing = Timing(
            settle_s=times.settle * TICK_S,
            absent_gap_s=times.gap * TICK_S,
            delete_grace_s=times.grace * TICK_S,
            look_again_s=1000 * TICK_S,
        )
        return Pipeline(View({FEED.name: FEED}, Simpeg(self), Bkn(self), Folder(), Ledger(self), self, timing))

    def ask(self, name: str, *args: Any) -> Any:
        if self.given == len(self.answers):
            raise Waits(Call(name, args))
        answer = self.answers[self.given].value
        self.given += 1
        self.has_read_clock = False
        if isinstance(answer, Failure):
            raise FAILURES[answer.kind]()
        return answer

    def now(self) -> float:
        self.has_read_clock = True
        return self.time_s

    @property
    def time_s(self) -> float:
        """For what depends on the last answer alone."""
        return BASE_S + (self.answers[self.given - 1].age * TICK_S if self.given else 0.0)

    def monotonic(self) -> float:
        return self.now()

    def jitter(self) -> float:
        return 0.0


@dataclass(frozen=True, slots=True)
class Simpeg:
    world: Neighbours

    def read(self, feed: Feed, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Row]:
        found = row(self.world.ask("source.read"))
        return {} if found is None else {keys[0]: found}

    def pieces(self, feed: Feed, rule: DocumentRule, key: SourceKey) -> Sequence[Piece]:
        raise AssertionError("the feed has no certificates")

    def persons(self, feed: Feed, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Nip]:
        return dict.fromkeys(keys, NIP)

    def is_twice(self, feed: Feed, nip: Nip) -> bool:
        return False

    def keys(self, feed: Feed, *, page_size: int) -> Iterator[Sequence[SourceKey]]:
        raise AssertionError("nothing is swept here")


@dataclass(frozen=True, slots=True)
class Bkn:
    world: Neighbours

    def resource(self, name: str) -> Resource:
        return RESOURCES[name].resource

    def check(self, name: str, body: Mapping[str, Any]) -> BadField | None:
        return RESOURCES[name].check(body)

    def person(self, nip: Nip) -> BknId | None:
        return PNS_ID

    def rows(self, name: str, nip: Nip, *, pns_id: BknId | None = None) -> Sequence[BknRow]:
        return [bkn_row(bkn_id, content) for bkn_id, content in self.world.ask("bkn.rows")]

    @contextmanager
    def about_to_write(self, *, leaves_before: Callable[[], float] | None = None) -> Iterator[None]:
        self.world.leaves_before = leaves_before
        try:
            yield
        finally:
            self.world.leaves_before = None

    def save(
        self,
        name: str,
        body: Mapping[str, Any],
        *,
        pns_id: BknId,
        bkn_id: BknId | None,
        files: Mapping[str, Certificate],
    ) -> Outcome:
        return self._written("update" if bkn_id else "create", body, bkn_id)

    def delete(self, name: str, bkn_id: BknId) -> Outcome:
        return self._written("delete", None, bkn_id)

    def follow_up(self, name: str, pns_id: BknId) -> Outcome:
        raise AssertionError("the kind has no such call")

    def upload(self, name: str, bkn_id: BknId, kind: str, certificate: Certificate) -> Outcome:
        raise AssertionError("the feed has no certificates")

    def document(self, name: str, row: BknRow, kind: str) -> bytes | None:
        raise AssertionError("the feed has no certificates")

    def _written(self, action: str, body: Mapping[str, Any] | None, bkn_id: BknId | None) -> Outcome:
        """As bkn/gate.py: asked as the write is about to leave, and then it leaves at once."""
        leaves_before = self.world.leaves_before
        if leaves_before is not None and leaves_before() < self.world.time_s:
            raise NotNow("worker.lease_over", "nothing was sent")
        outcome: Outcome = self.world.ask("bkn.write", action, body, bkn_id)
        return outcome


class Folder:
    def read(self, directory: str, name: str, *, form: DocumentForm = "pdf") -> Document:
        raise AssertionError("the feed has no certificates")

    def stored(self, content: Any, *, form: DocumentForm = "pdf") -> Document:
        raise AssertionError("the feed has no certificates")

    def together(self, pages: Sequence[Document]) -> Document:
        raise AssertionError("the feed has no certificates")

    def digest(self, content: bytes) -> Digest:
        raise AssertionError("the feed has no certificates")


@dataclass(frozen=True, slots=True)
class Ledger:
    world: Neighbours

    def lease_ends_at(self, claim: Claim) -> float:
        """To the tick: the world says how many are left, and below one the real ledger's margin is used up."""
        ticks: int = self.world.ask(LEASE)
        return self.world.time_s + ticks * TICK_S

    def finish(self, claim: Claim, record: Record, move: Move) -> Record:
        after: Record = self.world.ask("ledger.finish", record, move)
        return after

    def begin_attempt(self, claim: Claim, intent: Intent) -> Attempt:
        attempt: Attempt = self.world.ask("ledger.begin_attempt", intent)
        return attempt

    def braked(self) -> Mapping[FeedName, str]:
        return {}

    def end_attempt(self, claim: Claim, record: Record, attempt: Attempt, outcome: Outcome, move: Move) -> Record:
        after: Record = self.world.ask("ledger.end_attempt", record, attempt, outcome, move)
        return after

    def note_absent(self, claim: Claim, record: Record, attempt: Attempt, move: Move) -> None:
        self.world.ask("ledger.note_absent", record, attempt, move)

    def settle_attempt(self, claim: Claim, record: Record, attempt: Attempt, verdict: str, move: Move) -> None:
        self.world.ask("ledger.settle_attempt", record, attempt, verdict, move)

    def open_attempt(self, record: Record) -> Attempt | None:
        attempt: Attempt | None = self.world.ask("ledger.open_attempt")
        return attempt

    def links(self, lane: str) -> Sequence[Link]:
        return [Link(record, is_open) for record, is_open in self.world.ask("ledger.links")]

    def has_unlinked_work(self, lane: str, *, but: Record, not_for: str | None = None) -> bool:
        return False

    def held_without_row(self, lane: str) -> Sequence[Record]:
        return []

    def held_elsewhere(self, lane: str, digest: Digest) -> Sequence[Record]:
        return []

    def identity(self, record: Record) -> Identity:
        return Identity()

    def note_identity(self, claim: Claim, record: Record, identity: Identity | None) -> None:
        raise AssertionError("no feed says who a person is")

    def doubted_by(self, lane: str) -> RecordId | None:
        return None

    def deleted_since(self, lane: str, since: float) -> Sequence[str]:
        found: Sequence[str] = self.world.ask("ledger.deleted_since", since)
        return found

    def find(self, feed: FeedName, key: SourceKey) -> Record | None:
        raise AssertionError("no feed names another")

    def seen_equal(self, feed: FeedName, key: SourceKey) -> SeenEqual | None:
        return None

    def records_of(self, lanes: Sequence[str]) -> Mapping[str, Sequence[Record]]:
        return dict.fromkeys(lanes, ())  # the person has this one record

    def are_linked_elsewhere(self, lane: str, bkn_ids: Collection[str]) -> bool:
        return False

    def break_off(self, claim: Claim, record: Record, reason: str, detail: str) -> None:
        raise AssertionError(f"the pipeline failed: {detail}")

    def void(self, claim: Claim, record: Record, reason: str, detail: str) -> Record:
        raise AssertionError("no plan was applied")

    def change_lane(self, claim: Claim, record: Record, lane: str) -> None:
        raise AssertionError("the row stays the person's")

    def person(self, nip: Nip) -> BknId | None:
        return PNS_ID

    def remember_person(self, nip: Nip, bkn_id: BknId) -> None:
        raise AssertionError("the person is known")

    def note_read(self, lane: str, what: str, why: str) -> None:
        """What was read decides nothing."""

    def say_reads(self, actor: str) -> None:
        raise AssertionError("there is nothing but turns")
