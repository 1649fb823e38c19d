"""BKN's ids into SIMPEG, for the feeds that ask for it. Beside the pipeline, never in it: what fails here is tried again, and
nothing waits for it.

What it changes in SIMPEG comes back as a change like any other, and costs no call: the row's content is what BKN has.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from simpeg_sync import logs
from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.ports import IdColumn, Unwritten, WrittenBack

PAGE = 200
REFUSED_MAX = 5
"""Rows that SIMPEG may refuse in a pass before its feed is left for the next one."""


@dataclass(frozen=True, slots=True)
class WriteBack:
    feeds: Mapping[FeedName, Feed]
    column: IdColumn
    ledger: WrittenBack

    @property
    def is_wanted(self) -> bool:
        return any(feed.write_back is not None for feed in self.feeds.values())

    def step(self) -> int:
        """Writes what is not written yet; gives the number of rows changed. Raises SourceDown, LedgerDown, and the
        SourceUnfit of a feed after the others are done."""
        unfit: SourceUnfit | None = None
        count = 0
        for feed in self.feeds.values():
            if feed.write_back is None:
                continue
            try:
                count += self._feed(feed)
            except SourceUnfit as error:
                unfit = error
        if count:
            logs.get().info("source.ids_written", count=count)
        if unfit is not None:
            raise unfit
        return count

    def _feed(self, feed: Feed) -> int:
        count, after = 0, 0
        refused: list[SourceUnfit] = []
        while len(refused) < REFUSED_MAX and (page := self.ledger.unwritten(feed.name, after=after, limit=PAGE)):
            told = []
            for one in page:
                try:
                    count += self._write(feed, one)
                    told.append(one)
                except SourceUnfit as error:
                    refused.append(error)
                    if len(refused) == REFUSED_MAX:
                        break
            # Noted in a transaction of its own, after SIMPEG has them: a death in between repeats what changes nothing.
            self.ledger.note_written(told)
            after = page[-1].record_id
        if refused:
            raise refused[0]
        return count

    def _write(self, feed: Feed, one: Unwritten) -> bool:
        if one.bkn_id is not None:
            return self.column.write(feed, one.key, one.bkn_id)
        assert one.written is not None, "what was never written needs no clearing"
        return self.column.clear(feed, one.key, one.written)
