"""Where the gate's starts come from: books that may be shared with other processes, or those of this process alone."""

import threading
from typing import Protocol

from simpeg_sync.clock import Clock
from simpeg_sync.decide import budget
from simpeg_sync.decide.budget import Ask, Books, Granted, Limits, NotYet
from simpeg_sync.decide.pace import Given


class Budget(Protocol):
    """Thread-safe. Raises LedgerError where the books are the ledger's."""

    @property
    def owner(self) -> str:
        """Another for every process."""
        ...

    def ask(self, ask: Ask) -> Given | NotYet: ...

    def close(self, for_s: float, why: str) -> None:
        """For everybody; one probe will leave afterwards."""
        ...

    def reopen(self) -> None:
        """The probe was answered."""
        ...


class OwnBudget:
    """Forgotten with the process: for commands and tests without a ledger."""

    owner = "alone"

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock, self._limits = clock, limits
        self._lock, self._books = threading.Lock(), Books(next_start=clock.monotonic() + limits.interval())

    def ask(self, ask: Ask) -> Given | NotYet:
        with self._lock:
            now = self._clock.monotonic()
            self._books, answer = budget.grant(self._books, self._limits, ask, now)
        if isinstance(answer, Granted):
            return Given.of(answer, now=now, asked_at=now, read_at=now)
        return answer

    def close(self, for_s: float, why: str) -> None:
        with self._lock:
            self._books = budget.closed(self._books, self._clock.monotonic(), for_s=for_s, why=why)

    def reopen(self) -> None:
        with self._lock:
            self._books = budget.reopened(self._books, self._clock.monotonic())
