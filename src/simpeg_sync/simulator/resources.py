"""Reading, saving and deleting rows of any resource, driven by the field tables."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from . import answers, bodies, forms, rules
from .answers import Answer, Refused
from .fields import FieldTables, Resource
from .http import Request
from .references import References
from .refusals import Refusals
from .rules import World
from .settings import LiveSettings, Settings
from .store import Person, Row, Store, canonical
from .uploads import Uploads
from .views import Views

Documents = dict[str, dict[str, str]]


class Resources:
    def __init__(
        self,
        store: Store,
        tables: FieldTables,
        live: LiveSettings,
        refusals: Refusals,
        references: References,
        views: Views,
        uploads: Uploads,
    ) -> None:
        self._store = store
        self._tables = tables
        self._live = live
        self._refusals = refusals
        self._references = references
        self._views = views
        self._uploads = uploads

    # reads

    def list_rows(self, resource: Resource, nip: str, *, path: str) -> Answer:
        settings = self._live.now
        person = self._store.person(nip)
        if person is None:
            return answers.not_found(settings.not_found.get(path, resource.list_not_found))
        rows = self._store.shown_rows(resource.name, nip, read_lag_s=settings.read_lag_s)
        if not rows:
            return answers.not_found(settings.list_empty.get(path, resource.list_empty))
        items = [self._views.row(resource, row, person, settings) for row in rows]
        if resource.shape == "object":
            return answers.read_envelope(items[-1])
        if resource.wrap:
            about = {"idPns": person.id, "nipBaru": person.nip, "nipLama": person.fields.get("nipLama")}
            return answers.read_envelope({**about, resource.wrap: items})
        return answers.read_envelope(items)

    def one_row(self, resource: Resource, row_id: str) -> Answer:
        settings = self._live.now
        row = self._store.shown_row(row_id, read_lag_s=settings.read_lag_s)
        person = self._store.person(row.nip) if row and row.resource == resource.name else None
        if row is None or person is None:
            return answers.not_found(settings.not_found.get(resource.one_path, resource.one_not_found))
        return answers.read_envelope(self._views.row(resource, row, person, settings))

    # writes

    def save(self, resource: Resource, request: Request, *, request_no: int) -> Answer:
        settings = self._live.now
        parts = forms.parts_of(request) if resource.is_form else {}
        bound = forms.bind(resource, parts) if resource.is_form else bodies.bind(resource, request.body, settings)
        bodies.check(resource, bound, self._tables, settings)
        if reason := rules.reason(resource, bound, World(self._tables, self._references, settings)):
            raise Refused(answers.business_refusal(reason, settings.refusal_form))
        files = self._uploads.pdfs(resource, parts)
        row_id, path = bound.pop("id", ""), bound.pop("path", None)
        bound = _as_kept(resource, bound, settings)
        with self._store.one_step():
            nip = self._nip_of(resource, bound, settings)
            if reason := self._refusals.take(resource.name, bound):
                raise Refused(answers.business_refusal(reason, settings.refusal_form))
            old = self._existing(resource, row_id, nip, bound, settings)
            documents = self._documents(path, old, settings)
            if old is None:
                row = self._create(resource, row_id, nip, bound, documents, request_no)
            else:
                row = self._update(resource, old, bound, documents, request_no)
            for ref, file in files.items():
                row = self._uploads.hang(row, ref, file, request_no=request_no)
        success = "true" if resource.success_as_text else True
        map_data = saved_id(resource, row.id, settings.unknown_map_data, settings.text_map_data)
        return answers.write_envelope(map_data, success=success).after_effect()

    def delete(self, resource: Resource, row_id: str, *, request_no: int) -> Answer:
        with self._store.one_step():
            row = self._store.row(row_id)
            if row is None or row.resource != resource.name:
                return self._delete_answer(answers.NOT_FOUND_TEXT, success=False)
            self._store.delete_row(row, read_lag_s=self._live.now.read_lag_s)
            self._store.effect_on("delete", row, changed=True, request_no=request_no)
        return self._delete_answer("success", success=True).after_effect()

    def _nip_of(self, resource: Resource, bound: dict[str, Any], settings: Settings) -> str:
        person_id = bound.get(resource.person_field) if resource.person_field else None
        if not person_id:
            return ""
        person: Person | None = self._store.person_by_id(person_id)
        if person is None:
            raise Refused(answers.business_refusal("PNS Orang tidak ditemukan", settings.refusal_form))
        return person.nip

    def _create(
        self,
        resource: Resource,
        row_id: str,
        nip: str,
        fields: dict[str, Any],
        documents: Documents,
        request_no: int,
    ) -> Row:
        settings = self._live.now
        if settings.refuse_duplicates:
            same = [row for row in self._store.rows(resource=resource.name, nip=nip) if row.fields == fields]
            if same:
                raise Refused(answers.business_refusal("Data sudah ada", settings.refusal_form))
        row = Row(row_id or str(uuid.uuid4()), resource.name, nip, fields, documents, 1, 0)
        self._store.insert_row(row.id, resource.name, nip, fields=fields, documents=documents)
        self._store.effect_on("create", row, changed=True, request_no=request_no)
        return row

    def _update(
        self, resource: Resource, old: Row, given: dict[str, Any], documents: Documents, request_no: int
    ) -> Row:
        settings = self._live.now
        is_merge = settings.update_mode == "merge"
        kept = {name: old.fields[name] for name in old.fields if is_merge or name in resource.fields_of_others}
        fields = {**kept, **given}
        self._store.change_row(old, fields=fields, documents=documents, read_lag_s=settings.read_lag_s)
        changed = canonical([fields, documents]) != canonical([old.fields, old.documents])
        new = replace(old, fields=fields, documents=documents, version=old.version + 1)
        self._store.effect_on("update", new, changed=changed, request_no=request_no)
        return new

    def _existing(
        self, resource: Resource, row_id: str, nip: str, bound: dict[str, Any], settings: Settings
    ) -> Row | None:
        if not row_id:
            return self._row_of_the_year(resource, nip, bound, settings)
        row = self._store.row(row_id)
        if row is None and settings.unknown_id_creates:
            return None
        if row is None or row.resource != resource.name:
            raise Refused(answers.business_refusal(f"Riwayat {row_id} tidak ditemukan", settings.refusal_form))
        if row.nip != nip:
            raise Refused(answers.business_refusal("Riwayat bukan milik PNS Orang", settings.refusal_form))
        return row

    def _row_of_the_year(self, resource: Resource, nip: str, bound: dict[str, Any], settings: Settings) -> Row | None:
        name = resource.one_per
        if not name or settings.skp_per_year != "overwrite":
            return None
        rows = self._store.rows(resource=resource.name, nip=nip)
        return next((row for row in rows if row.fields.get(name) == bound[name]), None)

    def _documents(self, path: list[dict[str, Any]] | None, old: Row | None, settings: Settings) -> Documents:
        """Documents stay unless `path` names new ones."""
        if path is None or (not path and not settings.empty_path_clears):
            return old.documents if old else {}
        return self._uploads.named(path)

    def _delete_answer(self, message: str, *, success: bool) -> Answer:
        if self._live.now.delete_answer == "top":
            return answers.write_envelope(None, success=success, message=message)
        inner = {"success": success, "mapData": None, "message": message}
        return answers.of_json(200, {"code": 1 if success else 0, "data": inner})


def _as_kept(resource: Resource, bound: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """A text that is too long for BKN is cut without a word."""
    if not settings.kept_letters:
        return bound
    kept = {name: settings.kept_letters.get(f"{resource.name}.{name}") for name in bound}
    return {name: value[: kept[name]] if isinstance(value, str) else value for name, value in bound.items()}


def saved_id(resource: Resource, row_id: str, unknown: str = "object", text: str = "text") -> Any:
    """`mapData` of a save; `unknown` decides where no source knows its form, `text` where sources disagree."""
    form = {"unknown": unknown, "text": text}.get(resource.answer_form, resource.answer_form)
    match form:
        case "text":
            return row_id
        case "none":
            return None
        case _:
            return {resource.answer_id_key or "id": row_id}
