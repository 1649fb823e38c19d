"""The ledger for somebody who only looks: it answers as the real one, or as an empty one, and takes nothing down."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from simpeg_sync.domain.change import FeedName, Nip, SourceKey
from simpeg_sync.domain.errors import ProgramError
from simpeg_sync.domain.move import Intent, Move
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import Attempt, BknId, Digest, Identity, Record, RecordId
from simpeg_sync.domain.situation import SeenEqual
from simpeg_sync.ports import Claim, Ledger, Link


@dataclass(slots=True)
class Onlooker:
    """Implements ports.Ledger."""

    inner: Ledger | None
    """None where there is no ledger yet: then nothing was ever sent or linked."""
    persons: dict[Nip, BknId] = field(default_factory=dict)
    """What BKN told meanwhile, for this one look."""

    def open_attempt(self, record: Record) -> Attempt | None:
        return self.inner.open_attempt(record) if self.inner else None

    def links(self, lane: str) -> Sequence[Link]:
        return self.inner.links(lane) if self.inner else ()

    def lease_ends_at(self, claim: Claim) -> float:
        return float("-inf")  # nothing leaves from here

    def has_unlinked_work(self, lane: str, *, but: Record, not_for: str | None = None) -> bool:
        return self.inner.has_unlinked_work(lane, but=but, not_for=not_for) if self.inner else False

    def held_without_row(self, lane: str) -> Sequence[Record]:
        return self.inner.held_without_row(lane) if self.inner else ()

    def held_elsewhere(self, lane: str, digest: Digest) -> Sequence[Record]:
        return self.inner.held_elsewhere(lane, digest) if self.inner else ()

    def braked(self) -> Mapping[FeedName, str]:
        return self.inner.braked() if self.inner else {}

    def deleted_since(self, lane: str, since: float) -> Sequence[str]:
        return self.inner.deleted_since(lane, since) if self.inner else ()

    def find(self, feed: FeedName, key: SourceKey) -> Record | None:
        return self.inner.find(feed, key) if self.inner else None

    def seen_equal(self, feed: FeedName, key: SourceKey) -> SeenEqual | None:
        return self.inner.seen_equal(feed, key) if self.inner else None

    def records_of(self, lanes: Sequence[str]) -> Mapping[str, Sequence[Record]]:
        return self.inner.records_of(lanes) if self.inner else dict.fromkeys(lanes, ())

    def are_linked_elsewhere(self, lane: str, bkn_ids: Collection[str]) -> bool:
        return self.inner.are_linked_elsewhere(lane, bkn_ids) if self.inner else False

    def person(self, nip: Nip) -> BknId | None:
        return self.persons.get(nip) or (self.inner.person(nip) if self.inner else None)

    def identity(self, record: Record) -> Identity:
        return self.inner.identity(record) if self.inner else Identity()

    def doubted_by(self, lane: str) -> RecordId | None:
        return self.inner.doubted_by(lane) if self.inner else None

    def remember_person(self, nip: Nip, bkn_id: BknId) -> None:
        self.persons[nip] = bkn_id

    # Who has read what of whom at BKN stands in the trail, also of somebody who only looks.

    def note_read(self, lane: str, what: str, why: str) -> None:
        if self.inner:
            self.inner.note_read(lane, what, why)

    def say_reads(self, actor: str) -> None:
        if self.inner:
            self.inner.say_reads(actor)

    # ------------------------------------------------------------------------------- what somebody who looks never does

    def finish(self, claim: Claim, record: Record, move: Move) -> Record:
        raise _refused()

    def begin_attempt(self, claim: Claim, intent: Intent) -> Attempt:
        raise _refused()

    def end_attempt(self, claim: Claim, record: Record, attempt: Attempt, outcome: Outcome, move: Move) -> Record:
        raise _refused()

    def note_absent(self, claim: Claim, record: Record, attempt: Attempt, move: Move) -> None:
        raise _refused()

    def settle_attempt(self, claim: Claim, record: Record, attempt: Attempt, verdict: str, move: Move) -> None:
        raise _refused()

    def break_off(self, claim: Claim, record: Record, reason: str, detail: str) -> None:
        raise _refused()

    def note_identity(self, claim: Claim, record: Record, identity: Identity | None) -> None:
        raise _refused()

    def void(self, claim: Claim, record: Record, reason: str, detail: str) -> Record:
        raise _refused()

    def change_lane(self, claim: Claim, record: Record, lane: str) -> None:
        raise _refused()


def _refused() -> ProgramError:
    return ProgramError("somebody who only looks was asked to write into the ledger")


@dataclass(slots=True)
class ForgetfulNotes:
    """Where there is no ledger to note a refused login in."""

    notes: dict[str, str] = field(default_factory=dict)

    def note(self, name: str) -> str | None:
        return self.notes.get(name)

    def set_note(self, name: str, value: str) -> None:
        self.notes[name] = value
