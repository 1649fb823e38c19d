"""May a call start, and when? The books of one BKN account, which all processes on one ledger share and restarts find again.

Starts lie on a line with an even distance. A process is granted a block of them ahead, and lets each be used up to
`Limits.late_s` after its time, so that a thread that wakes late loses nothing; the distance is longer by as much, so that
no second, wherever it begins, holds more than its share. Minutes and days are counted in buckets that are charged with
the grant: what a crash loses stays charged. A bucket counts until no call charged to it can lie in the window any more.
Times are seconds of the books' own clock, which `ledger/budget.py` chooses.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

LATE_S, LATE_FAST_S = 0.05, 0.2
FAST = 100.0
"""From so many calls a second on, blocks may be used longer: fewer looks into the books for a little of the rate."""
BLOCK_S = 0.5
"""The longest stretch of starts in one grant."""
AHEAD_S = 30.0
"""Starts lie at most so far ahead; what is further was granted before a clock was set back."""
PAUSE_MAX_S = 3600.0
RAMP_S, RAMP_FROM = 20.0, 0.1
"""After an outage the rate grows from this part of it to the whole, in this time."""
PROBING_S = 1.0
"""How often a process that waits for another one's probe asks again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """A fraction of a call counts as one: 1.5 a second are at most 2 in any one second."""

    per_second: float
    per_minute: int | None = None
    per_day: int | None = None

    @property
    def late_s(self) -> float:
        return LATE_S if self.per_second < FAST else LATE_FAST_S

    def interval(self, share: float = 1.0) -> float:
        return (1.0 + self.late_s) / (self.per_second * share)


