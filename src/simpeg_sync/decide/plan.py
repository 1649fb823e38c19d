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
    """The certificate as SIMPEG has it now."""

    digest: Digest | None = None
    problem: str = ""
    """A reason code when the row has a certificate but none that can be sent."""
    detail: str = ""
    """Which page."""


Files = Mapping[str, FileState]
"""By kind of certificate (id_ref_dokumen)."""

OTHERS_FIRST = "match.others_first"
"""Why a row waits that is almost one of BKN's: that one may be exactly another row's of the person."""


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
    kind: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class FollowUp:
    """BKN wants one more call after a save, before its other pages show the row."""

    call: str


@dataclass(frozen=True, slots=True)
class Report:
    """The two sides differ and neither is ours to change: people are told."""

    reason: str
    detail: str = ""


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


Decision = (
    Unchanged
    | Link
    | Save
    | Upload
    | FollowUp
    | Delete
    | Removed
    | Ignore
    | Hold
    | Report
    | StillRefused
    | Later
    | LookFirst
)


@dataclass(frozen=True, slots=True)
class Moved:
    """Where the row of a gone record is now: in another feed of the same table."""

    proved: bool
    """The new endpoint has it as it is now, so the old one may let go."""
    same_person: bool = True


def before_looking(
    feed: Feed,
    resource: Resource,
    record: Record,
    rendered: Rendered,
    files: Files,
    *,
    moved: Moved | None,
    now: float,
    grace_s: float,
) -> Decision:
    match rendered:
        case Gone():
            return _gone(feed, resource, record, rendered, moved=moved, now=now, grace_s=grace_s)
        case Unready(reason, detail):
            return Hold(reason, detail)
        case Wanted() if not resource.is_writable and not resource.is_listed:
            return Report("bkn.not_offered")
        case Wanted() if rendered.digest == record.synced_digest and (record.bkn_id or not resource.is_listed):
            return after_content(resource, record, files)
        case Wanted() if leaving(resource, rendered.digest, files) == record.refused_digest:
            return StillRefused()
        case Wanted() if _cannot_be_named(resource, record):
            return _sent_before(resource, record, rendered)
        case Wanted() if resource.takes_files_with_save and (problem := _first_problem(files)):
            return problem
        case _:
            return LookFirst()


def after_content(resource: Resource, record: Record, files: Files) -> Decision:
    """The row's content is at BKN; are its certificates, and what has to follow a save?

    What can be done is done before what has to wait is said.
    """
    hold: Hold | None = None
    for kind, file in files.items():
        if file.problem:
            hold = hold or Hold(file.problem, _of_several(kind, files), looks_again=True)
        elif file.digest is None or file.digest == record.certificate(kind):
            continue
        elif record.has_refused(file.digest):
            hold = hold or Hold("document.refused", record.detail)
        elif resource.takes_files_with_save:
            if record.synced_digest and leaving(resource, record.synced_digest, files) == record.refused_digest:
                return StillRefused()
            return Hold("bkn.no_id") if _cannot_be_named(resource, record) else LookFirst()
        elif record.bkn_id is not None:
            return Upload(record.bkn_id, kind, file.digest)
    if resource.follow_up and record.done.get(resource.follow_up) != record.synced_digest:
        return FollowUp(resource.follow_up)
    return hold or Unchanged()


def _first_problem(files: Files) -> Hold | None:
    """A save that carries its certificates along cannot leave without them."""
    problems = ((kind, file.problem) for kind, file in files.items() if file.problem)
    return next((Hold(problem, _of_several(kind, files), looks_again=True) for kind, problem in problems), None)


def _of_several(kind: str, files: Files) -> str:
    return ", ".join(filter(None, (kind if len(files) > 1 else "", files[kind].detail)))


def _cannot_be_named(resource: Resource, record: Record) -> bool:
    """BKN may have a row of this record, which it does not show and no save can name: another one would make a second."""
    return record.synced_at is not None and not resource.is_listed and not resource.is_single


def _sent_before(resource: Resource, record: Record, wanted: Wanted) -> Decision:
    if not record.confirmed:
        return Hold("settle.not_shown")
    is_same = record.confirmed == resource.confirmed(wanted.body)
    return Unchanged() if is_same else Hold("bkn.no_id")


def leaving(resource: Resource, content: Digest, files: Files) -> Digest:
    """What a save brings, to know again what BKN refused: also its certificates, where they travel inside."""
    inside = [file.digest for _, file in sorted(files.items()) if file.digest is not None]
    return Digest("+".join([content, *inside])) if resource.takes_files_with_save else content


def delete_digest(bkn_id: BknId) -> Digest:
    """What a delete asks for, to know again what BKN refused."""
    return Digest(f"delete {bkn_id}")


