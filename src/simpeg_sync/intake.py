"""What happens to a change: it marks records dirty, and the cursor moves past it in the same transaction.

A change says nothing about content; taking it twice is harmless, missing one is not. So whenever the log cannot be
trusted (first start, history lost, TRUNCATE) the whole feed is swept: every key is marked, and every record that the
sweep did not meet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simpeg_sync import logs
from simpeg_sync.domain.change import Change, FeedName, Nip, SourceKey
from simpeg_sync.domain.errors import HistoryLost
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import nip_of
from simpeg_sync.ports import Capture, Intake, Source

CURSOR = "source"
PAGE = 1000
BULK = 1


@dataclass(slots=True)
class ChangeIntake:
    feeds: Mapping[FeedName, Feed]
    source: Source
    capture: Capture
    ledger: Intake
    page: int = PAGE
    cursor: str | None = field(default=None, init=False)

    def step(self) -> bool:
        """One look into the log; True when another one at once would find more. Raises SourceError, LedgerError."""
        if self.cursor is None:
            self._begin()
        assert self.cursor is not None
        try:
            batch = self.capture.changes(self.cursor, limit=self.page)
        except HistoryLost as lost:
            self._start_over(lost)
            return True
        for name in batch.sweep:
            self.sweep(name, why="whole table changed")
        if batch.changes or batch.cursor != self.cursor:
            persons = self.persons(batch.changes)
            self.ledger.take_changes(batch.changes, persons, cursor=(CURSOR, batch.cursor))
            self.cursor = batch.cursor
        if batch.changes:
            logs.get().info("change.captured", count=len(batch.changes))
        return batch.more

    def sweep(self, name: FeedName, *, why: str) -> int:
        """Marks every row of the feed, and every record whose row is no longer there. Gives the number of rows."""
        feed = self.feeds[name]
        started_at = self.ledger.start_sweep(name, why=why)
        row_count = 0
        for keys in self.source.keys(feed, page_size=self.page):
            changes = [Change(name, key) for key in keys]
            self.ledger.take_changes(changes, self.persons(changes), priority=BULK)
            row_count += len(keys)
        while unseen := self.ledger.unseen(name, started_at, limit=self.page):
            persons = {change: Nip(lane) for change, lane in unseen if not lane.startswith("?")}
            self.ledger.take_changes([change for change, _ in unseen], persons, priority=BULK)
        self.ledger.end_sweep(name, row_count)
        logs.get().info("source.swept", feed=name, count=row_count, reason=why)
        return row_count

    def sweep_all(self, *, why: str) -> None:
        for name in self.feeds:
            self.sweep(name, why=why)

    def persons(self, changes: Sequence[Change]) -> dict[Change, Nip]:
        """Whose rows these are, asked of the source in one statement a feed."""
        keys: dict[FeedName, list[SourceKey]] = {}
        for change in changes:
            keys.setdefault(change.feed, []).append(change.key)
        found: dict[Change, Nip] = {}
        for name, of_feed in keys.items():
            for key, text in self.source.persons(self.feeds[name], of_feed).items():
                if (nip := nip_of(text)) is not None:
                    found[Change(name, key)] = nip
        return found

    def _begin(self) -> None:
        """The log's end is noted before the first sweep: what changes during the sweep is in the log behind it."""
        stored = self.ledger.cursor(CURSOR)
        if stored is None:
            stored = self.capture.start()
            self.ledger.take_changes([], {}, cursor=(CURSOR, stored))
        for name in self.feeds:
            if not self.ledger.sweep_is_done(name):
                self.sweep(name, why="first start")
        self.cursor = stored

    def _start_over(self, lost: HistoryLost) -> None:
        logs.get().error("source.history_lost", problem=str(lost))
        cursor = self.capture.start()
        for name in self.feeds:
            self.ledger.start_sweep(name, why="history lost")
        # From here on a crash finds unfinished sweeps and makes them good.
        self.ledger.take_changes([], {}, cursor=(CURSOR, cursor))
        self.cursor = cursor
        self.sweep_all(why="history lost")
