"""Which record killed the process? Only one that was under way alone is held for it."""

from simpeg_sync.domain.move import Move
from simpeg_sync.domain.status import Status

from .desk import ALICE, BOB, CHARLIE, QUIET_S, Desk


def die(desk: Desk) -> None:
    """The process dies with all that it can have under way, and starts again."""
    assert desk.ledger.claim_many(10)
    desk.ledger.recover()


def test_of_several_persons_under_way_together_nobody_is_held_until_one_alone_is_left(desk: Desk) -> None:
    for name, nip in (("1", ALICE), ("2", BOB), ("3", CHARLIE)):
        desk.mark(name, nip=nip)
    desk.clock.at += QUIET_S
    die(desk)
    die(desk)
    assert [desk.record(name).deaths for name in "123"] == [2, 2, 2]
    guilty = 0
    for _ in range(20):
        for claim in desk.ledger.claim_many(10):
            [record] = claim.records
            if record.lane == BOB:
                guilty += 1
                desk.ledger.recover()
                break
            desk.ledger.finish(claim, record, Move.unchanged())
            desk.ledger.release(claim)
        desk.clock.at += 0.5
    assert guilty == 1
    assert [desk.status(name) for name in "123"] == [Status.SYNCED, Status.HELD, Status.SYNCED]
    assert desk.raw("2")["reason"] == "worker.dies"


def test_those_that_were_under_way_together_all_the_same_are_set_apart_again(desk: Desk) -> None:
    desk.mark("1", nip=ALICE)
    desk.mark("2", nip=BOB)
    desk.clock.at += QUIET_S
    for _ in range(3):
        desk.clock.at += 60
        die(desk)
    assert [(desk.status(name), desk.record(name).deaths) for name in "12"] == [(Status.WAITING, 3)] * 2
    assert len(desk.ledger.claim_many(10)) == 1
    desk.ledger.recover()
    assert sorted(desk.status(name) for name in "12") == [Status.HELD, Status.WAITING]
