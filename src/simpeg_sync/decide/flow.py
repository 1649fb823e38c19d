"""How many calls at once? All that is allowed while BKN is well; fewer, quickly, when answers come late or fail; more again,
one at a time.

A single slow or failing record says nothing about BKN: only what befalls a good part of the answers counts.
"""

from dataclasses import dataclass, field

TURN_S, TURN_ANSWERS = 0.25, 4
"""Judged so often, and not before so many answers."""
SLOW_TIMES, SLOW_S = 4.0, 0.25
"""An answer is late when it takes so many times the usual, and this much more."""
FAILED_SHARE, SLOW_SHARE = 0.2, 0.5
AFTER_FAILURES, AFTER_LATE = 0.7, 0.8
KINDS_MAX = 16


@dataclass(slots=True)
class Flow:
    """Not thread-safe; its owner holds the lock. Times are monotonic seconds."""

    most: int
    limit: int = 0
    usual: dict[str, float] = field(default_factory=dict)
    """Kind of call -> seconds it usually takes; follows slowly what becomes slower, and quicker what becomes faster."""
    _turn_ends: float = 0.0
    _answers: int = 0
    _late: int = 0
    _failed: int = 0
    _times: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.limit = self.limit or self.most

    def answered(self, now: float, kind: str, took_s: float) -> None:
        self._answers += 1
        usual = self.usual.get(kind)
        if usual is None:
            if len(self.usual) < KINDS_MAX:
                self.usual[kind] = took_s
                self._times[kind] = [1.0, took_s]
        else:
            if took_s > usual * SLOW_TIMES + SLOW_S:
                self._late += 1
            times = self._times[kind]
            times[0] += 1.0
            times[1] += took_s
        if now >= self._turn_ends and self._answers >= TURN_ANSWERS:
            self._judge(now)

    def failed(self) -> None:
        """The last answer said that BKN as a whole is not well."""
        self._failed += 1

    def _judge(self, now: float) -> None:
        if self._failed > 1 and self._failed > self._answers * FAILED_SHARE:
            self.limit = max(1, int(self.limit * AFTER_FAILURES))
        elif self._late > self._answers * SLOW_SHARE:
            self.limit = max(1, int(self.limit * AFTER_LATE))
        elif self.limit < self.most:
            self.limit += 1
        for kind, times in self._times.items():
            if times[0]:
                mean = times[1] / times[0]
                self.usual[kind] += (mean - self.usual[kind]) * (0.2 if mean < self.usual[kind] else 0.02)
                times[0] = times[1] = 0.0
        self._answers = self._late = self._failed = 0
        self._turn_ends = now + TURN_S
