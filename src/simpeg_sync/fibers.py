"""Many turns on one thread: each is a fiber, which gives way to the others wherever it would wait.

A turn waits most of its life: for the ledger's disk, for its start, for BKN's answer. A thread that waits costs more than all
that a turn computes; a fiber costs next to nothing. What waits does not need to know where it runs: a `Signal` makes a fiber
give way and a thread sleep. What blocks without a signal, a request or a file, goes `aside`, to a thread of its own.
docs/decisions/0023-fibers.md says why, and what must not be done in a fiber.
"""

import heapq
import itertools
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")


class _Here(threading.local):
    crew: "Crew | None" = None


_here = _Here()


def _crew() -> "Crew | None":
    """Whose fiber this is; None in a thread by itself."""
    crew = _here.crew
    return None if crew is None or getcurrent() is crew.hub else crew


class Signal:
    """Set once, by any thread; waited for by the one fiber or thread that made it."""

    __slots__ = ("_crew", "_fiber", "_is_awaited", "_lock", "is_set")

    def __init__(self) -> None:
        self.is_set = self._is_awaited = False
        self._crew = _crew()
        self._fiber = getcurrent()
        # A bare lock is all that one waiting thread needs; an event or a future costs ten times as much.
        self._lock = threading.Lock()
        if self._crew is None:
            self._lock.acquire()

    def set(self) -> None:
        self.is_set = True
        if self._crew is None:
            self._lock.release()
        else:
            self._crew.wakes.put(self)

    def wait(self) -> None:
        if self._crew is None:
            self._lock.acquire()
        elif not self.is_set:
            self._is_awaited = True
            self._crew.hub.switch()

    def resume(self) -> None:
        """By the fiber's own thread."""
        if self._is_awaited:
            self._is_awaited = False
            self._fiber.switch()


class Guard:
    """A lock that may be held while waiting, as no lock of a thread may be by a fiber: the others of its thread would stop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_held = False
        self._line: deque[Signal] = deque()

    def __enter__(self) -> None:
        with self._lock:
            if not self._is_held:
                self._is_held = True
                return
            mine = Signal()
            self._line.append(mine)
        mine.wait()  # whoever leaves hands it over

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if self._line:
                self._line.popleft().set()
            else:
                self._is_held = False


class Local(Generic[T]):
    """A value for each fiber, and for each thread by itself."""

    _numbers = itertools.count()

    def __init__(self, make: Callable[[], T]) -> None:
        self._make, self._name = make, f"local {next(self._numbers)}"

    def get(self) -> T:
        own = getcurrent().__dict__
        if self._name not in own:
            own[self._name] = self._make()
        value: T = own[self._name]
        return value


def aside(call: Callable[[], T], *, at_once: bool = False) -> T:
    """What the call gives or raises; while it blocks the other fibers go on. ``at_once``: it does not wait for a free thread,
    as a request must not, whose lease was looked at a moment ago; the caller sees to it that there are not too many."""
    crew = _crew()
    return call() if crew is None else crew.aside(call, at_once=at_once)


def pause(seconds: float, sleep: Callable[[float], object]) -> None:
    """``sleep``: how a thread does it. A fiber's pause ends early when its crew is hurried."""
    crew = _crew()
    if crew is None:
        sleep(seconds)
    else:
        crew.sleep(seconds)


class _Job(Signal):
    """A call that is made aside."""

    __slots__ = ("call", "error", "value")

    def __init__(self, call: Callable[[], object]) -> None:
        super().__init__()
        self.call = call
        self.value: object = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.value = self.call()
        except BaseException as error:  # raised where the call was wanted
            self.error = error
        self.set()


class _Hands:
    """Threads for what blocks, made as they are needed. Daemon threads, unlike those of concurrent.futures: a call that hangs
    must not keep the process alive."""

    def __init__(self, name: str, most: float) -> None:
        self._name, self._most = name, most
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._there = self._busy = 0

    def do(self, job: _Job) -> None:
        """Returns when it is done."""
        self._busy += 1
        if self._there < min(self._busy, self._most):
            self._there += 1
            threading.Thread(target=self._lend, name=f"{self._name}-{self._there}", daemon=True).start()
        self._jobs.put(job)
        job.wait()
        self._busy -= 1

    def close(self) -> None:
        for _ in range(self._there):
            self._jobs.put(None)

    def _lend(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()


class Crew:
    """One thread's fibers. Everything but `look`, `hurry` and `begun_at` is for that thread alone."""

    def __init__(self, *, at_once: int, hands: int) -> None:
        """``at_once``: so many fibers at most. ``hands``: threads for what may wait for one of them."""
        self._at_once = at_once
        self._hands, self._callers = _Hands("aside", hands), _Hands("call", math.inf)
        self.hub = getcurrent()
        self.wakes: queue.SimpleQueue[Signal | None] = queue.SimpleQueue()
        """Who may go on; None: to look whether there is something new."""
        self._begun: dict[int, float] = {}
        self._numbers = itertools.count()
        self._sleepers: list[tuple[float, int, Signal]] = []
        self._is_hurried = False

    def run(
        self, next_one: Callable[[], T | None], take: Callable[[T], object], *, is_over: Callable[[], bool]
    ) -> None:
        """Takes one after the other, many at once, until it is over and nothing is under way. Raises what a fiber raises."""
        _here.crew, self.hub = self, getcurrent()
        try:
            while True:
                while len(self._begun) < self._at_once and (item := next_one()) is not None:
                    self._begin(take, item)
                if is_over() and not self._begun:
                    return
                self._go_on()
        finally:
            self._hands.close()
            self._callers.close()
            _here.crew = None

    def look(self) -> None:
        """There may be something new, or it may be over."""
        self.wakes.put(None)

    def hurry(self) -> None:
        """Nobody sleeps any more."""
        self._is_hurried = True
        self.look()

    def begun_at(self) -> float | None:
        """When the oldest fiber that is under way began, in monotonic seconds."""
        return min(list(self._begun.values()), default=None)

    def aside(self, call: Callable[[], T], *, at_once: bool) -> T:
        job = _Job(call)
        (self._callers if at_once else self._hands).do(job)
        if job.error is not None:
            raise job.error
        return job.value  # type: ignore[return-value]  # of the call that was handed in

    def sleep(self, seconds: float) -> None:
        if not self._is_hurried:
            signal = Signal()
            heapq.heappush(self._sleepers, (time.monotonic() + seconds, next(self._numbers), signal))
            signal.wait()

    # ---------------------------------------------------------------------------------------------------------- inside

    def _begin(self, take: Callable[[T], object], item: T) -> None:
        number = next(self._numbers)

        def whole() -> None:
            try:
                take(item)
            finally:
                del self._begun[number]

        self._begun[number] = time.monotonic()
        greenlet(whole).switch()

    def _go_on(self) -> None:
        """Waits for the next wake, and serves it."""
        while self._sleepers and (self._is_hurried or self._sleepers[0][0] <= time.monotonic()):
            heapq.heappop(self._sleepers)[2].set()
        wait_s = self._sleepers[0][0] - time.monotonic() if self._sleepers else None
        try:
            signal = self.wakes.get(timeout=None if wait_s is None else max(0.0, wait_s))
        except queue.Empty:
            return
        if signal is not None:
            signal.resume()
