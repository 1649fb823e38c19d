"""Somebody who calls the simulated BKN by the book: both tokens, one method an endpoint."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx

BASE = "/apisiasn/1.0"
APIM_PATH = "/oauth2/token"
SSO_PATH = "/auth/realms/public-siasn/protocol/openid-connect/token"
CONSUMER = ("fake-consumer-key", "fake-consumer-secret")
OPERATOR = {
    "client_id": "fake-instansi-client",
    "grant_type": "password",
    "username": "199001012020011001",
    "password": "fake-password",
}
PDF = b"%PDF-1.4\r\nisi\r\n--batas\x00\xff"


PATIENCE_S = 5.0


def until(is_so: Callable[[], bool]) -> None:
    """Waits for what another process is about to do."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kursus(person_id: str, **changes: Any) -> dict[str, Any]:
    body = {
        "pnsOrangId": person_id,
        "jenisDiklatId": "3",
        "jenisKursusSertipikat": "T",
        "institusiPenyelenggara": "Lembaga Rekaan",
        "namaKursus": "Kursus Rekaan",
        "nomorSertipikat": "001/REKAAN/2020",
        "jumlahJam": 20,
        "tahunKursus": 2020,
        "tanggalKursus": "01-02-2020",
        "tanggalSelesaiKursus": "",
    }
    return {**body, **changes}


def diklat(person_id: str, **changes: Any) -> dict[str, Any]:
    body = {
        "pnsOrangId": person_id,
        "latihanStrukturalId": "3",
        "institusiPenyelenggara": "Lembaga Rekaan",
        "nomor": "002/REKAAN/2020",
        "jumlahJam": 300,
        "bobot": 0,
        "tahun": 2020,
        "tanggal": "01-02-2020",
        "tanggalSelesai": "01-03-2020",
    }
    return {**body, **changes}


class Caller:
    def __init__(self, url: str, *, timeout_s: float = 5.0) -> None:
        self.http = httpx.Client(base_url=url, timeout=timeout_s, trust_env=False)
        self.headers = {"Authorization": f"Bearer {self.apim_token()}", "Auth": f"bearer {self.sso_token()}"}

    def close(self) -> None:
        self.http.close()

    def apim_token(self) -> str:
        answer = self.http.post(APIM_PATH, data={"grant_type": "client_credentials"}, auth=CONSUMER)
        return str(answer.json()["access_token"])

    def sso_token(self, **changes: str) -> str:
        return str(self.http.post(SSO_PATH, data={**OPERATOR, **changes}).json()["access_token"])

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.http.get(BASE + path, headers=self.headers, **more)

    def delete(self, path: str) -> httpx.Response:
        return self.http.delete(BASE + path, headers=self.headers)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.http.post(BASE + path, headers=self.headers, **more)

    def save(self, resource: str, body: Any) -> httpx.Response:
        return self.post(f"/{resource}/save", json=body)

    def create(self, resource: str, body: Any) -> str:
        map_data = self.save(resource, body).json()["mapData"]
        return str(next(iter(map_data.values())))

    def list_of(self, resource: str, nip: str) -> Any:
        return self.get(f"/pns/rw-{resource}/{nip}").json()["data"]

    def attach(self, row_id: str, content: bytes = PDF, *, ref: str = "881") -> httpx.Response:
        return self.post(
            "/upload-dok-rw",
            data={"id_riwayat": row_id, "id_ref_dokumen": ref},
            files={"file": ("sertifikat.pdf", content, "application/pdf")},
        )
