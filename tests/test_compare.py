"""Every row of every employee has a situation; comparing sends nothing and repairs nothing by itself."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from simpeg_sync import logs
from simpeg_sync.compare import Comparer, until_done
from simpeg_sync.domain.change import Row, SourceKey
from simpeg_sync.domain.errors import BknDown
from simpeg_sync.domain.situation import Policy
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.ports import ListOf
from tests.adapters.memory import DIKLAT, KURSUS, MemorySource
from tests.pipeline.conftest import BUDI, GAP_S, GRACE_S, SETTLE_S, SITI, Office

DAY_S = 86400.0
AGAIN_S = 30 * DAY_S


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    logs.configure(level="ERROR")
    place = Office(tmp_path)
    yield place
    place.ledger.close()


def comparer(office: Office) -> Comparer:
    return Comparer(office.pipeline.view, office.ledger, in_flight=2, again_s=AGAIN_S)


def compare(office: Office) -> Comparer:
    """Everybody, now."""
    office.clock.time_s += SETTLE_S + 1  # what was sent is visible
    one = comparer(office)
    one.ask(before=office.clock.now())
    for _ in until_done(one, priority=ListOf.ASKED, calls_max=1000, goes_on=lambda: True):
        pass
    return one


def stored(office: Office) -> list[dict[str, Any]]:
    with office.ledger.engine.connect() as connection:
        found = connection.execute(text("SELECT * FROM situations ORDER BY lane, feed, of_key, of_bkn_id"))
        return [dict(row) for row in found.mappings()]


def told(office: Office) -> dict[str, str]:
    return {row["of_key"] or row["of_bkn_id"]: row["situation"] for row in stored(office)}


def changes(office: Office) -> list[tuple[str, str, str]]:
    with office.ledger.engine.connect() as connection:
        found = connection.execute(text("SELECT before, after, moved FROM situation_changes ORDER BY id"))
        return [tuple(row) for row in found]


def at_bkn(office: Office, number: str, nip: str = SITI, **fields: Any) -> str:
    content = {
        "institusiPenyelenggara": "BPSDM Kota Teluk Biru",
        "jenisDiklatId": "3",
        "jumlahJam": 40,
        "namaKursus": "Manajemen Arsip",
        "nomorSertipikat": number,
        "tahunKursus": 2024,
        "tanggalKursus": "04-03-2024",
        "tanggalSelesaiKursus": "08-03-2024",
    }
    return office.bkn.enter("kursus", nip, **(content | fields))


def test_what_was_sent_is_equal_and_what_was_never_sent_is_only_there(office: Office) -> None:
    office.enter("1")
    office.pass_time()
    own = at_bkn(office, "77/LAIN/2019", namaKursus="Bendahara", tahunKursus=2019, institusiPenyelenggara="KPPN")
    compare(office)
    assert told(office) == {'["1"]': "equal", own: "only_at_bkn"}
    assert office.effects == ["create"]
    assert office.state() == ("synced", "")


def test_another_hand_is_seen_held_and_told_with_both_values(office: Office) -> None:
    office.enter("1")
    office.pass_time()
    compare(office)
    office.bkn.change("kursus", office.record().bkn_id or "", jumlahJam=99)
    assert compare(office).progress.woken == 1
    [row] = stored(office)
    assert (row["situation"], row["drift"], row["fields"]) == ("differs", "bkn", "jumlahJam")
    assert '["jumlahJam","number","40","99"]' in row["said"]
    assert row["equal_at"] < row["since"]
    assert changes(office) == [("", "equal", ""), ("equal", "differs", "bkn")]
    office.work()
    assert office.state() == ("held", "conflict.changed_at_bkn")
    again = compare(office)
    assert (again.progress.woken, office.effects, len(changes(office))) == (0, ["create"], 2)


def test_what_another_hand_repairs_is_synced_without_a_write(office: Office) -> None:
    office.enter("1")
    office.pass_time()
    office.bkn.change("kursus", office.record().bkn_id or "", jumlahJam=99)
    compare(office)
    office.work()
    office.bkn.change("kursus", office.record().bkn_id or "", jumlahJam=40)
    compare(office)
    office.work()
    assert office.state() == ("synced", "")
    assert told(office) == {'["1"]': "equal"}
    assert stored(office)[0]["said"] is None
    assert office.effects == ["create"]


def test_a_change_that_no_capture_saw_is_sent(office: Office) -> None:
    office.enter("1")
    office.pass_time()
    office.source.tables["pelatihan"][office.record().key]["jam"] = "48 JP"
    assert compare(office).progress.woken == 1
    assert stored(office)[0]["drift"] == "simpeg"
    office.work()
    compare(office)
    assert (office.effects, told(office)) == (["create", "update"], {'["1"]': "equal"})


def test_a_correction_that_does_not_stick_ends_after_one_try(office: Office) -> None:
    """BKN keeps only so many letters of a number: one update is tried, then people are told, and no call is spent."""
    bkn_id = at_bkn(office, "SERT/1/2024", namaKursus="Manajemen Arsip Dinamis dan St")
    office.bkn.keeps["namaKursus"] = lambda said: said[:30]
    office.enter("1", nama="Manajemen Arsip Dinamis dan Statis")
    office.pass_time()
    assert office.effects == ["update"]
    for _ in range(3):
        compare(office)
        office.work()
    [row] = stored(office)
    assert (row["situation"], row["drift"], row["reason"]) == ("differs", "not_kept", "compare.not_kept")
    assert office.state() == ("held", "compare.not_kept")
    assert office.record().detail == "namaKursus"
    assert office.effects == ["update"]
    office.enter("1", jam="48 JP")
    office.pass_time()
    assert office.effects == ["update", "update"]
    assert office.at_bkn()[0]["id"] == bkn_id


def test_gone_at_bkn(office: Office) -> None:
    office.enter("1")
    office.pass_time()
    office.bkn.stored["kursus"].clear()
    compare(office)
    office.work()
    [row] = stored(office)
    assert (row["situation"], row["drift"], row["bkn_id"]) == ("missing_at_bkn", "bkn", None)
    assert office.state() == ("held", "conflict.gone_at_bkn")


def test_persons_that_bkn_does_not_know_cost_one_call(office: Office) -> None:
    office.enter("1", nip="199912312020121001")
    office.enter("2", nip="199912312020121001")
    office.pass_time()
    office.bkn.reads.clear()
    one = compare(office)
    assert set(told(office).values()) == {"person_unknown"}
    assert dict(office.bkn.reads) == {"person": 1}
    assert one.progress.calls == 1


def test_what_may_not_leave_says_why(office: Office) -> None:
    office.enter("1", status=1)
    office.enter("2", jam="banyak")
    mine = at_bkn(office, "SERT/1/2024")
    office.pass_time()
    compare(office)
    found = {row["of_key"]: (row["situation"], row["reason"], row["bkn_id"]) for row in stored(office)}
    assert found == {
        '["1"]': ("not_comparable", "unverified", mine),
        '["2"]': ("not_comparable", "number.unreadable", None),
    }


def test_what_was_sent_a_moment_ago_is_not_judged_and_comes_again(office: Office) -> None:
    office.enter("1")
    office.enter("2", nip=BUDI)
    office.pass_time()
    one = comparer(office)
    one.ask(before=office.clock.now())
    for _ in until_done(one, priority=ListOf.ASKED, calls_max=1000, goes_on=lambda: True):
        pass
    assert stored(office) == []
    office.clock.time_s += 2 * SETTLE_S
    for _ in until_done(one, priority=ListOf.ROUTINE, calls_max=1000, goes_on=lambda: True):
        pass
    assert told(office) == {'["1"]': "equal", '["2"]': "equal"}


def test_a_record_that_moves_meanwhile_says_nothing(office: Office) -> None:
    office.enter("1")
    office.pass_time()
    compare(office)

    class EditedWhileRead(MemorySource):
        def read(self, feed: Feed, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Row]:
            rows = super().read(feed, keys)
            if feed.name == KURSUS:
                office.enter("1", jam="50 JP")
            return rows

    office.source = EditedWhileRead(office.source.tables)
    compare(office)
    assert told(office) == {'["1"]': "equal"}
    assert office.record().status == "waiting"


def test_killed_at_any_moment_nothing_is_lost_and_nothing_is_done_twice(office: Office) -> None:
    for number in range(6):
        office.enter(str(number), nip=SITI if number % 2 else BUDI)
    office.pass_time()
    office.clock.time_s += SETTLE_S + 1
    one, begun = comparer(office), office.clock.now()
    asked = one.ask(before=begun)
    one.slice(priority=ListOf.ASKED, calls_max=1)
    office.bkn.is_down = True
    with pytest.raises(BknDown):
        one.slice(priority=ListOf.ASKED, calls_max=10)
    office.bkn.is_down = False
    office.restart()
    office.bkn.reads.clear()
    other = comparer(office)
    other.ask(before=begun)
    assert office.ledger.comparisons_left(priority=ListOf.ASKED) == asked - 1
    for _ in until_done(other, priority=ListOf.ASKED, calls_max=1000, goes_on=lambda: True):
        pass
    assert other.progress.compared == asked - 1
    assert set(told(office).values()) == {"equal"}
    assert other.ask(before=office.clock.now() - 60) == 0, "what was proved a moment ago costs no call"


def test_a_feed_that_is_no_longer_configured_is_left_alone(office: Office) -> None:
    office.enter("1")
    office.pass_time()
    compare(office)
    office.feeds.pop(DIKLAT)
    one = compare(office)
    assert (one.progress.failed, told(office)) == (0, {'["1"]': "equal"})


def test_the_budget_of_calls_is_kept(office: Office) -> None:
    for number in range(8):
        office.enter(str(number), nip=f"19850101201001{2000 + number:04d}")
        office.bkn.know(f"19850101201001{2000 + number:04d}")
    office.pass_time()
    office.clock.time_s += SETTLE_S + 1
    office.bkn.reads.clear()
    one = comparer(office)
    one.ask(before=office.clock.now())
    for _ in until_done(one, priority=ListOf.ASKED, calls_max=5, goes_on=lambda: True):
        pass
    assert sum(office.bkn.reads.values()) == 5
    assert office.ledger.compare_calls_since(office.clock.now() - 1) == 5


@pytest.mark.parametrize(
    ("policy", "state", "effects"),
    [
        (Policy(), ("synced", ""), ["update"]),
        (Policy(differs="keep_bkn"), ("held", "policy.keeps_bkn"), []),
        (Policy(differs="report"), ("held", "policy.reports"), []),
        (Policy(differs="hold"), ("held", "policy.holds"), []),
    ],
)
def test_policy_where_bkn_has_other_values(
    office: Office, policy: Policy, state: tuple[str, str], effects: list[str]
) -> None:
    at_bkn(office, "SERT/1/2024", jumlahJam=8)
    office.configure(KURSUS, policy=policy)
    office.enter("1")
    office.pass_time()
    assert (office.state(), office.effects) == (state, effects)
    assert office.record().bkn_id is not None, "BKN's id is known all the same"


@pytest.mark.parametrize(
    ("policy", "state", "effects"),
    [
        (Policy(), ("synced", ""), ["create"]),
        (Policy(missing_at_bkn="report"), ("held", "policy.reports"), []),
        (Policy(missing_at_bkn="hold"), ("held", "policy.holds"), []),
    ],
)
def test_policy_where_bkn_has_no_row(
    office: Office, policy: Policy, state: tuple[str, str], effects: list[str]
) -> None:
    office.configure(KURSUS, policy=policy)
    office.enter("1")
    office.pass_time()
    assert (office.state(), office.effects) == (state, effects)


@pytest.mark.parametrize(
    ("choice", "state", "effects"),
    [
        ("hold", ("held", "match.alike"), []),
        ("adopt", ("synced", ""), ["update"]),
        ("push", ("synced", ""), ["create"]),
    ],
)
def test_policy_where_bkn_has_a_row_that_is_almost_the_same(
    office: Office, choice: Any, state: tuple[str, str], effects: list[str]
) -> None:
    at_bkn(office, "SERT/1/2O24")
    office.configure(KURSUS, policy=Policy(alike=choice))
    office.enter("1")
    office.pass_time()
    assert (office.state(), office.effects) == (state, effects)


def test_the_almost_same_row_may_be_another_ones_own(office: Office) -> None:
    at_bkn(office, "SERT/2/2024")
    office.enter("1")
    office.enter("2")
    for _ in range(4):
        office.pass_time(61)
    assert (office.state("1"), office.state("2"), office.effects) == (("synced", ""), ("synced", ""), ["create"])


def test_rows_that_are_all_almost_the_same_do_not_wait_for_each_other(office: Office) -> None:
    at_bkn(office, "SERT/1/2O24")
    at_bkn(office, "SERT/2/2O24")
    office.enter("1")
    office.enter("2")
    for _ in range(4):
        office.pass_time(61)
    assert (office.state("1"), office.state("2")) == (("held", "match.alike"), ("held", "match.alike"))
    assert office.effects == []


def test_who_waits_for_others_has_its_turn_after_those_that_are_only_looked_at_again(office: Office) -> None:
    office.look_again_s = GAP_S
    at_bkn(office, "SERT/1/2O24")
    at_bkn(office, "SERT/2/2024")
    at_bkn(office, "SERT/2/2024")
    office.enter("1")
    office.enter("2")
    for _ in range(4):
        office.pass_time(GAP_S + 1)
    assert (office.state("1"), office.state("2")) == (("held", "match.alike"), ("held", "match.several"))
    assert office.effects == []


def test_policy_where_another_hand_was_there(office: Office) -> None:
    office.configure(KURSUS, policy=Policy(changed_at_bkn="keep_bkn", gone_at_bkn="report"))
    office.enter("1")
    office.enter("2", nip=BUDI)
    office.pass_time()
    office.bkn.change("kursus", office.record("1").bkn_id or "", jumlahJam=99)
    office.bkn.stored["kursus"].pop(str(office.record("2").bkn_id))
    compare(office)
    office.work()
    assert (office.state("1"), office.state("2")) == (("held", "policy.keeps_bkn"), ("held", "policy.reports"))
    assert office.effects == ["create", "create"]


def test_of_two_rows_that_are_one_at_bkn_none_is_guessed(office: Office) -> None:
    bkn_id = at_bkn(office, "SERT/7/2024")
    office.enter("1", nomor="SERT/7/2024", jam="30 JP")
    office.enter("2", nomor="SERT/7/2024", jam="20 JP")
    office.pass_time()
    compare(office)
    assert office.effects == []
    assert {office.state("1"), office.state("2")} == {("held", "compare.twice_in_simpeg")}
    assert set(told(office).values()) == {"twice_in_simpeg"}
    office.enter("2", nomor="SERT/7/2024", jam="40 JP")
    office.pass_time(3700)
    compare(office)
    assert told(office) == {'["1"]': "twice_in_simpeg", '["2"]': "equal"}
    assert (office.record("2").bkn_id, office.effects) == (bkn_id, [])


@pytest.mark.parametrize("is_deleted", [False, True])
def test_what_was_only_compared_is_not_overwritten_when_another_hand_changes_it(
    office: Office, is_deleted: bool
) -> None:
    bkn_id = at_bkn(office, "SERT/1/2024")
    office.enter("1")
    compare(office)
    assert told(office) == {'["1"]': "equal"}
    if is_deleted:
        office.bkn.stored["kursus"].clear()
    else:
        office.bkn.change("kursus", bkn_id, jumlahJam=99)
    compare(office)
    [row] = stored(office)
    assert (row["situation"], row["drift"]) == ("missing_at_bkn" if is_deleted else "differs", "bkn")
    office.pass_time()
    assert office.effects == []
    assert office.state() == ("held", "conflict.gone_at_bkn" if is_deleted else "conflict.changed_at_bkn")


def test_what_was_sent_since_is_compared_again_though_little_time_has_passed(office: Office) -> None:
    office.enter("1")
    office.pass_time()
    compare(office)
    office.enter("1", jam="50 JP")
    office.pass_time()
    office.clock.time_s += SETTLE_S + 1
    one = comparer(office)
    one.ledger.remember_lists(one.lists)
    assert one.ask(before=office.clock.now() - 3600) == 1, "the list in which something was sent"


def test_a_row_that_went_from_simpeg_is_told_under_its_key(office: Office) -> None:
    office.enter("1")
    office.pass_time()
    office.erase("1")
    office.pass_time()
    compare(office)
    assert told(office) == {str(office.record().bkn_id): "only_at_bkn"}
    assert stored(office)[0]["drift"] == "simpeg"
    office.pass_time(GRACE_S)
    compare(office)
    assert stored(office) == []
    assert changes(office)[-1][:2] == ("only_at_bkn", "")
