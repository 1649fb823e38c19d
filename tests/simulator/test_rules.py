"""What BKN refuses although every field is well-formed, and the settings that decide where sources don't agree."""

from __future__ import annotations

from typing import Any

import pytest

from simpeg_sync.simulator.control_client import ControlClient, ControlRefused

from .caller import Caller, kursus
from .conftest import Someone
from .saves import PERSON, SAVES
from .test_people import jabatan

BODIES = {save.path: save.body for save in SAVES}


def body(path: str, person: Someone, **changes: Any) -> dict[str, Any]:
    return {key: person.id if value == PERSON else value for key, value in BODIES[path].items()} | changes


@pytest.mark.parametrize(
    ("changes", "is_accepted"),
    [
        ({"jenisJabatan": "1", "jabatanFungsionalId": ""}, False),
        ({"jenisJabatan": "1", "jabatanFungsionalId": "", "eselonId": "31"}, True),
        ({"jenisJabatan": "2", "jabatanFungsionalId": ""}, False),
        ({"jenisJabatan": "2"}, True),
        ({"jenisJabatan": "4", "jabatanFungsionalId": ""}, False),
        ({"jenisJabatan": "4", "jabatanFungsionalId": "", "jabatanFungsionalUmumId": "jfu-1"}, True),
        ({"jenisMutasiId": "MU"}, False),
        ({"jenisMutasiId": "MU", "tmtMutasi": "01-01-2020"}, True),
        ({"jenisMutasiId": "MJ"}, True),
        ({"jenisPenugasanId": "X"}, False),
        ({"eselonId": "77"}, False),
    ],
)
def test_each_kind_of_post_needs_its_own_id(
    caller: Caller, control: ControlClient, alice: Someone, changes: dict[str, str], is_accepted: bool
) -> None:
    answer = caller.save("jabatan/unorjabatan", jabatan(alice.id, **changes))
    assert (answer.status_code, answer.json()["success"]) == (200, is_accepted)
    assert len(control.rows(nip=alice.nip)) == int(is_accepted)


