"""The world: SIMPEG, the ledger, BKN, the network between, two workers; and every step that can be next.

A step is atomic: one call of one worker answered, one request executed, one tick of the clock. A state is a value, so two
ways to it are one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from simpeg_sync.domain.errors import IllegalMove
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import Attempt, AttemptId, BknId
from simpeg_sync.domain.status import Event, Status

from . import ledger
from .ledger import Books, Lost, Rules
from .scene import CONTENT_OF, GONE, Times, content_of, new_id
from .worker import LEASE, Answer, Call, Failure, Start, Workers

Rows = tuple[tuple[str, int], ...]
"""BKN's rows: id and content."""

Step = tuple[Any, ...]
"""What happens, and to whom: ("step", 0), ("answer", 1, "lost"), ("tick",), ..."""


ASKS_LEDGER = frozenset({"ledger.links", "ledger.open_attempt", "ledger.deleted_since"})


class Violation(AssertionError):
    def __init__(self, rule: str, what: str) -> None:
        super().__init__(what)
        self.rule = rule
        self.calm: tuple[Step, ...] = ()
        """How it came to this when nothing more went wrong."""


class Worker(NamedTuple):
    place: int = -1
    """Where in the real code it stands; -1 between two turns."""
    age: int = 0
    """Ticks since its claim."""
    holds: bool = False
    """Whether its fence is still the lane's."""
    lease: int = -1
    """Ticks until its lease is over, by its own clock."""
    left: tuple[tuple[AttemptId, int], ...] = ()
    """What its process remembers of unclear writes: number, and how many ticks ago."""
    attempt: int = 0
    """Number of the attempt that it began last in this turn."""
    is_asleep: bool = False
    """Frozen, or its call takes long: time passes only while every worker in its turn is asleep."""


class Flight(NamedTuple):
    """A write on its way: sent, and perhaps not executed yet, or once more by a gateway."""

    attempt: int
    version: int
    action: str
    content: int
    bkn_id: str
    """Of the row that it names; empty for a create."""
    age: int = 0
    executed: int = 0
    result: str = ""
    is_refused: bool = False
    waits: int = -1
    """The worker that waits for the answer; -1 when nobody does any more."""


class World(NamedTuple):
    source: int
    changes: tuple[int, ...]
    """What SIMPEG will still want."""
    is_captured: bool
    books: Books
    workers: tuple[Worker, ...]
    flights: tuple[Flight, ...] = ()
    rows: Rows = ()
    past: tuple[tuple[Rows, int], ...] = ()
    """States of a moment ago that a lagging read may still show, and for how long they have been over."""
    ids: int = 0
    effects: tuple[tuple[int, int], ...] = ()
    """Version and number of each attempt that had an effect."""
    is_doubled: bool = False
    """A gateway executed a create twice: two rows that nobody but a person can tell apart."""
    faults: int = 0
    """How many more may happen."""
    naps: int = 0
    """How many times more a worker may freeze in the middle of its turn, each time for as long as it likes."""


