"""Everything that leaves for BKN passes here: the hours, the pause while BKN is down, the pace, and the number in flight.

A call leaves when a start is due and a place in flight is free, in the order of arrival; both are taken at that moment, so
that nobody waits for one while holding the other. A write is let in a moment before, so that its intent can be stored. Who
cannot leave at once stands in a line, in which only the first one looks and the others sleep until it has gone.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from simpeg_sync import logs
from simpeg_sync.bkn.budget import Budget, OwnBudget
from simpeg_sync.clock import Clock
from simpeg_sync.decide.breaker import Breaker
from simpeg_sync.decide.budget import RAMP_FROM, Ask, Limits, NotYet
from simpeg_sync.decide.flow import Flow
from simpeg_sync.decide.pace import Given, Starts
from simpeg_sync.decide.windows import Windows
from simpeg_sync.domain.errors import LedgerError, NotNow
from simpeg_sync.fibers import Local, Signal, pause

LOOK_S = 1.0
"""The longest sleep of whoever waits for a start: meanwhile BKN may have gone down."""
LET_IN_S = 0.02
"""So long before its start a write may store its intent."""
LET_IN_TIMES = 4
"""Writes that may have stored their intent and not left yet, for each place in flight."""
PATIENCE_S = 2.0
"""So long a thread waits for a limit that is used up; for longer the record is put back."""
USELESS_MAX = 8
"""Grants in a row that came too late to be used, before a ledger counts as too slow."""
LEAD_MAX_S = 2.0
ASK = -1.0

NO_LIMIT = float("inf")


@dataclass(slots=True)
class _Mine:
    """What the caller, a fiber or a thread, has in its hands."""

    is_probe: bool = False
    is_let_in: bool = False
    """Counts among the writes that have not left yet."""
    is_writing: bool = False
    leaves_before: Callable[[], float] | None = None


class _Waiter:
    """Sleeps without a look at the clock until it is woken."""

    __slots__ = ("_signal",)

    def __init__(self) -> None:
        self._signal = Signal()

    def sleep(self) -> None:
        """Whoever wakes up looks at once: a wake before the next signal is made has nothing to say that it does not see."""
        self._signal.wait()
        self._signal = Signal()

    def wake(self) -> None:
        """By holders of the gate's lock only."""
        if not self._signal.is_set:
            self._signal.set()


Line = deque[_Waiter]


