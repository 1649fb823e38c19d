"""What a worker wants the ledger to write when it is done with a record: one move, with everything that goes with it.

Moves come from the makers below only; nobody fills the fields by hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from simpeg_sync.domain.brake import Counted
from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.record import Action, BknId, Digest, Record, RecordId
from simpeg_sync.domain.status import Event

_AT_REST: Mapping[str, Any] = {"failures": 0, "deaths": 0, "gone_since": None, "delete_released": False}

NO_LINK: Mapping[str, Any] = {
    "bkn_id": None,
    "synced_digest": None,
    "done": {},
    "refused_digest": None,
    "confirmed": {},
}
"""A record that has nothing at BKN (any more)."""


def saved(bkn_id: BknId | None, digest: Digest, confirmed: Mapping[str, str], *, now: float) -> Mapping[str, Any]:
    """The fields that change when BKN is proved to hold a content. Without an id where BKN tells none."""
    return {
        **_AT_REST,
        "bkn_id": bkn_id,
        "synced_digest": digest,
        "synced_at": now,
        "confirmed": confirmed,
        "refused_digest": None,
    }


@dataclass(frozen=True, slots=True)
class Move:
    event: Event
    reason: str = ""
    """A reason code of the catalogue; empty where the event says it all."""
    detail: str = ""
    """Where, never what: a field, a code table, BKN's answer code."""
    due_at: float | None = None
    """When the record wants its next turn by itself."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Fields of Record that get a new value with this move."""
    link_from: RecordId | None = None
    """The record that loses its link to this one: its row was deleted and entered anew."""
    wakes: tuple[FeedName, ...] = ()
    """Feeds whose record of the same key waits for this proof: the second half of a move between endpoints."""
    message: str = ""
    """BKN's own words; kept in the ledger, never logged."""

    @classmethod
    def unchanged(cls) -> Self:
        return cls(Event.UNCHANGED, changes=_AT_REST)

    @classmethod
    def linked(
        cls,
        bkn_id: BknId,
        *,
        confirmed: Mapping[str, str],
        synced_digest: Digest | None,
        done: Mapping[str, Digest],
        link_from: RecordId | None,
        wakes: tuple[FeedName, ...],
    ) -> Self:
        """BKN has the row; ``synced_digest`` only if its content is what SIMPEG wants."""
        changes = {
            "bkn_id": bkn_id,
            "confirmed": confirmed,
            "synced_digest": synced_digest,
            "done": done,
            "gone_since": None,
        }
        return cls(Event.LINKED, changes=changes, link_from=link_from, wakes=wakes)

    @classmethod
    def proved(
        cls,
        bkn_id: BknId | None,
        *,
        digest: Digest,
        confirmed: Mapping[str, str],
        now: float,
        more_to_do: bool,
        wakes: tuple[FeedName, ...],
        done: Mapping[str, Digest] | None = None,
    ) -> Self:
        """``done``: when certificates went along with the save."""
        changes = {**saved(bkn_id, digest, confirmed, now=now), **({} if done is None else {"done": done})}
        return cls(Event.STEP_PROVED if more_to_do else Event.PROVED, changes=changes, wakes=wakes)

    @classmethod
    def document_proved(cls, done: Mapping[str, Digest], *, more_to_do: bool) -> Self:
        return cls(Event.STEP_PROVED if more_to_do else Event.PROVED, changes={**_AT_REST, "done": done})

    @classmethod
    def followed_up(cls, done: Mapping[str, Digest]) -> Self:
        """The call that has to follow a save was made; nothing of the record's own is left to do."""
        return cls(Event.UNCHANGED, changes={**_AT_REST, "done": done})

    @classmethod
    def document_refused(cls, digest: Digest, code: str, message: str, *, look_again_at: float | None) -> Self:
        """The row is at BKN, only its certificate is not: held, so that another file is looked at, and the same is not
        sent again."""
        changes = {"refused_digest": digest, "deaths": 0}
        return cls(Event.HELD, "document.refused", code, due_at=look_again_at, changes=changes, message=message)

    @classmethod
    def removed(cls, reason: str) -> Self:
        return cls(Event.REMOVED, reason, changes={**_AT_REST, **NO_LINK})

    @classmethod
    def ignored(cls, reason: str) -> Self:
        return cls(Event.IGNORED, reason, changes=_AT_REST)

    @classmethod
    def held(cls, reason: str, detail: str = "", *, look_again_at: float | None = None, **changes: Any) -> Self:
        return cls(Event.HELD, reason, detail, due_at=look_again_at, changes={"deaths": 0, **changes})

    @classmethod
    def refused(cls, code: str, message: str, digest: Digest) -> Self:
        return cls(Event.REFUSED, "bkn.refused", code, changes={"refused_digest": digest, "deaths": 0}, message=message)

    @classmethod
    def still_refused(cls, record: Record) -> Self:
        return cls(Event.REFUSED, "bkn.refused", record.detail, changes={"deaths": 0})

    @classmethod
    def put_back(cls, reason: str, detail: str = "", *, due_at: float, failures: int, **changes: Any) -> Self:
        return cls(
            Event.PUT_BACK, reason, detail, due_at=due_at, changes={"failures": failures, "deaths": 0, **changes}
        )

    @classmethod
    def unclear(cls, code: str, *, settle_at: float) -> Self:
        return cls(Event.UNCLEAR, "answer.unclear", code, due_at=settle_at)

    @classmethod
    def still_unclear(cls, reason: str, detail: str = "", *, look_again_at: float, **changes: Any) -> Self:
        return cls(Event.STILL_UNCLEAR, reason, detail, due_at=look_again_at, changes=changes)

    @classmethod
    def decided(
        cls, reason: str, *, due_at: float, changes: Mapping[str, Any], wakes: tuple[FeedName, ...] = ()
    ) -> Self:
        return cls(Event.DECIDED, reason, due_at=due_at, changes=changes, wakes=wakes)

    def with_row_back(self, *, person_left: bool = False, wanted_digest: Digest | None = None) -> Self:
        """The row is there (again): an earlier disappearance, and a person's word about it, count no more."""
        found = {"person_left": person_left, "wanted_digest": wanted_digest}
        return replace(self, changes={**self.changes, "gone_since": None, "delete_released": False, **found})


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that is about to leave."""

    record: Record
    action: Action
    digest: Digest
    body: Mapping[str, Any]
    bkn_id: BknId | None
    known_ids: frozenset[str]
    settle_at: float
    """When, should the outcome stay unknown, a read-back may be believed."""
    counted: Counted | None = None
    """How the feed's brake sees it; None where there is no brake."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Fields of Record that get a new value with the intent: what an operator's wish makes of it."""
