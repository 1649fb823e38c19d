"""Pace, number in flight and the pause of an outage, with real threads and a real clock."""

import bisect
import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from simpeg_sync.bkn import siasn
from simpeg_sync.bkn.budget import OwnBudget
from simpeg_sync.bkn.exchange import Answer, Exchanged, Request
from simpeg_sync.bkn.gate import Gate
from simpeg_sync.bkn.tokens import Tokens, client_credentials
from simpeg_sync.clock import Clock
from simpeg_sync.decide.breaker import OPENS_AFTER
from simpeg_sync.decide.budget import Ask, Limits, NotYet
from simpeg_sync.decide.windows import DAYS, Windows
from simpeg_sync.domain.errors import BknDown, LedgerDown, NotNow
from simpeg_sync.secret import Secret

from .peers import until

LATE_S = 0.05
"""How late the machine may wake a thread. Starts are evenly spaced, so a window holds at most one such straggler more."""


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.stop.set()


class Calls:
    """What left, as BKN would see it."""

    def __init__(self, *, takes_s: float = 0.0) -> None:
        self._lock, self._takes_s = threading.Lock(), takes_s
        self.starts: list[float] = []
        self.in_flight = self.in_flight_max = 0

    def leave(self, gate: Gate, *, down: bool = False, retry_after_s: float | None = None) -> None:
        with gate.passage():
            with self._lock:
                self.starts.append(time.monotonic())
                self.in_flight += 1
                self.in_flight_max = max(self.in_flight_max, self.in_flight)
            time.sleep(self._takes_s)
            with self._lock:
                self.in_flight -= 1
        gate.report(down=down, retry_after_s=retry_after_s)


def is_open(gate: Gate) -> bool:
    return gate.is_open_for_work


def most_in_a_second(starts: list[float]) -> int:
    starts = sorted(starts)
    return max(bisect.bisect_left(starts, start + 1.0 - LATE_S) - number for number, start in enumerate(starts))


def opened(clock: Clock, *, per_second: float = 100.0, in_flight: int = 4) -> Gate:
    gate = Gate(clock, per_second=per_second, in_flight=in_flight)
    calls = Calls()
    for _ in range(OPENS_AFTER):
        calls.leave(gate, down=True)
    return gate


def test_eight_threads_never_exceed_the_pace_in_any_second(clock: Clock) -> None:
    gate, calls = Gate(clock, per_second=20.0, in_flight=8), Calls()
    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(calls.leave, gate) for _ in range(40)]:
            done.result()
    assert most_in_a_second(calls.starts) <= 20


def test_calls_that_waited_for_a_slot_do_not_leave_all_at_once(clock: Clock) -> None:
    """Two hanging calls hold both slots for a second; behind them eight quick ones wait. Then the pace still holds."""
    gate, calls, over = Gate(clock, per_second=10.0, in_flight=2), Calls(), threading.Event()

    def hang() -> None:
        with gate.passage():
            over.wait(5)
        gate.report(down=False)

    with ThreadPoolExecutor(10) as threads:
        hanging = [threads.submit(hang) for _ in range(2)]
        quick = [threads.submit(calls.leave, gate) for _ in range(8)]
        clock.sleep(1.2)  # the fault itself: time in which starts could be saved up
        over.set()
        for done in hanging + quick:
            done.result()
    gaps = [later - earlier for earlier, later in zip(calls.starts, calls.starts[1:], strict=False)]
    assert min(gaps) >= 0.1 - LATE_S, gaps


def test_the_first_call_after_a_start_waits_an_interval(clock: Clock) -> None:
    begun = time.monotonic()
    gate, calls = Gate(clock, per_second=4.0, in_flight=1), Calls()
    calls.leave(gate)
    assert calls.starts[0] - begun >= 0.25


def test_no_more_calls_are_in_flight_than_allowed(clock: Clock) -> None:
    gate, calls = Gate(clock, per_second=1000.0, in_flight=3), Calls(takes_s=0.02)
    with ThreadPoolExecutor(12) as threads:
        for done in [threads.submit(calls.leave, gate) for _ in range(36)]:
            done.result()
    assert (len(calls.starts), calls.in_flight_max) == (36, 3)


def test_the_breaker_opens_after_a_few_failures_and_is_told_once_each_way(clock: Clock) -> None:
    told: list[str] = []
    gate, calls = Gate(clock, per_second=100.0, in_flight=4, on_change=told.append), Calls()
    for _ in range(OPENS_AFTER):
        assert is_open(gate)
        calls.leave(gate, down=True)
    assert (told, is_open(gate)) == (["lost"], False)
    with pytest.raises(BknDown) as down:
        calls.leave(gate)
    assert 0 < (down.value.retry_after_s or 0) <= 1.0
    assert len(calls.starts) == OPENS_AFTER
    assert 0 < gate.lost_for_s() < 5
    until(lambda: is_open(gate))
    calls.leave(gate)
    assert (told, gate.lost_for_s()) == (["lost", "recovered"], 0.0)


