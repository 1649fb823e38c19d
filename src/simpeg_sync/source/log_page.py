"""What the two ways to read a change log have in common: by ids with gaps, and by snapshots."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LogRow:
    table: str
    old_key: str | None
    """JSON object of the watched columns, each as text; None where there was no row before."""
    new_key: str | None


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[LogRow]
    cursor: str
    more: bool


class LogReader(Protocol):
    """Raises HistoryLost when rows that the cursor has not passed can be gone."""

    def end(self) -> str: ...

    def read(self, cursor: str, *, limit: int) -> Page: ...

    def purge(self, cursor: str, *, keep_s: float, limit: int) -> int: ...
