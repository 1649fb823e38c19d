"""How programs that are not ours call BKN, and what each of them relies on.

One small re-enactment for each style of client that is publicly known, in its own words and over HTTP. The headings
say whose style it is: an SDK, a city, a province, a regency, or a program that still speaks the classic dialect.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest

from simpeg_sync.simulator.control_client import ControlClient
from simpeg_sync.simulator.process import Simulator

from .caller import APIM_PATH, BASE, CONSUMER, OPERATOR, PDF, SSO_PATH, Caller, diklat, kursus
from .classic_caller import CLIENT, DUPLEX, GRANT, ORIGIN, READ, TOKEN_PATH
from .classic_caller import OPERATOR as CLASSIC_OPERATOR
from .conftest import Someone

NOBODY = "198501012010011001"
NOT_FOUND = "Data tidak ditemukan"
UNIT = "A8ACA73E59FB3912E040640A04020001"
POST = "A418D76E027CB891E040640A04020002"
INSTANSI = "A5EB03E23BA8F6A0E040640A04020003"
OFFICE = "A5EB03E241FAF6A0E040640A04020004"

Json = dict[str, Any]


@pytest.fixture
def http(sim: Simulator) -> Iterator[httpx.Client]:
    """No cookies of its own: whoever wants some replays them by hand, as the clients do."""
    with httpx.Client(base_url=sim.url, timeout=5.0, trust_env=False) as client:
        yield client


def apim_token(http: httpx.Client) -> str:
    return str(http.post(APIM_PATH, data={"grant_type": "client_credentials"}, auth=CONSUMER).json()["access_token"])


def sso_token(http: httpx.Client) -> str:
    return str(http.post(SSO_PATH, data=OPERATOR).json()["access_token"])


def both(apim: str, sso: str, scheme: str = "bearer") -> dict[str, str]:
    return {"Authorization": f"Bearer {apim}", "Auth": f"{scheme} {sso}", "Accept": "application/json"}


def angka_kredit(person_id: str, **changes: Any) -> Json:
    """The regency's Go struct: everything text, empty keys left out."""
    body = {
        "pnsId": person_id,
        "bulanMulaiPenailan": "1",
        "bulanSelesaiPenailan": "12",
        "tahunMulaiPenailan": "2022",
        "tahunSelesaiPenailan": "2022",
        "kreditBaruTotal": "12.5",
        "kreditPenunjangBaru": "0",
        "kreditUtamaBaru": "12.5",
        "nomorSk": "PAK/1/REKAAN",
        "tanggalSk": "31-12-2022",
        "isKonversi": "1",
    }
    return {**body, **changes}


def skp22(person_id: str, **changes: Any) -> Json:
    body = {
        "pnsDinilaiOrang": person_id,
        "tahun": 2023,
        "hasilKinerjaNilai": 2,
        "perilakuKerjaNilai": 2,
        "kuadranKinerjaNilai": 2,
        "penilaiGolongan": "41",
        "penilaiJabatan": "Kepala Bidang Rekaan",
        "penilaiNama": "Bob Rekaan",
        "penilaiNipNrp": "198001012005011001",
        "penilaiUnorNama": "Dinas Rekaan",
        "statusPenilai": "ASN",
    }
    return {**body, **changes}


def kinerja(person_id: str, **changes: Any) -> Json:
    body = {
        "pnsDinilaiId": person_id,
        "tahun": 2024,
        "bulanMulaiPenilaian": 1,
        "bulanSelesaiPenilaian": 3,
        "tahunMulaiPenilaian": 2024,
        "tahunSelesaiPenilaian": 2024,
        "periodikId": "2",
        "koefisienId": "22",
        "hasilKinerjaNilai": 2,
        "perilakuKerjaNilai": 2,
        "kuadranKinerjaNilai": 2,
        "penilaiJabatanNama": "Kepala Bidang Rekaan",
        "statusPenilai": "ASN",
    }
    return {**body, **changes}


def jabatan(person_id: str, **changes: Any) -> Json:
    """As an SDK sends it: null and empty where there is nothing to say."""
    body = {
        "eselonId": None,
        "id": None,
        "instansiId": INSTANSI,
        "jabatanFungsionalId": "",
        "jabatanFungsionalUmumId": POST,
        "jenisJabatan": "4",
        "nomorSk": "821/1/REKAAN",
        "pnsId": person_id,
        "satuanKerjaId": OFFICE,
        "tanggalSk": "",
        "tmtJabatan": "01-04-2014",
        "tmtPelantikan": "",
        "unorId": UNIT,
    }
    return {**body, **changes}


# Tokens


def test_a_city_sends_the_grant_as_json_with_basic(http: httpx.Client, alice: Someone) -> None:
    headers = {"Content-Type": "application/json", "cache-control": "no-cache"}
    answer = http.post(APIM_PATH, content='{"grant_type":"client_credentials"}', headers=headers, auth=CONSUMER)
    given = answer.json()
    assert (answer.status_code, given["token_type"], given["expires_in"]) == (200, "Bearer", 3600)
    # It says on its reads, too, that it sends JSON, although it sends nothing.
    reading = {**both(given["access_token"], sso_token(http)), "Content-Type": "application/json; charset=utf-8"}
    assert http.get(f"{BASE}/pns/data-utama/{alice.nip}", headers=reading).json()["data"]["id"] == alice.id


