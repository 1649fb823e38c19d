"""data-utama: what changes it at once, and what only after a sync; the family inside its own reads."""

from __future__ import annotations

from typing import Any

import pytest

from simpeg_sync.simulator.control_client import ControlClient, ControlRefused

from .caller import PDF, Caller
from .conftest import Someone

NOBODY = "00000000000000000000000000000000"
JABATAN_SYNC = "/pns/data-utama-jabatansync"
GOLONGAN_SYNC = "/pns/data-utama-golongansync"


def data_utama(caller: Caller, person: Someone) -> dict[str, Any]:
    data: dict[str, Any] = caller.get(f"/pns/data-utama/{person.nip}").json()["data"]
    return data


def jabatan(person_id: str, **changes: Any) -> dict[str, Any]:
    body = {
        "pnsId": person_id,
        "jenisJabatan": "2",
        "jabatanFungsionalId": "jf-1",
        "unorId": "unor-1",
        "instansiId": "instansi-1",
        "satuanKerjaId": "satker-1",
        "nomorSk": "SK/1",
        "tmtJabatan": "01-01-2020",
    }
    return {**body, **changes}


@pytest.fixture
def reference_tables(control: ControlClient) -> Any:
    control.add_references("jabatan-fungsional", [{"id": "jf-1", "nama": "Pranata Komputer Ahli Muda"}])
    units = [
        {"Id": "unor-1", "NamaUnor": "Bidang Rekaan", "NamaJabatan": "Kepala Bidang Rekaan", "IndukUnorId": "unor-0"},
        {"Id": "unor-0", "NamaUnor": "Dinas Rekaan", "NamaJabatan": "Kepala Dinas Rekaan"},
    ]
    control.add_references("ref-unor", units)
    yield
    control.clear_references("jabatan-fungsional")
    control.clear_references("ref-unor")


def test_a_new_post_is_shown_in_data_utama_only_after_the_sync(
    caller: Caller, control: ControlClient, alice: Someone, reference_tables: None
) -> None:
    caller.create("jabatan/unorjabatan", jabatan(alice.id))
    assert data_utama(caller, alice)["jabatanNama"] is None
    seen = len(control.effects())
    answer = caller.get(JABATAN_SYNC, params={"pns_orang_id": alice.id})
    assert answer.json() == {"success": True, "mapData": None, "message": "success"}
    [effect] = control.effects()[seen:]
    assert (effect["kind"], effect["resource"], effect["nip"], effect["changed"]) == (
        "sync",
        "data-utama",
        alice.nip,
        True,
    )
    data = data_utama(caller, alice)
    assert (data["jenisJabatanId"], data["tmtJabatan"], data["unorId"]) == ("2", "01-01-2020", "unor-1")
    assert data["jabatanNama"] == data["jabatanFungsionalNama"] == "Pranata Komputer Ahli Muda"
    assert (data["unorNama"], data["unorIndukId"], data["unorIndukNama"]) == (
        "Bidang Rekaan",
        "unor-0",
        "Dinas Rekaan",
    )
    assert (data["jabatanStrukturalId"], data["eselonId"]) == ("", "")
    caller.get(JABATAN_SYNC, params={"pns_orang_id": alice.id})
    assert control.effects()[-1]["changed"] is False


def test_the_newest_post_is_the_one_that_began_last(
    caller: Caller, control: ControlClient, alice: Someone, reference_tables: None
) -> None:
    structural = jabatan(alice.id, jenisJabatan="1", eselonId="31", jabatanFungsionalId="", tmtJabatan="01-02-2022")
    caller.create("jabatan/unorjabatan", structural)
    caller.create("jabatan/unorjabatan", jabatan(alice.id, tmtJabatan="15-03-2021"))
    caller.get(JABATAN_SYNC, params={"pns_orang_id": alice.id})
    data = data_utama(caller, alice)
    assert (data["jabatanNama"], data["tmtJabatan"]) == ("Kepala Bidang Rekaan", "01-02-2022")
    assert (data["jabatanStrukturalId"], data["eselonId"], data["eselon"]) == ("unor-1", "31", "III.a")
    moved = jabatan(alice.id, jenisMutasiId="MU", tmtMutasi="01-05-2023", tmtJabatan="15-03-2021")
    caller.create("jabatan/unorjabatan", moved)
    caller.get(JABATAN_SYNC, params={"pns_orang_id": alice.id})
    assert data_utama(caller, alice)["jabatanFungsionalId"] == "jf-1"


def test_a_new_rank_is_shown_only_after_its_sync(caller: Caller, control: ControlClient, alice: Someone) -> None:
    for golongan, begin in (("31", "01-04-2015"), ("32", "01-04-2019")):
        control.add_row("golongan", alice.nip, {"golonganId": golongan, "tmtGolongan": begin})
    assert data_utama(caller, alice)["golRuangAkhirId"] is None
    assert caller.get(GOLONGAN_SYNC, params={"pns_orang_id": alice.id}).json()["success"] is True
    data = data_utama(caller, alice)
    assert (data["golRuangAkhirId"], data["golRuangAkhir"], data["pangkatAkhir"], data["tmtGolAkhir"]) == (
        "32",
        "III/b",
        "Penata Muda Tingkat I",
        "01-04-2019",
    )