class Gate:
    """Thread-safe. ``on_change("lost" | "recovered")`` is told once per outage."""

    def __init__(
        self,
        clock: Clock,
        *,
        per_second: float,
        in_flight: int,
        budget: Budget | None = None,
        windows: Windows | None = None,
        probe_s: float = 60.0,
        on_change: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``budget``: brings its own limits. ``probe_s``: how long a probe may take, all its waiting included."""
        self._clock, self._windows, self._probe_s, self._on_change = clock, windows, probe_s, on_change
        self._budget = budget or OwnBudget(clock, Limits(per_second))
        self._lock = threading.Lock()
        self._breaker, self._flow, self._starts = Breaker(), Flow(in_flight), Starts()
        self._share = 1.0
        self._in_flight = self._let_in = 0
        self._door, self._hall = Line(), Line()
        self._own = Local(_Mine)
        self._lost_at = 0.0
        self._spent_until, self._spent = 0.0, ""
        self._is_asking, self._lead_s, self._useless = False, 0.0, 0
        self._outages = 0
        """Raised with every pause: what was granted before is worth nothing."""
        self._outage_is_shared = False
        self._watcher: threading.Thread | None = None

    @property
    def _mine(self) -> _Mine:
        return self._own.get()

    # ------------------------------------------------------------------------------------------------------- looking

    @property
    def is_open_for_work(self) -> bool:
        """False while nothing could leave, and no probe is due: no lane needs to be claimed."""
        with self._lock:
            now = self._clock.monotonic()
            if now < self._spent_until or (self._windows is not None and self._windows.opens_in(self._clock.now())):
                return False
            return not self._breaker.is_open or (now >= self._breaker.closed_until and not self._breaker.probing)

    def lost_for_s(self) -> float:
        """Seconds since BKN was lost; 0 while it answers."""
        with self._lock:
            return self._clock.monotonic() - self._lost_at if self._breaker.is_open else 0.0

    @property
    def in_flight_limit(self) -> int:
        """Calls that may be under way now: what latency and errors leave of the setting."""
        return min(self._flow.limit, max(1, round(self._flow.most * self._share)))

    # ------------------------------------------------------------------------------------------------------- leaving

    def reserved(self, *, leaves_before: Callable[[], float] | None = None) -> "Reservation":
        """Waits until a write could leave, without a place in flight; the calls inside leave in a moment.

        A write's intent is stored between the wait and the call, so that a power cut during the wait leaves no doubt.
        ``leaves_before``: gives the monotonic seconds after which the calls inside do not leave any more; asked as they are
        about to, since a lease may be made longer meanwhile.
        Entering it raises BknDown while the breaker is open, the hours are over or the program is stopping; LedgerError.
        """
        return Reservation(self, leaves_before)

    def passage(self, kind: str = "", *, writes: bool = False) -> "Passage":
        """A place in flight for one call, which is then reported by the same thread.

        ``kind``: of calls that take about the same time. ``writes``: keeps the hours. Entering it raises BknDown while the
        breaker is open or the program is stopping.
        """
        return Passage(self, kind, writes)

    def count_login(self) -> None:
        """A login has a start too, and is a probe like any other call; no place, since a call with one may need it."""
        with self._lock:
            self._stand_in(self._door, lambda now: self._take_start(now, writes=False))
            self._wake_all()

    def report(self, *, down: bool, retry_after_s: float | None = None, failed_request: int | None = None) -> None:
        """What the call said about BKN as a whole; a refused record is BKN being well.

        ``failed_request``: names a request that met a server error of which nobody knows whose fault it is.
        """
        mine = self._mine
        if not down and failed_request is None and not mine.is_probe and self._breaker.is_calm:
            self._breaker.good.append(self._clock.monotonic())
            return
        is_probe, mine.is_probe = mine.is_probe, False
        closes_for, changed = 0.0, ""
        if is_probe and not down and failed_request is None:
            self._tell(self._budget.reopen)  # before others here go on, or their next start would count as a probe
            self._outage_is_shared = False
        with self._lock:
            now = self._clock.monotonic()
            if failed_request is not None and not (down := self._breaker.is_everybodys(failed_request) or is_probe):
                return
            if down:
                self._flow.failed()
                before = self._breaker.closed_until if self._breaker.is_open else 0.0
                begins = self._breaker.failed(now, retry_after_s, is_probe=is_probe)
                changed = "lost" if begins else ""
                if self._breaker.is_open and self._breaker.closed_until > before:
                    closes_for = self._breaker.closed_until - now
                    self._shut(now, begins=begins)
            else:
                self._breaker.good.append(now)
                changed = "recovered" if self._breaker.succeeded(is_probe=is_probe) else ""
                self._share = RAMP_FROM if changed else self._share
        if closes_for:
            self._tell(lambda: self._budget.close(closes_for, "throttled" if retry_after_s is not None else "down"))
        if changed:
            self._on_change(changed)

    def cancel(self) -> None:
        """The thread had a call in mind and will not make it."""
        if self._mine.is_probe:
            with self._lock:
                self._cancel()

    # ------------------------------------------------------------------------------------- below: under the lock only

    def _leave(self, writes: bool) -> None:
        """The moment of leaving."""
        mine = self._mine

        def take_place(now: float) -> float | None:
            if mine.leaves_before is not None and now > mine.leaves_before():
                raise NotNow("worker.lease_over", "the worker's time for this person is over; nothing was sent")
            wait = self._may_go(now, writes)
            if wait > 0:
                return wait
            if self._in_flight >= (self._flow.most if mine.is_probe else self.in_flight_limit):
                return None
            return self._take_start(now, writes)

        self._stand_in(self._door, take_place)
        self._in_flight += 1
        if mine.is_let_in:
            mine.is_let_in = False
            self._let_in -= 1
        if self._door and self._in_flight < self.in_flight_limit:
            self._door[0].wake()
        if self._hall:
            self._hall[0].wake()

    def _may_be_let_in(self, now: float) -> float | None:
        wait = self._may_go(now, writes=True)
        if wait > 0:
            return wait
        if self._let_in >= LET_IN_TIMES * self.in_flight_limit and not self._mine.is_probe:
            return None
        at = self._starts.next_at(now, ahead=self._let_in + len(self._door))
        if at is None:
            return None if self._is_asking or len(self._starts.blocks) > 1 else ASK
        return max(0.0, at - now - LET_IN_S)

    def _take_start(self, now: float, writes: bool) -> float | None:
        wait = self._may_go(now, writes)
        if wait > 0:
            return wait
        at = self._starts.take(now)
        if at is None:
            return None if self._is_asking else ASK
        return max(0.0, at - now)

    def _may_go(self, now: float, writes: bool) -> float:
        """Seconds to wait for a limit that is used up for a moment; 0: go. Raises BknDown for whatever takes longer."""
        mine = self._mine
        if not mine.is_probe:
            wait = self._breaker.may_start(now)
            if wait is not None:
                raise NotNow("bkn.down", "BKN is down; waiting for the next probe", wait)
            mine.is_probe = self._breaker.is_open
        elif now < self._breaker.closed_until and self._breaker.is_open:
            # Meanwhile another call has learned that BKN wants a longer pause.
            left = self._breaker.closed_until - now
            self._cancel()
            raise NotNow("bkn.down", "BKN is down; waiting for the next probe", left)
        if writes and self._windows is not None and (opens_in := self._windows.opens_in(self._clock.now())):
            raise NotNow("bkn.window_closed", "nothing is written at this hour (bkn.windows)", opens_in)
        if (spent_for := self._spent_until - now) > PATIENCE_S:
            raise NotNow("bkn.calls_spent", f"bkn.{self._spent} is used up", spent_for)
        return max(0.0, spent_for)

    def _stand_in(self, line: Line, ready: Callable[[float], float | None]) -> None:
        """Until it is our turn and ``ready`` says 0: seconds until it may be, None until somebody wakes us, or ASK.

        Holds the lock when called and when it returns, not while it waits. The caller wakes who is next.
        """
        me: _Waiter | None = None
        try:
            while True:
                if self._clock.stop.is_set():
                    raise NotNow("bkn.down", "stopping")
                wait: float | None = None
                if not line or line[0] is me:
                    wait = ready(self._clock.monotonic())
                    if wait == 0.0:
                        return
                if me is None:
                    me = _Waiter()
                    line.append(me)
                self._wait(me, wait)
        except BaseException:
            self._cancel()
            if me is not None:
                line.remove(me)
                me = None
            self._wake_all()
            raise
        finally:
            if me is not None:
                line.remove(me)

    def _wait(self, me: _Waiter, wait: float | None) -> None:
        if wait is None and self._watcher is None:
            self._watcher = threading.Thread(target=self._wake_at_stop, name="gate-stop", daemon=True)
            self._watcher.start()
        if wait == ASK:
            self._is_asking = True
        self._lock.release()
        try:
            if wait is None:
                me.sleep()
            elif wait == ASK:
                self._ask(is_leaving=True)
            else:
                pause(min(wait, LOOK_S), self._clock.sleep)
        finally:
            self._lock.acquire()

    def _arrived(self, kind: str, left_at: float) -> bool:
        """True when it is time to ask for more starts."""
        now = self._clock.monotonic()
        self._in_flight -= 1
        self._flow.answered(now, kind, now - left_at)
        if self._door:
            self._door[0].wake()
        if self._is_asking or self._breaker.is_open or now < self._spent_until or not self._starts.is_low(now):
            return False
        self._is_asking = bool(self._door or self._hall or self._starts.blocks)
        return self._is_asking

    def _cancel(self) -> None:
        """The call that was about to leave did not; if it was the probe, another may be."""
        if self._mine.is_probe:
            self._mine.is_probe = False
            self._breaker.cancelled()

    def _shut(self, now: float, *, begins: bool) -> None:
        self._outages += 1
        self._starts.drop()
        self._lost_at = now if begins else self._lost_at
        self._wake_all()

    def _wake_all(self) -> None:
        for line in (self._door, self._hall):
            if line:
                line[0].wake()

    # -------------------------------------------------------------------------------------- below: without the lock

    def _wake_at_stop(self) -> None:
        """Who sleeps cannot look whether the program is stopping: one thread waits for that, for all of them."""
        self._clock.stop.wait()
        with self._lock:
            for waiter in (*self._door, *self._hall):
                waiter.wake()

    def _ask(self, *, is_leaving: bool) -> None:
        """For more starts. ``is_leaving``: the thread waits for one, and would be the probe."""
        with self._lock:
            outages, waiting = self._outages, len(self._door) + len(self._hall)
            ask = Ask(
                self._budget.owner,
                wanted=self._starts.wanted(waiting),
                lead_s=self._lead_s,
                unused=self._starts.take_unused(),
                in_flight=self.in_flight_limit,
                probe_s=self._probe_s,
            )
        asked_at = self._clock.monotonic()
        try:
            answer = self._budget.ask(ask)
        except BaseException as error:
            with self._lock:
                self._is_asking = False
                self._starts.unused.extend(ask.unused)
                self._wake_all()
            if is_leaving or not isinstance(error, LedgerError):
                raise
            return  # whoever needs the next start asks again, and is told
        with self._lock:
            self._is_asking = False
            if isinstance(answer, NotYet):
                changed = self._take_no(answer)
            else:
                changed = self._take_grant(answer, asked_at, outages, is_leaving=is_leaving)
            is_too_slow = self._useless > USELESS_MAX
            self._wake_all()
        if is_too_slow and is_leaving:
            raise NotNow("bkn.down", "the ledger gives out calls too slowly", LEAD_MAX_S)
        if changed:
            self._on_change(changed)

    def _take_no(self, answer: NotYet) -> str:
        now = self._clock.monotonic()
        if answer.why not in ("paused", "probing"):
            self._spent_until, self._spent = now + answer.wait_s, answer.why
            return ""
        # Another process has found BKN down, or is looking just now whether it is back.
        self._outage_is_shared = True
        begins = self._breaker.heard(now, answer.wait_s)
        self._shut(now, begins=begins)
        return "lost" if begins else ""

    def _take_grant(self, given: Given, asked_at: float, outages: int, *, is_leaving: bool) -> str:
        now, changed, mine = self._clock.monotonic(), "", self._mine
        self._share = given.share
        self._starts.add(given.block)
        if outages != self._outages or (given.is_probe and not is_leaving):
            self._starts.drop()
            return ""
        if given.is_probe and not mine.is_probe:
            changed = "lost" if self._breaker.heard(now, 0.0) else ""
            self._lost_at = now if changed else self._lost_at
            self._breaker.probing = mine.is_probe = self._outage_is_shared = True
        elif not given.is_probe and mine.is_probe and self._outage_is_shared:
            # Another process's probe was answered.
            mine.is_probe = self._outage_is_shared = False
            changed = "recovered" if self._breaker.succeeded(is_probe=True) else ""
        if self._starts.next_at(now) is None:
            self._useless += 1
            self._lead_s = min(LEAD_MAX_S, max(0.02, 2 * (now - asked_at), 2 * self._lead_s))
        else:
            self._useless, self._lead_s = 0, self._lead_s / 2
        return changed

    def _tell(self, call: Callable[[], None]) -> None:
        """The outcome of the call that was answered matters more than that others hear of it."""
        try:
            call()
            self._outage_is_shared = True
        except LedgerError as error:
            self._outage_is_shared = False
            logs.get().warning("bkn.pause_not_shared", problem=str(error))


class Reservation:
    """A write's way to its call, with time for the intent. Entered once."""

    __slots__ = ("_gate", "_leaves_before")

    def __init__(self, gate: Gate, leaves_before: Callable[[], float] | None) -> None:
        self._gate, self._leaves_before = gate, leaves_before

    def __enter__(self) -> None:
        gate = self._gate
        mine = gate._mine
        with gate._lock:
            gate._stand_in(gate._hall, gate._may_be_let_in)
            gate._let_in += 1
            if gate._hall:
                gate._hall[0].wake()
        mine.is_let_in = mine.is_writing = True
        mine.leaves_before = self._leaves_before

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        gate = self._gate
        mine = gate._mine
        mine.leaves_before, mine.is_writing = None, False
        if mine.is_let_in or mine.is_probe:
            with gate._lock:
                gate._let_in -= mine.is_let_in
                mine.is_let_in = False
                gate._cancel()
                gate._wake_all()


class Passage:
    """One call's way through the gate. Entered once."""

    __slots__ = ("_gate", "_kind", "_left_at", "_writes")

    def __init__(self, gate: Gate, kind: str, writes: bool) -> None:
        self._gate, self._kind, self._writes = gate, kind, writes
        self._left_at = 0.0

    def __enter__(self) -> None:
        gate = self._gate
        with gate._lock:
            try:
                gate._leave(self._writes)
            except LedgerError as error:
                if not gate._mine.is_writing:
                    raise
                # Its intent is stored; that it did not leave must be said in a way that the pipeline understands.
                raise NotNow("bkn.down", f"no call may leave: {error}") from None
        self._left_at = gate._clock.monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        gate = self._gate
        with gate._lock:
            if error is not None:
                gate._cancel()
            asks = gate._arrived(self._kind, self._left_at)
        if asks:
            gate._ask(is_leaving=False)
