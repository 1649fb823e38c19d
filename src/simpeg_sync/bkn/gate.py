"""Everything that leaves for BKN passes here: the pace, the number in flight, and the pause while BKN is down."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from simpeg_sync.clock import Clock
from simpeg_sync.decide.breaker import Breaker
from simpeg_sync.decide.pace import Pace
from simpeg_sync.domain.errors import BknDown

STOP_LOOK_S = 0.1
"""How often a thread that waits for a slot looks whether the program is stopping."""


class _Mine(threading.local):
    """What the calling thread holds: one slot at most, and perhaps a start that is reserved but not used yet."""

    holds_slot: bool = False
    prepaid: bool = False
    is_probe: bool = False


class Gate:
    """Thread-safe. ``on_change("lost" | "recovered")`` is told once per outage."""

    def __init__(
        self, clock: Clock, *, per_second: float, in_flight: int, on_change: Callable[[str], None] = lambda _: None
    ) -> None:
        self._clock, self._on_change = clock, on_change
        self._lock = threading.Lock()
        self._pace = Pace.starting(per_second, now=clock.monotonic())
        self._breaker = Breaker()
        self._slots = threading.BoundedSemaphore(in_flight)
        self._mine = _Mine()
        self._lost_at = 0.0

    @property
    def is_open_for_work(self) -> bool:
        """False while BKN is down and no probe is due: no lane needs to be claimed."""
        with self._lock:
            now = self._clock.monotonic()
            return not self._breaker.is_open or (now >= self._breaker.closed_until and not self._breaker.probing)

    def lost_for_s(self) -> float:
        """Seconds since BKN was lost; 0 while it answers."""
        with self._lock:
            return self._clock.monotonic() - self._lost_at if self._breaker.is_open else 0.0

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Waits for the pace first; the first call inside leaves at once.

        A write's intent is stored between the wait and the call, so that a power cut during the wait leaves no doubt.
        Raises BknDown while the breaker is open or the program is stopping.
        """
        with self.passage():
            self._mine.prepaid = True
            try:
                yield
            finally:
                if self._mine.prepaid:
                    self._mine.prepaid = False
                    self._cancel()

    @contextmanager
    def passage(self) -> Iterator[None]:
        """Holds one of the slots for a call, which is then reported by the same thread.

        Raises BknDown while the breaker is open or the program is stopping.
        """
        with self._slot():
            if self._mine.prepaid:
                self._mine.prepaid = False
            else:
                self._wait_for_start()
            try:
                yield
            except BaseException:
                self._cancel()
                raise

    def report(self, *, down: bool, retry_after_s: float | None = None, failed_request: int | None = None) -> None:
        """What the call said about BKN as a whole; a refused record is BKN being well.

        ``failed_request``: names a request that met a server error of which nobody knows whose fault it is.
        """
        is_probe, self._mine.is_probe = self._mine.is_probe, False
        with self._lock:
            if failed_request is not None and not (down := self._breaker.is_everybodys(failed_request)):
                changed = ""
            elif down:
                now = self._clock.monotonic()
                begins = self._breaker.failed(now, retry_after_s, is_probe=is_probe)
                changed = "lost" if begins else ""
                self._lost_at = now if begins else self._lost_at
            else:
                changed = "recovered" if self._breaker.succeeded(is_probe=is_probe) else ""
        if changed:
            self._on_change(changed)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """The slot comes before the start: who waits for a slot with a start in hand leaves late, all of them at once."""
        if self._mine.holds_slot:
            yield
            return
        while not self._slots.acquire(timeout=STOP_LOOK_S):
            if self._clock.sleep(0):
                raise BknDown("stopping")
        self._mine.holds_slot = True
        try:
            yield
        finally:
            self._mine.holds_slot = False
            self._slots.release()

    def _wait_for_start(self) -> None:
        with self._lock:
            now = self._clock.monotonic()
            wait = self._breaker.may_start(now)
            if wait is not None:
                raise BknDown("BKN is down; waiting for the next probe", wait)
            self._mine.is_probe = self._breaker.is_open
            starts_in = self._pace.reserve(now) - now
        if self._clock.sleep(starts_in):
            self._cancel()
            raise BknDown("stopping")
        with self._lock:
            # Meanwhile another call may have learned that BKN is down or wants a pause.
            left = self._breaker.closed_until - self._clock.monotonic() if self._breaker.is_open else 0.0
        if left > 0:
            self._cancel()
            raise BknDown("BKN is down; waiting for the next probe", left)

    def _cancel(self) -> None:
        """The call that was about to leave did not; if it was the probe, another may be."""
        if self._mine.is_probe:
            self._mine.is_probe = False
            with self._lock:
                self._breaker.cancelled()
