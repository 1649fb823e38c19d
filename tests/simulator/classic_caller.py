"""Somebody who calls the simulated BKN in the classic dialect: one token, the Origin everywhere."""

from __future__ import annotations

import json
from typing import Any

import httpx

TOKEN_PATH = "/oauth/token"
READ = "/api"
DUPLEX = "/duplex/api"
CLIENT = ("fake-classic-client", "fake-classic-secret")
ORIGIN = "http://localhost:20000"
OPERATOR = "0F0E0000000000000000000000000001"
GRANT = {"client_id": CLIENT[0], "grant_type": "client_credentials"}


def jabatan(person_id: str, **changes: Any) -> dict[str, Any]:
    body = {
        "id": None,
        "jenisJabatan": "2",
        "unorId": "00000000000000000000000000000011",
        "eselonId": "",
        "instansiId": "00000000000000000000000000000012",
        "pnsId": person_id,
        "jabatanFungsionalId": "00000000000000000000000000000013",
        "nomorSk": "800/REKAAN/2019",
        "tanggalSk": "02-01-2019",
        "tmtJabatan": "01-02-2019",
        "tmtPelantikan": "01-02-2019",
        "pnsUserId": OPERATOR,
    }
    return {**body, **changes}


def kursus(person_id: str, **changes: Any) -> dict[str, Any]:
    body = {
        "id": None,
        "jenisKursusId": "00000000000000000000000000000021",
        "pnsOrangId": person_id,
        "namaKursus": "Kursus Rekaan",
        "jumlahJam": "20",
        "tahun": "2019",
        "tanggalKursus": "01-02-2019",
        "institusiPenyelenggara": "Lembaga Rekaan",
        "jenisKursusSertipikat": "T",
        "nomorSertipikat": "001/REKAAN/2019",
        "tanggalSelesaiKursus": "",
        "pnsUserId": OPERATOR,
    }
    return {**body, **changes}


def skp(person_id: str, **changes: Any) -> dict[str, Any]:
    body = {
        "id": None,
        "tahun": 2019,
        "nilaiSkp": 85.5,
        "orientasiPelayanan": 80,
        "jumlah": 480,
        "pnsDinilaiOrang": person_id,
        "penilaiNama": "Bob Rekaan",
        "statusPenilai": "PNS",
        "jenisJabatan": "1",
        "pnsUserId": OPERATOR,
    }
    return {**body, **changes}


def skp_2021(person_id: str, **changes: Any) -> dict[str, Any]:
    later = {"tahun": 2021, "jenisPeraturanKinerjaKd": "PP30", "inisiatifKerja": 81, "konversiNilai": 90.25}
    return skp(person_id, **{**later, **changes})


class ClassicCaller:
    def __init__(self, url: str, *, timeout_s: float = 5.0) -> None:
        self.http = httpx.Client(base_url=url, timeout=timeout_s, trust_env=False)
        self.headers = {"Authorization": f"Bearer {self.token()}", "Origin": ORIGIN, "Accept": "application/json"}

    def close(self) -> None:
        self.http.close()

    def ask_token(self, *, origin: str | None = ORIGIN, **changes: Any) -> httpx.Response:
        headers = {"Origin": origin} if origin else {}
        given: dict[str, Any] = {"data": GRANT, "auth": CLIENT, **changes}
        return self.http.post(TOKEN_PATH, headers=headers, **given)

    def token(self) -> str:
        return str(self.ask_token().json()["access_token"])

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path, headers=self.headers)

    def read(self, kind: str, nip: str) -> httpx.Response:
        return self.get(f"{READ}/pns/{kind}/{nip}")

    def rows(self, kind: str, nip: str) -> Any:
        return self.read(kind, nip).json()["data"]

    def data_utama(self, nip: str) -> dict[str, Any]:
        """Decoded twice, as everybody has to."""
        person: dict[str, Any] = json.loads(self.rows("data-utama", nip))
        return person

    def duplex(self, path: str) -> httpx.Response:
        return self.get(DUPLEX + path)

    def save(self, path: str, body: Any) -> httpx.Response:
        return self.http.post(f"{DUPLEX}/{path}/save", json=body, headers=self.headers)

    def create(self, path: str, body: Any) -> str:
        [row_id] = self.save(path, body).json()["mapData"].values()
        return str(row_id)
