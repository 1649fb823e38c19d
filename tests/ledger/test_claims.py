"""Who works on which person, and what happens when a worker dies."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from simpeg_sync.domain.change import Nip
from simpeg_sync.domain.errors import LostClaim
from simpeg_sync.domain.move import Move
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import BknId
from simpeg_sync.domain.status import Status
from simpeg_sync.ledger.core import LEASE_S
from simpeg_sync.ledger.lanes import BATCH_MAX
from simpeg_sync.ports import Claim

from .conftest import OpenDesk
from .desk import ALICE, BOB, CHARLIE, DIKLAT, KURSUS, QUIET_S, SETTLE_S, Desk, key


def test_a_lane_has_one_owner_and_comes_back_after_its_release(desk: Desk) -> None:
    claim, record = desk.taken()
    assert desk.ledger.claim() is None
    desk.mark("2")
    desk.clock.at += QUIET_S
    assert desk.ledger.claim() is None, "a new record of the person waits for the lane"
    desk.ledger.finish(claim, record, Move.unchanged())
    desk.ledger.release(claim)
    again = desk.claim()
    assert [r.key for r in again.records] == [key("2")]
    assert again.fence > claim.fence
    assert desk.lane()["owner"] == "alice"


def test_lanes_have_their_turn_in_the_order_in_which_they_are_due(desk: Desk) -> None:
    for nip in (BOB, CHARLIE, ALICE):
        desk.mark("1" + nip, nip=nip)
        desk.clock.at += 1
    desk.clock.at += QUIET_S
    assert [desk.claim().lane for _ in range(3)] == [BOB, CHARLIE, ALICE]


def test_a_turn_takes_all_due_records_of_the_person_up_to_the_limit_and_the_rest_at_once_after(desk: Desk) -> None:
    desk.mark(*(str(n) for n in range(BATCH_MAX + 3)))
    desk.clock.at += QUIET_S
    claim = desk.claim()
    assert len(claim.records) == BATCH_MAX
    for record in claim.records:
        desk.ledger.finish(claim, record, Move.unchanged())
    desk.ledger.release(claim)
    assert len(desk.claim().records) == 3


@pytest.mark.parametrize(
    ("move", "order"),
    [
        (lambda at: Move.held("match.several", look_again_at=at), [BOB, ALICE]),
        (lambda at: Move.put_back("bkn.not_visible_yet", due_at=at, failures=0), [ALICE, BOB]),
    ],
    ids=["only looked at again", "a fresh edit that was put back"],
)
def test_a_backlog_comes_after_what_is_to_be_sent_and_before_what_is_only_looked_at_again(
    desk: Desk, move: Callable[[float], Move], order: list[str]
) -> None:
    claim, record = desk.taken()
    desk.ledger.finish(claim, record, move(desk.clock.at + 10))
    desk.ledger.release(claim)
    desk.mark("2", nip=BOB, priority=1)
    desk.clock.at += 11
    assert [desk.claim().lane for _ in range(2)] == order


def test_a_held_record_that_is_edited_is_fresh_again(desk: Desk) -> None:
    claim, record = desk.taken()
    desk.ledger.finish(claim, record, Move.held("match.several", look_again_at=desk.clock.at + 10))
    desk.ledger.release(claim)
    desk.mark("2", nip=BOB, priority=1)
    desk.mark("1")
    desk.clock.at += QUIET_S
    assert desk.claim().lane == ALICE


def test_a_lane_without_anything_due_is_not_claimed_and_says_when_it_will_be(desk: Desk) -> None:
    claim, record = desk.taken()
    due_at = desk.clock.at + 500
    desk.ledger.finish(claim, record, Move.put_back("bkn.down", due_at=due_at, failures=1))
    desk.ledger.release(claim)
    assert desk.lane()["due_at"] == due_at
    assert desk.ledger.claim() is None
    desk.clock.at = due_at
    assert desk.claim().records[0].failures == 1


def test_a_held_record_is_looked_at_again_when_its_time_comes_and_only_then(desk: Desk) -> None:
    claim, record = desk.taken()
    desk.ledger.finish(claim, record, Move.held("document.missing", look_again_at=desk.clock.at + 3600))
    desk.ledger.release(claim)
    assert desk.status() is Status.HELD
    desk.clock.at += 3599
    assert desk.ledger.claim() is None
    desk.clock.at += 1
    claim = desk.claim()
    assert claim.records[0].status is Status.WORKING
    desk.ledger.finish(claim, claim.records[0], Move.held("unverified"))
    desk.ledger.release(claim)
    assert desk.lane()["due_at"] is None


def write_kinds() -> dict[str, Callable[[Desk, Claim], object]]:
    """Every write of a worker."""
    return {
        "finish": lambda d, c: d.ledger.finish(c, c.records[0], Move.unchanged()),
        "begin_attempt": lambda d, c: d.ledger.begin_attempt(c, d.intent(c.records[0])),
        "break_off": lambda d, c: d.ledger.break_off(c, c.records[0], "program.failed", "x"),
        "change_lane": lambda d, c: d.ledger.change_lane(c, c.records[0], BOB),
    }


@pytest.mark.parametrize("kind", write_kinds())
def test_an_overtaken_worker_can_write_nothing_any_more(desk: Desk, open_desk: OpenDesk, kind: str) -> None:
    other = open_desk(desk.url, owner="bob", clock=desk.clock)
    claim, _ = desk.taken()
    desk.clock.at += LEASE_S
    assert other.ledger.claim() is None, "the lease is still good"
    desk.clock.at += 1
    taken_over = other.claim()
    assert taken_over.fence > claim.fence
    before = desk.raw()
    with pytest.raises(LostClaim):
        write_kinds()[kind](desk, claim)
    desk.ledger.release(claim)
    assert desk.raw() == before
    assert desk.lane()["owner"] == "bob"
    other.ledger.finish(taken_over, taken_over.records[0], Move.unchanged())


@pytest.mark.parametrize("end", ["end_attempt", "settle_attempt", "note_absent"])
def test_an_overtaken_worker_cannot_end_its_attempt(desk: Desk, open_desk: OpenDesk, end: str) -> None:
    other = open_desk(desk.url, owner="bob", clock=desk.clock)
    claim, record = desk.taken()
    attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
    desk.clock.at += LEASE_S + 1
    assert other.claim().records == []
    move = Move.unclear("x", settle_at=0.0)
    late = Move.decided("x", due_at=0.0, changes={})
    again = Move.still_unclear("x", look_again_at=0.0)
    refused = Outcome.refused("x", "no", http_status=400)
    ends: dict[str, Callable[[], object]] = {
        "end_attempt": lambda: desk.ledger.end_attempt(claim, record, attempt, refused, move),
        "settle_attempt": lambda: desk.ledger.settle_attempt(claim, desk.record(), attempt, "executed", late),
        "note_absent": lambda: desk.ledger.note_absent(claim, desk.record(), attempt, again),
    }
    with pytest.raises(LostClaim):
        ends[end]()
    assert desk.ledger.open_attempt(record) == attempt
    assert desk.status() is Status.UNCERTAIN


def test_a_worker_that_writes_keeps_its_lease(desk: Desk) -> None:
    claim, record = desk.taken()
    for _ in range(5):
        desk.clock.at += LEASE_S - 1
        attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
        put_back = Move.put_back("x", due_at=desk.clock.at + 9e9, failures=1)
        desk.ledger.end_attempt(claim, record, attempt, Outcome.not_executed("x"), put_back)
        record = desk.put(Status.WORKING)
        assert desk.ledger.claim() is None


def test_what_a_dead_worker_left_is_made_good_by_the_next_owner_of_the_lane(desk: Desk, open_desk: OpenDesk) -> None:
    other = open_desk(desk.url, owner="bob", clock=desk.clock)
    desk.mark("1", "2")
    desk.clock.at += QUIET_S
    claim = desk.claim()
    attempt = desk.ledger.begin_attempt(claim, desk.intent(claim.records[0]))
    desk.clock.at += LEASE_S + 1  # the whole host is gone; nobody will ever call recover for it
    taken_over = other.claim()
    assert [(r.key, r.deaths) for r in taken_over.records] == [(key("2"), 1)]
    assert desk.status("1") is Status.UNCERTAIN
    assert desk.raw("1")["due_at"] == desk.clock.at + SETTLE_S
    other.ledger.finish(taken_over, taken_over.records[0], Move.unchanged())
    other.ledger.release(taken_over)
    assert other.ledger.claim() is None
    desk.clock.at += SETTLE_S
    assert other.ledger.open_attempt(other.claim().records[0]) == attempt


def test_two_owners_with_four_threads_never_hold_one_lane_at_once(postgres_desk: Desk, open_desk: OpenDesk) -> None:
    other = open_desk(postgres_desk.url, owner="bob", clock=postgres_desk.clock)
    lanes = 200
    for number in range(lanes):
        postgres_desk.mark(str(number), nip=lane_number(number))
    postgres_desk.clock.at += QUIET_S
    held: set[str] = set()
    turns: Counter[str] = Counter()
    watch = threading.Lock()
    start = threading.Barrier(4)

    def work(desk: Desk) -> int:
        start.wait(10)
        for count in range(lanes + 1):
            claim = desk.ledger.claim()
            if claim is None:
                return count
            with watch:
                assert claim.lane not in held, "two owners"
                held.add(claim.lane)
                turns[claim.lane] += 1
            for record in claim.records:
                desk.ledger.finish(claim, record, Move.unchanged())
            with watch:
                held.remove(claim.lane)
            desk.ledger.release(claim)
        raise AssertionError("more turns than lanes")

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(work, [postgres_desk, postgres_desk, other, other]))
    assert sum(counts) == lanes
    assert set(turns.values()) == {1}
    assert postgres_desk.number("SELECT count(*) FROM records WHERE status = 'synced'") == lanes


def test_a_release_that_meets_a_mark_does_not_forget_the_marked_record(postgres_desk: Desk) -> None:
    """The mark has the lane's row and has not committed; the release waits for it and must see what it marked."""
    desk = postgres_desk
    claim, record = desk.taken()
    desk.ledger.finish(claim, record, Move.unchanged())
    desk.mark(cursor=("source", "1"))
    with ThreadPoolExecutor(2) as pool:
        with desk.engine.connect() as third:
            third.exec_driver_sql("UPDATE cursors SET cursor = cursor")
            marking = pool.submit(desk.mark, "2", cursor=("source", "2"))
            desk.wait_for_blocked(1)
            releasing = pool.submit(desk.ledger.release, claim)
            desk.wait_for_blocked(2)
            third.rollback()
        marking.result(10)
        releasing.result(10)
    assert desk.lane()["due_at"] == desk.clock.at + QUIET_S


