"""Whose row is it? A stranger's row under our question would send certificates to a stranger."""

from typing import Any

import pytest

from simpeg_sync.bkn.identity import PNS_NAMES, foreign
from simpeg_sync.bkn.reads.catalogue import load
from simpeg_sync.domain.change import Nip
from simpeg_sync.domain.record import BknId

NIP = Nip("199001012020011001")
OTHER_NIP = "199001012020012002"
PNS_ID = BknId("A0000000000000000000000000000001")
OTHER_ID = "A0000000000000000000000000000002"
OWNERS = [
    "idPns",
    "pns",
    "pnsId",
    "pns_id",
    "pnsOrang",
    "pnsOrangId",
    "pns_orang_id",
    "pnsDinilaiId",
    "pnsDinilaiOrang",
]


@pytest.mark.parametrize("name", OWNERS)
def test_the_owner_is_known_under_each_of_bkns_names_in_any_case(name: str) -> None:
    for key in (name, name.upper(), name.capitalize()):
        assert foreign({key: OTHER_ID}, nip=NIP, pns_id=PNS_ID)
        assert not foreign({key: PNS_ID.lower()}, nip=NIP, pns_id=PNS_ID)
        assert not foreign({key: OTHER_ID}, nip=NIP, pns_id=None)


@pytest.mark.parametrize("name", ["nipBaru", "nip", "NipBaru", "NIP"])
def test_a_nip_of_somebody_else_is_foreign(name: str) -> None:
    assert foreign({name: OTHER_NIP}, nip=NIP, pns_id=None)
    assert foreign({name: int(OTHER_NIP)}, nip=NIP, pns_id=None)
    assert not foreign({name: f" {NIP} "}, nip=NIP, pns_id=None)
    assert not foreign({name: int(NIP)}, nip=NIP, pns_id=None)
    assert not foreign({name: OTHER_NIP}, nip=None, pns_id=PNS_ID)


@pytest.mark.parametrize("empty", [None, "", " ", "0", 0])
def test_what_bkn_leaves_empty_says_nothing(empty: Any) -> None:
    assert not foreign({"nipBaru": empty, "idPns": empty}, nip=NIP, pns_id=PNS_ID)


@pytest.mark.parametrize("rubbish", [["a"], {"id": 1}, 1.5, True, -1, 10**30, "x"])
def test_what_cannot_be_a_person_is_not_ours(rubbish: Any) -> None:
    assert foreign({"nipBaru": rubbish}, nip=NIP, pns_id=None)
    assert foreign({"idPns": rubbish}, nip=None, pns_id=PNS_ID)


def test_one_right_name_does_not_excuse_a_wrong_one() -> None:
    assert foreign({"nipBaru": NIP, "idPns": OTHER_ID}, nip=NIP, pns_id=PNS_ID)
    assert foreign({"nipBaru": OTHER_NIP, "idPns": PNS_ID}, nip=NIP, pns_id=PNS_ID)


@pytest.mark.parametrize("name", ["id", "penilaiPnsId", "pejabatPenilai", "PemimpinPnsId", "nipLama", "penilaiNipNrp"])
def test_who_rated_or_leads_does_not_own_the_row(name: str) -> None:
    assert not foreign({name: OTHER_ID}, nip=NIP, pns_id=PNS_ID)


def test_only_data_utama_names_the_person_by_a_name_that_others_use_for_the_row() -> None:
    assert foreign({"ID": OTHER_ID}, nip=None, pns_id=PNS_ID, also_pns={"id"})
    owners = {
        (field.name, read.name)
        for read in load().values()
        for field in read.fields
        if field.identity == "pns" and field.name.lower() not in PNS_NAMES
    }
    assert owners == {("id", "data-utama")}
