"""Documents: taking a PDF in, hanging it on a row or a person, giving the exact bytes out again."""

from __future__ import annotations

import itertools
import re
import time
import uuid
from dataclasses import replace
from typing import Any

from . import answers, forms
from .answers import Answer, Refused
from .fields import FieldTables, Resource
from .forms import text
from .http import Request
from .multipart import Part
from .settings import LiveSettings
from .store import Person, Row, Store, StoredFile, sha256_of

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
        parts = forms.parts_of(request)
        ref, file = self._ref(parts), self.pdf(parts)
        stamp = time.strftime("%Y%m%d_%H%M%S", time.gmtime())
        stored = self.stored_file(
            f"{FOLDER}/{uuid.uuid4()}_{stamp}_{_plain_name(file.filename)}.pdf", ref, file.content
        )
        with self._store.one_step():
            self._store.put_file(stored)
            self.effect("dokumen", None, None, stored, changed=True, request_no=request_no)
        return answers.read_envelope(stored.document, message=UPLOADED).after_effect()

    def upload_to_row(self, request: Request, *, request_no: int) -> Answer:
        """upload-dok-rw: a file for a row, or for the person whose CPNS data it proves; the next takes its place."""
        parts = forms.parts_of(request)
        ref, file = self._ref(parts), self.pdf(parts)
        row_id = text(parts["id_riwayat"]) if "id_riwayat" in parts else ""
        with self._store.one_step():
            row, person = self._store.row(row_id), self._store.person_by_id(row_id)
            if row:
                stored = self._file_of(row.id, ref, file.content)
                self.hang(row, ref, file.content, request_no=request_no)
            elif person:
                stored = self._file_of(person.id, ref, file.content)
                self._hang_on_person(person, stored, request_no=request_no)
            else:
                raise self.refuse(answers.NOT_FOUND_TEXT)
        return answers.read_envelope(stored.document, code=self.code(), message=UPLOADED).after_effect()

    def download(self, request: Request) -> Answer:
        file = self._store.file(request.query.get("filePath", ""))
        if file is None:
            return answers.not_found("404")
        return Answer(200, file.content, "application/pdf")

    # for the other doors

    def hang(self, row: Row, ref: str, content: bytes, *, request_no: int) -> Row:
        """The row with the file as its document of this kind."""
        stored = self._file_of(row.id, ref, content)
        self._store.put_file(stored)
        documents = {**row.documents, ref: kept(stored)}
        self._store.change_row(row, fields=row.fields, documents=documents, read_lag_s=self._live.now.read_lag_s)
        changed = row.documents.get(ref) != documents[ref]
        self.effect(row.resource, row.id, row.nip or None, stored, changed=changed, request_no=request_no)
        return replace(row, documents=documents, version=row.version + 1)

    def keep(self, owner_id: str, ref: str, content: bytes) -> dict[str, str]:
        """Stores the file and returns the form in which its owner keeps it."""
        stored = self._file_of(owner_id, ref, content)
        self._store.put_file(stored)
        return kept(stored)

    def named(self, path: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
        """The documents that `path` names; every one must have been uploaded."""
        documents = {}
        for entry in path:
            file = self._store.file(str(entry.get("dok_uri", "")))
            if file is None:
                raise Refused(answers.business_refusal("Dokumen tidak ditemukan", self._live.now.refusal_form))
            documents[file.document["dok_id"]] = kept(file)
        return documents

    def pdfs(self, resource: Resource, parts: dict[str, Part]) -> dict[str, bytes]:
        """Document kind -> content, of the files that came with a multipart save."""
        return {
            ref: self.pdf(parts, name).content
            for name, ref in resource.files.items()
            if name in parts and parts[name].content
        }

    def pdf(self, parts: dict[str, Part], name: str = "file") -> Part:
        file = self.file(parts, name)
        if not file.content.startswith(b"%PDF-"):
            raise self.refuse("File harus PDF")
        return file

    def file(self, parts: dict[str, Part], name: str = "file") -> Part:
        """The part, if it is there and small enough."""
        file = parts.get(name)
        if file is None:
            raise self.refuse("http: no such file")
        if len(file.content) > self._live.now.upload_limit_bytes:
            raise self.refuse("Ukuran file melebihi batas")
        return file

    def refuse(self, reason: str) -> Refused:
        status = self._live.now.upload_refusal_status
        return Refused(answers.read_envelope(None, code=0, message=reason, status=status))

    def stored_file(self, uri: str, ref: str, content: bytes) -> StoredFile:
        label = self._tables.codes["id_ref_dokumen"].get(ref, "")
        document = {"dok_id": ref, "dok_nama": label, "dok_uri": uri, "object": uri, "slug": ref}
        return StoredFile(uri, content, document)

    def effect(
        self,
        resource: str,
        row_id: str | None,
        nip: str | None,
        file: StoredFile,
        *,
        changed: bool,
        request_no: int,
    ) -> None:
        self._store.write_effect(
            "upload",
            resource,
            row_id=row_id,
            nip=nip,
            body_sha256=sha256_of(file.content),
            changed=changed,
            request_no=request_no,
        )

    def code(self) -> int | str:
        match self._live.now.upload_code_as_text:
            case "always":
                return "1"
            case "alternate":
                return "1" if next(self._attached) % 2 == 0 else 1
            case _:
                return 1

    def _hang_on_person(self, person: Person, file: StoredFile, *, request_no: int) -> None:
        self._store.put_file(file)
        old = person.fields.get("path") or {}
        path = {**old, file.document["dok_id"]: kept(file)}
        self._store.put_person(replace(person, fields={**person.fields, "path": path}))
        self.effect("cpns", person.id, person.nip, file, changed=path != old, request_no=request_no)

    def _file_of(self, owner_id: str, ref: str, content: bytes) -> StoredFile:
        return self.stored_file(f"{FOLDER}/{ref}_{owner_id}.pdf", ref, content)

    def _ref(self, parts: dict[str, Part]) -> str:
        ref = text(parts["id_ref_dokumen"]) if "id_ref_dokumen" in parts else ""
        if ref not in self._tables.codes["id_ref_dokumen"]:
            raise self.refuse("id_ref_dokumen tidak ditemukan")
        return ref


def kept(file: StoredFile) -> dict[str, str]:
    """The form in which a row keeps its document."""
    return {**file.document, "sha256": sha256_of(file.content)}


def _plain_name(filename: str) -> str:
    stem = filename.rsplit("/", 1)[-1].removesuffix(".pdf")
    return re.sub(r"[^A-Za-z0-9-]+", "_", stem) or "dokumen"