def test_a_freeing_of_all_lanes_that_meets_a_mark_does_not_forget_the_marked_record(postgres_desk: Desk) -> None:
    desk = postgres_desk
    claim, record = desk.taken()
    desk.ledger.finish(claim, record, Move.unchanged())
    desk.mark(cursor=("source", "1"))
    with ThreadPoolExecutor(2) as pool:
        with desk.engine.connect() as third:
            third.exec_driver_sql("UPDATE cursors SET cursor = cursor")
            marking = pool.submit(desk.mark, "2", cursor=("source", "2"))
            desk.wait_for_blocked(1)
            freeing = pool.submit(desk.ledger.recover)
            desk.wait_for_blocked(2)
            third.rollback()
        marking.result(10)
        freeing.result(10)
    assert desk.lane()["due_at"] == desk.clock.at + QUIET_S


def test_a_record_that_a_change_wakes_while_it_is_being_claimed_waits_for_the_next_turn(postgres_desk: Desk) -> None:
    desk = postgres_desk
    claim, record = desk.taken()
    desk.ledger.finish(claim, record, Move.held("document.missing", look_again_at=desk.clock.at))
    desk.ledger.release(claim)
    with ThreadPoolExecutor(1) as pool, desk.engine.connect() as third:
        third.exec_driver_sql("UPDATE records SET status = 'waiting', mark = mark + 1")
        claiming = pool.submit(desk.claim)
        desk.wait_for_blocked(1)
        third.commit()
        claim = claiming.result(10)
    assert claim.records == []
    assert desk.status() is Status.WAITING
    desk.ledger.release(claim)
    assert [r.mark for r in desk.claim().records] == [2]


