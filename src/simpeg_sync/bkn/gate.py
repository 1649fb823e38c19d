"""Everything that leaves for BKN passes here: the pace, the number in flight, and the pause while BKN is down."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from simpeg_sync.clock import Clock
from simpeg_sync.decide.breaker import Breaker
from simpeg_sync.decide.pace import Pace
from simpeg_sync.domain.errors import BknDown


class _Mine(threading.local):
    """What the calling thread holds: one slot at most, and perhaps a start that is reserved but not used yet."""

    holds_slot: bool = False
    prepaid: bool = False


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
                    with self._lock:
                        self._breaker.cancelled()

    @contextmanager
    def passage(self) -> Iterator[None]:
        """Holds one of the slots for a call. Raises BknDown while the breaker is open or the program is stopping."""
        if self._mine.prepaid:
            self._mine.prepaid = False
            yield
            return
        self._wait_for_start()
        if self._mine.holds_slot:
            yield
            return
        with self._slots:
            self._mine.holds_slot = True
            try:
                yield
            finally:
                self._mine.holds_slot = False

    def report(self, *, down: bool, retry_after_s: float | None = None) -> None:
        """What the call said about BKN as a whole; a refused record is BKN being well."""
        with self._lock:
            if down:
                changed = "lost" if self._breaker.failed(self._clock.monotonic(), retry_after_s) else ""
                self._lost_at = self._clock.monotonic() if changed else self._lost_at
            else:
                changed = "recovered" if self._breaker.succeeded() else ""
        if changed:
            self._on_change(changed)

    def _wait_for_start(self) -> None:
        with self._lock:
            wait = self._breaker.may_start(self._clock.monotonic())
            if wait is not None:
                raise BknDown("BKN is down; waiting for the next probe", wait)
            starts_in = self._pace.reserve(self._clock.monotonic()) - self._clock.monotonic()
        if self._clock.sleep(starts_in):
            with self._lock:
                self._breaker.cancelled()
            raise BknDown("stopping")
