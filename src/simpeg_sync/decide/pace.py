"""When may this process's next call leave? Out of the starts that it was granted, by its own steady clock.

Not thread-safe; the gate holds the lock. A start that nobody used in time is gone; what it was charged goes back with the
next grant.
"""

import math
from collections import deque
from dataclasses import dataclass, field

from simpeg_sync.decide.budget import Granted


@dataclass(slots=True)
class Block:
    """Granted starts with an even distance. Times are monotonic seconds of this process."""

    first: float
    interval: float
    count: int
    late_s: float
    """How long after its time a start may be used."""
    charged_at: float
    """The first start by the clock of the books."""
    gone: int = 0
    """Starts used or missed; the next one has this number."""
    left: int = 0
    """Calls that left."""

    @property
    def end(self) -> float:
        return self.first + (self.count - 1) * self.interval + self.late_s

    def skip_missed(self, now: float) -> None:
        missed = math.ceil((now - self.late_s - self.first) / self.interval)
        if missed > self.gone:
            self.gone = min(missed, self.count)


@dataclass(frozen=True, slots=True)
class Given:
    """A grant, in this process's time."""

    block: Block
    share: float
    is_probe: bool

    @classmethod
    def of(cls, granted: Granted, *, now: float, asked_at: float, read_at: float) -> "Given":
        """``now``: by the clock of the books, which was read between two moments of ours. What is not known between them
        is taken off both ends of every start."""
        first = read_at + granted.start - now
        late_s = max(0.0, granted.late_s - (read_at - asked_at))
        block = Block(first, granted.interval, granted.count, late_s, granted.start)
        return cls(block, granted.share, granted.is_probe)


@dataclass(slots=True)
class Starts:
    blocks: deque[Block] = field(default_factory=deque)
    unused: list[tuple[float, int]] = field(default_factory=list)
    """To be given back: start of the block by the clock of the books, and how many."""
    used_last: int = 0
    """Calls of the block before: the guess for the next."""

    def take(self, now: float) -> float | None:
        """Takes the next start if its time has come: an answer that is not later than ``now``. Otherwise its time, or None
        when none is in hand."""
        at = self.next_at(now)
        if at is not None and at <= now:
            self.blocks[0].gone += 1
            self.blocks[0].left += 1
        return at

    def next_at(self, now: float, *, ahead: int = 0) -> float | None:
        """The time of the next start, of which ``ahead`` others have a claim before; None when none is in hand."""
        while self.blocks:
            block = self.blocks[0]
            if now > block.first + block.gone * block.interval + block.late_s:
                block.skip_missed(now)
            if block.gone < block.count:
                break
            self._finish(self.blocks.popleft())
        for block in self.blocks:
            if block.gone + ahead < block.count:
                return block.first + (block.gone + ahead) * block.interval
            ahead -= block.count - block.gone
        return None

    def is_low(self, now: float) -> bool:
        """Time to ask for more, while there is still something in hand."""
        if len(self.blocks) != 1:
            return not self.blocks
        block = self.blocks[0]
        is_short = (block.count - block.gone) * 4 <= block.count
        return is_short or block.end - now < 0.3 * (block.end - block.first)

    def wanted(self, waiting: int) -> int:
        """Twice what was used last is enough for a load that grows, and little for one that has gone."""
        now_used = self.blocks[-1].left if self.blocks else 0
        return max(1, waiting, 2 * max(self.used_last, now_used))

    def add(self, block: Block) -> None:
        self.blocks.append(block)

    def drop(self) -> None:
        """Nothing of it may leave any more."""
        while self.blocks:
            self._finish(self.blocks.popleft())

    def take_unused(self) -> tuple[tuple[float, int], ...]:
        unused, self.unused = tuple(self.unused), []
        return unused

    def _finish(self, block: Block) -> None:
        self.used_last = block.left
        if block.left < block.count:
            self.unused.append((block.charged_at, block.count - block.left))
