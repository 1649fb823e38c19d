"""The brake in the ledger: counted with the intent, shared by all workers, and lifted by an audited word."""

from dataclasses import replace

import pytest

from simpeg_sync.domain.brake import RELEASED_FOR_S, Counted, Kind, Limits
from simpeg_sync.domain.errors import FeedBraked
from simpeg_sync.domain.move import Move
from simpeg_sync.domain.record import Action, Record
from simpeg_sync.domain.status import Status
from simpeg_sync.ports import Claim

from .desk import ALICE, DIKLAT, KURSUS, QUIET_S, Desk

LIMITS = Limits(vanish_rows=2, vanish_percent=50, change_rows=2, change_percent=50, window_s=100)


def begin(desk: Desk, claim: Claim, record: Record, kind: Kind | None, action: Action = Action.UPDATE) -> None:
    intent = replace(desk.intent(record, action=action), counted=Counted(LIMITS, kind))
    attempt = desk.ledger.begin_attempt(claim, intent)
    desk.run("UPDATE attempts SET ended_at = 1 WHERE id = :id", id=attempt.id)


def morning(desk: Desk, count: int) -> tuple[Claim, list[Record]]:
    desk.mark(*(str(n) for n in range(count)))
    desk.clock.at += QUIET_S
    claim = desk.claim()
    return claim, list(claim.records)


def test_what_is_too_much_leaves_no_attempt_and_stops_all_workers(desk: Desk) -> None:
    claim, records = morning(desk, 4)
    for record in records[:2]:
        begin(desk, claim, record, "change")
    with pytest.raises(FeedBraked):
        begin(desk, claim, records[2], "change")
    assert desk.number("SELECT count(*) FROM attempts") == 2
    assert desk.record("2").status is Status.WORKING
    assert desk.ledger.braked() == {KURSUS: "change"}
    with pytest.raises(FeedBraked):
        begin(desk, claim, records[3], None)


def test_a_share_of_a_large_feed_is_not_too_much_and_its_size_is_counted_once_a_window(desk: Desk) -> None:
    claim, records = morning(desk, 10)
    for record in records[:5]:
        begin(desk, claim, record, "change")
    assert desk.number("SELECT size FROM brakes") == 10
    with pytest.raises(FeedBraked):
        begin(desk, claim, records[5], "change")
    [brake] = desk.reader.brakes()
    assert (brake["count"], brake["most"], brake["pulled_by"]) == (6, 5, "change")


def test_a_new_window_counts_anew(desk: Desk) -> None:
    claim, records = morning(desk, 4)
    for record in records:
        begin(desk, claim, record, "change")
        desk.clock.at += LIMITS.window_s
    assert desk.ledger.braked() == {}


def test_what_has_vanished_and_waits_counts_before_the_first_delete_leaves(desk: Desk) -> None:
    claim, records = morning(desk, 3)
    desk.run("UPDATE records SET bkn_id = 'row-' || id, gone_since = 1")
    with pytest.raises(FeedBraked):
        begin(desk, claim, replace(records[0], gone_since=1.0), "vanish", Action.DELETE)
    assert desk.number("SELECT count(*) FROM attempts") == 0
    begin(desk, claim, records[1], "change")
    begin(desk, claim, records[2], None)


def test_a_feed_goes_on_by_an_audited_word_that_holds_for_a_day(desk: Desk) -> None:
    claim, records = morning(desk, 3)
    for record in records[:2]:
        begin(desk, claim, record, "change")
    with pytest.raises(FeedBraked):
        begin(desk, claim, records[2], "change")
    desk.ledger.finish(claim, records[2], Move.held("feed.braked", "change"))
    desk.ledger.release(claim)
    assert desk.ledger.release_feed(DIKLAT, actor="siti", reason="x") is None
    assert desk.ledger.release_feed(KURSUS, actor="siti", reason="benar") == 1
    assert desk.ledger.release_feed(KURSUS, actor="siti", reason="benar") is None
    assert (desk.status("2"), desk.lane(ALICE)["due_at"]) == (Status.WAITING, desk.clock.at)
    (audit,) = desk.reader.audit()
    assert (audit["action"], audit["reason"], audit["actor"]) == ("feed.release", "benar", "siti")
    (event,) = desk.reader.events_of(records[2].id)[-1:]
    assert (event["event"], event["actor"]) == ("released", "siti")
    claim = desk.claim()
    for _ in range(4):
        desk.put(Status.WORKING, "2")
        begin(desk, claim, desk.record("2"), "change")
    desk.clock.at += RELEASED_FOR_S
    desk.run("UPDATE lanes SET lease_until = 9e12")
    for _ in range(LIMITS.change_rows):
        desk.put(Status.WORKING, "2")
        begin(desk, claim, desk.record("2"), "change")
    desk.put(Status.WORKING, "2")
    with pytest.raises(FeedBraked):
        begin(desk, claim, desk.record("2"), "change")


def test_a_brake_that_is_taken_out_counts_nothing(desk: Desk) -> None:
    claim, records = morning(desk, 3)
    off = Counted(Limits(0, 0, 0, 0), "change")
    for record in records:
        desk.ledger.begin_attempt(claim, replace(desk.intent(record), counted=off))
    assert desk.number("SELECT count(*) FROM brakes") == 0
