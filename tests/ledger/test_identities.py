"""What is told of persons: a doubt stands until it is taken away or answered, and units follow their persons."""

import pytest
from sqlalchemy import text

from simpeg_sync.domain.errors import LostClaim
from simpeg_sync.domain.move import Move
from simpeg_sync.domain.record import Digest, Identity
from simpeg_sync.domain.status import Status
from simpeg_sync.ledger.identities import DOUBTED_BY

from .desk import ALICE, BOB, QUIET_S, Desk

DOUBT, OTHER = Digest("d"), Digest("e")


def test_a_doubt_is_the_persons_until_it_is_taken_away(desk: Desk) -> None:
    claim, record = desk.taken()
    assert (desk.ledger.identity(record), desk.ledger.doubted_by(ALICE)) == (Identity(), None)
    desk.ledger.note_identity(claim, record, Identity("1.03", "Dinas", DOUBT))
    assert desk.ledger.identity(record) == Identity("1.03", "Dinas", DOUBT)
    assert (desk.ledger.doubted_by(ALICE), desk.ledger.doubted_by(BOB)) == (record.id, None)
    desk.ledger.finish(claim, record, Move.held("person.differs", "nama"))
    desk.ledger.release(claim)
    desk.mark("1")
    assert desk.status() is Status.WAITING
    assert desk.ledger.doubted_by(ALICE) == record.id, "a record that waits for its turn has not been decided anew"
    desk.clock.at += QUIET_S
    again = desk.claim()
    desk.ledger.note_identity(again, record, Identity("1.03", "Dinas"))
    assert desk.ledger.doubted_by(ALICE) is None


def test_a_word_answers_the_facts_it_was_given_for_and_names_what_they_held(desk: Desk) -> None:
    claim, record = desk.taken()
    assert desk.ledger.accept_identity(record.id, actor="siti", reason="KTP") is None, "there is no doubt"
    desk.ledger.note_identity(claim, record, Identity(doubt=DOUBT))
    desk.ledger.finish(claim, record, Move.held("person.differs", "nama"))
    desk.ledger.release(claim)
    desk.mark("2")
    desk.mark("3", nip=BOB)
    desk.run("UPDATE records SET status = 'held', reason = 'person.doubtful' WHERE id <> :id", id=record.id)
    assert desk.ledger.accept_identity(record.id, actor="siti", reason="KTP") == [desk.record("2").id]
    assert desk.ledger.doubted_by(ALICE) is None
    assert desk.ledger.identity(record) == Identity(doubt=DOUBT, accepted=DOUBT)
    assert desk.ledger.accept_identity(record.id, actor="siti", reason="KTP") is None, "said already"
    desk.mark("1")
    desk.clock.at += QUIET_S
    desk.ledger.note_identity(desk.claim(), record, Identity(doubt=OTHER))
    assert desk.ledger.doubted_by(ALICE) == record.id
    [audit] = desk.reader.audit()
    assert (audit["action"], audit["actor"], audit["target"], audit["reason"]) == (
        "person.accept", "siti", f"record {record.id}", "KTP",
    )  # fmt: skip


def test_who_has_lost_the_lane_tells_nothing_of_a_person(desk: Desk) -> None:
    claim, record = desk.taken()
    desk.run("UPDATE lanes SET fence = fence + 1")
    with pytest.raises(LostClaim):
        desk.ledger.note_identity(claim, record, Identity(doubt=DOUBT))
    assert desk.ledger.doubted_by(ALICE) is None


def test_persons_are_found_by_unit(desk: Desk) -> None:
    for name, nip, unit in (("1", ALICE, "1.03"), ("2", BOB, "1.03")):
        claim, record = desk.taken(name, nip=nip)
        desk.ledger.note_identity(claim, record, Identity(unit, "Dinas Pendidikan"))
        desk.ledger.finish(claim, record, Move.unchanged())
        desk.ledger.release(claim)
    assert list(desk.reader.units()) == [{"unit": "1.03", "unit_name": "Dinas Pendidikan", "persons": 2}]
    assert desk.reader.lanes_of_unit("1.03") == desk.ledger.lanes_of_unit("1.03") == [BOB, ALICE]
    desk.mark("1")
    desk.clock.at += QUIET_S
    desk.ledger.note_identity(desk.claim(), desk.record("1"), None)
    assert (desk.reader.lanes_of_unit("1.03"), desk.reader.lanes_of_unit("9")) == ([BOB], [])


def test_a_detail_that_names_another_record_is_not_a_line_of_its_own(desk: Desk) -> None:
    desk.mark("1", "2", "3")
    desk.run("UPDATE records SET status = 'held', reason = 'person.doubtful', detail = 'record ' || id")
    [row] = desk.reader.reasons()
    assert (row["reason"], row["detail"], row["count"]) == ("person.doubtful", "", 3)


def test_asking_for_a_doubt_reads_the_persons_records_only(sqlite_desk: Desk) -> None:
    with sqlite_desk.engine.connect() as connection:
        steps = connection.execute(text(f"EXPLAIN QUERY PLAN {DOUBTED_BY.text}"), {"lane": ALICE}).all()
    assert not any("SCAN" in str(step[3]) for step in steps), steps
