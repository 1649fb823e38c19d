"""Records follow their rows: to edited keys, and to another NIP of the same person."""

import pytest

from simpeg_sync.domain.change import Change, KeyEdit, SourceKey
from simpeg_sync.domain.errors import LostClaim
from simpeg_sync.domain.move import Move
from simpeg_sync.domain.record import BknId, Digest, RecordId
from simpeg_sync.domain.status import Status

from .desk import ALICE, BOB, KURSUS, QUIET_S, Desk, key


def edit(desk: Desk, *pairs: tuple[str, str]) -> None:
    edits = [KeyEdit(KURSUS, key(old), key(new)) for old, new in pairs]
    changes = [Change(KURSUS, one) for pair in edits for one in (pair.old, pair.new)]
    desk.ledger.take_changes(changes, dict.fromkeys(changes, ALICE), edits=edits)


def keys(desk: Desk) -> dict[str, str]:
    return {row["bkn_id"]: row["source_key"] for row in desk.rows("SELECT * FROM records WHERE bkn_id IS NOT NULL")}


def link(desk: Desk, name: str, bkn_id: str, status: Status = Status.SYNCED) -> None:
    desk.mark(name)
    desk.run(
        "UPDATE records SET bkn_id = :bkn_id, status = :status, due_at = NULL WHERE source_key = :key",
        bkn_id=bkn_id,
        status=status,
        key=key(name),
    )


def test_a_record_follows_its_row_to_an_edited_key_and_is_looked_at(desk: Desk) -> None:
    link(desk, "a", "A")
    edit(desk, ("a", "b"))
    assert keys(desk) == {"A": key("b")}
    assert desk.status("b") is Status.WAITING


def test_keys_that_are_handed_on_or_swapped_keep_their_records(desk: Desk) -> None:
    link(desk, "a", "A")
    link(desk, "b", "B")
    edit(desk, ("a", "t"), ("b", "a"), ("t", "b"))
    assert keys(desk) == {"A": key("b"), "B": key("a")}
    edit(desk, ("a", "c"), ("b", "a"))
    assert keys(desk) == {"A": key("a"), "B": key("c")}


def test_a_record_of_the_new_key_that_has_come_to_nothing_yet_makes_room(desk: Desk) -> None:
    link(desk, "a", "A")
    desk.mark("b")
    edit(desk, ("a", "b"))
    assert keys(desk) == {"A": key("b")}
    assert desk.record("a").bkn_id is None


@pytest.mark.parametrize("status", [Status.SYNCED, Status.UNCERTAIN, Status.WORKING])
def test_a_record_that_has_something_at_bkn_or_under_way_is_not_pushed_aside(desk: Desk, status: Status) -> None:
    link(desk, "a", "A")
    link(desk, "b", "B" if status is Status.SYNCED else "", status)
    if status is not Status.SYNCED:
        desk.run("UPDATE records SET bkn_id = NULL WHERE source_key = :key", key=key("b"))
    edit(desk, ("a", "b"))
    assert keys(desk)["A"] == key("a")


def test_an_edit_of_a_row_that_nobody_followed_is_a_change_like_any_other(desk: Desk) -> None:
    edit(desk, ("a", "b"))
    assert [row["source_key"] for row in desk.rows("SELECT source_key FROM records ORDER BY 1")] == [key("a"), key("b")]


def test_two_nips_that_bkn_knows_as_one_person_share_their_links(desk: Desk) -> None:
    desk.mark("old", nip=BOB)
    desk.run("UPDATE records SET bkn_id = 'Row', status = 'held', due_at = NULL")
    assert desk.ledger.are_linked_elsewhere(ALICE, ["row"])
    desk.ledger.remember_person(ALICE, BknId("P"))
    desk.ledger.remember_person(BOB, BknId("P"))
    assert not desk.ledger.are_linked_elsewhere(ALICE, ["row"])
    assert [one.record.bkn_id for one in desk.ledger.links(ALICE)] == ["Row"]


def test_a_link_taken_from_the_persons_other_lane_wakes_it_and_waits_for_a_worker_there(desk: Desk) -> None:
    desk.mark("old", nip=BOB)
    desk.run("UPDATE records SET bkn_id = 'Row', status = 'held', due_at = NULL WHERE lane = :lane", lane=BOB)
    desk.run("UPDATE lanes SET due_at = NULL WHERE lane = :lane", lane=BOB)
    old = desk.record("old")
    claim, record = desk.taken("new")

    def take(owner: RecordId) -> None:
        move = Move.linked(BknId("Row"), confirmed={}, synced_digest=None, done={}, link_from=owner, wakes=())
        desk.ledger.finish(claim, record, move)

    desk.run("UPDATE lanes SET owner = 'carol', lease_until = 9e9 WHERE lane = :lane", lane=BOB)
    with pytest.raises(LostClaim):
        take(old.id)
    assert desk.record("old").bkn_id == "Row"
    desk.run("UPDATE lanes SET owner = NULL, lease_until = NULL WHERE lane = :lane", lane=BOB)
    take(old.id)
    assert (desk.record("old").bkn_id, desk.status("old")) == (None, Status.WAITING)
    assert desk.lane(BOB)["due_at"] == desk.clock.at


def test_what_others_want_and_do_not_have_is_found_by_its_content(desk: Desk) -> None:
    desk.mark("x", nip=BOB)
    desk.clock.at += QUIET_S
    claim = desk.claim()
    held = Move.held("person.unknown_at_bkn").with_row_back(wanted_digest=Digest("d"))
    desk.ledger.finish(claim, claim.records[0], held)
    assert [one.key for one in desk.ledger.held_elsewhere(ALICE, Digest("d"))] == [key("x")]
    assert desk.ledger.held_elsewhere(BOB, Digest("d")) == []
    assert desk.ledger.held_elsewhere(ALICE, Digest("e")) == []


def told(desk: Desk) -> list[tuple[SourceKey, str | None, str | None]]:
    found = desk.ledger.unwritten(KURSUS, after=0, limit=10)
    desk.ledger.note_written(found)
    return [(one.key, one.bkn_id, one.written) for one in found]


def test_simpeg_is_told_what_is_proved_once_and_what_is_gone_once(desk: Desk) -> None:
    for name in ("proved", "unproved", "held"):
        link(desk, name, name.upper(), Status.HELD if name == "held" else Status.SYNCED)
    desk.run("UPDATE records SET synced_digest = 'd' WHERE bkn_id <> 'UNPROVED'")
    assert told(desk) == [(key("proved"), "PROVED", None), (key("held"), "HELD", None)]
    assert told(desk) == []
    desk.run("UPDATE records SET bkn_id = NULL, status = 'removed' WHERE bkn_id = 'PROVED'")
    desk.run("UPDATE records SET bkn_id = 'OTHER' WHERE bkn_id = 'HELD'")
    assert told(desk) == [(key("proved"), None, "PROVED"), (key("held"), "OTHER", "HELD")]
    assert told(desk) == []
