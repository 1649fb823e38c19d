"""Identity that survives real life: rows that are entered anew, keys that are edited or re-used, NIPs that change."""

from collections.abc import Callable

import pytest

from tests.identity.conftest import DIKLAT, GRACE_S, KURSUS, LOOK_AGAIN_S, QUIET_S, SETTLE_S, Region

RegionOf = Callable[..., Region]


def certificate(id_: int, *, person: int = 1, number: str = "", hours: int = 40) -> str:
    number = number or f"SERT/{id_}"
    return f"INSERT INTO kursus (id, id_pegawai, nama, nomor, jam) VALUES ({id_}, {person}, 'Arsip', '{number}', '{hours}')"


def training(nip: str, day: str = "2024-03-04", *, name: str = "Arsip", hours: int = 40) -> str:
    return f"INSERT INTO diklat (nip, jenis, mulai, nama, nomor, jam) VALUES ('{nip}', '2', '{day}', '{name}', 'S/9', '{hours}')"


# ---------------------------------------------------------------------------------------------------- entered anew


@pytest.mark.parametrize("policy", ["delete", "hold"])
@pytest.mark.parametrize("first", ["delete", "insert"])
@pytest.mark.parametrize("together", [True, False])
def test_a_row_entered_anew_under_another_key_is_one_update(
    region: RegionOf, policy: str, first: str, together: bool
) -> None:
    here = region({**KURSUS, "delete": policy})
    nip = here.person(1)
    here.run(certificate(1, number="A"))
    here.settle()
    bkn_id = here.record(1).bkn_id
    steps = ["DELETE FROM kursus WHERE id = 1", certificate(2, number="A", hours=48)]
    steps = steps if first == "delete" else steps[::-1]
    if together:
        here.run(*steps)
    else:
        here.run(steps[0])
        here.settle(QUIET_S + 1, 60)
        here.run(steps[1])
    here.after_grace()
    here.settle(LOOK_AGAIN_S + 1, GRACE_S + 1)
    assert here.effects == ["create", "update"]
    assert (here.record(2).bkn_id, here.record(1).bkn_id) == (bkn_id, None)
    assert (here.state(2)[0], here.state(1)[0]) == ("synced", "ignored")
    assert len(here.at_bkn(nip)) == 1


def test_a_row_entered_anew_with_the_same_key_is_no_call_at_all(region: RegionOf) -> None:
    here = region()
    here.person(1)
    here.run(certificate(1))
    here.settle()
    here.run("DELETE FROM kursus WHERE id = 1")
    here.settle(QUIET_S + 1)
    here.run(certificate(1))
    here.after_grace()
    assert (here.effects, here.state(1)) == (["create"], ("synced", ""))


# ------------------------------------------------------------------------------------------------------ keys re-used


def test_a_key_that_is_given_to_another_person_overwrites_nothing(region: RegionOf) -> None:
    here = region()
    ani, budi = here.person(1), here.person(2)
    here.run(certificate(1, number="A"))
    here.settle()
    here.run("DELETE FROM kursus WHERE id = 1", certificate(1, person=2, number="B"))
    here.after_grace()
    assert here.effects == ["create"]
    assert [row["fields"]["nomorSertipikat"] for row in here.at_bkn(ani)] == ["A"]
    assert here.at_bkn(budi) == []
    assert here.state(1) == ("held", "person.changed")


def test_a_key_is_re_used_while_its_old_certificate_is_entered_anew(region: RegionOf) -> None:
    here = region()
    nip = here.person(1)
    here.run(certificate(1, number="A"))
    here.settle()
    bkn_id = here.record(1).bkn_id
    here.run("DELETE FROM kursus WHERE id = 1", certificate(1, number="B"), certificate(2, number="A"))
    here.after_grace()
    here.settle(LOOK_AGAIN_S + 1, SETTLE_S)
    assert sorted(row["fields"]["nomorSertipikat"] for row in here.at_bkn(nip)) == ["A", "B"]
    assert "delete" not in here.effects
    assert {here.state(1)[0], here.state(2)[0]} == {"synced"}
    assert here.record(1).bkn_id != here.record(2).bkn_id
    assert bkn_id in (here.record(1).bkn_id, here.record(2).bkn_id)


# --------------------------------------------------------------------------------------------- composite keys edited


@pytest.mark.parametrize("policy", ["delete", "hold"])
def test_a_corrected_date_in_the_key_is_one_update(region: RegionOf, policy: str) -> None:
    here = region({**DIKLAT, "delete": policy})
    nip = here.person(1)
    here.run(training(nip))
    here.settle()
    before = here.record(nip, "2", "2024-03-04", feed="diklat")
    here.run("UPDATE diklat SET mulai = '2024-03-05', jam = '48'")
    here.after_grace()
    after = here.record(nip, "2", "2024-03-05", feed="diklat")
    assert here.effects == ["create", "update"]
    assert (after.bkn_id, after.id) == (before.bkn_id, before.id)
    (row,) = here.at_bkn(nip)
    assert (row["fields"]["tanggalKursus"], row["fields"]["jumlahJam"]) == ("05-03-2024", 48)


