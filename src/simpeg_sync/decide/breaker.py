"""Is BKN up? After a few failures in a row that are BKN's and not a record's, everybody waits and one call probes."""

from dataclasses import dataclass, field

OPENS_AFTER = 3
PAUSE_MIN_S, PAUSE_MAX_S = 1.0, 60.0


@dataclass(slots=True)
class Breaker:
    """Not thread-safe; its owner holds the lock. Times are monotonic seconds."""

    failures: int = 0
    closed_until: float = 0.0
    """While open: when the next probe may leave."""
    probing: bool = False
    suspects: set[int] = field(default_factory=set)
    """Different requests that met a server error since the last good answer. One record that always fails is one."""

    @property
    def is_open(self) -> bool:
        return self.failures >= OPENS_AFTER

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
        self.failures, self.probing = 0, False
        self.suspects.clear()
        return was_open

    def failed(self, now: float, retry_after_s: float | None = None, *, is_probe: bool = False) -> bool:
        """True when this failure begins an outage."""
        was_open = self.is_open
        if was_open and not is_probe and retry_after_s is None and now < self.closed_until:
            return False  # of the crowd that failed together; only what fails later makes the pause longer
        self.probing = self.probing and not is_probe
        self.failures += 1
        if retry_after_s is not None:
            self.failures = max(self.failures, OPENS_AFTER)
        if self.is_open:
            pause = min(PAUSE_MAX_S, PAUSE_MIN_S * 2 ** min(self.failures - OPENS_AFTER, 10))
            self.closed_until = now + max(pause, min(retry_after_s or 0.0, 3600.0))
        return self.is_open and not was_open

    def is_everybodys(self, request: int) -> bool:
        """Whether server errors have come to so many different requests that it is BKN and not a record."""
        self.suspects.add(request)
        return len(self.suspects) >= OPENS_AFTER

    def cancelled(self) -> None:
        """A probe that never left."""
        self.probing = False
