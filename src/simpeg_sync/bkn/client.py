"""BKN for the pipeline: how each thing is asked for. One method, one request; what it means is in classify.py.

Which addresses, bodies and names it takes is the dialect's business (siasn.py, sapk.py). Sources: bkn-api sections 1 to 3.
"""

import json
import urllib.parse
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from simpeg_sync.bkn.calls import Calls
from simpeg_sync.bkn.classify import read
from simpeg_sync.bkn.exchange import Answer
from simpeg_sync.bkn.form import FormFile, multipart
from simpeg_sync.bkn.identity import foreign
from simpeg_sync.bkn.resources.base import BadField, ResourceApi
from simpeg_sync.decide.fields import Resource
from simpeg_sync.decide.look import BknRow
from simpeg_sync.domain.change import Nip
from simpeg_sync.domain.errors import BknAnswersBadly
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import BknId


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

    def resource(self, name: str) -> Resource:
        return self._api(name).resource

    def check(self, name: str, body: Mapping[str, Any]) -> BadField | None:
        return self._api(name).check(body)

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
        rows = self.calls.rows(f"{self.dialect.read_url}/{self._api(name).list_path}/{nip}") or []
        if any(foreign(row, nip=nip, pns_id=pns_id) for row in rows):
            raise BknAnswersBadly("a list answered with another person's rows")
        return rows

    def about_to_write(self) -> AbstractContextManager[None]:
        return self.calls.about_to_write()

    def save(self, name: str, body: Mapping[str, Any], *, pns_id: BknId, bkn_id: BknId | None) -> Outcome:
        api = self._api(name)
        complete = api.complete(body, pns_id=pns_id, bkn_id=bkn_id)
        payload = json.dumps(complete, ensure_ascii=False).encode()
        url = f"{self.dialect.write_url}/{api.save_path}"
        return self.calls.write("POST", url, payload, "application/json", id_names=api.id_names)

    def delete(self, name: str, bkn_id: BknId) -> Outcome:
        path = f"{self._api(name).delete_path}/{urllib.parse.quote(bkn_id, safe='')}"
        return self.calls.write("DELETE", f"{self.dialect.write_url}/{path}")

    def upload(self, name: str, bkn_id: BknId, *, file_name: str, content: bytes) -> Outcome:
        fields = {"id_riwayat": str(bkn_id), "id_ref_dokumen": self._api(name).resource.document_kind}
        payload, content_type = multipart(fields, [FormFile("file", file_name, content)])
        return self.calls.write("POST", f"{self.dialect.write_url}/upload-dok-rw", payload, content_type)

    def document(self, name: str, row: BknRow) -> bytes | None:
        """The certificate that BKN serves for the row; None when it has none. Raises BknDown."""
        path = row.get("path")
        entry = path.get(self._api(name).resource.document_kind) if isinstance(path, dict) else None
        uri = entry.get("dok_uri") if isinstance(entry, dict) else None
        if not uri:
            return None
        query = f"download-dok?filePath={urllib.parse.quote(str(uri), safe='')}"
        exchanged = self.calls.send("GET", f"{self.dialect.read_url}/{query}")
        if isinstance(exchanged, Answer) and exchanged.status == 200 and exchanged.body.startswith(b"%PDF-"):
            return exchanged.body
        # A page of HTML under 200 says nothing about the certificate; BKN's own "no" is JSON or a 404.
        if isinstance(exchanged, Answer) and (exchanged.status == 404 or _is_bkns_no(exchanged)):
            return None
        raise BknAnswersBadly("download-dok failed")

    def _api(self, name: str) -> ResourceApi:
        return self.dialect.apis[name]


def _is_bkns_no(answer: Answer) -> bool:
    return answer.status == 200 and bool(read(answer, 0.0).fields)