def test_an_sdk_sends_id_and_secret_in_the_form_and_a_capital_bearer(http: httpx.Client, alice: Someone) -> None:
    form = {"client_id": CONSUMER[0], "client_secret": CONSUMER[1], "grant_type": "client_credentials"}
    apim, sso = http.post(APIM_PATH, data=form).json(), http.post(SSO_PATH, data=OPERATOR).json()
    assert (type(apim["expires_in"]), type(sso["expires_in"])) == (int, int)
    headers = both(apim["access_token"], sso["access_token"], "Bearer")
    assert http.get(f"{BASE}/pns/data-utama/{alice.nip}", headers=headers).json()["data"]["nama"] == "Alice Rekaan"


def test_a_package_writes_the_type_of_the_token_into_the_header(http: httpx.Client, alice: Someone) -> None:
    sso = http.post(SSO_PATH, data=OPERATOR).json()
    headers = {**both(apim_token(http), ""), "Auth": f"{sso['token_type']} {sso['access_token']}"}
    assert http.get(f"{BASE}/pns/data-utama/{alice.nip}", headers=headers).json()["code"] == 1


def test_several_hold_a_static_operator_token_and_never_log_in(
    http: httpx.Client, control: ControlClient, alice: Someone
) -> None:
    control.patch_settings(static_sso_tokens=["a-long-lived-fake-token"], sso_password_grant=False)
    refused = http.post(SSO_PATH, data=OPERATOR)
    assert (refused.is_success, "error_description" in refused.json()) == (False, True)
    headers = both(apim_token(http), "a-long-lived-fake-token")
    assert http.get(f"{BASE}/pns/data-utama/{alice.nip}", headers=headers).json()["code"] == 1
    control.expire_tokens("sso")
    answer = http.get(f"{BASE}/pns/data-utama/{alice.nip}", headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"message": "invalid or expired jwt"})


@pytest.mark.parametrize("dead", ["apim", "sso", "all"])
def test_a_package_forgets_both_tokens_on_401_and_asks_again(
    http: httpx.Client, control: ControlClient, alice: Someone, dead: str
) -> None:
    headers = both(apim_token(http), sso_token(http))
    control.expire_tokens(dead)
    statuses = []
    for _ in range(3):
        answer = http.get(f"{BASE}/pns/data-utama/{alice.nip}", headers=headers)
        statuses.append(answer.status_code)
        if answer.status_code != 401:
            break
        headers = both(apim_token(http), sso_token(http))
    assert (statuses, answer.json()["data"]["id"]) == ([401, 200], alice.id)


