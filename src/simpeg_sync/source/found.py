"""The records that one look into a log marks, each once, and the feeds for which that would be too many."""

from collections.abc import Iterable

from simpeg_sync.domain.change import Change, FeedName, KeyEdit, SourceKey


class Found:
    def __init__(self, fanout_max: int) -> None:
        self._fanout_max = fanout_max
        self._by_feed: dict[FeedName, dict[SourceKey, None]] = {}
        self.sweep: dict[FeedName, None] = {}
        self.edits: list[KeyEdit] = []
        """In the order in which they were made: keys may be handed on, or swapped."""

    def add(self, feed: FeedName, keys: Iterable[SourceKey], *, bounded: bool = True) -> bool:
        marked = self._by_feed.setdefault(feed, {})
        marked.update(dict.fromkeys(keys))
        if bounded and len(marked) > self._fanout_max:
            self.sweep[feed] = None
        return feed not in self.sweep

    def changes(self) -> list[Change]:
        """Fresh single changes do not wait for a sweep; the thousands that caused it do."""
        return [
            Change(feed, key)
            for feed, keys in self._by_feed.items()
            if feed not in self.sweep or len(keys) <= self._fanout_max
            for key in keys
        ]