def test_two_rows_that_swap_their_keys_keep_their_rows_at_bkn(region: RegionOf) -> None:
    here = region(DIKLAT)
    nip = here.person(1)
    here.run(training(nip, "2024-03-04", name="A"), training(nip, "2024-05-06", name="B"))
    here.settle()
    a, b = (here.record(nip, "2", day, feed="diklat").bkn_id for day in ("2024-03-04", "2024-05-06"))
    here.run(
        "UPDATE diklat SET mulai = '1999-01-01' WHERE nama = 'A'",
        "UPDATE diklat SET mulai = '2024-03-04' WHERE nama = 'B'",
        "UPDATE diklat SET mulai = '2024-05-06' WHERE nama = 'A'",
    )
    here.after_grace()
    assert here.effects == ["create", "create", "update", "update"]
    assert here.record(nip, "2", "2024-05-06", feed="diklat").bkn_id == a
    assert here.record(nip, "2", "2024-03-04", feed="diklat").bkn_id == b


def test_a_key_edited_before_the_row_was_ever_sent_is_one_create(region: RegionOf) -> None:
    here = region(DIKLAT)
    nip = here.person(1)
    here.work()
    here.run(training(nip))
    here.work()
    here.run("UPDATE diklat SET mulai = '2024-03-05'")
    here.after_grace()
    assert (here.effects, len(here.at_bkn(nip))) == (["create"], 1)


# -------------------------------------------------------------------------------------------------------- NIPs renamed


@pytest.mark.parametrize("bkn_first", [True, False])
def test_histories_by_person_id_follow_a_corrected_nip(region: RegionOf, bkn_first: bool) -> None:
    here = region()
    old, new = here.person(1), here.new_nip()
    here.run(certificate(1), certificate(2))
    here.settle()
    ids = {here.record(key).bkn_id for key in (1, 2)}
    if bkn_first:
        here.sim.control.correct_nip(old, new)
    here.run(f"UPDATE pegawai SET nip = '{new}' WHERE id = 1", "UPDATE kursus SET jam = '48' WHERE id = 1")
    here.after_grace()
    if not bkn_first:
        assert (here.effects, here.state(1)) == (["create", "create"], ("held", "person.renamed"))
        here.sim.control.correct_nip(old, new)
        here.settle(LOOK_AGAIN_S + 1, QUIET_S + 1, SETTLE_S)
    assert here.effects == ["create", "create", "update"]
    assert {here.record(key).lane for key in (1, 2)} == {new}
    assert {here.record(key).bkn_id for key in (1, 2)} == ids
    assert (here.state(1)[0], here.state(2)[0]) == ("synced", "synced")


@pytest.mark.parametrize("how", ["update", "delete and insert"])
@pytest.mark.parametrize("bkn_first", [True, False])
def test_histories_with_the_nip_in_their_key_follow_a_corrected_nip(
    region: RegionOf, bkn_first: bool, how: str
) -> None:
    here = region(DIKLAT)
    old, new = here.person(1), here.new_nip()
    here.run(training(old))
    here.settle()
    bkn_id = here.record(old, "2", "2024-03-04", feed="diklat").bkn_id
    if bkn_first:
        here.sim.control.correct_nip(old, new)
    if how == "update":
        here.run(f"UPDATE diklat SET nip = '{new}'")
    else:
        here.run("DELETE FROM diklat", training(new))
    here.after_grace()
    if not bkn_first:
        assert here.effects == ["create"], "nothing is deleted while it cannot be decided"
        here.sim.control.correct_nip(old, new)
        here.settle(LOOK_AGAIN_S + 1, QUIET_S + 1, SETTLE_S)
    here.after_grace()
    here.settle(LOOK_AGAIN_S + 1, GRACE_S + 1)
    assert here.effects == ["create"]
    assert here.record(new, "2", "2024-03-04", feed="diklat").bkn_id == bkn_id
    assert here.state(new, "2", "2024-03-04", feed="diklat")[0] == "synced"
    assert len(here.at_bkn(new)) == 1


def test_a_row_given_to_another_living_person_is_held(region: RegionOf) -> None:
    here = region()
    ani, budi = here.person(1), here.person(2)
    here.run(certificate(1))
    here.settle()
    here.run("UPDATE kursus SET id_pegawai = 2")
    here.after_grace()
    assert (here.effects, here.state(1)) == (["create"], ("held", "person.changed"))
    assert (len(here.at_bkn(ani)), here.at_bkn(budi)) == (1, [])
    here.run("UPDATE kursus SET id_pegawai = 1")
    here.after_grace()
    assert (here.effects, here.state(1)) == (["create"], ("synced", ""))


# ------------------------------------------------------------------------------------------------------------- doubles