class Province:
    """Keeps tokens and cookies, drops them when an error says so, and hands the error's body to its caller."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._headers: dict[str, str] | None = None
        self.cookie = ""

    @property
    def has_tokens(self) -> bool:
        return self._headers is not None

    def fetch_cookie(self, path: str) -> None:
        headers = {"Accept": "text/html,application/xhtml+xml,application/xml"}
        given = self._http.get(path, headers=headers).headers.get_list("set-cookie")
        self._http.cookies.clear()
        self.cookie = "; ".join(line.split(";")[0].strip() for line in given)

    def call(self, method: str, path: str, **more: Any) -> tuple[bool, Any]:
        """Whether it was a success, and the body either way."""
        self._headers = self._headers or both(apim_token(self._http), sso_token(self._http))
        cookie = {"Cookie": self.cookie} if self.cookie else {}
        try:
            answer = self._http.request(method, BASE + path, headers={**self._headers, **cookie}, **more)
        except httpx.ReadError:
            self._headers, self.cookie = None, ""
            return False, {}
        try:
            body = answer.json()
        except ValueError:
            body = {}
        if not answer.is_success and self._is_about_tokens(body):
            self._headers, self.cookie = None, ""
        return answer.is_success, body

    def _is_about_tokens(self, body: Mapping[str, Any]) -> bool:
        message = body.get("message")
        is_suspended = "SUSPENDED" in str(body.get("description"))
        return (
            message in ("invalid or expired jwt", "Invalid Credentials")
            or body.get("data") == "Token SSO mismatch"
            or (message == "Runtime Error" and not is_suspended)
        )


@pytest.fixture
def province(http: httpx.Client) -> Province:
    return Province(http)


@pytest.mark.parametrize(
    ("fault", "renews"),
    [
        ("jwt_expired", True),
        ("apim_expired", True),
        ("sso_mismatch", True),
        ("runtime_error", True),
        ("reset_before", True),
        ("suspended", False),
        ("binary_error", False),
        ("throttle", False),
    ],
)
def test_a_province_tells_by_the_body_whether_new_tokens_would_help(
    province: Province, control: ControlClient, alice: Someone, fault: str, renews: bool
) -> None:
    path = f"/pns/data-utama/{alice.nip}"
    assert province.call("GET", path)[0]
    rule = control.add_fault(fault, match={"nip": alice.nip})
    assert province.call("GET", path)[0] is False
    assert (control.hits(rule), province.has_tokens) == (1, not renews)
    is_success, body = province.call("GET", path)
    assert (is_success, body["data"]["id"]) == (True, alice.id)
    assert control.counts()["logins"] == ({"apim": 2, "sso": 2} if renews else {"apim": 1, "sso": 1})


def test_a_province_does_not_renew_while_the_gateway_suspends_the_backend(
    province: Province, control: ControlClient, alice: Someone
) -> None:
    assert province.call("GET", f"/pns/data-utama/{alice.nip}")[0]
    control.outage("suspended")
    for _ in range(3):
        assert province.call("GET", f"/pns/data-utama/{alice.nip}")[0] is False
    control.outage("off")
    assert province.call("GET", f"/pns/data-utama/{alice.nip}")[0]
    assert control.counts()["logins"] == {"apim": 1, "sso": 1}


@pytest.mark.parametrize("path", ["/", f"{BASE}/"])
def test_a_province_fetches_the_balancers_cookie_and_replays_it(
    province: Province, http: httpx.Client, control: ControlClient, alice: Someone, path: str
) -> None:
    control.patch_settings(balancer_cookies=True)
    province.fetch_cookie(path)
    assert province.cookie.startswith("BIGipServer") and ";" not in province.cookie
    headers = {**both(apim_token(http), sso_token(http)), "Cookie": province.cookie}
    http.cookies.clear()
    answer = http.get(f"{BASE}/pns/data-utama/{alice.nip}", headers=headers)
    assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)
    assert province.call("GET", f"/pns/data-utama/{alice.nip}")[0]


def test_a_cookie_written_into_the_program_years_ago_does_no_harm(
    http: httpx.Client, control: ControlClient, alice: Someone
) -> None:
    control.patch_settings(balancer_cookies=True)
    headers = {**both(apim_token(http), sso_token(http)), "Cookie": "0123abcd=4567ef; pdns=1.2.0000"}
    http.cookies.clear()
    assert http.get(f"{BASE}/pns/data-utama/{alice.nip}", headers=headers).json()["code"] == 1


# The city's rule of what has failed


def city_failure(answer: httpx.Response) -> str | None:
    """What the city shows its user; None for a success. It never looks at the status."""
    if answer.text in ("", "0"):
        return "kosong"
    try:
        body = answer.json()
    except ValueError:
        return None
    has_failed = (
        "error" in body
        or "error_description" in body
        or ("success" in body and not body["success"])
        or ("code" in body and str(body["code"]) != "1")
    )
    return str(body.get("message") or answer.text) if has_failed else None


def test_a_city_sees_every_failure_by_its_rule(
    http: httpx.Client, caller: Caller, control: ControlClient, alice: Someone
) -> None:
    def save(**changes: Any) -> str | None:
        return city_failure(caller.post("/jabatan/save", json=jabatan(alice.id, **changes)))

    assert save() is None
    wrong = http.post(SSO_PATH, data={**OPERATOR, "password": "salah"})
    assert "Invalid user credentials" in str(city_failure(wrong))
    assert "UnorID is required" in str(save(unorId=""))
    control.add_refusal("jabatan", "Jabatan Fungsional tidak ditemukan", where={"nomorSk": "X/1"})
    assert save(nomorSk="X/1") == "Jabatan Fungsional tidak ditemukan"
    for fault, said in (
        ("empty_body", "kosong"),
        ("zero_body", "kosong"),
        ("apim_expired", "Invalid Credentials"),
        ("suspended", "Runtime Error"),
        ("throttle", "Message throttled out"),
    ):
        control.add_fault(fault, match={"nip": alice.nip})
        assert save() == said
    # The one thing its rule lets through: {"message": ...} alone.
    control.add_fault("jwt_expired", match={"nip": alice.nip})
    assert save() is None


def test_a_city_reads_posts_and_downloads_their_decrees_unescaped(
    http: httpx.Client, caller: Caller, alice: Someone, bob: Someone
) -> None:
    row_id = caller.create("jabatan", jabatan(alice.id))
    caller.attach(row_id, ref="872")
    answer = caller.get(f"/jabatan/pns/{alice.nip}")
    assert city_failure(answer) is None
    [row] = answer.json()["data"]
    # What it compares and keeps.
    assert (row["id"], row["nomorSk"], row["tmtJabatan"], row["unorId"]) == (
        row_id,
        "821/1/REKAAN",
        "01-04-2014",
        UNIT,
    )
    assert {"jabatanFungsionalId", "jabatanFungsionalUmumId", "jabatanFungsionalUmumNama", "eselonId"} <= set(row)
    file = http.get(f"{BASE}/download-dok?filePath={row['path']['872']['dok_uri']}", headers=caller.headers)
    assert (city_failure(file), file.content) == (None, PDF)
    assert city_failure(caller.get("/download-dok?filePath=peremajaan/usulan/hilang.pdf")) == NOT_FOUND
    # Somebody without posts is no failure.
    nothing = caller.get(f"/jabatan/pns/{bob.nip}")
    assert (city_failure(nothing), nothing.json()["data"]) == (None, None)


# Nothing there, in the four forms


def sdk_get(answer: httpx.Response) -> Json | None:
    """A 404 with exactly this body is nothing; any other error is thrown."""
    if answer.status_code == 404:
        body = answer.json()
        assert (body["code"], body["data"]) == (0, NOT_FOUND)
        return None
    assert answer.is_success
    assert "application/json" in answer.headers["content-type"]
    body = answer.json()
    assert isinstance(body, dict)
    return body


@pytest.mark.parametrize(
    "path",
    [
        "/pns/data-utama/{nip}",
        "/pns/data-anak/{nip}",
        "/pns/nilaiipasn/{nip}?nipBaru={nip}",
        "/pns/rw-kinerjaperiodik/{nip}",
    ],
)
def test_two_sdks_take_a_404_with_its_text_as_nothing(caller: Caller, path: str) -> None:
    answer = caller.get(path.format(nip=NOBODY))
    assert sdk_get(answer) is None
    # The other one looks at the status alone and gives its caller something with a `data`.
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "path",
    ["rw-penghargaan", "rw-masakerja", "rw-cltn", "rw-pemberhentian"],
)
@pytest.mark.parametrize("is_known", [False, True])
def test_a_back_office_finds_text_where_the_rows_should_be(
    caller: Caller, alice: Someone, path: str, is_known: bool
) -> None:
    answer = caller.get(f"/pns/{path}/{alice.nip if is_known else NOBODY}")
    assert (answer.status_code, answer.json()["data"]) == (200, NOT_FOUND)


def test_a_back_office_looks_for_the_id_of_a_decoration_in_capitals(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    row_id = control.add_row("penghargaan", alice.nip, {"hargaId": "201", "skNomor": "P/1", "skDate": "17-08-2020"})
    [row] = caller.get(f"/pns/rw-penghargaan/{alice.nip}").json()["data"]
    assert row.get("ID", row.get("id")) == row_id
    control.patch_settings(read_key_case="capital")
    [row] = caller.get(f"/pns/rw-penghargaan/{alice.nip}").json()["data"]
    assert row.get("ID", row.get("Id")) == row_id


def test_a_province_tells_nothing_from_an_error_by_code_text_and_null(
    province: Province, control: ControlClient, alice: Someone
) -> None:
    def rows(path: str) -> Any:
        is_success, body = province.call("GET", path)
        data = body.get("data")
        is_nothing = body.get("code") == 0 or data in (None, NOT_FOUND, "record not found")
        if is_nothing:
            return []
        assert is_success
        return data

    for nip in (NOBODY, alice.nip):
        for path in ("rw-kinerjaperiodik", "nilaiipasn", "rw-tubel", "rw-kursus", "rw-jabatan", "rw-cltn"):
            assert rows(f"/pns/{path}/{nip}") == []
        assert rows(f"/partition/list-pg-instansi?nip={nip}") == []
    refused = province.call("GET", f"/pns/rw-tubel/{alice.nip}")
    assert (refused[0], refused[1]["data"]) == (False, "record not found")
    control.add_row("nilaiipasn", alice.nip, {"kinerja": 30.0, "subtotal": 95.0, "tahun": "2023"})
    assert rows(f"/pns/nilaiipasn/{alice.nip}")["subtotal"] == 95.0


def test_a_regency_reads_a_rank_with_a_timestamp(caller: Caller, control: ControlClient, alice: Someone) -> None:
    control.add_row("golongan", alice.nip, {"golonganId": "31", "tmtGolongan": "01-04-2015"})
    assert caller.list_of("golongan", alice.nip)[0]["tmtGolongan"] == "01-04-2015"
    control.patch_settings(golongan_date="iso")
    assert caller.list_of("golongan", alice.nip)[0]["tmtGolongan"] == "2015-04-01T00:00:00Z"


def test_an_sdk_names_a_photo_by_its_content_type(caller: Caller, alice: Someone) -> None:
    picture = b"\xff\xd8\xff\xe0rekaan"
    given = caller.post("/upload-photo", data={"pns_id": alice.id}, files={"file": ("foto.jpg", picture, "image/jpeg")})
    assert given.is_success
    answer = caller.get(f"/pns/photo/{alice.id}")
    assert (answer.headers["content-type"].split("/")[0], answer.content) == ("image", picture)


# The tree of units


@pytest.fixture
def units(control: ControlClient) -> Iterator[list[str]]:
    ids = [f"unor-{number}" for number in range(23)]
    rows = [
        {"Id": unit, "NamaUnor": f"Bagian {unit}", "DiatasanId": None if unit == ids[0] else ids[0]} for unit in ids
    ]
    control.add_references("ref-unor", rows)
    yield ids
    control.clear_references("ref-unor")


def test_the_tree_of_units_is_taken_page_by_page_until_the_count(caller: Caller, units: list[str]) -> None:
    found: list[str] = []
    while True:
        answer = caller.get(f"/referensi/ref-unor?limit=10&offset={len(found)}").json()
        found += [row["Id"] for row in answer["data"] or []]
        if not answer["data"] or len(found) >= answer["count"]:
            break
    assert found == units
    assert caller.get("/referensi/ref-unor?limit=10&offset=30").json()["data"] == []


@pytest.mark.parametrize("query", ["", "?limit=1000000&offset=0"])
def test_the_tree_of_units_is_taken_at_once_and_hung_together(caller: Caller, units: list[str], query: str) -> None:
    rows = caller.get(f"/referensi/ref-unor{query}").json()["data"]
    assert [row["Id"] for row in rows] == units
    roots = [row["NamaUnor"] for row in rows if row["DiatasanId"] not in units]
    assert roots == ["Bagian unor-0"]


# Saving


def test_a_province_saves_then_uploads_to_the_row(province: Province, http: httpx.Client, alice: Someone) -> None:
    is_success, saved = province.call("POST", "/kursus/save", json=kursus(alice.id, nip=alice.nip))
    assert (is_success, saved["success"]) == (True, True)
    row_id = saved["mapData"]["rwKursusId"]
    for _ in range(2):
        form = {"id_riwayat": row_id, "id_ref_dokumen": "881"}
        file = {"file": ("sertifikat.pdf", PDF, "application/pdf")}
        is_success, uploaded = province.call("POST", "/upload-dok-rw", data=form, files=file)
        assert (is_success, int(uploaded["code"])) == (True, 1)
    [row] = province.call("GET", f"/pns/rw-kursus/{alice.nip}")[1]["data"]
    assert (row["id"], row["path"]["881"]) == (row_id, uploaded["data"])
    headers = both(apim_token(http), sso_token(http))
    file_path = {"filePath": row["path"]["881"]["dok_uri"]}
    assert http.get(f"{BASE}/download-dok", params=file_path, headers=headers).content == PDF


def test_a_province_sends_structural_training_to_its_own_save(province: Province, alice: Someone) -> None:
    named = diklat(alice.id, jenisDiklatId="1", latihanStrukturalNama="Diklat Rekaan", nip=alice.nip)
    is_success, saved = province.call("POST", "/diklat/save", json=named)
    assert (is_success, list(saved["mapData"])) == (True, ["rwDiklatId"])
    # It looks for the wrong key there and so never uploads anything.
    assert "rwKursusId" not in saved["mapData"]


def test_an_sdk_uploads_first_names_the_file_in_the_save_and_updates_by_id(
    http: httpx.Client, caller: Caller, control: ControlClient, alice: Someone
) -> None:
    headers = both(apim_token(http), sso_token(http), "Bearer")
    row_id = uuid.uuid4().hex
    control.add_row("jabatan", alice.nip, {"jenisJabatan": "4", "nomorSk": "LAMA/1"}, row_id=row_id)
    form, file = {"id_ref_dokumen": "872"}, {"file": ("download.pdf", PDF)}
    document = http.post(f"{BASE}/upload-dok", headers=headers, data=form, files=file).json()["data"]
    assert set(document) == {"dok_id", "dok_nama", "dok_uri", "object", "slug"}
    body = jabatan(alice.id, id=row_id, path=[document])
    answer = http.post(f"{BASE}/jabatan/save", headers=headers, json=body).json()
    assert (answer["success"], answer["mapData"]) == (True, {"rwJabatanId": row_id})
    [row] = caller.list_of("jabatan", alice.nip)
    assert (row["id"], row["nomorSk"], row["path"]) == (row_id, "821/1/REKAAN", {"872": document})
    again = http.post(f"{BASE}/jabatan/save", headers=headers, json=jabatan(alice.id, id=row_id, path=[])).json()
    assert (again["success"], len(caller.list_of("jabatan", alice.nip))) == (True, 1)
    assert caller.get(f"/jabatan/id/{row_id}").json()["data"]["path"] == {"872": document}


def test_an_sdk_sends_a_word_for_the_kind_of_certificate(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    row_id = caller.create("kursus", kursus(alice.id))
    body = kursus(alice.id, id=row_id, jenisKursus=None, lokasiId=None, jenisKursusSertipikat="Workshop", path=[])
    # Either way there is a `mapData`, which is all that it asks for.
    assert caller.save("kursus", body).json()["mapData"] is None
    control.patch_settings(check_codes=False)
    assert caller.save("kursus", body).json()["mapData"] == {"rwKursusId": row_id}


def test_an_sdks_oversized_file_is_refused_with_a_status(caller: Caller) -> None:
    file = {"file": ("oversize.pdf", PDF.ljust(1_077_423, b" "))}
    answer = caller.post("/upload-dok", data={"id_ref_dokumen": "872"}, files=file)
    assert answer.is_success is False


@pytest.mark.parametrize(
    ("path", "ref", "body"),
    [("/skp22/save", "873", skp22), ("/kinerjaperiodik/save", "890", kinerja)],
)
def test_an_sdk_takes_the_bare_map_data_for_the_id(
    caller: Caller, alice: Someone, path: str, ref: str, body: Callable[..., Json]
) -> None:
    document = caller.post("/upload-dok", data={"id_ref_dokumen": ref}, files={"file": ("a.pdf", PDF)}).json()["data"]
    answer = caller.post(path, json=body(alice.id, path=[document])).json()
    row_id = answer["mapData"] or answer["message"]
    assert (isinstance(row_id, str), answer["message"]) == (True, "success")
    # Others keep it and send it back as the id of an update.
    assert caller.post(path, json=body(alice.id, id=row_id, hasilKinerjaNilai=1)).json()["mapData"] == row_id
    [row] = caller.list_of(path.split("/")[1], alice.nip)
    assert (row["id"], row["path"]) == (row_id, {ref: document})


@pytest.mark.parametrize(
    ("path", "key", "body"),
    [("/skp22/save", "rwSkpId", skp22), ("/kinerjaperiodik/save", "rwKinerjaPeriodikId", kinerja)],
)
def test_a_later_sdk_looks_for_a_key_inside_when_the_setting_gives_one(
    caller: Caller, control: ControlClient, alice: Someone, path: str, key: str, body: Callable[..., Json]
) -> None:
    control.patch_settings(text_map_data="object")
    answer = caller.post(path, json=body(alice.id)).json()
    [row] = control.rows(nip=alice.nip)
    assert (answer["success"], answer["mapData"]) == (True, {key: row["id"]})


def test_an_sdk_takes_the_first_key_of_cpns(caller: Caller, alice: Someone) -> None:
    document = caller.post("/upload-dok", data={"id_ref_dokumen": "889"}, files={"file": ("sk.pdf", PDF)}).json()
    body = {
        "pns_orang_id": alice.id,
        "nomor_sk_cpns": "CPNS/1",
        "tgl_sk_cpns": "01-03-2015",
        "path": [document["data"]],
    }
    answer = caller.post("/cpns/save", json=body).json()
    assert (answer["success"], next(iter(answer["mapData"].values()))) == (True, alice.id)


def test_a_regency_sends_cpns_as_a_map_of_texts(caller: Caller, alice: Someone) -> None:
    body = {
        "pns_orang_id": alice.id,
        "nomor_sk_cpns": "CPNS/1",
        "tgl_sk_cpns": "01-03-2015",
        "nomor_spmt": "SPMT/1",
        "pertek_cpns_pns_l2th_nomor": "PERTEK/1",
        "pertek_cpns_pns_l2th_tanggal": "01-02-2015",
        "nomor_sk_pns": "PNS/1",
        "tgl_sk_pns": "01-03-2016",
        "tmt_pns": "01-03-2016",
        "status_cpns_pns": "pns",
    }
    assert caller.post("/cpns/save", json=body).json()["success"] is True
    person = caller.get(f"/pns/data-utama/{alice.nip}").json()["data"]
    assert (person["nomorSkCpns"], person["tmtPns"]) == ("CPNS/1", "01-03-2016")


def test_a_regencys_go_client_creates_updates_and_deletes_a_credit(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    created = caller.post("/angkakredit/save", json=angka_kredit(alice.id)).json()
    # Decoded into a struct: success a bool, mapData an object, and no number where it has a text.
    assert (created["success"], "code" in created) == (True, False)
    row_id = created["mapData"]["rwAngkaKreditId"]
    updated = caller.post("/angkakredit/save", json=angka_kredit(alice.id, id=row_id, kreditBaruTotal="13.250")).json()
    assert updated["mapData"] == {"rwAngkaKreditId": row_id}
    [row] = caller.list_of("angkakredit", alice.nip)
    assert (row["id"], row["kreditBaruTotal"]) == (row_id, "13.250")
    headers = {**caller.headers, "Content-Type": "application/json"}
    deleted = caller.http.delete(f"{BASE}/angkakredit/delete/{row_id}", headers=headers).json()
    assert (deleted["success"], deleted["message"]) == (True, "success")
    assert control.rows(nip=alice.nip) == []


def test_a_client_made_from_the_swagger_finds_success_inside(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    row_id = caller.create("kursus", kursus(alice.id))
    control.patch_settings(delete_answer="wrapped")
    answer = caller.delete(f"/kursus/delete/{row_id}").json()
    assert (answer["code"], answer["data"]["success"]) == (1, True)
    assert caller.delete(f"/kursus/delete/{row_id}").json()["data"]["success"] is False


def test_an_sdk_reads_a_row_before_it_deletes_it(caller: Caller, alice: Someone) -> None:
    row_id = caller.create("jabatan", jabatan(alice.id))
    assert caller.get(f"/jabatan/id/{row_id}").json()["data"]["id"] == row_id
    assert caller.delete(f"/jabatan/delete/{row_id}").json()["success"] is True
    assert caller.get(f"/jabatan/id/{row_id}").json()["data"] == NOT_FOUND


def test_a_regencys_go_client_writes_some_keys_with_capitals(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    """Its map starts as an SKP; what the validation asked for by Go names was added under those names."""
    body = {
        **skp22(alice.id, tahun=2024),
        "PnsDinilaiId": alice.id,
        "KoefisienId": "22",
        "BulanMulaiPenilaian": 1,
        "BulanSelesaiPenilaian": 3,
        "TahunMulaiPenilaian": 2024,
        "TahunSelesaiPenilaian": 2024,
        "PeriodikId": "2",
    }
    answer = caller.post("/kinerjaperiodik/save", json=body).json()
    assert (answer["success"], isinstance(answer["mapData"], str)) == (True, True)
    # It sends the months as text; whether BKN takes that is a setting.
    as_text = {**body, "id": answer["mapData"], "BulanMulaiPenilaian": "4", "BulanSelesaiPenilaian": "6"}
    refused = caller.post("/kinerjaperiodik/save", json=as_text).json()
    assert (refused["code"], refused["data"]) == (0, None)
    control.patch_settings(months_as_text=True)
    assert caller.post("/kinerjaperiodik/save", json=as_text).json()["mapData"] == answer["mapData"]
    assert len(caller.list_of("kinerjaperiodik", alice.nip)) == 1


def test_other_capitals_are_understood_as_well(caller: Caller, alice: Someone) -> None:
    body = kursus(alice.id)
    body["JenisDiklatId"] = body.pop("jenisDiklatId")
    assert caller.save("kursus", body).json()["success"] is True
    post = jabatan(alice.id, InstansiIndukID=INSTANSI, jenisMutasiId="MJ", jenisPenugasanId="D", subJabatanId="")
    row_id = caller.create("jabatan/unorjabatan", post)
    assert [row["id"] for row in caller.list_of("jabatan", alice.nip)] == [row_id]


def test_a_ministry_saves_an_old_skp_and_keeps_what_map_data_is(caller: Caller, alice: Someone) -> None:
    scores = ("nilaiSkp", "orientasiPelayanan", "integritas", "komitmen", "disiplin", "kerjasama", "jumlah")
    body = {
        **dict.fromkeys(scores, 85.5),
        "nilairatarata": 85.5,
        "nilaiPerilakuKerja": 85.5,
        "nilaiPrestasiKerja": 85.5,
        # A required number of 0 would be missing, so it sends the least there is.
        "inisiatifKerja": 0.01,
        "konversiNilai": 0.01,
        "nilaiIntegrasi": 0.01,
        "kepemimpinan": 0,
        "id": None,
        "nip": alice.nip,
        "tahun": 2021,
        "jenisJabatan": "2",
        "jenisPeraturanKinerjaKd": "PP30",
        "pnsDinilaiOrang": alice.id,
        "pnsUserId": CLASSIC_OPERATOR,
        "statusPenilai": "ASN",
    }
    answer = caller.post("/skp/2021/save", json=body).json()
    assert (answer["message"], isinstance(answer["mapData"], str)) == ("success", True)
    refused = caller.post("/skp/2021/save", json={**body, "inisiatifKerja": 0}).json()
    assert "InisiatifKerja is required" in refused["message"]


def test_a_ministrys_family_saves_succeed_in_words(caller: Caller, alice: Someone) -> None:
    spouse = {"pnsOrangId": alice.id, "nama": "Bob Rekaan", "statusPernikahan": "1", "pasanganKe": "1"}
    child = {"pnsOrangId": alice.id, "nama": "Citra Rekaan", "jenisKelamin": "F", "isPns": "0"}
    for path, body in (("pasangan", spouse), ("anak", child)):
        assert str(caller.post(f"/keluarga/{path}/save", json=body).json()["success"]).lower() == "true"
    [seen] = caller.get(f"/pns/data-pasangan/{alice.nip}").json()["data"]["listPasangan"]
    assert seen["orang"]["nama"] == "Bob Rekaan"


def test_a_post_reaches_the_person_by_the_sync_with_its_third_envelope(
    province: Province, control: ControlClient, alice: Someone
) -> None:
    control.patch_settings(sync_answer="error_message")

    def sync() -> tuple[str, str]:
        person = province.call("GET", f"/pns/data-utama/{alice.nip}")[1]["data"]
        said = province.call("GET", f"/pns/data-utama-jabatansync?pns_orang_id={person['id']}")[1]
        return said["Error"], said["Message"]

    assert sync() == ("true", NOT_FOUND)
    assert province.call("POST", "/jabatan/unorjabatan/save", json=jabatan(alice.id))[1]["success"] is True
    path = f"/pns/data-utama/{alice.nip}"
    assert province.call("GET", path)[1]["data"]["tmtJabatan"] != "01-04-2014"
    assert sync() == ("false", "success")
    person = province.call("GET", path)[1]["data"]
    assert (person["tmtJabatan"], person["unorId"], person["jenisJabatanId"]) == ("01-04-2014", UNIT, "4")


# The classic dialect


class Classic:
    """One token from a file, the Origin everywhere, and another token when the body speaks of an error."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self.logins = 0
        self._token = ""

    def _log_in(self) -> None:
        answer = self._http.post(TOKEN_PATH, data=GRANT, auth=CLIENT, headers={"origin": ORIGIN})
        self._token = answer.json()["access_token"]
        self.logins += 1

    def get(self, path: str) -> Json:
        """It says multipart on reads, and one of them even sends its login along in the body of a GET."""
        return self._ask("GET", path, "multipart/form-data", "&".join(f"{key}={value}" for key, value in GRANT.items()))

    def post(self, path: str, body: Json) -> Json:
        return self._ask("POST", path, "application/json", json.dumps(body))

    def _ask(self, method: str, path: str, content_type: str, content: str) -> Json:
        for _ in range(2):
            if not self._token:
                self._log_in()
            headers = {"Content-Type": content_type, "Origin": ORIGIN, "Authorization": f"Bearer {self._token}"}
            body: Json = self._http.request(method, path, headers=headers, content=content).json()
            if not body.get("error"):
                break
            self._token = ""
        return body


