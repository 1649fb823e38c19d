"""What the records that say who a person is tell beside their rows: the unit, and a doubt about its being the same person."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from simpeg_sync.domain.errors import LostClaim
from simpeg_sync.domain.record import Digest, Identity, Record, RecordId
from simpeg_sync.ledger import statements as sql
from simpeg_sync.ledger.core import Core, lock_lanes, note_audit
from simpeg_sync.ports import Claim

IDENTITY = text("SELECT unit, unit_name, doubt, accepted FROM identities WHERE record_id = :record_id")

NOTE_IDENTITY = text("""
INSERT INTO identities (record_id, unit, unit_name, doubt) VALUES (:record_id, :unit, :unit_name, :doubt)
ON CONFLICT (record_id) DO UPDATE SET unit = excluded.unit, unit_name = excluded.unit_name, doubt = excluded.doubt
""")

FORGET_IDENTITY = text("DELETE FROM identities WHERE record_id = :record_id")

DOUBTED_BY = text("""
SELECT min(records.id) FROM records JOIN identities ON identities.record_id = records.id
WHERE records.lane = :lane AND identities.doubt IS NOT NULL
AND (identities.accepted IS NULL OR identities.accepted <> identities.doubt)
""")

# The word counts for the facts as they were seen last.
ACCEPT_IDENTITY = text("""
UPDATE identities SET accepted = doubt WHERE record_id = :record_id AND doubt IS NOT NULL
AND (accepted IS NULL OR accepted <> doubt)
""")

HELD_BY_DOUBT = text("""
SELECT id FROM records WHERE status = 'held' AND reason = 'person.doubtful'
AND lane = (SELECT lane FROM records WHERE id = :record_id)
""")

LANES_OF_UNIT = text("""
SELECT DISTINCT records.lane FROM identities JOIN records ON records.id = identities.record_id
WHERE identities.unit = :unit ORDER BY records.lane
""")


class Identities(Core):
    def identity(self, record: Record) -> Identity:
        found = self._one(IDENTITY, {"record_id": record.id})
        if found is None:
            return Identity()
        doubt, accepted = (Digest(found[name]) if found[name] else None for name in ("doubt", "accepted"))
        return Identity(found["unit"], found["unit_name"], doubt, accepted)

    def note_identity(self, claim: Claim, record: Record, identity: Identity | None) -> None:
        fence = {"lane": claim.lane, "owner": claim.owner, "fence": claim.fence}
        values = {"record_id": record.id}

        def job(connection: Connection) -> None:
            held = connection.execute(sql.HOLD_FENCE, {**fence, "lease_until": self._lease_now() + self.lease_s})
            if held.rowcount != 1:
                raise LostClaim("the lane was taken over; nothing of this worker is written any more")
            if identity is None:
                connection.execute(FORGET_IDENTITY, values)
            else:
                said = {"unit": identity.unit, "unit_name": identity.unit_name, "doubt": identity.doubt}
                connection.execute(NOTE_IDENTITY, {**values, **said})

        self._writer.write(job)

    def doubted_by(self, lane: str) -> RecordId | None:
        found = self._scalar(DOUBTED_BY, lane=lane)
        return RecordId(found) if found is not None else None

    def accept_identity(self, record_id: int, *, actor: str, reason: str) -> Sequence[int] | None:
        """A person's word that it is the same person all the same: gives the records that the doubt has held, None when the
        record says no such thing."""
        now = self._clock.now()

        def job(connection: Connection) -> Sequence[int] | None:
            lock_lanes(connection, sql.LOCK_LANES_BY_ID, {"ids": [record_id]})
            if not connection.execute(ACCEPT_IDENTITY, {"record_id": record_id}).rowcount:
                return None
            note_audit(connection, now, actor, "person.accept", f"record {record_id}", reason)
            return list(connection.execute(HELD_BY_DOUBT, {"record_id": record_id}).scalars())

        return self._writer.write(job)

    def lanes_of_unit(self, unit: str) -> Sequence[str]:
        return [row["lane"] for row in self._all(LANES_OF_UNIT, {"unit": unit})]
