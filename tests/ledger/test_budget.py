"""The books of the calls to BKN in a real ledger: shared by processes and hosts, found again after a restart."""

import bisect
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from simpeg_sync.bkn.gate import Gate
from simpeg_sync.clock import Clock
from simpeg_sync.decide.budget import Ask, Books, Limits, NotYet
from simpeg_sync.decide.pace import Given
from simpeg_sync.domain.errors import BknDown, NotNow
from simpeg_sync.ledger import budget as books_of
from simpeg_sync.ledger.budget import SqlBudget
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.writer import DirectWriter, GroupWriter, Writer

from .desk import child, line_of

Open = Callable[..., SqlBudget]


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.stop.set()


@pytest.fixture
def open_budget(url: str, clock: Clock) -> Iterator[Open]:
    """As a process of its own would: an engine, a writer and a name of its own."""
    with ExitStack() as stack:

        def open_it(limits: Limits, *, clock: Clock = clock) -> SqlBudget:
            engine = open_engine(url)
            writer: Writer = GroupWriter(engine) if engine.dialect.name == "sqlite" else DirectWriter(engine)
            stack.callback(writer.close)
            return SqlBudget(engine, writer, clock, limits)

        yield open_it


def given(budget: SqlBudget, wanted: int = 1) -> Given:
    answer = budget.ask(Ask(budget.owner, wanted=wanted))
    assert isinstance(answer, Given), answer
    return answer


def refused(budget: SqlBudget) -> NotYet:
    answer = budget.ask(Ask(budget.owner))
    assert isinstance(answer, NotYet), answer
    return answer


def test_two_processes_never_get_the_same_start(open_budget: Open) -> None:
    alice, bob = open_budget(Limits(50.0)), open_budget(Limits(50.0))
    blocks = [given(which, 3).block for which in (alice, bob, alice, bob)]
    starts = sorted(block.charged_at + n * block.interval for block in blocks for n in range(block.count))
    assert len(starts) == 12
    assert min(later - earlier for earlier, later in itertools.pairwise(starts)) >= 1 / 50


def test_a_restart_finds_the_calls_of_the_day_and_the_pause(open_budget: Open) -> None:
    limits = Limits(1000.0, per_day=3)
    before = open_budget(limits)
    for _ in range(3):
        given(before)
    assert refused(open_budget(limits)).why == "calls_per_day"
    before.close(60.0, "throttled")
    after = refused(open_budget(limits))
    assert after.why == "paused" and 58 < after.wait_s <= 60
    before.reopen()
    assert refused(before).why == "calls_per_day", "a pause gives nothing back"


def test_hosts_whose_clocks_differ_by_an_hour_share_one_pace(open_budget: Open, url: str) -> None:
    """On PostgreSQL the server's clock counts."""
    if url.startswith("sqlite"):
        pytest.skip("one host")

    class Fast(Clock):
        def now(self) -> float:
            return Clock.now(self) + 3600.0

        def monotonic(self) -> float:
            return Clock.monotonic(self) + 12345.0

    alice, bob = open_budget(Limits(10.0)), open_budget(Limits(10.0), clock=Fast())
    first, second = given(alice).block, given(bob).block
    assert second.charged_at == pytest.approx(first.charged_at + first.interval)
    assert second.first - 12345.0 == pytest.approx(first.first + first.interval, abs=0.05)


def test_a_wall_clock_that_jumps_moves_no_window_of_a_running_process(open_budget: Open, url: str) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("the server's clock counts")
    jumped_s = 0.0

    class Jumping(Clock):
        def now(self) -> float:
            return Clock.now(self) + jumped_s

    budget = open_budget(Limits(1000.0, per_minute=2), clock=Jumping())
    given(budget)
    given(budget)
    jumped_s = 86400.0
    assert refused(budget).why == "calls_per_minute"


def test_threads_of_two_processes_keep_one_limit_together(open_budget: Open, clock: Clock) -> None:
    limits, starts, lock = Limits(40.0), list[float](), threading.Lock()
    gates = [Gate(clock, per_second=1.0, in_flight=4, budget=open_budget(limits)) for _ in range(2)]

    def call(gate: Gate) -> None:
        with gate.passage(), lock:
            starts.append(clock.monotonic())
        gate.report(down=False)

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(call, gates[n % 2]) for n in range(80)]:
            done.result(timeout=20)
    starts.sort()
    late_s = 0.02  # how late the machine may wake a thread between the gate and our look at the clock
    most = max(bisect.bisect_left(starts, start + 1.0 - late_s) - n for n, start in enumerate(starts))
    assert most <= 40
    assert starts[-1] - starts[0] < 2.6, "and nobody waits for nothing"


def test_a_pause_that_one_process_was_asked_for_holds_for_the_other_and_one_of_them_probes(
    open_budget: Open, clock: Clock
) -> None:
    told: list[str] = []
    alice = Gate(clock, per_second=1.0, in_flight=4, budget=open_budget(Limits(1000.0)))
    bob = Gate(clock, per_second=1.0, in_flight=4, budget=open_budget(Limits(1000.0)), on_change=told.append)
    with alice.passage():
        pass
    alice.report(down=True, retry_after_s=1.0)
    with pytest.raises(BknDown), bob.passage():
        pass
    assert (told, bob.is_open_for_work) == (["lost"], False)
    clock.sleep(1.05)  # what BKN asked for
    with alice.passage():  # the probe is on its way
        with pytest.raises(NotNow), bob.passage():
            pass
        assert told == ["lost"]
    alice.report(down=False)
    clock.sleep(1.05)
    with bob.passage():
        pass
    bob.report(down=False)
    assert told == ["lost", "recovered"]
    assert alice.in_flight_limit == bob.in_flight_limit == 1, "the ramp is everybody's too"


CALLER = """
import sys
from simpeg_sync.clock import Clock
from simpeg_sync.decide.budget import Ask, Limits, NotYet
from simpeg_sync.ledger.budget import SqlBudget
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.writer import DirectWriter
engine = open_engine(sys.argv[1])
budget = SqlBudget(engine, DirectWriter(engine), Clock(), Limits(100000.0, per_minute=500))
count = 0
while not isinstance(answer := budget.ask(Ask(budget.owner, wanted=7)), NotYet):
    count += answer.block.count
print(count, answer.why, flush=True)
"""


def test_processes_that_ask_at_the_same_time_get_together_what_the_limit_allows(url: str) -> None:
    processes = [child(CALLER, url) for _ in range(2)]
    said = [line_of(process).split() for process in processes]
    for process in processes:
        assert process.wait(20) == 0
    assert {why for _, why in said} == {"calls_per_minute"}
    assert sum(int(count) for count, _ in said) == 500


def test_people_see_the_books_without_changing_them(open_budget: Open, url: str) -> None:
    budget = open_budget(Limits(50.0, 10, 100))
    engine = open_engine(url)
    assert books_of.look(engine, Clock())[0] == Books()
    given(budget, 3)
    books, now = books_of.look(engine, Clock())
    assert sum(books.minute.values()) == sum(books.day.values()) > 0
    assert books.next_start is not None and abs(books.next_start - now) < 5
    assert books_of.read(books_of.written(books)) == books
    engine.dispose()
