"""Everywhere that the world can get, breadth first, so that what is found comes with the shortest way to it."""

import gc
from collections import Counter, deque
from dataclasses import dataclass, field

from simpeg_sync.domain.status import Event, Status

from .ledger import Rules, new_books
from .scene import CONTENT_OF, CONTENTS, GONE, Times, new_id
from .worker import Workers
from .world import Physics, Step, Violation, Worker, World, is_quiet

CALM_STEPS_MAX = 400
"""From anywhere to where nobody will move any more, when nothing goes wrong on the way."""

HELD_RIGHTLY = {
    "settle.several": "a gateway made two rows",
    "match.several": "a gateway made two rows",
    "worker.dies": "workers died",
}
"""What a person is asked, and what must have happened for it."""


@dataclass(frozen=True, slots=True)
class Story:
    """What SIMPEG does, and how much goes wrong."""

    changes: tuple[int, ...]
    """The contents after the first; GONE is a delete."""
    at_bkn: int | None = None
    """The content of a row that BKN has already, by another hand."""
    faults: int = 2
    naps: int = 1
    times: Times = field(default_factory=Times)
    one_process: bool = False
    daemons_start: bool = False
    every_call: bool = False
    rules: type[Rules] = Rules

    def physics(self) -> Physics:
        return Physics(
            self.times,
            Workers(self.times),
            self.rules(self.times),
            one_process=self.one_process,
            daemons_start=self.daemons_start,
            every_call=self.every_call,
        )

    def begin(self) -> World:
        rows = () if self.at_bkn is None else ((new_id(0), self.at_bkn),)
        workers = (Worker(), Worker())
        return World(
            CONTENTS[0], self.changes, True, new_books(), workers, rows=rows, faults=self.faults, naps=self.naps
        )


@dataclass(slots=True)
class Found(Exception):
    """A rule is broken, and this is how."""

    rule: str
    what: str
    way: tuple[Step, ...]
    told: str
    """The way in words."""

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}\n{self.told}"


@dataclass(slots=True)
class Report:
    states: int = 0
    steps: int = 0
    places: int = 0
    is_complete: bool = True
    moves: Counter[tuple[Status, Event, Status]] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[Status] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    ways: dict[str, tuple[Step, ...]] = field(default_factory=dict)
    """The first way to each remarkable thing."""


def explore(story: Story, *, states_max: int = 10_000_000) -> Report:
    """Raises Found."""
    # Millions of small values without a cycle among them: looking for cycles would take a third of the time.
    gc.disable()
    try:
        return _explore(story, states_max)
    finally:
        gc.enable()


def _explore(story: Story, states_max: int) -> Report:
    physics, begin, report = story.physics(), story.begin(), Report()
    came: dict[World, tuple[World | None, Step]] = {begin: (None, ())}
    calm: set[World] = set()
    queue = deque([begin])
    while queue:
        world = queue.popleft()
        report.statuses[world.books.record.status] += 1
        try:
            step: Step = ()
            check(world, physics)
            for step in physics.steps(world):
                after = physics.after(world, step)
                report.steps += 1
                report.moves.update(physics.rules.moved)
                for note in physics.notes:
                    report.notes[note] += 1
                    if note not in report.ways:
                        report.ways[note] = (*way_to(came, world), step)
                if after not in came:
                    came[after] = (world, step)
                    queue.append(after)
            step = ()
            calm_way(world, physics, calm, report)
        except Violation as violation:
            way = (*way_to(came, world), *([step] if step else violation.calm))
            raise Found(violation.rule, str(violation), way, told(story, way)) from violation
        if len(came) > states_max:
            report.is_complete = False
            break
    report.states, report.places = len(came), len(physics.workers.places)
    return report


def way_to(came: dict[World, tuple[World | None, Step]], world: World) -> tuple[Step, ...]:
    way = []
    before, step = came[world]
    while before is not None:
        way.append(step)
        before, step = came[before]
    return tuple(reversed(way))


def told(story: Story, way: tuple[Step, ...]) -> str:
    """Step by step, with what each worker does and what became of the record; as far as it goes."""
    physics, world, lines = story.physics(), story.begin(), []
    for step in way:
        place = world.workers[step[1]].place if len(step) > 1 and step[0] != "execute" else -1
        call = physics.workers.places[place].waits_for.name if place >= 0 else ""
        lines.append(f"{' '.join(map(str, step)):22} {call}")
        try:
            world = physics.after(world, step)
        except Violation as violation:
            lines[-1] += f"  !! {violation}"
            break
        lines[-1] = (
            f"{lines[-1]:46} {world.books.record.status}{'; ' if physics.notes else ''}{', '.join(physics.notes)}"
        )
    return "\n".join(f"  {number:3} {line}" for number, line in enumerate(lines))


def check(world: World, physics: Physics) -> None:
    """What must be true everywhere."""
    books = world.books
    record = books.record
    if books.is_open != (record.status in (Status.SENDING, Status.UNCERTAIN)):
        raise Violation("I2", f"{record.status} with an attempt that is {'open' if books.is_open else 'not open'}")
    if record.status is Status.SYNCED and (record.bkn_id, CONTENT_OF[record.synced_digest]) not in world.rows:
        raise Violation("I6", "synced, and BKN holds something else")
    if record.status is Status.REMOVED and world.rows and not world.is_doubled:
        raise Violation("I6", "removed, and still at BKN")
    if len(world.rows) > 1 and not world.is_doubled:
        raise Violation("I4", "two rows at BKN")


def calm_way(world: World, physics: Physics, calm: set[World], report: Report) -> None:
    """From here on nothing goes wrong: in bounded time nobody moves any more, and both sides are equal (I14, I6)."""
    way: list[Step] = []
    passed: set[World] = set()
    try:
        while world not in calm:
            if world in passed or len(way) == CALM_STEPS_MAX:
                raise Violation("I14", f"{world.books.record.status} for ever, though nothing goes wrong any more")
            passed.add(world)
            if is_quiet(world, physics):
                check_quiet(world, report)
                break
            way.append(calm_step(world, physics))
            world = physics.after(world, way[-1])
        calm |= passed
    except Violation as violation:
        violation.calm = tuple(way)
        raise


def calm_step(world: World, physics: Physics) -> Step:
    if not world.is_captured:
        return ("mark",)
    for number, worker in enumerate(world.workers):
        if worker.place < 0:
            continue
        if worker.is_asleep:
            return ("wake", number)
        flights = [place for place, flight in enumerate(world.flights) if flight.waits == number]
        if not flights:
            return ("step", number)
        flight = world.flights[flights[0]]
        if flight.executed:
            return ("answer", number, "in time")
        if physics.can_execute(world, flight):
            return ("execute", flights[0])
        return ("answer", number, "lost")
    if physics.may_claim(world, 0):
        return ("claim", 0)
    return ("tick",)


def check_quiet(world: World, report: Report) -> None:
    record, reason = world.books.record, world.books.reason
    if record.status is Status.HELD:
        report.held[reason] += 1
        if reason not in HELD_RIGHTLY or (reason.endswith("several") and not world.is_doubled):
            raise Violation("I14", f"held with {reason}, and nothing happened that a person must decide")
        return
    if record.status is Status.REFUSED:
        return  # it has happened, or there would be no such status: only a refusal leads there
    if world.is_doubled:
        return  # one of its two rows is nobody's; only a person can see that
    there = [content for _, content in world.rows]
    if there != ([] if world.source == GONE else [world.source]):
        raise Violation("I6", f"all is quiet ({record.status}), SIMPEG wants {world.source} and BKN holds {there}")