def _gone(
    feed: Feed, resource: Resource, record: Record, gone: Gone, *, moved: Moved | None, now: float, grace_s: float
) -> Decision:
    if not resource.is_writable:
        return Ignore(gone.reason)
    if record.bkn_id is None:
        may_be_there = _cannot_be_named(resource, record) and feed.delete_policy != "ignore"
        return Hold("bkn.no_id") if may_be_there else Ignore(gone.reason)
    if moved is not None:
        if not moved.same_person:
            return Hold("person.changed")
        # Create, prove, then delete: an employee must not lose a certificate in between.
        # Until then it rests; the proof wakes it.
        return LookFirst() if moved.proved else Hold("move.unproved", looks_again=True)
    if feed.delete_policy == "ignore":
        return Ignore(gone.reason)
    if record.person_left:
        return Ignore("person.left")
    # A save that deletes and re-inserts looks like a delete for a moment, whatever the policy.
    since = now if record.gone_since is None else min(now, record.gone_since)
    if now < since + grace_s:
        return Later("delete.grace", since + grace_s - now)
    if not resource.can_delete:
        return Hold("bkn.no_delete", gone.reason)
    if feed.delete_policy == "hold" and not record.delete_released:
        return Hold("delete.needs_release", gone.reason)
    if record.refused_digest == delete_digest(record.bkn_id):
        return StillRefused()
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
    files: Files,
    natural_key: tuple[str, ...],
    free: Collection[BknId],
    taken: Collection[BknId],
    patience: "Patience",
) -> Decision:
    """``free`` and ``taken``: BKN's rows that match an unlinked record, by whether a living record already owns them."""
    if not resource.is_writable:
        return _compared(resource, record, wanted, look, free, taken)
    if record.bkn_id is not None:
        return _linked(resource, record, wanted, look, files, patience)
    if len(free) > 1:
        return Hold("match.several", ", ".join(sorted(free)), looks_again=True)
    if free:
        return Link(next(iter(free)))
    if taken:
        return Hold("match.taken", ", ".join(sorted(taken)), looks_again=True)
    if resource.is_single:
        return Hold("person.unknown_at_bkn", looks_again=True)
    if not_told := [key for key, row in look.rows.items() if not resource.shows(natural_key, row)]:
        # Rows of a kind whose form nobody has published: one of them may be this very record.
        return Hold("match.unknown_form", ", ".join(sorted(not_told)))
    return Save(Action.CREATE, None, {})


def _compared(
    resource: Resource,
    record: Record,
    wanted: Wanted,
    look: Look,
    free: Collection[BknId],
    taken: Collection[BknId],
) -> Decision:
    """A kind that BKN lets no region write: what is found is linked, what differs is reported."""
    # Nothing of ours hangs on the link: BKN's row that is there under another id is as good.
    is_there = record.bkn_id is not None and look.row(record.bkn_id) is not None
    candidates = [record.bkn_id] if record.bkn_id is not None and is_there else sorted(free)
    if len(candidates) > 1:
        return Hold("match.several", ", ".join(candidates), looks_again=True)
    if not candidates and taken:
        return Hold("match.taken", ", ".join(sorted(taken)), looks_again=True)
    row = look.row(candidates[0]) if candidates else None
    if row is None:
        return Report("compare.missing_at_bkn")
    differing = resource.differences(wanted.body, row)
    return Report("compare.differs", ", ".join(differing)) if differing else Link(candidates[0])


def _linked(
    resource: Resource, record: Record, wanted: Wanted, look: Look, files: Files, patience: "Patience"
) -> Decision:
    assert record.bkn_id is not None
    row = look.row(record.bkn_id)
    unseen_change = resource.has_unseen_change(record.confirmed, wanted.body, row)
    brings_files = resource.takes_files_with_save and any(
        file.digest not in (None, record.certificate(kind)) for kind, file in files.items()
    )
    if row is not None and not unseen_change and not brings_files and not resource.differences(wanted.body, row):
        # Equal by another hand; or an old state, still shown, of a row that we have changed since.
        return patience.with_lag(record) or Link(record.bkn_id)
    if another_hand := _another_hand(resource, record, row, patience, wanted.body):
        if not _is_kept_otherwise(resource, record, wanted.body, row):
            return another_hand
        if resource.confirmed(wanted.body) == record.confirmed:
            # One try was enough: BKN would answer yes once more, and keep its own form.
            return patience.with_lag(record) or Hold(
                "compare.not_kept", ", ".join(resource.differences(wanted.body, row or {}))
            )
    return Save(Action.UPDATE, record.bkn_id, resource.carried_over(wanted.body, row or {}))


def _is_kept_otherwise(
    resource: Resource, record: Record, body: Mapping[str, Any], row: Mapping[str, Any] | None
) -> bool:
    """Whether all that seems changed at BKN is our own value in BKN's form, and still what SIMPEG says."""
    if row is None:
        return False
    now = resource.confirmed(body)
    ours = {name: digest for name, digest in record.confirmed.items() if name in now}
    changed = resource.changed_since(ours, row)
    return all(now[name] == ours[name] for name in changed) and resource.keeps_otherwise(changed, body, row)


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
    if resource.keeps_last and len(look.rows) == 1:
        return Hold("delete.last_row", looks_again=True)
    if another_hand := _another_hand(resource, record, row, patience, record.confirmed):
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
        # A time in the future was taken from a clock that was wrong; it says nothing.
        if record.synced_at is not None and record.synced_at <= self.now < record.synced_at + self.lag_s:
            return Later("bkn.not_visible_yet", self.gap_s)
        return None


def _another_hand(
    resource: Resource,
    record: Record,
    row: Mapping[str, Any] | None,
    patience: Patience,
    fields: Collection[str],
) -> Later | Hold | None:
    """Whether BKN's row is no longer what we last confirmed; believed only when our own last write must be visible.

    ``fields``: those that are ours to write. What a feed no longer maps belongs to other hands, and is carried over.
    """
    ours = {name: value for name, value in record.confirmed.items() if name in fields}
    changed = resource.changed_since(ours, row) if row is not None else []
    if row is not None and not changed:
        return None
    return patience.with_lag(record) or (
        Hold("conflict.gone_at_bkn") if row is None else Hold("conflict.changed_at_bkn", ", ".join(changed))
    )
