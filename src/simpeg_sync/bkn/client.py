"""BKN for the pipeline: how each thing is asked for. One method, one request; what it means is in classify.py.

Which addresses, bodies and names it takes is the dialect's business (siasn.py, sapk.py). Sources: bkn-api sections 1 to 3.
"""

import urllib.parse
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from simpeg_sync.bkn.calls import Calls
from simpeg_sync.bkn.classify import meaning_of_sync, meaning_of_write, read
from simpeg_sync.bkn.codes import CodeCheck
from simpeg_sync.bkn.exchange import Answer
from simpeg_sync.bkn.form import FormFile, multipart
from simpeg_sync.bkn.identity import foreign
from simpeg_sync.bkn.resources.base import BadField, ResourceApi
from simpeg_sync.decide.fields import Resource
from simpeg_sync.decide.look import BknRow, id_of
from simpeg_sync.domain.change import Nip
from simpeg_sync.domain.errors import BknAnswersBadly
from simpeg_sync.domain.outcome import Outcome, Verdict
from simpeg_sync.domain.record import BknId
from simpeg_sync.ports import Certificate

JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG"
FILES_BEGIN = (b"%PDF-", JPEG, PNG)


REFRESHED: Mapping[str, str] = {
    "jabatan": "pns/data-utama-jabatansync?pns_orang_id=",
    "golongan": "pns/data-utama-golongansync?pns_orang_id=",
}
"""Histories whose newest row BKN copies into data-utama when asked: GETs with an effect (bkn-api Annex A)."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One of BKN's two web services, as far as they differ."""

    apis: Mapping[str, ResourceApi]
    read_url: str
    write_url: str


