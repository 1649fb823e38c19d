"""Capture mode `scan`: every row is read again and again, and those whose digest is another than last time are marked.
``ports.Capture``, for accounts that may do nothing but SELECT.

A pass goes over one feed's table after the other in key order, a page at a time, at a set pace; where it stopped is its
cursor. What was seen is remembered by ranges of keys, so a range in which nothing changed costs one small read of the
ledger and no write; see docs/decisions/0010-scan-by-ranges.md. A row that is seen for the first time is marked.
"""

import datetime as dt
import hashlib
import json
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from simpeg_sync.domain.change import Change, FeedName, SourceKey, key_parts
from simpeg_sync.domain.errors import HistoryLost, SourceUnfit
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.ports import CaptureState, ChangeBatch, Range, ScanMemory, Seen
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.source.scan_range import Digests, difference, digest_of, digests_of, packed, unpacked
from simpeg_sync.source.settings import Scan

BULK_FROM = 100
"""A page with more changes than this is no clerk's work; single edits go before it."""
BURST_S = 5.0
"""How much of a pause may be made up for at once: the pace holds right after a restart and after any wait."""
MERGE_BELOW = 4
"""A range with less than this part of the usual number of rows is joined with the next one."""


@dataclass(frozen=True, slots=True)
class ScanCursor:
    feed: str = ""
    """Where the pass is; empty between two passes."""
    after: str = ""
    shape: str = ""
    began_at: float = 0.0
    rows: int = 0
    """Read in this pass so far."""
    done_at: float | None = None
    """When the last whole pass ended, and how many rows it read."""
    done_rows: int = 0

    def to_text(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__}, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> "ScanCursor":
        try:
            return cls(**json.loads(text))
        except (TypeError, ValueError):
            raise HistoryLost("the stored cursor does not belong to a scan") from None


@dataclass(slots=True)
class Pace:
    """Rows a second, over a few seconds: whoever used up his share waits."""

    rows_per_second: float
    monotonic: Callable[[], float]
    share: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.share, self.at = self.rows_per_second, self.monotonic()

    def is_open(self) -> bool:
        now = self.monotonic()
        self.share = min(self.rows_per_second * BURST_S, self.share + (now - self.at) * self.rows_per_second)
        self.at = now
        return self.share > 0

    def spend(self, rows: int) -> None:
        self.share -= rows


@dataclass(frozen=True, slots=True)
class _Page:
    changed: Sequence[SourceKey]
    seen: Seen | None
    next_after: str
    """Where the next range begins; empty at the table's end."""
    rows: int


