"""Moves of records: the table of domain/status.py is what the ledger stores, and nothing else."""

import re
from itertools import product

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from simpeg_sync.domain.errors import IllegalMove, LostClaim
from simpeg_sync.domain.move import Move
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import BknId, Digest
from simpeg_sync.domain.status import MOVES, Event, Status

from .desk import ALICE, QUIET_S, Desk


def test_every_legal_move_is_stored_with_its_event_and_every_other_is_refused_by_name(desk: Desk) -> None:
    claim, _ = desk.taken()
    for status, event in product(Status, Event):
        record = desk.put(status)
        before = desk.raw(), desk.number("SELECT count(*) FROM events")
        if event in MOVES[status]:
            after = desk.ledger.finish(claim, record, Move(event, "why", "where"))
            assert after.status is MOVES[status][event] is desk.status(), (status, event)
            (_, *_, last) = [None, *desk.reader.events_of(record.id)]
            assert last is not None
            assert (last["event"], last["status"], last["reason"]) == (event, after.status, "why")
        else:
            with pytest.raises(IllegalMove) as refusal:
                desk.ledger.finish(claim, record, Move(event))
            assert repr(str(status)) in str(refusal.value)
            assert repr(str(event)) in str(refusal.value)
            assert (desk.raw(), desk.number("SELECT count(*) FROM events")) == before


def test_the_database_knows_exactly_the_states_of_the_program(desk: Desk) -> None:
    if desk.engine.dialect.name == "sqlite":
        found = desk.rows("SELECT sql AS it FROM sqlite_master WHERE name = 'records'")
    else:
        found = desk.rows("SELECT pg_get_constraintdef(oid) AS it FROM pg_constraint WHERE conname = 'status_known'")
    (check,) = found
    allowed = str(check["it"]).rpartition("status")[2] if desk.engine.dialect.name == "sqlite" else str(check["it"])
    words = set(re.findall(r"'(\w+)'", allowed))
    assert words == set(Status)
    desk.mark("1")
    with pytest.raises(IntegrityError), desk.engine.begin() as connection:
        connection.execute(text("UPDATE records SET status = 'lost'"))


def test_a_worker_that_finds_another_state_than_it_left_writes_nothing(desk: Desk) -> None:
    claim, record = desk.taken()
    desk.put(Status.SYNCED)
    before = desk.raw()
    with pytest.raises(LostClaim, match=f"record {record.id} is no longer working"):
        desk.ledger.finish(claim, record, Move.held("x"))
    assert desk.raw() == before
    assert desk.reader.events_of(record.id) == []


def test_a_move_changes_the_fields_it_names_and_no_others(desk: Desk) -> None:
    claim, record = desk.taken()
    desk.run(
        "UPDATE records SET failures = 4, deaths = 1, gone_since = 7, refused_digest = 'r', done = '{\"881\":\"d\"}'"
    )
    record = desk.record()
    linked = Move.linked(
        BknId("Row-B"),
        confirmed={"nama": "h1", "tahun": "h2"},
        synced_digest=Digest("s"),
        done={},
        link_from=None,
        wakes=(),
    )
    after = desk.ledger.finish(claim, record, linked)
    assert after == desk.record()
    assert (after.bkn_id, after.synced_digest, dict(after.done)) == ("Row-B", "s", {})
    assert (after.confirmed, after.gone_since) == ({"nama": "h1", "tahun": "h2"}, None)
    assert (after.failures, after.deaths, after.refused_digest) == (4, 1, "r")
    resting = desk.ledger.finish(claim, after, Move.unchanged())
    assert (resting.failures, resting.deaths, resting.bkn_id) == (0, 0, "Row-B")


def test_a_refusal_keeps_the_content_that_was_refused(desk: Desk) -> None:
    claim, record = desk.taken()
    attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
    refused = Move.refused("bkn.required", "Nama wajib diisi", attempt.digest)
    outcome = Outcome.refused("bkn.required", "Nama wajib diisi", http_status=400)
    after = desk.ledger.end_attempt(claim, record, attempt, outcome, refused)
    assert (after.status, after.refused_digest) == (Status.REFUSED, "d1")
    (kept,) = desk.reader.attempts_of(record.id)
    assert (kept["message"], kept["http_status"], kept["code"]) == ("Nama wajib diisi", 400, "bkn.required")
    assert (desk.raw()["reason"], desk.raw()["detail"]) == ("bkn.refused", "bkn.required")


def test_a_removed_record_keeps_no_link(desk: Desk) -> None:
    claim, record = desk.taken()
    desk.run("UPDATE records SET bkn_id = 'b', synced_digest = 's', confirmed = '{\"a\":\"b\"}', delete_released = 1")
    after = desk.ledger.finish(claim, record, Move.removed("row.gone"))
    assert (after.status, after.bkn_id, after.synced_digest, after.confirmed) == (Status.REMOVED, None, None, {})
    assert after.delete_released is False


def test_a_link_that_changes_hands_leaves_the_old_record_in_the_same_transaction(desk: Desk) -> None:
    desk.mark("old")
    desk.run("UPDATE records SET status = 'synced', due_at = NULL, bkn_id = 'b', synced_digest = 's'")
    claim, record = desk.taken("new")
    old = desk.record("old")

    def link() -> Move:
        return Move.linked(BknId("b"), confirmed={}, synced_digest=None, done={}, link_from=old.id, wakes=())

    desk.put(Status.HELD, "new")
    with pytest.raises(LostClaim):
        desk.ledger.finish(claim, record, link())
    assert desk.record("old").bkn_id == "b", "nothing of a lost move stays"
    desk.put(Status.WORKING, "new")
    desk.ledger.finish(claim, record, link())
    assert (desk.record("old").bkn_id, desk.record("old").synced_digest) == (None, None)
    assert [(link.record.key, link.has_open_attempt) for link in desk.ledger.links(ALICE)] == [(record.key, False)]


def test_links_are_the_records_with_a_row_at_bkn_or_a_write_under_way(desk: Desk) -> None:
    desk.mark("1", "2", "3")
    desk.clock.at += QUIET_S
    claim = desk.claim()
    desk.ledger.begin_attempt(claim, desk.intent(claim.records[1]))
    desk.run("UPDATE records SET bkn_id = 'b' WHERE id = :id", id=claim.records[0].id)
    found = {link.record.id: link.has_open_attempt for link in desk.ledger.links(ALICE)}
    assert found == {claim.records[0].id: False, claim.records[1].id: True}


def test_since_says_when_the_state_was_entered(desk: Desk) -> None:
    claim, record = desk.taken()
    desk.clock.at += 1
    desk.ledger.finish(claim, record, Move.unchanged())
    entered = desk.clock.at
    desk.ledger.release(claim)
    desk.clock.at += 100
    assert desk.raw()["since"] == entered
    desk.mark("1")
    assert desk.raw()["since"] == entered + 100