@dataclass(frozen=True, slots=True)
class BknClient:
    """Implements ports.Bkn. Thread-safe."""

    dialect: Dialect
    calls: Calls
    codes: CodeCheck | None = None
    """None: codes are left to BKN to check."""

    def resource(self, name: str) -> Resource:
        return self._api(name).resource

    def check(self, name: str, body: Mapping[str, Any]) -> BadField | None:
        bad = self._api(name).check(body)
        return bad or (self.codes.unknown(name, body) if self.codes is not None else None)

    def person(self, nip: Nip) -> BknId | None:
        """BKN's id of the person; None when BKN does not know the NIP."""
        rows = self.calls.rows(f"{self.dialect.read_url}/pns/data-utama/{nip}")
        if rows is None or not rows:
            return None
        # Another person's row under this NIP would send certificates to a stranger.
        mine = [row for row in rows if str(row.get("nipBaru", "")) == nip]
        if not mine:
            raise BknAnswersBadly("data-utama answered for another person")
        pns_id = mine[0].get("id")
        if not isinstance(pns_id, str) or not pns_id:
            raise BknAnswersBadly("data-utama answered without the person's id")
        return BknId(pns_id)

    def rows(self, name: str, nip: Nip, *, pns_id: BknId | None = None) -> list[BknRow]:
        """All rows of one kind of one person; none also when BKN does not know the person."""
        api = self._api(name)
        match api.rows_from:
            case "list":
                rows = self.calls.rows(f"{self.dialect.read_url}/{api.list_path}/{nip}") or []
            case "data_utama":
                rows = self.calls.rows(f"{self.dialect.read_url}/pns/data-utama/{nip}") or []
            case "person":
                known = pns_id or self.person(nip)
                rows = [{"id": known}] if known else []
        # Of a kind that says who somebody is, another NIP is what the comparison is there to find.
        if not api.resource.identity and any(foreign(row, nip=nip, pns_id=pns_id) for row in rows):
            raise BknAnswersBadly("a list answered with another person's rows")
        if api.rows_in is not None:
            rows = [inner for row in rows for inner in api.rows_in(row)]
        return [api.spelled(row) for row in rows]

    def about_to_write(self, *, leaves_before: Callable[[], float] | None = None) -> AbstractContextManager[None]:
        return self.calls.about_to_write(leaves_before=leaves_before)

    def save(
        self,
        name: str,
        body: Mapping[str, Any],
        *,
        pns_id: BknId,
        bkn_id: BknId | None,
        files: Mapping[str, Certificate],
    ) -> Outcome:
        api = self._api(name)
        path: list[Mapping[str, Any]] = []
        for kind, file in files.items() if api.stores_files_first else ():
            stored = self._stored(kind, file)
            if isinstance(stored, Outcome):
                return stored
            path.append(stored)
        complete = api.complete(body, pns_id=pns_id, bkn_id=bkn_id, path=path)
        if api.form_files:
            fields = {field: str(value) for field, value in complete.items() if value is not None}
            sent = [FormFile(api.form_files[kind], file.file_name, file.content) for kind, file in files.items()]
            payload, content_type = multipart(fields, sent)
        else:
            payload, content_type = to_json(complete), "application/json"
        url = f"{self.dialect.write_url}/{api.save_path}"
        return self.calls.write("POST", url, payload, content_type, id_names=api.id_names)

    def _stored(self, kind: str, file: Certificate) -> Mapping[str, Any] | Outcome:
        """BKN's description of the certificate, for the save to name; or why the save did not leave. A certificate that is
        stored and never named is nobody's."""
        payload, content_type = multipart({"id_ref_dokumen": kind}, [FormFile("file", file.file_name, file.content)])
        exchanged = self.calls.send("POST", f"{self.dialect.write_url}/upload-dok", payload, content_type)
        outcome = meaning_of_write(exchanged, now=self.calls.clock.now())
        described = read(exchanged, 0.0).fields.get("data") if isinstance(exchanged, Answer) else None
        if outcome.verdict is Verdict.ACCEPTED and isinstance(described, dict) and described.get("dok_uri"):
            return described
        if outcome.verdict is Verdict.REFUSED:
            return outcome
        return Outcome.not_executed(
            f"upload.{outcome.code or 'odd'}", stops_all=outcome.stops_all, retry_after_s=outcome.retry_after_s
        )

    def follow_up(self, name: str, pns_id: BknId) -> Outcome:
        return self.refresh(name, pns_id)

    def refresh(self, which: str, pns_id: BknId) -> Outcome:
        """Lets BKN copy the newest row of a history into the main record. ``which``: a key of `REFRESHED`."""
        url = f"{self.dialect.write_url}/{REFRESHED[which]}{urllib.parse.quote(pns_id, safe='')}"
        return meaning_of_sync(self.calls.send("GET", url), now=self.calls.clock.now())

    def delete(self, name: str, bkn_id: BknId) -> Outcome:
        path = f"{self._api(name).delete_path}/{urllib.parse.quote(bkn_id, safe='')}"
        return self.calls.write("DELETE", f"{self.dialect.write_url}/{path}")

    def upload(self, name: str, bkn_id: BknId, kind: str, certificate: Certificate) -> Outcome:
        api = self._api(name)
        is_image = api.resource.document_form == "image"
        fields = {"pns_id": str(bkn_id)} if is_image else {"id_riwayat": str(bkn_id), "id_ref_dokumen": kind}
        content_type = _image_type(certificate.content) if is_image else "application/pdf"
        file = FormFile("file", certificate.file_name, certificate.content, content_type)
        payload, form_type = multipart(fields, [file])
        return self.calls.write("POST", f"{self.dialect.write_url}/{api.upload_path}", payload, form_type)

    def document(self, name: str, row: BknRow, kind: str) -> bytes | None:
        """The certificate that BKN serves for the row; None when it has none. Raises BknDown."""
        if self._api(name).resource.document_form == "image":
            return self._file(f"pns/photo/{urllib.parse.quote(id_of(row), safe='')}")
        path = row.get("path")
        entry = path.get(kind) if isinstance(path, dict) else None
        uri = entry.get("dok_uri") if isinstance(entry, dict) else None
        return self._file(f"download-dok?filePath={urllib.parse.quote(str(uri), safe='')}") if uri else None

    def _file(self, path: str) -> bytes | None:
        return self.calls.content(f"{self.dialect.read_url}/{path}", FILES_BEGIN)

    def _api(self, name: str) -> ResourceApi:
        return self.dialect.apis[name]


def _image_type(content: bytes) -> str:
    return "image/png" if content.startswith(PNG) else "image/jpeg"
