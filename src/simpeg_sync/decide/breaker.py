"""Is BKN up? After a few failures in a row that are BKN's and not a record's, everybody waits and one call probes."""

from collections import deque
from dataclasses import dataclass, field

OPENS_AFTER = 3
PAUSE_MIN_S, PAUSE_MAX_S = 1.0, 60.0
RETRY_AFTER_MAX_S = 3600.0
RECENT_S, RECENT_MAX = 1.0, 48
SHARE = 3
"""Failures in a row are an outage only when there are a third as many as good answers within the last second: at thousands
of calls a second three bad answers in twenty come in a row every other moment."""


@dataclass(slots=True)
class Breaker:
    """Not thread-safe; its owner holds the lock. Times are monotonic seconds."""

    failures: int = 0
    """In a row."""
    is_open: bool = False
    pauses: int = 0
    """Since it opened; each is twice as long as the one before."""
    closed_until: float = 0.0
    """While open: when the next probe may leave."""
    probing: bool = False
    suspects: set[int] = field(default_factory=set)
    """Different requests that met a server error since the last good answer. One record that always fails is one."""
    good: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT_MAX))
    """When the last good answers came."""

    @property
    def is_calm(self) -> bool:
        """A good answer changes nothing."""
        return not (self.failures or self.is_open or self.suspects)

    def may_start(self, now: float) -> float | None:
        """None: go. Else the seconds to wait before asking again."""
        if not self.is_open:
            return None
        if now < self.closed_until:
            return self.closed_until - now
        if self.probing:
            return 0.2
        self.probing = True
        return None

    def succeeded(self, *, is_probe: bool = False) -> bool:
        """True when this success ends an outage. Only the probe's does: other answers are to calls from before it."""
        was_open = self.is_open
        if was_open and not is_probe:
            return False
        self.failures, self.probing, self.is_open, self.pauses = 0, False, False, 0
        self.suspects.clear()
        return was_open

    def failed(self, now: float, retry_after_s: float | None = None, *, is_probe: bool = False) -> bool:
        """True when this failure begins an outage."""
        was_open = self.is_open
        if was_open and not is_probe and retry_after_s is None and now < self.closed_until:
            return False  # of the crowd that failed together; only what fails later makes the pause longer
        self.probing = self.probing and not is_probe
        self.failures += 1
        self.is_open = was_open or retry_after_s is not None or self._is_outage(now)
        if self.is_open:
            pause = min(PAUSE_MAX_S, PAUSE_MIN_S * 2 ** min(self.pauses, 10))
            self.pauses += 1
            self.closed_until = now + max(pause, min(retry_after_s or 0.0, RETRY_AFTER_MAX_S))
        return self.is_open and not was_open

    def heard(self, now: float, wait_s: float) -> bool:
        """Another process found BKN down. True when that is news."""
        was_open, self.is_open = self.is_open, True
        self.closed_until = max(self.closed_until, now + wait_s) if was_open else now + wait_s
        return not was_open

    def is_everybodys(self, request: int) -> bool:
        """Whether server errors have come to so many different requests that it is BKN and not a record."""
        self.suspects.add(request)
        return len(self.suspects) >= OPENS_AFTER

    def cancelled(self) -> None:
        """A probe that never left."""
        self.probing = False

    def _is_outage(self, now: float) -> bool:
        recent = sum(at > now - RECENT_S for at in tuple(self.good))
        return self.failures >= OPENS_AFTER and self.failures * SHARE >= recent
