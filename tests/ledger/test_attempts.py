"""Attempts: stored before they leave, at most one open, decided once."""

import pytest

from simpeg_sync.domain.errors import LedgerUnfit
from simpeg_sync.domain.move import Move
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import Action, Attempt, BknId, Record
from simpeg_sync.domain.status import Event, Status
from simpeg_sync.ports import Claim

from .conftest import OpenDesk
from .desk import SETTLE_S, Desk


def put_back(desk: Desk, claim: Claim, record: Record, attempt: Attempt) -> Record:
    move = Move.put_back("bkn.not_executed", due_at=desk.clock.at, failures=1)
    desk.ledger.end_attempt(claim, record, attempt, Outcome.not_executed("http.503"), move)
    return desk.put(Status.WORKING)


def test_the_intent_is_durable_when_it_returns(desk: Desk, open_desk: OpenDesk) -> None:
    claim, record = desk.taken()
    attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
    another = open_desk(desk.url, owner="bob")
    assert another.ledger.open_attempt(record) == attempt
    assert (another.status(), another.raw()["due_at"]) == (Status.SENDING, desk.clock.at + SETTLE_S)
    assert (attempt.number, attempt.version, attempt.action) == (1, 1, Action.CREATE)
    assert (attempt.body, attempt.known_ids) == ({"nama": "Bob"}, frozenset({"row-0"}))
    (event,) = another.reader.events_of(record.id)
    assert (event["event"], event["attempt_id"]) == (Event.INTENT, attempt.id)


def test_a_record_has_at_most_one_open_attempt_even_when_its_state_says_otherwise(desk: Desk) -> None:
    claim, record = desk.taken()
    desk.ledger.begin_attempt(claim, desk.intent(record))
    desk.put(Status.WORKING)
    with pytest.raises(LedgerUnfit):
        desk.ledger.begin_attempt(claim, desk.intent(record, "d2"))
    assert desk.number("SELECT count(*) FROM attempts") == 1
    assert desk.status() is Status.WORKING


def test_an_intent_whose_record_is_elsewhere_is_not_stored(desk: Desk) -> None:
    claim, record = desk.taken()
    desk.put(Status.HELD)
    with pytest.raises(Exception, match="no longer working"):
        desk.ledger.begin_attempt(claim, desk.intent(record))
    assert desk.ledger.open_attempt(record) is None


def test_numbers_grow_with_every_write_and_versions_only_with_another_content_or_action(desk: Desk) -> None:
    claim, record = desk.taken()
    seen = []
    for digest, action in [
        ("d1", Action.CREATE),
        ("d1", Action.CREATE),
        ("d2", Action.CREATE),
        ("d2", Action.UPDATE),
        ("d1", Action.UPDATE),
    ]:
        attempt = desk.ledger.begin_attempt(claim, desk.intent(record, digest, action))
        seen.append((attempt.number, attempt.version))
        record = put_back(desk, claim, record, attempt)
    assert seen == [(1, 1), (2, 1), (3, 2), (4, 3), (5, 4)]
    assert (record.version, desk.raw()["attempts"]) == (4, 5)


def test_a_second_write_of_the_same_turn_is_the_next_number_and_version(desk: Desk) -> None:
    claim, record = desk.taken()
    attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
    proved = Move.proved(BknId("b"), digest=attempt.digest, confirmed={}, more_to_do=True, now=desk.clock.at, wakes=())
    after = desk.ledger.end_attempt(claim, record, attempt, Outcome.accepted(BknId("b")), proved)
    upload = desk.ledger.begin_attempt(claim, desk.intent(after, "d2", Action.UPLOAD))
    assert (after.version, upload.number, upload.version) == (1, 2, 2)