def test_a_start_makes_states_true_again(desk: Desk) -> None:
    desk.mark("1", "2", "3")
    desk.clock.at += QUIET_S
    claim = desk.claim()
    desk.ledger.begin_attempt(claim, desk.intent(claim.records[0]))
    desk.ledger.finish(claim, claim.records[2], Move.unchanged())
    desk.clock.at += 5
    assert desk.ledger.recover() == 2
    assert [desk.status(n) for n in "123"] == [Status.UNCERTAIN, Status.WAITING, Status.SYNCED]
    assert [desk.record(n).deaths for n in "123"] == [1, 1, 0]
    assert desk.raw("1")["due_at"] == desk.clock.at + SETTLE_S
    assert (desk.lane()["owner"], desk.lane()["due_at"]) == (None, desk.clock.at)
    assert [e["reason"] for e in desk.reader.events_of(desk.record("2").id)] == ["worker.died"]
    with pytest.raises(LostClaim):
        desk.ledger.finish(claim, claim.records[1], Move.unchanged())
    assert desk.ledger.recover() == 0


def test_an_outage_that_the_process_survived_counts_no_death(desk: Desk) -> None:
    claim, _ = desk.taken()
    desk.mark("2", nip=BOB)
    desk.clock.at += QUIET_S
    others = desk.claim()
    assert desk.ledger.recover(claim) == 1
    assert (desk.status(), desk.record().deaths) == (Status.WAITING, 0)
    assert desk.status("2") is Status.WORKING, "another person's turn goes on"
    assert desk.lane()["owner"] == "alice", "until it is released"
    desk.ledger.release(claim)
    desk.ledger.finish(others, others.records[0], Move.unchanged())
    assert [r.key for r in desk.claim().records] == [key("1")]


