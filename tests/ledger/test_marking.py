"""What a change does to its record."""

import pytest

from simpeg_sync.domain.change import Change
from simpeg_sync.domain.errors import LedgerError
from simpeg_sync.domain.move import Move
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import BknId, Digest
from simpeg_sync.domain.status import Event, Status

from .desk import ALICE, BOB, KURSUS, QUIET_MAX_S, QUIET_S, Desk, key


def test_a_change_makes_a_waiting_record_that_is_due_after_the_quiet_period(desk: Desk) -> None:
    desk.mark("1")
    record = desk.record()
    assert (record.status, record.mark, record.lane, record.bkn_id) == (Status.WAITING, 1, ALICE, None)
    assert desk.ledger.claim() is None
    desk.clock.at += QUIET_S
    assert [r.key for r in desk.claim().records] == [key("1")]


def test_a_burst_is_one_turn_and_is_put_off_but_not_for_longer_than_quiet_max(desk: Desk) -> None:
    start = desk.clock.at
    for _ in range(60):
        desk.mark("1")
        assert desk.raw()["due_at"] <= max(start + QUIET_MAX_S, desk.clock.at)
        desk.clock.at += 10
    assert desk.record().mark == 60
    assert desk.number("SELECT count(*) FROM records") == 1
    claim = desk.claim()
    assert [r.mark for r in claim.records] == [60]


def test_the_same_change_twice_in_one_batch_is_one_mark(desk: Desk) -> None:
    desk.mark("1", "1")
    assert desk.record().mark == 1


@pytest.mark.parametrize(
    "move", [Move.unchanged(), Move.ignored("x"), Move.held("x"), Move.refused("x", "", Digest("d"))]
)
def test_a_mark_while_a_worker_has_the_record_turns_its_end_into_a_new_turn(desk: Desk, move: Move) -> None:
    claim, record = desk.taken()
    desk.mark("1")
    assert desk.status() is Status.WORKING
    after = desk.ledger.finish(claim, record, move)
    assert after.status is Status.WAITING
    desk.ledger.release(claim)
    assert desk.ledger.claim() is None, "the quiet period counts again"
    desk.clock.at += QUIET_S
    assert [r.mark for r in desk.claim().records] == [2]


def test_a_mark_between_two_steps_of_one_turn_is_not_lost_by_the_first_of_them(desk: Desk) -> None:
    claim, record = desk.taken()
    desk.mark("1")
    linked = Move.linked(BknId("b"), confirmed={}, synced_digest=None, done={}, link_from=None, wakes=())
    after = desk.ledger.finish(claim, record, linked)
    assert after.status is Status.WORKING
    assert desk.ledger.finish(claim, after, Move.unchanged()).status is Status.WAITING


def test_a_mark_while_sending_and_uncertain_waits_for_the_verdict_and_then_has_its_turn(desk: Desk) -> None:
    claim, record = desk.taken()
    attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
    desk.mark("1")
    assert (desk.status(), desk.raw()["due_at"]) == (Status.SENDING, desk.clock.at + 180)
    unclear = Move.unclear("http.502", settle_at=desk.clock.at + 180)
    after = desk.ledger.end_attempt(claim, record, attempt, Outcome.unclear("http.502"), unclear)
    assert after.status is Status.UNCERTAIN
    desk.ledger.release(claim)
    desk.mark("1")
    assert (desk.status(), desk.raw()["due_at"]) == (Status.UNCERTAIN, desk.clock.at + 180)
    desk.clock.at += 180
    claim = desk.claim()
    (record,) = claim.records
    assert record.status is Status.UNCERTAIN
    assert record.mark == 3
    decided = Move.decided("settle.executed", due_at=desk.clock.at, changes={})
    desk.ledger.settle_attempt(claim, record, attempt, "executed", decided)
    desk.ledger.release(claim)
    assert desk.claim().records[0].mark == 3


def test_a_proved_write_of_an_older_mark_is_remembered_and_the_record_waits_again(desk: Desk) -> None:
    claim, record = desk.taken()
    attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
    desk.mark("1")
    proved = Move.proved(
        BknId("b"), digest=Digest("d1"), confirmed={"nama": "h"}, more_to_do=False, now=desk.clock.at, wakes=()
    )
    after = desk.ledger.end_attempt(claim, record, attempt, Outcome.accepted(BknId("b")), proved)
    assert (after.status, after.bkn_id, after.synced_digest) == (Status.WAITING, "b", "d1")
    assert desk.raw()["synced_at"] == desk.clock.at