def test_one_probe_leaves_while_everybody_else_is_turned_away(clock: Clock) -> None:
    gate = opened(clock, in_flight=8)
    until(lambda: is_open(gate))
    over, leaving, turned_away = threading.Event(), threading.Barrier(8), threading.Semaphore(0)

    def call() -> bool:
        leaving.wait(5)
        try:
            with gate.passage():
                over.wait(5)
        except BknDown:
            turned_away.release()
            return False
        gate.report(down=False)
        return True

    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(call) for _ in range(8)]
        for _ in range(7):
            assert turned_away.acquire(timeout=5)
        over.set()
        assert sorted(done.result() for done in calls) == [False] * 7 + [True]
    assert is_open(gate)


def test_a_probe_that_raises_makes_room_for_the_next(clock: Clock) -> None:
    gate = opened(clock)
    until(lambda: is_open(gate))
    with pytest.raises(ZeroDivisionError), gate.passage():
        raise ZeroDivisionError
    assert is_open(gate)
    Calls().leave(gate)


def test_a_pause_asked_of_one_call_holds_for_those_in_flight_and_those_that_wait_for_their_start(clock: Clock) -> None:
    """429: neither a late success nor a start that was reserved before may break the pause (row 68)."""
    gate, calls, over = Gate(clock, per_second=2.0, in_flight=4), Calls(), threading.Event()
    inside = threading.Event()

    def early() -> None:
        with gate.passage():
            inside.set()
            over.wait(5)
        gate.report(down=False)

    with ThreadPoolExecutor(3) as threads:
        in_flight = threads.submit(early)
        assert inside.wait(5)
        waiting: Future[None] = threads.submit(calls.leave, gate)
        until(lambda: len(gate._door) == 1)  # it waits for its start
        gate.report(down=True, retry_after_s=60.0)
        over.set()
        in_flight.result()
        with pytest.raises(BknDown):
            waiting.result()
    assert (calls.starts, is_open(gate)) == ([], False)


def test_a_reserved_call_leaves_at_once(clock: Clock) -> None:
    gate, calls = Gate(clock, per_second=2.0, in_flight=1), Calls()
    with gate.reserved():
        reserved_at = time.monotonic()
        calls.leave(gate)
        assert calls.starts[0] - reserved_at < 0.1
        calls.leave(gate)  # only the first was paid for
        assert calls.starts[1] - calls.starts[0] >= 0.4


def test_a_reservation_that_is_not_used_gives_back_slot_and_probe(clock: Clock) -> None:
    gate = opened(clock, in_flight=1)
    until(lambda: is_open(gate))
    with gate.reserved():
        assert not is_open(gate)
    assert is_open(gate)
    with pytest.raises(BknDown, match="ledger"), gate.reserved():
        raise BknDown("the ledger is full")
    assert is_open(gate)
    Calls().leave(gate)


def test_an_unused_reservation_of_before_the_outage_does_not_let_a_second_probe_out(clock: Clock) -> None:
    gate, calls = Gate(clock, per_second=100.0, in_flight=4), Calls()
    with ThreadPoolExecutor(1) as other, gate.reserved():
        for _ in range(OPENS_AFTER):
            other.submit(calls.leave, gate, down=True).result()
        until(lambda: is_open(gate))
        probe = gate.passage()
        other.submit(probe.__enter__).result()
    assert not is_open(gate)
    with pytest.raises(BknDown):
        calls.leave(gate)


def test_a_stop_ends_every_wait_at_once(clock: Clock) -> None:
    """One waits for its start, one for a slot, a call is in flight."""
    gate, over = Gate(clock, per_second=0.5, in_flight=1), threading.Event()
    inside = threading.Event()

    def hang() -> None:
        with gate.passage():
            inside.set()
            over.wait(5)
        gate.report(down=False)

    with ThreadPoolExecutor(3) as threads:
        in_flight = threads.submit(hang)
        assert inside.wait(5)
        waiting = [threads.submit(Calls().leave, gate) for _ in range(2)]
        until(lambda: len(gate._door) == 2)
        stopped = time.monotonic()
        clock.stop.set()
        for wait in waiting:
            with pytest.raises(BknDown, match="stopping"):
                wait.result(timeout=2)
        assert time.monotonic() - stopped < 0.5
        over.set()
        in_flight.result()


