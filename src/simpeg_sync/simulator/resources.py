"""Reading, saving and deleting rows of any resource, driven by the field tables."""

from __future__ import annotations

import uuid
from typing import Any

from . import answers, bodies
from .answers import Answer, Refused
from .fields import FieldTables, ReadField, Resource
from .refusals import Refusals
from .settings import LiveSettings, Settings
from .store import Person, Row, Store, canonical, sha256_of
from .uploads import kept


class Resources:
    def __init__(self, store: Store, tables: FieldTables, live: LiveSettings, refusals: Refusals) -> None:
        self._store = store
        self._tables = tables
        self._live = live
        self._refusals = refusals

    # reads

    def data_utama(self, nip: str) -> Answer:
        settings = self._live.now
        person = self._store.person(nip)
        if person is None:
            return self._nothing(self._tables.person_path, self._tables.person_not_found)
        values = {field.name: self._person_value(field, person, settings) for field in self._tables.person_fields}
        return answers.read_envelope(values)

    def list_rows(self, resource: Resource, nip: str) -> Answer:
        settings = self._live.now
        person = self._store.person(nip)
        if person is None:
            return self._nothing(resource.list_path, resource.list_not_found)
        rows = self._store.shown_rows(resource.name, nip, read_lag_s=settings.read_lag_s)
        return answers.read_envelope([self._read_form(resource, row, person, settings) for row in rows] or None)

    def one_row(self, resource: Resource, row_id: str) -> Answer:
        settings = self._live.now
        row = self._store.shown_row(row_id, read_lag_s=settings.read_lag_s)
        person = self._store.person(row.nip) if row and row.resource == resource.name else None
        if row is None or person is None:
            return self._nothing(resource.one_path, resource.one_not_found)
        return answers.read_envelope(self._read_form(resource, row, person, settings))

    # writes

    def save(self, resource: Resource, body: bytes, *, request_no: int) -> Answer:
        settings = self._live.now
        bound = bodies.bind(resource, body, settings)
        bodies.check(resource, bound, self._tables, settings)
        row_id, path = bound.pop("id", ""), bound.pop("path", None)
        with self._store.one_step():
            person = self._store.person_by_id(bound[resource.person_field])
            if person is None:
                raise Refused(answers.business_refusal("PNS Orang tidak ditemukan"))
            if reason := self._refusals.take(resource.name, bound):
                raise Refused(answers.business_refusal(reason))
            old = self._existing(resource, row_id, person, settings)
            documents = self._documents(path, old, settings)
            if old is None:
                row_id = self._create(resource, row_id, person, bound, documents, request_no)
            else:
                self._update(resource, old, bound, documents, request_no)
        return answers.write_envelope(saved_id(resource, row_id)).after_effect()

    def delete(self, resource: Resource, row_id: str, *, request_no: int) -> Answer:
        with self._store.one_step():
            row = self._store.row(row_id)
            if row is None or row.resource != resource.name:
                return self._delete_answer(answers.NOT_FOUND_TEXT, success=False)
            self._store.delete_row(row, read_lag_s=self._live.now.read_lag_s)
            self._effect("delete", row, row.fields, changed=True, request_no=request_no)
        return self._delete_answer("success", success=True).after_effect()

    def _create(
        self,
        resource: Resource,
        row_id: str,
        person: Person,
        fields: dict[str, Any],
        documents: dict[str, dict[str, str]],
        request_no: int,
    ) -> str:
        if self._live.now.refuse_duplicates:
            same = [row for row in self._store.rows(resource=resource.name, nip=person.nip) if row.fields == fields]
            if same:
                raise Refused(answers.business_refusal("Data sudah ada"))
        row_id = row_id or str(uuid.uuid4())
        self._store.insert_row(row_id, resource.name, person.nip, fields=fields, documents=documents)
        row = Row(row_id, resource.name, person.nip, fields, documents, 1, 0)
        self._effect("create", row, fields, changed=True, request_no=request_no)
        return row_id

    def _update(
        self,
        resource: Resource,
        old: Row,
        given: dict[str, Any],
        documents: dict[str, dict[str, str]],
        request_no: int,
    ) -> None:
        settings = self._live.now
        fields = {**old.fields, **given} if settings.update_mode == "merge" else given
        self._store.change_row(old, fields=fields, documents=documents, read_lag_s=settings.read_lag_s)
        changed = canonical([fields, documents]) != canonical([old.fields, old.documents])
        self._effect("update", old, fields, changed=changed, request_no=request_no)

    def _existing(self, resource: Resource, row_id: str, person: Person, settings: Settings) -> Row | None:
        if not row_id:
            return None
        row = self._store.row(row_id)
        if row is None and settings.unknown_id_creates:
            return None
        if row is None or row.resource != resource.name:
            raise Refused(answers.business_refusal(f"Riwayat {row_id} tidak ditemukan"))
        if row.nip != person.nip:
            raise Refused(answers.business_refusal("Riwayat bukan milik PNS Orang"))
        return row

    def _documents(
        self, path: list[dict[str, Any]] | None, old: Row | None, settings: Settings
    ) -> dict[str, dict[str, str]]:
        """Documents stay unless `path` names new ones; every one named must have been uploaded."""
        if path is None or (not path and not settings.empty_path_clears):
            return old.documents if old else {}
        documents = {}
        for entry in path:
            file = self._store.file(str(entry.get("dok_uri", "")))
            if file is None:
                raise Refused(answers.business_refusal("Dokumen tidak ditemukan"))
            documents[file.document["dok_id"]] = kept(file)
        return documents

    def _effect(self, kind: str, row: Row, fields: dict[str, Any], *, changed: bool, request_no: int) -> None:
        digest = sha256_of(canonical(fields).encode())
        self._store.write_effect(
            kind,
            row.resource,
            row_id=row.id,
            nip=row.nip,
            body_sha256=digest,
            changed=changed,
            request_no=request_no,
        )

    def _delete_answer(self, message: str, *, success: bool) -> Answer:
        if self._live.now.delete_answer == "top":
            return answers.write_envelope(None, success=success, message=message)
        inner = {"success": success, "mapData": None, "message": message}
        return answers.of_json(200, {"code": 1 if success else 0, "data": inner})

    def _nothing(self, path: str, default: str) -> Answer:
        return answers.not_found(self._live.now.not_found.get(path, default))

    # the form in which a row is read

    def _read_form(self, resource: Resource, row: Row, person: Person, settings: Settings) -> dict[str, Any]:
        return {field.name: self._value(field, row, person, settings) for field in resource.read_fields}

    def _value(self, field: ReadField, row: Row, person: Person, settings: Settings) -> Any:
        if field.special == "id":
            return row.id
        if field.special == "documents":
            return _path_form(row.documents)
        if field.person:
            return {"id": person.id, "nipBaru": person.nip}.get(field.person, person.fields.get(field.person))
        return self._dressed(field, row.fields.get(field.source), row.fields, settings)

    def _person_value(self, field: ReadField, person: Person, settings: Settings) -> Any:
        if field.name in ("id", "nipBaru"):
            return person.id if field.name == "id" else person.nip
        return self._dressed(field, person.fields.get(field.name), person.fields, settings)

    def _dressed(self, field: ReadField, value: Any, fields: dict[str, Any], settings: Settings) -> Any:
        if value is None and field.label_of:
            table, code_field = field.label_of
            value = self._tables.codes[table].get(str(fields.get(code_field)))
        if value is None or value == "":
            return _empty(field, value, settings)
        if field.type == "string" and not isinstance(value, str):
            value = str(value)
        if field.is_name and isinstance(value, str):
            value = (value.upper() if settings.name_case == "upper" else value) + " " * settings.pad_names
        return value


def saved_id(resource: Resource, row_id: str) -> Any:
    return row_id if resource.answer_form == "text" else {resource.answer_id_key: row_id}


def _empty(field: ReadField, value: Any, settings: Settings) -> Any:
    if field.type != "string":
        return value
    chosen = settings.empty_date if field.format == "date" else settings.empty_text
    return value if chosen == "stored" else chosen


def _path_form(documents: dict[str, dict[str, str]]) -> dict[str, dict[str, str]] | None:
    return {
        ref: {key: value for key, value in entry.items() if key != "sha256"} for ref, entry in documents.items()
    } or None
