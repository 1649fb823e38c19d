"""How fast? Evenly spaced starts, so that no window of any length ever holds more than its share."""

from dataclasses import dataclass


@dataclass(slots=True)
class Pace:
    """A reservation book of call starts. Not thread-safe; its owner holds the lock.

    The first call after a start waits one interval too: what the previous process sent a moment ago still counts.
    """

    per_second: float
    next_start: float

    @classmethod
    def starting(cls, per_second: float, *, now: float) -> "Pace":
        return cls(per_second, now + 1.0 / per_second)

    def reserve(self, now: float) -> float:
        """The time at which the caller may start its call."""
        start = max(now, self.next_start)
        self.next_start = start + 1.0 / self.per_second
        return start
