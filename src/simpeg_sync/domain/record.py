"""A record: one thing of one person that is kept equal at BKN, and the attempts made for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

from simpeg_sync.domain.change import FeedName, Nip, SourceKey
from simpeg_sync.domain.permission import Permission
from simpeg_sync.domain.status import Status

RecordId = NewType("RecordId", int)
AttemptId = NewType("AttemptId", int)
BknId = NewType("BknId", str)
"""BKN's id of a row or of a person; upper and lower case are the same id at BKN, we keep what it wrote."""

Digest = NewType("Digest", str)
"""Hash of a canonical value, hex."""


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class Record:
    """What the ledger knows of a record when its turn comes."""

    id: RecordId
    feed: FeedName
    key: SourceKey
    lane: str
    """The NIP, or ``?`` and the key while the source has not said whose row this is."""
    status: Status
    mark: int
    """Raised with every change; the worker's result is only final if no newer mark came meanwhile."""
    bkn_id: BknId | None = None
    """The link: BKN's id of this record."""
    synced_digest: Digest | None = None
    """Of the payload that BKN last confirmed."""
    synced_at: float | None = None
    """When BKN last proved to hold a content of ours, or may have got one that it never shows."""
    done: Mapping[str, Digest] = field(default_factory=dict)
    """What is done for the row beside its content: a certificate's kind -> digest of its file, a call that has to follow
    a save -> digest of the content it followed. "" names the one certificate that a record of an older ledger had."""
    refused_digest: Digest | None = None
    """What BKN refused and must not be sent again: a content, a delete, or the files of certificates, with blanks between."""
    confirmed: Mapping[str, str] = field(default_factory=dict)
    """BKN field -> hash of the value last confirmed, to see which field another hand has changed."""
    gone_since: float | None = None
    """When the row was first seen missing; the start of the delete grace."""
    reason: str = ""
    """Why the last move left it where it is; until the next one."""
    detail: str = ""
    """Where the last reason lies: a field, a code table, BKN's answer code."""
    delete_released: bool = False
    """A person has said that the row's disappearance may be carried to BKN."""
    wanted_digest: Digest | None = None
    """Of what SIMPEG wants while BKN has no row of it: to know a row again that vanishes elsewhere."""
    person_left: bool = False
    """When the row was last seen, its person was no longer active."""
    overrides: bool = False
    """Only while an operator's plan is looked at or done: what an earlier comparison saw at BKN does not count."""
    version: int = 0
    failures: int = 0
    """Tries in a row that proved to have had no effect."""
    deaths: int = 0
    """Times a worker died while it had this record."""
    permission: Permission | None = None
    """What an applied plan allows for it, until its item has come to an end."""

    def has_refused(self, file: Digest) -> bool:
        """Whether BKN refused this very file as a certificate."""
        return file in (self.refused_digest or "").split()

    def certificate(self, kind: str) -> Digest | None:
        """Digest of the certificate of that kind that BKN holds."""
        return self.done.get(kind) or self.done.get("")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a record that says who a person is tells beside its row."""

    unit: str = ""
    """The code of the unit in which the person works, as SIMPEG has it."""
    unit_name: str = ""
    doubt: Digest | None = None
    """Of the facts that speak against its being the same person at BKN."""
    accepted: Digest | None = None
    """Of those facts that somebody has looked at and found to be no other person."""

    @property
    def is_doubtful(self) -> bool:
        return self.doubt is not None and self.doubt != self.accepted


@dataclass(frozen=True, slots=True)
class Attempt:
    """One write request: stored before it leaves."""

    id: AttemptId
    record_id: RecordId
    number: int
    version: int
    action: Action
    digest: Digest
    """Of the payload, for an upload of the file."""
    body: Mapping[str, Any]
    bkn_id: BknId | None
    """The row it names; None for a create."""
    known_ids: frozenset[str]
    """The person's rows that BKN already had: an id among them does not prove a create."""
    started_at: float
    absent_since: float | None = None
    """When a read-back first found no trace of it."""


def lane_of(nip: Nip | None, feed: FeedName, key: SourceKey) -> str:
    return nip if nip else f"?{feed}{key}"


def person_of(lane: str) -> Nip | None:
    return None if lane.startswith("?") else Nip(lane)
