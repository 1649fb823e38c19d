"""What comparing finds is kept, on both databases: due, taken by one, noted whole, contradictions woken."""

from dataclasses import replace
from typing import Any

from sqlalchemy import text

from simpeg_sync.domain.record import BknId, Digest, Record
from simpeg_sync.domain.situation import Difference, Drift, Finding, Situation
from simpeg_sync.domain.status import Status
from simpeg_sync.ledger.situations import SituationFilter, SituationReader
from simpeg_sync.ports import Comparison, ListOf

from .desk import ALICE, BOB, DIKLAT, KURSUS, SETTLE_S, Desk, key

LISTS = [ListOf(KURSUS, "kursus"), ListOf(DIKLAT, "diklat")]
AGAIN_S = 1000.0


def finding(name: str, situation: Situation = Situation.EQUAL, **more: Any) -> Finding:
    given = {"simpeg_digest": Digest("s1"), "bkn_digest": Digest("b1"), "bkn_id": BknId(f"row-{name}")} | more
    return Finding(KURSUS, situation, key(name), **given)


def differing(name: str) -> Finding:
    hours = Difference("jumlahJam", "number", "40", "99")
    return finding(
        name,
        Situation.DIFFERS,
        differences=[hours],
        drift=Drift.BKN,
        bkn_digest=Digest("b2"),
        reason="conflict.changed_at_bkn",
    )


def only_at_bkn(bkn_id: str) -> Finding:
    return Finding(KURSUS, Situation.ONLY_AT_BKN, None, BknId(bkn_id), bkn_digest=Digest("b9"), is_bkns=True)


def known(desk: Desk, *names: str, status: str = "synced") -> list[Record]:
    desk.mark(*names)
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE records SET status = :status, due_at = NULL"), {"status": status})
        connection.execute(text("UPDATE lanes SET due_at = NULL"))
    return [desk.record(name) for name in names]


def note(desk: Desk, records: list[Record], *findings: Finding, **more: Any) -> int:
    return desk.ledger.note_comparisons([Comparison(ALICE, "kursus", records, findings, 1, **more)], again_s=AGAIN_S)


def stored(desk: Desk) -> list[dict[str, Any]]:
    return [dict(row) for row in SituationReader(desk.engine).page(SituationFilter(), after=0)]


def test_everybody_is_due_once_and_taken_by_one(desk: Desk) -> None:
    desk.mark("1", "2", nip=ALICE)
    desk.mark("3", nip=BOB)
    desk.mark("4", nip=BOB, feed=DIKLAT)
    desk.mark("5", nip=None)
    for _ in range(2):
        desk.ledger.remember_lists(LISTS)
    first = desk.ledger.take_comparisons(priority=ListOf.ROUTINE, limit=2)
    second = desk.ledger.take_comparisons(priority=ListOf.ROUTINE, limit=9)
    assert sorted([*first, *second]) == [(BOB, "diklat"), (BOB, "kursus"), (ALICE, "kursus")]
    assert desk.ledger.take_comparisons(priority=ListOf.ROUTINE, limit=9) == []
    desk.ledger.give_back_comparisons(first)
    assert desk.ledger.take_comparisons(priority=ListOf.ROUTINE, limit=9) == first
    desk.clock.at += 3600
    assert len(desk.ledger.take_comparisons(priority=ListOf.ROUTINE, limit=9)) == 3, "whoever took them has died"


def test_what_is_asked_for_comes_first_and_what_is_fresh_is_left(desk: Desk) -> None:
    records = known(desk, "1")
    desk.mark("2", nip=BOB)
    desk.ledger.remember_lists(LISTS)
    note(desk, records, finding("1"))
    assert desk.ledger.ask_to_compare(LISTS, before=desk.clock.at - 1) == 1, "Alice was compared a moment ago"
    assert desk.ledger.ask_to_compare(LISTS, lanes=[ALICE], before=desk.clock.at + 1) == 1
    assert len(desk.ledger.take_comparisons(priority=ListOf.ASKED, limit=9)) == 2
    assert desk.ledger.compare_calls_since(desk.clock.at - 1) == 1