@dataclass(frozen=True, slots=True)
class Window:
    name: str
    """As the setting is called."""
    length_s: float
    bucket_s: float

    def bucket(self, at: float) -> int:
        return int(at // self.bucket_s)

    def end(self, bucket: int) -> float:
        """From when on no call charged to the bucket can be in the window: they leave up to a block later."""
        return (bucket + 1) * self.bucket_s + BLOCK_S + LATE_FAST_S + self.length_s

    def used(self, buckets: Mapping[int, int], at: float) -> int:
        return sum(count for bucket, count in buckets.items() if self.end(bucket) > at)

    def free_at(self, buckets: Mapping[int, int], limit: int, at: float) -> float:
        """The first time from ``at`` on at which one more call fits."""
        used = self.used(buckets, at)
        for bucket in sorted(buckets):
            if used < limit:
                break
            if self.end(bucket) > at:
                used, at = used - buckets[bucket], self.end(bucket)
        return at


MINUTE, DAY = Window("calls_per_minute", 60.0, 1.0), Window("calls_per_day", 86400.0, 300.0)


@dataclass(frozen=True, slots=True)
class Books:
    next_start: float | None = None
    """None: nothing is known, and what another process sent a moment ago still counts."""
    minute: Mapping[int, int] = field(default_factory=dict)
    day: Mapping[int, int] = field(default_factory=dict)
    closed_until: float = 0.0
    why: str = ""
    """Of the pause, for people."""
    is_out: bool = False
    """An outage goes on until a probe is answered."""
    probe_by: str = ""
    probe_until: float = 0.0
    reopened_at: float | None = None
    in_flight: int = 0
    """As the process that asked last allows itself; for people."""

    def share(self, now: float) -> float:
        """The part of the rate that may be used, in (0, 1]: all of it but shortly after an outage."""
        if self.reopened_at is None:
            return 1.0
        return min(1.0, RAMP_FROM + (1.0 - RAMP_FROM) * max(0.0, now - self.reopened_at) / RAMP_S)


@dataclass(frozen=True, slots=True)
class Granted:
    start: float
    count: int
    interval: float
    late_s: float
    share: float
    is_probe: bool = False
    """The one call that looks whether BKN is back."""


@dataclass(frozen=True, slots=True)
class NotYet:
    wait_s: float
    why: str
    """The name of the limit that is used up, ``paused`` or ``probing``."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a process wants of the books."""

    owner: str
    wanted: int = 1
    lead_s: float = 0.0
    """How long the answer takes to come, where that is long."""
    unused: tuple[tuple[float, int], ...] = ()
    """What it was granted before and did not use: the start of the block, and how many."""
    in_flight: int = 0
    probe_s: float = 60.0
    """How long a probe of it may take at most."""


def grant(books: Books, limits: Limits, ask: Ask, now: float) -> tuple[Books, Granted | NotYet]:
    books = _given_back(_sane(books, limits, ask, now), ask.unused)
    books = replace(books, in_flight=ask.in_flight)
    if now < books.closed_until:
        return books, NotYet(books.closed_until - now, "paused")
    if books.is_out and now < books.probe_until and books.probe_by != ask.owner:
        return books, NotYet(min(books.probe_until - now, PROBING_S), "probing")
    share = books.share(now)
    interval = limits.interval(share)
    start = max(now + ask.lead_s, now + interval if books.next_start is None else books.next_start)
    count = 1 if books.is_out else max(1, min(ask.wanted, int(BLOCK_S / interval)))
    for window, limit, buckets in counted(books, limits):
        free = limit - window.used(buckets, start)
        if free <= 0:
            return books, NotYet(window.free_at(buckets, limit, start) - now, window.name)
        # Near the end in small steps, so that no process takes what another would use.
        count = min(count, max(1, free // 4))
    after = replace(
        books,
        next_start=start + count * interval,
        minute=_charged(books.minute, MINUTE.bucket(start), count),
        day=_charged(books.day, DAY.bucket(start), count),
    )
    if books.is_out:
        after = replace(after, probe_by=ask.owner, probe_until=now + ask.probe_s)
    return after, Granted(start, count, interval, limits.late_s, share, is_probe=books.is_out)


def closed(books: Books, now: float, *, for_s: float, why: str) -> Books:
    """An outage, or a pause that BKN asks for; all that is left of a longer one stays."""
    until = max(books.closed_until if books.is_out else 0.0, now + min(for_s, PAUSE_MAX_S))
    return replace(books, is_out=True, closed_until=until, why=why, probe_by="", probe_until=0.0)


def reopened(books: Books, now: float) -> Books:
    return replace(books, is_out=False, closed_until=0.0, why="", probe_by="", probe_until=0.0, reopened_at=now)


def counted(books: Books, limits: Limits) -> Iterable[tuple[Window, int, Mapping[int, int]]]:
    """The windows that have a limit."""
    if limits.per_minute is not None:
        yield MINUTE, limits.per_minute, books.minute
    if limits.per_day is not None:
        yield DAY, limits.per_day, books.day


def _sane(books: Books, limits: Limits, ask: Ask, now: float) -> Books:
    """A clock that was set back must not make anybody wait for the time that was."""
    latest = now + AHEAD_S + 2 * limits.interval(books.share(now))
    return replace(
        books,
        next_start=None if books.next_start is None else min(books.next_start, latest),
        minute=_counting(MINUTE, books.minute, now, latest),
        day=_counting(DAY, books.day, now, latest),
        closed_until=min(books.closed_until, now + PAUSE_MAX_S),
        probe_until=min(books.probe_until, now + max(ask.probe_s, PROBING_S)),
        reopened_at=None if books.reopened_at is None or books.share(now) == 1.0 else min(books.reopened_at, now),
    )


def _counting(window: Window, buckets: Mapping[int, int], now: float, latest: float) -> Mapping[int, int]:
    kept: dict[int, int] = {}
    for bucket, count in buckets.items():
        if window.end(bucket) > now and count > 0:
            place = min(bucket, window.bucket(latest))
            kept[place] = kept.get(place, 0) + count
    return kept


def _charged(buckets: Mapping[int, int], bucket: int, count: int) -> Mapping[int, int]:
    return {**buckets, bucket: buckets.get(bucket, 0) + count}


def _given_back(books: Books, unused: Iterable[tuple[float, int]]) -> Books:
    minute, day = dict(books.minute), dict(books.day)
    for start, count in unused:
        for window, buckets in ((MINUTE, minute), (DAY, day)):
            bucket = window.bucket(start)
            if bucket in buckets:
                buckets[bucket] = max(0, buckets[bucket] - count)
    return replace(books, minute=minute, day=day)
