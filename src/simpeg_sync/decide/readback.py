"""What became of a write whose answer was lost? A fresh look at BKN's rows says, or a person must.

"Absent" is believed only when seen twice, apart in time: BKN's reading side may lag behind its writing side.
"""

from collections.abc import Collection
from dataclasses import dataclass

from simpeg_sync.decide.fields import Resource
from simpeg_sync.decide.look import Look, id_of
from simpeg_sync.domain.record import Action, Attempt, BknId, Record


@dataclass(frozen=True, slots=True)
class Executed:
    bkn_id: BknId | None


@dataclass(frozen=True, slots=True)
class Landed:
    """The row is there, with another content than was sent: BKN keeps another form, or another hand was quicker."""

    bkn_id: BknId


@dataclass(frozen=True, slots=True)
class NotExecuted:
    """Seen absent often enough; the record starts afresh."""


@dataclass(frozen=True, slots=True)
class AskAgain:
    """No trace yet."""

    wait_s: float


@dataclass(frozen=True, slots=True)
class Undecidable:
    reason: str
    detail: str = ""


Judgement = Executed | Landed | NotExecuted | AskAgain | Undecidable


def judge(
    attempt: Attempt,
    record: Record,
    resource: Resource,
    look: Look,
    *,
    owned_by_others: Collection[str],
    natural_key: tuple[str, ...],
    document_matches: bool,
    now: float,
    absent_gap_s: float,
) -> Judgement:
    """``document_matches``: for an upload, whether BKN now serves exactly the file that was sent."""
    match attempt.action:
        case Action.CREATE:
            return _create(attempt, resource, look, owned_by_others, natural_key, now, absent_gap_s)
        case Action.UPDATE:
            return _update(attempt, record, resource, look, now, absent_gap_s)
        case Action.DELETE:
            gone = attempt.bkn_id is None or look.row(attempt.bkn_id) is None
            return Executed(None) if gone else absent(attempt, now, absent_gap_s)
        case Action.UPLOAD:
            return Executed(attempt.bkn_id) if document_matches else absent(attempt, now, absent_gap_s)


def absent(attempt: Attempt, now: float, absent_gap_s: float) -> Judgement:
    if attempt.absent_since is None:
        return AskAgain(absent_gap_s)
    waited = now - attempt.absent_since
    return NotExecuted() if waited >= absent_gap_s else AskAgain(absent_gap_s - waited)


def _create(
    attempt: Attempt,
    resource: Resource,
    look: Look,
    owned: Collection[str],
    natural_key: tuple[str, ...],
    now: float,
    absent_gap_s: float,
) -> Judgement:
    new = [row for key, row in look.rows.items() if key not in attempt.known_ids and key not in owned]
    equal = [
        id_of(row) for row in new if resource.shows(natural_key, row) and not resource.differences(attempt.body, row)
    ]
    if len(equal) == 1:
        return Executed(equal[0])
    alike = equal or [id_of(row) for row in new if resource.same_by(natural_key, attempt.body, row)]
    if len(alike) == 1:
        return Landed(alike[0])
    if alike:
        return Undecidable("settle.several", ", ".join(sorted(alike)))
    return absent(attempt, now, absent_gap_s)


def _update(
    attempt: Attempt, record: Record, resource: Resource, look: Look, now: float, absent_gap_s: float
) -> Judgement:
    row = look.row(attempt.bkn_id) if attempt.bkn_id else None
    if row is None:
        return Undecidable("conflict.gone_at_bkn")
    if not resource.differences(attempt.body, row):
        if resource.has_unseen_change(record.confirmed, attempt.body, row):
            # Only a field that BKN never shows has changed for sure: an update in place may leave once more.
            return absent(attempt, now, absent_gap_s)
        return Executed(attempt.bkn_id)
    if changed := resource.changed_since(record.confirmed, row):
        return Undecidable("conflict.changed_at_bkn", ", ".join(changed))
    return absent(attempt, now, absent_gap_s)
