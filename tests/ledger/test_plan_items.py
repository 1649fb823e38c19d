"""Items of plans and the permissions that come of them, on both databases: ordered once, ended with the move that ends them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from simpeg_sync.domain.errors import LedgerBusy, LostClaim, NothingMatched
from simpeg_sync.domain.move import Move
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.permission import ItemState, Permission, Stage, Wish
from simpeg_sync.domain.record import BknId, Digest, RecordId
from simpeg_sync.domain.status import Status
from simpeg_sync.ledger.plan_items import NewItem
from simpeg_sync.ports import Claim

from .conftest import OpenDesk
from .desk import ALICE, BOB, KURSUS, QUIET_S, SETTLE_S, Desk, key


def item(name: str, record_id: int | None, **changes: Any) -> NewItem:
    made = NewItem(
        RecordId(record_id) if record_id is not None else None, KURSUS, key(name), ALICE, "update", "update", "", "",
        frozenset({Wish.OVERWRITE}), "w", "f", "b", "row-1", ["nama"], 0, ItemState.OPEN,
    )  # fmt: skip
    return replace(made, **changes)


def plan(desk: Desk, *items: NewItem) -> int:
    number = desk.ledger.start_plan("digest", selection="some", wishes=[Wish.OVERWRITE])
    desk.ledger.add_items(number, 1, items)
    desk.ledger.end_plan(number, {"records": len(items)})
    return number


def order(desk: Desk, plan_id: int) -> tuple[int, int]:
    done = desk.ledger.order_plan(plan_id, actor="charlie", reason="why", action="plan.apply", which="some")
    return done.ordered, done.busy


def states(desk: Desk, plan_id: int) -> list[tuple[str, str]]:
    return [(one["state"], one["why"]) for one in desk.reader.plan_items(plan_id)]


def ordered(desk: Desk, name: str = "1") -> tuple[int, Claim]:
    """A plan of one record that is at rest, applied, and in its turn."""
    desk.mark(name)
    desk.put(Status.SYNCED, name)
    desk.run("UPDATE records SET confirmed = '{\"a\":\"h\"}', bkn_id = 'row-1'")
    number = plan(desk, item(name, desk.record(name).id))
    assert order(desk, number) == (1, 0)
    return number, desk.claim()


def test_an_item_is_ordered_once_and_its_permission_comes_with_the_claim(desk: Desk) -> None:
    number, claim = ordered(desk)
    [record] = claim.records
    assert record.permission == Permission(number, 1, "update", frozenset({Wish.OVERWRITE}), "w", "f", "b")
    assert order(desk, number) == (0, 0)
    assert states(desk, number) == [("ordered", "")]
    assert [(entry["action"], entry["target"]) for entry in desk.reader.audit()] == [("plan.apply", "1 records: some")]
    found = desk.reader.plan(number)
    assert found is not None
    assert (found["applied_by"], found["summary"]) == ("charlie", {"records": 1})


@pytest.mark.parametrize(
    ("move", "state", "why"),
    [
        (Move.unchanged(), "done", ""),
        (Move.held("unverified"), "held", "unverified"),
        (Move.removed("row.gone"), "done", "row.gone"),
        (Move.ignored("row.gone"), "done", "row.gone"),
    ],
)
def test_the_move_that_ends_the_turn_ends_the_item(desk: Desk, move: Move, state: str, why: str) -> None:
    number, claim = ordered(desk)
    after = desk.ledger.finish(claim, claim.records[0], move)
    assert (states(desk, number), after.permission) == ([(state, why)], None)
    assert desk.raw()["permission"] is None


def test_a_record_that_is_put_back_keeps_its_permission(desk: Desk) -> None:
    number, claim = ordered(desk)
    desk.ledger.finish(claim, claim.records[0], Move.put_back("bkn.down", due_at=desk.clock.at, failures=0))
    desk.ledger.release(claim)
    assert states(desk, number) == [("ordered", "")]
    assert desk.claim().records[0].permission is not None


def test_a_change_that_came_meanwhile_keeps_a_held_item_open_and_not_a_done_one(desk: Desk) -> None:
    number, claim = ordered(desk)
    desk.mark("1")
    after = desk.ledger.finish(claim, claim.records[0], Move.held("unverified"))
    assert (after.status, states(desk, number)) == (Status.WAITING, [("ordered", "")])
    desk.ledger.release(claim)
    desk.clock.at += QUIET_S
    claim = desk.claim()
    desk.mark("1")
    assert desk.ledger.finish(claim, claim.records[0], Move.unchanged()).status is Status.WAITING
    assert states(desk, number) == [("done", "")]


def begun(desk: Desk) -> tuple[int, Claim, Any, Any]:
    number, claim = ordered(desk)
    [record] = claim.records
    assert record.permission is not None
    allowed = replace(record.permission, stage=Stage.BEGUN, before={"confirmed": record.confirmed})
    taken: dict[str, Any] = {"permission": allowed, "confirmed": {"a": "seen"}}
    working = replace(record, **taken)
    attempt = desk.ledger.begin_attempt(claim, replace(desk.intent(working), changes=taken))
    assert (desk.record().confirmed, desk.record().permission) == ({"a": "seen"}, allowed)
    return number, claim, working, attempt


def test_what_a_wish_changed_is_written_with_the_intent_and_stays_when_the_write_is_proved(desk: Desk) -> None:
    number, claim, working, attempt = begun(desk)
    proved = Move.proved(
        BknId("row-1"), digest=Digest("d1"), confirmed={"a": "new"}, now=desk.clock.at, more_to_do=True, wakes=()
    )
    after = desk.ledger.end_attempt(claim, working, attempt, Outcome.accepted(BknId("row-1")), proved)
    assert after.permission is not None
    assert (after.permission.stage, states(desk, number)) == (Stage.SPENT, [("ordered", "")])
    after = desk.ledger.finish(claim, after, Move.held("document.missing"))
    assert (desk.record().confirmed, states(desk, number)) == ({"a": "new"}, [("held", "document.missing")])


@pytest.mark.parametrize("move", [Move.refused("c", "m", Digest("d1")), Move.held("tries.exhausted")])
def test_what_a_wish_changed_comes_back_when_no_write_came_of_it(desk: Desk, move: Move) -> None:
    number, claim, working, attempt = begun(desk)
    desk.ledger.end_attempt(claim, working, attempt, Outcome.refused("c", "m", http_status=422), move)
    assert (desk.record().confirmed, desk.raw()["permission"]) == ({"a": "h"}, None)
    assert states(desk, number)[0][0] in ("refused", "held")


def test_a_kill_after_the_intent_leaves_the_permission_to_the_settling(desk: Desk, open_desk: OpenDesk) -> None:
    number, *_ = begun(desk)
    desk.clock.at += 1000
    other = open_desk(desk.url, owner="bob", clock=desk.clock)
    other.ledger.recover()
    desk.clock.at += SETTLE_S
    claim = other.claim()
    [record] = claim.records
    assert record.status is Status.UNCERTAIN
    attempt = other.ledger.open_attempt(record)
    assert attempt is not None
    move = Move.decided("settle.executed", due_at=desk.clock.at, changes={"confirmed": {"a": "new"}})
    other.ledger.settle_attempt(claim, record, attempt, "executed", move)
    other.ledger.release(claim)
    claim = other.claim()
    assert claim.records[0].permission is not None
    assert claim.records[0].permission.stage is Stage.SPENT
    other.ledger.finish(claim, claim.records[0], Move.unchanged())
    assert (states(desk, number), desk.record().confirmed) == ([("done", "")], {"a": "new"})


def test_a_void_permission_is_said_and_only_by_whoever_has_the_lane(desk: Desk) -> None:
    number, claim = ordered(desk)
    with pytest.raises(LostClaim):
        desk.ledger.void(replace(claim, fence=claim.fence - 1), claim.records[0], "plan.bkn_changed", "")
    after = desk.ledger.void(claim, claim.records[0], "plan.bkn_changed", "")
    assert (after.permission, after.status) == (None, Status.WORKING)
    assert states(desk, number) == [("changed", "plan.bkn_changed")]
    desk.ledger.finish(claim, after, Move.unchanged())
    assert states(desk, number) == [("changed", "plan.bkn_changed")]


def test_what_is_under_way_stays_open_and_a_row_that_nobody_met_is_marked(desk: Desk) -> None:
    desk.mark("1")
    desk.put(Status.SENDING)
    number = plan(desk, item("1", desk.record().id), item("2", None, lane=BOB))
    assert order(desk, number) == (1, 1)
    assert states(desk, number) == [("open", ""), ("ordered", "")]
    assert desk.record("2").permission is not None
    desk.put(Status.HELD)
    assert order(desk, number) == (1, 0)


def test_two_who_apply_the_same_plan_order_each_item_once(postgres_desk: Desk, open_desk: OpenDesk) -> None:
    desk = postgres_desk
    names = [str(n) for n in range(700)]
    desk.mark(*names)
    desk.run("UPDATE records SET status = 'synced', due_at = NULL")
    ids = {row["source_key"]: row["id"] for row in desk.rows("SELECT id, source_key FROM records")}
    number = plan(desk, *(item(name, ids[key(name)]) for name in names))
    other = open_desk(desk.url, owner="bob", clock=desk.clock)
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda one: order(one, number)[0], [desk, other]))
    assert sum(done) == 700
    assert desk.number("SELECT max(mark) FROM records") == 2
    assert len(desk.rows("SELECT 1 FROM events WHERE event = 'resync'")) == 700


def test_a_newer_plan_takes_the_place_of_an_older_one(desk: Desk) -> None:
    desk.mark("1")
    desk.put(Status.SYNCED)
    first, second = (plan(desk, item("1", desk.record().id)) for _ in range(2))
    order(desk, first)
    order(desk, second)
    assert states(desk, first) == [("changed", "plan.replaced")]
    permission = desk.record().permission
    assert permission is not None
    assert permission.plan_id == second


def test_plans_that_nobody_applied_are_forgotten(desk: Desk) -> None:
    desk.mark("1")
    desk.put(Status.SYNCED)
    old, applied = (plan(desk, item("1", desk.record().id)) for _ in range(2))
    order(desk, applied)
    desk.clock.at += 100
    desk.ledger.forget_plans(before=desk.clock.at - 50)
    assert (states(desk, old), states(desk, applied)) == ([], [("ordered", "")])


def test_a_record_that_kills_ends_its_item(desk: Desk) -> None:
    number, claim = ordered(desk)
    for _ in range(3):
        desk.ledger.release(claim)
        desk.ledger.recover()
        if desk.status() is Status.HELD:
            break
        desk.clock.at += 1000
        claim = desk.claim()
    assert (desk.raw()["reason"], states(desk, number)) == ("worker.dies", [("held", "worker.dies")])


# -------------------------------------------------------------------------------------------------- exactly one record


def test_one_record_is_claimed_at_once_and_the_others_of_the_person_wait(desk: Desk) -> None:
    desk.mark("1", "2")
    claim = desk.ledger.claim_record(desk.record().id, actor="charlie", reason="now")
    assert claim is not None
    assert [record.key for record in claim.records] == [key("1")]
    desk.ledger.finish(claim, claim.records[0], Move.unchanged())
    desk.ledger.release(claim)
    assert (desk.status(), desk.status("2")) == (Status.SYNCED, Status.WAITING)
    desk.clock.at += QUIET_S
    assert [record.key for record in desk.claim().records] == [key("2")]
    assert [entry["action"] for entry in desk.reader.audit()] == ["record.send"]


def test_a_lane_that_somebody_has_is_busy_and_nobody_elses(desk: Desk, open_desk: OpenDesk) -> None:
    claim, record = desk.taken()
    other = open_desk(desk.url, owner="host:ns:12:34", clock=desk.clock)
    with pytest.raises(LedgerBusy, match="alice"):
        other.ledger.claim_record(record.id, actor="charlie", reason="now")
    assert desk.raw()["mark"] == 1
    desk.ledger.release(claim)
    with pytest.raises(NothingMatched):
        other.ledger.claim_record(4711, actor="charlie", reason="now")


def test_an_uncertain_record_is_claimed_only_when_it_can_be_decided(desk: Desk) -> None:
    claim, record = desk.taken()
    attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
    unclear = Move.unclear("net.reset", settle_at=desk.clock.at + SETTLE_S)
    desk.ledger.end_attempt(claim, record, attempt, Outcome.unclear("net.reset"), unclear)
    desk.ledger.release(claim)
    assert desk.ledger.claim_record(record.id, actor="charlie", reason="now") is None
    desk.clock.at += SETTLE_S
    claim_again = desk.ledger.claim_record(record.id, actor="charlie", reason="now")
    assert claim_again is not None
    assert [one.status for one in claim_again.records] == [Status.UNCERTAIN]