@pytest.fixture
def classic(http: httpx.Client) -> Classic:
    return Classic(http)


@pytest.mark.parametrize("base", [READ, "/bkn-resources-server/api"])
def test_classic_clients_decode_the_person_twice(classic: Classic, alice: Someone, base: str) -> None:
    for _ in range(2):
        answer = classic.get(f"{base}/pns/data-utama/{alice.nip}")
        # 1 and "1" are the same to them.
        assert (int(answer["code"]), type(answer["data"])) == (1, str)
        person = json.loads(answer["data"])
        assert (person["id"], person["nama"], person["nipBaru"]) == (alice.id, "Alice Rekaan", alice.nip)
    assert classic.logins == 1


def test_a_classic_client_finds_nothing_by_the_code(classic: Classic) -> None:
    assert int(classic.get(f"{READ}/pns/data-utama/{NOBODY}")["code"]) != 1


def test_a_classic_client_asks_for_a_token_when_the_body_has_an_error(
    classic: Classic, control: ControlClient, alice: Someone
) -> None:
    path = f"{READ}/pns/data-utama/{alice.nip}"
    classic.get(path)
    control.expire_tokens("classic")
    assert int(classic.get(path)["code"]) == 1
    assert classic.logins == 2


def test_nobody_gets_in_without_the_origin(http: httpx.Client, alice: Someone) -> None:
    assert "access_token" not in http.post(TOKEN_PATH, data=GRANT, auth=CLIENT).json()