class OneToken:
    """An Exchange that hands out a token and nothing else."""

    def __init__(self) -> None:
        self.logins = 0

    def send(self, request: Request, *, deadline_s: float) -> Exchanged:
        self.logins += 1
        return Answer(200, {}, b'{"access_token": "fake-%d", "expires_in": 3600}' % self.logins)

    def close(self) -> None: ...


@pytest.mark.timeout(20)
def test_one_slot_is_enough_even_with_a_token_renewal_inside(clock: Clock) -> None:
    gate, calls, exchange = Gate(clock, per_second=200.0, in_flight=1), Calls(), OneToken()
    login = client_credentials("http://127.0.0.1:1/oauth2/token", Secret("fake-key"), Secret("fake-secret"))
    tokens = Tokens(
        exchange,
        clock,
        {"apim": login, "sso": Secret("fake-sso")},
        scheme=siasn.SCHEME,
        deadline_s=1.0,
        on_event=lambda token, what: None,
    )

    def write() -> None:
        with gate.reserved():
            first = tokens.get("apim").reveal()
            calls.leave(gate)
            if first == "fake-1":
                tokens.renew("apim", first)
            tokens.get("apim")
            calls.leave(gate)

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(write) for _ in range(8)]:
            done.result(timeout=15)
    assert (len(calls.starts), exchange.logins, calls.in_flight_max) == (16, 2, 1)


# ---------------------------------------------------------------- before the intent, and the moment of leaving


def test_a_write_that_stores_its_intent_holds_no_place_in_flight(clock: Clock) -> None:
    gate, calls = Gate(clock, per_second=1000.0, in_flight=1), Calls()
    with ThreadPoolExecutor(1) as other, gate.reserved():
        other.submit(calls.leave, gate).result(timeout=5)
        calls.leave(gate)
    assert len(calls.starts) == 2


def test_writes_that_were_let_in_together_and_leave_late_make_no_burst(clock: Clock) -> None:
    """Four intents are stored, the disk was slow; then all would leave at the same moment."""
    gate, calls = Gate(clock, per_second=40.0, in_flight=8), Calls()
    stored = threading.Barrier(4)

    def write() -> None:
        with gate.reserved():
            with contextlib.suppress(threading.BrokenBarrierError):  # only as many are let in as can leave soon
                stored.wait(0.3)
            calls.leave(gate)

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(write) for _ in range(16)]:
            done.result(timeout=20)
    starts = sorted(calls.starts)
    # A start may be used a little late, so two may come close; three never within less than one distance.
    assert min(third - first for first, third in zip(starts, starts[2:], strict=False)) >= 1 / 40 - 0.005
    assert most_in_a_second(calls.starts) <= 40


def test_a_slow_pace_lets_a_write_in_only_shortly_before_its_start(clock: Clock) -> None:
    """The intent must not stand in the ledger for the whole wait."""
    gate, calls = Gate(clock, per_second=4.0, in_flight=8), Calls()
    waits: list[float] = []

    def write() -> None:
        with gate.reserved():
            let_in_at = time.monotonic()
            calls.leave(gate)
            waits.append(time.monotonic() - let_in_at)

    with ThreadPoolExecutor(6) as threads:
        for done in [threads.submit(write) for _ in range(6)]:
            done.result(timeout=10)
    assert max(waits) < 0.1, waits


def test_a_write_does_not_leave_after_its_workers_lease(clock: Clock) -> None:
    gate, calls = Gate(clock, per_second=1000.0, in_flight=1), Calls()
    with gate.reserved(leaves_before=lambda: float("-inf")):
        with pytest.raises(NotNow) as over:
            calls.leave(gate)
        assert over.value.reason == "worker.lease_over"
    assert calls.starts == []
    calls.leave(gate)  # the thread's next call is of another lease


def test_a_lease_that_ends_while_the_write_waits_for_a_place_keeps_it_back(clock: Clock) -> None:
    gate, calls, over = Gate(clock, per_second=1000.0, in_flight=1), Calls(), threading.Event()
    inside = threading.Event()

    def hang() -> None:
        with gate.passage():
            inside.set()
            over.wait(5)
        gate.report(down=False)

    over_at = time.monotonic() + 0.05

    def write() -> None:
        with gate.reserved(leaves_before=lambda: over_at):
            calls.leave(gate)

    with ThreadPoolExecutor(2) as threads:
        hanging = threads.submit(hang)
        assert inside.wait(5)
        waiting = threads.submit(write)
        until(lambda: len(gate._door) == 1)
        clock.sleep(0.06)  # the fault itself
        over.set()
        with pytest.raises(NotNow, match="was sent"):
            waiting.result(timeout=5)
        hanging.result()
    assert calls.starts == []