def test_a_worker_back_from_an_outage_does_not_disturb_the_one_that_took_its_lane_over(
    desk: Desk, open_desk: OpenDesk
) -> None:
    other = open_desk(desk.url, owner="bob", clock=desk.clock)
    claim, _ = desk.taken()
    desk.clock.at += LEASE_S + 1
    taken_over = other.claim()
    assert desk.ledger.recover(claim) == 0
    desk.ledger.release(claim)
    other.ledger.finish(taken_over, taken_over.records[0], Move.unchanged())
    assert desk.status() is Status.SYNCED


def test_a_record_whose_worker_died_has_its_next_turn_alone_and_the_innocent_go_on(desk: Desk) -> None:
    desk.mark("1", "2", "3")
    desk.clock.at += QUIET_S
    desk.claim()
    desk.ledger.recover()
    for name in "123":
        claim = desk.claim()
        assert [r.key for r in claim.records] == [key(name)]
        desk.ledger.finish(claim, claim.records[0], Move.unchanged())
        desk.ledger.release(claim)
        assert desk.record(name).deaths == 0


def test_the_third_death_holds_the_record_and_only_that(desk: Desk) -> None:
    desk.mark("1", "2")
    desk.clock.at += QUIET_S
    for _ in range(3):
        assert desk.claim().records[0].key == key("1")
        desk.ledger.recover()
    assert (desk.status("1"), desk.raw("1")["reason"], desk.raw("1")["due_at"]) == (Status.HELD, "worker.dies", None)
    assert (desk.status("2"), desk.record("2").deaths) == (Status.WAITING, 1)
    assert [r.key for r in desk.claim().records] == [key("2")]


