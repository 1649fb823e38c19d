"""Does what a comparison found contradict what the ledger believes of a record? Then the record is looked at afresh.

Comparing repairs nothing by itself: the daemon's ordinary turn decides, so that the two cannot disagree.
"""

from simpeg_sync.domain.record import Record
from simpeg_sync.domain.situation import Finding, Situation
from simpeg_sync.domain.status import Status

OF_THE_SIDES = ("conflict.", "compare.", "match.", "policy.", "person.unknown_at_bkn", "settle.")
"""Reasons to hold a record that are over when the two sides are equal. A missing certificate is not among them."""


def wants_a_turn(finding: Finding, record: Record, reason: str) -> bool:
    """``reason``: why the record is where it is."""
    if finding.is_bkns:
        return False
    match finding.situation:
        case Situation.EQUAL:
            held = record.status is Status.HELD and reason.startswith(OF_THE_SIDES)
            return held or record.status in (Status.REFUSED, Status.IGNORED, Status.REMOVED)
        case Situation.TWICE_AT_BKN | Situation.TWICE_IN_SIMPEG | Situation.PERSON_UNKNOWN:
            return False  # nothing that the daemon could do; what it has to hold it holds when its turn comes
        case _:
            return record.status is Status.SYNCED
