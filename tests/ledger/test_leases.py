"""How long a turn may send: until its own lease ends, whatever became of the lane since."""

from simpeg_sync.domain.move import Move
from simpeg_sync.ledger.core import LEASE_S

from .conftest import OpenDesk
from .desk import Desk


def test_a_turn_that_lost_its_lane_may_not_send_because_another_turn_of_its_process_has_it_again(
    desk: Desk, open_desk: OpenDesk
) -> None:
    other = open_desk(desk.url, owner="bob", clock=desk.clock)
    lost, _ = desk.taken()
    until = desk.ledger.lease_ends_at(lost)
    desk.clock.at += LEASE_S + 1
    between = other.claim()
    desk.mark("2")
    other.ledger.recover(between)
    other.ledger.release(between)
    again = desk.claim()
    assert again.lane == lost.lane
    assert desk.ledger.lease_ends_at(lost) == until < desk.ledger.lease_ends_at(again)
    desk.ledger.keep_leases()
    assert desk.ledger.lease_ends_at(lost) == until
    desk.ledger.recover(lost)
    desk.ledger.release(lost)
    assert desk.ledger.lease_ends_at(lost) == float("-inf") < desk.ledger.lease_ends_at(again)
    desk.ledger.finish(again, again.records[0], Move.unchanged())
