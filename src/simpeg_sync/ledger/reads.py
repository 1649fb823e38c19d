"""What was read at BKN of persons and does not stand in the trail yet: it goes there with the next thing that is written of
the same person, and before anything of it leaves."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simpeg_sync.ledger.rows import storable


@dataclass(frozen=True, slots=True)
class Read:
    lane: str
    what: str
    """BKN's list, or which other thing of the person."""
    why: str


@dataclass(slots=True)
class UnsaidReads:
    """Thread-safe."""

    _of_lanes: dict[str, list[Read]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, read: Read) -> None:
        with self._lock:
            self._of_lanes.setdefault(read.lane, []).append(read)

    def take(self, lane: str) -> Sequence[Read]:
        if lane not in self._of_lanes:
            return ()
        with self._lock:
            return self._of_lanes.pop(lane, ())

    def take_all(self) -> Sequence[Read]:
        with self._lock:
            found = [read for reads in self._of_lanes.values() for read in reads]
            self._of_lanes.clear()
        return found

    def put_back(self, reads: Sequence[Read]) -> None:
        """They could not be written."""
        for read in reads:
            self.add(read)


def read_rows(reads: Sequence[Read], actor: str) -> list[Mapping[str, Any]]:
    """One row for all that was read of a person for one reason."""
    alike: dict[tuple[str, str], list[str]] = {}
    for read in reads:
        alike.setdefault((read.lane, read.why), []).append(read.what)
    return [
        {"actor": storable(actor), "lane": storable(lane), "what": storable(", ".join(dict.fromkeys(what))), "why": why}
        for (lane, why), what in alike.items()
    ]
