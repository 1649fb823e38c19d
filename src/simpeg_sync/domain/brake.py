"""How much of a feed may vanish or change at once before it stops by itself: a table that was emptied, restored or joined
wrongly must not empty BKN too."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["vanish", "change"]

RELEASED_FOR_S = 86400.0
"""How long an operator's word holds: long enough for what was waiting."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is more than the rows and more than the share is too much. Both 0: no limit."""

    vanish_rows: int = 50
    vanish_percent: float = 5.0
    change_rows: int = 500
    change_percent: float = 20.0
    window_s: float = 3600.0

    def rows(self, kind: Kind) -> int | None:
        """So many are never too much, however small the feed is; None where nothing is."""
        rows, percent = self._of(kind)
        return rows if rows or percent else None

    def most(self, kind: Kind, size: int) -> int:
        """``size``: records of the feed."""
        rows, percent = self._of(kind)
        return max(rows, int(size * percent / 100))

    def _of(self, kind: Kind) -> tuple[int, float]:
        if kind == "vanish":
            return self.vanish_rows, self.vanish_percent
        return self.change_rows, self.change_percent


@dataclass(frozen=True, slots=True)
class Counted:
    """A write as the brake counts it."""

    limits: Limits
    kind: Kind | None
    """None for what is never too much: new rows, certificates, what a person has released."""


def command(feed: str) -> str:
    """What lifts the brake."""
    return f"simpeg-sync feed release {feed} --reason '...'"