@pytest.mark.parametrize("path", [JABATAN_SYNC, GOLONGAN_SYNC])
def test_a_sync_of_nothing_or_nobody_is_refused(
    caller: Caller, control: ControlClient, alice: Someone, path: str
) -> None:
    seen = len(control.effects())
    for query in ({"pns_orang_id": alice.id}, {"pns_orang_id": NOBODY}, {}):
        assert caller.get(path, params=query).json()["success"] is False
    assert len(control.effects()) == seen


def test_a_sync_can_answer_in_the_third_envelope(caller: Caller, control: ControlClient, alice: Someone) -> None:
    control.patch_settings(sync_answer="error_message")
    said = caller.get(JABATAN_SYNC, params={"pns_orang_id": alice.id}).json()
    assert said == {"Error": "true", "Message": "Data tidak ditemukan"}
    caller.create("jabatan/unorjabatan", jabatan(alice.id))
    said = caller.get(JABATAN_SYNC, params={"pns_orang_id": alice.id}).json()
    assert said == {"Error": "false", "Message": "success"}


def test_data_utama_update_changes_only_what_was_sent(caller: Caller, control: ControlClient, alice: Someone) -> None:
    control.add_persons({"nipBaru": alice.nip, "noHp": "0800000001", "agamaId": "1", "alamat": "Jalan Lama"})
    body = {
        "pns_orang_id": alice.id,
        "agama_id": "2",
        "nomor_hp": "0800000002",
        "npwp_tanggal": "01-02-2010",
        "tanggal_taspen": "03-04-2011",
        "hobi": "memancing",
    }
    answer = caller.post("/pns/data-utama-update", json=body)
    assert answer.json() == {"success": True, "mapData": None, "message": "success"}
    data = data_utama(caller, alice)
    assert (data["agamaId"], data["agama"], data["noHp"], data["alamat"]) == (
        "2",
        "Kristen",
        "0800000002",
        "Jalan Lama",
    )
    assert (data["tglNpwp"], data["tanggal_taspen"]) == ("01-02-2010", "2011-04-03T00:00:00Z")
    effect = control.effects()[-1]
    assert (effect["kind"], effect["resource"], effect["row_id"]) == ("update", "data-utama", alice.id)


def test_a_label_follows_its_code(caller: Caller, control: ControlClient, alice: Someone) -> None:
    control.add_persons({"nipBaru": alice.nip, "agamaId": "1", "agama": "ISLAM"})
    assert data_utama(caller, alice)["agama"] == "ISLAM"
    caller.post("/pns/data-utama-update", json={"pns_orang_id": alice.id, "agama_id": "4"})
    assert data_utama(caller, alice)["agama"] == "Hindu"


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/pns/data-utama-update", {}, "1 error occurred:\n\t* PnsOrangId is required"),
        ("/pns/data-utama-update", {"alamat": 7}, "json: cannot unmarshal number into Go struct field"),
        ("/pns/data-utama-update", {"pns_orang_id": NOBODY, "npwp_tanggal": "2010-02-01"}, "parsing time"),
        ("/cpns/save", {}, "3 errors occurred:\n\t* NomorSkCpns is required\n\t* PnsOrangId is required"),
    ],
)
def test_a_save_of_the_person_is_as_strict_as_any(caller: Caller, path: str, body: dict[str, Any], words: str) -> None:
    answer = caller.post(path, json=body)
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (200, 0, None)
    assert words in answer.json()["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/pns/data-utama-update", {"pns_orang_id": NOBODY}),
        ("/pns/data-utama-update", {"agama_id": "9"}),
        ("/cpns/save", {"pns_orang_id": NOBODY, "nomor_sk_cpns": "1", "tgl_sk_cpns": "01-01-2020"}),
    ],
)
def test_an_unknown_person_or_code_is_refused(caller: Caller, alice: Someone, path: str, body: dict[str, Any]) -> None:
    answer = caller.post(path, json={"pns_orang_id": alice.id, **body})
    assert (answer.status_code, answer.json()["success"]) == (200, False)


def cpns(person_id: str, **changes: Any) -> dict[str, Any]:
    return {"pns_orang_id": person_id, "nomor_sk_cpns": "CPNS/1", "tgl_sk_cpns": "01-03-2015", **changes}


def test_cpns_data_are_shown_in_data_utama_at_once(caller: Caller, control: ControlClient, alice: Someone) -> None:
    uploaded = caller.post("/upload-dok", data={"id_ref_dokumen": "889"}, files={"file": ("sk.pdf", PDF)}).json()
    body = cpns(alice.id, tmt_pns="01-03-2016", kartu_pegawai="K1", path=[uploaded["data"]])
    answer = caller.post("/cpns/save", json=body).json()
    assert (answer["success"], list(answer["mapData"].values())) == (True, [alice.id])
    data = data_utama(caller, alice)
    assert (data["nomorSkCpns"], data["tglSkCpns"], data["tmtPns"], data["noSeriKarpeg"]) == (
        "CPNS/1",
        "01-03-2015",
        "01-03-2016",
        "K1",
    )
    assert data["path"] == {"889": uploaded["data"]}
    control.add_refusal("cpns", "Data terkunci", where={"nomor_sk_cpns": "CPNS/2"})
    assert caller.post("/cpns/save", json=cpns(alice.id, nomor_sk_cpns="CPNS/2")).json()["message"] == "Data terkunci"


