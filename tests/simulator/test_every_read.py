"""Every read of the SIASN dialect: its field names and JSON types, and how it says that there is nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from simpeg_sync.simulator.control_client import ControlClient

from .caller import PDF, Caller
from .conftest import Someone
from .endpoints import READS

NOBODY = "198501012010011001"
NO_ROW = "00000000-0000-4000-8000-000000000009"
TEXT = "Data tidak ditemukan"

# As the reference lists them: template -> name -> type, or the names of an object inside.
FIELDS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "read_fields.json").read_text(encoding="utf-8"))
PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
RESOURCES = {
    "/pns/data-pasangan/{nipBaru}": "pasangan",
    "/pns/data-anak/{nipBaru}": "anak",
    "/pns/data-ortu/{nipBaru}": "ortu",
    "/jabatan/pns/{nipBaru}": "jabatan",
    "/pns/nilaiipasn/{nipBaru}": "nilaiipasn",
    "/pns/list-kp-instansi": "kp",
    "/pns/kp-instansi-byId": "kp",
    "/pns/list-pensiun-instansi": "pensiun",
    "/pns/list-pensiun-instansibynip": "pensiun",
    "/pengadaan/list-pengadaan-instansi": "pengadaan",
    "/pengadaan/dokumen-pengadaan": "dokumen-pengadaan",
    "/partition/list-pg-instansi": "pg",
    "/partition/profesi-instansi": "profesi",
    "/imut/simpeg/usulan/list": "imut",
    "/kompetensi/refkegiatan": "refkegiatan",
    "/kompetensi/refinstitusipenkom": "institusipenkom",
    "/idis/usulan-pelaporan": "idis",
    "/idis/usulan-pelaporan-detail": "idis",
    "/tm/detail-nilai-sumbu-tm": "talentmapping",
    "/nonasn/data/{nik}": "nonasn",
}
ROW_LISTS = [template for template in READS if template.startswith("/pns/rw-")]
ONE_ROWS = [template for template in READS if "/id/" in template]


def resource_of(template: str) -> str:
    if template in RESOURCES:
        return RESOURCES[template]
    found = re.match(r"/pns/rw-(\w+)/|/(\w+)/id/", template)
    assert found
    return found[1] or found[2]


def sample(kind: Any) -> Any:
    if isinstance(kind, dict):
        return {name: sample(inner) for name, inner in kind.items()}
    return {"string": "1", "integer": 1, "number": 1.5, "boolean": True}.get(kind)


def prepared(fields: dict[str, Any]) -> dict[str, Any]:
    """A value for each field that can be put in."""
    return {name: value for name, kind in fields.items() if (value := sample(kind)) is not None}


def check(item: dict[str, Any], fields: dict[str, Any]) -> None:
    """The same names in the same order, and the JSON type of each."""
    assert list(item) == list(fields)
    for name, kind in fields.items():
        if isinstance(kind, dict):
            check(item[name], kind)
        elif name != "path":
            assert isinstance(item[name], PYTHON_TYPES[kind]), name


@pytest.fixture
def whole(control: ControlClient, alice: Someone) -> Someone:
    """Somebody of whom BKN knows everything."""
    fields = prepared(FIELDS["/pns/data-utama/{nipBaru}"])
    control.add_persons({**fields, "id": alice.id, "nipBaru": alice.nip, "kedudukanPnsId": "01"})
    return alice


@pytest.fixture(autouse=True)
def an_empty_instansi(control: ControlClient) -> None:
    for name in set(RESOURCES.values()):
        for row in control.rows(resource=name):
            control.delete_row(row["id"])


def add(control: ControlClient, template: str, nip: str, fields: dict[str, Any]) -> str:
    given = {name: value for name, value in prepared(fields).items() if name.lower() != "id"}
    return control.add_row(resource_of(template), nip, given)


def test_data_utama_has_its_names_and_types(caller: Caller, whole: Someone) -> None:
    data = caller.get(f"/pns/data-utama/{whole.nip}").json()["data"]
    check(data, FIELDS["/pns/data-utama/{nipBaru}"])


@pytest.mark.parametrize("template", [template for template in ROW_LISTS if template in FIELDS])
def test_a_list_has_its_names_and_types(caller: Caller, control: ControlClient, whole: Someone, template: str) -> None:
    row_id = add(control, template, whole.nip, FIELDS[template])
    [item] = caller.get(template.replace("{nipBaru}", whole.nip)).json()["data"]
    check(item, FIELDS[template])
    assert row_id in (item.get("id"), item.get("ID"))


@pytest.mark.parametrize("template", ONE_ROWS)
def test_one_row_is_what_the_list_shows(caller: Caller, control: ControlClient, whole: Someone, template: str) -> None:
    row_id = add(control, template, whole.nip, FIELDS[template])
    item = caller.get(re.sub(r"\{\w+\}", row_id, template)).json()["data"]
    check(item, FIELDS[template])
    [listed] = caller.get(f"/pns/rw-{resource_of(template)}/{whole.nip}").json()["data"]
    assert item == listed


@pytest.mark.parametrize(
    ("template", "key"), [("/pns/data-pasangan/{nipBaru}", "listPasangan"), ("/pns/data-anak/{nipBaru}", "listAnak")]
)
def test_a_family_is_listed_inside_an_object_about_the_person(
    caller: Caller, control: ControlClient, whole: Someone, template: str, key: str
) -> None:
    add(control, template, whole.nip, FIELDS[template][key])
    data = caller.get(template.replace("{nipBaru}", whole.nip)).json()["data"]
    assert list(data) == list(FIELDS[template])
    assert (data["idPns"], data["nipBaru"], data["nipLama"]) == (whole.id, whole.nip, "1")
    check(data[key][0], FIELDS[template][key])


@pytest.mark.parametrize("template", ["/pns/data-ortu/{nipBaru}", "/pns/nilaiipasn/{nipBaru}"])
def test_some_reads_give_one_object_the_newest(
    caller: Caller, control: ControlClient, whole: Someone, template: str
) -> None:
    for _ in range(2):
        add(control, template, whole.nip, FIELDS[template])
    data = caller.get(template.replace("{nipBaru}", whole.nip)).json()["data"]
    check(data, FIELDS[template])


class Asked(NamedTuple):
    """A list of the instansi, what it is asked, and what its row must hold to be found."""

    template: str
    query: dict[str, str]
    fields: dict[str, Any]


ASKED = [
    Asked("/pns/list-kp-instansi", {"periode": "2024-04-01"}, {"tmtKp": "01-04-2024"}),
    Asked(
        "/pns/list-pensiun-instansi", {"tglAwal": "01-01-2024", "tglAkhir": "31-01-2024"}, {"pertekTgl": "31-01-2024"}
    ),
    Asked("/pengadaan/list-pengadaan-instansi", {"tahun": "2023"}, {"periode": "2023"}),
]


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.template)
def test_a_list_of_the_instansi_is_narrowed_by_its_parameters(
    caller: Caller, control: ControlClient, whole: Someone, asked: Asked
) -> None:
    fields = {**prepared(FIELDS[asked.template]), **asked.fields}
    row_id = control.add_row(resource_of(asked.template), whole.nip, {**fields, "id": ""})
    control.add_row(resource_of(asked.template), None, dict.fromkeys(asked.fields, "01-06-2019"))
    answer = caller.get(asked.template, params=asked.query).json()
    [item] = answer["data"]
    check(item, FIELDS[asked.template])
    assert item["id"] == row_id
    missing = caller.get(asked.template)
    assert (missing.status_code, missing.json()["code"]) == (200, 0)
    assert all(f"{name} is required" in missing.json()["message"] for name in asked.query)


@pytest.mark.parametrize(
    ("template", "query"),
    [
        ("/pns/list-kp-instansi", {"periode": "2024-04-01"}),
        ("/pengadaan/list-pengadaan-instansi", {"tahun": "2023"}),
        ("/kompetensi/refkegiatan", {}),
        ("/kompetensi/refinstitusipenkom", {}),
        ("/idis/usulan-pelaporan-detail", {}),
    ],
)
def test_long_lists_come_in_pages_with_their_count(
    caller: Caller, control: ControlClient, template: str, query: dict[str, str]
) -> None:
    fields = {
        "/pns/list-kp-instansi": {"tmtKp": "01-04-2024"},
        "/pengadaan/list-pengadaan-instansi": {"periode": "2023"},
    }
    ids = [control.add_row(resource_of(template), None, fields.get(template, {})) for _ in range(5)]
    answer = caller.get(template, params={**query, "limit": "2", "offset": "3"}).json()
    assert list(answer) == ["code", "count", "data", "message"]
    assert (answer["count"], [item["id"] for item in answer["data"]]) == (5, ids[3:])
    assert len(caller.get(template, params=query).json()["data"]) == 5
    control.patch_settings(default_limit=4)
    assert len(caller.get(template, params=query).json()["data"]) == 4


@pytest.mark.parametrize(
    ("template", "query"),
    [
        ("/pns/rw-kontrak/{nipBaru}", {}),
        ("/pns/list-pensiun-instansibynip", {"nip": NOBODY}),
        ("/pengadaan/dokumen-pengadaan", {"tahun": "2023"}),
        ("/partition/list-pg-instansi", {"nip": NOBODY}),
        ("/partition/profesi-instansi", {"nip": NOBODY}),
        ("/imut/simpeg/usulan/list", {"query": "pindah"}),
        ("/idis/usulan-pelaporan", {}),
        ("/idis/usulan-pelaporan-detail", {"status_usulan": "10"}),
        ("/tm/detail-nilai-sumbu-tm", {}),
    ],
)
def test_where_the_fields_are_not_known_a_row_is_shown_as_it_was_put_in(
    caller: Caller, control: ControlClient, alice: Someone, template: str, query: dict[str, str]
) -> None:
    is_mapping = resource_of(template) == "talentmapping"
    fields = {"box": "9"} if is_mapping else {"tahun": "2023", "status_usulan": "10", "apa": "pindah"}
    if "pensiun" in template:
        fields = {"pertekNomor": "P/1"}
    nip = alice.nip if "kontrak" in template else NOBODY
    row_id = control.add_row(resource_of(template), nip, fields)
    [item] = caller.get(template.replace("{nipBaru}", alice.nip), params=query).json()["data"]
    assert item["id"] == row_id
    assert fields.items() <= item.items()


@pytest.mark.parametrize(
    ("resource", "names"),
    [
        ("kgb", ["pnsId", "gajiBaru", "gajiLama", "nomorSk", "tanggalSk", "tmtGajiBaru", "masaKerja"]),
        ("tubel", ["pnsOrangId", "namaSekolah", "pendidikanId", "tglMulai", "tglSelesai"]),
        (
            "potensi",
            [
                "pnsOrangId",
                "berfikirKritis",
                "intelektual",
                "interpersonal",
                "kesadaranDiri",
                "motivasiKomitmen",
                "total",
            ],
        ),
        (
            "kompetensi",
            [
                "pnsId",
                "integritas",
                "kerjasama",
                "komunikasi",
                "orientasiPadaHasil",
                "pelayananPublik",
                "pengembanganDiriDanOrla",
                "mengelolaPerubahan",
                "pengambilanKeputusan",
                "perekatBangsa",
            ],
        ),
    ],
)
def test_where_only_the_save_is_known_its_names_are_read(
    caller: Caller, control: ControlClient, alice: Someone, resource: str, names: list[str]
) -> None:
    row_id = control.add_row(resource, alice.nip, {names[1]: "1"})
    [item] = caller.list_of(resource, alice.nip)
    assert list(item) == ["id", *names]
    assert (item["id"], item[names[0]], item[names[1]]) == (row_id, alice.id, "1")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_imut_is_asked_in_two_ways(caller: Caller, control: ControlClient, method: str) -> None:
    control.add_row("imut", None, {"jenis": "mutasi"})
    ask = {"GET": caller.get, "POST": caller.post}[method]
    assert len(ask("/imut/simpeg/usulan/list", params={"query": "MUTASI"}).json()["data"]) == 1
    assert ask("/imut/simpeg/usulan/list", params={"query": "lain"}).json()["data"] is None


def test_one_proposal_is_found_by_its_id_and_one_outsider_by_nik(caller: Caller, control: ControlClient) -> None:
    row_id = control.add_row("kp", None, {"no_pertek": "P/2", "statusUsulan": "10"})
    data = caller.get("/pns/kp-instansi-byId", params={"idUsulan": row_id}).json()["data"]
    assert (data["no_pertek"], data["statusUsulanNama"]) == ("P/2", "Cetak SK")
    control.add_row("nonasn", None, {"nik": "3200000000000001", "nama": "Orang Rekaan"})
    assert caller.get("/nonasn/data/3200000000000001").json()["data"]["nama"] == "Orang Rekaan"


def test_a_discipline_list_is_ordered_as_asked(caller: Caller, control: ControlClient) -> None:
    for number in ("2", "3", "1"):
        control.add_row("idis", None, {"nomor": number})
    for direction, expected in (("asc", ["1", "2", "3"]), ("desc", ["3", "2", "1"])):
        params = {"order_by": "nomor", "order_dir": direction}
        rows = caller.get("/idis/usulan-pelaporan-detail", params=params).json()["data"]
        assert [row["nomor"] for row in rows] == expected


# (status, code, data) of an unknown person, then of a person without rows.
THE_404 = (404, 0, TEXT)
THE_200 = (200, 0, TEXT)
NULL = (200, 1, None)
NO_RECORD = (400, 0, "record not found")
UNKNOWN_PERSON = {
    "/pns/data-utama/{nipBaru}": THE_404,
    "/pns/data-utama/paruhwaktu/{nipBaru}": THE_404,
    "/pns/data-anak/{nipBaru}": THE_404,
    "/pns/nilaiipasn/{nipBaru}": THE_404,
    "/pns/rw-kinerjaperiodik/{nipBaru}": THE_404,
    "/pns/rw-tubel/{nipBaru}": NO_RECORD,
}
NO_ROWS = {
    "/pns/data-anak/{nipBaru}": THE_404,
    "/pns/nilaiipasn/{nipBaru}": THE_404,
    "/pns/rw-penghargaan/{nipBaru}": THE_200,
    "/pns/rw-masakerja/{nipBaru}": THE_200,
    "/pns/rw-cltn/{nipBaru}": THE_200,
    "/pns/rw-pemberhentian/{nipBaru}": THE_200,
    "/pns/rw-tubel/{nipBaru}": NO_RECORD,
}
OF_A_PERSON = [template for template in READS if template.endswith("/{nipBaru}")]


def said(caller: Caller, path: str, **more: Any) -> tuple[int, int, Any]:
    answer = caller.get(path, **more)
    return answer.status_code, answer.json()["code"], answer.json()["data"]


@pytest.mark.parametrize("template", OF_A_PERSON)
def test_an_unknown_person_is_not_found_in_the_form_of_the_endpoint(caller: Caller, template: str) -> None:
    assert said(caller, template.replace("{nipBaru}", NOBODY)) == UNKNOWN_PERSON.get(template, THE_200)


@pytest.mark.parametrize("template", [template for template in OF_A_PERSON if "data-utama" not in template])
def test_a_person_without_rows_has_nothing_in_the_form_of_the_endpoint(
    caller: Caller, control: ControlClient, alice: Someone, template: str
) -> None:
    path = template.replace("{nipBaru}", alice.nip)
    assert said(caller, path) == NO_ROWS.get(template, NULL)
    control.patch_settings(list_empty={template: "404"})
    assert said(caller, path) == THE_404
    control.patch_settings(list_empty={template: "null"})
    assert said(caller, path) == NULL


@pytest.mark.parametrize("template", ONE_ROWS)
def test_an_unknown_row_is_not_found(caller: Caller, control: ControlClient, template: str) -> None:
    path = re.sub(r"\{\w+\}", NO_ROW, template)
    assert said(caller, path) == THE_200
    control.patch_settings(not_found={template: "404"})
    assert said(caller, path) == THE_404


@pytest.mark.parametrize(
    ("template", "query", "expected"),
    [
        ("/pns/list-kp-instansi", {"periode": "2024-04-01"}, NULL),
        ("/pns/kp-instansi-byId", {"idUsulan": NO_ROW}, THE_200),
        ("/pns/list-pensiun-instansi", {"tglAwal": "01-01-2024", "tglAkhir": "31-01-2024"}, NULL),
        ("/pns/list-pensiun-instansibynip", {"nip": NOBODY}, NULL),
        ("/pengadaan/list-pengadaan-instansi", {"tahun": "2023"}, NULL),
        ("/pengadaan/dokumen-pengadaan", {}, NULL),
        ("/partition/list-pg-instansi", {"nip": NOBODY}, THE_200),
        ("/partition/profesi-instansi", {"nip": NOBODY}, NULL),
        ("/imut/simpeg/usulan/list", {}, NULL),
        ("/kompetensi/refkegiatan", {}, NULL),
        ("/kompetensi/refinstitusipenkom", {}, NULL),
        ("/idis/usulan-pelaporan", {}, NULL),
        ("/idis/usulan-pelaporan-detail", {}, NULL),
        ("/tm/detail-nilai-sumbu-tm", {}, NULL),
        ("/nonasn/data/3200000000000001", {}, THE_200),
        (f"/pns/photo/{NO_ROW}", {}, THE_404),
        ("/download-dok", {"filePath": "none.pdf"}, THE_404),
    ],
)
def test_a_list_that_finds_nothing_says_so(
    caller: Caller, template: str, query: dict[str, str], expected: tuple[int, int, Any]
) -> None:
    assert said(caller, template, params=query) == expected


DOCUMENTS = [
    ("jabatan", "872"),
    ("jabatan", "873"),
    ("golongan", "858"),
    ("angkakredit", "879"),
    ("angkakredit", "880"),
    ("skp", "891"),
    ("skp22", "890"),
    ("skp22", "891"),
    ("kinerjaperiodik", "890"),
    ("kursus", "881"),
    ("diklat", "874"),
    ("penghargaan", "892"),
    ("hukdis", "882"),
    ("pendidikan", "870"),
    ("pendidikan", "871"),
    ("sertifikasi", "1683"),
    ("sertifikasi", "1680"),
]


@pytest.mark.parametrize(("resource", "ref"), DOCUMENTS)
def test_each_history_takes_its_documents(
    caller: Caller, control: ControlClient, alice: Someone, resource: str, ref: str
) -> None:
    row_id = control.add_row(resource, alice.nip, {})
    assert caller.attach(row_id, ref=ref).status_code == 200
    assert list(control.rows(nip=alice.nip)[0]["documents"]) == [ref]
    [item] = caller.list_of(resource, alice.nip)
    if "path" in FIELDS[f"/pns/rw-{resource}/{{nipBaru}}"]:
        assert caller.get("/download-dok", params={"filePath": item["path"][ref]["dok_uri"]}).content == PDF
    else:
        assert "path" not in item


def test_first_letters_can_be_set(caller: Caller, control: ControlClient, alice: Someone) -> None:
    control.add_row("penghargaan", alice.nip, {"hargaId": "201"})
    path = f"/pns/rw-penghargaan/{alice.nip}"
    assert "ID" in caller.get(path).json()["data"][0]
    control.patch_settings(read_key_case="camel")
    assert {"id", "hargaId"} <= set(caller.get(path).json()["data"][0])
    control.patch_settings(read_key_case="capital")
    assert {"ID", "HargaId"} <= set(caller.get(path).json()["data"][0])


@pytest.mark.parametrize(("form", "shown"), [("dd-mm-yyyy", "01-04-2020"), ("iso", "2020-04-01T00:00:00Z")])
@pytest.mark.parametrize("given", ["01-04-2020", "2020-04-01T00:00:00Z"])
def test_a_rank_begins_in_one_of_two_forms(
    caller: Caller, control: ControlClient, alice: Someone, form: str, shown: str, given: str
) -> None:
    control.add_row("golongan", alice.nip, {"golonganId": "31", "tmtGolongan": given})
    control.patch_settings(golongan_date=form)
    [row] = caller.list_of("golongan", alice.nip)
    assert (row["tmtGolongan"], row["pangkat"]) == (shown, "Penata Muda")


def test_scores_and_ratings_are_text_where_they_were_numbers(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    control.add_row("skp", alice.nip, {"nilaiSkp": 85, "tahun": "2020"})
    control.add_row("skp22", alice.nip, {"hasilKinerjaNilai": 2.0, "KuadranKinerjaNilai": 1})
    control.add_row("kinerjaperiodik", alice.nip, {"hasilKinerjaNilai": 2, "periodikId": "2"})
    [skp] = caller.list_of("skp", alice.nip)
    assert (skp["nilaiSkp"], skp["tahun"]) == ("85.00", "2020")
    [skp22] = caller.list_of("skp22", alice.nip)
    assert (skp22["hasilKinerjaNilai"], skp22["hasilKinerja"]) == ("2", "Sesuai ekspektasi")
    assert (skp22["KuadranKinerjaNilai"], skp22["kuadranKinerja"]) == ("1", "SANGAT BAIK")
    [kinerja] = caller.list_of("kinerjaperiodik", alice.nip)
    assert (kinerja["hasilKinerjaNilai"], kinerja["periodikNama"]) == (2, "triwulan")


def test_timestamps_that_are_not_set_are_the_year_one(caller: Caller, control: ControlClient, alice: Someone) -> None:
    control.add_row("angkakredit", alice.nip, {})
    [row] = caller.list_of("angkakredit", alice.nip)
    assert row["created_at"] == row["updated_at"] == "0001-01-01T00:00:00Z"


def test_whoever_works_part_time_is_found_elsewhere(caller: Caller, control: ControlClient, alice: Someone) -> None:
    control.add_persons({"nipBaru": alice.nip, "paruhwaktu": True})
    assert said(caller, f"/pns/data-utama/{alice.nip}") == THE_404
    data = caller.get(f"/pns/data-utama/paruhwaktu/{alice.nip}").json()["data"]
    assert data["id"] == alice.id
    assert "paruhwaktu" not in data
