"""How changes reach the ledger: they mark records dirty, and the cursor moves past them in the same transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from operator import itemgetter

from sqlalchemy import Connection, text

from simpeg_sync.domain.change import Change, FeedName, KeyEdit, Nip, SourceKey
from simpeg_sync.domain.record import lane_of
from simpeg_sync.ledger import statements as sql
from simpeg_sync.ledger.core import FRESH, lock_lanes
from simpeg_sync.ledger.leading import Leading
from simpeg_sync.ports import Range, Seen


class Marking(Leading):
    """Implements ports.Intake and ScanMemory."""

    def take_changes(
        self,
        changes: Sequence[Change],
        persons: Mapping[Change, Nip],
        *,
        cursor: tuple[str, str] | None = None,
        priority: int = FRESH,
        seen: Seen | None = None,
        edits: Sequence[KeyEdit] = (),
    ) -> None:
        """Marks the records dirty and moves the cursor past them, in one transaction (I8). Before that records follow
        their rows to edited keys."""
        now = self._clock.now()
        due_at = now + (self._pauses.quiet_period_s if priority == FRESH else 0.0)
        marks = [
            {
                "feed": change.feed,
                "source_key": change.key,
                "lane": lane_of(persons.get(change), change.feed, change.key),
                "now": now,
                "due_at": due_at,
                "priority": priority,
                "wait_max_s": self._pauses.quiet_max_s,
            }
            for change in dict.fromkeys(changes)
        ]
        marks.sort(key=itemgetter("lane", "feed", "source_key"))

        def job(connection: Connection) -> None:
            if marks:
                lock_lanes(connection, sql.LOCK_LANES, {"records": [(m["feed"], m["source_key"]) for m in marks]})
                for edit in edits:
                    _follow(connection, edit)
                connection.execute(sql.MARK, marks)
                connection.execute(sql.WAKE_LANE, marks)
            if cursor is not None:
                self._still_leads(connection)
                connection.execute(sql.SET_CURSOR, {"name": cursor[0], "cursor": cursor[1], "now": now})
            if seen is not None:
                _remember(connection, seen)

        self._writer.write(job)

    def changes_of_person(self, feed: FeedName, nip: Nip, *, limit: int) -> list[Change]:
        found = self._all(sql.RECORDS_OF_PERSON, {"feed": feed, "lane": nip, "limit": limit})
        return [Change(FeedName(row["feed"]), SourceKey(row["source_key"])) for row in found]

    def range_after(self, feed: FeedName, after: str) -> Range | None:
        found = self._one(sql.RANGE_AFTER, {"feed": feed, "after": after})
        if found is None:
            return None
        return Range(feed, after, found["until_key"], found["shape"], found["digest"], found["row_count"])

    def range_entries(self, feed: FeedName, after: str) -> bytes:
        return bytes(self._scalar(sql.RANGE_ENTRIES, feed=feed, after=after) or b"")

    def cursor(self, name: str) -> str | None:
        found = self._one(text("SELECT cursor FROM cursors WHERE name = :name"), {"name": name})
        return found["cursor"] if found else None

    def start_sweep(self, feed: FeedName, *, why: str) -> float:
        """Notes that every row of the feed is being marked; gives the time by which unseen records are told."""
        now = self._clock.now()
        self._writer.write(lambda c: c.execute(sql.START_SWEEP, {"feed": feed, "now": now, "why": why}) and None)
        return now

    def unseen(
        self, feed: FeedName, started_at: float, *, after: SourceKey | None = None, limit: int
    ) -> list[tuple[Change, str]]:
        """Records of the feed that the sweep has not met, with their lanes; a page of them by key."""
        values = {"feed": feed, "started_at": started_at, "after": after or "", "limit": limit}
        found = self._all(sql.NOT_SEEN, values)
        return [(Change(FeedName(row["feed"]), SourceKey(row["source_key"])), row["lane"]) for row in found]

    def end_sweep(self, feed: FeedName, row_count: int) -> None:
        now = self._clock.now()
        self._writer.write(lambda c: c.execute(sql.END_SWEEP, {"feed": feed, "now": now, "rows": row_count}) and None)

    def last_sweep_at(self) -> float | None:
        found: float | None = self._scalar(text("SELECT min(done_at) FROM sweeps"))
        return found

    def sweep_is_done(self, feed: FeedName) -> bool:
        found = self._one(text("SELECT done_at FROM sweeps WHERE feed = :feed"), {"feed": feed})
        return found is not None and found["done_at"] is not None


def _follow(connection: Connection, edit: KeyEdit) -> None:
    """Only where nothing can be mixed up: no record of the new key has anything at BKN, or on its way there."""
    old, new = ({"feed": edit.feed, "source_key": key} for key in (edit.old, edit.new))
    record_id = connection.execute(sql.RECORD_OF_KEY, old).scalar()
    if record_id is None:
        return
    if connection.execute(sql.RECORD_OF_KEY, new).first() is not None:
        blank_id = connection.execute(sql.BLANK_OF_KEY, new).scalar()
        if blank_id is None:
            return
        connection.execute(sql.SET_KEY, {"id": blank_id, "source_key": f"swaps with {record_id}"})
        connection.execute(sql.SET_KEY, {"id": record_id, "source_key": edit.new})
        connection.execute(sql.SET_KEY, {"id": blank_id, "source_key": edit.old})
    else:
        connection.execute(sql.SET_KEY, {"id": record_id, "source_key": edit.new})


def _remember(connection: Connection, seen: Seen) -> None:
    for feed, after in seen.merged:
        connection.execute(sql.DROP_RANGE, {"feed": feed, "after": after})
    if seen.ranges:
        connection.execute(sql.PUT_RANGE, [asdict(one) for one in seen.ranges])
    if seen.finished is not None:
        feed, shape = seen.finished
        connection.execute(sql.DROP_OTHER_SHAPES, {"feed": feed, "shape": shape})