def test_cpns_data_can_come_as_a_form_with_the_decree(caller: Caller, control: ControlClient, alice: Someone) -> None:
    answer = caller.post("/cpns/document/save", data=cpns(alice.id), files={"file": ("sk.pdf", PDF)})
    assert answer.json()["success"] is True
    data = data_utama(caller, alice)
    assert data["nomorSkCpns"] == "CPNS/1"
    assert caller.get("/download-dok", params={"filePath": data["path"]["889"]["dok_uri"]}).content == PDF


def test_a_cpns_document_can_be_attached_to_the_person(caller: Caller, control: ControlClient, alice: Someone) -> None:
    assert caller.attach(alice.id, ref="887").status_code == 200
    assert data_utama(caller, alice)["path"]["887"]["dok_uri"] == f"peremajaan/usulan/887_{alice.id}.pdf"
    caller.attach(alice.id, ref="887")
    caller.attach(alice.id, PDF + b"lain", ref="887")
    effects = control.effects()[-3:]
    assert {(effect["resource"], effect["nip"]) for effect in effects} == {("cpns", alice.nip)}
    assert [effect["changed"] for effect in effects] == [True, False, True]


def test_a_partner_and_a_child_are_seen_inside_the_family(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    partner = {
        "pnsOrangId": alice.id,
        "nama": "Budi Rekaan",
        "tglLahir": "02-03-1984",
        "statusPernikahan": "1",
        "statusPekerjaanPasangan": "PNS",
        "pasanganKe": "1",
        "tglMenikah": "04-05-2010",
        "noAktaMenikah": "A/1",
        "statusHidup": "1",
    }
    answer = caller.post("/keluarga/pasangan/save", json=partner).json()
    assert answer["success"] == "true"
    data = caller.get(f"/pns/data-pasangan/{alice.nip}").json()["data"]
    assert (data["idPns"], data["nipBaru"]) == (alice.id, alice.nip)
    [item] = data["listPasangan"]
    assert item["statusNikah"] == "Menikah"
    assert (item["orang"]["nama"], item["orang"]["JenisKawinId"], item["orang"]["StatusHidup"]) == (
        "Budi Rekaan",
        "1",
        "1",
    )
    marriage = item["dataPernikahan"]
    assert (marriage["posisi"], marriage["isPns"], marriage["tgglMenikah"], marriage["pnsOrangId"]) == (
        1,
        True,
        "04-05-2010",
        alice.id,
    )
    child = {"pnsOrangId": alice.id, "nama": "Cici Rekaan", "jenisKelamin": "F", "jenisAnakId": "1"}
    caller.post("/keluarga/anak/save", json=child)
    [item] = caller.get(f"/pns/data-anak/{alice.nip}").json()["data"]["listAnak"]
    assert (item["nama"], item["jenisAnak"]) == ("Cici Rekaan", "1")


def test_what_is_put_into_a_family_is_checked(control: ControlClient, alice: Someone) -> None:
    with pytest.raises(ControlRefused, match="hobi"):
        control.add_row("ortu", alice.nip, {"ayah": {"hobi": "memancing"}})


def test_a_photo_goes_in_and_out_unchanged(caller: Caller, control: ControlClient, alice: Someone) -> None:
    for image, kind in ((b"\xff\xd8\xff\xe0 foto", "image/jpeg"), (b"\x89PNG\r\n\x1a\n foto", "image/png")):
        answer = caller.post("/upload-photo", data={"pns_id": alice.id}, files={"file": ("foto", image)})
        assert (answer.status_code, answer.json()["code"]) == (200, 1)
        shown = caller.get(f"/pns/photo/{alice.id}")
        assert (shown.content, shown.headers["Content-Type"]) == (image, kind)
    effect = control.effects()[-1]
    assert (effect["kind"], effect["resource"], effect["nip"]) == ("upload", "photo", alice.nip)


@pytest.mark.parametrize(
    ("person", "image"), [(None, PDF), (NOBODY, b"\xff\xd8\xff"), (None, b"\xff\xd8\xff" + b"x" * 1_000_000)]
)
def test_a_photo_must_be_small_an_image_and_of_somebody(
    caller: Caller, alice: Someone, person: str | None, image: bytes
) -> None:
    answer = caller.post("/upload-photo", data={"pns_id": person or alice.id}, files={"file": ("foto", image)})
    assert answer.status_code == 400
    assert caller.get(f"/pns/photo/{alice.id}").status_code == 404


def test_persons_can_be_looked_up_through_the_control_port(control: ControlClient, alice: Someone) -> None:
    [person] = control.persons(nip=alice.nip)
    assert (person["id"], person["fields"]["nama"]) == (alice.id, "Alice Rekaan")
    assert alice.nip in {person["nip"] for person in control.persons()}