def test_a_classic_client_compares_family_and_ranks(classic: Classic, control: ControlClient, alice: Someone) -> None:
    control.add_row("ortu", alice.nip, {"ayah": {"nama": "Eko Rekaan", "tglLahir": "01-02-1950"}})
    control.add_row("pasangan", alice.nip, {"nama": "Bob Rekaan", "tglLahir": "03-04-1984"})
    control.add_row("anak", alice.nip, {"nama": "Citra Rekaan", "tglLahir": "05-06-2012"})
    control.add_row("golongan", alice.nip, {"golonganId": "31", "tmtGolongan": "01-04-2015"})
    data = {
        kind: classic.get(f"{READ}/pns/{kind}/{alice.nip}")["data"]
        for kind in ("data-ortu", "data-pasangan", "data-anak", "rw-golongan")
    }
    assert (data["data-ortu"]["ayah"]["nama"], data["data-ortu"]["ayah"]["tglLahir"]) == ("Eko Rekaan", "01-02-1950")
    assert "tglLahir" in data["data-ortu"]["ibu"]
    assert data["data-pasangan"]["listPasangan"][0]["dataOrang"]["tglLahir"] == "03-04-1984"
    assert data["data-anak"]["listAnak"][0]["tglLahir"] == "05-06-2012"
    assert (data["rw-golongan"][0]["golonganId"], data["rw-golongan"][0]["tmtGolongan"]) == ("31", "01-04-2015")


