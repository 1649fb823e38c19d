"""What happens to a change: it marks records dirty, and the cursor moves past it in the same transaction.

Changes may come by several captures at once (log, table, scan), each with a cursor of its own under its mode's name. One
that fails, or has lost its history, does not stop the others.

A change says nothing about content; taking it twice is harmless, missing one is not. So whenever the log cannot be
trusted (first start, history lost, TRUNCATE) the whole feed is swept: every key is marked, and every record that the
sweep did not meet. A sweep is noted as begun before it reads anything, so that what stopped it (a crash, a lost source, a
table that is not what it was) only delays it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from simpeg_sync import logs
from simpeg_sync.domain.change import Change, FeedName, Nip, SourceKey
from simpeg_sync.domain.errors import CaptureFailed, HistoryLost, SourceDown, SourceError, SourceUnfit
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import nip_of
from simpeg_sync.ports import Capture, ChangeBatch, Intake, Source, Waits

PAGE = 1000
FRESH, BULK = 0, 1
OF_PERSON_MAX = 10_000
"""Records of one person in one feed; nobody's career has more."""


@dataclass(slots=True)
class ChangeIntake:
    feeds: Mapping[FeedName, Feed]
    source: Source
    captures: Mapping[str, Capture]
    """By the mode's name, which is also the name of its cursor."""
    ledger: Intake
    page: int = PAGE
    tell: Callable[[], None] = lambda: None
    """Called when fresh edits were marked. A sweep calls nobody: it has the machine to itself until a worker looks anyway."""
    cursors: dict[str, str] = field(default_factory=dict, init=False)
    unswept: dict[FeedName, SourceUnfit] = field(default_factory=dict, init=False)
    """Feeds whose sweep is noted but could not be made: their table is not what the feed says."""
    failed: dict[str, SourceError] = field(default_factory=dict, init=False)
    """Captures that failed since the others last had nothing more; they are asked again after that."""
    has_begun: bool = field(default=False, init=False)
    """Whether the sweeps that were owed at the start have been made or noted."""
    is_paced: bool = field(default=False, init=False)
    """A capture has more to look at, but keeps its pace."""

    def step(self) -> bool:
        """One look by each capture; True when another one at once would find more. Raises SourceError, LedgerError.

        SourceUnfit comes last: when it is raised, everything that the other feeds and captures need has been done.
        """
        if not self.has_begun or any(mode not in self.cursors for mode in self.captures):
            self._begin()
        elif self.unswept:
            self._sweep_each(list(self.unswept), why="table was unfit")
        self.is_paced = False
        more = [self._look(mode) for mode in self.captures if mode in self.cursors and mode not in self.failed]
        if not any(more):
            self._complain_of_captures()
        self._complain()
        return any(more)

    def begin_anew(self) -> None:
        """Another daemon may have moved the cursors since."""
        self.cursors.clear()
        self.has_begun = False

    def wait(self, seconds: float, sleep: Callable[[float], object]) -> None:
        """Until the next look: a capture that is told of changes ends it early. Where several are told, the first of them
        ends it, and the others' changes wait for the next look."""
        told = next(self._told(), None)
        if told is None:
            sleep(seconds)
        else:
            told.wait(seconds)

    def interrupt(self) -> None:
        for told in self._told():
            told.interrupt()

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

    def purge(self, *, keep_s: float, limit: int) -> int:
        """Deletes old rows of our own logs, as far as their cursors have passed them."""
        return sum(
            self.captures[mode].purge(cursor, keep_s=keep_s, limit=limit) for mode, cursor in list(self.cursors.items())
        )

    def _told(self) -> Iterator[Waits]:
        return (capture for capture in self.captures.values() if isinstance(capture, Waits))

    def _look(self, mode: str) -> bool:
        try:
            batch = self.captures[mode].changes(self.cursors[mode], limit=self.page)
        except HistoryLost as lost:
            return self._start_over(mode, lost)
        except SourceError as error:
            self.failed[mode] = error
            return False
        self._take(mode, batch)
        self.is_paced = self.is_paced or batch.is_paced
        return batch.more

    def _take(self, mode: str, batch: ChangeBatch) -> None:
        self._sweep_each(batch.sweep, why="whole table changed")
        for name, unfit in batch.unfit.items():
            logs.get().error("source.feed_unfit", feed=name, problem=str(unfit))
        gone = [
            change
            for feed, nip in batch.persons
            for change in self.ledger.changes_of_person(feed, nip, limit=OF_PERSON_MAX)
        ]
        changes = list(dict.fromkeys([*batch.changes, *gone]))
        if changes or batch.seen is not None or batch.cursor != self.cursors[mode]:
            self.ledger.take_changes(
                changes,
                self.persons(changes),
                cursor=(mode, batch.cursor),
                priority=BULK if batch.is_bulk else FRESH,
                seen=batch.seen,
                edits=batch.edits,
            )
            self.cursors[mode] = batch.cursor
        if changes:
            self.tell()
            logs.get().info("change.captured", count=len(changes), source=mode)

    def _begin(self, *, why: str = "first start") -> None:
        """Each log's end is noted before the first sweep: what changes during the sweep is in the log behind it."""
        self.has_begun = False
        for mode in self.captures:
            if mode not in self.cursors and mode not in self.failed:
                self._start(mode)
        if not self.cursors:
            self._complain_of_captures()
            return
        undone = [name for name in self.feeds if not self.ledger.sweep_is_done(name)]
        known = set(json.loads(self.ledger.note("feeds") or "[]"))
        changed = [n for n in self.feeds if n not in undone and (n not in known or self._has_changed(n))]
        self._sweep_each(undone, why=why)
        self._sweep_each(changed, why="configuration changed")
        # A feed that was away meanwhile has missed what the cursor passed; when it comes back it is swept.
        self.ledger.set_note("feeds", json.dumps(sorted(name for name in self.feeds if name not in self.unswept)))
        self.has_begun = True

    def _start(self, mode: str) -> None:
        """From the stored cursor; or from the log's end, and then whatever came before is for sweeps to find."""
        stored = self.ledger.cursor(mode)
        if stored is None:
            try:
                stored = self.captures[mode].start()
            except SourceError as error:
                self.failed[mode] = error
                return
            for name in self.feeds:
                if self.ledger.sweep_is_done(name):
                    self.ledger.start_sweep(name, why="capture changed")
            self.ledger.take_changes([], {}, cursor=(mode, stored))
        self.cursors[mode] = stored

    def _has_changed(self, name: FeedName) -> bool:
        """Whether the feed or its code tables are others than at its last sweep: then every row may mean something else,
        and what an unknown code held may go now."""
        return self.ledger.note(f"swept with {name}") != self._written(name)

    def _written(self, name: FeedName) -> str:
        return f"{self.feeds[name].digest} {self.feeds[name].codes_digest}"

    def _start_over(self, mode: str, lost: HistoryLost) -> bool:
        logs.get().error("source.history_lost", problem=str(lost), source=mode)
        try:
            cursor = self.captures[mode].start()
        except SourceError as error:
            self.failed[mode] = error
            return False
        for name in self.feeds:
            self.ledger.start_sweep(name, why="history lost")
        # From here on a crash, or a source that goes away, leaves unfinished sweeps, and beginning makes them good.
        self.ledger.take_changes([], {}, cursor=(mode, cursor))
        self.cursors.pop(mode)
        self._begin(why="history lost")
        return True

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

    def _complain_of_captures(self) -> None:
        """Only when none of them reaches SIMPEG is SIMPEG called lost."""
        failed, self.failed = self.failed, {}
        if not failed:
            return
        errors = list(failed.values())
        if len(self.captures) == 1 or (
            len(errors) == len(self.captures) and all(isinstance(error, SourceDown) for error in errors)
        ):
            raise errors[0]
        raise CaptureFailed("; ".join(f"capture {mode}: {error}" for mode, error in failed.items()))
