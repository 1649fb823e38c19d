"""Signed decrees for proposals (promotion, procurement), and the photo: uploads with a meaning of their own."""

from __future__ import annotations

from . import answers, forms
from .answers import Answer
from .http import Request
from .multipart import Part
from .settings import LiveSettings
from .store import Row, Store, StoredFile
from .uploads import UPLOADED, Uploads

KP = "kp"
PENGADAAN = "pengadaan"
_IMAGES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n": "image/png"}


class Decrees:
    def __init__(self, store: Store, live: LiveSettings, uploads: Uploads) -> None:
        self._store = store
        self._live = live
        self._uploads = uploads

    def promotion(self, request: Request, *, request_no: int) -> Answer:
        """upload-dok-sk-kp: the proposal then carries number, date and path of its decree."""
        parts = forms.parts_of(request)
        given = self._demand(parts, "id_usulan", "no_sk", "tgl_sk")
        row = self._store.row(given["id_usulan"])
        return self._sign(row if row and row.resource == KP else None, parts, given, request_no)

    def appointment(self, request: Request, *, request_no: int) -> Answer:
        """upload-dok-sk-nip: the same for a new civil servant, found by the number of the exam."""
        parts = forms.parts_of(request)
        given = self._demand(parts, "no_peserta", "tahun_formasi", "no_sk", "tgl_sk")
        wanted = (given["no_peserta"], given["tahun_formasi"])
        rows = self._store.rows(resource=PENGADAAN)
        fitting = (row for row in rows if (row.fields.get("no_peserta"), row.fields.get("periode")) == wanted)
        return self._sign(next(fitting, None), parts, given, request_no)

    def take_photo(self, request: Request, *, request_no: int) -> Answer:
        parts = forms.parts_of(request)
        given = self._demand(parts, "pns_id")
        file = self._uploads.file(parts)
        if _image_type(file.content) is None:
            raise self._uploads.refuse("File harus jpg atau png")
        person = self._store.person_by_id(given["pns_id"])
        if person is None:
            raise self._uploads.refuse(answers.NOT_FOUND_TEXT)
        stored = StoredFile(_photo_uri(person.id), file.content, {})
        with self._store.one_step():
            before = self._store.file(stored.uri)
            self._store.put_file(stored)
            changed = before is None or before.content != stored.content
            self._uploads.effect("photo", person.id, person.nip, stored, changed=changed, request_no=request_no)
        return answers.read_envelope(None, message=UPLOADED).after_effect()

    def photo(self, person_id: str, path: str) -> Answer:
        file = self._store.file(_photo_uri(person_id))
        if file is None:
            return answers.not_found(self._live.now.not_found.get(path, "404"))
        return Answer(200, file.content, _image_type(file.content) or "application/octet-stream")

    def _sign(self, row: Row | None, parts: dict[str, Part], given: dict[str, str], request_no: int) -> Answer:
        file = self._uploads.pdf(parts)
        if row is None:
            raise self._uploads.refuse(answers.NOT_FOUND_TEXT)
        stored = self._uploads.stored_file(f"usulan/sk/{row.id}.pdf", "", file.content)
        fields = {**row.fields, "no_sk": given["no_sk"], "tgl_sk": given["tgl_sk"], "path_ttd_sk": stored.uri}
        with self._store.one_step():
            self._store.put_file(stored)
            self._store.change_row(row, fields=fields, documents=row.documents, read_lag_s=self._live.now.read_lag_s)
            changed = fields != row.fields
            self._uploads.effect(row.resource, row.id, row.nip or None, stored, changed=changed, request_no=request_no)
        return answers.read_envelope(stored.document, message=UPLOADED).after_effect()

    def _demand(self, parts: dict[str, Part], *names: str) -> dict[str, str]:
        given = {name: forms.text(parts[name]) if name in parts else "" for name in names}
        if missing := [f"{name} is required" for name in names if not given[name]]:
            raise self._uploads.refuse(answers.go_multierror(missing))
        return given


def _photo_uri(person_id: str) -> str:
    return f"photo/{person_id}"


def _image_type(content: bytes) -> str | None:
    return next((kind for magic, kind in _IMAGES.items() if content.startswith(magic)), None)