class ScanCapture:
    def __init__(
        self,
        reading: sa.Engine,
        feeds: Sequence[Feed],
        memory: ScanMemory,
        settings: Scan,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = SqlSource(reading)
        self._feeds: Mapping[str, Feed] = {feed.name: feed for feed in feeds}
        self._memory = memory
        self._settings = settings
        self._clock = clock
        self._pace = Pace(settings.rows_per_second, monotonic)

    def start(self) -> str:
        return ScanCursor().to_text()

    def changes(self, cursor: str, *, limit: int) -> ChangeBatch:
        at = self._place(ScanCursor.from_text(cursor))
        if at is None:
            return ChangeBatch([], cursor, more=False)
        if not self._pace.is_open():
            return ChangeBatch([], cursor, more=False, is_paced=True)
        feed = self._feeds[at.feed]
        shape = shape_of(feed)
        if at.shape != shape:
            at = replace(at, after="", shape=shape)
        try:
            page = self._look(feed, shape, at.after, limit)
        except SourceUnfit as unfit:
            page = _Page((), None, "", 0)
            problems = {feed.name: unfit}
        else:
            problems = {}
        self._pace.spend(max(page.rows, 1))
        after = replace(at, after=page.next_after, rows=at.rows + page.rows)
        if not page.next_after:
            after = self._next_feed(after)
        is_going_on = bool(after.feed)
        return ChangeBatch(
            [Change(feed.name, key) for key in page.changed],
            after.to_text(),
            more=is_going_on and self._pace.is_open(),
            unfit=problems,
            is_bulk=len(page.changed) > BULK_FROM,
            is_paced=is_going_on,
            seen=page.seen,
        )

    def purge(self, cursor: str, *, keep_s: float, limit: int) -> int:
        """There is no log."""
        return 0

    def state(self, cursor: str | None) -> CaptureState:
        at = ScanCursor() if cursor is None else ScanCursor.from_text(cursor)
        facts: dict[str, str | int | float | None] = {
            "last pass ended": None
            if at.done_at is None
            else dt.datetime.fromtimestamp(at.done_at, dt.UTC).isoformat(),
            "its rows": at.done_rows,
            "scanning": at.feed or None,
            "rows so far": at.rows,
        }
        return CaptureState(facts, [str(unfit) for unfit in self._source.unfit(list(self._feeds.values())).values()])

    # ------------------------------------------------------------------------------------------------------ the pass

    def _place(self, at: ScanCursor) -> ScanCursor | None:
        """Where to look now; None between two passes."""
        now = self._clock()
        if at.feed in self._feeds:
            return at
        if at.feed:  # that feed is gone from the configuration
            return replace(at, feed=self._after(at.feed), after="") if self._after(at.feed) else self._begun(at, now)
        is_early = 0 <= now - at.began_at < self._settings.every_s  # a clock that went back does not stop the scan
        return None if is_early or not self._feeds else self._begun(at, now)

    def _begun(self, at: ScanCursor, now: float) -> ScanCursor:
        return replace(at, feed=min(self._feeds), after="", shape="", began_at=now, rows=0)

    def _next_feed(self, at: ScanCursor) -> ScanCursor:
        if name := self._after(at.feed):
            return replace(at, feed=name, after="", shape="")
        return ScanCursor(began_at=at.began_at, done_at=self._clock(), done_rows=at.rows)

    def _after(self, name: str) -> str:
        return min((other for other in self._feeds if other > name), default="")

    # ------------------------------------------------------------------------------------------------------ one range

    def _look(self, feed: Feed, shape: str, after: str, limit: int) -> _Page:
        """Reads the range behind ``after``: all of it, or as much as a page holds, and then it becomes two."""
        usual = max(1, limit // 2)
        old, merged = self._remembered(feed.name, shape, after, usual)
        rows = self._source.page(
            feed,
            after=SourceKey(after) if after else None,
            until=SourceKey(old.until) if old is not None and old.until else None,
            size=(limit if old is not None else usual) + 1,
        )
        is_whole = len(rows) <= (limit if old is not None else usual)
        if not is_whole:
            rows = _without_broken_tie(rows[: usual + 1])
        new = digests_of(rows)
        until = (old.until if old is not None else "") if is_whole else next(reversed(new))
        entries = packed(new)
        now = Range(feed.name, after, until, shape, digest_of(entries), len(new), entries)
        finished = (feed.name, shape) if not until else None
        if old is not None and not merged and (old.digest, old.until) == (now.digest, now.until):
            return _Page((), Seen(finished=finished) if finished else None, until, len(rows))
        before = self._entries(old, merged)
        found = difference(before, new, is_whole=is_whole)
        ranges = [now]
        if old is not None and not is_whole:
            rest = packed(found.beyond)
            ranges.append(Range(feed.name, until, old.until, shape, digest_of(rest), len(found.beyond), rest))
        return _Page(found.changed, Seen(ranges, [(feed.name, key) for key in merged], finished), until, len(rows))

    def _remembered(self, feed: FeedName, shape: str, after: str, usual: int) -> tuple[Range | None, list[str]]:
        """The range that begins here, joined with those behind it as long as it is small; and where these began."""
        found = self._memory.range_after(feed, after)
        if found is None or found.shape != shape:
            return None, []
        merged: list[str] = []
        while found.until and found.count < usual // MERGE_BELOW:
            behind = self._memory.range_after(feed, found.until)
            if behind is None or behind.shape != shape or found.count + behind.count > usual:
                break
            merged.append(found.until)
            found = replace(found, until=behind.until, count=found.count + behind.count)
        return found, merged

    def _entries(self, old: Range | None, merged: Sequence[str]) -> Digests:
        if old is None:
            return {}
        entries: dict[SourceKey, bytes] = {}
        for after in (old.after, *merged):
            entries |= unpacked(self._memory.range_entries(old.feed, after))
        return entries


def shape_of(feed: Feed) -> str:
    """Of what the digests of a feed's rows are made."""
    text = repr((feed.table, feed.key, feed.columns, feed.joins))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _without_broken_tie(
    rows: Sequence[tuple[SourceKey, tuple[Any, ...]]],
) -> Sequence[tuple[SourceKey, tuple[Any, ...]]]:
    """Without the last row, and without those before it that the database may hold to have the same key: a page must not
    end between them, since the next one begins behind all of them."""
    tie = _folded(rows[-1][0])
    whole = [row for row in rows[:-1] if _folded(row[0]) != tie]
    return whole or rows[:-1]


def _folded(key: SourceKey) -> tuple[str, ...]:
    """What a collation that is blind to case, accents and trailing blanks cannot tell apart."""
    marks = (unicodedata.normalize("NFKD", part).casefold().rstrip() for part in key_parts(key))
    return tuple("".join(letter for letter in part if not unicodedata.combining(letter)) for part in marks)
