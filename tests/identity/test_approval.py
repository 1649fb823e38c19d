"""Approval and deletes: what may leave, what a withdrawn approval means, and what is never deleted."""

from collections.abc import Callable

import pytest

from tests.identity.conftest import GRACE_S, KURSUS, QUIET_S, SETTLE_S, Region
from tests.identity.test_keys import certificate

RegionOf = Callable[..., Region]

BY_USULAN = {
    **KURSUS,
    "joins": [*KURSUS["joins"], {"table": "usulan", "as": "u", "on": {"id_kursus": "id"}}],
    "verified": {"u.hasil": "setuju"},
}


def test_a_status_in_another_table_lets_a_row_leave_and_taking_it_back_deletes_nothing(region: RegionOf) -> None:
    here = region(BY_USULAN)
    here.person(1)
    here.run(certificate(1), "INSERT INTO usulan VALUES (1, 1, 'tunggu')", certificate(2))
    here.settle()
    assert (here.effects, here.state(1), here.state(2)) == ([], ("held", "unverified"), ("held", "unverified"))
    here.run("UPDATE usulan SET hasil = 'setuju'")
    here.settle()
    assert (here.effects, here.state(1)) == (["create"], ("synced", ""))
    here.run("UPDATE usulan SET hasil = 'batal'")
    here.after_grace()
    assert (here.effects, here.state(1)) == (["create"], ("held", "unverified"))
    here.run("DELETE FROM usulan")
    here.after_grace()
    assert (here.effects, here.state(1)) == (["create"], ("held", "unverified"))
    here.run("INSERT INTO usulan VALUES (2, 1, 'setuju')")
    here.after_grace()
    assert (here.effects, here.state(1)) == (["create"], ("synced", ""))


def test_staging_tables_are_left_alone(region: RegionOf) -> None:
    here = region(BY_USULAN)
    here.person(1)
    here.run("INSERT INTO usulan_kursus VALUES (1, 1, 'Arsip', 'S/1')")
    here.settle()
    (count,) = here.ledger.engine.connect().exec_driver_sql("SELECT count(*) FROM records").one()
    assert (here.effects, count) == ([], 0)


def test_a_soft_delete_within_the_grace_is_taken_back_without_a_call(region: RegionOf) -> None:
    here = region()
    here.person(1)
    here.run(certificate(1))
    here.settle()
    here.run("UPDATE kursus SET dihapus = 1")
    here.settle(QUIET_S + 1, 60)
    here.run("UPDATE kursus SET dihapus = 0")
    here.after_grace()
    assert (here.effects, here.state(1)) == (["create"], ("synced", ""))


def test_a_soft_delete_is_carried_over_and_its_undoing_creates_the_row_again(region: RegionOf) -> None:
    here = region()
    nip = here.person(1)
    here.run(certificate(1))
    here.settle()
    here.run("UPDATE kursus SET dihapus = 1")
    here.after_grace()
    assert (here.effects, here.state(1)) == (["create", "delete"], ("removed", "row.soft_deleted"))
    here.run("UPDATE kursus SET dihapus = 0")
    here.after_grace()
    assert (here.effects, len(here.at_bkn(nip))) == (["create", "delete", "create"], 1)


@pytest.mark.parametrize(
    ("policy", "effects", "state"),
    [
        ("hold", ["create"], ("held", "delete.needs_release")),
        ("delete", ["create", "delete"], ("removed", "row.gone")),
        ("ignore", ["create"], ("ignored", "row.gone")),
    ],
)
def test_a_hard_delete_goes_by_the_feeds_policy(
    region: RegionOf, policy: str, effects: list[str], state: tuple[str, str]
) -> None:
    here = region({**KURSUS, "delete": policy})
    here.person(1)
    here.run(certificate(1))
    here.settle()
    here.run("DELETE FROM kursus")
    here.after_grace()
    assert (here.effects, here.state(1)) == (effects, state)


def test_the_records_of_a_person_who_is_no_longer_active_rest(region: RegionOf) -> None:
    here = region()
    nip = here.person(1)
    here.run(certificate(1))
    here.settle()
    here.run("UPDATE pegawai SET status = 'pensiun'", "UPDATE kursus SET jam = '48'")
    here.after_grace()
    assert (here.effects, here.state(1)) == (["create"], ("held", "person.inactive"))
    assert len(here.at_bkn(nip)) == 1
    here.run("UPDATE pegawai SET status = 'aktif'")
    here.after_grace()
    assert (here.effects, here.state(1)) == (["create", "update"], ("synced", ""))


@pytest.mark.parametrize("with_histories", [False, True])
def test_the_records_of_a_person_who_has_moved_out_are_not_deleted(region: RegionOf, with_histories: bool) -> None:
    here = region()
    nip = here.person(1)
    here.run(certificate(1))
    here.settle()
    here.run("UPDATE pegawai SET status = 'pindah'")
    here.settle(QUIET_S + 1, SETTLE_S)
    here.run("DELETE FROM pegawai", *(["DELETE FROM kursus"] if with_histories else []))
    here.after_grace()
    here.settle(GRACE_S, GRACE_S)
    assert (here.effects, len(here.at_bkn(nip))) == (["create"], 1)
    assert here.state(1) == (("ignored", "person.left") if with_histories else ("held", "person.no_nip"))