@pytest.mark.parametrize("status", [Status.HELD, Status.REFUSED, Status.SYNCED, Status.REMOVED, Status.IGNORED])
def test_a_change_wakes_a_resting_record(desk: Desk, status: Status) -> None:
    desk.mark("1")
    desk.put(status)
    desk.mark("1")
    assert desk.status() is Status.WAITING
    assert desk.raw()["due_at"] == desk.clock.at + QUIET_S


def test_a_fresh_edit_goes_before_a_sweep_and_a_sweep_does_not_make_it_bulk(desk: Desk) -> None:
    desk.mark("1", "2", nip=ALICE, priority=1)
    desk.mark("3", nip=BOB)
    desk.mark("3", nip=BOB, priority=1)
    assert (desk.raw("1")["priority"], desk.raw("3")["priority"]) == (1, 0)
    desk.clock.at += QUIET_S
    assert [desk.claim().lane, desk.claim().lane] == [BOB, ALICE]


def test_a_fresh_edit_of_a_swept_record_brings_its_lane_forward(desk: Desk) -> None:
    desk.mark("1", nip=BOB, priority=1)
    desk.clock.at += 1
    desk.mark("2", nip=ALICE, priority=1)
    desk.mark("2", nip=ALICE)
    desk.clock.at += QUIET_S
    assert [desk.claim().lane, desk.claim().lane] == [ALICE, BOB]


def test_a_record_without_a_person_waits_in_a_lane_of_its_own_until_the_person_is_known(desk: Desk) -> None:
    desk.mark("1", nip=None)
    assert desk.record().lane == f"?kursus{key('1')}"
    desk.mark("1", nip=ALICE)
    assert desk.record().lane == ALICE
    desk.mark("1", nip=BOB)
    assert desk.record().lane == ALICE, "only the turn itself may move a record to another person"
    desk.mark("1", nip=None)
    assert desk.record().lane == ALICE
    desk.clock.at += QUIET_S
    lanes = [desk.claim(), desk.claim()]
    assert {claim.lane: len(claim.records) for claim in lanes} == {ALICE: 1, f"?kursus{key('1')}": 0}


def test_a_busy_record_keeps_its_lane_so_that_no_second_worker_meets_it(desk: Desk) -> None:
    desk.mark("1", nip=None)
    desk.clock.at += QUIET_S
    claim = desk.claim()
    desk.mark("1", "2", nip=ALICE)
    assert desk.record("1").lane == claim.lane
    desk.clock.at += QUIET_S
    assert [r.key for r in desk.claim().records] == [key("2")]
    desk.ledger.change_lane(claim, claim.records[0], ALICE)
    assert (desk.record("1").lane, desk.status("1")) == (ALICE, Status.WAITING)
    (event,) = desk.reader.events_of(desk.record("1").id)
    assert (event["event"], event["status"]) == (Event.PUT_BACK, Status.WAITING)


def test_the_cursor_moves_in_the_transaction_of_the_marks_it_passes(desk: Desk) -> None:
    desk.mark("1", cursor=("source", "10"))
    assert desk.ledger.cursor("source") == "10"
    assert desk.ledger.cursor("other") is None
    # The database refuses the cursor's row: then the mark must not be there either, and the other way round.
    if desk.engine.dialect.name == "sqlite":
        desk.run("CREATE TRIGGER no BEFORE UPDATE ON cursors BEGIN SELECT RAISE(ABORT, 'no'); END")
    else:
        desk.run("ALTER TABLE cursors ADD CHECK (cursor = '10')")
    with pytest.raises(LedgerError):
        desk.mark("2", cursor=("source", "20"))
    assert desk.ledger.find(KURSUS, key("2")) is None
    assert desk.ledger.cursor("source") == "10"


def test_a_mark_that_the_database_refuses_does_not_move_the_cursor(desk: Desk) -> None:
    broken = Change(KURSUS, None)  # type: ignore[arg-type]  # what NOT NULL refuses
    with pytest.raises(LedgerError):
        desk.ledger.take_changes([Change(KURSUS, key("1")), broken], {}, cursor=("source", "20"))
    assert desk.ledger.find(KURSUS, key("1")) is None
    assert desk.ledger.cursor("source") is None
