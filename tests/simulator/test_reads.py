"""What BKN says when asked: names, types, emptiness and oddities as in the reference."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import simpeg_sync.simulator as simulator_package
from simpeg_sync.simulator.control_client import ControlClient, ControlRefused

from .caller import PDF, Caller, diklat, kursus
from .conftest import Someone

NOBODY = "198501012010011001"
NOT_FOUND = "Data tidak ditemukan"


def read_names(*keys: str) -> list[str]:
    table = json.loads((Path(simulator_package.__file__).parent / "fields.json").read_text(encoding="utf-8"))["siasn"]
    for key in keys:
        table = table[key]
    return [field["name"] for field in table["read_fields"]]


def test_data_utama_shows_every_field_and_the_person_id(caller: Caller, alice: Someone) -> None:
    answer = caller.get(f"/pns/data-utama/{alice.nip}").json()
    assert (answer["code"], answer["message"]) == (1, "success")
    assert list(answer["data"]) == read_names("person")
    assert answer["data"]["id"] == alice.id
    assert answer["data"]["nama"] == "Alice Rekaan"
    assert (answer["data"]["kedudukanPnsId"], answer["data"]["kedudukanPnsNama"]) == ("01", "Aktif")


def test_any_field_of_data_utama_can_be_prepared_and_others_are_refused(
    control: ControlClient, caller: Caller, alice: Someone
) -> None:
    control.add_persons({"nipBaru": alice.nip, "tglLahir": "12-01-1985", "bupPensiun": 58, "kedudukanPnsId": "99"})
    data = caller.get(f"/pns/data-utama/{alice.nip}").json()["data"]
    assert (data["tglLahir"], data["bupPensiun"], data["kedudukanPnsNama"]) == ("12-01-1985", 58, "Pensiun")
    assert (data["id"], data["nama"]) == (alice.id, "Alice Rekaan")
    with pytest.raises(ControlRefused, match="hobi"):
        control.add_persons({"nipBaru": alice.nip, "hobi": "memancing"})


def test_an_unknown_person_is_404_on_data_utama_and_200_on_a_history(caller: Caller) -> None:
    unknown = caller.get(f"/pns/data-utama/{NOBODY}")
    assert (unknown.status_code, unknown.json()["code"], unknown.json()["data"]) == (404, 0, NOT_FOUND)
    unknown = caller.get(f"/pns/rw-kursus/{NOBODY}")
    assert (unknown.status_code, unknown.json()["code"], unknown.json()["data"]) == (200, 0, NOT_FOUND)


@pytest.mark.parametrize(
    ("form", "status", "code", "data"),
    [
        ("404", 404, 0, NOT_FOUND),
        ("200", 200, 0, NOT_FOUND),
        ("null", 200, 1, None),
        ("record_not_found", 400, 0, "record not found"),
    ],
)
def test_not_found_can_take_all_four_forms_on_each_endpoint(
    caller: Caller, control: ControlClient, form: str, status: int, code: int, data: str | None
) -> None:
    paths = {
        "/pns/data-utama/{nipBaru}": f"/pns/data-utama/{NOBODY}",
        "/pns/rw-kursus/{nipBaru}": f"/pns/rw-kursus/{NOBODY}",
        "/diklat/id/{idRiwayatDiklat}": "/diklat/id/no-such-row",
    }
    control.patch_settings(not_found=dict.fromkeys(paths, form))
    for path in paths.values():
        answer = caller.get(path)
        assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (status, code, data)


def test_a_person_without_rows_has_null_as_data(caller: Caller, alice: Someone) -> None:
    answer = caller.get(f"/pns/rw-diklat/{alice.nip}")
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (200, 1, None)


def test_a_kursus_is_read_under_other_names_and_types_than_it_is_written(caller: Caller, alice: Someone) -> None:
    row_id = caller.create("kursus", kursus(alice.id, jenisKursus="00000000000000000000000000000001"))
    [row] = caller.list_of("kursus", alice.nip)
    assert list(row) == read_names("resources", "kursus")
    assert row["id"] == row_id
    assert (row["idPns"], row["nipBaru"]) == (alice.id, alice.nip)
    assert row["noSertipikat"] == "001/REKAAN/2020"
    assert row["jenisKursusSertifikat"] == "T"
    assert row["jenisKursusId"] == "00000000000000000000000000000001"
    assert row["tahunKursus"] == "2020"
    assert row["jumlahJam"] == 20
    assert row["tanggalSelesaiKursus"] == ""
    assert row["path"] is None
    assert caller.get(f"/kursus/id/{row_id}").json()["data"] == row


def test_a_diklat_is_read_with_the_label_of_its_code(caller: Caller, alice: Someone) -> None:
    row_id = caller.create("diklat", diklat(alice.id))
    [row] = caller.list_of("diklat", alice.nip)
    assert list(row) == read_names("resources", "diklat")
    assert row["latihanStrukturalNama"] == "SEPADYA/SPAMA/DIKLAT PIM TK. III"
    assert (row["tahun"], row["jumlahJam"]) == ("2020", 300)
    assert "bobot" not in row
    assert caller.get(f"/diklat/id/{row_id}").json()["data"] == row


def test_a_row_is_not_found_under_another_resource(caller: Caller, alice: Someone) -> None:
    row_id = caller.create("kursus", kursus(alice.id))
    assert caller.get(f"/diklat/id/{row_id}").json()["data"] == NOT_FOUND


def test_a_prepared_row_is_there_by_read_names_without_an_effect(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    seen = len(control.effects())
    row_id = control.add_row(
        "kursus",
        alice.nip,
        {"noSertipikat": "9/LAMA", "tahunKursus": "2011", "jenisKursusNama": "Kursus Lama"},
        row_id="0123456789abcdef0123456789abcdef",
        documents={"881": PDF},
    )
    [row] = caller.list_of("kursus", alice.nip)
    assert (row["id"], row["noSertipikat"], row["tahunKursus"]) == (row_id, "9/LAMA", "2011")
    assert row["jenisKursusNama"] == "Kursus Lama"
    stored = control.rows(nip=alice.nip)[0]
    assert stored["fields"]["tahunKursus"] == 2011
    assert stored["fields"]["nomorSertipikat"] == "9/LAMA"
    document = caller.get("/download-dok", params={"filePath": row["path"]["881"]["dok_uri"]})
    assert document.content == PDF
    assert len(control.effects()) == seen


def test_another_hand_can_change_and_delete_a_row_without_an_effect(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    row_id = caller.create("kursus", kursus(alice.id))
    seen = len(control.effects())
    patched = control.patch_row(row_id, {"noSertipikat": "7/LAIN"})
    assert (patched["version"], patched["fields"]["nomorSertipikat"]) == (2, "7/LAIN")
    assert caller.list_of("kursus", alice.nip)[0]["noSertipikat"] == "7/LAIN"
    control.delete_row(row_id)
    assert caller.list_of("kursus", alice.nip) is None
    assert len(control.effects()) == seen


def test_names_can_come_padded_and_in_capitals(caller: Caller, control: ControlClient, alice: Someone) -> None:
    caller.create("kursus", kursus(alice.id))
    control.patch_settings(pad_names=3, name_case="upper")
    [row] = caller.list_of("kursus", alice.nip)
    assert row["namaKursus"] == "KURSUS REKAAN   "
    assert row["noSertipikat"] == "001/REKAAN/2020"
    assert caller.get(f"/pns/data-utama/{alice.nip}").json()["data"]["nama"] == "ALICE REKAAN   "


def test_empty_values_can_take_other_forms(caller: Caller, control: ControlClient, alice: Someone) -> None:
    caller.create("kursus", kursus(alice.id, namaKursus=""))
    control.patch_settings(empty_date="01-01-0001", empty_text=None)
    [row] = caller.list_of("kursus", alice.nip)
    assert row["tanggalSelesaiKursus"] == "01-01-0001"
    assert row["namaKursus"] is None


def test_a_read_lag_hides_a_new_row_a_change_and_a_deletion_for_a_while(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    control.patch_settings(read_lag_s=3600)
    row_id = caller.create("kursus", kursus(alice.id))
    assert caller.list_of("kursus", alice.nip) is None
    assert caller.get(f"/kursus/id/{row_id}").json()["data"] == NOT_FOUND
    assert len(control.rows(nip=alice.nip)) == 1
    old_id = control.add_row("kursus", alice.nip, {"noSertipikat": "1/LAMA"})
    caller.save("kursus", kursus(alice.id, id=old_id, nomorSertipikat="1/BARU"))
    caller.save("kursus", kursus(alice.id, id=old_id, nomorSertipikat="1/TERBARU"))
    assert [row["noSertipikat"] for row in caller.list_of("kursus", alice.nip)] == ["1/LAMA"]
    caller.delete(f"/kursus/delete/{old_id}")
    assert [row["noSertipikat"] for row in caller.list_of("kursus", alice.nip)] == ["1/LAMA"]
    control.patch_settings(read_lag_s=0)
    assert [row["id"] for row in caller.list_of("kursus", alice.nip)] == [row_id]
