"""How one thread tells another that there is work, so that nobody has to look again and again."""

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class Wake:
    """Remembers one call, also one that comes while nobody waits. Looks for work belong behind a ``wait``: then a call that
    comes during the look ends the next wait. For one waiting thread; of several, one may sleep on."""

    stop: threading.Event
    """Once set, every wait ends at once. Whoever sets it calls ``set`` for those who wait already."""
    _called: threading.Event = field(default_factory=threading.Event)

    def set(self) -> None:
        self._called.set()

    def wait(self, seconds: float) -> bool:
        """True when it was called, False when it was only the time."""
        if self.stop.is_set():
            return True
        called = self._called.wait(max(0.0, seconds))
        self._called.clear()
        return called
