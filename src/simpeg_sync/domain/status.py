"""Which states can a record have, and which moves are legal?

Rule 1: every state and every legal move stands in MOVES. What is not in the table is an IllegalMove that names both.
Rule 2: a status says where a record stands, not whether it is dirty: a change that comes while a worker has the record
only raises its mark, and the worker's last write turns the record back to ``waiting``.
"""

from collections.abc import Mapping
from enum import StrEnum

from simpeg_sync.domain.errors import IllegalMove


class Status(StrEnum):
    WAITING = "waiting"
    """Dirty; its turn comes when it is due."""
    WORKING = "working"
    """A worker reads, maps and looks. Nothing that could change BKN has left."""
    SENDING = "sending"
    """The intent is stored; a write may be on its way."""
    UNCERTAIN = "uncertain"
    """A write left and nobody knows what became of it; a read-back decides after the settle time."""
    HELD = "held"
    """Cannot go on until a person, a code table, a file or a verification says so."""
    REFUSED = "refused"
    """BKN said no to this content; not sent again until it changes."""
    SYNCED = "synced"
    """Proved equal at BKN."""
    REMOVED = "removed"
    """Gone from SIMPEG and proved gone from BKN."""
    IGNORED = "ignored"
    """Nothing to do at BKN: the row is not there, or never was ours to send."""


class Event(StrEnum):
    CHANGED = "changed"
    CLAIMED = "claimed"
    PUT_BACK = "put_back"
    """Nothing was executed; later again."""
    INTENT = "intent"
    LINKED = "linked"
    """A row that BKN already has is this record's."""
    STEP_PROVED = "step_proved"
    """A write is proved and the record has another step to do, e.g. its document."""
    PROVED = "proved"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    REFUSED = "refused"
    HELD = "held"
    IGNORED = "ignored"
    UNCLEAR = "unclear"
    STILL_UNCLEAR = "still_unclear"
    DECIDED = "decided"
    """The read-back says what became of the write; the record is looked at afresh."""
    WORKER_DIED = "worker_died"
    RESYNC = "resync"
    RELEASED = "released"


S, E = Status, Event

MOVES: Mapping[Status, Mapping[Event, Status]] = {
    S.WAITING: {E.CHANGED: S.WAITING, E.CLAIMED: S.WORKING, E.HELD: S.HELD, E.RESYNC: S.WAITING},
    S.WORKING: {
        E.CHANGED: S.WORKING,
        E.PUT_BACK: S.WAITING,
        E.LINKED: S.WORKING,
        E.INTENT: S.SENDING,
        E.UNCHANGED: S.SYNCED,
        E.REFUSED: S.REFUSED,
        E.REMOVED: S.REMOVED,
        E.HELD: S.HELD,
        E.IGNORED: S.IGNORED,
        E.WORKER_DIED: S.WAITING,
    },
    S.SENDING: {
        E.CHANGED: S.SENDING,
        E.PROVED: S.SYNCED,
        E.HELD: S.HELD,
        E.STEP_PROVED: S.WORKING,
        E.REMOVED: S.REMOVED,
        E.REFUSED: S.REFUSED,
        E.PUT_BACK: S.WAITING,
        E.UNCLEAR: S.UNCERTAIN,
        E.WORKER_DIED: S.UNCERTAIN,
    },
    S.UNCERTAIN: {
        E.CHANGED: S.UNCERTAIN,
        E.STILL_UNCLEAR: S.UNCERTAIN,
        E.DECIDED: S.WAITING,
        E.REMOVED: S.REMOVED,
        E.HELD: S.HELD,
        E.WORKER_DIED: S.UNCERTAIN,
    },
    S.HELD: {E.CHANGED: S.WAITING, E.RESYNC: S.WAITING, E.RELEASED: S.WAITING},
    S.REFUSED: {E.CHANGED: S.WAITING, E.RESYNC: S.WAITING, E.HELD: S.HELD},
    S.SYNCED: {E.CHANGED: S.WAITING, E.RESYNC: S.WAITING, E.HELD: S.HELD},
    S.REMOVED: {E.CHANGED: S.WAITING, E.RESYNC: S.WAITING},
    S.IGNORED: {E.CHANGED: S.WAITING, E.RESYNC: S.WAITING, E.HELD: S.HELD},
}

BUSY = frozenset(status for status, moves in MOVES.items() if moves[E.CHANGED] is status and status is not S.WAITING)
"""A change does not move these: the worker that has them, or the settle time, comes first."""

RESTING = frozenset({S.HELD, S.REFUSED, S.SYNCED, S.REMOVED, S.IGNORED})
"""Nothing happens here by itself, except looking again where a time for it is set."""


def move(status: Status, event: Event) -> Status:
    """The next status. Raises IllegalMove."""
    try:
        return MOVES[status][event]
    except KeyError:
        raise IllegalMove(status, event) from None
