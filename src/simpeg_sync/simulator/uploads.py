"""Documents: taking a PDF in, hanging it on a row, giving the exact bytes out again."""

from __future__ import annotations

import itertools
import re
import time
import uuid

from . import answers, multipart
from .answers import Answer, Refused
from .fields import FieldTables
from .http import Request
from .multipart import Part
from .settings import LiveSettings
from .store import Row, Store, StoredFile, sha256_of

FOLDER = "peremajaan/usulan"
UPLOADED = "File berhasil di upload"


class Uploads:
    def __init__(self, store: Store, tables: FieldTables, live: LiveSettings) -> None:
        self._store = store
        self._tables = tables
        self._live = live
        self._attached = itertools.count(1)

    def upload(self, request: Request, *, request_no: int) -> Answer:
        """upload-dok: a file for the `path` of a later save."""
        parts = self._parts(request)
        ref, file = self._ref(parts), self._pdf(parts)
        stamp = time.strftime("%Y%m%d_%H%M%S", time.gmtime())
        stored = self.stored_file(
            f"{FOLDER}/{uuid.uuid4()}_{stamp}_{_plain_name(file.filename)}.pdf", ref, file.content
        )
        with self._store.one_step():
            self._store.put_file(stored)
            self._effect("dokumen", None, stored, changed=True, request_no=request_no)
        return answers.read_envelope(stored.document, message=UPLOADED).after_effect()

    def upload_to_row(self, request: Request, *, request_no: int) -> Answer:
        """upload-dok-rw: a file for a row that exists; the next of its kind takes its place."""
        parts = self._parts(request)
        ref, file = self._ref(parts), self._pdf(parts)
        row_id = _value(parts, "id_riwayat")
        with self._store.one_step():
            row = self._store.row(row_id)
            if row is None:
                raise self._refuse(answers.NOT_FOUND_TEXT)
            stored = self.stored_file(f"{FOLDER}/{ref}_{row.id}.pdf", ref, file.content)
            self._store.put_file(stored)
            changed = self.attach(row, stored)
            self._effect(row.resource, row, stored, changed=changed, request_no=request_no)
        return answers.read_envelope(stored.document, code=self._code(), message=UPLOADED).after_effect()

    def download(self, request: Request) -> Answer:
        file = self._store.file(request.query.get("filePath", ""))
        if file is None:
            return answers.not_found("404")
        return Answer(200, file.content, "application/pdf")

    def attach(self, row: Row, file: StoredFile) -> bool:
        """True when the row's document of this kind is another one than before."""
        ref = file.document["dok_id"]
        documents = {**row.documents, ref: kept(file)}
        self._store.change_row(row, fields=row.fields, documents=documents, read_lag_s=self._live.now.read_lag_s)
        return row.documents.get(ref) != documents[ref]

    def stored_file(self, uri: str, ref: str, content: bytes) -> StoredFile:
        label = self._tables.codes["id_ref_dokumen"].get(ref, "")
        document = {"dok_id": ref, "dok_nama": label, "dok_uri": uri, "object": uri, "slug": ref}
        return StoredFile(uri, content, document)

    def row_id_of(self, request: Request) -> str:
        """Whose row is meant, as far as it can be read."""
        try:
            return _value(multipart.parse(request.headers.get("content-type", ""), request.body), "id_riwayat")
        except multipart.NotMultipart:
            return ""

    def _parts(self, request: Request) -> dict[str, Part]:
        try:
            return multipart.parse(request.headers.get("content-type", ""), request.body)
        except multipart.NotMultipart as problem:
            raise Refused(answers.backend_message(400, str(problem))) from problem

    def _ref(self, parts: dict[str, Part]) -> str:
        ref = _value(parts, "id_ref_dokumen")
        if ref not in self._tables.codes["id_ref_dokumen"]:
            raise self._refuse("id_ref_dokumen tidak ditemukan")
        return ref

    def _pdf(self, parts: dict[str, Part]) -> Part:
        file = parts.get("file")
        if file is None:
            raise self._refuse("http: no such file")
        if len(file.content) > self._live.now.upload_limit_bytes:
            raise self._refuse("Ukuran file melebihi batas")
        if not file.content.startswith(b"%PDF-"):
            raise self._refuse("File harus PDF")
        return file

    def _refuse(self, reason: str) -> Refused:
        status = self._live.now.upload_refusal_status
        return Refused(answers.read_envelope(None, code=0, message=reason, status=status))

    def _code(self) -> int | str:
        match self._live.now.upload_code_as_text:
            case "always":
                return "1"
            case "alternate":
                return "1" if next(self._attached) % 2 == 0 else 1
            case _:
                return 1

    def _effect(self, resource: str, row: Row | None, file: StoredFile, *, changed: bool, request_no: int) -> None:
        self._store.write_effect(
            "upload",
            resource,
            row_id=row.id if row else None,
            nip=row.nip if row else None,
            body_sha256=sha256_of(file.content),
            changed=changed,
            request_no=request_no,
        )


def kept(file: StoredFile) -> dict[str, str]:
    """The form in which a row keeps its document."""
    return {**file.document, "sha256": sha256_of(file.content)}


def _value(parts: dict[str, Part], name: str) -> str:
    return parts[name].content.decode("utf-8", "replace") if name in parts else ""


def _plain_name(filename: str) -> str:
    stem = filename.rsplit("/", 1)[-1].removesuffix(".pdf")
    return re.sub(r"[^A-Za-z0-9-]+", "_", stem) or "dokumen"
