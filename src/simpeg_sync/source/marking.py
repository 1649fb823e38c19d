"""From changed rows of watched tables to the records they touch; the same for every mode that sees rows.

A row is known by its images before and after, reduced to the watched columns, each as text. A column that is missing
from an image is one that nobody could tell, and then only a sweep of the feed can.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from simpeg_sync.domain.change import KeyEdit, SourceKey, source_key
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.source.found import Found
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.source.watch import Road, Watched

Image = Mapping[str, str | None]
"""Column -> its text; None is NULL."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """One changed row. Without any image: the whole table may have changed."""

    old: Image | None
    new: Image | None

    @property
    def images(self) -> tuple[Image, ...]:
        return tuple(image for image in (self.old, self.new) if image is not None)


WHOLE_TABLE = RowChange(None, None)


class Marker:
    def __init__(self, source: SqlSource, watched: Mapping[str, Watched], *, fanout_max: int) -> None:
        self._source = source
        self._watched = watched
        self._fanout_max = fanout_max

    def mark(self, by_table: Mapping[str, Sequence[RowChange]]) -> Found:
        """Rows of tables that no feed reads any more are passed over."""
        found = Found(self._fanout_max)
        for table, rows in by_table.items():
            if table in self._watched:
                self._mark(self._watched[table], rows, found)
        return found

    def _mark(self, watch: Watched, rows: Sequence[RowChange], found: Found) -> None:
        if any(not row.images for row in rows):
            found.sweep.update(dict.fromkeys(watch.feeds))
            return
        images = [image for row in rows for image in row.images]
        for feed in watch.own:
            self._mark_own(feed, rows, found)
        for road in watch.roads:
            self._mark_partners(road, images, found)

    def _mark_own(self, feed: Feed, rows: Sequence[RowChange], found: Found) -> None:
        for row in rows:
            if any(column not in image for image in row.images for column in feed.key):
                found.sweep[feed.name] = None
                return
            keys = [key for image in row.images if (key := _key(feed, image)) is not None]
            found.add(feed.name, keys, bounded=False)
            if len(set(keys)) > 1:
                found.edits.append(KeyEdit(feed.name, *keys))

    def _mark_partners(self, road: Road, images: Iterable[Image], found: Found) -> None:
        values: dict[tuple[str, ...], Mapping[str, str]] = {}
        for image in images:
            if not road.may_concern(image):
                continue
            if any(column not in image for column in road.columns):
                found.sweep[road.feed.name] = None
                return
            value = {column: text for column in road.columns if (text := image[column]) is not None}
            if len(value) == len(road.columns):  # NULL is joined to nothing
                values[tuple(value.values())] = value
        if not values or road.feed.name in found.sweep:
            return
        for keys in self._source.affected(road.feed, road.join, list(values.values())):
            if not found.add(road.feed.name, keys):
                return


def _key(feed: Feed, image: Image) -> SourceKey | None:
    """A row with NULL in its key is no row of the feed: nothing can name it."""
    parts = [part for column in feed.key if (part := image[column]) is not None]
    return source_key(parts) if len(parts) == len(feed.key) else None