def test_the_older_save_leaves_alone_what_only_the_newer_knows(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    row_id = caller.create("jabatan/unorjabatan", jabatan(alice.id, jenisMutasiId="MJ", tmtPelantikan="02-01-2020"))
    caller.save("jabatan", jabatan(alice.id, id=row_id, nomorSk="SK/2"))
    [row] = caller.list_of("jabatan", alice.nip)
    assert (row["nomorSk"], row["jenisMutasiId"], row["tmtPelantikan"]) == ("SK/2", "MJ", "")


def test_the_status_of_a_validation_refusal_can_be_set_for_one_save(caller: Caller, control: ControlClient) -> None:
    control.patch_settings(validation_statuses={"/skp22/save": 400})
    assert caller.save("skp22", {}).status_code == 400
    assert caller.save("skp", {}).status_code == 200


def test_the_look_up_of_codes_can_be_switched_off(caller: Caller, control: ControlClient, alice: Someone) -> None:
    control.patch_settings(check_codes=False)
    assert caller.save("jabatan/unorjabatan", jabatan(alice.id, eselonId="77")).json()["success"] is True


def test_the_rules_can_be_switched_off(caller: Caller, control: ControlClient, alice: Someone) -> None:
    control.patch_settings(rules=[])
    answer = caller.save("jabatan/unorjabatan", jabatan(alice.id, jenisJabatan="1", jabatanFungsionalId=""))
    assert answer.json()["success"] is True
    with pytest.raises(ControlRefused, match="jabatan_post"):
        control.patch_settings(rules=["gravity"])


def test_a_functional_post_that_bkn_does_not_know_is_refused(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    assert caller.save("jabatan/unorjabatan", jabatan(alice.id)).json()["success"] is True
    control.add_references("jabatan-fungsional", [{"id": "jf-2", "nama": "Arsiparis Ahli Pertama"}])
    refused = caller.save("jabatan/unorjabatan", jabatan(alice.id)).json()
    assert (refused["success"], refused["mapData"]) == (False, None)
    assert "tidak ditemukan" in refused["message"]
    known = jabatan(alice.id, jabatanFungsionalId="jf-2")
    assert caller.save("jabatan/unorjabatan", known).json()["success"] is True
    control.clear_references("jabatan-fungsional")
    control.patch_settings(post_check="always")
    assert caller.save("jabatan/unorjabatan", known).json()["success"] is False


def test_some_groups_of_posts_need_a_sub_post(caller: Caller, control: ControlClient, alice: Someone) -> None:
    control.add_references("jabatan-fungsional", [{"id": "jf-1", "nama": "Guru Ahli Muda", "kel_jabatan_id": "guru"}])
    control.patch_settings(sub_jabatan_groups=["guru"])
    assert caller.save("jabatan/unorjabatan", jabatan(alice.id)).json()["success"] is False
    assert caller.save("jabatan/unorjabatan", jabatan(alice.id, subJabatanId="sub-1")).json()["success"] is True
    control.clear_references("jabatan-fungsional")


@pytest.mark.parametrize(
    ("path", "year", "is_accepted"),
    [
        ("/skp/save", 2019, True),
        ("/skp/save", 2021, False),
        ("/skp/2021/save", 2021, True),
        ("/skp/2021/save", 2020, False),
        ("/skp/2021/save", 2022, False),
        ("/skp22/save", 2022, True),
        ("/skp22/save", 2021, False),
        ("/skp22/save", 2025, True),
    ],
)
def test_each_year_of_skp_has_its_own_door(
    caller: Caller, control: ControlClient, alice: Someone, path: str, year: int, is_accepted: bool
) -> None:
    answer = caller.post(path, json=body(path, alice, tahun=year)).json()
    assert answer["success"] is is_accepted
    control.patch_settings(rules=[])
    assert caller.post(path, json=body(path, alice, tahun=year)).json()["success"] is True


def test_both_older_doors_fill_one_list(caller: Caller, control: ControlClient, alice: Someone) -> None:
    for path in ("/skp/save", "/skp/2021/save"):
        caller.post(path, json=body(path, alice))
    rows = caller.list_of("skp", alice.nip)
    assert [(row["tahun"], row["jenisPeraturanKinerjaKd"]) for row in rows] == [("2020", None), ("2021", "PP30")]
    assert rows[0]["nilaiSkp"] == "85.50"


def test_a_required_number_0_is_missing(caller: Caller, alice: Someone) -> None:
    answer = caller.post("/skp/2021/save", json=body("/skp/2021/save", alice, konversiNilai=0)).json()
    assert answer["message"] == "1 error occurred:\n\t* KonversiNilai is required\n\n"
    answer = caller.post("/skp/2021/save", json=body("/skp/2021/save", alice, konversiNilai=0.01)).json()
    assert answer["success"] is True


def test_an_skp_can_be_set_to_be_one_a_year(caller: Caller, control: ControlClient, alice: Someone) -> None:
    control.patch_settings(skp_per_year="overwrite")
    ids = {caller.post("/skp22/save", json=body("/skp22/save", alice)).json()["mapData"] for _ in range(2)}
    assert [row["id"] for row in control.rows(nip=alice.nip)] == list(ids)
    caller.post("/skp22/save", json=body("/skp22/save", alice, tahun=2024))
    assert len(control.rows(nip=alice.nip)) == 2


@pytest.mark.parametrize(
    ("path", "changes", "rule"),
    [
        ("/angkakredit/save", {"isIntegrasi": "1", "isKonversi": "1"}, "angkakredit_kind"),
        ("/hukdis/save", {"jenisTingkatHukumanId": "B"}, "hukdis_level"),
    ],
)
def test_rules_that_are_only_inferred_are_off_until_switched_on(
    caller: Caller, control: ControlClient, alice: Someone, path: str, changes: dict[str, str], rule: str
) -> None:
    assert caller.post(path, json=body(path, alice, **changes)).json()["success"] is True
    control.patch_settings(rules=[rule])
    assert caller.post(path, json=body(path, alice, **changes)).json()["success"] is False
    assert caller.post(path, json=body(path, alice)).json()["success"] is True


def test_months_as_text_are_a_setting(caller: Caller, control: ControlClient, alice: Someone) -> None:
    months = {"bulanMulaiPenilaian": "1", "bulanSelesaiPenilaian": "3"}
    sent = body("/kinerjaperiodik/save", alice, **months)
    assert caller.post("/kinerjaperiodik/save", json=sent).json()["code"] == 0
    control.patch_settings(months_as_text=True)
    assert caller.post("/kinerjaperiodik/save", json=sent).json()["success"] is True


def test_a_certificate_is_dated_under_both_spellings(caller: Caller, alice: Someone) -> None:
    for spelling in ("masaBerlakuSertSelasai", "masaBerlakuSertSelesai"):
        caller.post("/sertifikasi/save", json=body("/sertifikasi/save", alice, **{spelling: "31-12-2030"}))
    rows = caller.list_of("sertifikasi", alice.nip)
    assert [row["masaBerlakuSertSelesai"] for row in rows] == ["31-12-2030"] * 2


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("message", {"success": False, "mapData": None, "message": "Data terkunci"}),
        ("map_data", {"success": False, "mapData": "Data terkunci", "message": "error"}),
        ("error_message", {"Error": "true", "Message": "Data terkunci"}),
    ],
)
def test_a_refusal_takes_one_of_three_forms(
    caller: Caller, control: ControlClient, alice: Someone, form: str, said: dict[str, Any]
) -> None:
    control.patch_settings(refusal_form=form)
    control.add_refusal("kursus", "Data terkunci")
    answer = caller.save("kursus", kursus(alice.id))
    assert (answer.status_code, answer.json()) == (200, said)


@pytest.mark.parametrize(("form", "kind"), [("object", dict), ("text", str), ("none", type(None))])
def test_where_nobody_knows_the_form_of_the_id_it_is_a_setting(
    caller: Caller, control: ControlClient, alice: Someone, form: str, kind: type
) -> None:
    control.patch_settings(unknown_map_data=form)
    answer = caller.post("/keluarga/anak/save", json=body("/keluarga/anak/save", alice)).json()
    assert isinstance(answer["mapData"], kind)
