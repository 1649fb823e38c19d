"""Saving and deleting: what BKN takes, what it refuses and in which words."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from simpeg_sync.simulator.control_client import ControlClient

from .caller import PDF, Caller, diklat, kursus
from .conftest import Someone


def test_a_save_without_an_id_creates_a_row_with_a_lower_case_uuid(caller: Caller, alice: Someone) -> None:
    for given in ({}, {"id": None}, {"id": ""}):
        answer = caller.save("kursus", kursus(alice.id, **given))
        assert answer.status_code == 200
        assert (answer.json()["success"], answer.json()["message"]) == (True, "success")
        row_id = answer.json()["mapData"]["rwKursusId"]
        assert str(uuid.UUID(row_id)) == row_id
    assert list(caller.save("diklat", diklat(alice.id)).json()["mapData"]) == ["rwDiklatId"]


def test_the_same_body_twice_makes_two_rows_unless_set_otherwise(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    assert caller.create("kursus", kursus(alice.id)) != caller.create("kursus", kursus(alice.id))
    control.patch_settings(refuse_duplicates=True)
    assert caller.save("kursus", kursus(alice.id)).json()["success"] is False
    assert len(control.rows(nip=alice.nip)) == 2


def test_a_text_that_is_too_long_is_cut_without_a_word_where_set(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    control.patch_settings(kept_letters={"kursus.namaKursus": 9})
    caller.create("kursus", kursus(alice.id, namaKursus="Manajemen Arsip"))
    caller.create("kursus", kursus(alice.id, namaKursus="Arsip"))
    assert [row["fields"]["namaKursus"] for row in control.rows(nip=alice.nip)] == ["Manajemen", "Arsip"]
    assert control.rows(nip=alice.nip)[0]["fields"]["nomorSertipikat"] == kursus(alice.id)["nomorSertipikat"]


def test_keys_fit_in_any_case_and_unknown_ones_are_ignored(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    body = {key.upper(): value for key, value in kursus(alice.id).items()}
    caller.create("kursus", {**body, "nip": alice.nip, "pnsUserId": 7})
    assert control.rows(nip=alice.nip)[0]["fields"] == kursus(alice.id)


def test_missing_fields_are_listed_by_their_go_names_in_the_read_envelope(
    caller: Caller, control: ControlClient
) -> None:
    answer = caller.save("kursus", {"pnsOrangId": "X", "jumlahJam": 0, "nomorSertipikat": ""})
    assert answer.status_code == 200
    assert answer.json() == {
        "code": 0,
        "data": None,
        "message": "5 errors occurred:\n"
        "\t* InstitusiPenyelenggara is required\n\t* JenisDiklatId is required\n"
        "\t* JumlahJam is required\n\t* NomorSertipikat is required\n\t* TahunKursus is required\n\n",
    }
    control.patch_settings(validation_status=400)
    assert caller.save("kursus", {}).status_code == 400


def test_one_missing_field_is_one_error(caller: Caller, alice: Someone) -> None:
    answer = caller.save("diklat", diklat(alice.id, tanggalSelesai=""))
    assert answer.json()["message"] == "1 error occurred:\n\t* TanggalSelesai is required\n\n"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"tahunKursus": "2020"},
            "cannot unmarshal string into Go struct field RwKursus.tahunKursus of type int",
        ),
        (
            {"jumlahJam": 20.5},
            "cannot unmarshal number 20.5 into Go struct field RwKursus.jumlahJam of type int",
        ),
        ({"jumlahJam": True}, "cannot unmarshal bool into Go struct field RwKursus.jumlahJam of type int"),
        (
            {"jenisDiklatId": 3},
            "cannot unmarshal number into Go struct field RwKursus.jenisDiklatId of type string",
        ),
        (
            {"namaKursus": ["x"]},
            "cannot unmarshal array into Go struct field RwKursus.namaKursus of type string",
        ),
        ({"path": {}}, "cannot unmarshal object into Go struct field RwKursus.path of type []model.Path"),
    ],
)
def test_types_are_strict(
    caller: Caller, control: ControlClient, alice: Someone, change: dict[str, Any], words: str
) -> None:
    answer = caller.save("kursus", kursus(alice.id, **change))
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (200, 0, None)
    assert answer.json()["message"] == f"json: {words}"
    assert control.rows(nip=alice.nip) == []


@pytest.mark.parametrize("date", ["2020-02-01", "1-2-2020", "31-02-2020", "01/02/2020", "01-02-2020 "])
def test_a_date_must_be_dd_mm_yyyy(caller: Caller, alice: Someone, date: str) -> None:
    answer = caller.save("kursus", kursus(alice.id, tanggalKursus=date)).json()
    assert answer["code"] == 0
    assert f'parsing time "{date}"' in answer["message"]


@pytest.mark.parametrize(
    ("resource", "change"),
    [
        ("kursus", {"jenisDiklatId": "1"}),
        ("kursus", {"jenisDiklatId": "99"}),
        ("kursus", {"jenisKursusSertipikat": "X"}),
        ("diklat", {"latihanStrukturalId": "9"}),
    ],
)
def test_an_unknown_code_is_refused(
    caller: Caller, control: ControlClient, alice: Someone, resource: str, change: dict[str, Any]
) -> None:
    body = {"kursus": kursus, "diklat": diklat}[resource](alice.id, **change)
    answer = caller.save(resource, body)
    assert (answer.status_code, answer.json()["success"], answer.json()["mapData"]) == (200, False, None)
    assert control.rows(nip=alice.nip) == []


def test_structural_training_as_kursus_is_a_setting(caller: Caller, control: ControlClient, alice: Someone) -> None:
    control.patch_settings(kursus_accepts_structural=True)
    assert caller.save("kursus", kursus(alice.id, jenisDiklatId="1")).json()["success"] is True


def test_an_unknown_person_is_refused(caller: Caller) -> None:
    answer = caller.save("kursus", kursus("00000000000000000000000000000000"))
    assert (answer.status_code, answer.json()["success"]) == (200, False)


@pytest.mark.parametrize("body", [b"{", b"", b'{"jumlahJam": NaN}', b"\xef\xbb\xbf{}"])
def test_what_is_not_json_is_a_syntax_error(caller: Caller, body: bytes) -> None:
    answer = caller.post("/kursus/save", content=body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Syntax error")


def test_what_is_no_character_is_replaced_as_go_does(caller: Caller, control: ControlClient, alice: Someone) -> None:
    body = json.dumps(kursus(alice.id, namaKursus="ganti\ud800")).encode()
    assert caller.post("/kursus/save", content=body).json()["success"] is True
    assert control.rows(nip=alice.nip)[0]["fields"]["namaKursus"] == "ganti\ufffd"


def test_an_update_replaces_the_whole_row_but_keeps_its_documents(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    row_id = caller.create("kursus", kursus(alice.id))
    caller.attach(row_id)
    body = kursus(alice.id, id=row_id, jumlahJam=40)
    del body["namaKursus"]
    assert caller.save("kursus", body).json()["mapData"] == {"rwKursusId": row_id}
    [row] = control.rows(nip=alice.nip)
    assert row["fields"]["jumlahJam"] == 40
    assert "namaKursus" not in row["fields"]
    assert list(row["documents"]) == ["881"]
    assert row["version"] == 3


def test_an_update_can_be_set_to_merge(caller: Caller, control: ControlClient, alice: Someone) -> None:
    control.patch_settings(update_mode="merge")
    row_id = caller.create("kursus", kursus(alice.id))
    body = kursus(alice.id, id=row_id, jumlahJam=40)
    del body["namaKursus"]
    caller.save("kursus", body)
    assert control.rows(nip=alice.nip)[0]["fields"] == kursus(alice.id, jumlahJam=40)


def test_an_update_of_an_unknown_row_is_refused_unless_set_otherwise(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    row_id = "00000000-0000-4000-8000-000000000009"
    assert caller.save("kursus", kursus(alice.id, id=row_id)).json()["success"] is False
    control.patch_settings(unknown_id_creates=True)
    assert caller.save("kursus", kursus(alice.id, id=row_id)).json()["mapData"] == {"rwKursusId": row_id}
    caller.delete(f"/kursus/delete/{row_id}")


def test_a_deleted_id_can_be_created_again_when_unknown_ids_create(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    row_id = caller.create("kursus", kursus(alice.id))
    caller.delete(f"/kursus/delete/{row_id}")
    control.patch_settings(unknown_id_creates=True)
    assert caller.save("kursus", kursus(alice.id, id=row_id)).json()["success"] is True
    assert [row["id"] for row in control.rows(nip=alice.nip)] == [row_id]


def test_a_row_of_another_person_is_refused(
    caller: Caller, control: ControlClient, alice: Someone, bob: Someone
) -> None:
    row_id = caller.create("kursus", kursus(alice.id))
    assert caller.save("kursus", kursus(bob.id, id=row_id)).json()["success"] is False
    assert control.rows(nip=alice.nip)[0]["version"] == 1


def test_a_row_of_another_resource_is_refused(caller: Caller, alice: Someone) -> None:
    row_id = caller.create("kursus", kursus(alice.id))
    assert caller.save("diklat", diklat(alice.id, id=row_id)).json()["success"] is False
    assert caller.delete(f"/diklat/delete/{row_id}").json()["success"] is False


def test_a_delete_succeeds_once(caller: Caller, control: ControlClient, alice: Someone) -> None:
    row_id = caller.create("diklat", diklat(alice.id))
    first = caller.delete(f"/diklat/delete/{row_id}")
    assert (first.status_code, first.json()["success"]) == (200, True)
    assert control.rows(nip=alice.nip) == []
    second = caller.delete(f"/diklat/delete/{row_id}")
    assert (second.status_code, second.json()["success"]) == (200, False)


def test_the_answer_to_a_delete_can_be_wrapped(caller: Caller, control: ControlClient, alice: Someone) -> None:
    control.patch_settings(delete_answer="wrapped")
    row_id = caller.create("kursus", kursus(alice.id))
    body = caller.delete(f"/kursus/delete/{row_id}").json()
    assert (body["code"], body["data"]["success"]) == (1, True)
    body = caller.delete(f"/kursus/delete/{row_id}").json()
    assert (body["code"], body["data"]["success"]) == (0, False)


def test_a_business_refusal_can_be_ordered_for_some_bodies(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    control.add_refusal("kursus", "Data terkunci", where={"tahunKursus": 2019}, times=1)
    assert caller.save("kursus", kursus(alice.id)).json()["success"] is True
    refused = caller.save("kursus", kursus(alice.id, tahunKursus=2019))
    assert (refused.status_code, refused.json()) == (
        200,
        {"success": False, "mapData": None, "message": "Data terkunci"},
    )
    assert caller.save("kursus", kursus(alice.id, tahunKursus=2019)).json()["success"] is True


def upload(caller: Caller, content: bytes, ref: str = "881") -> Any:
    return caller.post("/upload-dok", data={"id_ref_dokumen": ref}, files={"file": ("a b.pdf", content)})


def test_an_uploaded_file_hangs_on_the_row_that_names_it_in_path(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    uploaded = upload(caller, PDF).json()
    assert (uploaded["code"], uploaded["message"]) == (1, "File berhasil di upload")
    assert (uploaded["data"]["dok_id"], uploaded["data"]["dok_nama"]) == ("881", "Sertifikat Kursus")
    caller.create("kursus", kursus(alice.id, path=[uploaded["data"]]))
    [row] = caller.list_of("kursus", alice.nip)
    assert row["path"] == {"881": uploaded["data"]}
    assert caller.get("/download-dok", params={"filePath": uploaded["data"]["dok_uri"]}).content == PDF


def test_a_path_naming_a_file_that_was_never_uploaded_is_refused(caller: Caller, alice: Someone) -> None:
    body = kursus(alice.id, path=[{"dok_id": "881", "dok_uri": "peremajaan/usulan/none.pdf"}])
    assert caller.save("kursus", body).json()["success"] is False


def test_an_empty_path_keeps_the_documents_unless_set_otherwise(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    row_id = caller.create("kursus", kursus(alice.id))
    caller.attach(row_id)
    caller.save("kursus", kursus(alice.id, id=row_id, path=[]))
    assert list(control.rows(nip=alice.nip)[0]["documents"]) == ["881"]
    control.patch_settings(empty_path_clears=True)
    caller.save("kursus", kursus(alice.id, id=row_id, path=[]))
    assert control.rows(nip=alice.nip)[0]["documents"] == {}


def test_a_file_attached_to_a_row_is_seen_and_downloaded_unchanged(caller: Caller, alice: Someone) -> None:
    row_id = caller.create("diklat", diklat(alice.id))
    assert caller.attach(row_id, ref="874").json()["data"]["dok_uri"] == f"peremajaan/usulan/874_{row_id}.pdf"
    [row] = caller.list_of("diklat", alice.nip)
    assert row["path"]["874"]["slug"] == "874"
    document = caller.get("/download-dok", params={"filePath": row["path"]["874"]["dok_uri"]})
    assert (document.content, document.headers["Content-Type"]) == (PDF, "application/pdf")


def test_the_code_of_an_attached_file_is_sometimes_text(caller: Caller, control: ControlClient, alice: Someone) -> None:
    row_id = caller.create("kursus", kursus(alice.id))
    codes = [caller.attach(row_id).json()["code"] for _ in range(4)]
    assert sorted(map(str, codes)) == ["1"] * 4
    assert {type(code) for code in codes} == {int, str}
    control.patch_settings(upload_code_as_text="never")
    assert caller.attach(row_id).json()["code"] == 1


@pytest.mark.parametrize("content", [b"<html>", b"", b"%PDF-" + b"x" * 1_000_000])
def test_only_small_pdfs_are_taken(caller: Caller, control: ControlClient, alice: Someone, content: bytes) -> None:
    row_id = caller.create("kursus", kursus(alice.id))
    for answer in (caller.attach(row_id, content), upload(caller, content)):
        assert (answer.status_code, answer.json()["code"]) == (400, 0)
    assert control.rows(nip=alice.nip)[0]["documents"] == {}


def test_a_file_of_exactly_the_limit_is_taken(caller: Caller) -> None:
    assert upload(caller, PDF.ljust(1_000_000, b"x")).status_code == 200


def test_a_file_for_an_unknown_row_or_kind_is_refused(caller: Caller, alice: Someone) -> None:
    assert caller.attach("no-such-row").status_code == 400
    assert upload(caller, PDF, ref="1").status_code == 400


def test_a_multipart_header_without_boundary_is_refused(caller: Caller) -> None:
    headers = {**caller.headers, "Content-Type": "multipart/form-data"}
    answer = caller.http.post("/apisiasn/1.0/upload-dok", content=b"--x--", headers=headers)
    assert answer.json() == {"message": "no multipart boundary param in Content-Type"}


def test_a_document_that_is_not_there_is_a_json_answer(caller: Caller) -> None:
    answer = caller.get("/download-dok", params={"filePath": "peremajaan/usulan/none.pdf"})
    assert (answer.status_code, answer.json()["code"]) == (404, 0)
