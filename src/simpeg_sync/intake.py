"""What happens to a change: it marks records dirty, and the cursor moves past it in the same transaction.

A change says nothing about content; taking it twice is harmless, missing one is not. So whenever the log cannot be
trusted (first start, history lost, TRUNCATE) the whole feed is swept: every key is marked, and every record that the
sweep did not meet. A sweep is noted as begun before it reads anything, so that what stopped it (a crash, a lost source, a
table that is not what it was) only delays it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from simpeg_sync import logs
from simpeg_sync.domain.change import Change, FeedName, Nip, SourceKey
from simpeg_sync.domain.errors import HistoryLost, SourceUnfit
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
    unswept: dict[FeedName, SourceUnfit] = field(default_factory=dict, init=False)
    """Feeds whose sweep is noted but could not be made: their table is not what the feed says."""

    def step(self) -> bool:
        """One look into the log; True when another one at once would find more. Raises SourceError, LedgerError.

        SourceUnfit comes last: when it is raised, everything that the other feeds need has been done.
        """
        if self.cursor is None:
            self._begin()
        elif self.unswept:
            self._sweep_each(list(self.unswept), why="table was unfit")
        assert self.cursor is not None
        try:
            batch = self.capture.changes(self.cursor, limit=self.page)
        except HistoryLost as lost:
            self._start_over(lost)
            return True
        self._sweep_each(batch.sweep, why="whole table changed")
        if batch.changes or batch.cursor != self.cursor:
            persons = self.persons(batch.changes)
            self.ledger.take_changes(batch.changes, persons, cursor=(CURSOR, batch.cursor))
            self.cursor = batch.cursor
        if batch.changes:
            logs.get().info("change.captured", count=len(batch.changes))
        self._complain()
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
        after: SourceKey | None = None
        while unseen := self.ledger.unseen(name, started_at, after=after, limit=self.page):
            persons = {change: Nip(lane) for change, lane in unseen if not lane.startswith("?")}
            self.ledger.take_changes([change for change, _ in unseen], persons, priority=BULK)
            after = unseen[-1][0].key
        self.ledger.end_sweep(name, row_count)
        self.ledger.set_note(f"swept with {name}", self._written(name))
        logs.get().info("source.swept", feed=name, count=row_count, reason=why)
        return row_count

    def sweep_all(self, *, why: str) -> None:
        """Raises the SourceUnfit of a feed after the others are swept."""
        self._sweep_each(self.feeds, why=why)
        self._complain()

    def persons(self, changes: Sequence[Change]) -> dict[Change, Nip]:
        """Whose rows these are, asked of the source in one statement a feed; of an unfit feed nobody knows."""
        keys: dict[FeedName, list[SourceKey]] = {}
        for change in changes:
            keys.setdefault(change.feed, []).append(change.key)
        found: dict[Change, Nip] = {}
        for name, of_feed in keys.items():
            try:
                texts = self.source.persons(self.feeds[name], of_feed)
            except SourceUnfit as unfit:
                # Its records find their persons when their turn comes; the other feeds' changes must not wait for that.
                logs.get().error("source.feed_unfit", feed=name, problem=str(unfit))
                continue
            for key, text in texts.items():
                if (nip := nip_of(text)) is not None:
                    found[Change(name, key)] = nip
        return found

    def _begin(self, *, why: str = "first start") -> None:
        """The log's end is noted before the first sweep: what changes during the sweep is in the log behind it."""
        stored = self.ledger.cursor(CURSOR)
        if stored is None:
            stored = self.capture.start()
            self.ledger.take_changes([], {}, cursor=(CURSOR, stored))
        undone = [name for name in self.feeds if not self.ledger.sweep_is_done(name)]
        changed = [name for name in self.feeds if name not in undone and self._has_changed(name)]
        self._sweep_each(undone, why=why)
        self._sweep_each(changed, why="configuration changed")
        self.cursor = stored

    def _has_changed(self, name: FeedName) -> bool:
        """Whether the feed or its code tables are others than at its last sweep: then every row may mean something else,
        and what an unknown code held may go now."""
        return self.ledger.note(f"swept with {name}") != self._written(name)

    def _written(self, name: FeedName) -> str:
        return f"{self.feeds[name].digest} {self.feeds[name].codes_digest}"

    def _start_over(self, lost: HistoryLost) -> None:
        logs.get().error("source.history_lost", problem=str(lost))
        cursor = self.capture.start()
        for name in self.feeds:
            self.ledger.start_sweep(name, why="history lost")
        # From here on a crash, or a source that goes away, leaves unfinished sweeps, and beginning makes them good.
        self.ledger.take_changes([], {}, cursor=(CURSOR, cursor))
        self.cursor = None
        self._begin(why="history lost")

    def _sweep_each(self, names: Iterable[FeedName], *, why: str) -> None:
        """One unfit feed does not stop the sweep of the others; its own is tried again with every step."""
        for name in names:
            try:
                self.sweep(name, why=why)
            except SourceUnfit as unfit:
                self.unswept[name] = unfit
            else:
                self.unswept.pop(name, None)

    def _complain(self) -> None:
        for unfit in list(self.unswept.values()):  # the calendar sweeps in a thread of its own
            raise unfit