@pytest.mark.parametrize(
    ("code", "word"), [("1", "STRUKTURAL"), ("2", "FUNGSIONAL_TERTENTU"), ("4", "FUNGSIONAL_UMUM")]
)
def test_a_classic_client_reads_the_kind_of_post_in_words(
    classic: Classic, control: ControlClient, alice: Someone, code: str, word: str
) -> None:
    control.add_row("jabatan", alice.nip, {"jenisJabatan": code, "tmtJabatan": "01-02-2019", "nomorSk": "1/X"})
    [row] = classic.get(f"{READ}/pns/rw-jabatan/{alice.nip}")["data"]
    [same] = classic.get(f"{DUPLEX}/jabatan/pns/{alice.nip}")["mapData"]["data"]
    assert (row["jenisJabatan"], same["jenisJabatan"], same["tmtJabatan"]) == (word, word, "01-02-2019")


CLASSIC_SAVES: list[tuple[str, str, str, Json]] = [
    (
        "jabatan/save",
        "rwJabatanId",
        "rw-jabatan",
        {
            "pnsId": "",
            "jenisJabatan": "1",
            "unorId": UNIT,
            "eselonId": "31",
            "instansiId": INSTANSI,
            "jabatanFungsionalId": "",
            "jabatanFungsionalUmumId": "",
            "nomorSk": "800/REKAAN/2019",
            "tanggalSk": "02-01-2019",
            "tmtJabatan": "01-02-2019",
            "tmtPelantikan": "",
        },
    ),
    (
        "kursus/save",
        "rwKursusId",
        "rw-kursus",
        {
            "pnsOrangId": "",
            "jenisKursusId": POST,
            "instansiId": INSTANSI,
            "namaKursus": "Kursus Rekaan",
            "jumlahJam": "12",
            "tahun": "2022",
            "tanggalKursus": "20-01-2022",
            "tanggalSelesaiKursus": "20-01-2022",
            "institusiPenyelenggara": "Lembaga Rekaan",
            "jenisKursusSertipikat": "P",
            "nomorSertipikat": "800/1/2022",
            "lokasiId": "",
        },
    ),
    (
        "skp/save",
        "rwSkpId",
        "rw-skp",
        {
            "pnsDinilaiOrang": "",
            "tahun": "2019",
            "nilaiSkp": "85.50",
            "orientasiPelayanan": "80",
            "kepemimpinan": "0",
            "jumlah": "480",
            "nilairatarata": "80.00",
            "penilaiNama": "Bob Rekaan",
            "penilaiTmtGolongan": "01-04-2015",
            "statusPenilai": "PNS",
            "statusAtasanPenilai": "PNS",
            "jenisJabatan": "1",
        },
    ),
    (
        "skp/2021/save",
        "rwSkpId",
        "rw-skp",
        {
            "pnsDinilaiOrang": "",
            "tahun": 2021,
            "nilaiSkp": 85.5,
            "inisiatifKerja": 81,
            "konversiNilai": 90.25,
            "nilaiIntegrasi": 0,
            "jenisPeraturanKinerjaKd": "PP30",
            "jenisJabatan": "2",
        },
    ),
]


@pytest.mark.parametrize(("path", "key", "kind", "body"), CLASSIC_SAVES, ids=[path for path, _, _, _ in CLASSIC_SAVES])
def test_a_classic_client_keeps_the_id_of_each_of_the_four_saves(
    classic: Classic, control: ControlClient, alice: Someone, path: str, key: str, kind: str, body: Json
) -> None:
    person_key = next(iter(body))
    sent = {"id": None, **body, person_key: alice.id, "pnsUserId": CLASSIC_OPERATOR}
    answer = classic.post(f"{DUPLEX}/{path}", sent)
    assert (answer["success"], answer["message"]) == (True, "success")
    row_id = answer["mapData"][key]
    assert (len(row_id), row_id.isalnum()) == (32, True)
    assert [row["id"] for row in classic.get(f"{READ}/pns/{kind}/{alice.nip}")["data"]] == [row_id]
    updated = classic.post(f"{DUPLEX}/{path}", {**sent, "id": row_id})
    assert (updated["mapData"][key], len(control.rows(nip=alice.nip))) == (row_id, 1)
    refused = classic.post(f"{DUPLEX}/{path}", {**sent, "pnsUserId": ""})
    assert (refused["success"], refused["mapData"]) == (False, None)