def test_three_times_as_many_threads_as_places_keep_all_places_busy(clock: Clock) -> None:
    gate, calls = Gate(clock, per_second=10_000.0, in_flight=4), Calls(takes_s=0.02)

    def write() -> None:
        for _ in range(10):
            with gate.reserved():
                time.sleep(0.005)  # the commit of the intent
                calls.leave(gate)

    begun = time.monotonic()
    with ThreadPoolExecutor(12) as threads:
        for done in [threads.submit(write) for _ in range(12)]:
            done.result(timeout=20)
    assert (len(calls.starts), calls.in_flight_max) == (120, 4)
    assert time.monotonic() - begun < 120 * 0.02 / 4 * 1.6


# ------------------------------------------------------------------------------------------------ hours and limits


def test_outside_the_hours_nothing_is_written_or_claimed_but_reads_go(clock: Clock) -> None:
    local = time.gmtime(clock.now() + 8 * 3600)
    yesterday = DAYS[local.tm_wday - 1].title()
    windows = Windows.of([f"{yesterday} 00:00-01:00"], "Asia/Makassar")
    gate, calls = Gate(clock, per_second=1000.0, in_flight=1, windows=windows), Calls()
    assert not gate.is_open_for_work
    with pytest.raises(NotNow) as closed, gate.reserved():
        pass
    assert closed.value.reason == "bkn.window_closed" and (closed.value.retry_after_s or 0) > 86400
    with pytest.raises(NotNow), gate.passage(writes=True):
        pass
    calls.leave(gate)


def test_a_limit_that_is_used_up_turns_writes_and_reads_away_and_says_for_how_long(clock: Clock) -> None:
    limits = Limits(1000.0, per_minute=3)
    gate, calls = Gate(clock, per_second=1.0, in_flight=4, budget=OwnBudget(clock, limits)), Calls()
    for _ in range(3):
        calls.leave(gate)
    for _ in range(2):
        with pytest.raises(NotNow) as spent:
            calls.leave(gate)
        assert spent.value.reason == "bkn.calls_spent" and "calls_per_minute" in str(spent.value)
        assert 55 < (spent.value.retry_after_s or 0) < 65
    assert not gate.is_open_for_work
    assert len(calls.starts) == 3


def test_a_login_counts_as_a_call(clock: Clock) -> None:
    gate = Gate(clock, per_second=1.0, in_flight=1, budget=OwnBudget(clock, Limits(1000.0, per_day=2)))
    gate.count_login()
    Calls().leave(gate)
    with pytest.raises(NotNow, match="calls_per_day"):
        gate.count_login()


# ------------------------------------------------------------------------------------------ slow and failing servers


def test_after_an_outage_calls_come_back_slowly(clock: Clock) -> None:
    gate, calls = opened(clock, per_second=1000.0, in_flight=8), Calls(takes_s=0.01)
    until(lambda: is_open(gate))
    calls.leave(gate)
    assert is_open(gate)
    begun = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(calls.leave, gate) for _ in range(20)]:
            done.result(timeout=20)
    assert calls.in_flight_max == gate.in_flight_limit == 1
    assert time.monotonic() - begun >= 20 * 0.01


def test_one_bad_answer_in_twenty_is_no_outage_however_many_there_are(clock: Clock) -> None:
    """At thousands of calls a second three bad ones come in a row all the time."""
    gate, calls = Gate(clock, per_second=100_000.0, in_flight=16), Calls()
    for number in range(2000):
        calls.leave(gate, down=number % 60 >= 57)
    assert is_open(gate) and gate.in_flight_limit == 16


class Torn:
    """A ledger that does not answer."""

    owner = "alice"

    def ask(self, ask: Ask) -> NotYet:
        raise LedgerDown("the ledger does not answer")

    def close(self, for_s: float, why: str) -> None:
        raise LedgerDown("the ledger does not answer")

    def reopen(self) -> None: ...


def test_while_the_ledger_is_down_nothing_leaves_and_a_write_is_told_so_that_it_counts_as_not_sent(
    clock: Clock,
) -> None:
    gate, calls = Gate(clock, per_second=1.0, in_flight=1, budget=Torn()), Calls()
    with pytest.raises(LedgerDown), gate.reserved():
        pass
    with pytest.raises(LedgerDown):
        calls.leave(gate)
    gate._mine.is_writing = True  # as inside of a reservation that was given before
    with pytest.raises(NotNow):
        calls.leave(gate)
    assert calls.starts == []
