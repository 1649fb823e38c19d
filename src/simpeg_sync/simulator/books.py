"""The books about the callers: every call with its end, and the gauges (how many at once, how fast, logins).

A call counts as running until its answer begins to leave or its client has hung up: a client that gave up
isn't to blame for the next call.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from .http import Connection
from .store import Store


@dataclass(slots=True, eq=False)
class Call:
    no: int
    method: str
    template: str
    nip: str | None
    is_write: bool
    connection: Connection
    at_start: float
    was_effect: bool = False
    fault: str | None = None
    has_ended: bool = False


@dataclass(slots=True)
class Gauges:
    calls: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    by_path: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    logins: Counter[str] = field(default_factory=Counter)
    logins_refused: Counter[str] = field(default_factory=Counter)
    in_flight_max: int = 0
    writes_per_person_max: int = 0
    # nip -> the most writes of this person at once, for those who ever had more than one.
    overlapping_writes: dict[str, int] = field(default_factory=dict)
    started_per_second_max: int = 0


class Books:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._numbers = itertools.count(store.last_call_no() + 1)
        self._running: set[Call] = set()
        self._writes: dict[str, set[Call]] = {}
        self._starts: deque[float] = deque()
        self._gauges = Gauges()

    def begin(self, method: str, template: str, *, nip: str | None, is_write: bool, connection: Connection) -> Call:
        with self._lock:
            call = Call(next(self._numbers), method, template, nip, is_write, connection, time.time())
            self._gauges.calls += 1
            self._gauges.by_path[f"{method} {template}"] += 1
            self._count_running(call)
            self._count_speed(time.monotonic())
            return call

    def end(self, call: Call, status: int | None) -> None:
        """Only the first end of a call counts."""
        with self._lock:
            if call.has_ended:
                return
            call.has_ended = True
            self._forget(call)
            self._gauges.by_status[str(status) if status else "none"] += 1
            if call.fault:
                self._gauges.faults[call.fault] += 1
        self._store.write_call(
            call.no,
            call.at_start,
            time.time(),
            call.method,
            call.template,
            call.nip,
            status,
            call.fault,
            call.was_effect,
        )

    def count_login(self, kind: str, was_given: bool) -> None:
        with self._lock:
            counter = self._gauges.logins if was_given else self._gauges.logins_refused
            counter[kind] += 1

    def restart(self) -> None:
        with self._lock:
            self._gauges = Gauges()
            self._starts.clear()

    def counts(self) -> dict[str, Any]:
        with self._lock:
            gauges = self._gauges
            counted = {name: _plain(getattr(gauges, name)) for name in gauges.__slots__}
            counted["in_flight"] = len(self._running)
        return {**counted, **self._store.totals()}

    def _count_running(self, call: Call) -> None:
        self._running.add(call)
        if len(self._running) > self._gauges.in_flight_max:
            self._gauges.in_flight_max = max(self._gauges.in_flight_max, _still_there(self._running, call))
        if not (call.is_write and call.nip):
            return
        writes = self._writes.setdefault(call.nip, set())
        writes.add(call)
        at_once = _still_there(writes, call)
        self._gauges.writes_per_person_max = max(self._gauges.writes_per_person_max, at_once)
        if at_once > 1:
            most = self._gauges.overlapping_writes.get(call.nip, 0)
            self._gauges.overlapping_writes[call.nip] = max(most, at_once)

    def _count_speed(self, now: float) -> None:
        self._starts.append(now)
        while self._starts[0] <= now - 1.0:
            self._starts.popleft()
        self._gauges.started_per_second_max = max(self._gauges.started_per_second_max, len(self._starts))

    def _forget(self, call: Call) -> None:
        self._running.discard(call)
        if call.nip and call.nip in self._writes:
            self._writes[call.nip].discard(call)
            if not self._writes[call.nip]:
                del self._writes[call.nip]


def _still_there(calls: set[Call], newest: Call) -> int:
    return sum(call is newest or not call.connection.peer_is_gone() for call in calls)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else value
