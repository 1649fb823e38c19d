"""BKN in the SIASN dialect: how each thing is asked for. One method, one request; what it means is in classify.py.

Only a call that proved not to have been executed is repeated here: once, after the token that BKN called dead is
renewed. Sources: bkn-api sections 1b, 2 and 3.
"""

import json
import secrets
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from simpeg_sync.bkn.classify import NotFound, ReadFailed, Rows, meaning_of_read, meaning_of_write, read
from simpeg_sync.bkn.exchange import Answer, Exchange, Exchanged, Request
from simpeg_sync.bkn.gate import Gate
from simpeg_sync.bkn.resources import RESOURCES
from simpeg_sync.bkn.resources.base import BadField
from simpeg_sync.bkn.tokens import Tokens
from simpeg_sync.clock import Clock
from simpeg_sync.decide.fields import Resource
from simpeg_sync.decide.look import BknRow
from simpeg_sync.domain.change import Nip
from simpeg_sync.domain.errors import BknDown
from simpeg_sync.domain.outcome import Outcome, TokenName, Verdict
from simpeg_sync.domain.record import BknId

READ_TRIES = 2


@dataclass(frozen=True, slots=True)
class Siasn:
    """Implements ports.Bkn. Thread-safe."""

    base_url: str
    exchange: Exchange
    tokens: Tokens
    gate: Gate
    clock: Clock
    call_limit_s: float

    def resource(self, name: str) -> Resource:
        return RESOURCES[name].resource

    def check(self, name: str, body: Mapping[str, Any]) -> BadField | None:
        return RESOURCES[name].check(body)

    def person(self, nip: Nip) -> BknId | None:
        """BKN's id of the person; None when BKN does not know the NIP."""
        rows = self._list(f"pns/data-utama/{nip}")
        if rows is None or not rows:
            return None
        # Another person's row under this NIP would send certificates to a stranger.
        mine = [row for row in rows if str(row.get("nipBaru", "")) == nip]
        if not mine:
            raise BknDown("data-utama answered for another person")
        pns_id = mine[0].get("id")
        if not isinstance(pns_id, str) or not pns_id:
            raise BknDown("data-utama answered without the person's id")
        return BknId(pns_id)

    def rows(self, name: str, nip: Nip) -> list[BknRow]:
        """All rows of one kind of one person; none also when BKN does not know the person."""
        rows = self._list(f"{RESOURCES[name].list_path}/{nip}") or []
        # An empty nipBaru says nothing; another one says that this is not our answer.
        if any(str(row.get("nipBaru") or nip) != nip for row in rows):
            raise BknDown("a list answered with another person's rows")
        return rows

    @contextmanager
    def about_to_write(self) -> Iterator[None]:
        """Whatever a write may have to wait for, tokens and pace, is waited for here, before its intent is stored.

        Raises BknDown, LoginRefused.
        """
        self.tokens.headers()
        with self.gate.reserved():
            yield

    def save(self, name: str, body: Mapping[str, Any], *, pns_id: BknId, bkn_id: BknId | None) -> Outcome:
        api = RESOURCES[name]
        complete = api.complete(body, pns_id=pns_id, bkn_id=bkn_id)
        payload = json.dumps(complete, ensure_ascii=False).encode()
        return self._write("POST", api.save_path, payload, "application/json", id_names=api.id_names)

    def delete(self, name: str, bkn_id: BknId) -> Outcome:
        api = RESOURCES[name]
        return self._write("DELETE", f"{api.delete_path}/{urllib.parse.quote(bkn_id, safe='')}", None, None)

    def upload(self, name: str, bkn_id: BknId, *, file_name: str, content: bytes) -> Outcome:
        fields = {"id_riwayat": str(bkn_id), "id_ref_dokumen": RESOURCES[name].resource.document_kind}
        payload, content_type = _multipart(fields, file_name, content)
        return self._write("POST", "upload-dok-rw", payload, content_type)

    def document(self, name: str, row: BknRow) -> bytes | None:
        """The certificate that BKN serves for the row; None when it has none. Raises BknDown."""
        path = row.get("path")
        entry = path.get(RESOURCES[name].resource.document_kind) if isinstance(path, dict) else None
        uri = entry.get("dok_uri") if isinstance(entry, dict) else None
        if not uri:
            return None
        exchanged = self._call("GET", f"download-dok?filePath={urllib.parse.quote(str(uri), safe='')}", None, None)
        if isinstance(exchanged, Answer) and exchanged.status == 200 and exchanged.body.startswith(b"%PDF-"):
            return exchanged.body
        # A page of HTML under 200 says nothing about the certificate; BKN's own "no" is JSON or a 404.
        if isinstance(exchanged, Answer) and (exchanged.status == 404 or _is_bkns_no(exchanged)):
            return None
        raise BknDown("download-dok failed")

    def _list(self, path: str) -> list[BknRow] | None:
        """Rows, or None when BKN says it does not know. A failed read is repeated; then raises BknDown."""
        for _ in range(READ_TRIES):
            meaning = meaning_of_read(self._call("GET", path, None, None), now=self.clock.now())
            match meaning:
                case Rows(rows):
                    return list(rows)
                case NotFound():
                    return None
                case ReadFailed(outcome):
                    if outcome.retry_after_s is not None:
                        break
        raise BknDown(f"read failed: {outcome.code}", outcome.retry_after_s)

    def _write(
        self, method: str, path: str, body: bytes | None, content_type: str | None, *, id_names: tuple[str, ...] = ()
    ) -> Outcome:
        exchanged = self._call(method, path, body, content_type)
        return meaning_of_write(exchanged, id_names=id_names, now=self.clock.now())

    def _call(self, method: str, path: str, body: bytes | None, content_type: str | None) -> Exchanged:
        """Raises BknDown and LoginRefused before anything is sent, nothing afterwards."""
        exchanged, headers = self._once(method, path, body, content_type)
        dead = self._dead_token(exchanged)
        if dead is None:
            return exchanged
        # 401 is turned away before the work: the one answer after which the same write may leave again.
        try:
            self.tokens.renew(dead, _token_in(headers, dead))
            return self._once(method, path, body, content_type)[0]
        except BknDown:
            return exchanged

    def _once(
        self, method: str, path: str, body: bytes | None, content_type: str | None
    ) -> tuple[Exchanged, Mapping[str, str]]:
        headers = self.tokens.headers() | ({"Content-Type": content_type} if content_type else {})
        with self.gate.passage():
            request = Request(method, f"{self.base_url}/{path}", headers, body)
            exchanged = self.exchange.send(request, deadline_s=self.call_limit_s)
        outcome = meaning_of_write(exchanged, now=self.clock.now())
        server_error = (outcome.http_status or 0) >= 500 and not outcome.stops_all and outcome.dead_token is None
        self.gate.report(
            down=outcome.stops_all,
            retry_after_s=outcome.retry_after_s,
            failed_request=hash((method, path, body)) if server_error else None,
        )
        return exchanged, headers

    def _dead_token(self, exchanged: Exchanged) -> TokenName | None:
        outcome = meaning_of_write(exchanged, now=self.clock.now())
        return outcome.dead_token if outcome.verdict is Verdict.NOT_EXECUTED else None


def _is_bkns_no(answer: Answer) -> bool:
    return answer.status == 200 and bool(read(answer, 0.0).fields)


def _token_in(headers: Mapping[str, str], name: TokenName) -> str:
    return headers["Authorization" if name == "apim" else "Auth"].split(" ", 1)[1]


def _multipart(fields: Mapping[str, str], file_name: str, content: bytes) -> tuple[bytes, str]:
    """A form with one PDF, as bytes: the body of an attempt must be known before it leaves."""
    boundary = f"simpeg-sync-{secrets.token_hex(16)}"
    safe_name = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in file_name)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{safe_name}"\r\n'
    parts.append(head.encode() + b"Content-Type: application/pdf\r\n\r\n" + content + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