@dataclass(slots=True)
class Physics:
    """What can happen, and what then is."""

    times: Times
    workers: Workers
    rules: Rules
    one_process: bool = False
    """Both workers are threads of one daemon: they die together, and neither takes the other's lane."""
    daemons_start: bool = False
    """Another daemon may start at any time on the same ledger, and make good what it finds of the dead."""
    every_call: bool = False
    """Interleave also at calls that nothing else in the world can tell from doing nothing; else they come at once."""
    notes: list[str] = field(default_factory=list)
    """What was remarkable in the last step."""

    # --------------------------------------------------------------------------------------------------- what can be

    def steps(self, world: World) -> Iterator[Step]:
        if not self.every_call and (alone := self.step_alone(world)) is not None:
            yield alone
            return
        if world.changes:
            yield ("change",)
        if not world.is_captured:
            yield ("mark",)
        if self.daemons_start and world.books.is_owned and self.rules.may_free(world.books, is_dead=_is_dead(world)):
            yield ("start",)
        for number, flight in enumerate(world.flights):
            if self.can_execute(world, flight):
                yield ("execute", number)
        idle = -1
        for number, worker in enumerate(world.workers):
            if worker.place < 0:
                # Two idle workers that remember the same are one.
                is_first = idle < 0 or world.workers[idle] != worker
                if is_first and self.may_claim(world, number):
                    idle = number
                    yield ("claim", number)
                continue
            if worker.is_asleep:
                yield ("wake", number)
                continue
            yield from self._steps_of(world, number, worker)
            if world.naps:
                yield ("freeze", number)
        if all(worker.place < 0 or (worker.is_asleep and worker.age < self.times.asleep) for worker in world.workers):
            yield ("tick",)

    def step_alone(self, world: World) -> Step | None:
        """A step that commutes with all others: a worker with a valid lease asks the ledger, or an overtaken one does
        anything but send (nobody sees it, and what it is told makes it write nothing). A crash just before it is one
        just after it."""
        for number, worker in enumerate(world.workers):
            if worker.place < 0:
                continue
            name = self.workers.places[worker.place].waits_for.name
            flight = next((one for one in world.flights if one.waits == number), None)
            if flight is not None:
                if not worker.holds and not self.can_execute(world, flight):
                    return ("wake", number) if worker.is_asleep else ("answer", number, _only(flight))
                continue
            if not worker.holds and name != "bkn.write" and (name != LEASE or worker.lease <= 0):
                return ("wake" if worker.is_asleep else "step", number)
            if worker.holds and not worker.is_asleep and name in ASKS_LEDGER:
                return ("step", number)
        return None

    def _steps_of(self, world: World, number: int, worker: Worker) -> Iterator[Step]:
        call, has_fault = self.workers.places[worker.place].waits_for, world.faults > 0
        flight = next((one for one in world.flights if one.waits == number), None)
        if flight is not None:
            if flight.executed:
                yield ("answer", number, "in time")
            if has_fault or (not flight.executed and not self.can_execute(world, flight)):
                yield ("answer", number, "lost")
            if has_fault and not flight.executed:
                yield ("answer", number, "not executed")
                yield ("answer", number, "refused")
        else:
            yield ("step", number)
        if not has_fault:
            return
        yield ("crash", number)
        if call.name == "bkn.rows":
            yield ("fail", number, "bkn")
            for age in range(len(world.past)):
                yield ("stale", number, age)
        elif call.name.startswith("ledger.") and call.name not in ASKS_LEDGER and call.name != LEASE:
            yield ("fail", number, "before")
            yield ("fail", number, "after")

    def can_execute(self, world: World, flight: Flight) -> bool:
        """Before the settle time is over; a second time when the gateway repeats what it got no answer for."""
        return flight.age < self.times.lands and (not flight.executed or (flight.executed == 1 and world.faults > 0))

    def may_claim(self, world: World, number: int) -> bool:
        others = [worker for one, worker in enumerate(world.workers) if one != number]
        if self.one_process and any(worker.place >= 0 for worker in others):
            return False
        return self.rules.may_claim(world.books)

    # --------------------------------------------------------------------------------------------------- what then is

    def after(self, world: World, step: Step) -> World:
        """Raises Violation."""
        self.notes.clear()
        self.rules.moved.clear()
        try:
            return self._after(world, step)
        except IllegalMove as error:
            raise Violation("I9", str(error)) from error

    def _after(self, world: World, step: Step) -> World:
        match step:
            case ("change",):
                return world._replace(source=world.changes[0], changes=world.changes[1:], is_captured=False)
            case ("mark",):
                return world._replace(is_captured=True, books=self.rules.mark(world.books))
            case ("execute", number):
                return self.executed(world, number)
            case ("claim", number):
                return self.claimed(world, number)
            case ("step", number):
                return self.stepped(world, number)
            case ("stale", number, age):
                self.notes.append("stale look")
                return self.went_on(_fault(world), number, world.past[age][0])
            case ("answer", number, kind):
                return self.answered(world, number, kind)
            case ("fail", number, kind):
                return self.failed(_fault(world), number, kind)
            case ("crash", number):
                return self.crashed(_fault(world), number)
            case ("freeze", number):
                worker = world.workers[number]._replace(is_asleep=True)
                return _with_worker(world._replace(naps=world.naps - 1), number, worker)
            case ("wake", number):
                return _with_worker(world, number, world.workers[number]._replace(is_asleep=False))
            case ("start",):
                return self.started(world)
            case ("tick",):
                return self.ticked(world)
        raise AssertionError(step)

    def claimed(self, world: World, number: int) -> World:
        if world.books.is_owned:
            taken = any(worker.holds for worker in world.workers)
            self.notes.append("takeover of a frozen worker" if taken else "takeover of a dead worker")
        books, records = self.rules.claim(world.books)
        workers = tuple(worker._replace(holds=False) for worker in world.workers)
        given = tuple(ledger.record_in_turn(record, 0) for record in records)
        start = Start(given, workers[number].left, books.record.bkn_id, books.is_open)
        worker = workers[number]._replace(
            place=self.workers.start(start), age=0, holds=True, lease=self.times.lease, attempt=0
        )
        return _with_worker(world._replace(books=books, workers=workers), number, worker)

    def stepped(self, world: World, number: int) -> World:
        worker, books = world.workers[number], world.books
        call = self.workers.places[worker.place].waits_for
        match call.name:
            case "source.read":
                return self.went_on(world, number, world.source)
            case "bkn.rows":
                return self.went_on(world, number, world.rows)
            case "turn.dealt":
                return self.went_on(world, number, None)
            case "ledger.lease_ends_at":
                return self.about_to_leave(world, number)
            case "bkn.write":
                return self.left(world, number, call)
            case "ledger.links":
                return self.went_on(world, number, ledger.links(books, worker.age))
            case "ledger.open_attempt":
                return self.went_on(world, number, ledger.open_attempt(books, worker.age))
            case "ledger.deleted_since":
                return self.went_on(world, number, ledger.deleted_since(books, call.args[0], worker.age))
            case "turn.done" | "turn.lost":
                return self.over(world, number, is_broken=call.name == "turn.lost")
            case "turn.failed":
                raise Violation("I11", f"the pipeline failed: {call.args[0]}")
        world, value = self.written(world, number, call)
        return self.went_on(world, number, value)

    def written(self, world: World, number: int, call: Call) -> tuple[World, Any]:
        worker = world.workers[number]
        if call.name == "ledger.begin_attempt" and worker.holds and world.books.is_open:
            raise Violation("I3", "a write is intended while another one of the record is undecided")
        try:
            books, value = self.rules.write(world.books, call.name, call.args, age=worker.age, holds=worker.holds)
        except Lost:
            self.notes.append("a worker that was overtaken wrote nothing")
            return world, Failure("lost")
        if not worker.holds:
            raise Violation("I5", f"a worker that was overtaken wrote {call.name}")
        self.check_proof(world, call)
        worker = worker._replace(lease=self.times.lease)
        if call.name == "ledger.begin_attempt":
            assert isinstance(value, Attempt)
            worker = worker._replace(attempt=value.number)
        return _with_worker(world._replace(books=books), number, worker), value

    def check_proof(self, world: World, call: Call) -> None:
        """What the ledger is told must be so."""
        move = call.args[-1]
        if call.name == "ledger.settle_attempt":
            _, attempt, verdict, move = call.args
            had_effect = any(number == attempt.number for _, number in world.effects)
            self.notes.append(f"settled: {verdict}")
            if verdict == "executed" and not had_effect:
                raise Violation("I7", "a write is believed executed that was not")
            if verdict == "not_executed":
                may_land = any(f.attempt == attempt.number and self.can_execute(world, f) for f in world.flights)
                if had_effect or may_land:
                    raise Violation("I3", "a write is believed absent that has landed or may still land")
        if call.name == "ledger.note_absent":
            self.notes.append("absent once" if call.args[1].absent_since is None else "absent again, too early")
        if call.name not in ("ledger.finish", "ledger.end_attempt", "ledger.settle_attempt"):
            return
        synced = move.changes.get("synced_digest")
        if synced is not None:
            bkn_id = move.changes.get("bkn_id")
            if (bkn_id, CONTENT_OF[synced]) not in world.rows:
                raise Violation("I7", f"{move.event} says that BKN holds a content that it does not hold")
        if move.event is Event.REMOVED and world.rows and not world.is_doubled:
            raise Violation("I7", "removed, and still at BKN")

    def about_to_leave(self, world: World, number: int) -> World:
        """Between this look at the lease and the write's leaving nothing happens, but what the lease's margin covers."""
        world = self.went_on(world, number, 0 if world.workers[number].lease > 0 else -1)
        call = self.workers.places[world.workers[number].place].waits_for
        if call.name == "bkn.write":
            return self.left(world, number, call)
        self.notes.append("a lease was over just before the write left")
        return world

    def left(self, world: World, number: int, call: Call) -> World:
        worker, books = world.workers[number], world.books
        action, body, bkn_id = call.args
        attempt = books.attempt
        if attempt is None or worker.attempt == 0:
            raise Violation("I2", "a write leaves without a stored intent")
        if attempt.number != worker.attempt or not books.is_open:
            raise Violation("I3", "a write leaves after its attempt was decided")
        content = content_of(body) if body is not None else GONE
        if attempt.action != action or CONTENT_OF.get(attempt.digest, GONE) != content:
            raise Violation("I2", "what leaves is not what the intent says")
        if any(self.can_execute(world, flight) for flight in world.flights):
            raise Violation("I5", "two writes of the record are on their way at once")
        flight = Flight(attempt.number, attempt.version, action, content, bkn_id or "", waits=number)
        self.notes.append(f"{action} left")
        return world._replace(flights=(*world.flights, flight))

    def executed(self, world: World, number: int) -> World:
        flight = world.flights[number]
        if flight.executed:
            world = _fault(world)
            self.notes.append("repeated by a gateway")
        if flight.waits < 0:
            self.notes.append("landed late" if flight.age else "landed unseen")
        rows, result, ids = dict(world.rows), flight.bkn_id, world.ids
        is_refused = flight.action != "create" and flight.bkn_id not in rows
        match flight.action:
            case "create":
                ids += 1
                result = new_id(ids)
                rows[result] = flight.content
            case "update" if not is_refused:
                rows[result] = flight.content
            case "delete" if not is_refused:
                del rows[result]
        effect = (flight.version, flight.attempt)
        effects = world.effects
        if not is_refused and effect not in effects:
            if any(version == flight.version for version, _ in effects):
                raise Violation("I4", f"version {flight.version} of the record has a second effect at BKN")
            if any(version > flight.version for version, _ in effects):
                raise Violation("I5", "an older version lands after a newer one")
            effects = tuple(sorted((*effects, effect)))
        after = flight._replace(
            executed=flight.executed + 1,
            result=flight.result or result,
            is_refused=is_refused if not flight.executed else flight.is_refused,
        )
        flights = list(world.flights)
        flights[number] = after
        now = tuple(sorted(rows.items()))
        return world._replace(
            flights=tuple(one for one in flights if one.waits >= 0 or self.can_execute(world, one)),
            rows=now,
            past=world.past if now == world.rows else _distinct(((world.rows, 0), *world.past), now),
            ids=ids,
            effects=effects,
            is_doubled=world.is_doubled or (flight.action == "create" and flight.executed == 1),
        )

    def answered(self, world: World, number: int, kind: str) -> World:
        place = next(one for one, flight in enumerate(world.flights) if flight.waits == number)
        flight, rest = world.flights[place], list(world.flights)
        del rest[place]
        if kind == "lost":
            if self.can_execute(world, flight) or flight.executed:
                world = _fault(world)
            unanswered = flight._replace(waits=-1)
            self.notes.append("answer lost")
            if self.can_execute(world, unanswered):
                rest.append(unanswered)
            outcome = Outcome.unclear("net.reset")
        elif kind == "not executed":
            world = _fault(world)
            outcome = Outcome.not_executed("http.429")
        elif kind == "refused":
            world = _fault(world)
            self.notes.append("refused")
            outcome = Outcome.refused("bkn.refused.200", "ditolak", http_status=200)
        elif flight.is_refused:
            outcome = Outcome.refused("bkn.refused.200", "Data tidak ditemukan", http_status=200)
        else:
            if flight.age:
                self.notes.append("answer late")
            outcome = Outcome.accepted(BknId(flight.result) if flight.result and flight.action != "delete" else None)
        return self.went_on(world._replace(flights=tuple(sorted(rest))), number, outcome)

    def failed(self, world: World, number: int, kind: str) -> World:
        call = self.workers.places[world.workers[number].place].waits_for
        if kind == "bkn":
            self.notes.append("BKN down")
            return self.went_on(world, number, Failure("bkn"))
        self.notes.append(f"ledger down {kind} {call.name}")
        if kind == "after":
            world, value = self.written(world, number, call)
            if value == Failure("lost"):
                return self.went_on(world, number, value)
        return self.went_on(world, number, Failure("ledger"))

    def crashed(self, world: World, number: int) -> World:
        """kill -9, or a machine that is gone: nothing of the process is left but what it wrote and sent."""
        place = world.workers[number].place
        self.notes.append(f"crash at {self.workers.places[place].waits_for.name}")
        gone = range(len(world.workers)) if self.one_process else [number]
        workers = tuple(Worker() if one in gone else worker for one, worker in enumerate(world.workers))
        flights = tuple(one._replace(waits=-1) if one.waits in gone else one for one in world.flights)
        world = world._replace(
            workers=workers, flights=tuple(one for one in flights if one.waits >= 0 or self.can_execute(world, one))
        )
        return world._replace(books=self.freed(world.books)) if self.one_process else world

    def started(self, world: World) -> World:
        is_dead = _is_dead(world)
        self.notes.append("a start freed the dead" if is_dead else "a start freed what was over its lease")
        workers = tuple(worker._replace(holds=False) for worker in world.workers)
        return world._replace(books=self.freed(world.books), workers=workers)

    def freed(self, books: Books) -> Books:
        """What a daemon does at its start with the lane of the dead."""
        if books.record.status in (Status.WORKING, Status.SENDING):
            books = self.rules.recovered(books, died=True)
        return self.rules.release(books) if books.is_owned else books

    def over(self, world: World, number: int, *, is_broken: bool) -> World:
        worker = world.workers[number]
        books = world.books
        if worker.holds:
            books = self.rules.given_back(books) if is_broken else self.rules.release(books)
        left = tuple((one, worker.age - at) for one, at in self.workers.places[worker.place].left)
        left = tuple((one, ago) for one, ago in left if ago < self.times.settle)
        return _with_worker(world._replace(books=books), number, Worker(left=left))

    def ticked(self, world: World) -> World:
        workers = tuple(
            worker._replace(
                age=worker.age + 1 if worker.place >= 0 else 0,
                lease=max(-1, worker.lease - 1),
                left=tuple((one, ago + 1) for one, ago in worker.left if ago + 1 < self.times.settle)
                if worker.place < 0
                else worker.left,
            )
            for worker in world.workers
        )
        flights = (flight._replace(age=min(flight.age + 1, self.times.lands)) for flight in world.flights)
        return world._replace(
            books=ledger.tick(world.books, self.times),
            workers=workers,
            flights=tuple(one for one in flights if one.waits >= 0 or self.can_execute(world, one)),
            past=tuple((rows, age + 1) for rows, age in world.past if age + 1 < self.times.gap),
        )

    def went_on(self, world: World, number: int, value: Any) -> World:
        worker = world.workers[number]
        place = self.workers.after(worker.place, Answer(value, worker.age))
        return _with_worker(world, number, worker._replace(place=place))


def is_quiet(world: World, physics: Physics) -> bool:
    """Nothing is on its way and nobody will move."""
    return (
        world.is_captured
        and not world.flights
        and all(worker.place < 0 for worker in world.workers)
        and world.books.record.status not in (Status.WAITING, Status.WORKING, Status.SENDING, Status.UNCERTAIN)
    )


def _is_dead(world: World) -> bool:
    """Whoever has the lane; a daemon on the same host can see that."""
    return not any(worker.holds for worker in world.workers)


def _only(flight: Flight) -> str:
    """The answer to a write that nothing more will come of."""
    return "in time" if flight.executed else "lost"


def _fault(world: World) -> World:
    return world._replace(faults=world.faults - 1)


def _with_worker(world: World, number: int, worker: Worker) -> World:
    workers = list(world.workers)
    workers[number] = worker
    return world._replace(workers=tuple(workers))


def _distinct(past: tuple[tuple[Rows, int], ...], now: Rows) -> tuple[tuple[Rows, int], ...]:
    seen, kept = {now}, []
    for rows, age in past:
        if rows not in seen:
            seen.add(rows)
            kept.append((rows, age))
    return tuple(kept)
