"""The time, as something that can be handed over: wall clock for the ledger, monotonic for waits and leases."""

import random
import threading
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Clock:
    """Waits end early when `stop` is set; nothing in the daemon sleeps through a SIGTERM."""

    stop: threading.Event = field(default_factory=threading.Event)
    chance: random.Random = field(default_factory=random.Random)

    def now(self) -> float:
        """Unix seconds. May jump; use it for what people read and what must survive a restart."""
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> bool:
        """True when the wait was cut short because the program is stopping."""
        return self.stop.wait(max(0.0, seconds))

    def jitter(self) -> float:
        """In [0, 1)."""
        return self.chance.random()
