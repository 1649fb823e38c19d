"""A plan of records, applied: what fits is done exactly, what has changed meanwhile is said and goes by the ordinary rules."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.adapters.memory import KURSUS
from tests.pipeline.conftest import BUDI, GRACE_S, SETTLE_S, SITI, Office

from simpeg_sync import logs
from simpeg_sync.domain.errors import BknDown, NotApproved, NothingMatched, OperatorError
from simpeg_sync.domain.permission import Wish
from simpeg_sync.ledger.reading import LedgerReader, RecordFilter
from simpeg_sync.planner import Planner
from simpeg_sync.plans import Made, Plans, Selection

CONFIGURATION = "as it is"
PDF = b"%PDF-1.4 sertifikat"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    logs.configure(level="ERROR")
    place = Office(tmp_path)
    plan = place.ledger.add_plan(CONFIGURATION, "{}")
    place.ledger.approve_plan(plan, actor="charlie", reason="looked at")
    yield place
    place.ledger.close()


def plans_of(office: Office, *, persons: int = 100) -> Plans:
    planner = Planner(office.pipeline, 5.0, persons)
    return Plans(planner, LedgerReader(office.ledger.engine), office.ledger, CONFIGURATION, "test")


def made(office: Office, *wishes: Wish, persons: int = 100, everything: bool = False, **wanted: Any) -> Made:
    wanted = wanted or {"feed": "kursus"}
    return plans_of(office, persons=persons).make(
        Selection(RecordFilter(**wanted)), frozenset(wishes), takes_all=everything
    )


def applied(office: Office, plan: Made) -> tuple[int, int]:
    done = plans_of(office).apply(plan.plan_id, actor="charlie", reason="why")
    return done.ordered, done.busy


def items(office: Office, plan: Made) -> list[tuple[str, str, str]]:
    """Action, state and why of each."""
    found = LedgerReader(office.ledger.engine).plan_items(plan.plan_id)
    return [(item["action"], item["state"], item["why"]) for item in found]


def permissions(office: Office) -> list[str]:
    with office.ledger.engine.connect() as connection:
        return list(connection.execute(text("SELECT permission FROM records WHERE permission IS NOT NULL")).scalars())


def linked(office: Office, key: str = "1", **columns: Any) -> str:
    """A record that BKN has as SIMPEG wants it, long ago."""
    office.enter(key, **columns)
    office.pass_time()
    office.pass_time(SETTLE_S)
    assert office.state(key)[0] == "synced"
    bkn_id = office.record(key).bkn_id
    assert bkn_id is not None
    return bkn_id


def conflict(office: Office) -> str:
    """Another hand has changed the row at BKN, and the record is held for it."""
    bkn_id = linked(office)
    office.bkn.change("kursus", bkn_id, namaKursus="Diubah orang lain")
    office.enter(nama="Diubah di SIMPEG")
    office.pass_time()
    assert office.state() == ("held", "conflict.changed_at_bkn")
    return bkn_id


def name_at_bkn(office: Office) -> str:
    [row] = office.at_bkn()
    return str(row["namaKursus"])


# -------------------------------------------------------------------------------------------------------------- overwrite


def test_a_planned_overwrite_is_done_exactly_and_only_once(office: Office) -> None:
    conflict(office)
    plan = made(office, Wish.OVERWRITE)
    assert plan.summary["actions"] == {"update": 1}
    [(difference,)] = plan.differences.values()
    assert (difference.name, difference.rule) == ("namaKursus", "text")
    assert (difference.simpeg, difference.bkn) == ("Diubah di SIMPEG", "Diubah orang lain")
    assert applied(office, plan) == (1, 0)
    assert applied(office, plan) == (0, 0), "asked twice, ordered once"
    office.pass_time()
    assert (name_at_bkn(office), office.state()) == ("Diubah di SIMPEG", ("synced", ""))
    assert items(office, plan) == [("update", "done", "")]
    assert applied(office, plan) == (0, 0)
    office.pass_time()
    assert Counter(office.effects) == {"create": 1, "update": 1}
    assert permissions(office) == []


def test_without_the_wish_a_conflict_stays_one(office: Office) -> None:
    conflict(office)
    plan = made(office)
    assert items(office, plan) == [("hold", "held", "conflict.changed_at_bkn")]
    assert applied(office, plan) == (0, 0)
    office.pass_time()
    assert name_at_bkn(office) == "Diubah orang lain"


def test_bkns_row_that_changed_after_the_plan_is_not_overwritten(office: Office) -> None:
    bkn_id = conflict(office)
    plan = made(office, Wish.OVERWRITE)
    office.bkn.change("kursus", bkn_id, namaKursus="Sekali lagi")
    applied(office, plan)
    office.pass_time()
    assert (name_at_bkn(office), office.state()) == ("Sekali lagi", ("held", "conflict.changed_at_bkn"))
    assert items(office, plan) == [("update", "changed", "plan.bkn_changed")]
    assert permissions(office) == []


def test_a_change_of_form_alone_changes_no_fact(office: Office) -> None:
    bkn_id = conflict(office)
    plan = made(office, Wish.OVERWRITE)
    office.bkn.change("kursus", bkn_id, namaKursus="DIUBAH  ORANG LAIN", jumlahJam="40")
    applied(office, plan)
    office.pass_time()
    assert (name_at_bkn(office), items(office, plan)) == ("Diubah di SIMPEG", [("update", "done", "")])


def test_a_row_of_simpeg_that_changed_after_the_plan_goes_by_the_ordinary_rules(office: Office) -> None:
    conflict(office)
    plan = made(office, Wish.OVERWRITE)
    office.enter(nama="Sesudah rencana")
    applied(office, plan)
    office.pass_time()
    assert (name_at_bkn(office), office.state()) == ("Diubah orang lain", ("held", "conflict.changed_at_bkn"))
    assert items(office, plan) == [("update", "changed", "plan.simpeg_changed")]


def test_the_change_may_come_while_the_order_waits(office: Office) -> None:
    conflict(office)
    plan = made(office, Wish.OVERWRITE)
    applied(office, plan)
    office.enter(nama="Sesudah perintah")
    office.pass_time()
    assert (name_at_bkn(office), items(office, plan)) == (
        "Diubah orang lain",
        [("update", "changed", "plan.simpeg_changed")],
    )


def test_an_ordinary_update_is_done_though_simpeg_changed_and_the_item_says_so(office: Office) -> None:
    linked(office)
    office.enter(nama="Pertama")
    plan = made(office)
    office.enter(nama="Kedua")
    applied(office, plan)
    office.pass_time()
    assert (name_at_bkn(office), office.state()[0]) == ("Kedua", "synced")
    assert items(office, plan) == [("update", "changed", "plan.simpeg_changed")]


def test_an_overwrite_of_who_was_not_looked_at_is_not_done(office: Office) -> None:
    conflict(office)
    plan = made(office, Wish.OVERWRITE, persons=0)
    assert (plan.summary["actions"], plan.summary["not_looked_at"]) == ({"to_look_at": 1}, 1)
    reads = office.bkn.reads.total()
    made(office, Wish.OVERWRITE, persons=0)
    assert office.bkn.reads.total() == reads, "no call was spent"
    applied(office, plan)
    office.pass_time()
    assert (name_at_bkn(office), office.state()) == ("Diubah orang lain", ("held", "conflict.changed_at_bkn"))
    assert items(office, plan) == [("to_look_at", "held", "conflict.changed_at_bkn")]


# ------------------------------------------------------------------------------- writes whose outcome is lost, and deaths


def test_a_write_that_proved_to_have_had_no_effect_is_judged_anew(office: Office) -> None:
    bkn_id = conflict(office)
    plan = made(office, Wish.OVERWRITE)
    applied(office, plan)
    office.bkn.troubles.append("not_executed")
    office.pass_time()
    assert (office.state()[0], items(office, plan)) == ("waiting", [("update", "ordered", "")])
    office.bkn.change("kursus", bkn_id, namaKursus="Sekali lagi")
    office.pass_time(3600)
    assert (name_at_bkn(office), office.state()) == ("Sekali lagi", ("held", "conflict.changed_at_bkn"))
    assert items(office, plan) == [("update", "changed", "plan.bkn_changed")]


def test_a_write_that_proved_to_have_had_no_effect_is_made_again_while_the_facts_hold(office: Office) -> None:
    conflict(office)
    plan = made(office, Wish.OVERWRITE)
    applied(office, plan)
    office.bkn.troubles.append("not_executed")
    office.pass_time()
    office.pass_time(3600)
    assert (name_at_bkn(office), items(office, plan)) == ("Diubah di SIMPEG", [("update", "done", "")])


@pytest.mark.parametrize("executed", [True, False])
def test_an_uncertain_overwrite_is_settled_and_done_once(office: Office, executed: bool) -> None:
    conflict(office)
    plan = made(office, Wish.OVERWRITE)
    applied(office, plan)
    office.bkn.troubles.append("lost_after" if executed else "lost_before")
    office.pass_time()
    assert office.state()[0] == "uncertain"
    office.restart()
    for _ in range(8):
        office.pass_time(SETTLE_S + 1)
    assert (name_at_bkn(office), office.state()[0]) == ("Diubah di SIMPEG", "synced")
    assert items(office, plan) == [("update", "done", "")]
    assert Counter(office.effects)["update"] == 1


def test_a_refusal_ends_the_item_and_what_was_overwritten_by_wish_is_a_conflict_again(office: Office) -> None:
    conflict(office)
    before = office.record().confirmed
    plan = made(office, Wish.OVERWRITE)
    applied(office, plan)
    office.bkn.troubles.append("refused")
    office.pass_time()
    assert items(office, plan) == [("update", "refused", "bkn.refused")]
    assert office.record().confirmed == before
    office.enter(nama="Lain lagi")
    office.pass_time()
    assert (name_at_bkn(office), office.state()) == ("Diubah orang lain", ("held", "conflict.changed_at_bkn"))


def test_a_death_between_order_and_turn_loses_nothing(office: Office) -> None:
    conflict(office)
    plan = made(office, Wish.OVERWRITE)
    applied(office, plan)
    claim = office.ledger.claim()
    assert claim is not None
    [record] = claim.records
    assert record.permission is not None
    office.restart()
    office.pass_time()
    assert (name_at_bkn(office), items(office, plan)) == ("Diubah di SIMPEG", [("update", "done", "")])


# ------------------------------------------------------------------------------------------------------- the other wishes


def test_a_row_that_is_gone_at_bkn_is_created_anew(office: Office) -> None:
    bkn_id = linked(office)
    del office.bkn.stored["kursus"][bkn_id]
    office.enter(nama="Baru")
    office.pass_time()
    assert office.state() == ("held", "conflict.gone_at_bkn")
    plan = made(office, Wish.RECREATE)
    assert plan.summary["actions"] == {"create": 1}
    applied(office, plan)
    office.pass_time()
    assert (office.state()[0], items(office, plan)) == ("synced", [("create", "done", "")])
    assert office.effects == ["create", "create"]


def test_a_row_that_is_there_again_is_not_created_anew(office: Office) -> None:
    bkn_id = linked(office)
    row = dict(office.bkn.stored["kursus"][bkn_id])
    del office.bkn.stored["kursus"][bkn_id]
    office.enter(nama="Baru")
    office.pass_time()
    plan = made(office, Wish.RECREATE)
    office.bkn.stored["kursus"][bkn_id] = row
    applied(office, plan)
    office.pass_time()
    assert items(office, plan) == [("create", "changed", "plan.bkn_changed")]
    assert (office.record().bkn_id, office.effects) == (bkn_id, ["create", "update"])


def test_certificates_are_sent_again_only_once(office: Office) -> None:
    office.files.contents["a.pdf"] = PDF
    linked(office, berkas="a.pdf")
    assert made(office).summary["actions"] == {"unchanged": 1}
    plan = made(office, Wish.DOCUMENTS)
    assert (plan.summary["actions"], plan.summary["estimate"]["writes"]) == ({"upload": 1}, 1)
    applied(office, plan)
    office.pass_time()
    office.pass_time(SETTLE_S)
    assert office.effects == ["create", "upload", "upload"]
    assert (items(office, plan), office.state()[0]) == ([("upload", "done", "")], "synced")


def test_another_certificate_than_the_planned_one_is_said(office: Office) -> None:
    office.files.contents["a.pdf"] = PDF
    linked(office, berkas="a.pdf")
    plan = made(office, Wish.DOCUMENTS)
    office.files.contents["a.pdf"] = PDF + b" baru"
    applied(office, plan)
    office.pass_time()
    assert items(office, plan) == [("upload", "changed", "plan.simpeg_changed")]
    assert office.effects == ["create", "upload", "upload"], "a new certificate goes by the ordinary rules"


def test_a_delete_that_waits_for_a_person_is_released_by_the_plan(office: Office) -> None:
    office.configure(KURSUS, delete_policy="hold")
    linked(office)
    office.enter(aktif=0)
    office.pass_time()
    office.pass_time(GRACE_S + 1)
    assert office.state() == ("held", "delete.needs_release")
    plan = made(office, Wish.DELETE)
    assert plan.summary["actions"] == {"delete": 1}
    applied(office, plan)
    office.pass_time()
    assert (office.at_bkn(), items(office, plan)) == ([], [("delete", "done", "row.soft_deleted")])


def test_a_released_delete_whose_row_is_back_deletes_nothing(office: Office) -> None:
    office.configure(KURSUS, delete_policy="hold")
    linked(office)
    office.enter(aktif=0)
    office.pass_time()
    office.pass_time(GRACE_S + 1)
    plan = made(office, Wish.DELETE)
    office.enter(aktif=1)
    applied(office, plan)
    office.pass_time()
    assert (len(office.at_bkn()), items(office, plan)) == (1, [("delete", "changed", "plan.simpeg_changed")])
    assert not office.record().delete_released


def test_a_planned_create_that_finds_a_row_now_links_it_and_says_so(office: Office) -> None:
    office.enter()
    plan = made(office)
    office.bkn.enter("kursus", SITI, nomorSertipikat="SERT/1/2024", jumlahJam=8)
    applied(office, plan)
    office.pass_time()
    assert items(office, plan) == [("create", "changed", "plan.bkn_changed")]
    assert office.effects == ["update"]


# --------------------------------------------------------------------------------------------------------- around plans


def test_a_newer_plan_takes_the_place_of_an_older_one(office: Office) -> None:
    conflict(office)
    first, second = made(office, Wish.OVERWRITE), made(office, Wish.OVERWRITE)
    applied(office, first)
    assert applied(office, second) == (1, 0)
    office.pass_time()
    assert items(office, first) == [("update", "changed", "plan.replaced")]
    assert items(office, second) == [("update", "done", "")]


def test_what_a_worker_has_right_now_stays_open(office: Office) -> None:
    office.enter()
    office.enter("2", nip=BUDI)
    plan = made(office)
    office.clock.time_s += 31
    claim = office.ledger.claim()
    assert claim is not None
    assert applied(office, plan) == (1, 1)
    office.ledger.recover(claim)
    office.ledger.release(claim)
    assert applied(office, plan) == (1, 0)
    office.pass_time()
    assert Counter(items(office, plan)) == {("create", "done", ""): 2}


def test_a_plan_wants_an_approved_configuration_and_its_own(office: Office) -> None:
    office.enter()
    plan = made(office)
    other = plans_of(office)
    other.configuration = "another"
    with pytest.raises(OperatorError, match="make a new one"):
        other.apply(plan.plan_id, actor="c", reason="w")
    unapproved = other.make(Selection(RecordFilter(feed="kursus")))
    with pytest.raises(NotApproved, match="plan --approve"):
        other.apply(unapproved.plan_id, actor="c", reason="w")
    with pytest.raises(NothingMatched):
        other.apply(4711, actor="c", reason="w")
    with pytest.raises(NothingMatched):
        made(office, feed="nowhere")


def test_the_plan_of_a_configuration_names_the_rows_that_it_looked_at(office: Office) -> None:
    office.source.put("pelatihan", "1", **_row_of(office))
    plans = plans_of(office)
    plan = plans.make_for_configuration(more={"brakes": []})
    [item] = LedgerReader(office.ledger.engine).plan_items(plan.plan_id)
    assert (item["record_id"], item["feed"], item["action"], item["state"]) == (None, "kursus", "create", "open")
    assert applied(office, plan) == (1, 0), "the ledger had not met the row"
    office.work()
    assert (office.effects, items(office, plan)) == (["create"], [("create", "done", "")])


def _row_of(office: Office) -> dict[str, Any]:
    office.enter("9")
    [row] = office.source.tables.pop("pelatihan").values()
    with office.ledger.engine.begin() as connection:
        connection.execute(text("DELETE FROM records"))
    return {**{name: value for name, value in row.items() if name != "id"}, "nomor": "SERT/1/2024"}


def test_bkn_down_while_planning_is_said_and_costs_no_wish(office: Office) -> None:
    conflict(office)
    office.bkn.is_down = True
    plan = made(office, Wish.OVERWRITE)
    assert (plan.summary["bkn_problem"], plan.summary["actions"]) == (str(BknDown("BKN is down")), {"to_look_at": 1})