def test_who_was_changed_since_comes_before_the_routine(desk: Desk) -> None:
    records = known(desk, "1")
    desk.mark("2", nip=BOB)
    desk.ledger.remember_lists(LISTS)
    note(desk, records, finding("1"))
    with desk.engine.begin() as connection:
        connection.execute(
            text("UPDATE records SET synced_at = :at WHERE id = :id"), {"at": desk.clock.at + 5, "id": 1}
        )
    desk.clock.at += 100
    desk.ledger.remember_lists(LISTS)
    assert desk.ledger.take_comparisons(priority=ListOf.SENT, limit=9) == [], "BKN may not show it yet"
    desk.clock.at += SETTLE_S
    desk.ledger.remember_lists(LISTS)
    assert desk.ledger.take_comparisons(priority=ListOf.SENT, limit=9) == [(ALICE, "kursus")]


def test_a_situation_is_kept_with_its_times_its_values_and_its_history(desk: Desk) -> None:
    records = known(desk, "1")
    desk.ledger.remember_lists(LISTS)
    begun = desk.clock.at
    note(desk, records, finding("1"))
    desk.clock.at += 10
    note(desk, records, finding("1"))
    desk.clock.at += 10
    assert note(desk, records, differing("1")) == 1
    [row] = stored(desk)
    assert (row["first_seen_at"], row["equal_at"], row["since"]) == (begun, begun + 10, begun + 20)
    assert row["said"] == [("jumlahJam", "number", "40", "99")]
    history = SituationReader(desk.engine).history(ALICE, limit=10)
    assert [(h["before"], h["after"], h["moved"], h["fields"]) for h in history] == [
        ("", "equal", "", ""),
        ("equal", "differs", "bkn", "jumlahJam"),
    ]
    assert desk.status() is Status.WAITING


def test_what_is_over_is_forgotten_and_what_cannot_be_told_stays(desk: Desk) -> None:
    records = known(desk, "1", "2")
    desk.ledger.remember_lists(LISTS)
    note(desk, records, finding("1"), finding("2"), only_at_bkn("x"))
    note(desk, records, finding("1"), untold=frozenset({(KURSUS, str(key("2")))}))
    assert [(row["of_key"], row["of_bkn_id"]) for row in stored(desk)] == [(key("1"), ""), (key("2"), "")]
    note(desk, records, findings := finding("1"))
    assert len(stored(desk)) == 1
    nothing = Comparison(ALICE, "kursus", records, None, 1)
    assert desk.ledger.note_comparisons([nothing], again_s=AGAIN_S) == 0
    assert [row["of_key"] for row in stored(desk)] == [findings.key]


def test_a_record_that_has_moved_says_nothing(desk: Desk) -> None:
    records = known(desk, "1")
    desk.ledger.remember_lists(LISTS)
    note(desk, records, finding("1"))
    desk.mark("1")
    assert note(desk, records, differing("1")) == 0
    assert stored(desk)[0]["situation"] == "equal"
    desk.clock.at += 400
    assert desk.ledger.take_comparisons(priority=ListOf.ROUTINE, limit=9) == [(ALICE, "kursus")]


def test_only_what_contradicts_gets_a_turn(desk: Desk) -> None:
    records = known(desk, "1", status="held")
    desk.ledger.remember_lists(LISTS)
    assert note(desk, records, differing("1")) == 0, "it is held, and says so"
    assert note(desk, records, finding("1")) == 0, "held for another reason: its certificate is missing"
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE records SET reason = 'conflict.changed_at_bkn'"))
    assert note(desk, records, finding("1")) == 1
    assert desk.status() is Status.WAITING
    assert replace(desk.record(), mark=0).refused_digest is None


def test_a_group_of_people_in_one_transaction(desk: Desk) -> None:
    mine = known(desk, "1")
    desk.mark("2", nip=BOB)
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE records SET status = 'synced', due_at = NULL"))
    theirs = [desk.record("2")]
    desk.ledger.remember_lists(LISTS)
    both = [
        Comparison(ALICE, "kursus", [desk.record("1")], [finding("1")], 1),
        Comparison(BOB, "kursus", theirs, [differing("2")], 1),
    ]
    assert desk.ledger.note_comparisons(both, again_s=AGAIN_S) == 1
    assert [(row["lane"], row["situation"]) for row in stored(desk)] == [(ALICE, "equal"), (BOB, "differs")]
    assert mine[0].id != theirs[0].id
