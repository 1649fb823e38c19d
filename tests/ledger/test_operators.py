"""What people order and what they are shown: audit, resync, releases, plans, sweeps, counts."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from simpeg_sync.domain.move import Move
from simpeg_sync.domain.record import BknId
from simpeg_sync.domain.status import BUSY, Status
from simpeg_sync.ledger.reading import RecordFilter

from .desk import ALICE, BOB, CHARLIE, DIKLAT, KURSUS, QUIET_S, Desk, key


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"])
def test_the_audit_can_only_grow(desk: Desk, statement: str) -> None:
    desk.ledger.audit(actor="charlie", action="demo", target="x", reason="because")
    with pytest.raises(DBAPIError, match="append-only"), desk.engine.begin() as connection:
        connection.execute(text(statement))
    (entry,) = desk.reader.audit()
    assert (entry["actor"], entry["action"], entry["reason"]) == ("charlie", "demo", "because")


def test_a_resync_looks_afresh_and_leaves_alone_what_is_under_way(desk: Desk) -> None:
    for name, status in enumerate(Status):
        desk.mark(str(name), nip=BOB)
        desk.put(status, str(name))
    desk.run("UPDATE records SET synced_digest = 's', refused_digest = 'r', done = '{\"881\":\"d\"}', bkn_id = 'b'")
    desk.run('UPDATE records SET confirmed = \'{"a":"h"}\', failures = 3, deaths = 2, due_at = NULL')
    ids = desk.reader.ids(RecordFilter())
    assert desk.ledger.resync(ids, actor="charlie", reason="why") == len(Status) - len(BUSY)
    for name, status in enumerate(Status):
        record = desk.record(str(name))
        if status in BUSY:
            assert (record.status, record.synced_digest, record.mark) == (status, "s", 1)
        else:
            assert (record.status, record.synced_digest, record.refused_digest) == (Status.WAITING, None, None)
            assert (record.bkn_id, record.certificate("881"), record.confirmed) == ("b", "d", {"a": "h"})
            assert (record.failures, record.deaths, record.mark) == (0, 0, 2)
            (event,) = desk.reader.events_of(record.id)
            assert (event["event"], event["actor"]) == ("resync", "charlie")
    (entry,) = desk.reader.audit()
    assert (entry["action"], entry["target"]) == ("resync", "6 records: 1, 5, 6, 7, 8, 9")
    assert len(desk.claim().records) == len(Status) - len(BUSY)


@pytest.mark.parametrize(("overwrite", "documents"), [(True, False), (False, True)])
def test_a_resync_overwrites_and_sends_documents_again_only_when_told(
    desk: Desk, overwrite: bool, documents: bool
) -> None:
    desk.mark("1")
    desk.run('UPDATE records SET status = \'synced\', done = \'{"881":"d"}\', confirmed = \'{"a":"h"}\'')
    desk.ledger.resync([desk.record().id], actor="c", reason="w", overwrite=overwrite, documents=documents)
    assert (desk.record().confirmed == {}) is overwrite
    assert (desk.record().certificate("881") is None) is documents


def test_a_resync_of_more_than_one_chunk_reaches_every_record(desk: Desk) -> None:
    desk.mark(*(str(n) for n in range(1203)))
    desk.run("UPDATE records SET status = 'synced', due_at = NULL")
    ids = desk.reader.ids(RecordFilter(status="synced"))
    assert desk.ledger.resync(ids, actor="c", reason="w") == 1203
    assert desk.number("SELECT count(*) FROM records WHERE status = 'waiting' AND due_at IS NOT NULL") == 1203
    assert desk.ledger.resync([], actor="c", reason="w") == 0
    assert desk.ledger.resync([9_999_999], actor="c", reason="w") == 0


def test_a_resync_does_not_take_a_record_from_a_worker_that_claims_it_meanwhile(postgres_desk: Desk) -> None:
    from concurrent.futures import ThreadPoolExecutor

    desk = postgres_desk
    desk.mark("1")
    with ThreadPoolExecutor(1) as pool, desk.engine.connect() as worker:
        worker.exec_driver_sql("UPDATE records SET status = 'sending'")
        resync = pool.submit(desk.ledger.resync, [desk.record().id], actor="c", reason="w")
        desk.wait_for_blocked(1)
        worker.commit()
        assert resync.result(10) == 0
    assert desk.status() is Status.SENDING


def test_a_delete_goes_on_only_by_a_persons_word(desk: Desk) -> None:
    claim, record = desk.taken()
    assert desk.ledger.release_delete(record.id, actor="charlie", reason="left") is False
    desk.ledger.finish(claim, record, Move.held("delete.needs_release"))
    desk.ledger.release(claim)
    assert desk.ledger.release_delete(record.id, actor="charlie", reason="left") is True
    assert (desk.status(), desk.record().delete_released) == (Status.WAITING, True)
    assert desk.ledger.release_delete(record.id, actor="charlie", reason="left") is False
    assert desk.claim().records[0].delete_released is True
    assert [(e["action"], e["target"]) for e in desk.reader.audit()] == [("record.release", f"record {record.id}")]
    assert desk.reader.events_of(record.id)[-1]["actor"] == "charlie"


def test_an_approval_is_for_one_configuration(desk: Desk) -> None:
    plan = desk.ledger.add_plan("digest-1", '{"feeds": {}}')
    assert not desk.ledger.is_approved("digest-1")
    desk.ledger.approve_plan(plan, actor="charlie", reason="looked at")
    assert desk.ledger.is_approved("digest-1")
    assert desk.reader.is_approved("digest-1")
    assert not desk.ledger.is_approved("digest-2")
    newer = desk.ledger.add_plan("digest-2", "{}")
    latest = desk.reader.latest_plan()
    assert latest is not None
    assert (latest["id"], latest["approved_at"], latest["summary"]) == (newer, None, {})
    assert [e["action"] for e in desk.reader.audit()] == ["plan.approve"]


def test_there_is_work_as_long_as_anything_is_dirty_or_on_its_way(desk: Desk) -> None:
    assert not desk.ledger.has_work()
    desk.mark("1")
    for status in Status:
        desk.put(status)
        expected = status in BUSY | {Status.WAITING}
        assert desk.ledger.has_work() is expected, status
    desk.put(Status.UNCERTAIN)
    desk.run("UPDATE records SET reason = 'feed.removed'")
    assert not desk.ledger.has_work(), "what no feed reads any more keeps nobody waiting"


def test_a_held_record_has_a_turn_left_only_if_its_look_was_due_by_then(desk: Desk) -> None:
    desk.mark("1")
    for status in (Status.WAITING, Status.SENDING, Status.UNCERTAIN):
        desk.put(status)
        assert desk.ledger.has_turns_left(looks_until=0.0), status
    desk.put(Status.WORKING)
    assert not desk.ledger.has_turns_left(looks_until=0.0), "it is in somebody's hands"
    desk.put(Status.HELD)
    desk.run("UPDATE records SET due_at = 1000")
    assert not desk.ledger.has_turns_left(looks_until=999.0)
    assert desk.ledger.has_turns_left(looks_until=1000.0)
    desk.run("UPDATE records SET due_at = NULL")
    assert not desk.ledger.has_turns_left(looks_until=1000.0), "it waits for a person"


def test_unlinked_work_of_a_person_is_that_of_the_other_records(desk: Desk) -> None:
    desk.mark("1", "2", nip=ALICE)
    desk.mark("3", nip=BOB)
    assert desk.ledger.has_unlinked_work(ALICE, but=desk.record("1"))
    assert not desk.ledger.has_unlinked_work(BOB, but=desk.record("3"))
    desk.run("UPDATE records SET bkn_id = 'b'")
    assert not desk.ledger.has_unlinked_work(ALICE, but=desk.record("1"))


def test_a_sweep_knows_what_it_has_not_met(desk: Desk) -> None:
    desk.mark("1", "2", nip=ALICE)
    desk.mark("3", nip=None)
    desk.mark("1", nip=BOB, feed=DIKLAT)
    desk.mark("4", "5", nip=CHARLIE)
    desk.put(Status.REMOVED, "4")
    desk.put(Status.IGNORED, "5")
    assert not desk.ledger.sweep_is_done(KURSUS)
    desk.clock.at += 1
    started_at = desk.ledger.start_sweep(KURSUS, why="test")
    assert not desk.ledger.sweep_is_done(KURSUS)
    desk.mark("1", priority=1)
    first = desk.ledger.unseen(KURSUS, started_at, limit=1)
    assert [(change.key, lane) for change, lane in first] == [(key("2"), ALICE)]
    rest = desk.ledger.unseen(KURSUS, started_at, after=first[0][0].key, limit=10)
    assert [(change.key, lane[0]) for change, lane in rest] == [(key("3"), "?")]
    desk.ledger.end_sweep(KURSUS, 1)
    assert desk.ledger.sweep_is_done(KURSUS)
    assert not desk.ledger.sweep_is_done(DIKLAT)
    desk.ledger.start_sweep(KURSUS, why="again")
    assert not desk.ledger.sweep_is_done(KURSUS)
    assert [(s["feed"], s["why"], s["rows"]) for s in desk.reader.sweeps()] == [(KURSUS, "again", 0)]


def test_persons_and_notes_are_remembered_and_the_newest_counts(desk: Desk) -> None:
    assert desk.ledger.person(ALICE) is None
    assert desk.ledger.note("seen") is None
    for value in ("a", "b"):
        desk.ledger.remember_person(ALICE, BknId(value))
        desk.ledger.set_note("seen", value)
    assert (desk.ledger.person(ALICE), desk.ledger.note("seen")) == ("b", "b")


def test_what_people_see_is_counted_and_filtered(desk: Desk) -> None:
    desk.mark("1", "2", nip=ALICE)
    desk.mark("3", nip=BOB)
    desk.clock.at += QUIET_S
    claim = desk.claim()
    desk.ledger.finish(claim, claim.records[0], Move.held("code.unknown", "jenis"))
    desk.ledger.begin_attempt(claim, desk.intent(claim.records[1]))
    assert {(c["status"], c["count"]) for c in desk.reader.counts()} == {("held", 1), ("sending", 1), ("waiting", 1)}
    assert [(r["reason"], r["detail"], r["count"]) for r in desk.reader.reasons()] == [("code.unknown", "jenis", 1)]
    assert desk.reader.count(RecordFilter()) == (3, 2)
    assert desk.reader.count(RecordFilter(person=ALICE)) == (2, 1)
    assert desk.reader.count(RecordFilter(person=ALICE, reason="code.unknown")) == (1, 1)
    assert [r["id"] for r in desk.reader.records(RecordFilter(status="held"))] == [claim.records[0].id]
    assert desk.reader.count(RecordFilter(since=desk.clock.at + 1)) == (0, 0)
    assert desk.reader.oldest_waiting() == desk.clock.at - QUIET_S
    assert [e["event"] for e in desk.reader.events(RecordFilter())] == ["held", "intent"]
    assert [e["event"] for e in desk.reader.events(RecordFilter(status="held"))] == ["held"]
    assert [(a["action"], a["count"]) for a in desk.reader.attempts()] == [("create", 1)]
    assert desk.reader.last_success() is None
    assert desk.reader.cursor_moved_at() is None
    desk.mark(cursor=("source", "7"))
    assert desk.reader.cursor_moved_at() == desk.clock.at