def test_rows_of_two_people_with_one_nip_are_held_until_one_is_corrected(region: RegionOf) -> None:
    here = region()
    nip = here.person(1)
    here.run(f"INSERT INTO pegawai (id, nip) VALUES (2, '{nip}')", certificate(1), certificate(2, person=2))
    here.settle()
    assert (here.state(1), here.state(2)) == (("held", "person.twice"), ("held", "person.twice"))
    assert here.effects == []
    other = here.new_nip()
    here.sim.control.add_persons({"nipBaru": other, "nama": "Rekaan"})
    here.run(f"UPDATE pegawai SET nip = '{other}' WHERE id = 2")
    here.settle(QUIET_S + 1, LOOK_AGAIN_S + 1, SETTLE_S)
    assert (here.state(1)[0], here.state(2)[0]) == ("synced", "synced")
    assert (len(here.at_bkn(nip)), len(here.at_bkn(other))) == (1, 1)


def test_a_double_nip_touches_nobody_else(region: RegionOf) -> None:
    by_nip = {**DIKLAT, "joins": [{"table": "pegawai", "as": "p", "on": {"nip": "nip"}}],
              "active_person": {"p.status": "aktif"}}  # fmt: skip
    here = region(by_nip)
    nip, other = here.person(1), here.person(3)
    here.run(f"INSERT INTO pegawai (id, nip) VALUES (2, '{nip}')", training(nip), training(other))
    here.settle()
    assert here.state(nip, "2", "2024-03-04", feed="diklat") == ("held", "join.several")
    assert here.state(other, "2", "2024-03-04", feed="diklat")[0] == "synced"
    here.run("DELETE FROM pegawai WHERE id = 2")
    here.settle(QUIET_S + 1, LOOK_AGAIN_S + 1, SETTLE_S)
    assert here.state(nip, "2", "2024-03-04", feed="diklat")[0] == "synced"


def test_two_rows_of_one_certificate_are_one_row_at_bkn_until_one_is_corrected(region: RegionOf) -> None:
    here = region()
    nip = here.person(1)
    here.run(certificate(1, number="A"), certificate(2, number="A"))
    here.settle()
    assert here.effects == ["create"]
    assert {here.state(1), here.state(2)} == {("synced", ""), ("held", "match.taken")}
    here.run("UPDATE kursus SET nomor = 'B' WHERE id = 2")
    here.settle(QUIET_S + 1, LOOK_AGAIN_S + 1, SETTLE_S)
    assert {here.state(1)[0], here.state(2)[0]} == {"synced"}
    assert len(here.at_bkn(nip)) == 2


def test_rows_without_a_key_that_agree_are_held_until_one_is_left(region: RegionOf) -> None:
    keyless = {**KURSUS, "key": [], "identity": ["id_pegawai", "nomor"]}
    here = region({name: value for name, value in keyless.items() if value != []})
    here.person(1)
    here.run(certificate(1, number="A"), certificate(2, number="A", hours=48))
    here.settle()
    assert (here.effects, here.state(1, "A")) == ([], ("held", "identity.twice"))
    here.run("DELETE FROM kursus WHERE id = 2")
    here.settle()
    assert (here.effects, here.state(1, "A")) == (["create"], ("synced", ""))


def test_a_row_without_a_key_whose_identity_is_corrected_is_one_update(region: RegionOf) -> None:
    keyless = {name: value for name, value in KURSUS.items() if name != "key"}
    here = region({**keyless, "identity": ["id_pegawai", "nomor"]})
    nip = here.person(1)
    here.run(certificate(1, number="A"))
    here.settle()
    here.run("UPDATE kursus SET nomor = 'B'")
    here.after_grace()
    assert (here.effects, len(here.at_bkn(nip))) == (["create", "update"], 1)


# ------------------------------------------------------------------------------ captures that do not see edits as edits


@pytest.mark.parametrize("policy", ["delete", "hold"])
def test_a_corrected_date_in_the_key_that_only_a_sweep_finds_is_one_update(region: RegionOf, policy: str) -> None:
    here = region({**DIKLAT, "delete": policy})
    nip = here.person(1)
    here.run(training(nip), training(nip, "2023-01-01", name="Lain"))
    here.settle()
    here.run(
        "CREATE TABLE saved AS SELECT * FROM simpeg_sync_log",
        "UPDATE diklat SET mulai = '2024-03-05' WHERE nama = 'Arsip'",
    )
    here.unlogged()
    here.intake.sweep_all(why="test")
    here.after_grace()
    here.settle(LOOK_AGAIN_S + 1, GRACE_S + 1)
    assert here.effects == ["create", "create", "update"]
    assert here.state(nip, "2", "2024-03-05", feed="diklat")[0] == "synced"
    assert len(here.at_bkn(nip)) == 2


def test_rows_that_differ_in_more_than_their_key_are_two_certificates(region: RegionOf) -> None:
    here = region(DIKLAT)
    nip = here.person(1)
    here.run(training(nip))
    here.settle()
    here.run("DELETE FROM diklat", training(nip, "2024-03-05", hours=48))
    here.after_grace()
    assert here.effects == ["create", "create", "delete"]
    assert len(here.at_bkn(nip)) == 1