def test_a_write_under_way_is_settled_however_often_its_worker_died(desk: Desk) -> None:
    desk.mark("1")
    desk.clock.at += QUIET_S
    for _ in range(3):
        desk.claim()
        desk.ledger.recover()
    desk.mark("1")
    desk.clock.at += QUIET_S
    claim = desk.claim()
    assert claim.records[0].deaths == 3
    desk.ledger.begin_attempt(claim, desk.intent(claim.records[0]))
    desk.ledger.recover()
    assert desk.status() is Status.UNCERTAIN


def test_a_failing_record_is_held_before_it_left_and_uncertain_after(desk: Desk) -> None:
    desk.mark("1", "2", "3")
    desk.clock.at += QUIET_S
    claim = desk.claim()
    for record in claim.records[1:]:
        desk.ledger.begin_attempt(claim, desk.intent(record))
    for record in claim.records[:2]:
        desk.ledger.break_off(claim, record, "program.failed", "KeyError at plan.py:1")
    assert [desk.status(n) for n in "123"] == [Status.HELD, Status.UNCERTAIN, Status.SENDING]
    assert desk.raw("1")["detail"] == "KeyError at plan.py:1"
    assert desk.ledger.open_attempt(desk.record("2")) is not None
    assert desk.raw("2")["due_at"] == desk.clock.at + SETTLE_S


def test_a_record_that_fails_while_it_is_settled_stays_uncertain_until_its_write_is_decided(desk: Desk) -> None:
    """Held with an open attempt it would never be decided, and would block the person's other records for ever."""
    claim, record = desk.taken()
    desk.ledger.begin_attempt(claim, desk.intent(record))
    desk.ledger.break_off(claim, record, "program.failed", "x")
    desk.ledger.release(claim)
    desk.clock.at += SETTLE_S
    claim = desk.claim()
    desk.ledger.break_off(claim, claim.records[0], "program.failed", "x")
    assert desk.status() is Status.UNCERTAIN
    assert desk.raw()["due_at"] == desk.clock.at + SETTLE_S
    desk.run("UPDATE attempts SET ended_at = 1")
    desk.ledger.break_off(claim, desk.record(), "program.failed", "x")
    assert desk.status() is Status.HELD, "nothing is open: only a person can say"


def test_a_mark_during_a_failing_turn_is_not_lost(desk: Desk) -> None:
    claim, record = desk.taken()
    desk.mark("1")
    desk.ledger.break_off(claim, record, "program.failed", "x")
    assert desk.status() is Status.WAITING


def test_a_change_of_lane_that_comes_too_late_is_refused(desk: Desk) -> None:
    claim, record = desk.taken()
    desk.ledger.finish(claim, record, Move.unchanged())
    with pytest.raises(LostClaim):
        desk.ledger.change_lane(claim, record, BOB)
    assert desk.record().lane == ALICE


def test_a_proof_wakes_the_record_of_the_same_key_in_another_feed(desk: Desk) -> None:
    desk.mark("1", feed=DIKLAT)
    desk.clock.at += QUIET_S
    claim = desk.claim()
    desk.ledger.finish(claim, claim.records[0], Move.held("move.unproved"))
    desk.mark("1", feed=KURSUS)
    desk.clock.at += QUIET_S
    desk.ledger.release(claim)
    claim = desk.claim()
    (record,) = claim.records
    assert record.feed == KURSUS
    attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
    proved = Move.proved(
        BknId("b"), digest=attempt.digest, confirmed={}, more_to_do=False, now=desk.clock.at, wakes=(DIKLAT,)
    )
    desk.ledger.end_attempt(claim, record, attempt, Outcome.accepted(BknId("b")), proved)
    assert desk.record("1", feed=DIKLAT).status is Status.WAITING
    desk.ledger.release(claim)
    assert [r.feed for r in desk.claim().records] == [DIKLAT]


def lane_number(number: int) -> Nip:
    return Nip(f"19900101201504{number:04}")
