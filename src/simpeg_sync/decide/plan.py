"""Create, update, delete, upload, nothing, or hold? The least that makes the two sides equal.

Deciding has two halves, since looking at BKN costs a call: `before_looking` settles what needs no look, `after_looking`
and `after_looking_for_delete` compare with BKN's rows. All of them return a value; somebody else acts.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from simpeg_sync.decide.fields import Resource
from simpeg_sync.decide.look import Look
from simpeg_sync.domain.record import Action, BknId, Digest, Record
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Gone, Rendered, Unready, Wanted


@dataclass(frozen=True, slots=True)
class FileState:
    """The certificate as it lies on disk now."""

    digest: Digest | None = None
    problem: str = ""
    """A reason code when there is a file name but nothing that can be sent."""


NO_FILE = FileState()


@dataclass(frozen=True, slots=True)
class Unchanged:
    """BKN holds what SIMPEG wants."""


@dataclass(frozen=True, slots=True)
class Link:
    """BKN already has the row, entered by another hand or before our time: keep its id, send nothing for it."""

    bkn_id: BknId


@dataclass(frozen=True, slots=True)
class Save:
    action: Action
    bkn_id: BknId | None
    carried_over: Mapping[str, Any]
    """Fields of BKN's row that the feed does not map: an update sends the whole row and must not empty them."""


@dataclass(frozen=True, slots=True)
class Upload:
    bkn_id: BknId
    digest: Digest


@dataclass(frozen=True, slots=True)
class Delete:
    bkn_id: BknId
    reason: str


@dataclass(frozen=True, slots=True)
class Removed:
    reason: str


@dataclass(frozen=True, slots=True)
class Ignore:
    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    reason: str
    detail: str = ""
    looks_again: bool = False
    """Whether time alone may release it (a file that appears, a person that BKN gets to know)."""


@dataclass(frozen=True, slots=True)
class StillRefused:
    """The same content that BKN refused before; another call would get the same answer."""


@dataclass(frozen=True, slots=True)
class Later:
    """Not now: a grace period runs, or another record has to be proved first."""

    reason: str
    wait_s: float


@dataclass(frozen=True, slots=True)
class LookFirst:
    """Nothing more can be said without BKN's rows of this person."""


Decision = Unchanged | Link | Save | Upload | Delete | Removed | Ignore | Hold | StillRefused | Later | LookFirst


@dataclass(frozen=True, slots=True)
class Moved:
    """Where the row of a gone record is now: in another feed of the same table."""

    proved: bool
    """The new endpoint has it, so the old one may let go."""


def before_looking(
    feed: Feed, record: Record, rendered: Rendered, file: FileState, *, moved: Moved | None, now: float, grace_s: float
) -> Decision:
    match rendered:
        case Gone():
            return _gone(feed, record, rendered, moved=moved, now=now, grace_s=grace_s)
        case Unready(reason, detail):
            return Hold(reason, detail)
        case Wanted() if record.bkn_id and rendered.digest == record.synced_digest:
            return document_step(record, file)
        case Wanted() if rendered.digest == record.refused_digest:
            return StillRefused()
        case _:
            return LookFirst()


def document_step(record: Record, file: FileState) -> Decision:
    """The row's content is at BKN; is its certificate? Raises nothing, needs the record's link."""
    if file.problem:
        return Hold(file.problem, looks_again=True)
    if file.digest is None or file.digest == record.document_digest or record.bkn_id is None:
        return Unchanged()
    return Upload(record.bkn_id, file.digest)


def _gone(feed: Feed, record: Record, gone: Gone, *, moved: Moved | None, now: float, grace_s: float) -> Decision:
    if record.bkn_id is None:
        return Ignore(gone.reason)
    if moved is not None:
        # Create, prove, then delete: an employee must not lose a certificate in between.
        # Until then it rests; the proof wakes it.
        return LookFirst() if moved.proved else Hold("move.unproved", looks_again=True)
    if feed.delete_policy == "ignore":
        return Ignore(gone.reason)
    # A save that deletes and re-inserts looks like a delete for a moment, whatever the policy.
    since = now if record.gone_since is None else record.gone_since
    if now < since + grace_s:
        return Later("delete.grace", since + grace_s - now)
    if feed.delete_policy == "hold" and not record.delete_released:
        return Hold("delete.needs_release", gone.reason)
    return LookFirst()


def without_looking(record: Record, rendered: Rendered) -> Decision:
    """For feeds that write without looking first: faster, blind to what other hands did at BKN, and updates may empty
    what the feed does not map."""
    if isinstance(rendered, Gone):
        assert record.bkn_id is not None
        return Delete(record.bkn_id, rendered.reason)
    return Save(Action.UPDATE if record.bkn_id else Action.CREATE, record.bkn_id, {})


def after_looking(
    resource: Resource,
    record: Record,
    wanted: Wanted,
    look: Look,
    *,
    free: Collection[BknId],
    taken: Collection[BknId],
    patience: "Patience",
) -> Decision:
    """``free`` and ``taken``: BKN's rows that match an unlinked record, by whether a living record already owns them."""
    if record.bkn_id is not None:
        return _linked(resource, record, wanted, look, patience)
    if len(free) > 1:
        return Hold("match.several", ", ".join(sorted(free)))
    if free:
        return Link(next(iter(free)))
    if taken:
        return Hold("match.taken", ", ".join(sorted(taken)))
    return Save(Action.CREATE, None, {})


def _linked(resource: Resource, record: Record, wanted: Wanted, look: Look, patience: "Patience") -> Decision:
    assert record.bkn_id is not None
    row = look.row(record.bkn_id)
    if row is not None and not resource.differences(wanted.body, row):
        # Equal by another hand; or an old state, still shown, of a row that we have changed since.
        return patience.with_lag(record) or Link(record.bkn_id)
    if another_hand := _another_hand(resource, record, row, patience):
        return another_hand
    return Save(Action.UPDATE, record.bkn_id, resource.carried_over(wanted.body, row or {}))


def after_looking_for_delete(
    resource: Resource, record: Record, look: Look, *, reason: str, others_wait: bool, patience: "Patience"
) -> Decision:
    """``others_wait``: whether other rows of this person still look for their place at BKN. One of them may be this very
    certificate, deleted and entered anew; then it takes over the row, and nothing is deleted."""
    assert record.bkn_id is not None
    row = look.row(record.bkn_id)
    if row is None:
        late = patience.with_lag(record)
        return late or Removed("delete.already_gone")
    if another_hand := _another_hand(resource, record, row, patience):
        return another_hand
    return Later("delete.others_first", patience.gap_s) if others_wait else Delete(record.bkn_id, reason)


@dataclass(frozen=True, slots=True)
class Patience:
    """BKN's reading side may lag behind its writing side: what we wrote a moment ago may not be visible yet."""

    now: float
    lag_s: float
    gap_s: float
    """Between two looks."""

    def with_lag(self, record: Record) -> Later | None:
        if record.synced_at is not None and self.now < record.synced_at + self.lag_s:
            return Later("bkn.not_visible_yet", self.gap_s)
        return None


def _another_hand(
    resource: Resource, record: Record, row: Mapping[str, Any] | None, patience: Patience
) -> Later | Hold | None:
    """Whether BKN's row is no longer what we last confirmed; believed only when our own last write must be visible."""
    changed = resource.changed_since(record.confirmed, row) if row is not None else []
    if row is not None and not changed:
        return None
    return patience.with_lag(record) or (
        Hold("conflict.gone_at_bkn") if row is None else Hold("conflict.changed_at_bkn", ", ".join(changed))
    )
