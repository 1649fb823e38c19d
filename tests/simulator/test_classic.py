"""The classic SAPK dialect over HTTP: its one token, its reads and saves, and the rows it shares with SIASN."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from simpeg_sync.simulator import fields, process
from simpeg_sync.simulator.control_client import ControlClient, ControlRefused
from simpeg_sync.simulator.process import Simulator

from . import caller as siasn
from .caller import Caller
from .classic_caller import (
    CLIENT,
    DUPLEX,
    GRANT,
    OPERATOR,
    READ,
    TOKEN_PATH,
    ClassicCaller,
    jabatan,
    kursus,
    skp,
    skp_2021,
)
from .conftest import Someone

NOBODY = "198501012010011001"
NOT_FOUND = "Data tidak ditemukan"


class Save(NamedTuple):
    path: str
    kind: str
    resource: str
    id_key: str
    person_key: str
    body: Callable[..., dict[str, Any]]
    changed: str


SAVES = [
    Save("jabatan", "rw-jabatan", "jabatan", "rwJabatanId", "pnsId", jabatan, "nomorSk"),
    Save("kursus", "rw-kursus", "kursus", "rwKursusId", "pnsOrangId", kursus, "nomorSertipikat"),
    Save("skp", "rw-skp", "skp", "rwSkpId", "pnsDinilaiOrang", skp, "penilaiNama"),
    Save("skp/2021", "rw-skp", "skp", "rwSkpId", "pnsDinilaiOrang", skp_2021, "penilaiNama"),
]
every_save = pytest.mark.parametrize("save", SAVES, ids=[save.path for save in SAVES])
# kind, store's resource, what is prepared, what is read of it
HISTORIES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("rw-golongan", "golongan", {"golonganId": "32", "skNomor": "1/X"}, {"golonganId": "32", "skNomor": "1/X"}),
    ("rw-jabatan", "jabatan", {"jenisJabatan": "4", "nomorSk": "2/X"}, {"jenisJabatan": "FUNGSIONAL_UMUM"}),
    ("rw-pendidikan", "pendidikan", {"namaSekolah": "Sekolah Rekaan"}, {"namaSekolah": "Sekolah Rekaan"}),
    ("rw-diklat", "diklat", {"latihanStrukturalId": "3", "jumlahJam": 300}, {"jumlahJam": 300}),
    ("rw-kursus", "kursus", {"nomorSertipikat": "3/X", "tahunKursus": 2011}, {"noSertipikat": "3/X"}),
    ("rw-dp3", "dp3", {"tahun": "2012", "kesetiaan": "91"}, {"tahun": "2012", "kesetiaan": "91"}),
    ("rw-skp", "skp", {"tahun": 2018, "jenisJabatan": "1"}, {"tahun": "2018", "jenisJabatan": "STRUKTURAL"}),
    ("rw-hukdis", "hukdis", {"skNomor": "4/X"}, {"skNomor": "4/X"}),
    ("rw-penghargaan", "penghargaan", {"skNomor": "5/X", "tahun": 2015}, {"skNomor": "5/X", "tahun": 2015}),
    ("rw-pindahinstansi", "pindahinstansi", {"skBknNomor": "6/X"}, {"skBknNomor": "6/X"}),
    ("rw-cltn", "cltn", {"skNomor": "7/X"}, {"skNomor": "7/X"}),
    ("rw-masakerja", "masakerja", {"masaKerjaBulan": 7}, {"masaKerjaBulan": 7}),
    ("rw-pwk", "pwk", {"skNomor": "8/X"}, {"skNomor": "8/X"}),
    ("rw-pnsunor", "pnsunor", {"skNomor": "9/X"}, {"skNomor": "9/X"}),
    ("rw-pemberhentian", "pemberhentian", {"skNomor": "10/X"}, {"skNomor": "10/X"}),
    ("rw-angkakredit", "angkakredit", {"nomorSk": "11/X"}, {"nomorSk": "11/X"}),
]
FAMILY = ["data-pasangan", "data-anak", "data-ortu"]
KINDS = [*FAMILY, *(entry[0] for entry in HISTORIES)]


@pytest.fixture
def classic(sim: Simulator) -> Iterator[ClassicCaller]:
    caller = ClassicCaller(sim.url)
    yield caller
    caller.close()


# the door


def test_the_token_is_an_opaque_uuid(classic: ClassicCaller) -> None:
    body = classic.ask_token().json()
    assert str(uuid.UUID(body["access_token"])) == body["access_token"]
    assert (body["token_type"], body["expires_in"]) == ("bearer", 43200)


@pytest.mark.parametrize("origin", [None, "http://elsewhere:20000"])
def test_no_token_without_the_origin(classic: ClassicCaller, origin: str | None) -> None:
    answer = classic.ask_token(origin=origin)
    assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")


def test_where_no_origin_is_wanted_none_is_needed(
    classic: ClassicCaller, control: ControlClient, alice: Someone
) -> None:
    control.patch_settings(classic_origin="")
    assert classic.ask_token(origin=None).status_code == 200
    del classic.headers["Origin"]
    assert classic.data_utama(alice.nip)["id"] == alice.id


def test_a_call_without_the_origin_is_denied_although_its_token_is_good(classic: ClassicCaller, alice: Someone) -> None:
    del classic.headers["Origin"]
    for answer in (classic.read("data-utama", alice.nip), classic.save("kursus", kursus(alice.id))):
        assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"auth": (CLIENT[0], "wrong")}, 401, "invalid_client"),
        ({"auth": None}, 401, "invalid_client"),
        ({"headers": None, "auth": None, "data": {**GRANT, "client_secret": CLIENT[1]}}, 401, "invalid_client"),
        ({"data": {**GRANT, "client_id": "another"}}, 401, "invalid_client"),
        ({"data": {**GRANT, "grant_type": "password"}}, 400, "unsupported_grant_type"),
    ],
    ids=["wrong secret", "no Basic", "secret in the form", "another client in the form", "another grant"],
)
def test_a_bad_login_is_refused_and_counted(
    classic: ClassicCaller, control: ControlClient, changes: dict[str, Any], status: int, error: str
) -> None:
    control.restart_counters()
    changes.pop("headers", None)
    answer = classic.ask_token(**changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert control.counts()["logins_refused"] == {"classic": 1}


def test_a_dead_token_is_known_by_the_key_error_in_the_body(
    classic: ClassicCaller, control: ControlClient, alice: Someone
) -> None:
    control.expire_tokens("classic")
    answer = classic.read("data-utama", alice.nip)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    control.patch_settings(classic_dead_token_status=200)
    answer = classic.read("data-utama", alice.nip)
    assert (answer.status_code, answer.json()["error"]) == (200, "invalid_token")
    classic.headers["Authorization"] = f"Bearer {classic.token()}"
    assert classic.data_utama(alice.nip)["id"] == alice.id


def test_a_token_dies_by_time_and_by_its_successor(
    classic: ClassicCaller, control: ControlClient, alice: Someone
) -> None:
    classic.token()
    assert classic.read("rw-kursus", alice.nip).status_code == 200
    control.patch_settings(new_token_kills_old=True)
    classic.token()
    assert classic.read("rw-kursus", alice.nip).json()["error"] == "invalid_token"
    control.patch_settings(classic_lifetime_s=0)
    classic.headers["Authorization"] = f"Bearer {classic.token()}"
    assert classic.read("rw-kursus", alice.nip).json()["error"] == "invalid_token"


def test_no_token_at_all_is_unauthorized(classic: ClassicCaller, alice: Someone) -> None:
    del classic.headers["Authorization"]
    assert classic.read("rw-kursus", alice.nip).json()["error"] == "unauthorized"


def test_the_tokens_of_one_dialect_are_none_in_the_other(
    classic: ClassicCaller, caller: Caller, alice: Someone
) -> None:
    caller.headers["Authorization"], classic.headers["Authorization"] = (
        classic.headers["Authorization"],
        caller.headers["Authorization"],
    )
    assert caller.get(f"/pns/rw-kursus/{alice.nip}").json()["code"] == "900901"
    assert classic.read("rw-kursus", alice.nip).json()["error"] == "invalid_token"


def test_expiring_all_tokens_ends_the_classic_ones_too(
    classic: ClassicCaller, control: ControlClient, alice: Someone
) -> None:
    control.expire_tokens("all")
    assert classic.read("rw-kursus", alice.nip).json()["error"] == "invalid_token"
    with pytest.raises(ControlRefused, match="classic"):
        control.expire_tokens("none")


# paths


def test_the_training_layout_has_a_base_path_of_its_own(classic: ClassicCaller, alice: Someone) -> None:
    answer = classic.get(f"/bkn-resources-server/api/pns/data-utama/{alice.nip}")
    assert json.loads(answer.json()["data"])["id"] == alice.id


def test_every_path_is_a_setting(classic: ClassicCaller, control: ControlClient, alice: Someone) -> None:
    control.patch_settings(
        classic_token_path="/masuk", classic_read_paths=["/baca"], classic_duplex_paths=["/baca", "/tulis"]
    )
    assert classic.ask_token().status_code == 404
    assert classic.http.post(
        "/masuk", data=GRANT, auth=CLIENT, headers={"Origin": classic.headers["Origin"]}
    ).is_success
    assert classic.get(f"/baca/pns/rw-diklat/{alice.nip}").json()["data"] == []
    assert classic.get(f"/baca/jabatan/pns/{alice.nip}").json()["mapData"] == {"data": []}
    assert classic.get(f"/tulis/pns/rw-diklat/{alice.nip}").json()["mapData"] == {"data": []}
    assert classic.get(f"{READ}/pns/rw-diklat/{alice.nip}").status_code == 404


def test_what_the_dialect_does_not_have_is_not_found_or_not_allowed(classic: ClassicCaller, alice: Someone) -> None:
    row_id = classic.create("kursus", kursus(alice.id))
    for method, path, status in (
        ("DELETE", f"{DUPLEX}/kursus/delete/{row_id}", 404),
        ("POST", f"{DUPLEX}/upload-dok-rw", 404),
        ("POST", f"{DUPLEX}/diklat/save", 404),
        ("GET", f"{READ}/pns/rw-skp22/{alice.nip}", 404),
        ("GET", f"{DUPLEX}/kursus/save", 405),
        ("GET", TOKEN_PATH, 405),
    ):
        answer = classic.http.request(method, path, headers=classic.headers)
        assert (answer.status_code, answer.json()["status"], answer.json()["path"]) == (status, status, path)


# reads


def test_data_utama_is_json_inside_json_with_words_for_codes(
    classic: ClassicCaller, control: ControlClient, alice: Someone
) -> None:
    control.add_persons({"nipBaru": alice.nip, "jenisKelamin": "F", "jenisJabatanId": "2", "jenisJabatan": "Tertentu"})
    answer = classic.read("data-utama", alice.nip).json()
    assert set(answer) == {"code", "data"}
    assert isinstance(answer["data"], str)
    person = json.loads(answer["data"])
    assert (person["id"], person["nipBaru"], person["nama"]) == (alice.id, alice.nip, "Alice Rekaan")
    assert (person["jenisKelamin"], person["jenisJabatan"]) == ("Wanita", "FUNGSIONAL_TERTENTU")
    assert person["kedudukanPnsNama"] == "Aktif"


def test_the_code_of_a_read_is_a_number_or_a_text(
    classic: ClassicCaller, control: ControlClient, alice: Someone
) -> None:
    def codes() -> list[Any]:
        return [classic.read("rw-kursus", nip).json()["code"] for nip in (alice.nip, alice.nip, NOBODY, NOBODY)]

    control.patch_settings(classic_code_as_text="never")
    assert codes() == [1, 1, 0, 0]
    control.patch_settings(classic_code_as_text="always")
    assert codes() == ["1", "1", "0", "0"]
    control.patch_settings(classic_code_as_text="alternate")
    assert {type(code) for code in codes()} == {int, str}


@pytest.mark.parametrize(("kind", "resource", "prepared", "read"), HISTORIES, ids=[entry[0] for entry in HISTORIES])
def test_a_history_is_an_array_of_rows(
    classic: ClassicCaller,
    control: ControlClient,
    alice: Someone,
    kind: str,
    resource: str,
    prepared: dict[str, Any],
    read: dict[str, Any],
) -> None:
    row_id = control.add_row(resource, alice.nip, prepared)
    [row] = classic.rows(kind, alice.nip)
    assert (row.get("id") or row["ID"]) == row_id
    assert alice.id in row.values()
    assert "path" not in row
    assert row | read == row


def test_a_spouse_stands_under_data_orang(classic: ClassicCaller, control: ControlClient, alice: Someone) -> None:
    row_id = control.add_row(
        "pasangan",
        alice.nip,
        {
            "nama": "Citra Rekaan",
            "jenisKelamin": "M",
            "statusPernikahan": "1",
            "noAktaMenikah": "12/X",
            "statusPekerjaanPasangan": "PNS",
        },
    )
    data = classic.rows("data-pasangan", alice.nip)
    assert (data["idPns"], data["nipBaru"]) == (alice.id, alice.nip)
    [spouse] = data["listPasangan"]
    assert set(spouse) == {"dataOrang", "statusNikah", "dataPernikahan"}
    assert spouse["dataOrang"]["id"] == row_id
    assert (spouse["dataOrang"]["nama"], spouse["dataOrang"]["jenisKelamin"]) == ("Citra Rekaan", "Pria")
    assert spouse["statusNikah"] == "Menikah"
    assert (spouse["dataPernikahan"]["aktaMenikah"], spouse["dataPernikahan"]["isPns"]) == ("12/X", True)
    assert spouse["dataPernikahan"]["pnsOrangId"] == alice.id


def test_children_and_parents(classic: ClassicCaller, control: ControlClient, alice: Someone) -> None:
    control.add_row("anak", alice.nip, {"nama": "Dewi Rekaan", "jenisKelamin": "F"})
    [child] = classic.rows("data-anak", alice.nip)["listAnak"]
    assert (child["nama"], child["jenisKelamin"]) == ("Dewi Rekaan", "Wanita")
    control.add_row("ortu", alice.nip, {"ayah": {"nama": "Eko Rekaan"}, "ibu": {"nama": "Fitri Rekaan"}})
    parents = classic.rows("data-ortu", alice.nip)
    assert (parents["ayah"]["nama"], parents["ibu"]["nama"]) == ("Eko Rekaan", "Fitri Rekaan")
    assert parents["idPns"] == alice.id


@pytest.mark.parametrize("kind", KINDS)
def test_a_person_without_rows_and_an_unknown_person(
    classic: ClassicCaller, control: ControlClient, alice: Someone, kind: str
) -> None:
    control.patch_settings(classic_code_as_text="never")
    none = classic.read(kind, alice.nip).json()
    assert none["code"] == 1
    match kind:
        case "data-ortu":
            assert (none["data"]["ayah"], none["data"]["ibu"]) == (None, None)
        case "data-pasangan" | "data-anak":
            assert [] in none["data"].values()
        case _:
            assert none["data"] == []
    unknown = classic.read(kind, NOBODY)
    assert (unknown.status_code, unknown.json()) == (200, {"code": 0, "data": NOT_FOUND})
    control.patch_settings(classic_no_rows="not_found")
    assert classic.read(kind, alice.nip).json() == {"code": 0, "data": NOT_FOUND}


def test_nothing_can_take_other_forms(classic: ClassicCaller, control: ControlClient, alice: Someone) -> None:
    control.patch_settings(classic_no_rows="null", classic_code_as_text="never")
    assert classic.rows("rw-kursus", alice.nip) is None
    template = f"{READ}/pns/rw-kursus/{{nip}}"
    for form, status, body in (
        ("404", 404, {"code": 0, "data": NOT_FOUND}),
        ("null", 200, {"code": 1, "data": None}),
        ("record_not_found", 400, {"code": 0, "data": "record not found"}),
    ):
        control.patch_settings(not_found={template: form})
        answer = classic.read("rw-kursus", NOBODY)
        assert (answer.status_code, answer.json()) == (status, body)
        assert classic.read("rw-diklat", NOBODY).status_code == 200


def test_an_unknown_person_has_no_data_utama(classic: ClassicCaller, control: ControlClient) -> None:
    control.patch_settings(classic_code_as_text="never")
    assert classic.read("data-utama", NOBODY).json() == {"code": 0, "data": NOT_FOUND}


def test_oddities_of_reading_are_those_of_siasn(classic: ClassicCaller, control: ControlClient, alice: Someone) -> None:
    row_id = control.add_row("kursus", alice.nip, {"namaKursus": "Kursus Rekaan", "noSertipikat": "1/LAMA"})
    control.patch_settings(pad_names=2, name_case="upper", empty_date="01-01-0001", empty_text=None)
    [row] = classic.rows("rw-kursus", alice.nip)
    assert (row["namaKursus"], row["tanggalSelesaiKursus"]) == ("KURSUS REKAAN  ", "01-01-0001")
    assert row["institusiPenyelenggara"] is None
    control.patch_settings(read_lag_s=3600)
    classic.create("kursus", kursus(alice.id, id=row_id))
    assert [row["noSertipikat"] for row in classic.rows("rw-kursus", alice.nip)] == ["1/LAMA"]


@pytest.mark.parametrize(
    ("path", "resource", "kind"),
    [("jabatan/pns", "jabatan", "rw-jabatan"), ("skp/pns", "skp", "rw-skp"), ("pns/rw-diklat", "diklat", "rw-diklat")],
)
def test_duplex_reads_have_their_rows_in_map_data(
    classic: ClassicCaller, control: ControlClient, alice: Someone, path: str, resource: str, kind: str
) -> None:
    assert classic.duplex(f"/{path}/{alice.nip}").json()["mapData"] == {"data": []}
    control.add_row(resource, alice.nip, {})
    answer = classic.duplex(f"/{path}/{alice.nip}").json()
    assert (answer["success"], answer["message"]) == (True, "success")
    assert answer["mapData"]["data"] == classic.rows(kind, alice.nip)
    unknown = classic.duplex(f"/{path}/{NOBODY}").json()
    assert unknown == {"success": False, "mapData": None, "message": NOT_FOUND}


# saves


@every_save
def test_a_save_creates_a_row_and_says_its_id(
    classic: ClassicCaller, control: ControlClient, alice: Someone, save: Save
) -> None:
    seen = len(control.effects())
    answer = classic.save(save.path, save.body(alice.id)).json()
    row_id = answer["mapData"][save.id_key]
    assert answer == {"success": True, "mapData": {save.id_key: row_id}, "message": "success"}
    assert [row["id"] for row in classic.rows(save.kind, alice.nip)] == [row_id]
    [effect] = control.effects()[seen:]
    assert [effect[name] for name in ("kind", "resource", "row_id", "nip")] == [
        "create",
        save.resource,
        row_id,
        alice.nip,
    ]
    [stored] = control.rows(nip=alice.nip)
    assert stored["fields"][save.person_key] == alice.id
    assert "pnsUserId" not in stored["fields"]


@every_save
def test_a_save_with_an_id_updates_and_a_repeat_changes_nothing(
    classic: ClassicCaller, control: ControlClient, alice: Someone, save: Save
) -> None:
    row_id = classic.create(save.path, save.body(alice.id))
    seen = len(control.effects())
    for _ in range(2):
        assert classic.create(save.path, save.body(alice.id, id=row_id, **{save.changed: "BARU"})) == row_id
    [row] = classic.rows(save.kind, alice.nip)
    assert "BARU" in row.values()
    effects = control.effects()[seen:]
    assert [(effect["kind"], effect["changed"]) for effect in effects] == [("update", True), ("update", False)]


@every_save
def test_a_repeated_create_makes_a_second_row_unless_set_otherwise(
    classic: ClassicCaller, control: ControlClient, alice: Someone, save: Save
) -> None:
    assert classic.create(save.path, save.body(alice.id)) != classic.create(save.path, save.body(alice.id))
    control.patch_settings(refuse_duplicates=True)
    assert classic.save(save.path, save.body(alice.id)).json()["success"] is False
    assert len(classic.rows(save.kind, alice.nip)) == 2


@every_save
def test_a_save_wants_a_known_person_and_a_known_operator(
    classic: ClassicCaller, control: ControlClient, alice: Someone, save: Save
) -> None:
    for missing in (save.person_key, "pnsUserId"):
        for nothing in ("", None):
            answer = classic.save(save.path, save.body(alice.id, **{missing: nothing}))
            assert (answer.status_code, answer.json()["success"], answer.json()["mapData"]) == (200, False, None)
            assert missing in answer.json()["message"]
    both = classic.save(save.path, {}).json()["message"]
    assert save.person_key in both
    assert "pnsUserId" in both
    unknown_operator = classic.save(save.path, save.body(alice.id, pnsUserId=alice.id)).json()
    assert unknown_operator == {"success": False, "mapData": None, "message": "pnsUserId tidak terdaftar"}
    assert classic.save(save.path, save.body("F" * 32)).json()["success"] is False
    assert control.rows(nip=alice.nip) == []
    control.patch_settings(classic_operators=[alice.id])
    assert classic.save(save.path, save.body(alice.id, pnsUserId=alice.id)).json()["success"] is True


@every_save
def test_a_save_leaves_other_peoples_and_unknown_rows_alone(
    classic: ClassicCaller, control: ControlClient, alice: Someone, bob: Someone, save: Save
) -> None:
    row_id = classic.create(save.path, save.body(bob.id))
    for wrong in (row_id, "no-such-row"):
        assert classic.save(save.path, save.body(alice.id, id=wrong)).json()["success"] is False
    assert control.rows(nip=alice.nip) == []
    control.patch_settings(unknown_id_creates=True)
    new_id = uuid.uuid4().hex
    assert classic.create(save.path, save.body(alice.id, id=new_id)) == new_id


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("jabatan", {"tmtJabatan": "2019-02-01"}, "tmtJabatan"),
        ("jabatan", {"tmtJabatan": "31-02-2019"}, "tmtJabatan"),
        ("jabatan", {"jenisJabatan": "STRUKTURAL"}, "jenisJabatan"),
        ("kursus", {"tanggalKursus": "1-2-2019"}, "tanggalKursus"),
        ("kursus", {"jenisKursusSertipikat": "X"}, "jenisKursusSertipikat"),
        ("skp", {"penilaiTmtGolongan": "kemarin"}, "penilaiTmtGolongan"),
        ("skp/2021", {"jenisPeraturanKinerjaKd": "PP11"}, "jenisPeraturanKinerjaKd"),
    ],
)
def test_a_bad_date_or_code_is_refused(
    classic: ClassicCaller, control: ControlClient, alice: Someone, path: str, body: dict[str, Any], word: str
) -> None:
    good = next(save.body for save in SAVES if save.path == path)
    control.patch_settings(validation_status=400)
    answer = classic.save(path, good(alice.id, **body))
    assert (answer.status_code, answer.json()["success"]) == (400, False)
    assert word in answer.json()["message"]
    assert control.rows(nip=alice.nip) == []


def test_numbers_may_come_as_text_but_not_as_words(
    classic: ClassicCaller, control: ControlClient, alice: Someone
) -> None:
    classic.create("kursus", kursus(alice.id, jumlahJam="40", tahun=2018))
    [stored] = control.rows(nip=alice.nip)
    assert (stored["fields"]["jumlahJam"], stored["fields"]["tahunKursus"]) == (40, 2018)
    for bad in ("empat puluh", "4.5", [40], True, "NaN", "Infinity", 10**400):
        answer = classic.save("kursus", kursus(alice.id, jumlahJam=bad))
        assert (answer.status_code, answer.json()["error"]) == (400, "Bad Request")
    classic.create("skp", skp(alice.id, nilaiSkp="85.25"))
    [row] = classic.rows("rw-skp", alice.nip)
    assert (row["nilaiSkp"], row["orientasiPelayanan"], row["jenisJabatan"]) == ("85.25", "80", "STRUKTURAL")


def test_what_is_no_json_object_is_a_bad_request(classic: ClassicCaller) -> None:
    for content in (b"{", b"[]", b"\xff", b"[" * 100_000):
        headers = {**classic.headers, "Content-Type": "application/json"}
        answer = classic.http.post(f"{DUPLEX}/kursus/save", content=content, headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (400, 400)
    answer = classic.http.post(f"{DUPLEX}/kursus/save", data={"a": "b"}, headers=classic.headers)
    assert answer.status_code == 415


def test_half_a_letter_is_stored_as_a_question_mark(
    classic: ClassicCaller, control: ControlClient, alice: Someone
) -> None:
    for body in (kursus(alice.id, namaKursus="\ud800 Rekaan"), kursus("\udfff")):
        headers = {**classic.headers, "Content-Type": "application/json"}
        answer = classic.http.post(f"{DUPLEX}/kursus/save", content=json.dumps(body), headers=headers)
        assert answer.json()["success"] is (body["pnsOrangId"] == alice.id)
    [stored] = control.rows(nip=alice.nip)
    assert stored["fields"]["namaKursus"] == "? Rekaan"


def test_ids_are_32_hex_digits_some_in_capitals(classic: ClassicCaller, control: ControlClient, alice: Someone) -> None:
    ids = [classic.create("kursus", kursus(alice.id)) for _ in range(4)]
    assert all(len(row_id) == 32 and int(row_id, 16) >= 0 for row_id in ids)
    assert {row_id == row_id.upper() for row_id in ids} == {True, False}
    control.patch_settings(classic_id_case="lower")
    assert classic.create("kursus", kursus(alice.id)).islower()
    control.patch_settings(classic_id_case="upper")
    assert classic.create("kursus", kursus(alice.id)).isupper()


def test_a_prepared_refusal_reaches_this_dialect_too(
    classic: ClassicCaller, control: ControlClient, alice: Someone
) -> None:
    control.add_refusal("kursus", "Kursus ditolak", where={"nomorSertipikat": "001/REKAAN/2019"}, times=1)
    control.add_refusal("jabatan", "Jabatan ditolak", times=1)
    assert classic.save("kursus", kursus(alice.id)).json()["message"] == "Kursus ditolak"
    assert classic.save("jabatan", jabatan(alice.id)).json()["message"] == "Jabatan ditolak"
    assert control.rows(nip=alice.nip) == []


# the same rows from both sides


def test_a_row_saved_here_is_seen_by_siasn_under_its_names(
    classic: ClassicCaller, caller: Caller, alice: Someone
) -> None:
    row_id = classic.create("kursus", kursus(alice.id))
    [row] = caller.list_of("kursus", alice.nip)
    assert (row["id"], row["noSertipikat"], row["tahunKursus"], row["jumlahJam"]) == (
        row_id,
        "001/REKAAN/2019",
        "2019",
        20,
    )
    assert row["jenisKursusId"] == "00000000000000000000000000000021"
    assert caller.delete(f"/kursus/delete/{row_id}").json()["success"] is True
    assert classic.rows("rw-kursus", alice.nip) == []


def test_a_row_saved_by_siasn_is_seen_and_changed_here(
    classic: ClassicCaller, caller: Caller, control: ControlClient, alice: Someone
) -> None:
    row_id = caller.create("kursus", siasn.kursus(alice.id))
    caller.attach(row_id)
    [row] = classic.rows("rw-kursus", alice.nip)
    assert (row["id"], row["noSertipikat"], row["jumlahJam"]) == (row_id, "001/REKAAN/2020", 20)
    classic.create("kursus", kursus(alice.id, id=row_id))
    [row] = caller.list_of("kursus", alice.nip)
    assert (row["noSertipikat"], row["jenisDiklatId"]) == ("001/REKAAN/2019", "3")
    assert set(row["path"]) == {"881"}
    control.patch_settings(update_mode="merge")
    classic.create("kursus", {"id": row_id, "pnsOrangId": alice.id, "pnsUserId": OPERATOR, "jumlahJam": 50})
    [row] = caller.list_of("kursus", alice.nip)
    assert (row["noSertipikat"], row["jumlahJam"]) == ("001/REKAAN/2019", 50)


@pytest.mark.parametrize("save", SAVES[:3], ids=[save.path for save in SAVES[:3]])
def test_siasn_reads_every_kind_that_is_saved_here(
    classic: ClassicCaller, caller: Caller, alice: Someone, save: Save
) -> None:
    if save.resource not in fields.load().resources:
        pytest.skip(f"SIASN's side has no {save.resource}")
    row_id = classic.create(save.path, save.body(alice.id))
    [row] = caller.get(f"/pns/{save.kind}/{alice.nip}").json()["data"]
    given = save.body(alice.id)
    assert (row["id"], given[save.changed] in row.values()) == (row_id, True)
    if "jenisJabatan" in given:
        assert row["jenisJabatan"] == given["jenisJabatan"]


# failing as a network can


def test_a_lost_answer_after_the_commit_leaves_the_row(
    classic: ClassicCaller, control: ControlClient, alice: Someone
) -> None:
    match = {"method": "POST", "path": "^/duplex/api/jabatan/save$", "nip": alice.nip}
    fault_id = control.add_fault("reset_after_commit", match=match)
    with pytest.raises(httpx.ReadError):
        classic.save("jabatan", jabatan(alice.id))
    assert control.hits(fault_id) == 1
    call = control.calls()[-1]
    assert (call["fault"], call["was_effect"], call["nip"]) == ("reset_after_commit", True, alice.nip)
    assert len(classic.rows("rw-jabatan", alice.nip)) == 1


def test_faults_strike_here_as_on_siasn(
    classic: ClassicCaller, control: ControlClient, alice: Someone, bob: Someone
) -> None:
    here, there = classic.create("kursus", kursus(alice.id)), classic.create("kursus", kursus(bob.id))
    save, read = {"path": "/duplex/api/kursus/save"}, {"path": "/api/pns/", "nip": alice.nip}
    control.add_fault("wrong_id", match=save)
    assert classic.create("kursus", kursus(alice.id, id=here)) != here
    control.add_fault("no_id", match=save)
    assert "mapData" not in classic.save("kursus", kursus(alice.id, id=here)).json()
    control.add_fault("foreign", match=read, args={"nip": bob.nip})
    assert classic.rows("rw-kursus", alice.nip)[0]["id"] == there
    control.add_fault("foreign", match=read, args={"nip": bob.nip})
    assert classic.data_utama(alice.nip)["nama"] == "Bob Rekaan"
    control.add_fault("classic_expired", match=read)
    assert classic.read("rw-kursus", alice.nip).json()["error"] == "invalid_token"
    assert classic.rows("rw-kursus", alice.nip)[0]["id"] == here


def test_outages_and_counters_cover_this_dialect(
    classic: ClassicCaller, control: ControlClient, alice: Someone
) -> None:
    control.restart_counters()
    classic.create("kursus", kursus(alice.id))
    control.outage("503")
    assert classic.read("rw-kursus", alice.nip).status_code == 503
    assert classic.ask_token().status_code == 200
    control.outage("503", tokens=True)
    assert classic.ask_token().status_code == 503
    control.outage("off")
    counts = control.counts()
    assert counts["logins"] == {"classic": 1}
    assert counts["by_path"][f"POST {DUPLEX}/kursus/save"] == 1
    assert counts["by_path"][f"GET {READ}/pns/rw-kursus/{{nip}}"] == 1
    assert counts["writes_per_person_max"] == 1


def test_a_restart_keeps_rows_tokens_and_books(tmp_path: Path) -> None:
    state, nip = tmp_path / "bkn.sqlite3", "198512312010011001"
    with process.start(state=state) as first:
        person_id = first.control.add_persons({"nipBaru": nip})[nip]
        caller = ClassicCaller(first.url)
        row_id = caller.create("skp/2021", skp_2021(person_id))
        headers = caller.headers
        caller.close()
        first.kill()
    with process.start(state=state) as second:
        caller = ClassicCaller(second.url)
        caller.headers = headers
        [row] = caller.rows("rw-skp", nip)
        assert (row["id"], row["konversiNilai"]) == (row_id, "90.25")
        [effect] = second.control.effects()
        assert (effect["kind"], effect["row_id"]) == ("create", row_id)
        caller.close()
