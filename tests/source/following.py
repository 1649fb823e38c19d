"""Following a capture as the daemon does: the cursor of each batch is stored, then shown with the next look."""

from simpeg_sync.domain.change import SourceKey
from simpeg_sync.ports import Capture

LOOKS_MAX = 3000


class Following:
    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self.cursor = capture.start()
        self.sweep: set[str] = set()
        self.batches = 0
        self.largest = 0

    def look(self, *, limit: int = 1000) -> set[tuple[str, SourceKey]]:
        """Everything that is there now, in batches."""
        found: set[tuple[str, SourceKey]] = set()
        for _ in range(LOOKS_MAX):
            batch = self.capture.changes(self.cursor, limit=limit)
            self.cursor = batch.cursor
            self.batches += 1
            self.largest = max(self.largest, len(batch.changes))
            self.sweep |= set(batch.sweep)
            found |= {(str(change.feed), change.key) for change in batch.changes}
            if not batch.more:
                return found
        raise AssertionError("the log has no end")