def test_the_payload_goes_with_the_end_of_the_attempt_and_the_digest_stays(desk: Desk) -> None:
    claim, record = desk.taken()
    attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
    proved = Move.proved(BknId("b"), digest=attempt.digest, confirmed={}, more_to_do=True, now=desk.clock.at, wakes=())
    after = desk.ledger.end_attempt(claim, record, attempt, Outcome.accepted(BknId("b")), proved)
    assert after.status is Status.WORKING, "its document comes next"
    (row,) = desk.rows("SELECT * FROM attempts")
    assert (row["body"], row["known_ids"], row["digest"]) == (None, None, "d1")
    assert (row["outcome"], row["ended_at"]) == ("accepted", desk.clock.at)
    assert desk.ledger.open_attempt(record) is None


def test_an_unclear_outcome_leaves_the_attempt_open_with_all_a_read_back_needs(desk: Desk) -> None:
    claim, record = desk.taken()
    attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
    settle_at = desk.clock.at + SETTLE_S
    outcome = Outcome.unclear("http.504", http_status=504)
    after = desk.ledger.end_attempt(claim, record, attempt, outcome, Move.unclear("http.504", settle_at=settle_at))
    assert after.status is Status.UNCERTAIN
    assert desk.ledger.open_attempt(record) == attempt
    (row,) = desk.reader.attempts_of(record.id)
    assert (row["outcome"], row["code"], row["http_status"], row["ended_at"]) == ("unclear", "http.504", 504, None)


def uncertain(desk: Desk) -> tuple[Claim, Record, Attempt]:
    claim, record = desk.taken()
    attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
    desk.ledger.recover()
    desk.clock.at += SETTLE_S
    claim = desk.claim()
    return claim, claim.records[0], attempt


def test_the_first_time_without_a_trace_is_the_one_that_counts(desk: Desk) -> None:
    claim, record, attempt = uncertain(desk)
    first = desk.clock.at
    for _ in range(3):
        again = Move.still_unclear("settle.no_trace_yet", look_again_at=desk.clock.at + 60)
        desk.ledger.note_absent(claim, record, attempt, again)
        assert desk.raw()["due_at"] == desk.clock.at + 60
        desk.clock.at += 60
    found = desk.ledger.open_attempt(record)
    assert found is not None
    assert found.absent_since == first


def test_a_verdict_closes_the_attempt_and_the_record_starts_afresh(desk: Desk) -> None:
    claim, record, attempt = uncertain(desk)
    decided = Move.decided("settle.not_executed", due_at=desk.clock.at, changes={"failures": 1})
    desk.ledger.settle_attempt(claim, record, attempt, "not_executed", decided)
    assert desk.ledger.open_attempt(record) is None
    assert (desk.status(), desk.record().failures, desk.raw()["due_at"]) == (Status.WAITING, 1, desk.clock.at)
    (row,) = desk.rows("SELECT * FROM attempts")
    assert (row["outcome"], row["code"], row["body"]) == ("not_executed", "settle.not_executed", None)
    desk.ledger.release(claim)
    claim = desk.claim()
    again = desk.ledger.begin_attempt(claim, desk.intent(claim.records[0]))
    assert (again.number, again.version) == (2, 1)


def test_what_nobody_can_decide_ends_with_a_person_and_is_closed(desk: Desk) -> None:
    claim, record, attempt = uncertain(desk)
    desk.ledger.settle_attempt(claim, record, attempt, "undecidable", Move.held("settle.several"))
    assert (desk.status(), desk.raw()["reason"]) == (Status.HELD, "settle.several")
    assert desk.ledger.open_attempt(record) is None


def test_an_answer_of_bkn_that_no_database_can_hold_is_kept_as_far_as_it_can_be(desk: Desk) -> None:
    """A NUL (PostgreSQL) or half a surrogate in BKN's words must not keep the refusal itself from being stored."""
    claim, record = desk.taken()
    attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
    refused = Move.refused("bkn.rule", "x", attempt.digest)
    outcome = Outcome.refused("bkn.rule", "nama\x00 \ud800salah", http_status=400)
    assert desk.ledger.end_attempt(claim, record, attempt, outcome, refused).status is Status.REFUSED
    assert "salah" in desk.reader.attempts_of(record.id)[0]["message"]
