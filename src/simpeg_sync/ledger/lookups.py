"""What the pipeline asks of the ledger about a person's records, and what SIMPEG was told of their ids."""

from collections.abc import Collection, Sequence

from sqlalchemy import text

from simpeg_sync.domain.change import FeedName, Nip, SourceKey
from simpeg_sync.domain.record import Attempt, BknId, Digest, Record
from simpeg_sync.ledger import rows
from simpeg_sync.ledger import statements as sql
from simpeg_sync.ledger.core import Core
from simpeg_sync.ports import Link, Unwritten


class Lookups(Core):
    def open_attempt(self, record: Record) -> Attempt | None:
        found = self._one(sql.OPEN_ATTEMPT, {"record_id": record.id})
        return rows.attempt(found) if found else None

    def links(self, lane: str) -> Sequence[Link]:
        return [
            Link(rows.record(row), row["open_attempt_id"] is not None) for row in self._all(sql.LINKS, {"lane": lane})
        ]

    def has_unlinked_work(self, lane: str, *, but: Record, not_for: str | None = None) -> bool:
        return bool(self._scalar(sql.HAS_UNLINKED_WORK, lane=lane, but=but.id, not_for=not_for))

    def held_without_row(self, lane: str) -> Sequence[Record]:
        return [rows.record(row) for row in self._all(sql.HELD_WITHOUT_ROW, {"lane": lane})]

    def held_elsewhere(self, lane: str, digest: Digest) -> Sequence[Record]:
        return [rows.record(row) for row in self._all(sql.HELD_ELSEWHERE, {"lane": lane, "digest": digest})]

    def deleted_since(self, lane: str, since: float) -> Sequence[str]:
        return [row["bkn_id"] for row in self._all(sql.DELETED_SINCE, {"lane": lane, "since": since})]

    def find(self, feed: FeedName, key: SourceKey) -> Record | None:
        found = self._one(sql.FIND, {"feed": feed, "source_key": key})
        return rows.record(found) if found else None

    def are_linked_elsewhere(self, lane: str, bkn_ids: Collection[str]) -> bool:
        return bool(bkn_ids) and bool(self._scalar(sql.LINKED_ELSEWHERE, lane=lane, ids=sorted(bkn_ids)))

    def person(self, nip: Nip) -> BknId | None:
        found = self._one(text("SELECT bkn_id FROM persons WHERE nip = :nip"), {"nip": nip})
        return BknId(found["bkn_id"]) if found else None

    def remember_person(self, nip: Nip, bkn_id: BknId) -> None:
        values = {"nip": nip, "bkn_id": bkn_id, "now": self._clock.now()}
        self._writer.write(lambda c: c.execute(sql.REMEMBER_PERSON, values) and None)

    # -------------------------------------------------------------------------------------------------- written back

    def unwritten(self, feed: FeedName, *, after: int, limit: int) -> Sequence[Unwritten]:
        return [
            Unwritten(
                row["id"],
                SourceKey(row["source_key"]),
                BknId(row["bkn_id"]) if row["bkn_id"] else None,
                BknId(row["written_back"]) if row["written_back"] else None,
            )
            for row in self._all(sql.UNWRITTEN, {"feed": feed, "after_id": after, "limit": limit})
        ]

    def note_written(self, told: Sequence[Unwritten]) -> None:
        values = [{"id": one.record_id, "bkn_id": one.bkn_id} for one in told]
        if values:
            self._writer.write(lambda c: c.execute(sql.NOTE_WRITTEN, values) and None)
