"""Which tables must be watched, and what must a log row carry so that every record it touches is found?

Of a feed's own table the key. Of a joined table the columns it is joined by: they are the road back to the
feed's rows, and they work even when the joined row is gone.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from simpeg_sync.domain.change import FeedName
from simpeg_sync.mapping.feed import Feed, Join


@dataclass(frozen=True, slots=True)
class Road:
    """From a changed row of a joined table back to the keys of a feed."""

    feed: Feed
    join: Join

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(column for column, _ in self.join.on))

    def may_concern(self, image: Mapping[str, str | None]) -> bool:
        """False only when the row is surely of another kind than the join asks for. Databases hold more for equal than
        we know (capitals, accents, blanks), and a look too many does no harm."""
        told = [(image[column], constant) for column, constant in self.join.where if column in image]
        return all(text is not None and _may_be_equal(text, constant) for text, constant in told)


@dataclass(frozen=True, slots=True)
class Watched:
    """One table whose changes are logged. It may be a feed's own, joined by others, or both."""

    table: str
    columns: tuple[str, ...]
    """What each log row carries, in the order of the alphabet so that the same feeds give the same
    triggers."""
    own: tuple[Feed, ...] = ()
    roads: tuple[Road, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """Without these the records of a row before its change are unknown. The others only narrow them down."""
        needed = {column for feed in self.own for column in feed.key}
        needed |= {column for road in self.roads for column in road.columns}
        return tuple(column for column in self.columns if column in needed)

    @property
    def feeds(self) -> tuple[FeedName, ...]:
        return tuple(dict.fromkeys([*(f.name for f in self.own), *(road.feed.name for road in self.roads)]))


@dataclass(slots=True)
class _Draft:
    columns: set[str] = field(default_factory=set)
    own: list[Feed] = field(default_factory=list)
    roads: list[Road] = field(default_factory=list)


def watched(feeds: Sequence[Feed]) -> Mapping[str, Watched]:
    """By table, as the feeds spell it."""
    drafts: dict[str, _Draft] = {}
    for feed in feeds:
        draft = drafts.setdefault(feed.table, _Draft())
        draft.own.append(feed)
        draft.columns.update(feed.key)
        for join in feed.roads:
            draft = drafts.setdefault(join.table, _Draft())
            road = Road(feed, join)
            draft.roads.append(road)
            draft.columns.update(road.columns)
            draft.columns.update(column for column, _ in join.where)
    return {
        table: Watched(table, tuple(sorted(draft.columns)), tuple(draft.own), tuple(draft.roads))
        for table, draft in sorted(drafts.items())
    }


def _may_be_equal(text: str, constant: str) -> bool:
    one, other = _folded(text), _folded(constant)
    try:
        return one == other or Decimal(one) == Decimal(other)
    except InvalidOperation:  # not both are numbers
        return not one.isascii() or not other.isascii()


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).casefold().strip()
    return {"t": "1", "true": "1", "f": "0", "false": "0"}.get(letters, letters)
