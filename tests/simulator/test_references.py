"""Reference tables, the tree of units, and the decrees for proposals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simpeg_sync.simulator import process
from simpeg_sync.simulator.control_client import ControlClient, ControlRefused

from .caller import PDF, Caller
from .conftest import Someone
from .endpoints import REFERENCE_TABLES

BASE = "/referensi_siasn/1"


def ask(caller: Caller, path: str, **query: str) -> dict[str, Any]:
    answer: dict[str, Any] = caller.http.get(BASE + path, headers=caller.headers, params=query).json()
    return answer


@pytest.fixture
def units(control: ControlClient) -> Iterator[int]:
    rows = [{"Id": f"unor-{number}", "NamaUnor": f"Bagian {number}", "DiatasanId": "unor-0"} for number in range(25)]
    yield control.add_references("ref-unor", rows)
    control.clear_references("ref-unor")


def test_the_tree_of_units_comes_in_pages_until_the_count(caller: Caller, units: int) -> None:
    found: list[str] = []
    while True:
        answer = caller.get("/referensi/ref-unor", params={"limit": "10", "offset": str(len(found))}).json()
        assert (answer["code"], answer["count"]) == (1, units)
        found += [row["Id"] for row in answer["data"]]
        if len(found) >= answer["count"]:
            break
    assert found == [f"unor-{number}" for number in range(25)]
    assert len(caller.get("/referensi/ref-unor", params={"limit": "100000"}).json()["data"]) == 25


def test_the_keys_of_a_unit_are_capital_or_not(caller: Caller, control: ControlClient, units: int) -> None:
    [row] = caller.get("/referensi/ref-unor", params={"limit": "1"}).json()["data"]
    assert list(row) == [
        "Id",
        "InstansiId",
        "DiatasanId",
        "EselonId",
        "NamaUnor",
        "NamaJabatan",
        "CepatKode",
        "IndukUnorId",
        "PemimpinPnsId",
        "JenisUnorId",
    ]
    control.patch_settings(unor_key_case="camel")
    [row] = caller.get("/referensi/ref-unor", params={"limit": "1"}).json()["data"]
    assert (row["id"], row["namaUnor"], row["diatasanId"]) == ("unor-0", "Bagian 0", "unor-0")


@pytest.mark.parametrize("table", REFERENCE_TABLES)
def test_every_reference_table_can_be_filled_and_read(caller: Caller, control: ControlClient, table: str) -> None:
    before = ask(caller, f"/{table}")
    assert before["code"] == 1
    row = {"id": "rekaan"}
    assert control.add_references(table, [row]) == before["count"] + 1
    answer = ask(caller, f"/{table}", limit="1", offset=str(before["count"]))
    assert (answer["count"], answer["data"][0]["id"]) == (before["count"] + 1, "rekaan")
    control.clear_references(table)
    assert ask(caller, f"/{table}")["count"] == before["count"]


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("agama", {"id": "1", "nama": "Islam"}),
        ("jenis-diklat", {"id": "3", "jenis_diklat": "Diklat Teknis"}),
        ("jenis-hukuman", {"id": "1", "nama": "TEGURAN LISAN", "jenisTingkatHukumanId": "R"}),
        (
            "golongan",
            {
                "id": "31",
                "nama": "III/a",
                "namaPangkat": "Penata Muda",
                "fungKredututama": None,
                "fungKreditTambahan": None,
                "fungKreditTotal": None,
            },
        ),
    ],
)
def test_small_tables_hold_the_known_codes(caller: Caller, table: str, row: dict[str, Any]) -> None:
    assert row in ask(caller, f"/{table}")["data"]


def test_all_reasons_for_a_punishment_are_there(caller: Caller) -> None:
    assert ask(caller, "/alasan-hukuman-disiplin")["count"] == 44


def test_a_search_looks_for_text_in_a_column(caller: Caller) -> None:
    answer = ask(caller, "/eselon/search", nama="iii", limit="1")
    assert (answer["count"], [row["nama"] for row in answer["data"]]) == (2, ["III.a"])


@pytest.mark.parametrize(("needs", "status"), [("apim", 200), ("both", 400)])
def test_whether_the_operator_is_needed_is_a_setting(
    caller: Caller, control: ControlClient, needs: str, status: int
) -> None:
    control.patch_settings(reference_tokens=needs)
    only_apim = {"Authorization": caller.headers["Authorization"]}
    assert caller.http.get(f"{BASE}/agama", headers=only_apim).status_code == status
    assert caller.http.get(f"{BASE}/agama").status_code == 401
    assert ask(caller, "/agama")["count"] == 7


def test_an_unknown_table_or_method_is_refused(caller: Caller) -> None:
    assert ask(caller, "/no-such-table") == {"message": "Not Found"}
    assert caller.http.post(f"{BASE}/agama", headers=caller.headers).status_code == 405


def test_an_unknown_table_or_column_can_not_be_filled(control: ControlClient) -> None:
    with pytest.raises(ControlRefused, match="no reference table"):
        control.add_references("cuaca", [{"id": "1"}])
    with pytest.raises(ControlRefused, match="warna"):
        control.add_references("agama", [{"id": "1", "warna": "merah"}])
    with pytest.raises(ControlRefused, match="no id"):
        control.add_references("agama", [{"nama": "Tanpa id"}])


def test_references_survive_a_restart(tmp_path: Path) -> None:
    with process.start(state=tmp_path / "bkn.sqlite3") as first:
        first.control.add_references("kanreg", [{"id": "01", "nama": "Kanreg Rekaan"}])
    with process.start(state=tmp_path / "bkn.sqlite3") as second:
        assert second.control.references("kanreg")[0]["nama"] == "Kanreg Rekaan"


def test_the_control_port_says_which_rows_can_be_put_in(control: ControlClient) -> None:
    resources = control.resources()
    assert "tasaKerjaTahun" in resources["masakerja"]
    assert "tgglMenikah" in resources["pasangan"][2]["dataPernikahan"]


def test_a_promotion_decree_is_seen_on_its_proposal(caller: Caller, control: ControlClient, alice: Someone) -> None:
    row_id = control.add_row("kp", alice.nip, {"statusUsulan": "10", "tmtKp": "01-04-2024"})
    sent = {"id_usulan": row_id, "no_sk": "KP/1", "tgl_sk": "02-05-2024"}
    answer = caller.post("/upload-dok-sk-kp", data=sent, files={"file": ("sk.pdf", PDF)})
    assert (answer.status_code, answer.json()["code"]) == (200, 1)
    [row] = caller.get("/pns/list-kp-instansi", params={"periode": "2024-04-01"}).json()["data"]
    assert (row["id"], row["no_sk"], row["tgl_sk"], row["nipBaru"]) == (row_id, "KP/1", "02-05-2024", alice.nip)
    assert caller.get("/download-dok", params={"filePath": row["path_ttd_sk"]}).content == PDF
    effect = control.effects()[-1]
    assert (effect["kind"], effect["resource"], effect["row_id"], effect["nip"]) == ("upload", "kp", row_id, alice.nip)


def test_an_appointment_decree_is_seen_on_its_candidate(caller: Caller, control: ControlClient) -> None:
    row_id = control.add_row("pengadaan", None, {"no_peserta": "P-77", "periode": "2023", "nama": "Dedi Rekaan"})
    sent = {"no_peserta": "P-77", "tahun_formasi": "2023", "no_sk": "NIP/1", "tgl_sk": "02-05-2024"}
    assert caller.post("/upload-dok-sk-nip", data=sent, files={"file": ("sk.pdf", PDF)}).status_code == 200
    rows = caller.get("/pengadaan/list-pengadaan-instansi", params={"tahun": "2023"}).json()["data"]
    assert [row["no_sk"] for row in rows if row["id"] == row_id] == ["NIP/1"]


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/upload-dok-sk-kp", {"id_usulan": "none", "no_sk": "1", "tgl_sk": "01-01-2024"}),
        ("/upload-dok-sk-kp", {"id_usulan": "none"}),
        ("/upload-dok-sk-nip", {"no_peserta": "x", "tahun_formasi": "2023", "no_sk": "1", "tgl_sk": "01-01-2024"}),
        ("/upload-dok-sk-nip", {"no_peserta": "x"}),
    ],
)
def test_a_decree_for_nothing_or_without_its_number_is_refused(
    caller: Caller, control: ControlClient, path: str, sent: dict[str, str]
) -> None:
    seen = len(control.effects())
    assert caller.post(path, data=sent, files={"file": ("sk.pdf", PDF)}).status_code == 400
    assert len(control.effects()) == seen
