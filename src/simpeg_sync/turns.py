"""How many people are dealt with at once: turns that were claimed, wait for their beginning, are under way, or are done.

More turns are under way than calls may be, since most of a turn's time is waiting for the ledger. No more are claimed than
will soon begin: what lies ready here would come before a fresh edit, and grows old.
"""

import threading
from collections import deque
from collections.abc import Sequence

from simpeg_sync.ports import Claim
from simpeg_sync.turn import Turn

TURNS_PER_CALL, TURNS_MIN, TURNS_MAX = 6, 4, 128
SOON_S = 0.25
"""So much work is claimed ahead, by what was done in as much time before."""


class Turns:
    """Thread-safe."""

    def __init__(self, calls_in_flight: int) -> None:
        self.at_once = max(TURNS_MIN, min(TURNS_MAX, TURNS_PER_CALL * calls_in_flight))
        """So many are under way at most."""
        self._least, self._most = calls_in_flight, 3 * self.at_once
        self._lock = threading.Lock()
        self._waiting: deque[Turn] = deque()
        self._outstanding = 0
        """Claimed, and not done."""
        self._done: list[Claim] = []
        self._done_at: deque[float] = deque()
        self.is_closed = False

    def room(self, now: float) -> int:
        """How many more lanes to claim now. No call that may be under way lacks a person; beyond that 0 while enough are at
        hand, since claiming many at once costs less."""
        with self._lock:
            while self._done_at and self._done_at[0] < now - SOON_S:
                self._done_at.popleft()
            wanted = max(self._least, min(self._most, 2 * len(self._done_at)))
            is_short = self._outstanding < self._least or self._outstanding <= wanted // 2
            return wanted - self._outstanding if is_short else 0

    def deal(self, turns: Sequence[Turn]) -> None:
        with self._lock:
            self._outstanding += len(turns)
            self._waiting.extend(turns)

    def take(self) -> Turn | None:
        """The next turn; None while there is none, and when there will be no more."""
        with self._lock:
            return self._waiting.popleft() if self._waiting and not self.is_closed else None

    def done(self, turn: Turn, now: float) -> bool:
        """Its lane waits for being given back. True when the dealer has something to do."""
        with self._lock:
            self._outstanding -= 1
            self._done.append(turn.claim)
            self._done_at.append(now)
            return self._outstanding < self._least or len(self._done) >= self._least

    def failed(self) -> None:
        """A turn ended early; whoever took it gives the lane back."""
        with self._lock:
            self._outstanding -= 1

    def to_release(self) -> list[Claim]:
        with self._lock:
            done, self._done = self._done, []
            return done

    def close(self) -> list[Claim]:
        """Nothing more is taken. Gives what nobody has taken."""
        with self._lock:
            self.is_closed = True
            untaken = [turn.claim for turn in self._waiting]
            self._waiting.clear()
            return untaken
